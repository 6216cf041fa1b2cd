package readmodel

import (
	"fmt"
	"time"
)

// settleWrites and settleTime are how many values and how long may stand
// unsettled: no more than a disk takes at once, and than a reader waits for.
const (
	settleWrites = 4096
	settleTime   = 250 * time.Millisecond
)

// unsettled are blocks that were folded into one transaction, which is not
// committed yet.
type unsettled struct {
	// tx is nil while there are none.
	tx writing
	// next is the block after the last of them.
	next   uint64
	writes int
	began  time.Time
}

// overdue reports whether what is not settled has come to be much or waited for long.
func (m *Model) overdue() bool {
	return m.unsettled.writes >= settleWrites || time.Since(m.unsettled.began) >= m.patience
}

// due is the block to be folded next.
func (m *Model) due() uint64 {
	if m.unsettled.tx != nil {
		return m.unsettled.next
	}
	return m.Next()
}

// Settle makes the blocks that were folded since the last time stay, and shows
// them to readers. If it fails they are undone. It is for whoever may Apply.
func (m *Model) Settle() error {
	u := m.unsettled
	if u.tx == nil {
		return nil
	}
	if err := u.tx.commit(); err != nil {
		m.undo()
		return fmt.Errorf("couldn't apply the blocks before block %d: %w", u.next, err)
	}
	m.unsettled = unsettled{}
	m.advance(u.next)
	return nil
}

// undo gives up what is not settled, and what is remembered with it.
func (m *Model) undo() {
	if m.unsettled.tx != nil {
		m.unsettled.tx.rollback()
	}
	m.unsettled, m.log = unsettled{}, nil
	m.held.forget()
}
