package chain

import (
	"hash/maphash"
	"sync"

	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/statedb"
)

const (
	// cached bounds how many values stay in memory: two generations of this many.
	cached = 1 << 16
	// flushEvery is after how many blocks the state is written to disk. What a crash
	// takes is checked again.
	flushEvery = 32
)

// cache keeps what was last read and written of a state database in memory, and
// writes several blocks at once: Fabric's LevelDB syncs the disk on every write,
// and finds a key that is not there by looking everywhere.
//
// Its heights are Fabric's *version.Height, a type that may not be named outside;
// newCache finds it by inference.
type cache[H any] struct {
	statedb.VersionedDB

	mu       sync.Mutex
	new, old map[place]*statedb.VersionedValue // nil for a key that is not there
	written  *filter                           // nil if the database was not empty
	pending  *statedb.UpdateBatch
	blocks   int
	height   H // of pending
}

type place struct{ namespace, key string }

// newCache puts a cache before a database; the database's GetVersion tells the
// type of its heights.
func newCache[H any](db statedb.VersionedDB, _ func(namespace, key string) (H, error), empty bool) *cache[H] {
	c := &cache[H]{VersionedDB: db, new: map[place]*statedb.VersionedValue{}, pending: statedb.NewUpdateBatch()}
	if empty {
		c.written = newFilter()
	}
	return c
}

// GetState reads a key.
func (c *cache[H]) GetState(namespace, key string) (*statedb.VersionedValue, error) {
	p := place{namespace, key}
	c.mu.Lock()
	defer c.mu.Unlock()
	if value, ok := c.new[p]; ok {
		return value, nil
	}
	value, ok := c.old[p]
	if !ok && c.pending.Exists(namespace, key) {
		value, ok = present(c.pending.Get(namespace, key)), true
	}
	if !ok && (c.written == nil || c.written.mayHave(p)) {
		var err error
		if value, err = c.VersionedDB.GetState(namespace, key); err != nil {
			return nil, err
		}
	}
	c.keep(p, value)
	return value, nil
}

// present is the value of an update; nil for a deletion.
func present(value *statedb.VersionedValue) *statedb.VersionedValue {
	if value.IsDelete() {
		return nil
	}
	return value
}

func (c *cache[H]) keep(p place, value *statedb.VersionedValue) {
	if len(c.new) >= cached {
		c.old, c.new = c.new, make(map[place]*statedb.VersionedValue, cached)
	}
	c.new[p] = value
}

// GetVersion reads the version of a key.
func (c *cache[H]) GetVersion(namespace, key string) (H, error) {
	var none H
	value, err := c.GetState(namespace, key)
	if err != nil || value == nil {
		return none, err
	}
	return any(value.Version).(H), nil
}

// ApplyUpdates takes a block's updates. They are on disk after flushEvery blocks,
// or a flush. If it fails nothing of the block was taken.
func (c *cache[H]) ApplyUpdates(batch *statedb.UpdateBatch, height H) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blocks >= flushEvery {
		if err := c.write(); err != nil {
			return err
		}
	}
	for namespace := range batch.Updates {
		for key, value := range batch.GetUpdates(namespace) {
			p := place{namespace, key}
			c.keep(p, present(value))
			if c.written != nil {
				c.written.add(p)
			}
		}
	}
	c.pending.Merge(batch)
	c.height = height
	c.blocks++
	return nil
}

func (c *cache[H]) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blocks == 0 {
		return nil
	}
	return c.write()
}

func (c *cache[H]) write() error {
	if err := c.VersionedDB.ApplyUpdates(c.pending, heightOf(c.VersionedDB.GetLatestSavePoint, c.height)); err != nil {
		return err
	}
	c.pending, c.blocks = statedb.NewUpdateBatch(), 0
	return nil
}

// heightOf gives a height its type, which is that of the savepoint's.
func heightOf[T, H any](_ func() (T, error), height H) T { return any(height).(T) }

// GetLatestSavePoint is the height of the last updates that were taken.
func (c *cache[H]) GetLatestSavePoint() (H, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blocks > 0 {
		return c.height, nil
	}
	height, err := c.VersionedDB.GetLatestSavePoint()
	return any(height).(H), err
}

// GetStateRangeScanIterator reads a range, which only the disk has in order.
func (c *cache[H]) GetStateRangeScanIterator(namespace, start, end string) (statedb.ResultsIterator, error) {
	if err := c.flush(); err != nil {
		return nil, err
	}
	return c.VersionedDB.GetStateRangeScanIterator(namespace, start, end)
}

// GetStateRangeScanIteratorWithPagination reads a range in pages.
func (c *cache[H]) GetStateRangeScanIteratorWithPagination(namespace, start, end string, size int32) (statedb.QueryResultsIterator, error) {
	if err := c.flush(); err != nil {
		return nil, err
	}
	return c.VersionedDB.GetStateRangeScanIteratorWithPagination(namespace, start, end, size)
}

// GetStateMultipleKeys reads several keys.
func (c *cache[H]) GetStateMultipleKeys(namespace string, keys []string) ([]*statedb.VersionedValue, error) {
	values := make([]*statedb.VersionedValue, len(keys))
	for i, key := range keys {
		var err error
		if values[i], err = c.GetState(namespace, key); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// filter is a Bloom filter of the keys that were ever written: of a key that it
// has not, there is nothing to be found on disk. Each transaction brings keys that
// are new, and each is asked for first.
type filter struct {
	seed maphash.Seed
	bits []uint64
}

// filterBits are 4 MiB; after three million keys about one in sixty new ones is
// looked for in vain.
const filterBits = 1 << 25

func newFilter() *filter { return &filter{maphash.MakeSeed(), make([]uint64, filterBits/64)} }

// places are the three bits of a key.
func (f *filter) places(p place) [3]uint64 {
	h := maphash.Comparable(f.seed, p)
	step := h>>32 | 1
	return [3]uint64{h % filterBits, (h + step) % filterBits, (h + 2*step) % filterBits}
}

func (f *filter) add(p place) {
	for _, bit := range f.places(p) {
		f.bits[bit/64] |= 1 << (bit % 64)
	}
}

func (f *filter) mayHave(p place) bool {
	for _, bit := range f.places(p) {
		if f.bits[bit/64]&(1<<(bit%64)) == 0 {
			return false
		}
	}
	return true
}
