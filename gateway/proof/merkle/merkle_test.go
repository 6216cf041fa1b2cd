package merkle_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/weighbridge/weighbridge/gateway/proof/merkle"
)

// log is a tree as package tlog stores it.
type log struct {
	leaves []tlog.Hash
	stored []tlog.Hash
}

func (l *log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, l.stored[i])
	}
	return out, nil
}

func grow(t testing.TB, n int64) *log {
	l := &log{}
	for i := range n {
		data := fmt.Appendf(nil, "leaf %d", i)
		hashes, err := tlog.StoredHashes(i, data, l)
		require.NoError(t, err)
		l.stored = append(l.stored, hashes...)
		l.leaves = append(l.leaves, tlog.RecordHash(data))
	}
	return l
}

// Every set of leaves of every small tree is proven by both kinds of storage,
// and no altered, shortened or lengthened proof gives the root.
func TestEverySmallTree(t *testing.T) {
	const most = 9
	l := grow(t, most)
	for n := int64(1); n <= most; n++ {
		root, err := tlog.TreeHash(n, l)
		require.NoError(t, err)
		for set := 1; set < 1<<n; set++ {
			var in []int64
			var hashes []tlog.Hash
			for i := range n {
				if set>>i&1 == 1 {
					in, hashes = append(in, i), append(hashes, l.leaves[i])
				}
			}
			proof, err := merkle.Prove(n, in, merkle.Stored(l))
			require.NoError(t, err)
			same, err := merkle.Prove(n, in, merkle.Of(l.leaves))
			require.NoError(t, err)
			require.Equal(t, same, proof)
			got, err := merkle.Verify(n, in, hashes, proof)
			require.NoError(t, err)
			require.Equal(t, root, got)
			spoil(t, n, in, hashes, proof, root)
		}
	}
}

func spoil(t *testing.T, n int64, in []int64, hashes, proof []tlog.Hash, root tlog.Hash) {
	for i := range proof {
		bad := append([]tlog.Hash{}, proof...)
		bad[i][7] ^= 1
		got, err := merkle.Verify(n, in, hashes, bad)
		require.NoError(t, err)
		require.NotEqual(t, root, got)
	}
	for i := range hashes {
		bad := append([]tlog.Hash{}, hashes...)
		bad[i][31] ^= 128
		got, err := merkle.Verify(n, in, bad, proof)
		require.NoError(t, err)
		require.NotEqual(t, root, got)
	}
	_, err := merkle.Verify(n, in, hashes, append(append([]tlog.Hash{}, proof...), root))
	require.ErrorIs(t, err, merkle.ErrProof)
	if len(proof) > 0 {
		_, err = merkle.Verify(n, in, hashes, proof[:len(proof)-1])
		require.ErrorIs(t, err, merkle.ErrProof)
	}
}

func TestLeavesThatAreNone(t *testing.T) {
	for _, in := range [][]int64{nil, {-1}, {3}, {1, 1}, {2, 1}} {
		_, err := merkle.Verify(3, in, make([]tlog.Hash, len(in)), nil)
		require.ErrorIs(t, err, merkle.ErrProof, "%v", in)
		_, err = merkle.Prove(3, in, nil)
		require.ErrorIs(t, err, merkle.ErrProof, "%v", in)
	}
	_, err := merkle.Verify(3, []int64{1}, nil, nil)
	require.ErrorIs(t, err, merkle.ErrProof)
	_, err = merkle.Verify(math.MaxInt64, []int64{0, math.MaxInt64 - 1}, make([]tlog.Hash, 2), nil)
	require.ErrorIs(t, err, merkle.ErrProof, "a size that nobody has")
	_, err = merkle.Verify(0, []int64{0}, make([]tlog.Hash, 1), nil)
	require.ErrorIs(t, err, merkle.ErrProof)
}

func TestTheEmptyTree(t *testing.T) {
	root, err := merkle.Root(0, nil)
	require.NoError(t, err)
	empty, err := tlog.TreeHash(0, nil)
	require.NoError(t, err)
	require.Equal(t, empty, root)
}

// One proof of a thousand leaves is far shorter than a thousand proofs.
func TestNeighboursShareTheirProof(t *testing.T) {
	l := grow(t, 5000)
	var in []int64
	for i := int64(1000); i < 2000; i++ {
		in = append(in, i)
	}
	proof, err := merkle.Prove(5000, in, merkle.Stored(l))
	require.NoError(t, err)
	require.Less(t, len(proof), 25)
}

// No numbers and no bytes do more than fail, and what gives the root of a tree
// are its own leaves.
func FuzzVerify(f *testing.F) {
	const size = 13
	l := grow(f, size)
	root, err := tlog.TreeHash(size, l)
	require.NoError(f, err)
	for _, in := range [][]int64{{0}, {12}, {3, 4, 9}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}} {
		proof, err := merkle.Prove(size, in, merkle.Stored(l))
		require.NoError(f, err)
		var leaves, hashes []byte
		for _, i := range in {
			leaves, hashes = append(leaves, byte(i)), append(hashes, l.leaves[i][:]...)
		}
		f.Add(int64(size), leaves, hashes, join(proof))
	}
	f.Add(int64(math.MaxInt64), []byte{0}, make([]byte, tlog.HashSize), []byte(nil))
	f.Fuzz(func(t *testing.T, n int64, leaves, hashes, proof []byte) {
		var in []int64
		for _, leaf := range leaves {
			in = append(in, int64(leaf))
		}
		got, err := merkle.Verify(n, in, parted(hashes), parted(proof))
		if err != nil || n != size || got != root {
			return
		}
		for i, leaf := range in {
			require.Equal(t, l.leaves[leaf], parted(hashes)[i])
		}
	})
}

func join(hashes []tlog.Hash) (raw []byte) {
	for _, h := range hashes {
		raw = append(raw, h[:]...)
	}
	return raw
}

func parted(raw []byte) (hashes []tlog.Hash) {
	for ; len(raw) >= tlog.HashSize; raw = raw[tlog.HashSize:] {
		hashes = append(hashes, tlog.Hash(raw[:tlog.HashSize]))
	}
	return hashes
}
