package proof_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/proof"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/proof/leaf"
	"github.com/weighbridge/weighbridge/gateway/proof/merkle"
	"github.com/weighbridge/weighbridge/gateway/proof/verify"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// copied is a bundle that can be spoilt without spoiling the first one.
func copied(t *testing.T, b verify.Bundle) verify.Bundle {
	file, err := b.Write()
	require.NoError(t, err)
	again, err := verify.Read(file)
	require.NoError(t, err)
	return again
}

// at finds the leaf of a command.
func at(b verify.Bundle, command massbalance.CommandID) int {
	return slices.IndexFunc(b.Leaves, func(l verify.Leaf) bool { return l.Core.Command.ID == command })
}

// reproved gives a bundle whose leaves were tampered with a proof that leads to
// the root all the same: what somebody can do who has the whole log.
func (c *consortium) reproved(b verify.Bundle) verify.Bundle {
	text, _, err := checkpoint.Split(b.Checkpoint)
	require.NoError(c.t, err)
	var indexes []int64
	for _, l := range b.Leaves {
		indexes = append(indexes, l.Index)
	}
	if b.Last != nil {
		indexes = append(indexes, text.Size-1)
	}
	require.NoError(c.t, c.model.Read(c.t.Context(), func(s *readmodel.Snapshot) error {
		b.Proof, err = merkle.Prove(text.Size, indexes, merkle.Stored(s))
		return err
	}))
	return b
}

func TestRecordsThatWereTamperedWith(t *testing.T) {
	c := seasoned(t)
	good := c.bundle(claim, c.signed(everybody()...))
	_, err := verify.Check(good, c.trust(5))
	require.NoError(t, err)
	for what, spoil := range map[string]func(*verify.Bundle){
		"altered record": func(b *verify.Bundle) {
			l := &b.Leaves[at(*b, "CNV-1")]
			body := l.Core.Command.Body.(massbalance.Convert)
			body.Outputs = []massbalance.Output{{Product: "wheat-flour", Quantity: ledgertest.Kg("179121")}, {Product: "wheat-bran", Quantity: ledgertest.Kg("69400")}}
			l.Core.Command.Body = body
		},
		"forged flag":      func(b *verify.Bundle) { b.Leaves[at(*b, "REG-1")].Core.Pending = false },
		"other submitter":  func(b *verify.Bundle) { b.Leaves[at(*b, "CLM-1")].Core.Organisation = "miller" },
		"other block":      func(b *verify.Bundle) { b.Leaves[at(*b, "CLM-1")].Block++ },
		"later height":     func(b *verify.Bundle) { b.Leaves[len(b.Leaves)-1].Block++ },
		"removed record":   func(b *verify.Bundle) { b.Leaves = slices.Delete(b.Leaves, at(*b, "DSP-1"), at(*b, "DSP-1")+1) },
		"moved record":     func(b *verify.Bundle) { b.Leaves[at(*b, "CLM-1")].Index++ },
		"swapped proof":    func(b *verify.Bundle) { b.Proof[0], b.Proof[1] = b.Proof[1], b.Proof[0] },
		"shorter proof":    func(b *verify.Bundle) { b.Proof = b.Proof[1:] },
		"longer proof":     func(b *verify.Bundle) { b.Proof = append(b.Proof, tlog.Hash{}) },
		"proof of another": func(b *verify.Bundle) { b.Proof = b.RegisterProof },
		"other salt":       func(b *verify.Bundle) { b.Leaves[3].Salt[0]++ },
		"other whole":      func(b *verify.Bundle) { b.Leaves[3].Whole[0]++ },
		"lots not opened":  func(b *verify.Bundle) { b.Leaves[at(*b, "CNV-1")].Lots = nil },
		"lot's other salt": func(b *verify.Bundle) { b.Leaves[at(*b, "CNV-1")].Lots[0].Salt[0]++ },
		"other register":   func(b *verify.Bundle) { b.Register[0].KeyHash[0] ^= 1 },
		"no register":      func(b *verify.Bundle) { b.Register, b.RegisterProof = nil, nil },
		"no records":       func(b *verify.Bundle) { b.Leaves = nil },
		"another claim":    func(b *verify.Bundle) { b.Claim = "brand/CLM-2" },
		"records twice":    func(b *verify.Bundle) { b.Leaves = append(b.Leaves, b.Leaves...) },
	} {
		bad := copied(t, good)
		spoil(&bad)
		_, err := verify.Check(bad, c.trust(5))
		require.Error(t, err, what)
	}
}

// Whoever has the whole log can prove any part of it: leaving out what the claim
// rests on, or what happened since, shows all the same.
func TestRecordsThatWereLeftOut(t *testing.T) {
	c := seasoned(t)
	c.ledger.Declare("STD-1", massbalance.Suspended, "2026-10-01", "Audit of October")
	c.ledger.Must(ledgertest.Miller, ledgertest.Command("T-9", "2026-09-01", massbalance.TakeIn{Site: "mill", Product: "wheat", Quantity: ledgertest.Kg("1"), Supplier: "S", Evidence: "T-9"}))
	good := c.bundle(claim, c.signed(everybody()...))
	s, err := verify.Check(good, c.trust(5))
	require.NoError(t, err)
	require.Len(t, s.Certificates[0].Standings, 1)
	require.True(t, s.Stands(), "a suspension leaves alone what moved before it")
	require.Contains(t, fmt.Sprint(s.Words()), "was declared suspended from 2026-10-01 on (Audit of October)")
	for i := range good.Leaves {
		bad := copied(t, good)
		what := string(bad.Leaves[i].Core.Command.ID)
		bad.Leaves = slices.Delete(bad.Leaves, i, i+1)
		_, err := verify.Check(c.reproved(bad), c.trust(5))
		if err == nil {
			require.Fail(t, "it verifies without", what)
		}
	}
	rolledBack := copied(t, good)
	rolledBack.Leaves = slices.Delete(rolledBack.Leaves, at(good, "STD-1"), at(good, "STD-1")+1)
	_, err = verify.Check(c.reproved(rolledBack), c.trust(5))
	require.ErrorIs(t, err, verify.ErrIncomplete, "a suspension that is not told")
}

func TestTooFewVouch(t *testing.T) {
	c := seasoned(t)
	all := everybody()
	for k := 1; k <= 5; k++ {
		_, err := verify.Check(c.bundle(claim, c.signed(all[:k]...)), c.trust(k))
		require.NoError(t, err)
		_, err = verify.Check(c.bundle(claim, c.signed(all[:k-1]...)), c.trust(k))
		require.Error(t, err)
		if k > 1 {
			require.ErrorIs(t, err, verify.ErrTrust) // a note without any signature is none
		}
	}
	twice := c.signed(all[0], all[0], all[0])
	_, err := verify.Check(c.bundle(claim, twice), c.trust(2))
	require.Error(t, err, "one organisation counts once")
	foreign := c.trust(1)
	foreign.Origin = "weighbridge/ffffffffffffffffffffffffffffffff"
	_, err = verify.Check(c.bundle(claim, c.signed(all...)), foreign)
	require.ErrorIs(t, err, verify.ErrTrust)
}

// A key that the consortium replaced vouches for nothing that came after, and
// still for what came before.
func TestAKeyThatWasRotatedAway(t *testing.T) {
	c := seasoned(t)
	before := c.bundle(claim, c.signed(everybody()...))
	c.cosigner(ledgertest.Miller, 2)
	after := c.bundle(claim, c.signed(everybody()...))
	s, err := verify.Check(before, c.trust(5))
	require.NoError(t, err)
	require.Len(t, s.Vouchers, 5)
	_, err = verify.Check(after, c.trust(5))
	require.ErrorIs(t, err, verify.ErrTrust)
	require.ErrorContains(t, err, "miller signed with a key that was replaced")
	s, err = verify.Check(after, c.trust(4))
	require.NoError(t, err)
	require.Equal(t, []massbalance.OrganisationID{ledgertest.Miller}, s.Replaced)

	renewed := c.trust(5)
	renewed.Organisations[1].Keys = append(renewed.Organisations[1].Keys, checkpoint.FormatKey(signer(ledgertest.Miller, 2).Public()))
	cosigners := everybody()
	cosigners[1] = signer(ledgertest.Miller, 2)
	s, err = verify.Check(c.bundle(claim, c.signed(cosigners...)), renewed)
	require.NoError(t, err)
	require.Len(t, s.Vouchers, 5)
}

// An old checkpoint proves what it proved then, and says so; under one older than
// the claim there is no bundle.
func TestAnOldCheckpointStatesItsHeight(t *testing.T) {
	c := newConsortium(t)
	c.ledger.Found()
	c.ledger.Documents()
	for _, org := range organisations {
		c.cosigner(org, 1)
	}
	early := c.signed(everybody()...)
	c.ledger.Harvest()
	old := c.signed(everybody()...)
	first, err := verify.Check(c.bundle(claim, old), c.trust(5))
	require.NoError(t, err)
	c.ledger.Must(ledgertest.Miller, ledgertest.Command("T-9", "2026-09-01", massbalance.TakeIn{Site: "mill", Product: "wheat", Quantity: ledgertest.Kg("1"), Supplier: "S", Evidence: "T-9"}))
	fresh, err := verify.Check(c.bundle(claim, c.signed(everybody()...)), c.trust(5))
	require.NoError(t, err)
	require.Equal(t, first.Height+1, fresh.Height)
	again, err := verify.Check(c.bundle(claim, old), c.trust(5))
	require.NoError(t, err)
	require.Equal(t, first.Height, again.Height, "what is stale says how stale")
	require.Equal(t, noon, again.Since())
	require.NoError(t, c.model.Read(t.Context(), func(s *readmodel.Snapshot) error {
		_, err := proof.Build(s, claim, early, organisations)
		require.ErrorIs(t, err, proof.ErrTooEarly)
		_, err = proof.Build(s, "brand/CLM-9", old, organisations)
		var none *readmodel.NotFound
		require.ErrorAs(t, err, &none)
		return nil
	}))
}

// When a statement behind a claim is recalled, or the claim taken back, every
// fresh bundle says so, and one made before keeps to its height.
func TestAClaimThatWasRecalledLater(t *testing.T) {
	c := seasoned(t)
	old := c.bundle(claim, c.signed(everybody()...))
	c.ledger.Find("VS-2026-011", "The fields were never sown")
	fresh := c.bundle(claim, c.signed(everybody()...))
	s, err := verify.Check(fresh, c.trust(5))
	require.NoError(t, err)
	require.False(t, s.Stands())
	require.Equal(t, "VERIFIED, BUT THE CLAIM DOES NOT STAND", s.Heading())
	require.Len(t, s.Recalled, 1)
	require.Contains(t, fmt.Sprint(s.Words()), "RECALLED by finding FF-VS-2026-011")
	require.Contains(t, fmt.Sprint(s.Words()), "were not traced on the ledger yet")

	before, err := verify.Check(old, c.trust(5))
	require.NoError(t, err)
	require.True(t, before.Stands())
	require.Less(t, before.Height, s.Height)

	c.ledger.Must(ledgertest.Miller, massbalance.Command{ID: "TRC-1", Body: massbalance.TraceRecall{
		Certifier: ledgertest.Certifier, Statement: "VS-2026-011",
		Lots:   []massbalance.LotID{"growers/INT-1/1", "growers/INT-4/1", "miller/RCV-1/1", "miller/RCV-2/1", "miller/CNV-1/1", "manufacturer/RCV-1/1", "brand/RCV-1/1"},
		Claims: []massbalance.ClaimID{claim}}})
	marked, err := verify.Check(c.bundle(claim, c.signed(everybody()...)), c.trust(5))
	require.NoError(t, err)
	require.False(t, marked.Stands())
	require.Contains(t, fmt.Sprint(marked.Words()), "Of the claim 12000 kg rest on it; 0 kg are covered")

	hidden := copied(t, fresh)
	for i, r := range hidden.Register {
		if strings.HasPrefix(r.Key, "recall:") && r.Value != "" {
			key, err := wire.ParseKey(r.Key)
			require.NoError(t, err)
			hidden.Register[i] = verify.Registration{Index: r.Index, KeyHash: leaf.KeyHash(key), ValueHash: leaf.ValueHash([]byte(r.Value))}
		}
	}
	_, err = verify.Check(hidden, c.trust(5))
	require.ErrorIs(t, err, verify.ErrIncomplete, "a recall that is closed")
}

// Certifiers whose keys the reader knows sign with these and no others.
func TestCertifiersOfTheReadersOwnKnowledge(t *testing.T) {
	c := seasoned(t)
	b := c.bundle(claim, c.signed(everybody()...))
	body := b.Leaves[at(b, "REG-4")].Core.Command.Body.(massbalance.RegisterCertifier)
	trust := c.trust(5)
	trust.Certifiers = []checkpoint.CertifierKey{{Certifier: ledgertest.Certifier, Key: "2026-1", Point: body.Certifier.Keys[0].Point}}
	_, err := verify.Check(b, trust)
	require.NoError(t, err)
	trust.Certifiers[0].Point[9]++
	_, err = verify.Check(b, trust)
	require.ErrorIs(t, err, verify.ErrTrust)
}

func TestFilesThatAreNoBundle(t *testing.T) {
	c := seasoned(t)
	good := c.bundle(claim, c.signed(everybody()...))
	data, err := wire.Format(good)
	require.NoError(t, err)
	_, err = verify.Check(good, c.trust(5))
	require.NoError(t, err)
	_, err = verify.File(data, c.trust(5))
	require.NoError(t, err, "it need not be compressed")
	packed, err := good.Write()
	require.NoError(t, err)
	text := string(data)
	for what, file := range map[string]string{
		"empty":             "",
		"a field twice":     strings.Replace(text, `"claim":"brand/CLM-1"`, `"claim":"brand/CLM-2","claim":"brand/CLM-1"`, 1),
		"an unknown field":  strings.Replace(text, `"claim":`, `"note":"trust me","claim":`, 1),
		"spaces":            strings.Replace(text, `"claim":`, `"claim": `, 1),
		"more after it":     text + " ",
		"another form":      strings.Replace(text, "bundle v1", "bundle v2", 1),
		"packed and more":   string(packed) + "x",
		"packed twice":      string(packed) + string(packed),
		"packed and torn":   string(packed[:len(packed)-9]),
		"packed and empty":  string(pack(t, nil)),
		"a bomb":            string(pack(t, bytes.Repeat([]byte{' '}, 257<<20))),
		"deeply nested":     strings.Repeat("[", 1<<20),
		"escaped otherwise": strings.Replace(text, `"brand/CLM-1"`, `"\u0062rand/CLM-1"`, 1),
	} {
		_, err := verify.File([]byte(file), c.trust(5))
		require.Error(t, err, what)
	}
}

func pack(t *testing.T, data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(data)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

// What the claim does not need is not in the file: nobody's clerk, document,
// supplier or stock, no other farm, no lot that only shared a truck.
func TestWhatIsNotDisclosed(t *testing.T) {
	c := seasoned(t)
	data, err := wire.Format(c.bundle(claim, c.signed(everybody()...)))
	require.NoError(t, err)
	for _, secret := range []string{"clerk", `"WB-`, "CMR-", "Spot market", "Neuland", "VS-2026-013", "INT-3", "TAKE-1", "DSP-3", "DSP-4", "REJ-1", "Silo North", "tx0000"} {
		require.NotContains(t, string(data), secret)
	}
	c.ledger.Must(ledgertest.Brand, ledgertest.Command("CLM-2", "2026-09-01", massbalance.ClaimCredits{
		Site: "brand-hub", Product: "wheat-flour", Lines: []massbalance.LotLine{{Lot: "brand/RCV-1/2", Quantity: ledgertest.Kg("1000")}},
		Beneficiary: "Another", ReportingYear: 2026, Purpose: "P"}))
	b := c.bundle("brand/CLM-2", c.signed(everybody()...))
	s, err := verify.Check(b, c.trust(5))
	require.NoError(t, err)
	require.Len(t, s.Farms, 1)
	data, err = wire.Format(b)
	require.NoError(t, err)
	for _, secret := range []string{"Lindenau", "VS-2026-011", "INT-1", "INT-4", "CLM-1", "no-till", "0.182"} {
		require.NotContains(t, string(data), secret, "the other lot on the same trucks")
	}
	require.Contains(t, fmt.Sprint(s.Words()), "with 1 other lots that this claim does not rest on")
	for i := range b.Leaves {
		for n := range b.Leaves[i].Siblings {
			lie := copied(t, b)
			lie.Leaves[i].Siblings[n].Model = massbalance.IdentityPreserved
			lie.Leaves[i].Siblings[n].Scheme = "OTHER"
			if other, err := verify.Check(lie, c.trust(5)); err == nil {
				require.Equal(t, words(s), words(other), "what is told of siblings cannot change what is proven")
			}
		}
	}
}

// words are what a statement says, but for who vouches for it.
func words(s verify.Statement) string {
	var parts []string
	for _, section := range s.Words() {
		if section.Title != "Whom this rests on" {
			parts = append(parts, section.Title+"\n"+strings.Join(section.Lines, "\n"))
		}
	}
	return strings.Join(parts, "\n")
}

// Whatever byte of a bundle is changed: it does not verify, or says the same,
// vouched for by no more than before.
func TestNoByteCanBeChanged(t *testing.T) {
	c := seasoned(t)
	good := c.bundle(claim, c.signed(everybody()...))
	data, err := wire.Format(good)
	require.NoError(t, err)
	packed, err := good.Write()
	require.NoError(t, err)
	before, err := verify.Check(good, c.trust(3))
	require.NoError(t, err)
	stride := 1
	if testing.Short() {
		stride = 41
	}
	started, verified := time.Now(), 0
	for _, file := range [][]byte{data, packed} {
		for i := 0; i < len(file); i += stride {
			for _, flip := range []byte{1, 0x20} {
				bad := bytes.Clone(file)
				bad[i] ^= flip
				s, err := verify.File(bad, c.trust(3))
				if err != nil {
					continue
				}
				verified++
				require.Equal(t, words(before), words(s), "byte %d", i)
				require.LessOrEqual(t, len(s.Vouchers), len(before.Vouchers))
			}
		}
	}
	t.Logf("%d bytes, every %d. of them in two ways, in %s; %d verified and said the same", len(data)+len(packed), stride, time.Since(started), verified)
}
