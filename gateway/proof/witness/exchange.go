package witness

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// Prefix is where a gateway serves its log; below it paths are those of C2SP
// tlog-tiles.
const Prefix = "/api/v1/log"

// mostAnswer bounds what another gateway's answer may have.
const mostAnswer = 1 << 20

// exchange looks at another organisation's latest checkpoint, and asks for its
// cosignature of ours.
func (w *Witness) exchange(ctx context.Context, org massbalance.OrganisationID, address string, ours checkpoint.Text) error {
	latest, err := w.fetch(ctx, address+Prefix+"/checkpoint")
	if err != nil {
		return err
	}
	if err := w.consider(ctx, org, address, latest, true); err != nil {
		return err
	}
	if ours.Size == 0 || w.has(ctx, org, ours.Size) {
		return nil
	}
	signed, err := w.fetch(ctx, fmt.Sprintf("%s%s/checkpoints/%d", address, Prefix, ours.Size))
	if errors.Is(err, errNotThere) {
		return nil // it has not come so far, or ends its blocks elsewhere: then the latest tells
	}
	if err != nil {
		return err
	}
	return w.consider(ctx, org, address, signed, false)
}

func (w *Witness) has(ctx context.Context, org massbalance.OrganisationID, size int64) bool {
	var n int
	err := w.Store.QueryRow(ctx, `SELECT COUNT(*) FROM witness_cosigned WHERE size = ? AND organisation = ?`, size, string(org)).Scan(&n)
	return err == nil && n > 0
}

var errNotThere = errors.New("there is no such thing there")

func (w *Witness) fetch(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := w.Client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	switch {
	case err != nil:
		return "", err
	case response.StatusCode == http.StatusNotFound:
		return "", errNotThere
	case response.StatusCode != http.StatusOK:
		return "", fmt.Errorf("%s answered %s", url, response.Status)
	}
	return string(body), nil
}

// consider compares a checkpoint that an organisation signed with ours, and
// keeps its cosignature where both are the same. What it did not sign says
// nothing about it; latest is set for the newest that it shows.
func (w *Witness) consider(ctx context.Context, org massbalance.OrganisationID, address, signed string, latest bool) error {
	text, lines, err := w.own(ctx, org, signed)
	if err != nil {
		return err
	}
	if accused, err := w.accused(ctx, org); err != nil || accused {
		return err
	}
	seen, err := w.seen(ctx, org)
	if err != nil {
		return err
	}
	alarm := Alarm{Organisation: org, Size: text.Size, Theirs: signed}
	ours, reached, err := w.at(ctx, text.Size)
	switch {
	case err != nil:
		return err
	case reached && ours != text.String():
		alarm.Problem, alarm.Ours = SplitView, ours
		return w.raise(ctx, alarm)
	case latest && text.Size < seen.Size:
		alarm.Problem, alarm.Ours = Truncated, seen.String()
		return w.raise(ctx, alarm)
	case !reached:
		if err := w.extends(ctx, address, seen, text); errors.Is(err, errNoExtension) {
			alarm.Problem, alarm.Ours = NotExtension, seen.String()
			return w.raise(ctx, alarm)
		} else if err != nil {
			return err
		}
	}
	if text.Size > seen.Size {
		if _, err := w.Store.Exec(ctx, `INSERT INTO witness_seen (organisation, size, note) VALUES (?, ?, ?)
			ON CONFLICT (organisation) DO UPDATE SET size = excluded.size, note = excluded.note`, string(org), text.Size, signed); err != nil {
			return err
		}
	}
	if !reached {
		return nil
	}
	return w.collect(ctx, org, text, lines)
}

// own reads a checkpoint and picks the lines that the organisation itself signed
// with its key on the ledger.
func (w *Witness) own(ctx context.Context, org massbalance.OrganisationID, signed string) (text checkpoint.Text, lines []string, err error) {
	keys, err := w.keys(ctx)
	if err != nil {
		return text, nil, err
	}
	keys = slices.DeleteFunc(keys, func(k checkpoint.Key) bool { return k.Organisation != org })
	text, cosignatures, _, err := checkpoint.Open(signed, keys)
	if err != nil {
		return text, nil, err
	}
	if len(cosignatures) == 0 {
		return text, nil, fmt.Errorf("%s did not sign what its gateway shows with its key on the ledger", org)
	}
	_, all, err := checkpoint.Split(signed)
	for _, line := range all {
		if strings.HasPrefix(line, "— "+text.Origin+"/"+string(org)+" ") {
			lines = append(lines, line)
		}
	}
	return text, lines, err
}

// seen is the greatest text that an organisation showed before.
func (w *Witness) seen(ctx context.Context, org massbalance.OrganisationID) (checkpoint.Text, error) {
	var signed string
	err := w.Store.QueryRow(ctx, `SELECT note FROM witness_seen WHERE organisation = ?`, string(org)).Scan(&signed)
	if errors.Is(err, sql.ErrNoRows) {
		return checkpoint.Text{}, nil
	}
	if err != nil {
		return checkpoint.Text{}, err
	}
	text, _, err := checkpoint.Split(signed)
	return text, err
}

// at is our own text at a size; reached is false where our log has not come so far.
func (w *Witness) at(ctx context.Context, size int64) (ours string, reached bool, err error) {
	err = w.Model.Read(ctx, func(s *readmodel.Snapshot) error {
		own, err := s.LogSize()
		if err != nil || own < size {
			return err
		}
		reached = true
		ours, _, err = s.LogText(size)
		var none *readmodel.NotFound
		if errors.As(err, &none) {
			ours, err = fmt.Sprintf("our log has %d records, and no block of it ends at record %d", own, size), nil
		}
		return err
	})
	return ours, reached, err
}

var errNoExtension = errors.New("the log does not continue what was signed before")

// extends checks, where our own log cannot tell yet, that a longer log continues
// the one that its owner signed before.
func (w *Witness) extends(ctx context.Context, address string, before, now checkpoint.Text) error {
	if before.Size == 0 || before.Size == now.Size && before == now {
		return nil
	}
	if before.Size == now.Size || before.Origin != now.Origin {
		return errNoExtension
	}
	answer, err := w.fetch(ctx, fmt.Sprintf("%s%s/proof/consistency?from=%d&to=%d", address, Prefix, before.Size, now.Size))
	if err != nil {
		return err
	}
	return continues([]byte(answer), before, now)
}

// continues reads a proof of consistency as a stranger sent it, and checks it.
func continues(answer []byte, before, now checkpoint.Text) error {
	var given consistency
	if err := json.Unmarshal(answer, &given); err != nil {
		return fmt.Errorf("couldn't read a proof of consistency: %w", err)
	}
	if err := tlog.CheckTree(given.Proof, now.Size, now.Root, before.Size, before.Root); err != nil {
		return errNoExtension
	}
	return nil
}
