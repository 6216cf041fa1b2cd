package massbalance

import (
	"cmp"
	"slices"
	"strings"
)

// overlay is a view with writes on top of it: those of the commands before in the
// batch, and on top of these the ones of the command under way, which are dropped
// where it is refused.
//
// Every key has one slot, found by one look-up, whether it was read or written:
// the hash of a key of three strings is what an overlay costs. What was read below
// is kept, for it cannot change meanwhile, and a peer answers every look-up over a
// stream of its own.
type overlay struct {
	below View
	slots map[Key]*slot
	// order has the slots as they were made, spare those to be made next.
	order []*slot
	spare []slot
	// touched are the slots that the command under way wrote to; turn tells it
	// from the commands before.
	touched []*slot
	turn    int
}

// slot is what is known of one key.
type slot struct {
	key Key
	// value is that before the command under way, where it is known.
	value   Value
	known   bool
	written bool
	guard   *Guard
	// pending is what the command of the turn put here.
	pending Write
	turn    int
}

// newOverlay makes an overlay for about so many keys.
func newOverlay(below View, keys int) *overlay {
	return &overlay{below: below, slots: make(map[Key]*slot, keys), order: make([]*slot, 0, keys), turn: 1}
}

// at finds the slot of a key.
func (o *overlay) at(key Key) *slot {
	if s, ok := o.slots[key]; ok {
		return s
	}
	if len(o.spare) == 0 {
		o.spare = make([]slot, min(max(cap(o.order), 1), 64))
	}
	s := &o.spare[0]
	o.spare = o.spare[1:]
	s.key = key
	o.slots[key] = s
	o.order = append(o.order, s)
	return s
}

// Get returns the newest value at the key, or nil.
func (o *overlay) Get(key Key) (Value, error) {
	s := o.at(key)
	if s.turn == o.turn {
		return s.pending.Value, nil
	}
	if !s.known {
		value, err := o.below.Get(key)
		if err != nil {
			return nil, err
		}
		s.value, s.known = value, true
	}
	return s.value, nil
}

// put keeps one value per key. A guard asked for when the key was created
// earlier in the same transaction stays.
func (o *overlay) put(w Write) {
	s := o.at(w.Key)
	if s.turn != o.turn {
		s.turn = o.turn
		o.touched = append(o.touched, s)
	} else if w.Guard == nil {
		w.Guard = s.pending.Guard
	}
	s.pending = w
}

// wrote reports whether the command under way wrote to a key.
func (o *overlay) wrote(key Key) bool { return o.at(key).turn == o.turn }

// commit accepts the command under way, drop refuses it; the next one begins.
func (o *overlay) commit() {
	for _, s := range o.touched {
		s.value, s.known, s.written = s.pending.Value, true, true
		if s.pending.Guard != nil {
			s.guard = s.pending.Guard
		}
	}
	o.drop()
}

func (o *overlay) drop() {
	o.touched = o.touched[:0]
	o.turn++
}

// pending lists the writes of the command under way by key.
func (o *overlay) pending() []Write {
	writes := make([]Write, 0, len(o.touched))
	for _, s := range sorted(o.touched) {
		writes = append(writes, s.pending)
	}
	return writes
}

// committed lists the writes of the commands before by key, so that every peer
// writes the same bytes.
func (o *overlay) committed() []Write {
	written := make([]*slot, 0, len(o.order))
	for _, s := range o.order {
		if s.written {
			written = append(written, s)
		}
	}
	writes := make([]Write, 0, len(written))
	for _, s := range sorted(written) {
		writes = append(writes, Write{s.key, s.value, s.guard})
	}
	return writes
}

// sorted puts slots into the order of their keys. Commands write to few kinds of
// keys, each in about the order in which its keys are made, so the kinds are sorted
// apart: there is less to compare, and a good part of it stands right already.
func sorted(slots []*slot) []*slot {
	type group struct {
		kind  Kind
		slots []*slot
	}
	var groups []group
	for _, s := range slots {
		at := slices.IndexFunc(groups, func(g group) bool { return g.kind == s.key.Kind })
		if at < 0 {
			at, groups = len(groups), append(groups, group{kind: s.key.Kind})
		}
		groups[at].slots = append(groups[at].slots, s)
	}
	slices.SortFunc(groups, func(a, b group) int { return strings.Compare(string(a.kind), string(b.kind)) })
	all := make([]*slot, 0, len(slots))
	for _, g := range groups {
		slices.SortFunc(g.slots, func(a, b *slot) int {
			return cmp.Or(strings.Compare(a.key.A, b.key.A), strings.Compare(a.key.B, b.key.B))
		})
		all = append(all, g.slots...)
	}
	return all
}
