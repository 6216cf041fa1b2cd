package massbalance

import (
	"maps"
	"slices"
)

// overlay is a view with writes on top of it: one command's own, or those of
// the commands before it in a batch.
type overlay struct {
	below  View
	writes map[Key]Write
	// reads keeps what was read below, which cannot change meanwhile: a peer
	// answers every look-up over a stream of its own. An overlay below keeps it itself.
	reads map[Key]Value
}

// newOverlay makes an overlay for so many writes.
func newOverlay(below View, writes int) overlay {
	o := overlay{below: below, writes: make(map[Key]Write, writes)}
	if _, keeps := below.(overlay); !keeps {
		o.reads = make(map[Key]Value, writes)
	}
	return o
}

// Get returns the newest value at the key, or nil.
func (o overlay) Get(key Key) (Value, error) {
	if w, ok := o.writes[key]; ok {
		return w.Value, nil
	}
	if value, ok := o.reads[key]; ok {
		return value, nil
	}
	value, err := o.below.Get(key)
	if err == nil && o.reads != nil {
		o.reads[key] = value
	}
	return value, err
}

// put keeps one value per key. A guard asked for when the key was created
// earlier in the same transaction stays.
func (o overlay) put(w Write) {
	if before, ok := o.writes[w.Key]; ok && w.Guard == nil {
		w.Guard = before.Guard
	}
	o.writes[w.Key] = w
}

// sorted lists the writes by key, so that every peer writes the same bytes.
func (o overlay) sorted() []Write {
	all := slices.AppendSeq(make([]Write, 0, len(o.writes)), maps.Values(o.writes))
	slices.SortFunc(all, func(a, b Write) int { return a.Key.compare(b.Key) })
	return all
}
