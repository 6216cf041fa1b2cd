package witness

import (
	"context"
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/proof"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// Publish lets anybody fetch the bundle of one of the organisation's own claims.
// It cannot be undone for those who have it, so there is no way back.
func (w *Witness) Publish(ctx context.Context, id massbalance.ClaimID, publisher string) error {
	var claim massbalance.Claim
	if err := w.Model.Read(ctx, func(s *readmodel.Snapshot) (err error) {
		claim, err = readmodel.Need[massbalance.Claim](s, massbalance.ClaimKey(id))
		return err
	}); err != nil {
		return err
	}
	if claim.Organisation != w.Organisation {
		return fmt.Errorf("%w: claim %s is %s's, and theirs to publish", errNotOurs, id, claim.Organisation)
	}
	if _, err := w.Store.Exec(ctx, `INSERT INTO witness_published (claim, published, publisher) VALUES (?, ?, ?) ON CONFLICT (claim) DO NOTHING`,
		string(id), w.Now().UnixMilli(), publisher); err != nil {
		return fmt.Errorf("couldn't publish claim %s: %w", id, err)
	}
	return nil
}

// Published reports whether anybody may fetch a claim's bundle.
func (w *Witness) Published(ctx context.Context, id massbalance.ClaimID) (bool, error) {
	var n int
	err := w.Store.QueryRow(ctx, `SELECT COUNT(*) FROM witness_published WHERE claim = ?`, string(id)).Scan(&n)
	return n > 0, err
}

// Bundle gives the file by which a claim is verified, under the best checkpoint
// that there is; an age allows one that was made so long ago. There is an ErrBusy
// where too many are asked for.
func (w *Witness) Bundle(ctx context.Context, id massbalance.ClaimID, age time.Duration) ([]byte, error) {
	var index int64
	if err := w.Model.Read(ctx, func(s *readmodel.Snapshot) error {
		claim, err := readmodel.Need[massbalance.Claim](s, massbalance.ClaimKey(id))
		if err != nil {
			return err
		}
		l, err := s.LeafOfClaim(claim.ID)
		index = l.Index
		return err
	}); err != nil {
		return nil, err
	}
	signed, err := w.Best(ctx, index+1)
	if err != nil {
		return nil, err
	}
	if file, there := w.shelf.find(id, signed, w.Now(), age); there {
		return file, nil
	}
	name := string(id)
	if age == 0 {
		name += "\n" + signed
	}
	return w.shelf.make(ctx, name, func(ctx context.Context) ([]byte, error) {
		file, err := w.build(ctx, id, signed)
		if err == nil {
			now := w.Now()
			w.shelf.put(id, shelved{file: file, signed: signed, made: now, used: now})
		}
		return file, err
	})
}

func (w *Witness) build(ctx context.Context, id massbalance.ClaimID, signed string) (file []byte, err error) {
	err = w.Model.Read(ctx, func(s *readmodel.Snapshot) error {
		consortium, err := readmodel.Need[massbalance.Consortium](s, massbalance.ConsortiumKey())
		if err != nil {
			return err
		}
		var cosigners []massbalance.OrganisationID
		for _, m := range consortium.Members {
			cosigners = append(cosigners, m.Organisation)
		}
		bundle, err := proof.Build(s, id, signed, cosigners)
		if err != nil {
			return err
		}
		file, err = bundle.Write()
		return err
	})
	return file, err
}
