package witness

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// errBehind says that the copy of the ledger has not reached yet what was signed.
var errBehind = errors.New("the gateway's copy of the ledger is still behind what it signed before")

// ErrRefused says that a signature would contradict an earlier one.
var ErrRefused = errors.New("the organisation vouched for something else before")

// Sign vouches for the log as it stood at a size, and gives the note with this
// organisation's signatures and those collected. There is a *readmodel.NotFound
// where no block ended at the size, and ErrRefused, with an alarm, where it would
// contradict what was signed before.
func (w *Witness) Sign(ctx context.Context, size int64) (string, error) {
	text, last, err := w.before(ctx, size)
	if err != nil {
		return "", err
	}
	if w.Signer == nil {
		return w.note(ctx, text, "")
	}
	w.signing.Lock()
	defer w.signing.Unlock()
	if err := w.continues(ctx, last); err != nil {
		return "", err
	}
	lines, err := w.lines(ctx, text)
	if err != nil {
		return "", err
	}
	return w.note(ctx, text, lines)
}

// before reads the text at a size, and the greatest that was ever signed.
func (w *Witness) before(ctx context.Context, size int64) (text, last checkpoint.Text, err error) {
	err = w.Model.Read(ctx, func(s *readmodel.Snapshot) (err error) {
		text, err = textAt(s, size)
		return err
	})
	if err != nil {
		return text, last, err
	}
	var body string
	err = w.Store.QueryRow(ctx, `SELECT body FROM witness_signed ORDER BY size DESC LIMIT 1`).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return text, last, nil
	}
	if err != nil {
		return text, last, fmt.Errorf("couldn't look up what was signed: %w", err)
	}
	last, err = checkpoint.ParseText(body)
	return text, last, err
}

// continues checks that the log still holds what was signed last: whatever is
// signed from now on then continues it.
func (w *Witness) continues(ctx context.Context, last checkpoint.Text) error {
	if last.Size == 0 {
		return nil
	}
	return w.Model.Read(ctx, func(s *readmodel.Snapshot) error {
		size, err := s.LogSize()
		if err != nil {
			return err
		}
		if size < last.Size {
			return errBehind
		}
		now, err := textAt(s, last.Size)
		var none *readmodel.NotFound
		if err != nil && !errors.As(err, &none) {
			return err
		}
		if now == last {
			return nil
		}
		ours := now.String()
		if none != nil {
			ours = fmt.Sprintf("no block ends at record %d any more", last.Size)
		}
		return errors.Join(ErrRefused, w.raise(ctx, Alarm{Organisation: w.Organisation, Problem: Contradiction, Size: last.Size, Ours: ours, Theirs: last.String()}))
	})
}

// lines are this organisation's signatures under a text, made now if there are none yet.
func (w *Witness) lines(ctx context.Context, text checkpoint.Text) (string, error) {
	signer := checkpoint.FormatKey(w.Signer.Public())
	var body, lines string
	err := w.Store.QueryRow(ctx, `SELECT body, lines FROM witness_signed WHERE size = ? AND signer = ?`, text.Size, signer).Scan(&body, &lines)
	switch {
	case err == nil && body != text.String():
		return "", errors.Join(ErrRefused, w.raise(ctx, Alarm{Organisation: w.Organisation, Problem: Contradiction, Size: text.Size, Ours: text.String(), Theirs: body}))
	case err == nil:
		return lines, nil
	case !errors.Is(err, sql.ErrNoRows):
		return "", fmt.Errorf("couldn't look up what was signed: %w", err)
	}
	at, err := w.stamp(ctx, text.Size)
	if err != nil {
		return "", err
	}
	lines = w.Signer.Sign(text, at)
	if _, err := w.Store.Exec(ctx, `INSERT INTO witness_signed (size, signer, body, lines) VALUES (?, ?, ?, ?)`, text.Size, signer, text.String(), lines); err != nil {
		return "", fmt.Errorf("couldn't note what is signed: %w", err)
	}
	w.metrics.signed.Set(float64(text.Size))
	return lines, nil
}

// stamp is the time to sign a log of a size with: now, unless more of it was signed
// before; then the last second in which no more was known. A cosignature says that
// nothing greater was seen at its time, so nobody gets an old state signed as one
// of today.
func (w *Witness) stamp(ctx context.Context, size int64) (time.Time, error) {
	at := w.Now()
	rows, err := w.Store.Query(ctx, `SELECT signer, body, lines FROM witness_signed WHERE size = (SELECT MIN(size) FROM witness_signed WHERE size > ?)`, size)
	if err != nil {
		return at, fmt.Errorf("couldn't look up what was signed after: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var signer, body, lines string
		if err := rows.Scan(&signer, &body, &lines); err != nil {
			return at, err
		}
		public, err := checkpoint.ParseKey(signer)
		if err != nil {
			return at, err
		}
		_, cosignatures, _, err := checkpoint.Open(body+"\n"+lines, []checkpoint.Key{{Organisation: w.Organisation, Public: public}})
		if err != nil {
			return at, fmt.Errorf("couldn't read what was signed after: %w", err)
		}
		for _, c := range cosignatures {
			if known := c.Time.Add(-time.Second); known.Before(at) {
				at = known
			}
		}
	}
	return at, rows.Err()
}

// note puts all signatures under a text.
func (w *Witness) note(ctx context.Context, text checkpoint.Text, own string) (string, error) {
	rows, err := w.Store.Query(ctx, `SELECT line FROM witness_cosigned WHERE size = ? ORDER BY organisation`, text.Size)
	if err != nil {
		return "", fmt.Errorf("couldn't read the cosignatures: %w", err)
	}
	defer rows.Close()
	lines := []string{own}
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return "", err
		}
		lines = append(lines, line)
	}
	return checkpoint.Note(text, lines...), rows.Err()
}

// Best is the note of the latest checkpoint that a majority of the cosigning
// organisations vouches for, of those with at least so many records; where there
// is none, the one that most vouch for.
func (w *Witness) Best(ctx context.Context, least int64) (string, error) {
	keys, err := w.keys(ctx)
	if err != nil {
		return "", err
	}
	size, err := w.bestSize(ctx, least, len(keys)/2+1)
	if err != nil {
		return "", err
	}
	return w.Sign(ctx, size)
}

func (w *Witness) bestSize(ctx context.Context, least int64, enough int) (best int64, err error) {
	rows, err := w.Store.Query(ctx, `SELECT s.size, (SELECT COUNT(*) FROM witness_cosigned c WHERE c.size = s.size)
		FROM (SELECT DISTINCT size FROM witness_signed WHERE size >= ?) s ORDER BY s.size DESC LIMIT 1000`, least)
	if err != nil {
		return 0, fmt.Errorf("couldn't look for a checkpoint: %w", err)
	}
	defer rows.Close()
	most := -1
	for rows.Next() {
		var size int64
		var others int
		if err := rows.Scan(&size, &others); err != nil {
			return 0, err
		}
		if others > most {
			best, most = size, others
		}
		if others+1 >= enough {
			return size, nil
		}
	}
	if most < 0 {
		return 0, &readmodel.NotFound{Kind: "signed checkpoint of at least", Name: fmt.Sprint(least, " records")}
	}
	return best, rows.Err()
}

// collect keeps another organisation's cosignature of a text that is ours too.
func (w *Witness) collect(ctx context.Context, org massbalance.OrganisationID, text checkpoint.Text, lines []string) error {
	if org == w.Organisation {
		return nil
	}
	both := strings.Join(lines, "")
	_, err := w.Store.Exec(ctx, `INSERT INTO witness_cosigned (size, organisation, line) VALUES (?, ?, ?) ON CONFLICT (size, organisation) DO UPDATE SET line = excluded.line`, text.Size, string(org), both)
	if err == nil {
		w.metrics.cosigned.WithLabelValues(string(org)).Set(float64(text.Size))
	}
	return err
}
