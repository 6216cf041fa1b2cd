package massbalance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

func TestCancel(t *testing.T) {
	l, first, _ := stocked(t)
	cancel := Cancel{"elevator", "wheat", []LotLine{{first, kg("15000")}}, "given up for the region's account"}
	l.refuses([]refusal{
		{"no reason", InvalidCommand, "growers", with(cancel, func(b *Cancel) { b.Reason = "" }), ""},
		{"of nothing", InvalidCommand, "growers", with(cancel, func(b *Cancel) { b.Lines = nil }), ""},
		{"another's lot", NotOwner, "miller", with(cancel, func(b *Cancel) { b.Site = "mill" }), ""},
		{"other product", ProductMismatch, "growers", with(cancel, func(b *Cancel) { b.Product = "flour" }), ""},
		{"more than there is", InsufficientCredit, "growers", with(cancel, func(b *Cancel) { b.Lines = []LotLine{{first, kg("40000.001")}} }), "0.001"},
	})
	l.must("growers", cancel)
	require.Equal(t, "100000", l.account("elevator", "wheat").Stock().String(), "the material stays")
	require.Equal(t, "45000", l.account("elevator", "wheat").Credit().String())
	require.Equal(t, "15000.000", FormatGrams(l.check().Characteristics[characteristics().ID()].Cancelled))

	credits := LotID(l.must("growers", Decouple{"elevator", "wheat", []LotLine{{first, kg("25000")}}}).Subject + "/1")
	l.must("growers", with(cancel, func(b *Cancel) { b.Lines = []LotLine{{credits, kg("25000")}} }))
	l.refuses([]refusal{{"cancelled before", InsufficientCredit, "growers", with(cancel, func(b *Cancel) { b.Lines = []LotLine{{credits, kg("1")}} }), "1"}})
	l.must("growers", l.consent("elevator", "growers", l.last(Cancel{}), nil))
	require.Equal(t, "25000", l.lot(credits).Available().String(), "cancelled by mistake")
	l.must("growers", l.standing("su-1", Suspended, day, nil))
	l.must("growers", with(cancel, func(b *Cancel) { b.Lines = []LotLine{{credits, kg("25000")}} }))
	l.check()
}

// A claim is no finer than what all of its lines share, mass balance traces to
// the sourcing region at best and book and claim traces nothing (GHG Protocol
// Land Sector and Removals Standard, as summarised by Quantis).
func TestTraceabilityOfAClaim(t *testing.T) {
	place := func(region, unit string) func(*Statement) {
		return func(s *Statement) { s.Characteristics.Region, s.Characteristics.LandUnit = region, unit }
	}
	l := founded(t)
	l.adopt(RegisterProduct{Product{ID: "oats", Name: "Oats", YieldCaps: []YieldCap{{Region: "FRF2", PerHectare: kg("9000"), Source: "test"}, {Region: "FRB0", PerHectare: kg("9000"), Source: "test"}}}})
	l.must("growers", l.certificate("oats", func(c *Certificate) { c.Products = []ProductID{"oats"} }))
	of := func(id string, change func(*Statement)) {
		l.must("growers", l.statement(id, func(s *Statement) { s.Certificate, s.Product = "oats", "oats"; change(s) }))
	}
	of("field1", place("FRF2", "field1"))
	of("field2", place("FRF2", "field2"))
	of("centre", place("FRB0", "field3"))
	of("abroad", func(s *Statement) { s.Characteristics.Country = "BE"; place("FRF2", "field1")(s) })
	tickets := 0
	lot := func(statement StatementID, model CustodyModel) LotID {
		tickets++
		return l.as(model, statement, "10", string(rune('A'+tickets)))
	}
	credits := func(statement StatementID) LotID {
		return LotID(l.must("growers", Decouple{"elevator", "oats", []LotLine{{lot(statement, MassBalance), kg("10")}}}).Subject + "/1")
	}
	tests := []struct {
		name  string
		lots  []LotID
		trace Claim
		model CustodyModel
	}{
		{"one field", []LotID{lot("field1", IdentityPreserved), lot("field1", Segregated)}, Claim{Traceability: TracedToLandUnit, Country: "FR", Region: "FRF2", LandUnit: "field1"}, Segregated},
		{"two fields", []LotID{lot("field1", Segregated), lot("field2", Segregated)}, Claim{Traceability: TracedToRegion, Country: "FR", Region: "FRF2", LandUnit: ""}, Segregated},
		{"by mass balance", []LotID{lot("field1", MassBalance)}, Claim{Traceability: TracedToRegion, Country: "FR", Region: "FRF2", LandUnit: ""}, MassBalance},
		{"two regions", []LotID{lot("field1", Segregated), lot("centre", Segregated)}, Claim{Traceability: TracedToCountry, Country: "FR", Region: "", LandUnit: ""}, Segregated},
		{"two countries", []LotID{lot("field1", Segregated), lot("abroad", Segregated), lot("field1", Segregated)}, Claim{Traceability: NotTraced}, Segregated},
		{"book and claim", []LotID{lot("field1", Segregated), credits("field1")}, Claim{Traceability: NotTraced}, BookAndClaim},
	}
	for _, test := range tests {
		var lines []LotLine
		for _, id := range test.lots {
			lines = append(lines, LotLine{id, kg("10")})
		}
		id := l.must("growers", ClaimCredits{Site: "elevator", Product: "oats", Lines: lines, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}).Subject
		claim := l.state[ClaimKey(ClaimID(id))].(Claim)
		require.Equal(t, test.trace, Claim{Traceability: claim.Traceability, Country: claim.Country, Region: claim.Region, LandUnit: claim.LandUnit}, test.name)
		require.Equal(t, test.model, claim.Model, test.name)
		require.Equal(t, test.model.Wording(), claim.Wording, test.name)
		for i, line := range claim.Lines {
			require.Equal(t, l.lot(test.lots[i]).Model, line.Model)
			require.NotNil(t, l.state[CharacteristicsKey(line.Characteristics)], "where removals stand apart")
		}
	}
	l.check()
}
