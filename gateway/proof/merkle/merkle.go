package merkle

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrProof says that a proof does not have the form that its leaves ask for.
var ErrProof = errors.New("the Merkle proof does not fit its leaves")

// Subtree gives the hash over the leaves from lo to hi − 1.
type Subtree func(lo, hi int64) (tlog.Hash, error)

// Of makes a Subtree of a list of leaf hashes.
func Of(leaves []tlog.Hash) Subtree {
	var hash Subtree
	hash = func(lo, hi int64) (tlog.Hash, error) {
		if hi-lo == 1 {
			return leaves[lo], nil
		}
		k := lo + split(hi-lo)
		left, _ := hash(lo, k) // a list never fails
		right, _ := hash(k, hi)
		return tlog.NodeHash(left, right), nil
	}
	return hash
}

// Stored makes a Subtree of the hashes that package tlog asks to be stored.
func Stored(r tlog.HashReader) Subtree {
	var hash Subtree
	hash = func(lo, hi int64) (tlog.Hash, error) {
		if n := hi - lo; n&(n-1) == 0 && lo%n == 0 {
			return stored(r, level(n), lo/n)
		}
		k := lo + split(hi-lo)
		left, err := hash(lo, k)
		if err != nil {
			return tlog.Hash{}, err
		}
		right, err := hash(k, hi)
		return tlog.NodeHash(left, right), err
	}
	return hash
}

func stored(r tlog.HashReader, level int, n int64) (tlog.Hash, error) {
	hashes, err := r.ReadHashes([]int64{tlog.StoredHashIndex(level, n)})
	if err != nil {
		return tlog.Hash{}, err
	}
	if len(hashes) != 1 {
		return tlog.Hash{}, fmt.Errorf("couldn't read a hash of the log: got %d", len(hashes))
	}
	return hashes[0], nil
}

// level is the binary logarithm of a power of two.
func level(n int64) (l int) {
	for ; n > 1; n >>= 1 {
		l++
	}
	return l
}

// split is the greatest power of two below n, where a tree of n leaves parts. It
// compares by a difference, which no n overflows: n may come from a stranger.
func split(n int64) int64 {
	k := int64(1)
	for k < n-k {
		k *= 2
	}
	return k
}

// Root is the hash of a tree of n leaves.
func Root(n int64, hash Subtree) (tlog.Hash, error) {
	if n == 0 {
		return tlog.TreeHash(0, nil)
	}
	return hash(0, n)
}

// Prove gives the hashes that lead from the leaves, whose indexes ascend, to the
// root of a tree of n.
func Prove(n int64, leaves []int64, hash Subtree) ([]tlog.Hash, error) {
	if err := check(n, leaves); err != nil {
		return nil, err
	}
	var proof []tlog.Hash
	var walk func(lo, hi int64, in []int64) error
	walk = func(lo, hi int64, in []int64) error {
		if len(in) == 0 {
			h, err := hash(lo, hi)
			proof = append(proof, h)
			return err
		}
		if hi-lo == 1 {
			return nil
		}
		k := lo + split(hi-lo)
		at := below(in, k)
		if err := walk(lo, k, in[:at]); err != nil {
			return err
		}
		return walk(k, hi, in[at:])
	}
	return proof, walk(0, n, leaves)
}

// Verify works the root of a tree of n leaves out of some leaves, whose indexes
// ascend, and a proof, all of which is used up.
func Verify(n int64, leaves []int64, hashes, proof []tlog.Hash) (tlog.Hash, error) {
	if err := check(n, leaves); err != nil {
		return tlog.Hash{}, err
	}
	if len(hashes) != len(leaves) {
		return tlog.Hash{}, fmt.Errorf("%w: %d leaves have %d hashes", ErrProof, len(leaves), len(hashes))
	}
	v := verification{proof: proof}
	root, err := v.walk(0, n, leaves, hashes)
	if err == nil && len(v.proof) > 0 {
		err = fmt.Errorf("%w: %d hashes are left over", ErrProof, len(v.proof))
	}
	return root, err
}

type verification struct{ proof []tlog.Hash }

func (v *verification) walk(lo, hi int64, in []int64, hashes []tlog.Hash) (tlog.Hash, error) {
	if len(in) == 0 {
		if len(v.proof) == 0 {
			return tlog.Hash{}, fmt.Errorf("%w: it is too short", ErrProof)
		}
		h := v.proof[0]
		v.proof = v.proof[1:]
		return h, nil
	}
	if hi-lo == 1 {
		return hashes[0], nil
	}
	k := lo + split(hi-lo)
	at := below(in, k)
	left, err := v.walk(lo, k, in[:at], hashes[:at])
	if err != nil {
		return left, err
	}
	right, err := v.walk(k, hi, in[at:], hashes[at:])
	return tlog.NodeHash(left, right), err
}

// below counts the indexes less than k.
func below(in []int64, k int64) int {
	lo, hi := 0, len(in)
	for lo < hi {
		if mid := (lo + hi) / 2; in[mid] < k {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func check(n int64, leaves []int64) error {
	if n <= 0 || len(leaves) == 0 {
		return fmt.Errorf("%w: %d leaves of a tree of %d", ErrProof, len(leaves), n)
	}
	last := int64(-1)
	for _, leaf := range leaves {
		if leaf <= last || leaf >= n {
			return fmt.Errorf("%w: leaf %d of %d, after %d", ErrProof, leaf, n, last)
		}
		last = leaf
	}
	return nil
}
