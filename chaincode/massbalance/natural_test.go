package massbalance

import (
	"math/big"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Naturals against math/big and against the decimals that quantities were, on
// both sides of 64 bits.
func TestNaturalsAreExact(t *testing.T) {
	number := rapid.Custom(func(t *rapid.T) *big.Int {
		n := new(big.Int).SetUint64(rapid.Uint64().Draw(t, "n"))
		return n.Rsh(n.Lsh(n, rapid.UintRange(0, 70).Draw(t, "left")), rapid.UintRange(0, 100).Draw(t, "right"))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := number.Draw(t, "a"), number.Draw(t, "b"), number.Draw(t, "c")
		x, y, z := naturalOf(a), naturalOf(b), naturalOf(c)
		require.Equal(t, a.IsUint64(), x.large == nil)
		require.Equal(t, a.Sign() == 0, x.isZero())
		require.Equal(t, a.Cmp(b), x.compare(y))
		require.Zero(t, x.plus(y).compare(naturalOf(new(big.Int).Add(a, b))))
		require.Zero(t, x.plus(y).minus(y).compare(x))
		if c.Sign() > 0 {
			quotient, rest := new(big.Int).QuoRem(new(big.Int).Mul(a, b), c, new(big.Int))
			q, r := x.scale(y, z)
			require.Zero(t, q.compare(naturalOf(quotient)))
			require.Equal(t, rest.Sign() != 0, r)
		}
		for _, places := range []int{0, 3, 4} {
			require.Equal(t, decimal.NewFromBigInt(a, -int32(places)).String(), string(x.append(nil, places)))
			require.Equal(t, x.decimal(int32(places)).String(), string(x.append(nil, places)))
		}
		require.Zero(t, new(big.Rat).SetFrac(a, big.NewInt(1000)).Cmp(x.over(1000)))
	})
}
