package readmodel

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// known is a Bloom filter of the keys at which there is a value of the kinds of which
// there are many. Nearly every command asks whether its ID and its document are new, and
// nearly always they are, and so are most of those beside them in their page: what the
// filter lacks need not be looked up. What it has
// may be there or not, and is.
type known struct {
	seed maphash.Seed
	bits []uint64
	// complete is set once it has all that the database has; until then it answers
	// nothing. Whoever began to learn under another generation does not set it.
	complete, learning bool
	generation         int
}

// knownBits are 4 MiB; with three million keys one new key in sixty is looked up.
const knownBits = 1 << 25

// places are where a key's bits stand.
func (k *known) places(key massbalance.Key) [3]uint64 {
	h := maphash.Comparable(k.seed, key)
	step := h>>32 | 1
	return [3]uint64{h % knownBits, (h + step) % knownBits, (h + 2*step) % knownBits}
}

func (k *known) add(key massbalance.Key) {
	if k.bits == nil {
		return // nothing is learnt yet, and what there is will be
	}
	for _, at := range k.places(key) {
		k.bits[at/64] |= 1 << (at % 64)
	}
}

// lacks reports whether there is certainly no value at a key.
func (k *known) lacks(key massbalance.Key) bool {
	if !k.complete || !plenty[key.Kind] {
		return false
	}
	for _, at := range k.places(key) {
		if k.bits[at/64]&(1<<(at%64)) == 0 {
			return true
		}
	}
	return false
}

// forget is for when somebody else wrote to the database.
func (k *known) forget() {
	k.complete, k.learning = false, false
	k.generation++
}

// learn begins to read, in the background, which keys there are, unless that is
// known or under way. What is applied meanwhile is added by whoever applies it.
func (m *Model) learn() {
	generation, needed := m.held.learn()
	if !needed {
		return
	}
	m.stopLearning()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	m.stopLearning = func() {
		cancel()
		<-done
	}
	go func() {
		defer close(done)
		err := m.Read(ctx, func(s *Snapshot) error { return s.eachOfMany(m.held.add) })
		m.held.learned(generation, err == nil) // an error is told by what else reads; until then keys are looked up
	}()
}

// eachOfMany hands over all keys at which there is a value of the kinds of many.
func (s *Snapshot) eachOfMany(take func(massbalance.Key)) error {
	err := s.eachPair(`SELECT organisation, command FROM entries`, nil, func(org, command string) error {
		take(massbalance.RecordKey(massbalance.OrganisationID(org), massbalance.CommandID(command)))
		return nil
	})
	for _, kind := range []massbalance.Kind{massbalance.KindEvidence, massbalance.KindLot} {
		err = errors.Join(err, s.eachPair(`SELECT key, '' FROM state WHERE key >= ? AND key < ?`, []any{string(kind) + ":", string(kind) + ";"}, func(name, _ string) error {
			key, err := wire.ParseKey(name)
			take(key)
			return err
		}))
	}
	return err
}

func (s *Snapshot) eachPair(query string, args []any, take func(a, b string) error) error {
	rows, err := s.query(query, args...)
	if err != nil {
		return fmt.Errorf("couldn't list keys: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a, b string
		if err := rows.Scan(&a, &b); err != nil {
			return err
		}
		if err := take(a, b); err != nil {
			return err
		}
	}
	return rows.Err()
}

// learn begins a filter, if there is none that is complete or being learnt.
func (h *held) learn() (generation int, needed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	k := &h.known
	if k.complete || k.learning {
		return k.generation, false
	}
	if k.bits == nil {
		k.seed, k.bits = maphash.MakeSeed(), make([]uint64, knownBits/64)
	}
	k.learning = true
	return k.generation, true
}

func (h *held) add(key massbalance.Key) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known.add(key)
}

func (h *held) learned(generation int, all bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known.generation == generation {
		h.known.complete, h.known.learning = all, false
	}
}
