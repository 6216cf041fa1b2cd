package massbalance_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// parcel puts a statement's area on one land unit.
func parcel(unit LandUnitID, size, area string) func(*Statement) {
	return func(s *Statement) {
		s.Area, s.Parcels = hectares(area), []Parcel{{unit, hectares(size), hectares(area)}}
	}
}

func also(schemes ...SchemeID) func(*Statement) {
	return func(s *Statement) { s.Characteristics.AlsoSchemes = schemes }
}

// Old sets keep their IDs: what was added later is written only where it is used.
func TestCharacteristicsKeepTheirIDs(t *testing.T) {
	require.Equal(t, CharacteristicsID("ab292aae5fa707efc754a7e9b6538e713e4c7eed12cb2be2e5ac6040f2afdebc"), characteristics().ID())
	ids := map[CharacteristicsID]bool{}
	for _, change := range []func(*Characteristics){
		func(*Characteristics) {},
		func(c *Characteristics) { c.AlsoSchemes = []SchemeID{"a"} },
		func(c *Characteristics) { c.AlsoSchemes = []SchemeID{"a", "b"} },
		func(c *Characteristics) { c.Project = "a" },
	} {
		ids[changed(characteristics(), change).ID()] = true
	}
	require.Len(t, ids, 4)
}

func changed[T any](v T, change func(*T)) T {
	change(&v)
	return v
}

func TestLandUnits(t *testing.T) {
	l := founded(t)
	l.must("growers", l.statement("a", parcel("FR-12", "20", "15")))
	two := func(area string) func(*Statement) {
		return func(s *Statement) {
			s.Area = hectares(area)
			s.Parcels = []Parcel{{"FR-12", hectares("20"), hectares("2")}, {"FR-13", hectares("8"), hectares("8")}}
		}
	}
	l.refuses([]refusal{
		{"more than the unit has", InvalidCommand, "growers", l.statement("x", parcel("FR-14", "20", "20.1")), ""},
		{"parcels of another area", InvalidCommand, "growers", l.statement("x", two("11")), ""},
		{"another unit than the spatial key", InvalidCommand, "growers", l.statement("x", func(s *Statement) {
			parcel("FR-14", "20", "20")(s)
			s.Characteristics.LandUnit = "FR-15"
		}), ""},
		{"another size than registered", ExceedsLand, "growers", l.statement("x", parcel("FR-12", "25", "5")), ""},
		{"beyond the unit's size", ExceedsLand, "growers", l.statement("x", parcel("FR-12", "20", "5.0001")), ""},
	})
	l.must("growers", l.statement("b", two("10")))
	l.must("growers", l.statement("c", parcel("FR-12", "20", "3")))
	l.must("growers", l.statement("d", func(s *Statement) {
		parcel("FR-12", "20", "20")(s)
		s.Characteristics.Vintage = 2027
	}))
	require.Equal(t, Harvest{Area: hectares("20"), Statements: []StatementReference{{"certifier", "a"}, {"certifier", "b"}, {"certifier", "c"}}},
		l.state[HarvestKey("FR-12", "wheat", 2026)])
}

func TestQuotas(t *testing.T) {
	l := founded(t)
	quota := func(quotas ...Quota) func(*Certificate) { return func(c *Certificate) { c.Quotas = quotas } }
	l.refuses([]refusal{
		{"of nothing", InvalidCommand, "growers", l.certificate("q", quota(Quota{Product: "wheat"})), ""},
		{"named twice", InvalidCommand, "growers", l.certificate("q", quota(Quota{"wheat", kg("1")}, Quota{"wheat", kg("2")})), ""},
	})
	l.must("growers", l.certificate("q", quota(Quota{"wheat", kg("1000")})))
	of := func(statement StatementID, quantity, ticket string) Introduce {
		return with(introduce(quantity, ticket), func(b *Introduce) { b.Statement = statement })
	}
	for _, id := range []string{"q1", "q2"} {
		l.must("growers", l.statement(id, func(s *Statement) { s.Certificate = "q" }))
	}
	l.must("growers", of("q1", "600", "T1"))
	l.refuses([]refusal{{"beyond the quota, over all statements", ExceedsQuota, "growers", of("q2", "400.001", "T2"), "0.001"}})
	l.must("growers", of("q2", "400", "T2"))
	l.check()
}

// A lot that satisfies two schemes is one volume: what is used under one is
// gone for the other, at every later step.
func TestSeveralSchemesOneVolume(t *testing.T) {
	l := founded(t)
	l.refuses([]refusal{
		{"unsorted", InvalidCommand, "growers", l.statement("x", also("z", "a")), ""},
		{"the first scheme again", InvalidCommand, "growers", l.statement("x", also("low-carbon")), ""},
		{"not certified for it", CertificateInvalid, "growers", l.statement("x", also("organic")), ""},
	})
	l.must("growers", l.certificate("bio", func(c *Certificate) { c.Scheme = "organic" }))
	l.must("growers", l.statement("both", also("organic")))
	lot := LotID(l.must("growers", with(introduce("50000", "T1"), func(b *Introduce) { b.Statement = "both" })).Subject)
	ship := Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("20000"), Lines: []LotLine{{lot, kg("20000")}}, Scheme: "organic"}
	claim := ClaimCredits{Site: "elevator", Product: "wheat", Lines: []LotLine{{lot, kg("30000")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p", Scheme: "low-carbon"}
	l.refuses([]refusal{
		{"no name", InvalidCommand, "growers", with(ship, func(b *Dispatch) { b.Scheme = "a b" }), ""},
		{"claimed under no name", InvalidCommand, "growers", with(claim, func(b *ClaimCredits) { b.Scheme = "a b" }), ""},
		{"a scheme it never had", WrongScheme, "growers", with(ship, func(b *Dispatch) { b.Scheme = "fair" }), ""},
		{"claimed under a scheme it never had", WrongScheme, "growers", with(claim, func(b *ClaimCredits) { b.Scheme = "fair" }), ""},
	})
	transfer := TransferID(l.must("growers", ship).Subject)
	require.Empty(t, l.lot(lot).Scheme, "the rest of the lot is still free")
	l.must("miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("20000")})
	wheat := l.lots("mill", "wheat")[0]
	require.Equal(t, SchemeID("organic"), l.lot(wheat).Scheme)
	mills := with(claim, func(b *ClaimCredits) { b.Site, b.Lines = "mill", []LotLine{{wheat, kg("1000")}} })
	l.refuses([]refusal{{"gone for the other scheme", WrongScheme, "miller", mills, ""}})
	l.must("miller", with(mills, func(b *ClaimCredits) { b.Scheme = "organic" }))
	l.must("miller", with(mills, func(b *ClaimCredits) { b.Scheme = "" }))
	l.must("growers", claim)
	l.refuses([]refusal{{"the volume is gone for both", InsufficientCredit, "growers", with(claim, func(b *ClaimCredits) { b.Scheme = "organic" }), "30000"}})
	for id, scheme := range map[string]SchemeID{"growers": "low-carbon", "miller": "organic"} {
		for _, e := range l.entries {
			if c, ok := l.state[ClaimKey(ClaimID(e.Record.Subject))].(Claim); ok && string(c.Organisation) == id {
				require.Equal(t, scheme, c.Lines[0].Scheme)
			}
		}
	}
	l.must("miller", l.standing("su", Suspended, "2026-08-02", func(s *Standing) { s.Certificate = "bio" }))
	l.refuses([]refusal{{"suspended under the scheme asked for", CertificateSuspended, "growers", ship, ""}})
	l.check()
}

func TestRecountFindsWhatWasVerifiedTwice(t *testing.T) {
	l := founded(t)
	l.must("growers", l.certificate("q", func(c *Certificate) { c.Quotas = []Quota{{"wheat", kg("1000")}} }))
	l.must("growers", l.statement("q1", func(s *Statement) {
		parcel("FR-12", "20", "20")(s)
		s.Certificate = "q"
	}))
	l.must("growers", with(introduce("1000", "T1"), func(b *Introduce) { b.Statement = "q1" }))
	l.check()
	spoilt := append([]Entry{}, l.entries...)
	again := spoilt[len(spoilt)-2]
	again.Command.ID, again.Record.Command = "again", "again"
	again.Command.Body = l.statement("q2", parcel("FR-12", "20", "0.5"))
	require.Contains(t, Recount(append(spoilt, again)).Findings[0], "20.5000 ha verified of land unit FR-12")
	introduction := &spoilt[len(spoilt)-1]
	introduction.Record.Credits = append([]Posting{}, introduction.Record.Credits...)
	introduction.Record.Credits[0].Quantity = kg("1000.001")
	require.Contains(t, fmt.Sprint(Recount(spoilt).Findings), "the quota is 1000.000 kg")
}
