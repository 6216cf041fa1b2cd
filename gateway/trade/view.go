package trade

import (
	"context"
	"crypto/sha256"
	"sync"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// At is the desk over one snapshot: for a page, all of whose figures are true at
// the same block.
func (d *Desk) At(s *readmodel.Snapshot) *Desk {
	at := *d
	at.model = fixed{s}
	return &at
}

// fixed reads one snapshot, however often it is asked.
type fixed struct{ s *readmodel.Snapshot }

func (f fixed) Read(_ context.Context, look func(*readmodel.Snapshot) error) error { return look(f.s) }

// Trial is the desk for trying something out: the bodies that it makes are those
// that would be made, and no document goes anywhere.
func (d *Desk) Trial() *Desk {
	trial := *d
	trial.keeper = unsent{d.keeper}
	return &trial
}

// unsent keeps nothing and reads what is kept.
type unsent struct{ Keeper }

func (unsent) Keep(_ context.Context, document []byte, _ massbalance.OrganisationID) (massbalance.Digest, error) {
	return sha256.Sum256(document), nil
}

// opened remembers terms that were opened: what stands under a hash never
// changes, and a list of agreements would ask the peer for each again.
type opened struct {
	mu    sync.Mutex
	terms map[massbalance.Digest]Terms
}

// openedMost bounds what is remembered; beyond it all is forgotten and asked for anew.
const openedMost = 1000

func (o *opened) get(digest massbalance.Digest) (Terms, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	terms, ok := o.terms[digest]
	return terms, ok
}

func (o *opened) put(digest massbalance.Digest, terms Terms) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.terms == nil || len(o.terms) >= openedMost {
		o.terms = map[massbalance.Digest]Terms{}
	}
	o.terms[digest] = terms
}
