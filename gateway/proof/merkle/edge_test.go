package merkle_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/weighbridge/weighbridge/gateway/proof/merkle"
)

// An edge stores what package tlog stores, has the root of its tree, and can be
// found again at any size.
func TestAnEdgeGrowsAsTheTree(t *testing.T) {
	var edge merkle.Edge
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	for n := range int64(300) {
		root, err := tlog.TreeHash(n, reader)
		require.NoError(t, err)
		require.Equal(t, root, edge.Root())
		again, err := merkle.EdgeOf(n, merkle.Stored(reader))
		require.NoError(t, err)
		require.Equal(t, edge.Size(), again.Size())
		require.Equal(t, edge.Root(), again.Root())

		data := fmt.Appendf(nil, "leaf %d", n)
		expected, err := tlog.StoredHashes(n, data, reader)
		require.NoError(t, err)
		require.Equal(t, expected, again.Append(tlog.RecordHash(data)))
		require.Equal(t, expected, edge.Append(tlog.RecordHash(data)))
		stored = append(stored, expected...)
	}
}
