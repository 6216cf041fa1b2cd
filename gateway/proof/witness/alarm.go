package witness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// Problem is what is wrong between two logs.
type Problem string

// The problems.
const (
	// SplitView is another text of the same size.
	SplitView Problem = "split_view"
	// NotExtension is a log that does not continue what its owner signed before.
	NotExtension Problem = "not_an_extension"
	// Truncated is a log that is shorter than what its owner signed before.
	Truncated Problem = "truncated"
	// Contradiction is our own log, where it is not what we signed before.
	Contradiction Problem = "contradicts_itself"
)

// Alarm holds both sides of a contradiction. Ours and Theirs are notes or texts,
// as they were signed.
type Alarm struct {
	ID           string                     `json:"id"`
	Organisation massbalance.OrganisationID `json:"organisation"`
	Problem      Problem                    `json:"problem"`
	Size         int64                      `json:"size"`
	Ours         string                     `json:"ours"`
	Theirs       string                     `json:"theirs"`
	Raised       time.Time                  `json:"raised"`
	// Noted is when an administrator took note of it, zero before.
	Noted time.Time `json:"noted,omitzero"`
}

// raise keeps an alarm, once for each contradiction.
func (w *Witness) raise(ctx context.Context, a Alarm) error {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d\n%s\n%s", a.Organisation, a.Problem, a.Size, a.Ours, textOf(a.Theirs)))
	a.ID = hex.EncodeToString(sum[:8])
	result, err := w.Store.Exec(ctx, `INSERT INTO witness_alarms (id, organisation, problem, size, ours, theirs, raised, noted)
		VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (id) DO NOTHING`, a.ID, string(a.Organisation), string(a.Problem), a.Size, a.Ours, a.Theirs, w.Now().UnixMilli())
	if err != nil {
		return fmt.Errorf("couldn't keep an alarm: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return err
	}
	w.Log.Error("two organisations' logs contradict each other", "organisation", a.Organisation, "problem", a.Problem, "size", a.Size, "ours", a.Ours, "theirs", a.Theirs)
	return w.countAlarms(ctx)
}

// textOf leaves signatures out, which have another time each time.
func textOf(signed string) string {
	for i := range signed {
		if i > 0 && signed[i] == '\n' && signed[i-1] == '\n' {
			return signed[:i]
		}
	}
	return signed
}

func (w *Witness) countAlarms(ctx context.Context) error {
	var open int
	if err := w.Store.QueryRow(ctx, `SELECT COUNT(*) FROM witness_alarms WHERE noted = 0`).Scan(&open); err != nil {
		return fmt.Errorf("couldn't count the alarms: %w", err)
	}
	w.metrics.alarms.Set(float64(open))
	return nil
}

// Alarms lists all alarms, the latest first.
func (w *Witness) Alarms(ctx context.Context) ([]Alarm, error) {
	rows, err := w.Store.Query(ctx, `SELECT id, organisation, problem, size, ours, theirs, raised, noted FROM witness_alarms ORDER BY raised DESC, id`)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the alarms: %w", err)
	}
	defer rows.Close()
	alarms := []Alarm{}
	for rows.Next() {
		var a Alarm
		var raised, noted int64
		if err := rows.Scan(&a.ID, &a.Organisation, &a.Problem, &a.Size, &a.Ours, &a.Theirs, &raised, &noted); err != nil {
			return nil, err
		}
		a.Raised = time.UnixMilli(raised).UTC()
		if noted > 0 {
			a.Noted = time.UnixMilli(noted).UTC()
		}
		alarms = append(alarms, a)
	}
	return alarms, rows.Err()
}

// Note takes note of an alarm: it is shown no more on every page, and kept. There
// is a *readmodel.NotFound where there is none of this name.
func (w *Witness) Note(ctx context.Context, id string) error {
	var known int
	if err := w.Store.QueryRow(ctx, `SELECT COUNT(*) FROM witness_alarms WHERE id = ?`, id).Scan(&known); err != nil {
		return fmt.Errorf("couldn't look for an alarm: %w", err)
	}
	if known == 0 {
		return &readmodel.NotFound{Kind: "alarm", Name: id}
	}
	if _, err := w.Store.Exec(ctx, `UPDATE witness_alarms SET noted = ? WHERE id = ? AND noted = 0`, w.Now().UnixMilli(), id); err != nil {
		return fmt.Errorf("couldn't take note of an alarm: %w", err)
	}
	return w.countAlarms(ctx)
}

// Problem says in words that there are alarms of which nobody took note, or "".
func (w *Witness) Problem(ctx context.Context) string {
	alarms, err := w.Alarms(ctx)
	if err != nil {
		return ""
	}
	for _, a := range alarms {
		switch {
		case !a.Noted.IsZero():
		case a.Organisation == w.Organisation:
			return fmt.Sprintf("This gateway refuses to sign: its own log is not what it vouched for before (at record %d).", a.Size)
		default:
			return fmt.Sprintf("The log of %s contradicts ours (%s, at record %d).", a.Organisation, strings.ReplaceAll(string(a.Problem), "_", " "), a.Size)
		}
	}
	return ""
}

// accused reports whether there is an open alarm about an organisation.
func (w *Witness) accused(ctx context.Context, org massbalance.OrganisationID) (bool, error) {
	var open int
	err := w.Store.QueryRow(ctx, `SELECT COUNT(*) FROM witness_alarms WHERE noted = 0 AND organisation = ?`, string(org)).Scan(&open)
	return open > 0, err
}
