package submit

import (
	"cmp"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// A ledger with pages keeps up to ten values under one key (see wire.Place), so two
// transactions under way meet there if their commands have neighbouring names, as where
// one counter numbers the tickets of many sites: the second of them is found invalid and
// proposed again. The queue spares itself that. A transaction under way holds its pages;
// a command that needs one of them waits, or goes in the same transaction.
//
// Who waits keeps the commands of the same caller at the same site behind it, and nobody
// else's. It stands in the line of each of its pages, and a page goes to the oldest
// in its line: whoever came later gets none that somebody older was passed over for. So
// everybody waits for older ones only, or for transactions under way, and those end.
//
// It is about what transactions cost, not about what is right: Fabric finds every
// conflict, those with other gateways and those over what wire.PlaceOf and
// massbalance.Names don't tell of.

// page is a page of the ledger that is held or waited for.
type page struct {
	// by is the transaction under way that holds it, nil for none.
	by *batch
	// line are the commands that were passed over and want it, the oldest first.
	line []*pending
}

// pages are those that are held or waited for, by their keys.
type pages map[string]*page

// pagesOf lists the pages that a command of the organisation is sure to touch.
func pagesOf(organisation massbalance.OrganisationID, command massbalance.Command) []string {
	found := make([]string, 0, 2) // most have a record and a document
	for _, keys := range [][]massbalance.Key{massbalance.Names(organisation, command), massbalance.Makes(organisation, command)} {
		for _, key := range keys {
			if place := wire.PlaceOf(key); place.Digit != 0 {
				found = append(found, place.Key)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// free reports whether a command may go with a batch, or, with nil, whether it may go
// at all: nobody else holds a page of it, and nobody older waits for one.
func (all pages) free(p *pending, b *batch) bool {
	for _, name := range p.pages {
		at := all[name]
		if at == nil {
			continue
		}
		if at.by != nil && at.by != b || len(at.line) > 0 && at.line[0].serial < p.serial {
			return false
		}
	}
	return true
}

// meets reports whether a command may go with a batch and with no other one.
func (all pages) meets(p *pending, b *batch) bool {
	return slices.ContainsFunc(p.pages, func(name string) bool {
		at := all[name]
		return at != nil && at.by == b
	}) && all.free(p, b)
}

// pass puts a command that was passed over into the lines for its pages.
func (all pages) pass(p *pending) {
	for _, name := range p.pages {
		at := all.page(name)
		if place, stands := at.place(p); !stands {
			at.line = slices.Insert(at.line, place, p)
		}
	}
}

// hold gives a batch the pages of a command that goes with it.
func (all pages) hold(p *pending, b *batch) {
	for _, name := range p.pages {
		at := all.page(name)
		at.by = b
		at.remove(p)
	}
	b.pages = append(b.pages, p.pages...)
}

// release takes from a batch what pages it holds.
func (all pages) release(b *batch) {
	for _, name := range b.pages {
		if at := all[name]; at != nil && at.by == b {
			at.by = nil
			all.tidy(name, at)
		}
	}
	b.pages = nil
}

// leave takes a command that was withdrawn out of the lines.
func (all pages) leave(p *pending) {
	for _, name := range p.pages {
		if at := all[name]; at != nil {
			at.remove(p)
			all.tidy(name, at)
		}
	}
}

func (all pages) page(name string) *page {
	at := all[name]
	if at == nil {
		at = new(page)
		all[name] = at
	}
	return at
}

func (all pages) tidy(name string, at *page) {
	if at.by == nil && len(at.line) == 0 {
		delete(all, name)
	}
}

// place is where a command stands in the line, or would.
func (at *page) place(p *pending) (int, bool) {
	return slices.BinarySearchFunc(at.line, p, func(a, b *pending) int { return cmp.Compare(a.serial, b.serial) })
}

func (at *page) remove(p *pending) {
	if place, stands := at.place(p); stands {
		at.line = slices.Delete(at.line, place, place+1)
	}
}

// open reports whether a caller's next command may go.
func (l *lane) open(all pages) bool {
	return slices.ContainsFunc(l.turns, func(c *caller) bool { return all.free(c.waiting[0], nil) })
}

// meets reports whether a caller's next command may go with this batch only.
func (l *lane) meets(b *batch, all pages) bool {
	return slices.ContainsFunc(l.turns, func(c *caller) bool { return all.meets(c.waiting[0], b) })
}

// unbar gives the lanes whose pages are free again their turn, before others: they
// had it before. The lock is held.
func (q *queue) unbar() {
	var free, still []*lane
	for _, l := range q.barred {
		if l.open(q.pages) {
			l.state = ready
			free = append(free, l)
		} else {
			still = append(still, l)
		}
	}
	if len(free) > 0 {
		q.barred, q.ready = still, append(free, q.ready...)
	}
}

// release ends a batch's hold on its pages; the lock is held.
func (q *queue) release(b *batch) {
	q.pages.release(b)
	q.unbar()
}
