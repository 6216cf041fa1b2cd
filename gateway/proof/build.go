package proof

import (
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
	"github.com/weighbridge/weighbridge/gateway/proof/verify"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// ErrTooEarly says that the checkpoint is older than the claim.
var ErrTooEarly = errors.New("the claim is younger than the checkpoint")

// builder gathers what one bundle needs.
type builder struct {
	s    *readmodel.Snapshot
	text checkpoint.Text
	// leaves are those chosen so far, lots those on the way with the leaf of each.
	leaves map[int64]readmodel.LogLeaf
	lots   map[massbalance.LotID]bool
	names  map[massbalance.LotID]string
	world  *verify.World
	opened map[int64]verify.Leaf
	// looked has how far the sources of a key were chosen, writers what the log has of them.
	looked  map[massbalance.Key]int64
	writers map[massbalance.Key][]int64
}

// Build makes the bundle of a claim under a signed checkpoint, for readers who
// trust some of these organisations. It fails with a *readmodel.NotFound where
// there is no such claim and with ErrTooEarly.
func Build(s *readmodel.Snapshot, claim massbalance.ClaimID, signed string, cosigners []massbalance.OrganisationID) (verify.Bundle, error) {
	text, _, err := checkpoint.Split(signed)
	if err != nil {
		return verify.Bundle{}, err
	}
	b := &builder{
		s: s, text: text, leaves: map[int64]readmodel.LogLeaf{}, lots: map[massbalance.LotID]bool{},
		names: map[massbalance.LotID]string{}, looked: map[massbalance.Key]int64{}, opened: map[int64]verify.Leaf{},
	}
	if b.writers, err = s.WritersOf(massbalance.KindTaint, text.Size); err != nil {
		return verify.Bundle{}, err
	}
	bundle := verify.Bundle{Format: verify.Format1, Claim: claim, Checkpoint: signed}
	if err := b.walk(claim); err != nil {
		return bundle, fmt.Errorf("couldn't follow claim %s back: %w", claim, err)
	}
	if bundle.Leaves, err = b.rest(); err != nil {
		return bundle, fmt.Errorf("couldn't gather what claim %s rests on: %w", claim, err)
	}
	if err := b.prove(&bundle); err != nil {
		return bundle, fmt.Errorf("couldn't prove the records of claim %s: %w", claim, err)
	}
	if err := b.register(&bundle, cosigners); err != nil {
		return bundle, fmt.Errorf("couldn't prove what claim %s rests on: %w", claim, err)
	}
	return bundle, nil
}

// add chooses a leaf.
func (b *builder) add(index int64) (readmodel.LogLeaf, error) {
	if l, chosen := b.leaves[index]; chosen {
		return l, nil
	}
	l, err := b.s.Leaf(index)
	if err == nil {
		b.leaves[index] = l
	}
	return l, err
}

// walk chooses the records from the claim back to the farms: those that made the
// lots, and the shipments between.
func (b *builder) walk(id massbalance.ClaimID) error {
	claim, err := readmodel.Need[massbalance.Claim](b.s, massbalance.ClaimKey(id))
	if err != nil {
		return err
	}
	l, err := b.s.LeafOfClaim(id)
	if err != nil {
		return err
	}
	if l.Index >= b.text.Size {
		return fmt.Errorf("%w: it is record %d, the checkpoint has %d", ErrTooEarly, l.Index, b.text.Size)
	}
	b.leaves[l.Index] = l
	if err := b.covered(claim); err != nil {
		return err
	}
	var open []massbalance.LotID
	for _, line := range claim.Lines {
		open = append(open, line.Lot)
	}
	for len(open) > 0 {
		next := open[len(open)-1]
		open = open[:len(open)-1]
		if b.lots[next] {
			continue
		}
		b.lots[next] = true
		parents, err := b.maker(next)
		if err != nil {
			return err
		}
		open = append(open, parents...)
	}
	return nil
}

// covered chooses the records of the claims that a claim stands in for. The lots
// that these rest on are not on its way, and stay hidden.
func (b *builder) covered(claim massbalance.Claim) (err error) {
	for claim.Covers != "" {
		l, err := b.s.LeafOfClaim(claim.Covers)
		if err != nil {
			return err
		}
		b.leaves[l.Index] = l
		if claim, err = readmodel.Need[massbalance.Claim](b.s, massbalance.ClaimKey(claim.Covers)); err != nil {
			return err
		}
	}
	return nil
}

// maker chooses the record that made a lot and names its parents.
func (b *builder) maker(id massbalance.LotID) (parents []massbalance.LotID, err error) {
	org, command, ok := leaf.Maker(id)
	if !ok {
		return nil, fmt.Errorf("lot %s is not named after a command", id)
	}
	l, err := b.s.LeafOf(org, command)
	if err != nil {
		return nil, err
	}
	b.leaves[l.Index] = l
	lot, err := readmodel.Need[massbalance.Lot](b.s, massbalance.LotKey(id))
	if err != nil {
		return nil, err
	}
	for _, parent := range lot.Parents {
		parents = append(parents, parent.Lot)
	}
	return parents, nil
}

// rest executes what was chosen until nothing that the rules look up is missing,
// and returns the leaves opened.
func (b *builder) rest() ([]verify.Leaf, error) {
	if err := b.demand(); err != nil {
		return nil, err
	}
	for {
		opened, err := b.open()
		if err != nil {
			return nil, err
		}
		before := len(b.leaves)
		failed := b.execute(opened)
		if err := b.later(); err != nil {
			return nil, err
		}
		if len(b.leaves) == before {
			return opened, failed
		}
	}
}

// execute runs the leaves in order and chooses, for each key that one of them
// looks up, the records that are its sources. Until all are there some will be
// refused; the first refusal is returned.
func (b *builder) execute(opened []verify.Leaf) error {
	var failed error
	b.world = verify.NewWorld()
	all := map[massbalance.Key]bool{}
	for _, l := range opened {
		b.world.Read = map[massbalance.Key]bool{}
		if _, err := b.world.Run(l); err != nil && failed == nil {
			failed = fmt.Errorf("%s %s of %s: %w", l.Core.Command.Body.Type(), l.Core.Command.ID, l.Core.Organisation, err)
		}
		for key := range b.world.Read {
			all[key] = true
			if err := b.sources(key, l.Index); err != nil {
				return err
			}
		}
	}
	b.world.Read = all
	return failed
}

// sources chooses the records below an index that made a key what it is. Of a
// lot, a transfer or a statement these are those that made it, for its later uses
// are nobody's business; of what a recall found in a lot all there are, so that a
// verifier can tell what was not traced yet.
func (b *builder) sources(key massbalance.Key, below int64) error {
	if key.Kind == massbalance.KindRecall || key.Kind == massbalance.KindTaint {
		below = b.text.Size
	}
	if b.looked[key] >= below {
		return nil
	}
	b.looked[key] = below
	writers, err := b.writersOf(key)
	if err != nil {
		return err
	}
	for _, index := range writers {
		if index >= below {
			break
		}
		if _, err := b.add(index); err != nil {
			return err
		}
	}
	return nil
}

// writersOf lists the records under the checkpoint that are sources of a key.
func (b *builder) writersOf(key massbalance.Key) (writers []int64, err error) {
	switch key.Kind {
	case massbalance.KindLot, massbalance.KindClaim, massbalance.KindMark:
		return nil, nil // chosen by walk, or told by the register
	case massbalance.KindRecord, massbalance.KindEvidence, massbalance.KindHead, massbalance.KindAccount, massbalance.KindPool, massbalance.KindReversal, massbalance.KindAgreement:
		return nil, nil // sums over what is not shown, one's own, or between two parties
	case massbalance.KindTaint:
		return b.writers[key], nil
	}
	writers, known := b.writers[key]
	if !known {
		if writers, err = b.s.Writers(key, b.text.Size); err != nil {
			return nil, err
		}
		b.writers[key] = writers
	}
	switch key.Kind {
	case massbalance.KindStatement, massbalance.KindCharacteristics, massbalance.KindPeriod, massbalance.KindCertificate:
		writers = writers[:min(1, len(writers))]
	}
	return writers, nil
}

// later chooses the later records of keys in the register: what they say
// under the checkpoint has to come out of the records shown.
func (b *builder) later() error {
	for key := range b.world.Read {
		if leaf.InRegister(key.Kind) && !verify.Told(key.Kind) {
			if err := b.sources(key, b.text.Size); err != nil {
				return err
			}
		}
	}
	return nil
}

// open makes the leaves that a verifier gets.
func (b *builder) open() ([]verify.Leaf, error) {
	opened := make([]verify.Leaf, 0, len(b.leaves))
	for _, index := range slices.Sorted(maps.Keys(b.leaves)) {
		if _, known := b.opened[index]; !known {
			o, err := b.openLeaf(index)
			if err != nil {
				return nil, err
			}
			b.opened[index] = o
		}
		opened = append(opened, b.opened[index])
	}
	return opened, nil
}

func (b *builder) openLeaf(index int64) (verify.Leaf, error) {
	l := b.leaves[index]
	o := verify.Leaf{Index: index, Block: l.Block, Salt: l.Secret.CoreSalt(), Whole: l.Whole}
	if err := b.openLots(&o, l); err != nil {
		return o, err
	}
	return o, b.siblings(&o, l)
}

// openLots fills in the core, with the salts of the lots on the way.
func (b *builder) openLots(o *verify.Leaf, l readmodel.LogLeaf) error {
	record := l.Entry.Record
	var created []string
	for n := 1; ; n++ {
		id := massbalance.NameLot(record.Organisation, record.Command, n)
		name, err := b.name(id)
		var none *readmodel.NotFound
		if errors.As(err, &none) {
			break
		}
		if err != nil {
			return err
		}
		created = append(created, name)
		if b.lots[id] {
			o.Lots = append(o.Lots, verify.Opening{Number: n, Salt: l.Secret.Lot(n)})
		}
	}
	command, err := leaf.Rename(l.Entry.Command, b.name)
	o.Core = leaf.Core{Organisation: record.Organisation, Command: command, Rules: record.Rules, Pending: record.Pending, Created: created}
	return err
}

func (b *builder) name(id massbalance.LotID) (string, error) {
	if name, known := b.names[id]; known {
		return name, nil
	}
	name, err := b.s.LotName(id)
	if err == nil {
		b.names[id] = name
	}
	return name, err
}

// prove adds the proof that the leaves are in the log, and the last leaf.
func (b *builder) prove(bundle *verify.Bundle) error {
	var indexes []int64
	for _, l := range bundle.Leaves {
		indexes = append(indexes, l.Index)
	}
	if last := b.text.Size - 1; indexes[len(indexes)-1] != last {
		l, err := b.s.Leaf(last)
		if err != nil {
			return err
		}
		closed := verify.Closed(l.Leaf)
		bundle.Last, indexes = &closed, append(indexes, last)
	}
	proof, err := merkle.Prove(b.text.Size, indexes, merkle.Stored(b.s))
	bundle.Proof = proof
	return err
}

// find looks a key up in the register, or where it would stand.
func find(all []readmodel.Registered, key massbalance.Key) (at int, there bool) {
	return slices.BinarySearchFunc(all, leaf.KeyHash(key), func(r readmodel.Registered, key massbalance.Digest) int {
		return strings.Compare(string(r.Registration.Key[:]), string(key[:]))
	})
}

// register adds the leaves of the register that a verifier asks for.
func (b *builder) register(bundle *verify.Bundle, cosigners []massbalance.OrganisationID) error {
	all, err := b.s.Register(b.text.Size)
	if err != nil {
		return err
	}
	shown := map[int]verify.Registration{}
	covers := verify.Covers(bundle.Claim, func(id massbalance.ClaimID) (mark massbalance.Mark) {
		if at, there := find(all, massbalance.MarkKey(id)); there {
			mark, err = wire.Parse[massbalance.Mark](all[at].Value)
		}
		return mark
	})
	if err != nil {
		return err
	}
	for _, key := range verify.Asked(b.world.Read, append(covers, bundle.Claim), cosigners) {
		at, there := find(all, key)
		if there {
			shown[at] = opened(all[at])
			continue
		}
		for _, neighbour := range []int{at - 1, at} {
			if _, already := shown[neighbour]; !already && neighbour >= 0 && neighbour < len(all) {
				shown[neighbour] = verify.Registration{KeyHash: all[neighbour].Registration.Key, ValueHash: all[neighbour].Registration.Value}
			}
		}
	}
	var indexes []int64
	for _, at := range slices.Sorted(maps.Keys(shown)) {
		r := shown[at]
		r.Index = int64(at)
		bundle.Register, indexes = append(bundle.Register, r), append(indexes, r.Index)
	}
	hashes := make([]tlog.Hash, 0, len(all))
	for _, r := range all {
		hashes = append(hashes, r.Hash())
	}
	bundle.RegisterProof, err = merkle.Prove(int64(len(all)), indexes, merkle.Of(hashes))
	return err
}
