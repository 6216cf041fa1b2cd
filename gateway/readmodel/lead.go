package readmodel

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrNotLeading says that another process writes to the model.
var ErrNotLeading = errors.New("another process writes to the read model")

// standbyPause is how often a process that stands by looks whether it may lead,
// and how far the other one is.
const standbyPause = 250 * time.Millisecond

// Lead returns once no other process writes to the model; Apply is then this
// one's. Until then it calls waiting, once, and stands by: what the other process
// applies can be read, and Await sees it.
//
// Whoever got ErrNotLeading from Apply asks again.
func (m *Model) Lead(ctx context.Context, waiting func()) error {
	m.undo()
	for first := true; ; first = false {
		leads, err := m.database.lead(ctx)
		if err != nil {
			return fmt.Errorf("couldn't find out who writes to the read model: %w", err)
		}
		if err := m.refresh(ctx); err != nil {
			return err
		}
		if leads {
			m.learn()
			return nil
		}
		if first && waiting != nil {
			waiting()
		}
		timer := time.NewTimer(standbyPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// Probe writes without changing anything, to find out whether the model can be
// written. It is for whoever may Apply.
func (m *Model) Probe(ctx context.Context) error {
	m.undo()
	tx, err := m.database.begin(ctx)
	if err == nil {
		defer tx.rollback()
		if err = tx.execute(`UPDATE checkpoint SET next = next`, nil); err == nil {
			err = tx.commit()
		}
	}
	if err != nil {
		return fmt.Errorf("couldn't write to the read model: %w", err)
	}
	return nil
}
