package massbalance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

func project(change func(*Project)) RegisterProject {
	p := Project{
		ID: "cover-2026", Owner: "brand", Name: "Cover crops in the Ardennes", Product: "wheat", Practice: "cover-crops",
		Funders: []Funder{{"Brand", ratio("2/3")}, {"Bank", ratio("1/3")}}, From: "2025-09-01", To: "2027-08-31",
		Expected: kg("40000"), Saving: intensity("0.06"), Method: "test",
	}
	if change != nil {
		change(&p)
	}
	return RegisterProject{p}
}

func ofProject(s *Statement) { s.Characteristics.Project = "cover-2026" }

func TestRegisterProject(t *testing.T) {
	l := founded(t)
	l.refuses([]refusal{
		{"no name", InvalidCommand, "brand", project(func(p *Project) { p.Name = "" }), ""},
		{"ends before it begins", InvalidCommand, "brand", project(func(p *Project) { p.To = "2025-08-31" }), ""},
		{"expects nothing", InvalidCommand, "brand", project(func(p *Project) { p.Expected = kg("0") }), ""},
		{"makes it worse", InvalidCommand, "brand", project(func(p *Project) { p.Saving = intensity("-0.06") }), ""},
		{"nobody pays", InvalidCommand, "brand", project(func(p *Project) { p.Funders = nil }), ""},
		{"paid more than once", InvalidCommand, "brand", project(func(p *Project) { p.Funders[1].Share = ratio("0.34") }), ""},
		{"a funder twice", InvalidCommand, "brand", project(func(p *Project) { p.Funders[1].Name = "Brand" }), ""},
		{"no such product", NotFound, "brand", project(func(p *Project) { p.Product = "gold" }), ""},
		{"another's", NotOwner, "miller", project(nil), ""},
	})
	l.refuses([]refusal{{"named before it is registered", NotFound, "growers", l.statement("x", ofProject), ""}})
	l.must("brand", project(nil))
	statement := func(change func(*Characteristics)) PublishStatement {
		return l.statement("x", func(s *Statement) {
			ofProject(s)
			change(&s.Characteristics)
		})
	}
	l.refuses([]refusal{
		{"no name of a project", InvalidCommand, "growers", statement(func(c *Characteristics) { c.Project = "a b" }), ""},
		{"taken", AlreadyExists, "brand", project(func(p *Project) { p.Name = "Other" }), ""},
		{"other practice", ProjectMismatch, "growers", statement(func(c *Characteristics) { c.Practices = []string{"no-till"} }), ""},
		{"harvest before it began", ProjectMismatch, "growers", statement(func(c *Characteristics) { c.Vintage = 2024 }), ""},
		{"harvest after it ended", ProjectMismatch, "growers", statement(func(c *Characteristics) { c.Vintage = 2028 }), ""},
	})
}

// What a project brought about is found again in the volumes bought: 30 t of the
// project and 10 t of other wheat are milled together and sold, and of each
// claim it can be said how much of it is the project's.
func TestAProjectsOutcomeIsFoundAgain(t *testing.T) {
	l := founded(t)
	l.must("brand", project(nil))
	l.must("growers", l.statement("p1", ofProject))
	of := with(introduce("30000", "T1"), func(b *Introduce) { b.Statement = "p1" })
	own := LotID(l.must("growers", of).Subject)
	other := LotID(l.must("growers", introduce("10000", "T2")).Subject)
	require.Equal(t, "30000", l.state[OutcomeKey("cover-2026", "elevator")].(ProjectOutcome).Introduced.String())

	id := l.must("growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("40000"), Lines: []LotLine{{own, kg("30000")}, {other, kg("10000")}}}).Subject
	l.must("miller", Receive{Site: "mill", Transfer: TransferID(id), Quantity: kg("40000")})
	wheat := l.lots("mill", "wheat")
	require.Len(t, wheat, 2, "credit of a project does not merge with other credit")
	l.must("miller", Convert{Site: "mill", Recipe: "milling", Quantity: kg("40000"), Lines: []LotLine{{wheat[0], kg("30000")}, {wheat[1], kg("10000")}}, Outputs: []Output{{"flour", kg("28800")}}})
	flour := l.lots("mill", "flour")
	claim := func(lines ...LotLine) Claim {
		body := ClaimCredits{Site: "mill", Product: "flour", Lines: lines, Beneficiary: "Brand", ReportingYear: 2026, Purpose: "scope-3-category-1"}
		return l.state[ClaimKey(ClaimID(l.must("miller", body).Subject))].(Claim)
	}
	mixed, without := claim(LotLine{flour[0], kg("20000")}, LotLine{flour[1], kg("1000")}), claim(LotLine{flour[1], kg("1000")})
	require.Equal(t, []ProjectID{"cover-2026"}, mixed.Projects)
	require.Empty(t, without.Projects)
	var found Quantity
	for _, line := range mixed.Lines {
		if l.state[CharacteristicsKey(line.Characteristics)].(Characteristics).Project == "cover-2026" {
			found = found.Add(line.Quantity)
		}
	}
	require.Equal(t, "20000", found.String())
	require.Equal(t, "1600", l.lot(flour[0]).Available().String(), "21.6 t of flour came of the project's 30 t")
	l.check()
	l.state[OutcomeKey("cover-2026", "elevator")] = ProjectOutcome{}
	require.Len(t, Recount(l.entries).CompareState(l.state), 1)
}

func TestRegionLimits(t *testing.T) {
	l := founded(t)
	limited := func(version int, limits ...RegionLimit) RegisterProduct {
		p := l.state[ProductKey("wheat")].(Product)
		p.Version, p.RegionLimits = version, limits
		return RegisterProduct{p}
	}
	limit := RegionLimit{"FRF2", 2026, kg("150000"), "test"}
	l.refuses([]refusal{
		{"of nothing", InvalidCommand, "growers", limited(2, RegionLimit{"FRF2", 2026, kg("0"), "test"}), ""},
		{"named twice", InvalidCommand, "growers", limited(2, limit, limit), ""},
		{"of no year", InvalidCommand, "growers", limited(2, RegionLimit{"FRF2", 0, kg("1"), "test"}), ""},
	})
	l.adopt(limited(2, limit))
	l.must("growers", l.statement("r1", nil))
	l.refuses([]refusal{{"beyond what the region can bear", ExceedsRegion, "growers", l.statement("r2", nil), "50000"}})
	l.must("growers", l.statement("r2", func(s *Statement) { s.Characteristics.Vintage = 2025 }))
	l.must("growers", l.statement("r3", func(s *Statement) { s.Quantity = kg("50000") }))
	l.check()
	again := l.entries[len(l.entries)-1]
	again.Command.ID, again.Record.Command = "again", "again"
	require.Contains(t, Recount(append(l.entries, again)).Findings[0], "the limit is 150000.000 kg")
	l.adopt(limited(3))
	l.must("growers", l.statement("r4", nil))
	l.check()
}
