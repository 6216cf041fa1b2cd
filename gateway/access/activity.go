package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/gateway/store"
)

// Act is something that was done at this gateway, or refused.
type Act struct {
	Number  uint64    `json:"number"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor,omitempty"`
	Address string    `json:"address,omitempty"`
	Action  string    `json:"action"`
	Subject string    `json:"subject,omitempty"`
	Outcome string    `json:"outcome"`
}

// done is the outcome of what was done.
const done = "done"

// record writes acts into the log, in a transaction or without.
func (a *Accounts) record(ctx context.Context, s asking, acts ...Act) error {
	actor := From(ctx)
	var last int64
	if err := s.QueryRow(ctx, `SELECT COALESCE(MAX(number), 0) FROM activity`).Scan(&last); err != nil {
		return fmt.Errorf("couldn't read the activity log: %w", err)
	}
	for i, act := range acts {
		if act.Actor == "" {
			act.Actor = actor.Name
		}
		if _, err := s.Exec(ctx, `INSERT INTO activity (number, at, actor, address, action, subject, outcome) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			last+1+int64(i), a.now(), act.Actor, actor.Address, act.Action, act.Subject, act.Outcome); err != nil {
			return fmt.Errorf("couldn't write the activity log: %w", err)
		}
	}
	return nil
}

// noted does something and writes it down, both or neither. What was refused is
// written down, too.
func (a *Accounts) noted(ctx context.Context, action, subject string, do func(*store.Tx) error) error {
	a.numbering.Lock()
	defer a.numbering.Unlock()
	err := a.store.Within(ctx, func(tx *store.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		return a.record(ctx, tx, Act{Action: action, Subject: subject, Outcome: done})
	})
	if errors.Is(err, ErrRefused) {
		refused := a.store.Within(ctx, func(tx *store.Tx) error {
			return a.record(ctx, tx, Act{Action: action, Subject: subject, Outcome: "refused: " + err.Error()})
		})
		return errors.Join(err, refused)
	}
	return err
}

// Note writes down what was done elsewhere.
func (a *Accounts) Note(ctx context.Context, acts ...Act) error {
	a.numbering.Lock()
	defer a.numbering.Unlock()
	return a.store.Within(ctx, func(tx *store.Tx) error { return a.record(ctx, tx, acts...) })
}

// ActivityFilter chooses of the log; empty fields choose everything.
type ActivityFilter struct {
	Actor, Action, Subject string
	// Before is a number: only what was done before it.
	Before uint64
	Limit  int
}

// Activity reads the log backwards, from the newest on.
func (a *Accounts) Activity(ctx context.Context, f ActivityFilter) ([]Act, error) {
	before := int64(f.Before)
	if before <= 0 {
		before = 1<<63 - 1
	}
	scan := func(r row) (act Act, err error) {
		var at int64
		err = r.Scan(&act.Number, &at, &act.Actor, &act.Address, &act.Action, &act.Subject, &act.Outcome)
		act.At = moment(at)
		return act, err
	}
	return collect(ctx, a.store, scan, `SELECT number, at, actor, address, action, subject, outcome FROM activity
		WHERE number < ? AND (? = '' OR actor = ?) AND (? = '' OR action = ?) AND (? = '' OR subject = ?) ORDER BY number DESC LIMIT ?`,
		before, f.Actor, f.Actor, f.Action, f.Action, f.Subject, f.Subject, max(1, min(f.Limit, 500)))
}
