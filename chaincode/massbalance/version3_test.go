package massbalance_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// This file holds what version 3 of the rules changed: each test shows the old
// rule, then the new one, and that all of it replays.

func (l *ledger) third() {
	l.adopt(AdoptRules{2})
	l.adopt(AdoptRules{3})
}

// A new ledger begins with the rules that its founding names, so that it does not
// have to be carried across all that were mended since.
func TestALedgerBeginsWithTheRulesOfItsFounding(t *testing.T) {
	l := empty(t)
	found := FoundConsortium{Members: members, Rules: RulesVersion}
	l.refuses([]refusal{
		{"less than none", InvalidCommand, "growers", with(found, func(b *FoundConsortium) { b.Rules = -1 }), ""},
		{"a version that nobody wrote", NotFound, "growers", with(found, func(b *FoundConsortium) { b.Rules++ }), ""},
	})
	require.Equal(t, 1, l.guardsNone("growers", found).Rules, "the founding itself is decided by the first")
	l.must("growers", RegisterSite{Site: "elevator", Name: "E", Country: "FR", Region: "FRF2"})
	l.refuses([]refusal{
		{"to the last day there is", PeriodLength, "growers", OpenPeriod{"elevator", "p", "2026-10-01", "9999-12-31"}, ""},
		{"the same rules again", AlreadyExists, "growers", AdoptRules{RulesVersion}, ""},
	})
	require.Equal(t, RulesVersion, l.entries[len(l.entries)-1].Record.Rules)
	l.check()
	l.replays()
}

// guardsNone sends a body that guards nothing and returns its record.
func (l *ledger) guardsNone(org OrganisationID, body Body) Record {
	l.t.Helper()
	require.Empty(l.t, l.guards(org, body))
	return l.entries[len(l.entries)-1].Record
}

// guards executes a body and tells who guards which keys from then on.
func (l *ledger) guards(org OrganisationID, body Body) map[Key]Guard {
	l.t.Helper()
	guards := map[Key]Guard{}
	batch, err := ExecuteBatch(l.state, Tx{ID: "tx", Organisation: org}, []Command{l.command(fmt.Sprintf("c%d", l.next+1), body)})
	require.NoError(l.t, err)
	for _, w := range batch.Writes {
		if w.Guard != nil {
			guards[w.Key] = *w.Guard
		}
	}
	l.must(org, body)
	return guards
}

// A site and a transfer are guarded anew by the first entry that touches them
// after the members changed, and by no other.
func TestGuardsFollowTheMembers(t *testing.T) {
	l, transfer := shipped(t)
	take := func(ticket string) TakeIn {
		return TakeIn{Site: "elevator", Product: "wheat", Quantity: kg("1"), Evidence: EvidenceID(ticket)}
	}
	remove := RemoveOrganisation{"brand", 2}
	l.adopt(remove)
	require.Empty(t, l.guards("growers", take("G1")), "up to version 2 a guard is for ever")

	l.must("growers", AdoptRules{2})
	l.must("miller", AdoptRules{2})
	l.must("growers", AdoptRules{3})
	l.must("miller", AdoptRules{3})
	three := []OrganisationID{"growers", "miller", "manufacturer"}
	head := Guard{All: []OrganisationID{"growers"}, Trading: three}
	require.Equal(t, map[Key]Guard{HeadKey("elevator"): head}, l.guards("growers", take("G2")), "nobody knows by which members it was")
	require.Empty(t, l.guards("growers", take("G3")), "it is known now")

	reject := Reject{"mill", transfer, "wet"}
	require.Equal(t, map[Key]Guard{
		HeadKey("mill"):       {All: []OrganisationID{"miller"}, Trading: three},
		TransferKey(transfer): {All: []OrganisationID{"growers", "miller"}, Trading: three},
	}, l.guards("miller", reject))
	require.Empty(t, l.guards("growers", Return{Site: "elevator", Transfer: transfer, Quantity: kg("50000")}))

	back := RegisterOrganisation{Member{Organisation: "brand", Name: "Brand", Role: Trading, Version: 3}}
	l.must("growers", back)
	l.must("miller", back)
	four := append(append([]OrganisationID{}, three...), "brand")
	guards := l.guards("growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1")})
	require.Len(t, guards, 2)
	require.ElementsMatch(t, four, guards[HeadKey("elevator")].Trading)
	require.NotEqual(t, l.state[HeadKey("mill")].(Head).Guarded, l.state[HeadKey("elevator")].(Head).Guarded)
	require.Len(t, l.guards("growers", RegisterSite{Site: "barn", Name: "Barn", Country: "FR", Region: "FRF2"}), 1, "guarded once, when it is made")
	require.Empty(t, l.guards("growers", OpenPeriod{"barn", period, "2026-07-01", "2026-09-30"}))
	l.check()
	l.replays()
}

// A site that deals in more than 500 products could not close its period any more.
func TestASiteOfManyProductsCloses(t *testing.T) {
	l := founded(t)
	closing := ClosePeriod{Site: "elevator", Period: period}
	for i := range 501 {
		product := ProductID(fmt.Sprintf("product-%d", i))
		l.adopt(RegisterProduct{Product{ID: product, Name: "P"}})
		l.must("growers", TakeIn{Site: "elevator", Product: product, Quantity: kg("1"), Evidence: EvidenceID(fmt.Sprintf("P%d", i))})
		closing.Balances = append(closing.Balances, AccountBalance{product, kg("1")})
	}
	l.refuses([]refusal{
		{"all of them", InvalidCommand, "growers", closing, ""},
		{"all but one", BalanceMismatch, "growers", with(closing, func(b *ClosePeriod) { b.Balances = b.Balances[1:] }), ""},
	})
	l.third()
	l.must("growers", closing)
	require.Len(t, l.state[PeriodKey("elevator", period)].(Period).Figures, 501)
	l.check()
	l.replays()
}

// No period is longer than a year: one that was meant to end in 2026 and was
// opened to the year 9999 has no day after it on which the next could begin.
func TestAPeriodIsAYearAtMost(t *testing.T) {
	l := founded(t)
	site := func(id SiteID) SiteID {
		l.must("growers", RegisterSite{Site: id, Name: "S", Country: "FR", Region: "FRF2"})
		return id
	}
	l.must("growers", OpenPeriod{site("old"), "p", "2026-10-01", "9999-12-31"})
	l.must("growers", ClosePeriod{Site: "old", Period: "p"})
	l.refuses([]refusal{{"after the last day there is", InvalidCommand, "growers", OpenPeriod{"old", "q", "10000-01-01", "10000-01-31"}, ""}})
	l.third()
	fresh := site("new")
	l.refuses([]refusal{
		{"to the last day there is", PeriodLength, "growers", OpenPeriod{fresh, "p", "2026-10-01", "9999-12-31"}, ""},
		{"a day more than a year", PeriodLength, "growers", OpenPeriod{fresh, "p", "2027-02-28", "2028-02-28"}, ""},
	})
	l.must("growers", OpenPeriod{fresh, "p", "2027-02-28", "2028-02-27"})
	l.check()
	l.replays()
}

// A site whose last period ended just before a day that not every month has
// comes under a profile of whole months: no period of whole months can follow.
func TestAShortPeriodLeadsToWholeMonths(t *testing.T) {
	l := founded(t)
	l.adopt(RegisterProfile{profile(func(p *Profile) { p.PeriodMonths = []int{1, 3} })})
	l.must("growers", RegisterSite{Site: "depot", Name: "D", Country: "FR", Region: "FRF2"})
	l.must("growers", OpenPeriod{"depot", "first", "2026-07-01", "2026-08-28"})
	l.must("growers", ClosePeriod{Site: "depot", Period: "first"})
	l.must("growers", ChooseScheme{"depot", "low-carbon"})
	short := OpenPeriod{"depot", "short", "2026-08-29", "2026-08-31"}
	l.refuses([]refusal{
		{"a month", PeriodLength, "growers", OpenPeriod{"depot", "next", "2026-08-29", "2026-09-28"}, ""},
		{"to the end of the month", PeriodLength, "growers", short, ""},
	})
	l.third()
	l.refuses([]refusal{
		{"two days", PeriodLength, "growers", OpenPeriod{"depot", "next", "2026-08-29", "2026-08-30"}, ""},
		{"to the end of the next month", PeriodLength, "growers", OpenPeriod{"depot", "next", "2026-08-29", "2026-09-30"}, ""},
	})
	l.must("growers", short)
	require.Zero(t, l.state[HeadKey("depot")].(Head).Months, "it sets no length")
	l.must("growers", ClosePeriod{Site: "depot", Period: "short"})
	l.must("growers", OpenPeriod{"depot", "next", "2026-09-01", "2026-11-30"})
	l.must("growers", RegisterSite{Site: "yard", Name: "Y", Country: "FR", Region: "FRF2"})
	l.must("growers", ChooseScheme{"yard", "low-carbon"})
	l.refuses([]refusal{{"as a site's first", PeriodLength, "growers", OpenPeriod{"yard", "first", "2026-08-29", "2026-08-31"}, ""}})
	l.check()
	l.replays()
}

// Whoever put up a claim's replacement a gram at a time could keep everybody else
// from covering the rest of it.
func TestAClaimIsCoveredInManyParts(t *testing.T) {
	l := pool(t)
	l.must("growers", l.statement("s3", nil))
	fresh := LotID(l.must("growers", with(introduce("20000", "T3"), func(b *Introduce) { b.Statement = "s3" })).Subject)
	id := l.must("growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("20000"), Lines: []LotLine{{fresh, kg("20000")}}}).Subject
	l.must("miller", Receive{Site: "mill", Transfer: TransferID(id), Quantity: kg("20000")})
	l.must("miller", Convert{Site: "mill", Recipe: "milling", Quantity: kg("10000"), Lines: []LotLine{{l.lots("mill", "wheat")[1], kg("10000")}}, Outputs: []Output{{"flour", kg("7200")}}})
	flour := l.lots("mill", "flour")[1]
	l.must("brand", l.finding("f1", nil))
	trace := traces("s1", l.wheat, l.flour, l.bakery)
	trace.Claims = []ClaimID{l.claim}
	l.must("brand", trace)
	cover := CoverRecall{Site: "mill", Claim: l.claim, Certifier: "certifier", Statement: "s1", Lines: []LotLine{{flour, kg("0.001")}}}
	for range ListLimit {
		l.must("miller", cover)
	}
	l.refuses([]refusal{{"one more", InvalidCommand, "miller", cover, ""}})
	l.third()
	last := ClaimID(l.must("miller", with(cover, func(b *CoverRecall) { b.Lines = []LotLine{{flour, kg("1499.5")}} })).Subject)
	require.Equal(t, l.claim, l.state[ClaimKey(last)].(Claim).Covers)
	share := l.state[MarkKey(l.claim)].(Mark).Shares[0]
	require.Equal(t, share.Quantity.String(), share.Covered.String())
	require.Len(t, share.Covers, ListLimit)
	l.check()
	l.replays()
}

// A certificate covers the products that it names. Up to version 2 of the rules
// that bounded what a statement could be of, and no more: a mill that was
// certified for wheat could sell flour under the same scheme.
func TestACertificateCoversItsProducts(t *testing.T) {
	l := founded(t)
	only := func(products ...ProductID) func(*Certificate) {
		return func(c *Certificate) { c.Sites, c.Products = []SiteID{"mill"}, products }
	}
	l.must("growers", l.certificate("cm", only("wheat")))
	farm := LotID(l.must("growers", introduce("40000", "T1")).Subject)
	ship := Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("10000"), Lines: []LotLine{{farm, kg("10000")}}}
	receive := func() {
		l.must("miller", Receive{Site: "mill", Transfer: TransferID(l.must("growers", ship).Subject), Quantity: kg("10000")})
	}
	receive()
	l.must("miller", Convert{Site: "mill", Recipe: "milling", Quantity: kg("10000"), Lines: []LotLine{{l.lots("mill", "wheat")[0], kg("10000")}}, Outputs: []Output{{"flour", kg("7200")}}})
	flour := l.lots("mill", "flour")[0]
	sell := Dispatch{Site: "mill", To: "bakery", Product: "flour", Quantity: kg("100"), Lines: []LotLine{{flour, kg("100")}}}
	claim := ClaimCredits{Site: "mill", Product: "flour", Lines: []LotLine{{flour, kg("100")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}
	l.must("miller", sell)
	l.third()
	l.refuses([]refusal{
		{"sold", CertificateInvalid, "miller", sell, ""},
		{"claimed", CertificateInvalid, "miller", claim, ""},
		{"stepped down", CertificateInvalid, "miller", Decouple{"mill", "flour", []LotLine{{flour, kg("100")}}}, ""},
	})
	receive()
	l.must("miller", Cancel{Site: "mill", Product: "flour", Lines: []LotLine{{flour, kg("1")}}, Reason: "giving up is always allowed"})
	l.must("miller", with(sell, func(b *Dispatch) { b.Lines = nil }))
	l.must("growers", l.certificate("cf", only("flour")))
	l.must("miller", sell)
	l.must("miller", claim)

	l.must("growers", l.standing("st-1", Suspended, day, func(s *Standing) { s.Certificate = "cf" }))
	l.refuses([]refusal{{"under the one for wheat", CertificateSuspended, "miller", sell, ""}})
	receive()
	l.check()
	l.replays()
}
