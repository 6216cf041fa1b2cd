package chain

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/rwsetutil"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/statedb"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/statedb/stateleveldb"
	"github.com/stretchr/testify/require"
)

// What is read through the cache is what is read from a database that was written
// directly, after every block, from an empty database and from one that was not,
// over evictions, deletions and ranges.
func TestTheCacheChangesNothing(t *testing.T) {
	defer SetCached(100)()
	provider, err := stateleveldb.NewVersionedDBProvider(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(provider.Close)
	direct, err := provider.GetDBHandle("direct", nil)
	require.NoError(t, err)
	disk, err := openStore(t.TempDir())
	require.NoError(t, err)
	defer disk.close()
	var through statedb.VersionedDB
	source := rand.New(rand.NewPCG(1, 2))
	for number := range uint64(5 * flushEvery) {
		if number == 0 || number == 2*flushEvery {
			cache, err := newCache(disk)
			require.NoError(t, err)
			require.Equal(t, number == 0, cache.written != nil)
			through = newVersioned(direct, direct.GetVersion, cache)
		}
		height := rwsetutil.NewVersion(&kvrwset.Version{BlockNum: number})
		batches := [2]*statedb.UpdateBatch{statedb.NewUpdateBatch(), statedb.NewUpdateBatch()}
		for range 20 {
			namespace, key := fmt.Sprint("ns", source.IntN(3)), fmt.Sprint("key", source.IntN(300))
			value, gone := fmt.Append([]byte{}, source.Int())[:source.IntN(3)], source.IntN(5) == 0
			metadata := [][]byte{nil, []byte("metadata")}[source.IntN(2)]
			for _, batch := range batches {
				if gone {
					batch.Delete(namespace, key, height)
				} else {
					batch.PutValAndMetadata(namespace, key, value, metadata, height)
				}
			}
		}
		require.NoError(t, direct.ApplyUpdates(batches[0], height))
		require.NoError(t, through.ApplyUpdates(batches[1], height))
		last, err := through.GetLatestSavePoint()
		require.NoError(t, err)
		require.Equal(t, height, last)
		for i := range 300 {
			namespace, key := fmt.Sprint("ns", i%3), fmt.Sprint("key", i)
			expected, err := direct.GetState(namespace, key)
			require.NoError(t, err)
			found, err := through.GetState(namespace, key)
			require.NoError(t, err)
			require.Equal(t, expected, found)
			version, err := direct.GetVersion(namespace, key)
			require.NoError(t, err)
			foundVersion, err := through.GetVersion(namespace, key)
			require.NoError(t, err)
			require.Equal(t, version, foundVersion)
		}
		if number%7 == 0 {
			require.Equal(t, scan(t, direct), scan(t, through))
		}
	}
}

// What is on disk in no form that was written is an error, and not taken for
// something else.
func TestTheStoreRefusesWhatItDidNotWrite(t *testing.T) {
	disk, err := openStore(t.TempDir())
	require.NoError(t, err)
	defer disk.close()
	cache, err := newCache(disk)
	require.NoError(t, err)
	h := &held{space: cache.in("ns"), key: "key", value: []byte("value"), metadata: []byte("metadata"), height: height{300, 2}}
	whole := h.append(nil)
	cache.written = nil
	for size := range len(whole) - len("value") {
		require.NoError(t, disk.db.Put(appendKey(nil, "ns", "key"), whole[:size], nil))
		_, err := cache.get("ns", "key")
		require.ErrorContains(t, err, "couldn't read key of ns from the audit's state", "%d bytes", size)
	}
	require.NoError(t, disk.db.Put(appendKey(nil, "ns", "key"), whole, nil))
	found, err := cache.get("ns", "key")
	require.NoError(t, err)
	require.Equal(t, h.versioned(), found.versioned())
	require.NoError(t, disk.db.Put([]byte{storedHeight}, whole, nil))
	_, err = newCache(disk)
	require.ErrorContains(t, err, "couldn't read the height")
}

func scan(t *testing.T, db statedb.VersionedDB) []string {
	found, err := db.GetStateRangeScanIterator("ns1", "key1", "key2")
	require.NoError(t, err)
	defer found.Close()
	var keys []string
	for {
		next, err := found.Next()
		require.NoError(t, err)
		if next == nil {
			return keys
		}
		keys = append(keys, next.Key)
	}
}
