package proof

import (
	"maps"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/proof/leaf"
	"github.com/weighbridge/weighbridge/gateway/proof/verify"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// siblings describes the lots that a command names and the claim does not rest
// on, and which taint shares those on the way were free of when they left.
func (b *builder) siblings(o *verify.Leaf, l readmodel.LogLeaf) error {
	groups := map[string]int{}
	_, err := leaf.Rename(l.Entry.Command, func(id massbalance.LotID) (string, error) {
		if b.lots[id] {
			return string(id), nil
		}
		lot, err := readmodel.Need[massbalance.Lot](b.s, massbalance.LotKey(id))
		if err != nil {
			return "", err
		}
		sibling, err := b.sibling(lot, groups)
		o.Siblings = append(o.Siblings, sibling)
		return string(id), err
	})
	if err != nil {
		return err
	}
	return b.cleared(o, l)
}

func (b *builder) sibling(lot massbalance.Lot, groups map[string]int) (verify.Sibling, error) {
	name, err := b.name(lot.ID)
	if err != nil {
		return verify.Sibling{}, err
	}
	set, err := readmodel.Need[massbalance.Characteristics](b.s, massbalance.CharacteristicsKey(lot.Characteristics))
	if err != nil {
		return verify.Sibling{}, err
	}
	alike := strings.Join([]string{string(lot.Characteristics), string(lot.Certifier), string(lot.Statement)}, "\n")
	if groups[alike] == 0 {
		groups[alike] = len(groups) + 1
	}
	return verify.Sibling{
		Lot: massbalance.LotID(name), Product: lot.Product, Model: lot.Model, Share: lot.Share, Scheme: set.Scheme, Used: lot.Scheme,
		Group: groups[alike], Single: lot.Statement != "",
	}, nil
}

// cleared reads off the lots that a record made, or the shipment or claim that it
// is, how many taint shares their parents were free of.
func (b *builder) cleared(o *verify.Leaf, l readmodel.LogLeaf) error {
	shares := map[massbalance.LotID]int{}
	for _, opening := range o.Lots {
		lot, err := readmodel.Need[massbalance.Lot](b.s, massbalance.LotKey(massbalance.NameLot(l.Entry.Record.Organisation, l.Entry.Record.Command, opening.Number)))
		if err != nil {
			return err
		}
		for _, c := range lot.Cleared {
			shares[c.Lot] = c.Shares
		}
	}
	lines, err := b.lines(l)
	if err != nil {
		return err
	}
	for _, line := range lines {
		shares[line.Lot] = line.Cleared
	}
	for _, id := range slices.Sorted(maps.Keys(shares)) {
		if shares[id] == 0 || !b.lots[id] {
			continue
		}
		name, err := b.name(id)
		if err != nil {
			return err
		}
		o.Cleared = append(o.Cleared, massbalance.Cleared{Lot: massbalance.LotID(name), Shares: shares[id]})
	}
	return nil
}

// lines are those of the shipment or the claim that a record is about.
func (b *builder) lines(l readmodel.LogLeaf) ([]massbalance.TransferLine, error) {
	switch l.Entry.Command.Body.(type) {
	case massbalance.Dispatch, massbalance.TransferCredits:
		transfer, err := readmodel.Need[massbalance.Transfer](b.s, massbalance.TransferKey(massbalance.TransferID(l.Entry.Record.Subject)))
		return transfer.Lines, err
	case massbalance.ClaimCredits:
		claim, err := readmodel.Need[massbalance.Claim](b.s, massbalance.ClaimKey(massbalance.ClaimID(l.Entry.Record.Subject)))
		return claim.Lines, err
	}
	return nil, nil
}

// opened shows a leaf of the register; its value only where no record makes it.
func opened(r readmodel.Registered) verify.Registration {
	shown := verify.Registration{Key: wire.FormatKey(r.Key)}
	if verify.Told(r.Key.Kind) {
		shown.Value = string(r.Value)
	}
	return shown
}
