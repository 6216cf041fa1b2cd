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
	open := func(name string) statedb.VersionedDB {
		provider, err := stateleveldb.NewVersionedDBProvider(t.TempDir())
		require.NoError(t, err)
		t.Cleanup(provider.Close)
		db, err := provider.GetDBHandle(name, nil)
		require.NoError(t, err)
		return db
	}
	direct, behind := open("direct"), open("behind")
	var through statedb.VersionedDB
	source := rand.New(rand.NewPCG(1, 2))
	for number := range uint64(5 * flushEvery) {
		if number == 0 || number == 2*flushEvery {
			through = newCache(behind, behind.GetVersion, number == 0)
		}
		height := rwsetutil.NewVersion(&kvrwset.Version{BlockNum: number})
		batches := [2]*statedb.UpdateBatch{statedb.NewUpdateBatch(), statedb.NewUpdateBatch()}
		for range 20 {
			namespace, key := fmt.Sprint("ns", source.IntN(3)), fmt.Sprint("key", source.IntN(300))
			value, gone := fmt.Append(nil, source.Int()), source.IntN(5) == 0
			for _, batch := range batches {
				if gone {
					batch.Delete(namespace, key, height)
				} else {
					batch.PutValAndMetadata(namespace, key, value, []byte("metadata"), height)
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
