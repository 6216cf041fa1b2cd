package chain

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/statedb"
	"github.com/syndtr/goleveldb/leveldb"
	bloom "github.com/syndtr/goleveldb/leveldb/filter"
	"github.com/syndtr/goleveldb/leveldb/iterator"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/util"
)

// store is the state on disk, in LevelDB: of each key its version, metadata and
// what is kept of its value, and the height to which all of it belongs.
//
// Fabric's own database on LevelDB takes a block's keys in the order of a map, and
// LevelDB finds the place of each from the start; those that come in order cost it
// less than half. That was half of what a live audit cost.
type store struct {
	db      *leveldb.DB
	batch   leveldb.Batch
	scratch []byte
}

// What the store's keys begin with.
const (
	storedHeight = 'h'
	storedKey    = 'k' // then namespace, 0 and key, as in Fabric's own
)

// height is a block and a transaction in it.
type height struct{ block, number uint64 }

func openStore(dir string) (*store, error) {
	db, err := leveldb.OpenFile(dir, &opt.Options{Filter: bloom.NewBloomFilter(10)})
	if err != nil {
		return nil, err
	}
	return &store{db: db}, nil
}

func (s *store) close() error { return s.db.Close() }

func appendKey(data []byte, namespace, key string) []byte {
	data = append(append(data, storedKey), namespace...)
	return append(append(data, 0), key...)
}

// height is up to where the state was written; none if it is empty.
func (s *store) height() (at height, ok bool, err error) {
	data, err := s.db.Get([]byte{storedHeight}, nil)
	if errors.Is(err, leveldb.ErrNotFound) {
		return at, false, nil
	}
	if err == nil && len(data) != 16 {
		err = errUnreadable
	}
	if err != nil {
		return at, false, fmt.Errorf("couldn't read the height of the audit's state: %w", err)
	}
	return height{number(data[:8]), number(data[8:])}, true, nil
}

// read reads what there is of a key.
func (s *store) read(h *held) error {
	data, err := s.db.Get(appendKey(nil, h.space.name, h.key), nil)
	if errors.Is(err, leveldb.ErrNotFound) {
		return nil
	}
	if err == nil {
		err = h.decode(data)
	}
	if err != nil {
		return fmt.Errorf("couldn't read %s of %s from the audit's state: %w", h.key, h.space.name, err)
	}
	return nil
}

// write brings keys and the height to disk, all or nothing. Those of a namespace
// should come in ascending order.
func (s *store) write(changed []*held, at height) error {
	s.batch.Reset()
	for _, h := range changed {
		s.scratch = appendKey(s.scratch[:0], h.space.name, h.key)
		if h.value == nil {
			s.batch.Delete(s.scratch)
			continue
		}
		n := len(s.scratch)
		s.scratch = h.append(s.scratch)
		s.batch.Put(s.scratch[:n], s.scratch[n:])
	}
	s.batch.Put([]byte{storedHeight}, append(number64(at.block), number64(at.number)...))
	return s.db.Write(&s.batch, &opt.WriteOptions{Sync: true})
}

var errUnreadable = errors.New("it is not in the form in which it was written")

// append appends what is stored of a key.
func (h *held) append(data []byte) []byte {
	data = binary.AppendUvarint(data, h.block)
	data = binary.AppendUvarint(data, h.number)
	data = binary.AppendUvarint(data, uint64(len(h.metadata)))
	return append(append(data, h.metadata...), h.value...)
}

// decode reads what append wrote.
func (h *held) decode(data []byte) error {
	var numbers [3]uint64
	for i := range numbers {
		n := 0
		if numbers[i], n = binary.Uvarint(data); n <= 0 {
			return errUnreadable
		}
		data = data[n:]
	}
	size := numbers[2]
	if size > uint64(len(data)) {
		return errUnreadable
	}
	h.height = height{numbers[0], numbers[1]}
	h.value, h.metadata = data[size:], nil
	if size > 0 {
		h.metadata = data[:size:size]
	}
	if string(h.value) == string(kept) && size == 0 {
		h.value = kept // and data can go
	}
	return nil
}

// scan begins to read a range of keys, in order. An empty end is that of the
// namespace.
func (s *store) scan(namespace, start, end string) *scanner {
	limit := appendKey(nil, namespace, end)
	if end == "" {
		limit[len(limit)-1] = 1
	}
	found := s.db.NewIterator(&util.Range{Start: appendKey(nil, namespace, start), Limit: limit}, nil)
	return &scanner{namespace, len(namespace) + 2, found}
}

// scanner is a statedb.ResultsIterator.
type scanner struct {
	namespace string
	prefix    int
	found     iterator.Iterator
}

// Next gives the next key; nil after the last.
func (s *scanner) Next() (*statedb.VersionedKV, error) {
	if !s.found.Next() {
		return nil, s.found.Error()
	}
	h := held{space: &space{name: s.namespace}, key: string(s.found.Key()[s.prefix:])}
	if err := h.decode(append([]byte{}, s.found.Value()...)); err != nil {
		return nil, fmt.Errorf("couldn't read %s of %s from the audit's state: %w", h.key, s.namespace, err)
	}
	return &statedb.VersionedKV{CompositeKey: &statedb.CompositeKey{Namespace: s.namespace, Key: h.key}, VersionedValue: h.versioned()}, nil
}

// Close ends the reading.
func (s *scanner) Close() { s.found.Release() }
