package trade

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// Share is what one member gets of a contribution to the premium index: two
// numbers below 2^256 that say nothing by themselves.
type Share struct {
	Salt   massbalance.Digest
	Index  massbalance.PremiumIndex
	By     massbalance.OrganisationID
	Member massbalance.OrganisationID
	// Premium and Mass are the member's parts of hundredths of the currency and
	// of grams.
	Premium massbalance.Digest
	Mass    massbalance.Digest
}

// modulus is that of the index.
var modulus = new(big.Int).Lsh(big.NewInt(1), 256)

// Split divides a contribution among members: all shares but the last are drawn
// at random, so that any of them missing leaves nothing but noise.
func Split(index massbalance.PremiumIndex, by massbalance.OrganisationID, members []massbalance.OrganisationID, premium Money, mass massbalance.Quantity) ([]Share, error) {
	return split(index, by, members, premium, mass, func(massbalance.OrganisationID, string) massbalance.Digest { return NewSalt() })
}

func split(index massbalance.PremiumIndex, by massbalance.OrganisationID, members []massbalance.OrganisationID, premium Money, mass massbalance.Quantity,
	random func(member massbalance.OrganisationID, purpose string) massbalance.Digest) ([]Share, error) {
	if len(members) < 2 {
		return nil, errors.New("a contribution is split among two members at least")
	}
	if premium.Negative() {
		return nil, errors.New("a period in which nothing is due to the seller says nothing of premiums")
	}
	cents, grams := big.NewInt(premium.Cents()), massbalance.GramsOf(mass)
	shares := make([]Share, len(members))
	for i, member := range members {
		shares[i] = Share{
			Salt: random(member, "salt"), Index: index, By: by, Member: member,
			Premium: random(member, "premium"), Mass: random(member, "mass"),
		}
		if i == len(members)-1 {
			shares[i].Premium, shares[i].Mass = number(cents), number(grams)
		}
		cents, grams = minus(cents, shares[i].Premium), minus(grams, shares[i].Mass)
	}
	return shares, nil
}

// Sum adds a member's shares up.
func Sum(shares []Share) (premium, mass massbalance.Digest) {
	p, m := new(big.Int), new(big.Int)
	for _, s := range shares {
		p.Add(p, new(big.Int).SetBytes(s.Premium[:]))
		m.Add(m, new(big.Int).SetBytes(s.Mass[:]))
	}
	return number(p.Mod(p, modulus)), number(m.Mod(m, modulus))
}

// number writes a number from 0 to 2^256 − 1.
func number(n *big.Int) (d massbalance.Digest) {
	n.FillBytes(d[:])
	return d
}

func minus(n *big.Int, d massbalance.Digest) *big.Int {
	n = new(big.Int).Sub(n, new(big.Int).SetBytes(d[:]))
	return n.Mod(n, modulus)
}

// Document gives a share's canonical bytes.
func (s Share) Document() ([]byte, error) {
	document, err := wire.Format(s)
	if err != nil {
		return nil, fmt.Errorf("couldn't write a share: %w", err)
	}
	return document, nil
}

// ReadShare reads what Document wrote.
func ReadShare(document []byte) (Share, error) {
	s, err := wire.Parse[Share](document)
	if err != nil {
		return s, errors.New("couldn't read a share: it is not in canonical form")
	}
	return s, nil
}
