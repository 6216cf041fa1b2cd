package chain

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/rwsetutil"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/statedb"
)

const (
	// flushEvery is after how many blocks the state is written to disk. What a crash
	// takes is checked again.
	flushEvery = 32
	// fresh is how many keys are allocated at once.
	fresh = 32
)

// cached bounds how many keys stay in memory: two generations of this many, and
// those of a block.
var cached = 1 << 16 // changed by a test

// cache keeps what was last read and written of the state in memory, and brings
// several blocks to disk at once. Each key is looked up once for a transaction, and
// what is done with it goes by the pointer: see judge.
type cache struct {
	disk *store

	mu     sync.Mutex
	spaces map[string]*space
	size   int // of the new generation
	spare  []held
	// written is nil if the disk was not empty in the beginning.
	written *filter
	// changed are the keys that the disk has yet to see, after so many blocks.
	changed []*held
	blocks  int
	// at is the height of what was taken last, if any was.
	at    height
	begun bool
	// judging numbers the blocks that judges look at.
	judging uint32
}

// space is a namespace.
type space struct {
	name     string
	salt     uint64 // for the filter
	new, old map[string]*held
}

// held is a key in memory.
type held struct {
	space *space
	key   string
	// value is nil if there is nothing at the key.
	value, metadata []byte
	height
	// changed says that the disk has not seen it, filed that the filter has it.
	changed, filed bool
	// effect is the last on this key of the block that is being judged, if written is
	// the number of that judging; guarded is if the block set the key's policy.
	effect, written, guarded uint32
}

func newCache(disk *store) (*cache, error) {
	c := &cache{disk: disk, spaces: map[string]*space{}}
	var err error
	if c.at, c.begun, err = disk.height(); err == nil && !c.begun {
		c.written = newFilter()
	}
	return c, err
}

// in gives a namespace. The lock is held.
func (c *cache) in(namespace string) *space {
	s := c.spaces[namespace]
	if s == nil {
		s = &space{name: namespace, new: map[string]*held{}}
		if c.written != nil {
			s.salt = maphash.String(c.written.seed, namespace)
		}
		c.spaces[namespace] = s
	}
	return s
}

// resolve finds the keys of a transaction's set.
func (c *cache) resolve(s *set) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	in := c.in(s.namespace)
	for i := range s.reads {
		if s.reads[i].at, err = c.find(in, s.reads[i].key); err != nil {
			return err
		}
	}
	for i := range s.writes {
		w := &s.writes[i]
		if w.read >= 0 {
			w.at = s.reads[w.read].at
		} else if w.at, err = c.find(in, w.key); err != nil {
			return err
		}
	}
	return nil
}

// find finds a key, whether there is anything at it or not. What it returns stays in
// memory at least until another block was taken. The lock is held.
func (c *cache) find(in *space, key []byte) (*held, error) {
	if h, ok := in.new[string(key)]; ok {
		return h, nil
	}
	return c.load(in, string(key))
}

// load finds a key that is not in the new generation, and brings it there.
func (c *cache) load(in *space, key string) (*held, error) {
	h, ok := in.old[key]
	switch {
	case !ok:
		h = c.blank(in, key)
		if c.written == nil || c.written.mayHave(h) {
			if err := c.disk.read(h); err != nil {
				return nil, err
			}
			h.filed = h.value != nil
		}
	case !h.changed: // a copy, so that it keeps none that were allocated with it
		again := c.blank(in, key)
		*again = *h
		again.key = key
		h = again
	}
	c.keep(h)
	return h, nil
}

// blank is a key with nothing at it.
func (c *cache) blank(in *space, key string) *held {
	if len(c.spare) == 0 {
		c.spare = make([]held, fresh)
	}
	h := &c.spare[0]
	c.spare = c.spare[1:]
	h.space, h.key = in, key
	return h
}

func (c *cache) keep(h *held) {
	h.space.new[h.key] = h
	c.size++
}

// get finds a key by its name.
func (c *cache) get(namespace, key string) (h held, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	in := c.in(namespace)
	found, ok := in.new[key]
	if !ok {
		if found, err = c.load(in, key); err != nil {
			return h, err
		}
	}
	return *found, nil
}

// begin makes room for a block. If it fails nothing has changed. The lock is held.
func (c *cache) begin() error {
	full := c.size >= cached
	if c.blocks < flushEvery && !full {
		return nil
	}
	if err := c.write(); err != nil || !full {
		return err
	}
	for name, s := range c.spaces {
		if len(s.new) == 0 {
			delete(c.spaces, name)
		}
		s.old, s.new = s.new, make(map[string]*held, len(s.new))
	}
	c.size = 0
	return nil
}

// put changes a key. The lock is held.
func (c *cache) put(h *held, value, metadata []byte, at height) {
	h.value, h.metadata, h.height = value, metadata, at
	if !h.changed {
		h.changed = true
		c.changed = append(c.changed, h)
	}
	if !h.filed && c.written != nil {
		h.filed = true
		c.written.add(h)
	}
}

// took says that a block was taken.
func (c *cache) took(at height) {
	c.at, c.begun = at, true
	c.blocks++
}

// take takes what a judge found a block to change, and the notes on it. If it
// fails nothing of the block was taken.
func (c *cache) take(effects []effect, taken map[string][]byte, at height) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.begin(); err != nil {
		return err
	}
	for i := range effects {
		e := &effects[i]
		if e.deleted {
			c.put(e.at, nil, nil, height{at.block, e.number})
		} else {
			c.put(e.at, kept, e.metadata, height{at.block, e.number})
		}
	}
	in := c.in(notes)
	for key, value := range taken {
		c.put(c.known(in, key), value, nil, at)
	}
	c.took(at)
	return nil
}

// known gives a key that will be overwritten, whatever is at it.
func (c *cache) known(in *space, key string) *held {
	h, ok := in.new[key]
	if ok {
		return h
	}
	if h = in.old[key]; h == nil || !h.changed {
		h = c.blank(in, key)
	}
	c.keep(h)
	return h
}

// takeBatch takes what Fabric's code found a block to change. If it fails nothing
// of the block was taken.
func (c *cache) takeBatch(batch *statedb.UpdateBatch, at height) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.begin(); err != nil {
		return err
	}
	for namespace := range batch.Updates {
		in := c.in(namespace)
		for key, value := range batch.GetUpdates(namespace) {
			c.put(c.known(in, key), value.Value, value.Metadata, height{value.Version.BlockNum, value.Version.TxNum})
		}
	}
	c.took(at)
	return nil
}

// flush brings to disk what it has not seen.
func (c *cache) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blocks == 0 {
		return nil
	}
	return c.write()
}

// write is flush with the lock held.
func (c *cache) write() error {
	slices.SortFunc(c.changed, func(a, b *held) int {
		if a.space == b.space {
			return strings.Compare(a.key, b.key)
		}
		return cmp.Compare(a.space.name, b.space.name)
	})
	if err := c.disk.write(c.changed, c.at); err != nil {
		return err
	}
	for _, h := range c.changed {
		h.changed = false
	}
	clear(c.changed)
	c.changed, c.blocks = c.changed[:0], 0
	return nil
}

// versioned is what there is of a key as Fabric has it; nil if there is nothing.
func (h *held) versioned() *statedb.VersionedValue {
	if h.value == nil {
		return nil
	}
	version := rwsetutil.NewVersion(&kvrwset.Version{BlockNum: h.block, TxNum: h.number})
	return &statedb.VersionedValue{Value: h.value, Metadata: h.metadata, Version: version}
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
func (f *filter) places(of *held) [3]uint64 {
	h := maphash.String(f.seed, of.key) ^ of.space.salt
	step := h>>32 | 1
	return [3]uint64{h % filterBits, (h + step) % filterBits, (h + 2*step) % filterBits}
}

func (f *filter) add(of *held) {
	for _, bit := range f.places(of) {
		f.bits[bit/64] |= 1 << (bit % 64)
	}
}

func (f *filter) mayHave(of *held) bool {
	for _, bit := range f.places(of) {
		if f.bits[bit/64]&(1<<(bit%64)) == 0 {
			return false
		}
	}
	return true
}
