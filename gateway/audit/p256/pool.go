package p256

import (
	"crypto/ecdsa"
	"math/big"
	"sync"
	"sync/atomic"
)

// Pays is after how many good signatures a key gets a table. A table costs about
// 25 verifications to make and saves more than half of each that follows, so it has
// paid 50 later; with keys that are not seen again it costs two fifths more.
const Pays = 64

// MaxTables bounds the tables of a Pool: 25 MB of them.
const MaxTables = 64

// idle is after how many verifications by other keys a table makes room for
// that of another key, if there are MaxTables.
const idle = 1 << 14

// Pool makes tables for keys that sign again and again. The zero value is ready;
// any number of goroutines may use it.
type Pool struct {
	mu   sync.Mutex
	held []*Key // those that have a table

	clock atomic.Uint64 // good signatures, for telling which table is idle
}

// Key is a public key on its way to a table. Any number of goroutines may use it.
type Key struct {
	pool   *Pool
	public *ecdsa.PublicKey
	table  atomic.Pointer[Table]
	good   atomic.Uint64
	last   atomic.Uint64 // when the table was last of use, by the pool's clock
}

// Key begins to count the signatures of a key. Whoever asks twice for the same
// one gets two that know nothing of one another.
func (p *Pool) Key(public *ecdsa.PublicKey) *Key { return &Key{pool: p, public: public} }

// Finds reports whether the key has a table and that finds the signature good.
// Where it says no, ask something else.
func (k *Key) Finds(digest *[32]byte, r, s *big.Int) bool {
	t := k.table.Load()
	if t == nil || !t.Verify(digest, r, s) {
		return false
	}
	k.last.Store(k.pool.clock.Add(1))
	return true
}

// Good says that something else found a signature of the key good. Every Pays of
// them it makes the table, if there is none and room for one.
func (k *Key) Good() {
	k.pool.clock.Add(1)
	if k.good.Add(1)%Pays == 0 && k.table.Load() == nil {
		k.pool.admit(k)
	}
}

// Has reports whether the key has a table.
func (k *Key) Has() bool { return k.table.Load() != nil }

// admit makes a key's table. A key that cannot have one goes without.
func (p *Pool) admit(k *Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k.table.Load() != nil || !p.room() {
		return
	}
	t, err := NewTable(k.public)
	if err != nil {
		return
	}
	k.last.Store(p.clock.Load())
	k.table.Store(t)
	p.held = append(p.held, k)
}

// room makes room for one more table, unless all of them are in use.
func (p *Pool) room() bool {
	if len(p.held) < MaxTables {
		return true
	}
	oldest := 0
	for i, k := range p.held {
		if k.last.Load() < p.held[oldest].last.Load() {
			oldest = i
		}
	}
	// Signed, since a table may be used between the two readings.
	if int64(p.clock.Load()-p.held[oldest].last.Load()) < idle {
		return false
	}
	p.held[oldest].table.Store(nil)
	end := len(p.held) - 1
	p.held[oldest], p.held[end] = p.held[end], nil
	p.held = p.held[:end]
	return true
}
