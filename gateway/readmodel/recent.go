package readmodel

import (
	"sync"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// recent keeps what was used last: at least limit of it, at most twice as much.
type recent[K comparable, V any] struct {
	limit    int
	new, old map[K]V
}

func (r *recent[K, V]) get(key K) (V, bool) {
	v, ok := r.new[key]
	if ok {
		return v, true
	}
	if v, ok = r.old[key]; ok {
		r.put(key, v)
	}
	return v, ok
}

func (r *recent[K, V]) put(key K, v V) {
	if r.new == nil || len(r.new) >= r.limit {
		r.old, r.new = r.new, make(map[K]V, min(r.limit, 1024))
	}
	r.new[key] = v
}

// valuesKept, namesKept and rowsPlaced bound what is kept in memory of values, about
// a kilobyte each, of lots' names in the log, and of rows of lists.
const (
	valuesKept = 1 << 14
	namesKept  = 1 << 14
	rowsPlaced = 1 << 14
	// seldomKept is for what is read again only while values come beside it in its page.
	seldomKept = 1 << 12
)

// held are the values that replaying reads again and again, as of the block that
// was applied last; a nil value is of a key at which there is nothing.
type held struct {
	mu     sync.Mutex
	values recent[massbalance.Key, massbalance.Value]
	// late are the values of the seldom kinds that were written last.
	late recent[massbalance.Key, massbalance.Value]
	// fetched is what was read together last.
	fetched map[massbalance.Key]massbalance.Value
	known   known
}

func (h *held) get(key massbalance.Key) (massbalance.Value, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v, ok := h.fetched[key]; ok {
		return v, true
	}
	if h.known.lacks(key) {
		return nil, true
	}
	if v, ok := h.late.get(key); ok {
		return v, true
	}
	return h.values.get(key)
}

func (h *held) keep(key massbalance.Key, v massbalance.Value) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.values.put(key, v)
}

func (h *held) fetch(values map[massbalance.Key]massbalance.Value) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fetched = values
}

// seldom are the kinds of values that are hardly ever read again, plenty those of which
// there are about as many as there are commands.
var (
	seldom = map[massbalance.Kind]bool{massbalance.KindRecord: true, massbalance.KindEvidence: true}
	plenty = map[massbalance.Kind]bool{massbalance.KindRecord: true, massbalance.KindEvidence: true, massbalance.KindLot: true}
)

// apply takes the writes of a block that was applied.
func (h *held) apply(writes []massbalance.Write) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fetched = nil
	for _, w := range writes {
		if plenty[w.Key.Kind] {
			h.known.add(w.Key)
		}
		if !seldom[w.Key.Kind] {
			h.values.put(w.Key, w.Value)
			continue
		}
		h.late.put(w.Key, w.Value)
		delete(h.values.new, w.Key)
		delete(h.values.old, w.Key)
	}
}

// moved is for when somebody else moved the model on.
func (h *held) moved() {
	h.forget()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known.forget()
}

// forget is for when what was applied is undone. That a key was known does no harm.
func (h *held) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fetched = nil
	h.values, h.late = recent[massbalance.Key, massbalance.Value]{limit: valuesKept}, recent[massbalance.Key, massbalance.Value]{limit: seldomKept}
}
