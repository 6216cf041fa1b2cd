package verify

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/proof/leaf"
	"github.com/weighbridge/weighbridge/gateway/proof/merkle"
)

// Told reports whether the register tells of a key what the records shown cannot:
// what happened since to something that they are about.
func Told(kind massbalance.Kind) bool {
	switch kind {
	case massbalance.KindRecall, massbalance.KindMark, massbalance.KindClaim, massbalance.KindCosigner:
		return true
	}
	return false
}

// Asked lists the keys of the register that a verifier asks for, in order: what
// the rules looked up, the claim itself and those that stand in for it, with their
// marks, and the cosigners' keys.
func Asked(read map[massbalance.Key]bool, claims []massbalance.ClaimID, cosigners []massbalance.OrganisationID) []massbalance.Key {
	asked := map[massbalance.Key]bool{}
	for _, claim := range claims {
		asked[massbalance.ClaimKey(claim)], asked[massbalance.MarkKey(claim)] = true, true
	}
	for key := range read {
		made := strings.HasPrefix(key.A, leaf.Sign) || strings.HasPrefix(key.B, leaf.Sign)
		if leaf.InRegister(key.Kind) && !made {
			asked[key] = true
		}
	}
	for _, org := range cosigners {
		asked[massbalance.CosignerKey(org)] = true
	}
	return slices.SortedFunc(maps.Keys(asked), func(a, b massbalance.Key) int {
		return strings.Compare(leaf.KeyHash(a).String(), leaf.KeyHash(b).String())
	})
}

// Covers lists the claims that stand in for what a claim lacks, those that stand in
// for these, and so on; mark gives what each lacks itself.
func Covers(claim massbalance.ClaimID, mark func(massbalance.ClaimID) massbalance.Mark) (covers []massbalance.ClaimID) {
	seen := map[massbalance.ClaimID]bool{claim: true}
	open := []massbalance.ClaimID{claim}
	for ; len(open) > 0; open = open[1:] {
		for _, share := range mark(open[0]).Shares {
			for _, id := range share.Covers {
				if !seen[id] {
					seen[id] = true
					covers, open = append(covers, id), append(open, id)
				}
			}
		}
	}
	return covers
}

// ErrIncomplete says that a bundle leaves out what changed since, or does not
// show that nothing did.
var ErrIncomplete = errors.New("the bundle leaves out what the ledger says now")

// register is the part of the register that a bundle shows.
type register struct {
	size   int64
	leaves []Registration
	hashes []leaf.Registration
	at     map[massbalance.Digest]int
}

// openRegister checks the leaves of the register against its root.
func openRegister(b Bundle, text checkpoint.Text, world *World) (*register, error) {
	r := &register{size: text.Registered, leaves: b.Register, at: map[massbalance.Digest]int{}}
	var indexes []int64
	var hashes []tlog.Hash
	for i, l := range b.Register {
		one, err := l.hash(world)
		if err != nil {
			return nil, err
		}
		if i > 0 && bytes.Compare(r.hashes[i-1].Key[:], one.Key[:]) >= 0 {
			return nil, fmt.Errorf("leaf %d of the register is out of order", l.Index)
		}
		r.at[one.Key], r.hashes = i, append(r.hashes, one)
		indexes, hashes = append(indexes, l.Index), append(hashes, one.Hash())
	}
	root, err := merkle.Verify(text.Registered, indexes, hashes, b.RegisterProof)
	if err != nil {
		return nil, fmt.Errorf("couldn't follow the proof of the register: %w", err)
	}
	if root != text.Register {
		return nil, fmt.Errorf("%w: the values shown do not lead to the register's root in the checkpoint", ErrIncomplete)
	}
	return r, nil
}

// hash works a leaf out: from its key and its value, which the records made or,
// where they cannot, the bundle tells.
func (l Registration) hash(world *World) (r leaf.Registration, err error) {
	if l.Key == "" {
		return leaf.Registration{Key: l.KeyHash, Value: l.ValueHash}, nil
	}
	if l.KeyHash != (massbalance.Digest{}) || l.ValueHash != (massbalance.Digest{}) {
		return r, fmt.Errorf("leaf %d of the register is both opened and closed", l.Index)
	}
	key, err := wire.ParseKey(l.Key)
	if err != nil {
		return r, err
	}
	value := []byte(l.Value)
	switch {
	case Told(key.Kind):
		_, err = wire.ParseValue(key.Kind, value)
	case l.Value != "":
		err = fmt.Errorf("%s: its value follows from the records and is told all the same", l.Key)
	default:
		made := world.State[key]
		if made == nil {
			return r, fmt.Errorf("%w: %s has a value there, and none in the records shown", ErrIncomplete, l.Key)
		}
		value, err = wire.FormatValue(made)
	}
	return leaf.Registration{Key: leaf.KeyHash(key), Value: leaf.ValueHash(value)}, err
}

// check holds the asked keys against the register: each is shown to have the
// value that the records made, or to have none.
func (r *register) check(asked []massbalance.Key, world *World) error {
	for _, key := range asked {
		at, there := r.at[leaf.KeyHash(key)]
		if there && r.leaves[at].Key == "" {
			return fmt.Errorf("%w: %s has a value there that is withheld", ErrIncomplete, wire.FormatKey(key))
		}
		if there {
			continue
		}
		if world.State[key] != nil && leaf.Registered(key, world.State[key]) && !Told(key.Kind) {
			return fmt.Errorf("%w: %s has a value in the records shown, and none is shown there", ErrIncomplete, wire.FormatKey(key))
		}
		if err := r.absent(leaf.KeyHash(key)); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrIncomplete, wire.FormatKey(key), err)
		}
	}
	return nil
}

// absent checks that a key is proven not to be there, by its neighbours.
func (r *register) absent(key massbalance.Digest) error {
	at, _ := slices.BinarySearchFunc(r.hashes, key, func(l leaf.Registration, key massbalance.Digest) int { return bytes.Compare(l.Key[:], key[:]) })
	left, right := int64(-1), r.size
	if at > 0 {
		left = r.leaves[at-1].Index
	}
	if at < len(r.leaves) {
		right = r.leaves[at].Index
	}
	if left+1 != right {
		return fmt.Errorf("nothing shows that there is no value (between leaves %d and %d of %d)", left, right, r.size)
	}
	return nil
}

// told reads a value that only the register tells.
func told[T massbalance.Value](r *register, key massbalance.Key) (value T, known bool) {
	at, there := r.at[leaf.KeyHash(key)]
	if !there {
		return value, false
	}
	parsed, err := wire.ParseValue(key.Kind, []byte(r.leaves[at].Value))
	if err != nil {
		return value, false // openRegister read it
	}
	value, known = parsed.(T)
	return value, known
}
