package proof_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/proof/verify"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// mixed is a chain in which 30 t on statement VS-A and 10 t on VS-B, of the same
// characteristics, became one lot at the mill; 20 t of it were milled, 14 t of flour
// went to the brand, which claimed 2 t. 10 t on VS-C, of other figures, went the
// same way and are flour of the miller.
func mixed(t *testing.T) *consortium {
	c := newConsortium(t)
	l := c.ledger
	l.Found()
	l.Documents()
	for _, org := range organisations {
		c.cosigner(org, 1)
	}
	l.Must(ledgertest.Growers, l.Statement("VS-A", "Hof Anger", "0.3"), l.Statement("VS-B", "Hof Birken", "0.3"), l.Statement("VS-C", "Hof Cronau", "0.4"))
	introduce := func(id CommandID, s StatementID, kg string) {
		l.Must(ledgertest.Growers, ledgertest.Command(id, "2026-08-03", Introduce{Site: "elevator", Certifier: ledgertest.Certifier, Statement: s, Quantity: ledgertest.Kg(kg), Model: Segregated, Evidence: EvidenceID("WB-" + id)}))
	}
	introduce("I-A", "VS-A", "30000")
	introduce("I-B", "VS-B", "10000")
	introduce("I-C", "VS-C", "10000")
	c.truck(ledgertest.Growers, "T-1", "elevator", ledgertest.Miller, "mill", "wheat", "50000", line("growers/I-A/1", "30000"), line("growers/I-B/1", "10000"), line("growers/I-C/1", "10000"))
	l.Must(ledgertest.Miller, ledgertest.Command("CNV", "2026-08-10", Convert{Site: "mill", Recipe: "milling", Quantity: ledgertest.Kg("30000"),
		Lines: []LotLine{line("miller/T-1/1", "20000"), line("miller/T-1/2", "10000")}, Outputs: []Output{{Product: "wheat-flour", Quantity: ledgertest.Kg("21600")}}}))
	c.truck(ledgertest.Miller, "T-2", "mill", ledgertest.Brand, "brand-hub", "wheat-flour", "14000", line("miller/CNV/1", "14000"))
	c.claims("CLM-A", "brand/T-2/1", "2000")
	return c
}

// truck ships lots and receives them at the other end.
func (c *consortium) truck(from OrganisationID, id CommandID, site SiteID, to OrganisationID, at SiteID, product ProductID, kg string, lines ...LotLine) {
	c.ledger.Must(from, ledgertest.Command(id, "2026-08-05", Dispatch{Site: site, To: at, Product: product, Quantity: ledgertest.Kg(kg), Lines: lines}))
	c.ledger.Must(to, ledgertest.Command(id, "2026-08-06", Receive{Site: at, Transfer: TransferID(string(from) + "/" + string(id)), Quantity: ledgertest.Kg(kg)}))
}

func (c *consortium) claims(id CommandID, lot LotID, kg string) {
	c.ledger.Must(ledgertest.Brand, ledgertest.Command(id, "2026-09-02", ClaimCredits{Site: "brand-hub", Product: "wheat-flour", Lines: []LotLine{line(lot, kg)}, Beneficiary: "Rolls of " + string(id), ReportingYear: 2026, Purpose: "P"}))
}

func (c *consortium) traces(id CommandID, s StatementID, claims []ClaimID, lots ...LotID) {
	c.ledger.Must(ledgertest.Manufacturer, Command{ID: id, Body: TraceRecall{Certifier: ledgertest.Certifier, Statement: s, Lots: lots, Claims: claims}})
}

func (c *consortium) covers(id CommandID, org OrganisationID, site SiteID, claim ClaimID, s StatementID, lot LotID, kg string) {
	c.ledger.Must(org, ledgertest.Command(id, "2026-09-03", CoverRecall{Site: site, Claim: claim, Certifier: ledgertest.Certifier, Statement: s, Lines: []LotLine{line(lot, kg)}}))
}

func (c *consortium) checked(id ClaimID) verify.Statement {
	c.t.Helper()
	s, err := verify.Check(c.bundle(id, c.signed(everybody()...)), c.trust(5))
	require.NoError(c.t, err, id)
	c.sameFarms(id, s)
	return s
}

var below = []LotID{"growers/I-A/1", "miller/T-1/1", "miller/CNV/1", "brand/T-2/1"}

// A claim that stands in for what another lacks is proven with what it covers; the
// other says at each stage how it stands: recalled, traced, covered in part, covered.
func TestAClaimThatCoversARecall(t *testing.T) {
	c := mixed(t)
	a := ClaimID("brand/CLM-A")
	require.True(t, c.checked(a).Stands())
	c.ledger.Find("VS-A", "Nothing was sown")
	s := c.checked(a)
	require.False(t, s.Stands())
	require.Equal(t, "1500", s.Recalled[0].Tainted.String(), "worked out before anybody traced it")
	require.Contains(t, fmt.Sprint(s.Words()), "Of what rests on it 1500 kg were not traced on the ledger yet; they were worked out here")

	c.traces("TR-1", "VS-A", []ClaimID{a}, below...)
	s = c.checked(a)
	require.False(t, s.Stands())
	require.Contains(t, fmt.Sprint(s.Words()), "Of the claim 1500 kg rest on it; 0 kg are covered by other credit")

	c.covers("COV-1", ledgertest.Miller, "mill", a, "VS-A", "miller/CNV/2", "1000")
	require.False(t, c.checked(a).Stands())
	c.covers("COV-2", ledgertest.Miller, "mill", a, "VS-A", "miller/CNV/2", "500")
	s = c.checked(a)
	require.True(t, s.Stands())
	require.Contains(t, fmt.Sprint(s.Words()), "1500 kg are covered by other credit. That was claimed in its place by miller/COV-1, miller/COV-2")

	s = c.checked("miller/COV-1")
	require.True(t, s.Stands())
	require.Equal(t, StatementID("VS-C"), s.Farms[0].Statement.ID)
	require.Len(t, s.Farms, 1)
	require.Equal(t, "1500", s.Covers.Share.Quantity.String())
	require.Contains(t, fmt.Sprint(s.Words()), "It STANDS IN for claim brand/CLM-A of Morgenbrot (brand): 2000 kg of Wheat flour (wheat-flour) for Rolls of CLM-A, reporting year 2026. "+
		"Of that 1500 kg rest on statement VS-A of certifier, recalled by finding FF-VS-A of 2026-09-01 (Nothing was sown); 1500 kg are covered by now, 1000 of them by this claim.")
}

// What covers a claim can be recalled in turn; then neither stands until it is covered itself.
func TestACoverThatIsRecalledInTurn(t *testing.T) {
	c := mixed(t)
	a := ClaimID("brand/CLM-A")
	c.ledger.Find("VS-A", "Nothing was sown")
	c.traces("TR-1", "VS-A", []ClaimID{a}, below...)
	c.covers("COV-1", ledgertest.Miller, "mill", a, "VS-A", "miller/CNV/2", "1500")
	c.ledger.Find("VS-C", "Neither here")
	require.False(t, c.checked("miller/COV-1").Stands())
	c.traces("TR-2", "VS-C", []ClaimID{"miller/COV-1"}, "growers/I-C/1", "miller/T-1/2", "miller/CNV/2")
	require.False(t, c.checked("miller/COV-1").Stands())
	s := c.checked(a)
	require.False(t, s.Stands())
	require.Equal(t, []ClaimID{"miller/COV-1"}, s.Lacking)
	require.Contains(t, fmt.Sprint(s.Words()), "claim miller/COV-1, which was put up in its place, lacks credit itself")

	// What is left of the first mixture is clean, and covers the cover.
	c.covers("COV-2", ledgertest.Brand, "brand-hub", "miller/COV-1", "VS-C", "brand/T-2/1", "1500")
	require.True(t, c.checked(a).Stands())
	require.True(t, c.checked("miller/COV-1").Stands())
	s = c.checked("brand/COV-2")
	require.True(t, s.Stands())
	require.Equal(t, ClaimID("miller/COV-1"), s.Covers.Claim.ID)
	require.Equal(t, a, s.Covers.Claim.Covers)
	require.Equal(t, StatementID("VS-B"), s.Farms[0].Statement.ID)
}

// What is taken of a mixture after a recall had frozen its share is clean, at once
// and further down the chain, and its bundle proves that by the trace itself.
func TestAClaimOnTheCleanRemainder(t *testing.T) {
	c := mixed(t)
	c.ledger.Find("VS-A", "Nothing was sown")
	c.traces("TR-1", "VS-A", []ClaimID{"brand/CLM-A"}, below...)
	c.claims("CLM-B", "brand/T-2/1", "3000") // all that is left: 12,000 kg of which three quarters are frozen
	c.truck(ledgertest.Miller, "T-3", "mill", ledgertest.Brand, "brand-hub", "wheat-flour", "100", line("miller/CNV/1", "100"))
	c.claims("CLM-C", "brand/T-3/1", "100")
	for _, id := range []ClaimID{"brand/CLM-B", "brand/CLM-C"} {
		s := c.checked(id)
		require.True(t, s.Stands(), id)
		require.Len(t, s.Recalled, 1)
		require.True(t, s.Recalled[0].Tainted.IsZero())
		require.Contains(t, fmt.Sprint(s.Words()), "Nothing of this claim rests on it: it was taken from a mixture after the recalled part had been frozen there.")
		require.Len(t, s.Farms, 1)
		require.Equal(t, StatementID("VS-B"), s.Farms[0].Statement.ID)
		require.Equal(t, s.Claim.Quantity.String(), s.Farms[0].Quantity.Add(s.Rounding).String())
	}
	require.Equal(t, "1500", c.checked("brand/CLM-A").Recalled[0].Tainted.String(), "what left before carries its share")

	// Recalled as well, the other statement takes all of it.
	c.ledger.Find("VS-B", "Nor here")
	s := c.checked("brand/CLM-B")
	require.False(t, s.Stands())
	require.Equal(t, []string{"0", "3000"}, []string{s.Recalled[0].Tainted.String(), s.Recalled[1].Tainted.String()})

	// Without the trace the claim cannot be made to look cleaner, only worse or broken.
	good := c.bundle("brand/CLM-B", c.signed(everybody()...))
	bad := copied(t, good)
	trace := at(bad, "TR-1")
	bad.Leaves = slices.Delete(bad.Leaves, trace, trace+1)
	if s, err := verify.Check(c.reproved(bad), c.trust(5)); err == nil {
		require.Equal(t, "2250", s.Recalled[0].Tainted.String())
	}
}

// Credit that is claimed beside a clean remainder keeps its own share, and what
// left the mixture before the recall carries the recalled one, wherever it went.
func TestACleanRemainderBesideOtherCredit(t *testing.T) {
	c := mixed(t)
	flour := func(id CommandID, kg string, lines ...LotLine) {
		c.truck(ledgertest.Miller, id, "mill", ledgertest.Brand, "brand-hub", "wheat-flour", kg, lines...)
	}
	flour("T-3", "400", line("miller/CNV/1", "400"))
	c.ledger.Find("VS-A", "Nothing was sown")
	c.traces("TR-1", "VS-A", nil, below[:3]...)
	c.traces("TR-2", "VS-A", []ClaimID{"brand/CLM-A"}, "brand/T-2/1", "brand/T-3/1")
	flour("T-4", "300", line("miller/CNV/2", "300"))
	c.ledger.Must(ledgertest.Brand, ledgertest.Command("CLM-D", "2026-09-02", ClaimCredits{Site: "brand-hub", Product: "wheat-flour",
		Lines: []LotLine{line("brand/T-2/1", "100"), line("brand/T-3/1", "50"), line("brand/T-4/1", "300")}, Beneficiary: "Rolls", ReportingYear: 2026, Purpose: "P"}))

	s := c.checked("brand/CLM-D")
	require.True(t, s.Stands())
	shares := map[StatementID]string{}
	for _, f := range s.Farms {
		shares[f.Statement.ID] = f.Quantity.String()
	}
	require.Equal(t, map[StatementID]string{"VS-B": "150", "VS-C": "300"}, shares)
	s = c.checked("brand/CLM-A")
	require.Equal(t, []string{"1500", "500"}, []string{s.Farms[0].Quantity.String(), s.Farms[1].Quantity.String()})
	require.True(t, s.Rounding.IsZero())
}

// A covering claim tells nothing of the covered one's way, and a trace nothing of
// the other lots and claims that it names.
func TestWhatACoverDoesNotDisclose(t *testing.T) {
	c := mixed(t)
	c.claims("CLM-Z", "brand/T-2/1", "40")
	c.ledger.Find("VS-A", "Nothing was sown")
	c.traces("TR-1", "VS-A", []ClaimID{"brand/CLM-A", "brand/CLM-Z"}, below...)
	c.covers("COV-1", ledgertest.Miller, "mill", "brand/CLM-A", "VS-A", "miller/CNV/2", "1500")
	c.claims("CLM-B", "brand/T-2/1", "1")
	// Short ones with their quotes: a signature's base64 has three letters by chance.
	for id, secrets := range map[ClaimID][]string{
		"miller/COV-1": {"Hof Birken", "VS-B", `"I-A"`, `T-2"`, "CLM-Z", `"WB-`, "clerk"},
		"brand/CLM-B":  {"CLM-A", "CLM-Z", "COV-1", "Hof Cronau", `"WB-`, "clerk"},
	} {
		data, err := wire.Format(c.bundle(id, c.signed(everybody()...)))
		require.NoError(t, err)
		for _, secret := range secrets {
			require.NotContains(t, string(data), secret, id)
		}
	}
}

// Nothing that a covering claim rests on can be left out or changed.
func TestCoversThatWereTamperedWith(t *testing.T) {
	c := mixed(t)
	c.ledger.Find("VS-A", "Nothing was sown")
	c.traces("TR-1", "VS-A", []ClaimID{"brand/CLM-A"}, below...)
	c.covers("COV-1", ledgertest.Miller, "mill", "brand/CLM-A", "VS-A", "miller/CNV/2", "1500")
	good := c.bundle("miller/COV-1", c.signed(everybody()...))
	_, err := verify.Check(good, c.trust(5))
	require.NoError(t, err)
	for i := range good.Leaves {
		bad := copied(t, good)
		bad.Leaves = slices.Delete(bad.Leaves, i, i+1)
		_, err := verify.Check(c.reproved(bad), c.trust(5))
		require.Error(t, err, "without %s", good.Leaves[i].Core.Command.ID)
	}
	for what, spoil := range map[string]func(b *verify.Bundle){
		"another claim": func(b *verify.Bundle) {
			l := &b.Leaves[at(*b, "COV-1")]
			body := l.Core.Command.Body.(CoverRecall)
			body.Claim = "brand/CLM-Q"
			l.Core.Command.Body = body
		},
		"more of the covered claim": func(b *verify.Bundle) {
			l := &b.Leaves[at(*b, "CLM-A")]
			body := l.Core.Command.Body.(ClaimCredits)
			body.Lines = slices.Clone(body.Lines)
			body.Lines[0].Quantity = ledgertest.Kg("9000")
			l.Core.Command.Body = body
		},
		"another mark": func(b *verify.Bundle) {
			for i, r := range b.Register {
				if key, err := wire.ParseKey(r.Key); err == nil && key.Kind == KindMark && r.Value != "" {
					b.Register[i].Value = r.Value[:len(r.Value)-9] + "9" + r.Value[len(r.Value)-8:]
				}
			}
		},
	} {
		bad := copied(t, good)
		spoil(&bad)
		_, err := verify.Check(bad, c.trust(5))
		require.Error(t, err, what)
	}
}
