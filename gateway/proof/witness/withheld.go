package witness

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// withheldAfter is how long our log may stand still behind one that another
// organisation signed: a block takes seconds.
const withheldAfter = time.Minute

// stillness remembers since when our log has stood still behind another's.
type stillness struct {
	mu    sync.Mutex
	ours  int64
	since time.Time // zero while nobody is ahead
	// by is who is ahead, with so many records.
	by     massbalance.OrganisationID
	theirs int64
	// told is set once the log says it.
	told bool
}

// watchOthers compares how far our log is with what the others signed. A peer that
// gives nothing new looks to its gateway like a consortium in which nothing
// happens; the others' logs tell.
func (w *Witness) watchOthers(ctx context.Context, ours int64) error {
	var by string
	var theirs int64
	err := w.Store.QueryRow(ctx, `SELECT organisation, size FROM witness_seen ORDER BY size DESC, organisation LIMIT 1`).Scan(&by, &theirs)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("couldn't compare how far the logs are: %w", err)
	}
	s := &w.still
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ours != ours || theirs <= ours {
		s.ours, s.since, s.told = ours, time.Time{}, false
	}
	if theirs <= ours {
		return nil
	}
	s.by, s.theirs = massbalance.OrganisationID(by), theirs
	if s.since.IsZero() {
		s.since = w.Now()
	}
	if !s.told && w.Now().Sub(s.since) >= withheldAfter {
		s.told = true
		w.Log.Error("other organisations' logs go on and ours does not", "organisation", by, "theirs", theirs, "ours", ours)
	}
	return nil
}

// Withheld says in words that another organisation's log went on without ours, or "".
func (w *Witness) Withheld() string {
	s := &w.still
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() || w.Now().Sub(s.since) < withheldAfter {
		return ""
	}
	return fmt.Sprintf("The log of %s has %d records and ours stands still at %d: this organisation's peer is behind, or withholds blocks.", s.by, s.theirs, s.ours)
}
