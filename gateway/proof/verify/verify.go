package verify

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/proof/leaf"
	"github.com/weighbridge/weighbridge/gateway/proof/merkle"
)

// Errors of a bundle that does not verify, beside ErrIncomplete.
var (
	// ErrTrust says that too few of those trusted vouch for the checkpoint.
	ErrTrust = errors.New("too few of the organisations that you trust vouch for it")
	// ErrLog says that a record shown is not in the log.
	ErrLog = errors.New("the records shown are not those of the log")
	// ErrRules says that a record does not come out of the rules as it stands there.
	ErrRules = errors.New("a record does not follow from the rules")
)

// verification is one bundle under way.
type verification struct {
	bundle  Bundle
	trust   checkpoint.Trust
	text    checkpoint.Text
	world   *World
	records []massbalance.Record
	reg     *register
	covers  []massbalance.ClaimID
	out     Statement
}

// File reads a bundle and verifies it.
func File(file []byte, trust checkpoint.Trust) (Statement, error) {
	b, err := Read(file)
	if err != nil {
		return Statement{}, err
	}
	return Check(b, trust)
}

// Check verifies a bundle against whom one trusts: the signatures under the
// checkpoint, that every record shown is in the log, that each follows from the
// rules when it is executed again, and that nothing is left out that changed
// since. What it returns is proven, within what Statement says of it.
func Check(b Bundle, trust checkpoint.Trust) (s Statement, err error) {
	// What a bundle tells of siblings is not proven before the rules see it, and no
	// file may end the program.
	defer func() {
		if broken := recover(); broken != nil {
			s, err = Statement{}, fmt.Errorf("%w: the rules failed on them: %v", ErrRules, broken)
		}
	}()
	v := &verification{bundle: b, trust: trust, world: NewWorld()}
	v.world.Read = map[massbalance.Key]bool{}
	for _, step := range []func() error{v.signatures, v.inclusion, v.execution, v.completeness, v.threshold, v.certifiers, v.state, v.since, v.covered} {
		if err := step(); err != nil {
			return Statement{}, err
		}
	}
	return v.out, nil
}

// signatures reads the checkpoint and finds who cosigned it.
func (v *verification) signatures() error {
	keys, err := v.trust.Keys()
	if err != nil {
		return err
	}
	text, cosignatures, unknown, err := checkpoint.Open(v.bundle.Checkpoint, keys)
	if err != nil {
		return err
	}
	if text.Origin != v.trust.Origin {
		return fmt.Errorf("%w: the checkpoint is of %s, you trust organisations of %s", ErrTrust, text.Origin, v.trust.Origin)
	}
	v.text = text
	v.out.Origin, v.out.Records, v.out.Unknown = text.Origin, text.Size, unknown
	v.out.cosignatures = cosignatures
	at := Statement{Unknown: unknown} // so that nothing is executed for nobody
	for _, c := range cosignatures {
		at.vouch(v.trust, c)
	}
	return at.enough(v.trust)
}

// inclusion checks that the leaves are in the log, and which block is its last.
func (v *verification) inclusion() error {
	var indexes []int64
	var hashes []tlog.Hash
	for _, l := range v.bundle.Leaves {
		core, err := wire.Format(l.Core)
		if err != nil {
			return err
		}
		data := leaf.Leaf{Block: l.Block, Core: leaf.CommitCore(l.Salt, core), Whole: l.Whole}.Bytes()
		indexes, hashes = append(indexes, l.Index), append(hashes, tlog.RecordHash(data))
	}
	if n := len(indexes); n == 0 || indexes[n-1] > v.text.Size-1 {
		return fmt.Errorf("%w: none is shown, or one that came after the checkpoint", ErrLog)
	}
	last := v.bundle.Leaves[len(indexes)-1]
	v.out.Height = last.Block
	if last.Index != v.text.Size-1 {
		closed := v.bundle.Last
		if closed == nil {
			return fmt.Errorf("%w: the last one is not shown", ErrLog)
		}
		v.out.Height = closed.Block
		indexes, hashes = append(indexes, v.text.Size-1), append(hashes, tlog.RecordHash(leaf.Leaf(*closed).Bytes()))
	} else if v.bundle.Last != nil {
		return fmt.Errorf("%w: the last one is shown twice", ErrLog)
	}
	root, err := merkle.Verify(v.text.Size, indexes, hashes, v.bundle.Proof)
	if err != nil {
		return fmt.Errorf("couldn't follow the proof of the records: %w", err)
	}
	if root != v.text.Root {
		return fmt.Errorf("%w: they do not lead to the checkpoint's root", ErrLog)
	}
	return nil
}

// execution lets every command happen again, in the order of the log.
func (v *verification) execution() error {
	for _, l := range v.bundle.Leaves {
		record, err := v.world.Run(l)
		if err != nil {
			return fmt.Errorf("%w: %s %s of %s (record %d): %w", ErrRules, l.Core.Command.Body.Type(), l.Core.Command.ID, l.Core.Organisation, l.Index, err)
		}
		v.records = append(v.records, record)
	}
	claim, known := v.world.State[massbalance.ClaimKey(v.bundle.Claim)].(massbalance.Claim)
	if !known {
		return fmt.Errorf("%w: claim %s is not among them", ErrLog, v.bundle.Claim)
	}
	for _, line := range claim.Lines {
		if _, shown := v.world.Names[v.nameOf(line.Lot)]; !shown {
			return fmt.Errorf("%w: the claim rests on lot %s, which is not shown", ErrIncomplete, line.Lot)
		}
	}
	v.out.Claim, v.out.Executed = claim, len(v.records)
	return nil
}

// nameOf is a lot's pseudonym; "" where it was not opened.
func (v *verification) nameOf(lot massbalance.LotID) string {
	if v.out.names == nil {
		v.out.names = map[massbalance.LotID]string{}
		for name, id := range v.world.Names {
			v.out.names[id] = name
		}
	}
	return v.out.names[lot]
}

// completeness checks that what the records rest on is what the ledger says now.
func (v *verification) completeness() (err error) {
	if v.reg, err = openRegister(v.bundle, v.text, v.world); err != nil {
		return err
	}
	var organisations []massbalance.OrganisationID
	for _, o := range v.trust.Organisations {
		organisations = append(organisations, o.Organisation)
	}
	v.covers = Covers(v.bundle.Claim, v.mark)
	return v.reg.check(Asked(v.world.Read, append(v.covers, v.bundle.Claim), organisations), v.world)
}

// mark is what a claim lacks by the register, nothing where it tells nothing.
func (v *verification) mark(id massbalance.ClaimID) massbalance.Mark {
	mark, _ := told[massbalance.Mark](v.reg, massbalance.MarkKey(id))
	return mark
}

// threshold counts those who vouch with the key that the consortium holds to be
// theirs under this very checkpoint.
func (v *verification) threshold() error {
	for _, c := range v.out.cosignatures {
		registered, known := told[massbalance.Cosigner](v.reg, massbalance.CosignerKey(c.Organisation))
		if known && registered.Key != massbalance.LogKey(c.Public) {
			v.out.Replaced = append(v.out.Replaced, c.Organisation)
			continue
		}
		v.out.vouch(v.trust, c)
	}
	v.out.Of, v.out.Threshold = len(v.trust.Organisations), v.trust.Threshold
	return v.out.enough(v.trust)
}

// certifiers holds the keys that certifiers signed with against those that the
// trust file knows, where it knows any.
func (v *verification) certifiers() error {
	if len(v.trust.Certifiers) == 0 {
		return nil
	}
	for _, l := range v.bundle.Leaves {
		body, ok := l.Core.Command.Body.(massbalance.RegisterCertifier)
		if !ok {
			continue
		}
		for _, key := range body.Certifier.Keys {
			if !slices.Contains(v.trust.Certifiers, checkpoint.CertifierKey{Certifier: body.Certifier.ID, Key: key.ID, Point: key.Point}) {
				return fmt.Errorf("%w: key %s of %s is not the one that your trust file has", ErrTrust, key.ID, body.Certifier.ID)
			}
		}
	}
	return nil
}
