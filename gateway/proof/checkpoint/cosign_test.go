package checkpoint_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
)

func signer(org massbalance.OrganisationID) checkpoint.Signer {
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, org)
	return checkpoint.Signer{Organisation: org, Private: ed25519.NewKeyFromSeed(seed)}
}

func keys(signers ...checkpoint.Signer) (all []checkpoint.Key) {
	for _, s := range signers {
		all = append(all, checkpoint.Key{Organisation: s.Organisation, Public: s.Public()})
	}
	return all
}

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func TestOneTextCarriesAllSignatures(t *testing.T) {
	miller, brand := signer("miller"), signer("brand")
	signed := checkpoint.Note(sample(), miller.Sign(sample(), noon), brand.Sign(sample(), noon.Add(time.Second)))
	text, who, unknown, err := checkpoint.Open(signed, keys(miller, brand))
	require.NoError(t, err)
	require.Equal(t, sample(), text)
	require.Len(t, who, 2)
	require.Empty(t, unknown)
	require.Equal(t, massbalance.OrganisationID("miller"), who[0].Organisation)
	require.Equal(t, noon, who[0].Time)
	require.Equal(t, noon.Add(time.Second), who[1].Time)

	_, who, unknown, err = checkpoint.Open(signed, keys(brand))
	require.NoError(t, err)
	require.Len(t, who, 1)
	require.Equal(t, []string{"miller"}, unknown)
	_, who, _, err = checkpoint.Open(signed, nil)
	require.NoError(t, err)
	require.Empty(t, who)
}

// Any C2SP client reads the bare signature.
func TestTheBareSignatureIsAPlainNote(t *testing.T) {
	s := signer("miller")
	name := sample().Origin + "/miller"
	key, err := note.NewEd25519VerifierKey(name, s.Public())
	require.NoError(t, err)
	plain, err := note.NewVerifier(key)
	require.NoError(t, err)
	opened, err := note.Open([]byte(checkpoint.Note(sample(), s.Sign(sample(), noon))), note.VerifierList(plain))
	require.NoError(t, err)
	require.Len(t, opened.Sigs, 1)
	require.Len(t, opened.UnverifiedSigs, 1, "the cosignature is of a kind of its own")
}

// No bit of a cosignature, its time or the text can be changed.
func TestNoBitCanBeChanged(t *testing.T) {
	s := signer("miller")
	signed := checkpoint.Note(sample(), s.Sign(sample(), noon))
	for i := range signed {
		bad := []byte(signed)
		bad[i] ^= 1
		text, who, _, err := checkpoint.Open(string(bad), keys(s))
		if err != nil || len(who) == 0 {
			continue
		}
		require.Equal(t, sample(), text, "byte %d", i)
		require.Equal(t, noon, who[0].Time, "byte %d", i)
	}
}

func TestAnothersSignatureIsNotOnesOwn(t *testing.T) {
	miller, brand := signer("miller"), signer("brand")
	signed := strings.ReplaceAll(checkpoint.Note(sample(), brand.Sign(sample(), noon)), "/brand ", "/miller ")
	_, who, _, err := checkpoint.Open(signed, keys(miller, brand))
	require.NoError(t, err)
	require.Empty(t, who)
}

func trust() checkpoint.Trust {
	return checkpoint.Trust{Origin: sample().Origin, Threshold: 2, Organisations: []checkpoint.Organisation{
		{Organisation: "miller", Name: "Mill", Keys: []string{checkpoint.FormatKey(signer("miller").Public())}},
		{Organisation: "brand", Name: "Brand", Keys: []string{checkpoint.FormatKey(signer("brand").Public()), checkpoint.FormatKey(signer("brand2").Public())}},
	}}
}

func TestTrustFile(t *testing.T) {
	data, err := trust().Format()
	require.NoError(t, err)
	read, err := checkpoint.ParseTrust(data)
	require.NoError(t, err)
	require.Equal(t, trust(), read)
	all, err := read.Keys()
	require.NoError(t, err)
	require.Len(t, all, 3)
	for what, change := range map[string]func(*checkpoint.Trust){
		"origin":            func(c *checkpoint.Trust) { c.Origin = "" },
		"threshold: 0":      func(c *checkpoint.Trust) { c.Threshold = 0 },
		"threshold: 3":      func(c *checkpoint.Trust) { c.Threshold = 3 },
		"named twice":       func(c *checkpoint.Trust) { c.Organisations[1].Organisation = "miller" },
		"have the same key": func(c *checkpoint.Trust) { c.Organisations[1].Keys[0] = c.Organisations[0].Keys[0] },
		"is not a key": func(c *checkpoint.Trust) {
			c.Organisations[0].Keys[0] = base64.RawURLEncoding.EncodeToString([]byte("short"))
		},
		`"x y" is not a name`: func(c *checkpoint.Trust) { c.Organisations[0].Organisation = "x y" },
	} {
		bad := trust()
		change(&bad)
		data, err := bad.Format()
		require.NoError(t, err)
		_, err = checkpoint.ParseTrust(data)
		require.ErrorContains(t, err, what)
	}
	for _, text := range []string{"", "{}", string(data) + "{}", strings.Replace(string(data), "threshold", "treshold", 1),
		strings.Replace(string(data), `"threshold": 2`, `"threshold": 2, "threshold": 1`, 1)} {
		_, err := checkpoint.ParseTrust([]byte(text))
		require.Error(t, err)
	}
}
