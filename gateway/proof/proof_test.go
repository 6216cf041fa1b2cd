package proof_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/proof"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/proof/verify"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

var organisations = []massbalance.OrganisationID{ledgertest.Growers, ledgertest.Miller, ledgertest.Manufacturer, ledgertest.Brand, ledgertest.Certifier}

func signer(org massbalance.OrganisationID, version byte) checkpoint.Signer {
	seed := sha256.Sum256(append([]byte(org), version))
	return checkpoint.Signer{Organisation: org, Private: ed25519.NewKeyFromSeed(seed[:])}
}

// consortium is a ledger, one gateway's copy of it, and what outsiders trust.
type consortium struct {
	t      testing.TB
	ledger *ledgertest.Ledger
	model  *readmodel.Model
}

func newConsortium(t testing.TB) *consortium {
	c := &consortium{t: t, ledger: ledgertest.New(t)}
	var err error
	c.model, err = readmodel.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.model.Close()) })
	return c
}

func seasoned(t testing.TB) *consortium {
	c := newConsortium(t)
	c.ledger.Season()
	for _, org := range organisations {
		c.cosigner(org, 1)
	}
	return c
}

// cosigner lets the members adopt a key.
func (c *consortium) cosigner(org massbalance.OrganisationID, version byte) {
	key := massbalance.LogKey(signer(org, version).Public())
	for _, voter := range organisations[:3] {
		c.ledger.Must(voter, massbalance.Command{
			ID:   massbalance.CommandID("COS-" + string(org) + "-" + string('0'+rune(version))),
			Body: massbalance.RegisterCosigner{Cosigner: massbalance.Cosigner{Organisation: org, Key: key, Version: int(version)}}})
	}
}

// signed is the latest checkpoint, cosigned by some.
func (c *consortium) signed(cosigners ...checkpoint.Signer) string {
	c.t.Helper()
	c.catchUp()
	var text checkpoint.Text
	require.NoError(c.t, c.model.Read(c.t.Context(), func(s *readmodel.Snapshot) error {
		size, err := s.LogSize()
		require.NoError(c.t, err)
		raw, _, err := s.LogText(size)
		require.NoError(c.t, err)
		text, err = checkpoint.ParseText(raw)
		return err
	}))
	var lines []string
	for _, s := range cosigners {
		lines = append(lines, s.Sign(text, noon))
	}
	return checkpoint.Note(text, lines...)
}

func (c *consortium) catchUp() {
	for _, b := range c.ledger.Blocks() {
		require.NoError(c.t, c.model.Apply(c.t.Context(), b))
	}
}

func everybody() (all []checkpoint.Signer) {
	for _, org := range organisations {
		all = append(all, signer(org, 1))
	}
	return all
}

func (c *consortium) bundle(claim massbalance.ClaimID, signed string) verify.Bundle {
	c.t.Helper()
	var bundle verify.Bundle
	require.NoError(c.t, c.model.Read(c.t.Context(), func(s *readmodel.Snapshot) (err error) {
		bundle, err = proof.Build(s, claim, signed, organisations)
		return err
	}))
	return bundle
}

func (c *consortium) trust(threshold int) checkpoint.Trust {
	t := checkpoint.Trust{Origin: checkpoint.Origin([32]byte{}), Threshold: threshold}
	for _, org := range organisations {
		t.Organisations = append(t.Organisations, checkpoint.Organisation{Organisation: org, Name: "The " + string(org), Keys: []string{checkpoint.FormatKey(signer(org, 1).Public())}})
	}
	return t
}

const claim massbalance.ClaimID = "brand/CLM-1"

func TestAClaimIsProvenFromFarmToBrand(t *testing.T) {
	c := seasoned(t)
	file, err := c.bundle(claim, c.signed(everybody()...)).Write()
	require.NoError(t, err)
	s, err := verify.File(file, c.trust(4))
	require.NoError(t, err)
	require.Equal(t, claim, s.Claim.ID)
	require.Len(t, s.Vouchers, 5)
	require.True(t, s.Stands())
	require.Equal(t, "20000.777", s.Claim.Quantity.String())
	require.Len(t, s.Farms, 2)
	require.Less(t, len(file), 12<<10)
}

// A bundle under the latest version of the rules is executed by it, one that
// spans versions by each in its time.
func TestEveryVersionOfTheRules(t *testing.T) {
	c := newConsortium(t)
	c.ledger.Found()
	c.ledger.Documents()
	for version := 2; version <= massbalance.RulesVersion; version++ {
		for _, org := range organisations[:3] {
			c.ledger.Must(org, massbalance.Command{ID: massbalance.CommandID("RULES-" + string('0'+rune(version))), Body: massbalance.AdoptRules{Version: version}})
		}
	}
	for _, org := range organisations {
		c.cosigner(org, 1)
	}
	c.ledger.Harvest()
	s, err := verify.Check(c.bundle(claim, c.signed(everybody()...)), c.trust(5))
	require.NoError(t, err)
	require.Contains(t, s.Versions, "rules, version "+string('0'+rune(massbalance.RulesVersion)))
}

func (c *consortium) trace(id massbalance.ClaimID) (trace readmodel.Trace) {
	require.NoError(c.t, c.model.Read(c.t.Context(), func(s *readmodel.Snapshot) (err error) {
		trace, err = s.Trace(id)
		return err
	}))
	return trace
}
