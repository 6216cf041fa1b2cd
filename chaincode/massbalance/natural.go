package massbalance

import (
	"math/big"
	"math/bits"
	"strconv"

	"github.com/shopspring/decimal"
)

// natural is a whole number, exact whatever its size and never negative. What
// commands can say fits into 64 bits, and so does next to every sum of it; it is
// held without anything allocated.
type natural struct {
	small uint64
	// large is set from 2^64 on; small is 0 then.
	large *big.Int
}

// naturalOf takes over a number that is not negative.
func naturalOf(n *big.Int) natural {
	if n.IsUint64() {
		return natural{small: n.Uint64()}
	}
	return natural{large: n}
}

// big gives the number; nobody changes it.
func (n natural) big() *big.Int {
	if n.large != nil {
		return n.large
	}
	return new(big.Int).SetUint64(n.small)
}

func (n natural) isZero() bool { return n.small == 0 && n.large == nil }

func (n natural) plus(other natural) natural {
	if n.large == nil && other.large == nil {
		if sum, carry := bits.Add64(n.small, other.small, 0); carry == 0 {
			return natural{small: sum}
		}
	}
	return naturalOf(new(big.Int).Add(n.big(), other.big()))
}

// minus needs an other that is no more than n.
func (n natural) minus(other natural) natural {
	if n.large == nil {
		return natural{small: n.small - other.small}
	}
	return naturalOf(new(big.Int).Sub(n.large, other.big()))
}

func (n natural) compare(other natural) int {
	if n.large == nil && other.large == nil {
		switch {
		case n.small < other.small:
			return -1
		case n.small > other.small:
			return +1
		}
		return 0
	}
	return n.big().Cmp(other.big())
}

// scale gives n × part ÷ whole, which is not 0, rounded down, and whether
// anything was rounded.
func (n natural) scale(part, whole natural) (quotient natural, rest bool) {
	if n.large == nil && part.large == nil && whole.large == nil {
		if high, low := bits.Mul64(n.small, part.small); high < whole.small {
			q, r := bits.Div64(high, low, whole.small)
			return natural{small: q}, r != 0
		}
	}
	product := new(big.Int).Mul(n.big(), part.big())
	product, r := product.QuoRem(product, whole.big(), new(big.Int))
	return naturalOf(product), r.Sign() != 0
}

// over gives n as a number of units of which so many are 1.
func (n natural) over(units int64) *big.Rat { return new(big.Rat).SetFrac(n.big(), big.NewInt(units)) }

// decimal gives n units of 10^-places.
func (n natural) decimal(places int32) decimal.Decimal {
	return decimal.NewFromBigInt(n.big(), -places)
}

// append writes n units of 10^-places in canonical form: no exponent, no trailing
// zeros.
func (n natural) append(b []byte, places int) []byte {
	if n.large != nil {
		return append(b, n.decimal(int32(places)).String()...)
	}
	unit := uint64(1)
	for range places {
		unit *= 10
	}
	b = strconv.AppendUint(b, n.small/unit, 10)
	part := n.small % unit
	if part == 0 {
		return b
	}
	point := len(b)
	b = strconv.AppendUint(b, unit+part, 10)
	b[point] = '.' // in the place of the unit's 1
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}
