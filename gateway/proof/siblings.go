package proof

import (
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/proof/leaf"
	"github.com/weighbridge/weighbridge/gateway/proof/verify"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// siblings describes the lots that a command names and the claim does not rest
// on. Of those in a trace nothing is told: a verifier passes them over.
func (b *builder) siblings(o *verify.Leaf, l readmodel.LogLeaf) error {
	if _, trace := l.Entry.Command.Body.(massbalance.TraceRecall); trace {
		return nil
	}
	sets, statements := groups{}, groups{}
	_, err := leaf.Rename(l.Entry.Command, func(id massbalance.LotID) (string, error) {
		if b.lots[id] {
			return string(id), nil
		}
		lot, err := readmodel.Need[massbalance.Lot](b.s, massbalance.LotKey(id))
		if err != nil {
			return "", err
		}
		sibling, err := b.sibling(lot, sets, statements)
		o.Siblings = append(o.Siblings, sibling)
		return string(id), err
	})
	return err
}

func (b *builder) sibling(lot massbalance.Lot, sets, statements groups) (verify.Sibling, error) {
	name, err := b.name(lot.ID)
	if err != nil {
		return verify.Sibling{}, err
	}
	set, err := readmodel.Need[massbalance.Characteristics](b.s, massbalance.CharacteristicsKey(lot.Characteristics))
	if err != nil {
		return verify.Sibling{}, err
	}
	return verify.Sibling{
		Lot: massbalance.LotID(name), Product: lot.Product, Model: lot.Model, Share: lot.Share, Scheme: set.Scheme, Used: lot.Scheme,
		Group: sets.of(string(lot.Characteristics)), Origin: statements.of(string(lot.Certifier), string(lot.Statement)),
	}, nil
}

// groups number what is alike, from 1.
type groups map[string]int

// of gives the number of what has these names; 0 where they are empty.
func (g groups) of(names ...string) int {
	alike := strings.Join(names, "\n")
	if strings.Trim(alike, "\n") == "" {
		return 0
	}
	if g[alike] == 0 {
		g[alike] = len(g) + 1
	}
	return g[alike]
}

// opened shows a leaf of the register; its value only where no record makes it.
func opened(r readmodel.Registered) verify.Registration {
	shown := verify.Registration{Key: wire.FormatKey(r.Key)}
	if verify.Told(r.Key.Kind) {
		shown.Value = string(r.Value)
	}
	return shown
}
