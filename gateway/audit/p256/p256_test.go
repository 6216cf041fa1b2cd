package p256_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"testing"

	"filippo.io/nistec"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/audit/p256"
)

// signer is a key with its table, and where known its secret d, with which it is d·G.
type signer struct {
	public *ecdsa.PublicKey
	table  *p256.Table
	q      point
	d      *big.Int
}

func newSigner(t testing.TB, q point) signer {
	public := &ecdsa.PublicKey{Curve: elliptic.P256(), X: q.x, Y: q.y}
	table, err := p256.NewTable(public)
	require.NoError(t, err)
	return signer{public: public, table: table, q: q}
}

// secret gives the signer whose key is d·G.
func secret(t testing.TB, d *big.Int) signer {
	s := newSigner(t, generator.times(mod(d, n)))
	s.d = mod(d, n)
	return s
}

// same requires that the table, by every way there is to give it the numbers,
// comes to the verdict of crypto/ecdsa, and returns it.
func (s signer) same(t testing.TB, digest [32]byte, r, sv *big.Int, note ...any) bool {
	t.Helper()
	want := ecdsa.Verify(s.public, digest[:], r, sv)
	wasR, wasS := new(big.Int).Set(r), new(big.Int).Set(sv)
	if got := s.table.Verify(&digest, r, sv); got != want {
		require.Failf(t, "the verdicts differ", "table %t, crypto/ecdsa %t: digest %x r %x s %x %v", got, want, digest, r, sv, note)
	}
	require.Zero(t, wasR.Cmp(r), "r was changed")
	require.Zero(t, wasS.Cmp(sv), "s was changed")
	return want
}

// made is a good signature for which the verifier computes u1·G + u2·Q: with R
// for that point, r = R.x, s = r/u2 and the digest is u1·s. There is none, and ok is
// false, where R is the point at infinity or r is 0.
func made(t testing.TB, s signer, u1, u2 *big.Int) (digest [32]byte, r, sv *big.Int, ok bool) {
	x, err := times(t, mod(new(big.Int).Add(u1, new(big.Int).Mul(u2, s.d)), n)).BytesX()
	if err != nil {
		return digest, nil, nil, false
	}
	r = mod(new(big.Int).SetBytes(x), n)
	sv = quotient(r, u2, n)
	mod(new(big.Int).Mul(u1, sv), n).FillBytes(digest[:])
	return digest, r, sv, r.Sign() > 0
}

func number(hexadecimal string) *big.Int {
	v, ok := new(big.Int).SetString(hexadecimal, 16)
	if !ok {
		panic("not a number: " + hexadecimal)
	}
	return v
}

// edges are scalars whose digits to base 256 are the least, the greatest, or
// carry all the way.
func edges() []*big.Int {
	half := new(big.Int).Rsh(n, 1)
	list := []*big.Int{half, new(big.Int).Add(half, big.NewInt(1))}
	for _, small := range []int64{1, 2, 127, 128, 129, 255, 256, 257, 0x8080, 0x8081, 0x7f80} {
		list = append(list, big.NewInt(small), new(big.Int).Sub(n, big.NewInt(small)))
	}
	for _, pattern := range []byte{0x01, 0x7f, 0x80, 0x81, 0xff} {
		bytes := make([]byte, 32)
		for i := range bytes {
			bytes[i] = pattern
		}
		whole := new(big.Int).SetBytes(bytes)
		list = append(list, mod(whole, n), new(big.Int).SetBytes(bytes[1:]))
	}
	one := big.NewInt(1)
	return append(list, new(big.Int).Lsh(one, 255), new(big.Int).Sub(new(big.Int).Lsh(one, 255), one),
		new(big.Int).Lsh(one, 248), new(big.Int).Lsh(big.NewInt(0x80), 240))
}

// signers are keys that are small multiples of the generator and their
// negatives, so that sums on the way meet each other, and a random one.
func signers(t testing.TB) (list []signer) {
	for _, d := range []int64{1, 2, 3, 128, 256} {
		list = append(list, secret(t, big.NewInt(d)), secret(t, big.NewInt(-d)))
	}
	random, err := rand.Int(rand.Reader, n)
	require.NoError(t, err)
	return append(list, secret(t, new(big.Int).ModInverse(big.NewInt(256), n)), secret(t, random))
}

func TestEdges(t *testing.T) {
	scalars, good := edges(), 0
	for i, s := range signers(t) {
		for _, u2 := range scalars {
			for _, u1 := range append(scalars, new(big.Int)) {
				if testing.Short() && mathrand.IntN(16) > 0 {
					continue
				}
				if digest, r, sv, ok := made(t, s, u1, u2); ok {
					require.True(t, s.same(t, digest, r, sv, i, u1, u2), "no good signature was made")
					good++
				}
			}
		}
	}
	require.Greater(t, good, 500)
}

func TestNeighbours(t *testing.T) {
	for range 4 {
		random, err := rand.Int(rand.Reader, n)
		require.NoError(t, err)
		s := secret(t, random)
		digest := sha256.Sum256(random.Bytes())
		private := &ecdsa.PrivateKey{PublicKey: *s.public, D: s.d}
		r, sv, err := ecdsa.Sign(rand.Reader, private, digest[:])
		require.NoError(t, err)
		require.True(t, s.same(t, digest, r, sv))
		require.True(t, s.same(t, digest, r, new(big.Int).Sub(n, sv)), "high s is for others to refuse")
		for bit := range 256 {
			flipped := digest
			flipped[bit/8] ^= 1 << (bit % 8)
			require.False(t, s.same(t, flipped, r, sv))
			require.False(t, s.same(t, digest, new(big.Int).SetBit(r, bit, r.Bit(bit)^1), sv))
			require.False(t, s.same(t, digest, r, new(big.Int).SetBit(sv, bit, sv.Bit(bit)^1)))
		}
		numbers := outside()
		numbers = append(numbers, r, sv, new(big.Int).Add(r, n), new(big.Int).Add(sv, n), new(big.Int).Sub(n, r),
			new(big.Int).Neg(r), new(big.Int).Neg(sv), new(big.Int).Sub(n, sv), new(big.Int).Lsh(r, 256))
		for _, x := range numbers {
			for _, y := range numbers {
				good := x.Cmp(r) == 0 && (y.Cmp(sv) == 0 || y.Cmp(new(big.Int).Sub(n, sv)) == 0)
				require.Equal(t, good, s.same(t, digest, x, y), "r %x s %x", x, y)
			}
		}
		require.False(t, s.same(t, [32]byte{}, r, sv))
	}
}

// outside are numbers that are no r and s, or hardly ever are.
func outside() (list []*big.Int) {
	for _, v := range []*big.Int{new(big.Int), n, p, new(big.Int).Lsh(n, 1), new(big.Int).Lsh(big.NewInt(1), 256)} {
		list = append(list, v, new(big.Int).Sub(v, big.NewInt(1)), new(big.Int).Add(v, big.NewInt(1)))
	}
	return list
}

// A signer can choose a digest for which the sum is the point at infinity,
// which has no x-coordinate and is no signature.
func TestInfinity(t *testing.T) {
	for _, s := range signers(t) {
		for _, u2 := range edges() {
			for _, r := range []*big.Int{big.NewInt(1), u2, new(big.Int).Sub(n, big.NewInt(1))} {
				sv := quotient(r, u2, n)
				u1 := mod(new(big.Int).Neg(new(big.Int).Mul(u2, s.d)), n)
				var digest [32]byte
				mod(new(big.Int).Mul(u1, sv), n).FillBytes(digest[:])
				require.False(t, s.same(t, digest, r, sv))
			}
		}
	}
}

// For one in 2¹²⁸ points x is n or more, and r is x - n. Nobody knows the
// secret to such a key, but the key can be had: Q = (R - u1·G)/u2.
func TestWrap(t *testing.T) {
	x, found := new(big.Int).Set(n), 0
	for ; found < 4; x.Add(x, big.NewInt(1)) {
		sum, ok := ordinate(new(big.Int).Set(x))
		r := new(big.Int).Sub(x, n)
		if !ok || r.Sign() == 0 {
			continue
		}
		found++
		u1, u2 := number("1234567890abcdef"), number("fedcba0987654321f0f0f0f0")
		s := newSigner(t, sum.plus(generator.times(u1).negative()).times(quotient(big.NewInt(1), u2, n)))
		sv := quotient(r, u2, n)
		var digest [32]byte
		mod(new(big.Int).Mul(u1, sv), n).FillBytes(digest[:])
		require.True(t, s.same(t, digest, r, sv), "x = n + %d", r)
		require.True(t, textbook(s.q, new(big.Int).SetBytes(digest[:]), r, sv))
		require.False(t, s.same(t, digest, new(big.Int).Set(x), sv), "r may not be n or more")
		require.False(t, s.same(t, digest, new(big.Int).Add(r, big.NewInt(1)), sv))
	}
}

func TestTextbook(t *testing.T) {
	for i := range 20 {
		random, err := rand.Int(rand.Reader, n)
		require.NoError(t, err)
		s := secret(t, random)
		for j := range 4 {
			digest := sha256.Sum256([]byte{byte(i), byte(j)})
			r, sv, err := ecdsa.Sign(rand.Reader, &ecdsa.PrivateKey{PublicKey: *s.public, D: s.d}, digest[:])
			require.NoError(t, err)
			e := new(big.Int).SetBytes(digest[:])
			require.True(t, s.table.Verify(&digest, r, sv))
			require.True(t, textbook(s.q, e, r, sv))
			digest[0] ^= 1
			require.False(t, s.table.Verify(&digest, r, sv))
			require.False(t, textbook(s.q, new(big.Int).SetBytes(digest[:]), r, sv))
		}
	}
}

// The examples of RFC 6979, appendix A.2.5, for SHA-256.
func TestExamples(t *testing.T) {
	s := newSigner(t, point{
		number("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"),
		number("7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"),
	})
	for message, numbers := range map[string][2]string{
		"sample": {"EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716", "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"},
		"test":   {"F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367", "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083"},
	} {
		digest := sha256.Sum256([]byte(message))
		require.True(t, s.same(t, digest, number(numbers[0]), number(numbers[1])), message)
	}
}

// Every point of a table, by what the table was made without: the sum of
// nothing and a multiple is that multiple.
func TestTable(t *testing.T) {
	for _, d := range []int64{1, -1, 1234567} {
		s := secret(t, big.NewInt(d))
		for i := range 32 {
			for j := int64(1); j <= 128; j++ {
				k := new(big.Int).Lsh(big.NewInt(j), uint(8*i))
				want := times(t, mod(new(big.Int).Mul(k, s.d), n))
				got := p256.Multiple(s.table, i, int(j))
				require.Equal(t, 1, want.Equal(got), "%d·256^%d", j, i)
			}
		}
	}
}

func times(t testing.TB, k *big.Int) *nistec.P256Point {
	var scalar [32]byte
	multiple, err := nistec.NewP256Point().ScalarMult(nistec.NewP256Point().SetGenerator(), k.FillBytes(scalar[:]))
	require.NoError(t, err)
	return multiple
}

// Additions have no exceptions, in whatever coordinates the points are.
func TestAdd(t *testing.T) {
	zero := nistec.NewP256Point()
	sum := func(a, b *nistec.P256Point) string {
		return hex.EncodeToString(nistec.NewP256Point().Add(a, b).Bytes())
	}
	for _, k := range edges() {
		a, other := times(t, k), times(t, number("123456789abcdef"))
		// The same points with another Z.
		also := nistec.NewP256Point().Add(a, other)
		also.Add(also, nistec.NewP256Point().Negate(other))
		nothing := nistec.NewP256Point().Add(a, nistec.NewP256Point().Negate(also))
		plain, twice := hex.EncodeToString(a.Bytes()), hex.EncodeToString(times(t, mod(new(big.Int).Lsh(k, 1), n)).Bytes())
		for _, x := range []*nistec.P256Point{a, also} {
			for _, y := range []*nistec.P256Point{a, also} {
				require.Equal(t, twice, sum(x, y), "P+P")
				require.Equal(t, "00", sum(x, nistec.NewP256Point().Negate(y)), "P-P")
			}
			for _, none := range []*nistec.P256Point{zero, nothing} {
				require.Equal(t, plain, sum(x, none), "P+0")
				require.Equal(t, plain, sum(none, x), "0+P")
				require.Equal(t, "00", sum(none, none), "0+0")
			}
			x := nistec.NewP256Point().Set(x)
			require.Equal(t, twice, hex.EncodeToString(x.Add(x, x).Bytes()), "in place")
		}
	}
}

func TestOtherKeys(t *testing.T) {
	for _, c := range []elliptic.Curve{elliptic.P224(), elliptic.P384()} {
		key, err := ecdsa.GenerateKey(c, rand.Reader)
		require.NoError(t, err)
		_, err = p256.NewTable(&key.PublicKey)
		require.Error(t, err)
	}
	_, err := p256.NewTable(&ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)})
	require.Error(t, err, "not on the curve")
	_, err = p256.NewTable(&ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int), Y: new(big.Int)})
	require.Error(t, err)
}

// FuzzVerify compares with crypto/ecdsa what bytes give: as digest, r and s; and
// as u1 and u2 of a signature that is good.
func FuzzVerify(f *testing.F) {
	list := signers(f)
	for i, k := range edges() {
		f.Add(uint8(i), k.Bytes(), k.Bytes(), k.Bytes())
		f.Add(uint8(i), []byte(fmt.Sprint(i)), k.Bytes(), outside()[i%len(outside())].Bytes())
	}
	f.Fuzz(func(t *testing.T, which uint8, a, b, c []byte) {
		s := list[int(which)%len(list)]
		digest := sha256.Sum256(a)
		if len(a) == 32 {
			digest = [32]byte(a)
		}
		r, sv := new(big.Int).SetBytes(b), new(big.Int).SetBytes(c)
		s.same(t, digest, r, sv)
		u1, u2 := mod(new(big.Int).SetBytes(digest[:]), n), mod(r, n)
		if u2.Sign() == 0 {
			return
		}
		if digest, r, sv, ok := made(t, s, u1, u2); ok {
			require.True(t, s.same(t, digest, r, sv))
		}
	})
}
