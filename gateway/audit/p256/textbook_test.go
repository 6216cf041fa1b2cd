package p256_test

import (
	"crypto/elliptic"
	"math/big"
)

// The curve y² = x³ - 3x + b as in a textbook, with affine points and math/big:
// slow, and nothing in common with what is tested.
var (
	curve = elliptic.P256().Params()
	n, p  = curve.N, curve.P
	three = big.NewInt(3)
)

// point is an affine point; the one at infinity has no coordinates.
type point struct{ x, y *big.Int }

var generator = point{curve.Gx, curve.Gy}

func (a point) infinite() bool { return a.x == nil }

func (a point) negative() point {
	if a.infinite() {
		return a
	}
	return point{a.x, mod(new(big.Int).Neg(a.y), p)}
}

func (a point) plus(b point) point {
	if a.infinite() {
		return b
	}
	if b.infinite() {
		return a
	}
	var slope *big.Int
	switch {
	case a.x.Cmp(b.x) != 0:
		slope = quotient(new(big.Int).Sub(b.y, a.y), new(big.Int).Sub(b.x, a.x), p)
	case a.y.Cmp(b.y) == 0:
		square := new(big.Int).Mul(a.x, a.x)
		slope = quotient(new(big.Int).Sub(square.Mul(square, three), three), new(big.Int).Lsh(a.y, 1), p)
	default:
		return point{}
	}
	x := new(big.Int).Mul(slope, slope)
	x = mod(x.Sub(x.Sub(x, a.x), b.x), p)
	y := new(big.Int).Sub(a.x, x)
	return point{x, mod(y.Sub(y.Mul(y, slope), a.y), p)}
}

func (a point) times(k *big.Int) (sum point) {
	for i := k.BitLen() - 1; i >= 0; i-- {
		sum = sum.plus(sum)
		if k.Bit(i) == 1 {
			sum = sum.plus(a)
		}
	}
	return sum
}

// textbook verifies a signature as FIPS 186-5, section 6.4.2 is written.
func textbook(q point, digest, r, s *big.Int) bool {
	for _, v := range []*big.Int{r, s} {
		if v.Sign() <= 0 || v.Cmp(n) >= 0 {
			return false
		}
	}
	sum := generator.times(quotient(digest, s, n)).plus(q.times(quotient(r, s, n)))
	return !sum.infinite() && mod(sum.x, n).Cmp(r) == 0
}

func mod(v, m *big.Int) *big.Int { return new(big.Int).Mod(v, m) }

// quotient is v/w modulo a prime.
func quotient(v, w, m *big.Int) *big.Int {
	inverse := new(big.Int).ModInverse(mod(w, m), m)
	return mod(inverse.Mul(inverse, v), m)
}

// ordinate gives a point with that x-coordinate, if there is one.
func ordinate(x *big.Int) (point, bool) {
	square := new(big.Int).Mul(x, x)
	square.Mul(square.Sub(square, three), x)
	y := new(big.Int).ModSqrt(mod(square.Add(square, curve.B), p), p)
	return point{x, y}, y != nil
}
