package witness

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
)

// grown is a log of some records with what package tlog stores of it.
type grown []tlog.Hash

func (g grown) ReadHashes(indexes []int64) (out []tlog.Hash, err error) {
	for _, i := range indexes {
		out = append(out, g[i])
	}
	return out, nil
}

// Whatever another gateway answers, nothing but the one proof says that its log
// continues what it signed before.
func FuzzContinues(f *testing.F) {
	var log grown
	texts := []checkpoint.Text{{}}
	for i := range int64(20) {
		hashes, err := tlog.StoredHashes(i, fmt.Appendf(nil, "record %d", i), log)
		require.NoError(f, err)
		log = append(log, hashes...)
		root, err := tlog.TreeHash(i+1, log)
		require.NoError(f, err)
		texts = append(texts, checkpoint.Text{Size: i + 1, Root: root})
	}
	for _, sizes := range [][2]int64{{13, 20}, {1, 2}, {16, 19}} {
		proof, err := tlog.ProveTree(sizes[1], sizes[0], log)
		require.NoError(f, err)
		answer, err := json.Marshal(consistency{From: sizes[0], Size: sizes[1], Proof: proof})
		require.NoError(f, err)
		f.Add(answer, byte(sizes[0]), byte(sizes[1]))
	}
	f.Fuzz(func(t *testing.T, answer []byte, from, to byte) {
		before, now := texts[int(from)%len(texts)], texts[int(to)%len(texts)]
		if continues(answer, before, now) != nil {
			return
		}
		proof, err := tlog.ProveTree(now.Size, before.Size, log)
		require.NoError(t, err)
		var given consistency
		require.NoError(t, json.Unmarshal(answer, &given))
		require.Equal(t, len(proof), len(given.Proof))
		now.Root[0] ^= 1
		require.Error(t, continues(answer, before, now))
	})
}

// A tile is counted without overflow wherever its path may lie.
func FuzzTile(f *testing.F) {
	for _, path := range []string{"0/000", "0/x001/234.p/7", "data/000.p/33", "7/000", "0/x072/x057/x594/x037/x927/936", "63/000"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		tile, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", tileHeight, path))
		if err != nil {
			return
		}
		first, end := leavesUnder(tile)
		require.Less(t, first, end)
		if end != math.MaxUint64 {
			width := (end - first) / uint64(tile.W)
			require.EqualValues(t, tile.N, first/width>>tileHeight)
		}
	})
}
