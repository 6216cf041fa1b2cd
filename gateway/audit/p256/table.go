package p256

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"math/big"

	"filippo.io/nistec"
)

// windows are the digits of a scalar to base 256, and half the largest of them:
// digits run from -half to half.
const (
	windows = 32
	half    = 128
)

// TableSize is the memory that a Table takes, in bytes: 4,096 points of three
// coordinates.
const TableSize = windows * half * 3 * 32

// order is the curve's order n, and lower the greatest scalar not above half of it.
var (
	order = elliptic.P256().Params().N
	lower = new(big.Int).Rsh(order, 1)
)

// Table holds the multiples 1 to 128 of each of Q, 256·Q, 256²·Q, … of a public
// key Q. It never changes, so any number of goroutines may use it.
type Table struct {
	multiples [windows][half]nistec.P256Point
}

// NewTable makes the table of a key, which takes about as long as 25
// verifications by crypto/ecdsa. A key that is not a point on P-256 is an error.
func NewTable(key *ecdsa.PublicKey) (*Table, error) {
	if key.Curve != elliptic.P256() {
		return nil, errors.New("the key is not on P-256")
	}
	encoded, err := key.Bytes()
	if err != nil {
		return nil, err
	}
	base, err := nistec.NewP256Point().SetBytes(encoded)
	if err != nil {
		return nil, err
	}
	t := new(Table)
	for i := range t.multiples {
		row := &t.multiples[i]
		row[0].Set(base)
		for j := 1; j < half; j++ {
			row[j].Add(&row[j-1], base)
		}
		base.Double(&row[half-1])
	}
	return t, nil
}

// Verify reports whether r and s are a signature of a SHA-256 digest by the
// table's key, as FIPS 186-5, section 6.4.2 has it. It changes neither.
func (t *Table) Verify(digest *[32]byte, r, s *big.Int) bool {
	if !isScalar(r) || !isScalar(s) {
		return false
	}
	var w, u1, u2 big.Int
	w.ModInverse(s, order)
	u1.Mul(u1.SetBytes(digest[:]), &w)
	u1.Mod(&u1, order)
	u2.Mul(r, &w)
	u2.Mod(&u2, order)

	var scalar [32]byte
	sum, err := new(nistec.P256Point).ScalarBaseMult(u1.FillBytes(scalar[:]))
	if err != nil {
		return false
	}
	t.addMultiple(sum, &u2)
	encoded, err := sum.BytesX()
	if err != nil {
		return false // the point at infinity
	}
	x := u1.SetBytes(encoded)
	if x.Cmp(order) >= 0 {
		x.Sub(x, order) // x < p < 2n
	}
	return x.Cmp(r) == 0
}

// isScalar reports whether a number is in [1, n-1].
func isScalar(v *big.Int) bool { return v.Sign() > 0 && v.Cmp(order) < 0 }

// addMultiple adds k·Q to a sum, for a k in [0, n-1], which it may change. Of k
// and n-k it takes the smaller, the other being its negative: that one is below
// 2²⁵⁵, so no carry is left behind the last of its digits.
//
// The points are fetched before the first is added, so that the processor waits
// for all of them at once where the table is not in its caches.
func (t *Table) addMultiple(sum *nistec.P256Point, k *big.Int) {
	negative := k.Cmp(lower) > 0
	if negative {
		k.Sub(order, k)
	}
	var scalar [32]byte
	k.FillBytes(scalar[:])
	var points [windows]nistec.P256Point
	var digits [windows]int
	carry := 0
	for i := range digits {
		digits[i] = int(scalar[windows-1-i]) + carry
		carry = 0
		if digits[i] > half {
			digits[i], carry = digits[i]-256, 1
		}
		if d := digits[i]; d != 0 {
			points[i] = t.multiples[i][max(d, -d)-1]
		}
	}
	for i, d := range digits {
		if d == 0 {
			continue
		}
		if (d < 0) != negative {
			points[i].Negate(&points[i])
		}
		sum.Add(sum, &points[i])
	}
}
