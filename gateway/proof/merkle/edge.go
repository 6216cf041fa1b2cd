package merkle

import (
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Edge is the right edge of a tree that grows: the hashes of the complete
// subtrees that it is made of, the largest first. It is all that appending a leaf
// and computing the root need. The zero Edge is that of the empty tree.
type Edge struct {
	size   int64
	hashes []tlog.Hash
}

// EdgeOf is the edge of a tree of n leaves.
func EdgeOf(n int64, hash Subtree) (Edge, error) {
	e := Edge{size: n}
	for lo := int64(0); lo < n; {
		width := int64(1) << (bits.Len64(uint64(n-lo)) - 1) //nolint:gosec // n is greater
		h, err := hash(lo, lo+width)
		if err != nil {
			return Edge{}, err
		}
		e.hashes = append(e.hashes, h)
		lo += width
	}
	return e, nil
}

// Size is the number of leaves.
func (e *Edge) Size() int64 { return e.size }

// Append adds a leaf and gives the hashes that package tlog stores for it, in
// their order.
func (e *Edge) Append(leaf tlog.Hash) (stored []tlog.Hash) {
	stored = append(stored, leaf)
	for n := e.size; n&1 == 1; n >>= 1 {
		last := len(e.hashes) - 1
		leaf = tlog.NodeHash(e.hashes[last], leaf)
		e.hashes = e.hashes[:last]
		stored = append(stored, leaf)
	}
	e.hashes = append(e.hashes, leaf)
	e.size++
	return stored
}

// Root is the hash of the tree.
func (e *Edge) Root() tlog.Hash {
	if e.size == 0 {
		empty, _ := tlog.TreeHash(0, nil) // it reads nothing
		return empty
	}
	root := e.hashes[len(e.hashes)-1]
	for i := len(e.hashes) - 2; i >= 0; i-- {
		root = tlog.NodeHash(e.hashes[i], root)
	}
	return root
}
