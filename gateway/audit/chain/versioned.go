package chain

import (
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/statedb"
)

// versioned is the cache and the store behind it as a state database of Fabric's.
// It stands in place of Fabric's own, which stays empty and answers only for what
// has nothing to do with keys and values.
//
// H is Fabric's *version.Height, a type that may not be named outside; newVersioned
// finds it by inference.
type versioned[H any] struct {
	statedb.VersionedDB
	cache *cache
}

func newVersioned[H any](db statedb.VersionedDB, _ func(namespace, key string) (H, error), c *cache) *versioned[H] {
	return &versioned[H]{db, c}
}

// sameType gives a height the type of another expression.
func sameType[T any](_ T, height any) T { return height.(T) }

// GetState reads a key.
func (v *versioned[H]) GetState(namespace, key string) (*statedb.VersionedValue, error) {
	found, err := v.cache.get(namespace, key)
	if err != nil {
		return nil, err
	}
	return found.versioned(), nil
}

// GetVersion reads the version of a key.
func (v *versioned[H]) GetVersion(namespace, key string) (H, error) {
	var none H
	value, err := v.GetState(namespace, key)
	if err != nil || value == nil {
		return none, err
	}
	return any(value.Version).(H), nil
}

// GetStateMultipleKeys reads several keys.
func (v *versioned[H]) GetStateMultipleKeys(namespace string, keys []string) ([]*statedb.VersionedValue, error) {
	values := make([]*statedb.VersionedValue, len(keys))
	for i, key := range keys {
		var err error
		if values[i], err = v.GetState(namespace, key); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// ApplyUpdates takes a block's updates. They are on disk after flushEvery blocks,
// or a flush. If it fails nothing of the block was taken.
func (v *versioned[H]) ApplyUpdates(batch *statedb.UpdateBatch, at H) error {
	end := sameType(statedb.VersionedValue{}.Version, at)
	return v.cache.takeBatch(batch, height{end.BlockNum, end.TxNum})
}

// GetLatestSavePoint is the height of the last updates that were taken; nil if
// there are none.
func (v *versioned[H]) GetLatestSavePoint() (H, error) {
	v.cache.mu.Lock()
	defer v.cache.mu.Unlock()
	var none H
	if !v.cache.begun {
		return none, nil
	}
	return any((&held{value: kept, height: v.cache.at}).versioned().Version).(H), nil
}

// GetStateRangeScanIterator reads a range, which only the disk has in order.
func (v *versioned[H]) GetStateRangeScanIterator(namespace, start, end string) (statedb.ResultsIterator, error) {
	if err := v.cache.flush(); err != nil {
		return nil, err
	}
	return v.cache.disk.scan(namespace, start, end), nil
}

// GetStateRangeScanIteratorWithPagination is not read by validation.
func (*versioned[H]) GetStateRangeScanIteratorWithPagination(string, string, string, int32) (statedb.QueryResultsIterator, error) {
	return nil, errNotValidation
}

// GetFullScanIterator is not read by validation.
func (*versioned[H]) GetFullScanIterator(func(string) bool) (statedb.FullScanIterator, error) {
	return nil, errNotValidation
}
