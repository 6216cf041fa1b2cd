package proof_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/proof/verify"
)

// No bytes make the reader of bundles fail otherwise than with an error, and what
// passes is the claim that was proven.
func FuzzBundle(f *testing.F) {
	c := seasoned(f)
	packed, err := c.bundle(claim, c.signed(everybody()...)).Write()
	require.NoError(f, err)
	z, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(f, err)
	open, err := io.ReadAll(z)
	require.NoError(f, err)
	trust := c.trust(4)
	proven, err := verify.File(open, trust)
	require.NoError(f, err)
	f.Add(packed)
	f.Add(open)
	f.Add([]byte(`{"format":"weighbridge claim bundle v1","claim":"brand/CLM-1","checkpoint":"x","proof":"","registerProof":""}`))
	f.Add([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff})
	f.Fuzz(func(t *testing.T, file []byte) {
		if s, err := verify.File(file, trust); err == nil {
			require.Equal(t, proven.Claim, s.Claim)
			require.Equal(t, proven.Farms, s.Farms)
			require.Equal(t, proven.Sets, s.Sets)
			s.Words()
			s.Picture()
		}
	})
}

func FuzzTrust(f *testing.F) {
	data, err := (&consortium{}).trust(4).Format()
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte(`{"origin":"o","threshold":1,"organisations":[{"organisation":"a","name":"A","keys":["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]}]}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		if trust, err := checkpoint.ParseTrust(file); err == nil {
			data, err := trust.Format()
			require.NoError(t, err)
			again, err := checkpoint.ParseTrust(data)
			require.NoError(t, err)
			require.Equal(t, trust, again)
		}
	})
}

// Whatever stands under a checkpoint, nobody vouches for another text than the
// one that was signed.
func FuzzNote(f *testing.F) {
	text, err := checkpoint.ParseText("weighbridge/00\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nregister 0 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	require.NoError(f, err)
	miller, brand := signer("miller", 1), signer("brand", 1)
	f.Add(checkpoint.Note(text, miller.Sign(text, noon), brand.Sign(text, noon)))
	f.Add(checkpoint.Note(text, "— a AAAAAAAA\n"))
	f.Fuzz(func(t *testing.T, signed string) {
		opened, who, _, err := checkpoint.Open(signed, []checkpoint.Key{{Organisation: "miller", Public: miller.Public()}})
		if err == nil && len(who) > 0 {
			require.Equal(t, text, opened)
			require.Equal(t, noon.Unix(), who[0].Time.Unix())
		}
	})
}
