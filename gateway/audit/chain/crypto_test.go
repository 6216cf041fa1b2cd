package chain

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"fmt"
	"math/big"
	"testing"

	"github.com/hyperledger/fabric-lib-go/bccsp"
	"github.com/hyperledger/fabric-lib-go/bccsp/utils"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/audit/p256"
)

// asked counts what comes to Fabric's own cryptography.
type asked struct {
	bccsp.BCCSP
	times int
}

func (a *asked) Verify(key bccsp.Key, signature, digest []byte, options bccsp.SignerOpts) (bool, error) {
	a.times++
	return a.BCCSP.Verify(key, signature, digest, options)
}

func newAsked(t *testing.T) (*verifier, *asked) {
	v, err := newVerifier()
	require.NoError(t, err)
	a := &asked{BCCSP: v.BCCSP}
	v.BCCSP = a
	return v, a
}

// member is a key of a member's, and the same as Fabric holds it.
type member struct {
	*ecdsa.PrivateKey
	public bccsp.Key
}

func newMember(t *testing.T, v *verifier, curve elliptic.Curve) member {
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	require.NoError(t, err)
	public, err := v.KeyImport(&private.PublicKey, &bccsp.ECDSAGoPublicKeyImportOpts{Temporary: true})
	require.NoError(t, err)
	return member{private, public}
}

func (m member) sign(t *testing.T, content string) (digest, signature []byte) {
	sum := sha256.Sum256([]byte(content))
	return sum[:], m.signDigest(t, sum[:])
}

func (m member) signDigest(t *testing.T, digest []byte) []byte {
	signature, err := ecdsa.SignASN1(rand.Reader, m.PrivateKey, digest)
	require.NoError(t, err)
	signature, err = utils.SignatureToLowS(&m.PublicKey, signature)
	require.NoError(t, err)
	return signature
}

// tabled has the verifier see so many signatures of a key that it gets a table.
func tabled(t *testing.T, v *verifier, m member) {
	for i := range p256.Pays {
		digest, signature := m.sign(t, fmt.Sprint("before ", i))
		good, err := v.Verify(m.public, signature, digest, nil)
		require.NoError(t, err)
		require.True(t, good)
	}
	require.True(t, v.signers.of(m.public).key.Has())
}

func encoded(t *testing.T, r, s *big.Int) []byte {
	signature, err := asn1.Marshal(utils.ECDSASignature{R: r, S: s})
	require.NoError(t, err)
	return signature
}

// With a table as without, the verifier comes to Fabric's verdict and error; and
// only what a table finds good does not come to Fabric.
func TestVerifierSaysWhatFabricSays(t *testing.T) {
	v, fabric := newAsked(t)
	m := newMember(t, v, elliptic.P256())
	tabled(t, v, m)
	digest, signature := m.sign(t, "content")
	r, s, err := utils.UnmarshalECDSASignature(signature)
	require.NoError(t, err)
	order, one := m.Params().N, big.NewInt(1)
	padded := bytes.Clone(signature) // the length of the whole in two bytes, where one would do
	padded = append([]byte{padded[0], 0x81}, padded[1:]...)
	long := bytes.Repeat(digest, 2)

	for name, try := range map[string]struct {
		digest, signature []byte
		table, good       bool
	}{
		"good":               {digest, signature, true, true},
		"with bytes behind":  {digest, append(bytes.Clone(signature), 1, 2, 3), true, true},
		"long digest":        {long, signature, false, true}, // the first 256 bits count
		"short digest":       {digest[:20], m.signDigest(t, digest[:20]), false, true},
		"zero digest":        {make([]byte, 32), m.signDigest(t, make([]byte, 32)), true, true},
		"all ones":           {bytes.Repeat([]byte{0xff}, 32), m.signDigest(t, bytes.Repeat([]byte{0xff}, 32)), true, true},
		"no digest":          {nil, signature, false, false},
		"another digest":     {long[1:33], signature, false, false},
		"high s":             {digest, encoded(t, r, new(big.Int).Sub(order, s)), false, false},
		"swapped":            {digest, encoded(t, s, r), false, false},
		"r plus n":           {digest, encoded(t, new(big.Int).Add(r, order), s), false, false},
		"s plus n":           {digest, encoded(t, r, new(big.Int).Add(s, order)), false, false},
		"r is zero":          {digest, encoded(t, new(big.Int), s), false, false},
		"s is zero":          {digest, encoded(t, r, new(big.Int)), false, false},
		"negative r":         {digest, encoded(t, new(big.Int).Neg(r), s), false, false},
		"negative s":         {digest, encoded(t, r, new(big.Int).Neg(s)), false, false},
		"ones":               {digest, encoded(t, one, one), false, false},
		"length in two":      {digest, padded, false, false},
		"no signature":       {digest, nil, false, false},
		"no DER":             {digest, []byte("signature"), false, false},
		"half a signature":   {digest, signature[:len(signature)/2], false, false},
		"another's":          {digest, newMember(t, v, elliptic.P256()).signDigest(t, digest), false, false},
		"r of another curve": {digest, encoded(t, elliptic.P384().Params().N, s), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			want, wantErr := fabric.BCCSP.Verify(m.public, try.signature, try.digest, nil)
			before := fabric.times
			got, err := v.Verify(m.public, try.signature, try.digest, nil)
			require.Equal(t, want, got)
			require.Equal(t, try.good, got)
			if wantErr == nil {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, wantErr.Error())
			}
			require.Equal(t, !try.table, fabric.times > before, "Fabric was asked")
		})
	}
}

// A table that is wrong cannot reject, and what it does not find is Fabric's to find.
func TestVerifierDoesNotRejectByTable(t *testing.T) {
	v, fabric := newAsked(t)
	m, other := newMember(t, v, elliptic.P256()), newMember(t, v, elliptic.P256())
	tabled(t, v, m)
	tabled(t, v, other)
	v.signers.of(m.public).key = v.signers.of(other.public).key
	digest, signature := m.sign(t, "content")
	before := fabric.times
	good, err := v.Verify(m.public, signature, digest, nil)
	require.NoError(t, err)
	require.True(t, good)
	require.Equal(t, before+1, fabric.times)
}

func TestVerifierRemembersWhatWasGood(t *testing.T) {
	v, fabric := newAsked(t)
	m, other := newMember(t, v, elliptic.P256()), newMember(t, v, elliptic.P256())
	digest, signature := m.sign(t, "content")
	for range 3 {
		good, err := v.Verify(m.public, signature, digest, nil)
		require.NoError(t, err)
		require.True(t, good)
	}
	require.Equal(t, 1, fabric.times)
	require.EqualValues(t, 1, v.verified.Load())

	// Nothing else profits: another key, another digest, the same bytes divided in another way.
	for _, try := range []struct {
		key               bccsp.Key
		signature, digest []byte
	}{
		{other.public, signature, digest},
		{m.public, signature, digest[:31]},
		{m.public, append([]byte{digest[31]}, signature...), digest[:31]},
	} {
		good, _ := v.Verify(try.key, try.signature, try.digest, nil)
		require.False(t, good)
	}
	require.Equal(t, 4, fabric.times)
}

func TestVerifierTakesOtherCurves(t *testing.T) {
	v, fabric := newAsked(t)
	m := newMember(t, v, elliptic.P384())
	for i := range p256.Pays + 1 {
		digest, signature := m.sign(t, fmt.Sprint(i))
		good, err := v.Verify(m.public, signature, digest, nil)
		require.NoError(t, err)
		require.True(t, good)
	}
	require.Equal(t, p256.Pays+1, fabric.times)
	require.Nil(t, v.signers.of(m.public).key)
}

// Fabric makes a key anew with every configuration; it is the same signer, with
// the same table, which stays when too many keys have been seen.
func TestSignersKnowAKeyThatWasMadeAnew(t *testing.T) {
	v, _ := newAsked(t)
	m := newMember(t, v, elliptic.P256())
	tabled(t, v, m)
	again, err := v.KeyImport(&m.PublicKey, &bccsp.ECDSAGoPublicKeyImportOpts{Temporary: true})
	require.NoError(t, err)
	require.Same(t, v.signers.of(m.public), v.signers.of(again))
	for range keysKept {
		key, err := v.KeyImport(&m.PublicKey, &bccsp.ECDSAGoPublicKeyImportOpts{Temporary: true})
		require.NoError(t, err)
		require.True(t, v.signers.of(key).key.Has())
	}
	require.LessOrEqual(t, len(v.signers.byKey), keysKept)
}
