package massbalance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// moves ships all of a lot with as much material and receives it.
func (l *ledger) moves(from, to SiteID, sender, receiver OrganisationID, lot LotID) LotID {
	l.t.Helper()
	quantity, product := l.lot(lot).Available(), l.lot(lot).Product
	transfer := TransferID(l.must(sender, Dispatch{Site: from, To: to, Product: product, Quantity: quantity, Lines: []LotLine{{lot, quantity}}}).Subject)
	l.must(receiver, Receive{Site: to, Transfer: transfer, Quantity: quantity})
	return LotID(string(receiver) + "/" + string(l.last(Receive{})) + "/1")
}

// chained is wheat of two lots, 30 t and 10 t, milled into 28.8 t of flour that
// went over a bakery to a shop, which claims half of it. The path leads from the
// shop's lot over the bakery's, the mill's flour and wheat to the growers' first.
func chained(t testing.TB) (l *ledger, claim ClaimID, path []LotID, second LotID) {
	l, flour := milled(t)
	wheat := l.lot(flour).Parents[0].Lot
	atBakery := l.moves("mill", "bakery", "miller", "manufacturer", flour)
	atShop := l.moves("bakery", "shop", "manufacturer", "brand", atBakery)
	claim = ClaimID(l.must("brand", ClaimCredits{Site: "shop", Product: "flour", Lines: []LotLine{{atShop, kg("14400")}}, Beneficiary: "Brand", ReportingYear: 2026, Purpose: "scope 3"}).Subject)
	parents := l.lot(wheat).Parents
	return l, claim, []LotID{atShop, atBakery, flour, wheat, parents[0].Lot}, parents[1].Lot
}

// The same tonne is reported by consecutive tiers of one chain, once by each; a
// buyer that never had it and a second one at the same tier are refused.
func TestEachTierReportsATonneOnce(t *testing.T) {
	l, claim, path, second := chained(t)
	report := func(site SiteID, quantity string, path ...LotID) ReportTier {
		return ReportTier{Site: site, Claim: claim, Path: path, Quantity: kg(quantity), ReportingYear: 2026, Purpose: "scope 3, category 1"}
	}
	l.must("manufacturer", report("bakery", "14400", path[:2]...))
	l.must("miller", report("mill", "14400", path[:3]...))
	l.refuses([]refusal{
		{"no path", InvalidCommand, "growers", report("elevator", "1", path[0]), ""},
		{"an empty lot", InvalidCommand, "growers", report("elevator", "1", path[0], ""), ""},
		{"nothing", InvalidCommand, "growers", report("elevator", "0", path...), ""},
		{"no year", InvalidCommand, "growers", with(report("elevator", "1", path...), func(b *ReportTier) { b.ReportingYear = 0 }), ""},
		{"no purpose", InvalidCommand, "growers", with(report("elevator", "1", path...), func(b *ReportTier) { b.Purpose = "" }), ""},
		{"no such claim", NotFound, "growers", with(report("elevator", "1", path...), func(b *ReportTier) { b.Claim = "brand/none" }), ""},
		{"no such lot", NotFound, "growers", report("elevator", "1", path[0], "growers/none/1"), ""},
		{"a second buyer at the bakery's tier", NotOwner, "miller", report("mill", "1", path[:2]...), ""},
		{"the claimant again", NotInLineage, "brand", report("shop", "1", path[0], path[0]), ""},
		{"twice", AlreadyExists, "manufacturer", report("bakery", "1", path[:2]...), ""},
		{"at another site", WrongSite, "growers", report("silo", "1", path...), ""},
		{"not of this claim", NotInLineage, "growers", report("elevator", "1", path[1:]...), ""},
		{"a link left out", NotInLineage, "growers", report("elevator", "1", path[0], path[1], path[2], path[4]), ""},
		{"not handed on", NotInLineage, "miller", report("mill", "1", path[:4]...), ""},
		{"more than came this way", ExceedsClaim, "growers", report("elevator", "10800.001", path...), "0.001"},
	})
	l.must("growers", report("elevator", "10800", path...))
	l.must("growers", report("elevator", "3600", append(append([]LotID{}, path[:4]...), second)...))
	kept := l.state[TierReportKey(claim, path)].(TierReport)
	require.Equal(t, 3, kept.Tier)
	require.Equal(t, OrganisationID("growers"), kept.Organisation)
	require.Equal(t, "14400", l.account("shop", "flour").Credit().String(), "a report moves nothing")
	l.check()
}

// A tonne that came round in a circle is its holder's once; and what a tier
// reports falls with the claim.
func TestReportsRestOnAClaimThatStands(t *testing.T) {
	l, first, _ := stocked(t)
	atMill := l.moves("elevator", "mill", "growers", "miller", first)
	back := l.moves("mill", "elevator", "miller", "growers", atMill)
	claim := ClaimCredits{Site: "elevator", Product: "wheat", Lines: []LotLine{{back, kg("40000")}}, Beneficiary: "G", ReportingYear: 2026, Purpose: "p"}
	id := ClaimID(l.must("growers", claim).Subject)
	report := func(site SiteID, path ...LotID) ReportTier {
		return ReportTier{Site: site, Claim: id, Path: path, Quantity: kg("40000"), ReportingYear: 2026, Purpose: "p"}
	}
	l.refuses([]refusal{{"one's own claim again", NotInLineage, "growers", report("elevator", back, atMill, first), ""}})
	l.must("growers", l.consent("elevator", "growers", l.last(ClaimCredits{}), nil))
	l.refuses([]refusal{{"reversed", ClaimReversed, "miller", report("mill", back, atMill), ""}})
	id = ClaimID(l.must("growers", claim).Subject)
	l.must("miller", report("mill", back, atMill))
	l.check()
}

func TestBookAndClaimHasNoTiers(t *testing.T) {
	l, first, _ := stocked(t)
	credits := LotID(l.must("growers", Decouple{"elevator", "wheat", []LotLine{{first, kg("40000")}}}).Subject + "/1")
	offered := TransferID(l.must("growers", TransferCredits{"elevator", "shop", "wheat", []LotLine{{credits, kg("40000")}}, ""}).Subject)
	l.must("brand", AcceptCredits{"shop", offered})
	bought := l.lots("shop", "wheat")[0]
	claim := l.must("brand", ClaimCredits{Site: "shop", Product: "wheat", Lines: []LotLine{{bought, kg("1")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}).Subject
	l.refuses([]refusal{{"credits", WrongModel, "growers", ReportTier{Site: "elevator", Claim: ClaimID(claim), Path: []LotID{bought, credits}, Quantity: kg("1"), ReportingYear: 2026, Purpose: "p"}, ""}})
}

func TestRecountChecksWhatTiersReport(t *testing.T) {
	change := func(change func(*ReportTier)) func(entries []Entry) []Entry {
		return func(entries []Entry) []Entry {
			e := &entries[len(entries)-1]
			body := e.Command.Body.(ReportTier)
			change(&body)
			e.Command.Body = body
			return entries
		}
	}
	l, claim, path, _ := chained(t)
	l.must("growers", ReportTier{Site: "elevator", Claim: claim, Path: path, Quantity: kg("10800"), ReportingYear: 2026, Purpose: "p"})
	l.check()
	for _, test := range []struct {
		finds string
		spoil func(entries []Entry) []Entry
	}{
		{"I15: no claim", change(func(b *ReportTier) { b.Claim = "brand/none" })},
		{"I15: no claim", change(func(b *ReportTier) { b.Path = path[1:] })},
		{"was not made of", change(func(b *ReportTier) { b.Path = []LotID{path[0], path[2], path[4]} })},
		{"was never growers's", change(func(b *ReportTier) { b.Path = path[:3] })},
		{"kg claimed", change(func(b *ReportTier) { b.Quantity = kg("14400.001") })},
		{"was reported before", func(entries []Entry) []Entry { return append(entries, entries[len(entries)-1]) }},
	} {
		requireFinding(t, Recount(test.spoil(append([]Entry{}, l.entries...))), test.finds)
	}
}
