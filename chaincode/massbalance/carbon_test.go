package massbalance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// but is a copy of something with a change.
func but[T any](v T, change func(*T)) T {
	change(&v)
	return v
}

func figure(text string) CarbonFigure { return CarbonFigure{intensity(text), "test"} }

func later(text string) *CarbonFigure {
	f := figure(text)
	return &f
}

// What was kept before the later figures were added keeps its ID: this one was
// computed by hand from the canonical form.
func TestSetsKeepTheirIDs(t *testing.T) {
	c := characteristics()
	require.Equal(t, CharacteristicsID("ab292aae5fa707efc754a7e9b6538e713e4c7eed12cb2be2e5ac6040f2afdebc"), c.ID())
	ids := map[CharacteristicsID]bool{c.ID(): true}
	for _, change := range []func(*Characteristics){
		func(c *Characteristics) { c.Carbon.LandManagementFossil = later("0.1") },
		func(c *Characteristics) { c.Carbon.LandCarbonLeakage = later("0.1") },
		func(c *Characteristics) { c.Carbon.ReferenceTo = "2025-12-31" },
		func(c *Characteristics) { c.Carbon.ValidTo = "2025-12-31" },
		func(c *Characteristics) { c.Carbon.ReferenceFrom, c.Carbon.ValidTo = "2025-12-31", "x" },
		func(c *Characteristics) { c.Carbon.PrimaryData = ratio("0.5") },
		func(c *Characteristics) { c.DerivedFrom = []CharacteristicsID{"a"} },
	} {
		changed := but(c, change)
		require.False(t, ids[changed.ID()])
		ids[changed.ID()] = true
	}
}

// Domain acceptance tests AT-11a to c (PACT v3, examples 1, 2 and 4), with the
// uptake as −44/12 of the biogenic carbon, before rounding. The examples have
// biogenic non-CO2 emissions that are in neither of their totals; as a figure of
// its own it is counted here, so the examples' totals come out without it.
func TestPACTTotals(t *testing.T) {
	for _, test := range []struct {
		name                string
		carbon              Carbon
		uptake, nonCO2      string
		excluding, included string
	}{
		{"AT-11a bioethanol", Carbon{Fossil: figure("0.35"), LandManagementFossil: later("0.03"), LandManagement: figure("0.004")}, "-1.613333", "0.002", "0.384", "-1.229333"},
		{"AT-11a as published", Carbon{Fossil: figure("0.35"), LandManagementFossil: later("0.03"), LandManagement: figure("0.004")}, "-1.61", "0.002", "0.384", "-1.226"},
		{"AT-11b", Carbon{Fossil: figure("4.78"), LandManagementFossil: later("0.36")}, "-19.36", "0.024", "5.14", "-14.22"},
		{"AT-11c cellulose", Carbon{Fossil: figure("0.17"), LandUseChange: figure("0.20"), LandManagementFossil: later("0.05")}, "-0.37", "0.001", "0.42", "0.05"},
	} {
		c := test.carbon
		c.BiogenicUptake, c.Removals, c.LandCarbonLeakage = figure(test.uptake), figure("-5"), later("7")
		require.Equal(t, test.excluding, c.ExcludingUptake().String(), test.name)
		require.Equal(t, test.included, c.IncludingUptake().String(), test.name)
		without := c.ExcludingUptake()
		c.BiogenicNonCO2 = figure(test.nonCO2)
		require.Equal(t, test.nonCO2, c.ExcludingUptake().Sub(without).String(), test.name)
	}
}

// AT-12 (PACT v3): figures hold for three years after the reference period at
// most. PACT's own examples 3 and 4 break the rule.
func TestValidityOfFigures(t *testing.T) {
	l := founded(t)
	publish := func(from, to, valid Date, primary string) PublishStatement {
		return l.statement("v"+string(valid), func(s *Statement) {
			s.Characteristics.Carbon.ReferenceFrom, s.Characteristics.Carbon.ReferenceTo, s.Characteristics.Carbon.ValidTo = from, to, valid
			s.Characteristics.Carbon.PrimaryData = ratio(primary)
		})
	}
	l.refuses([]refusal{
		{"AT-12: to 2027-12-31 after 2024-09-30", InvalidCommand, "growers", publish("2024-02-25", "2024-09-30", "2027-12-31", "0"), ""},
		{"no reference period", InvalidCommand, "growers", publish("", "", "2027-12-31", "0"), ""},
		{"backwards", InvalidCommand, "growers", publish("2025-01-01", "2024-12-31", "", "0"), ""},
		{"ends before its period does", InvalidCommand, "growers", publish("2024-01-01", "2024-12-31", "2024-12-30", "0"), ""},
		{"no day", InvalidCommand, "growers", publish("2024-01-01", "2024-02-29", "2027-02-29", "0"), ""},
		{"after a leap day", InvalidCommand, "growers", publish("2024-01-01", "2024-02-29", "2027-03-01", "0"), ""},
		{"all primary and more", InvalidCommand, "growers", publish("2024-01-01", "2024-12-31", "2027-12-31", "1.01"), ""},
		{"derived by a certifier", InvalidCommand, "growers", l.statement("d", func(s *Statement) { s.Characteristics.DerivedFrom = []CharacteristicsID{s.Characteristics.ID()} }), ""},
		{"leakage below 0", InvalidCommand, "growers", l.statement("d", func(s *Statement) { s.Characteristics.Carbon.LandCarbonLeakage = later("-1") }), ""},
	})
	l.must("growers", publish("2024-01-01", "2024-12-31", "2027-12-31", "0.129"))
	l.must("growers", publish("2024-01-01", "2024-02-29", "2027-02-28", "1"))
	l.must("growers", publish("2023-06-01", "2023-08-02", "2026-08-02", "0"))
	old := LotID(l.must("growers", with(introduce("10", "T1"), func(b *Introduce) { b.Statement = "v2026-08-02" })).Subject)
	claim := ClaimCredits{Site: "elevator", Product: "wheat", Lines: []LotLine{{old, kg("10")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}
	l.refuses([]refusal{{"claimed a day too late", FiguresExpired, "growers", claim, ""}})
	require.Equal(t, Accepted, l.on("2026-08-02", "growers", claim).Code)
	l.check()
}

// emits introduces wheat whose figures are given, at the elevator.
func (l *ledger) emits(name, quantity string, change func(*Carbon)) LotID {
	l.t.Helper()
	l.must("growers", l.statement(name, func(s *Statement) {
		s.Quantity, s.Area, s.Characteristics.Carbon = kg("10000000"), hectares("2000"), Carbon{}
		change(&s.Characteristics.Carbon)
	}))
	return LotID(l.must("growers", with(introduce(quantity, name), func(b *Introduce) { b.Statement = StatementID(name) })).Subject)
}

func (l *ledger) carbon(id LotID) Carbon {
	return l.state[CharacteristicsKey(l.lot(id).Characteristics)].(Characteristics).Carbon
}

// merges lets lots of the usual scheme be merged.
func (l *ledger) merges(how CarbonMerge) {
	l.t.Helper()
	l.adopt(RegisterProfile{profile(func(p *Profile) { p.Carbon = how })})
}

// AT-19 (ISCC): 500 t at 20 and 500 t at 30 may stay two batches or be 1,000 t
// at 30; 1,000 t at 25 are refused.
func TestISCCForbidsTheAverage(t *testing.T) {
	l := founded(t)
	a := l.emits("a", "500000", func(c *Carbon) { c.Fossil, c.Removals = figure("20"), figure("-2") })
	b := l.emits("b", "500000", func(c *Carbon) { c.Fossil, c.Removals = figure("30"), figure("-1") })
	pool := MergeLots{Site: "elevator", Product: "wheat", Lines: []LotLine{{a, kg("500000")}, {b, kg("500000")}}, Carbon: CarbonHighest}
	l.refuses([]refusal{{"no profile", CarbonMergeForbidden, "growers", pool, ""}})
	l.adopt(RegisterProfile{profile(published("iscc-eu"))})
	average := with(pool, func(b *MergeLots) { b.Carbon = CarbonWeightedMean })
	l.refuses([]refusal{{"AT-19: 1,000 t at 25", CarbonMergeForbidden, "growers", average, ""}})
	pooled := LotID(l.must("growers", pool).Subject)
	require.Equal(t, "1000000", l.lot(pooled).Quantity.String())
	require.Equal(t, "30", l.carbon(pooled).Fossil.Intensity.String())
	require.Equal(t, "-1", l.carbon(pooled).Removals.Intensity.String(), "the highest of a removal is the smallest")
	require.Len(t, l.lot(pooled).Parents, 2)
	require.Equal(t, "1000000", l.credit("wheat"))
	tally := l.check()
	require.Equal(t, "1000000.000", FormatGrams(tally.Characteristics[l.lot(pooled).Characteristics].Derived))
}

func TestWeightedMeanRoundsUp(t *testing.T) {
	l := founded(t)
	l.merges(CarbonWeightedMean)
	a := l.emits("a", "1", func(c *Carbon) {
		c.Fossil, c.Removals, c.LandCarbonLeakage = figure("0.1"), figure("-0.1"), later("0.3")
		c.ReferenceFrom, c.ReferenceTo, c.ValidTo, c.PrimaryData = "2025-01-01", "2025-06-30", "2028-06-30", ratio("0.8")
	})
	b := l.emits("b", "2", func(c *Carbon) {
		c.Fossil, c.Removals = figure("0.2"), figure("-0.2")
		c.ReferenceFrom, c.ReferenceTo, c.ValidTo, c.PrimaryData = "2025-03-01", "2025-12-31", "2027-12-31", ratio("0.5")
	})
	pool := MergeLots{Site: "elevator", Product: "wheat", Lines: []LotLine{{a, kg("1")}, {b, kg("2")}}, Carbon: CarbonWeightedMean}
	c := l.carbon(LotID(l.must("growers", pool).Subject))
	require.Equal(t, "0.166667", c.Fossil.Intensity.String(), "0.5 ÷ 3, up")
	require.Equal(t, "-0.166666", c.Removals.Intensity.String(), "−0.5 ÷ 3, up")
	require.Equal(t, "0.1", c.LandCarbonLeakage.Intensity.String())
	require.Equal(t, []Date{"2025-01-01", "2025-12-31", "2027-12-31"}, []Date{c.ReferenceFrom, c.ReferenceTo, c.ValidTo})
	require.Equal(t, "1/2", c.PrimaryData.String())
	l.check()
}

func TestMergeLots(t *testing.T) {
	l := founded(t)
	l.merges(CarbonWeightedMean)
	a := l.emits("a", "1000", func(c *Carbon) { c.Fossil = figure("0.2") })
	b := l.emits("b", "1000", func(c *Carbon) { c.Fossil = figure("0.3") })
	l.must("growers", l.statement("year", func(s *Statement) { s.Characteristics.Vintage = 2025 }))
	year := LotID(l.must("growers", with(introduce("10", "T1"), func(b *Introduce) { b.Statement = "year" })).Subject)
	free := LotID(l.must("growers", Decouple{"elevator", "wheat", []LotLine{{b, kg("100")}}}).Subject + "/1")
	pool := func(lines ...LotLine) MergeLots { return MergeLots{"elevator", "wheat", lines, CarbonHighest} }
	l.refuses([]refusal{
		{"one lot", InvalidCommand, "growers", pool(LotLine{a, kg("1")}), ""},
		{"a lot twice", InvalidCommand, "growers", pool(LotLine{a, kg("1")}, LotLine{a, kg("1")}), ""},
		{"kept apart together", InvalidCommand, "growers", with(pool(LotLine{a, kg("1")}, LotLine{b, kg("1")}), func(b *MergeLots) { b.Carbon = CarbonKeepSeparate }), ""},
		{"another's", NotOwner, "miller", pool(LotLine{a, kg("1")}, LotLine{b, kg("1")}), ""},
		{"book and claim", WrongModel, "growers", pool(LotLine{a, kg("1")}, LotLine{free, kg("1")}), ""},
		{"another vintage", SetsDiffer, "growers", pool(LotLine{a, kg("1")}, LotLine{year, kg("1")}), ""},
		{"more than there is", InsufficientCredit, "growers", pool(LotLine{a, kg("1000")}, LotLine{b, kg("900.001")}), "0.001"},
	})
	pooled := LotID(l.must("growers", pool(LotLine{a, kg("600")}, LotLine{b, kg("400")})).Subject)
	require.Equal(t, "0.3", l.carbon(pooled).Fossil.Intensity.String(), "the highest may always be taken")
	again := LotID(l.must("growers", pool(LotLine{pooled, kg("500")}, LotLine{a, kg("400")})).Subject)
	same := LotID(l.must("growers", pool(LotLine{b, kg("100")}, LotLine{LotID(l.must("growers", with(introduce("5", "T9"), func(x *Introduce) { x.Statement = "b" })).Subject), kg("5")})).Subject)
	require.Equal(t, l.lot(b).Characteristics, l.lot(same).Characteristics, "equal sets stay what they are")
	require.Equal(t, []CharacteristicsID{l.lot(pooled).Characteristics}, l.setOf(again).DerivedFrom[len(l.setOf(again).DerivedFrom)-1:], "sorted by chance")
	l.check()
}

func (l *ledger) setOf(id LotID) Characteristics {
	return l.state[CharacteristicsKey(l.lot(id).Characteristics)].(Characteristics)
}

// What was merged is parted again by a reversal, as long as it is whole.
func TestMergerReversed(t *testing.T) {
	l := founded(t)
	l.merges(CarbonHighest)
	a := l.emits("a", "600", func(c *Carbon) { c.Fossil = figure("0.2") })
	b := l.emits("b", "400", func(c *Carbon) { c.Fossil = figure("0.3") })
	pool := MergeLots{"elevator", "wheat", []LotLine{{a, kg("600")}, {b, kg("400")}}, CarbonHighest}
	result := l.do("growers", pool)
	pooled := LotID(result.Subject)
	l.must("growers", l.consent("elevator", "growers", result.Command, nil))
	require.Equal(t, "600", l.lot(a).Available().String(), "each lot has its own figures again")
	require.Equal(t, "0", l.lot(pooled).Available().String())
	l.check()
	l.must("growers", pool)
	l.check()
}

// What a mill computed is taken back whole: the wheat has its own set again.
func TestReversedMillRestoresTheSet(t *testing.T) {
	l := founded(t)
	wheat := l.emits("a", "1000", func(c *Carbon) { c.Fossil = figure("0.2") })
	result := l.must("growers", Convert{
		Site: "elevator", Recipe: "milling", Quantity: kg("1000"), Lines: []LotLine{{wheat, kg("1000")}},
		Outputs: []Output{{"flour", kg("700")}, {"bran", kg("200")}}, Process: &Process{kg("50"), "meter"},
	})
	l.must("growers", l.consent("elevator", "growers", result.Command, nil))
	tally := l.check()
	require.Equal(t, "1000", l.lot(wheat).Available().String())
	require.Equal(t, "1000.000", FormatGrams(tally.Characteristics[l.lot(wheat).Characteristics].Available))
}

// A merged lot knows its parents, so a recall finds its part in it: 600 of 1,000.
func TestRecallReachesMergedLots(t *testing.T) {
	l := founded(t)
	l.merges(CarbonHighest)
	a := l.emits("a", "600", func(c *Carbon) { c.Fossil = figure("0.2") })
	b := l.emits("b", "400", func(c *Carbon) { c.Fossil = figure("0.3") })
	merged := LotID(l.must("growers", MergeLots{"elevator", "wheat", []LotLine{{a, kg("600")}, {b, kg("400")}}, CarbonHighest}).Subject)
	l.must("brand", l.finding("f1", func(f *FraudFinding) { f.Statement = "a" }))
	l.must("brand", TraceRecall{Certifier: "certifier", Statement: "a", Lots: []LotID{merged}})
	l.refuses([]refusal{{"the part that rests on the recalled statement", Recalled, "growers", Decouple{"elevator", "wheat", []LotLine{{merged, kg("400.001")}}}, "0.001"}})
	l.must("growers", Decouple{"elevator", "wheat", []LotLine{{merged, kg("400")}}})
	l.check()
}

// Nor does credit whose figures have expired stand in for what was recalled.
func TestExpiredFiguresCoverNothing(t *testing.T) {
	l := founded(t)
	a := l.emits("a", "100", func(c *Carbon) { c.Fossil = figure("0.2") })
	old := l.emits("b", "100", func(c *Carbon) { c.ReferenceFrom, c.ReferenceTo, c.ValidTo = "2023-01-01", "2023-07-01", "2026-07-01" })
	claim := ClaimID(l.must("growers", ClaimCredits{Site: "elevator", Product: "wheat", Lines: []LotLine{{a, kg("100")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}).Subject)
	l.must("brand", l.finding("f1", func(f *FraudFinding) { f.Statement = "a" }))
	l.must("brand", TraceRecall{Certifier: "certifier", Statement: "a", Claims: []ClaimID{claim}})
	l.refuses([]refusal{{"expired", FiguresExpired, "growers", CoverRecall{Site: "elevator", Certifier: "certifier", Statement: "a", Claim: claim, Lines: []LotLine{{old, kg("100")}}}, ""}})
}

// A processor's own emissions are added to those of the input and allocated by
// mass: 50 t of wheat at 0.3 and 6 t CO2e of the mill are 15 + 6 = 21 t in 48 t of
// flour and bran, 0.4375 kg per kg, of which the credit of 40 t carries its part.
func TestMillAddsItsEmissions(t *testing.T) {
	l := founded(t)
	wheat := l.emits("a", "40000", func(c *Carbon) {
		c.Fossil, c.Removals, c.LandManagementFossil, c.PrimaryData = figure("0.2"), figure("-0.03"), later("0.1"), ratio("0.9")
	})
	l.must("growers", TakeIn{Site: "elevator", Product: "wheat", Quantity: kg("10000"), Evidence: "X"})
	mill := Convert{
		Site: "elevator", Recipe: "milling", Quantity: kg("50000"), Lines: []LotLine{{wheat, kg("40000")}},
		Outputs: []Output{{"flour", kg("36000")}, {"bran", kg("12000")}}, Process: &Process{kg("6000"), "meter readings"},
	}
	l.refuses([]refusal{
		{"emissions of nothing", InvalidCommand, "growers", with(mill, func(b *Convert) { b.Process = &Process{Method: "x"} }), ""},
		{"no method", InvalidCommand, "growers", with(mill, func(b *Convert) { b.Process = &Process{Emissions: kg("1")} }), ""},
		{"more than can be written", QuantityTooLarge, "growers", with(mill, func(b *Convert) { b.Process = &Process{kg("999999999999999"), "x"} }), ""},
	})
	l.must("growers", mill)
	flour, bran := l.lots("elevator", "flour")[0], l.lots("elevator", "bran")[0]
	require.Equal(t, l.lot(flour).Characteristics, l.lot(bran).Characteristics)
	c := l.carbon(flour)
	require.Equal(t, "0.333334", c.Fossil.Intensity.String(), "(10 + 6) ÷ 48")
	require.Equal(t, "meter readings", c.Fossil.Method)
	require.Equal(t, "0.104167", c.LandManagementFossil.Intensity.String(), "0.1 × 50 ÷ 48: what is lost leaves its emissions with the rest")
	require.Equal(t, "-0.03125", c.Removals.Intensity.String())
	require.True(t, c.PrimaryData.IsZero())
	require.Equal(t, []CharacteristicsID{l.lot(wheat).Characteristics}, l.setOf(flour).DerivedFrom)
	require.Equal(t, "28800", l.lot(flour).Quantity.String())
	l.must("growers", ClaimCredits{Site: "elevator", Product: "flour", Lines: []LotLine{{flour, kg("28800")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"})
	tally := l.check()
	require.Equal(t, "38400.000", FormatGrams(tally.Characteristics[l.lot(flour).Characteristics].Derived))
	require.Equal(t, "38400.000", FormatGrams(tally.Characteristics[l.lot(wheat).Characteristics].Restated))
	require.Equal(t, "1600.000", FormatGrams(tally.Characteristics[l.lot(wheat).Characteristics].Loss))
}

// A recipe may allocate by declared parts, such as 9 : 1 by value: flour takes
// nine tenths of the emissions, whatever it weighs. Undifferentiated outputs take
// none away from what is credited.
func TestRecipeAllocatesEmissions(t *testing.T) {
	l := founded(t)
	recipe := Recipe{ID: "value", Input: "wheat", Source: "test", Outputs: []RecipeOutput{
		{Product: "flour", Factor: ratio("0.72"), Emissions: ratio("0.9")}, {Product: "bran", Factor: ratio("0.28"), Emissions: ratio("0.1")},
	}}
	l.refuses([]refusal{
		{"parts of more than all", InvalidCommand, "growers", RegisterRecipe{but(recipe, func(r *Recipe) {
			r.Outputs = []RecipeOutput{recipe.Outputs[0], {Product: "bran", Factor: ratio("0.28"), Emissions: ratio("0.2")}}
		})}, ""},
		{"a part missing", InvalidCommand, "growers", RegisterRecipe{but(recipe, func(r *Recipe) {
			r.Outputs = []RecipeOutput{{Product: "flour", Factor: ratio("0.72"), Emissions: ratio("1")}, {Product: "bran", Factor: ratio("0.28")}}
		})}, ""},
	})
	l.adopt(RegisterRecipe{recipe})
	wheat := l.emits("a", "2000", func(c *Carbon) { c.Fossil = figure("0.3") })
	mill := Convert{Site: "elevator", Recipe: "value", Quantity: kg("1000"), Lines: []LotLine{{wheat, kg("1000")}}, Outputs: []Output{{"flour", kg("720")}, {"bran", kg("280")}}}
	l.must("growers", mill)
	require.Equal(t, "0.375", l.carbon(l.lots("elevator", "flour")[0]).Fossil.Intensity.String(), "270 ÷ 720")
	require.Equal(t, "0.107143", l.carbon(l.lots("elevator", "bran")[0]).Fossil.Intensity.String(), "30 ÷ 280, up")
	mill.Outputs = mill.Outputs[:1]
	l.must("growers", mill)
	require.Equal(t, "0.416667", l.carbon(l.lots("elevator", "flour")[1]).Fossil.Intensity.String(), "300 ÷ 720: bran that was not booked takes nothing away")
	l.check()
}

// Without either, a conversion leaves its lots under the set they came with.
func TestConversionKeepsTheSetByDefault(t *testing.T) {
	l, flour := milled(t)
	require.Equal(t, characteristics().ID(), l.lot(flour).Characteristics)
	require.Empty(t, l.entries[len(l.entries)-1].Record.Sets)
}

func TestBaseline(t *testing.T) {
	l := founded(t)
	average := Baseline{Product: "wheat", Region: "FRF2", Intensity: intensity("0.4"), Source: "national inventory 2024"}
	b := func(change func(*Baseline)) RegisterBaseline { return RegisterBaseline{but(average, change)} }
	l.refuses([]refusal{
		{"no region", InvalidCommand, "growers", b(func(b *Baseline) { b.Region = "" }), ""},
		{"of nothing", InvalidCommand, "growers", b(func(b *Baseline) { b.Intensity = Intensity{} }), ""},
		{"no source", InvalidCommand, "growers", b(func(b *Baseline) { b.Source = "" }), ""},
		{"product unknown", NotFound, "growers", b(func(b *Baseline) { b.Product = "gold" }), ""},
	})
	l.adopt(RegisterBaseline{average})
	l.refuses([]refusal{{"taken", AlreadyExists, "growers", b(func(b *Baseline) { b.Source = "other" }), ""}})
	l.adopt(b(func(b *Baseline) { b.Version, b.Intensity = 2, intensity("0.394") }))
	now := l.state[BaselineKey("wheat", "FRF2")].(Baseline)
	require.Equal(t, "100", now.Difference(characteristics().Carbon, kg("1000")).String(), "0.394 − 0.294: the removal is not netted")
	require.Equal(t, "0.4", l.state[SupersededKey("baseline/wheat/FRF2", 1)].(Superseded).Baseline.Intensity.String())
}

// Whoever did not claim reports the residual: with 100 t at 0.4 on average and
// 25 t claimed at 0.1, what is left has 37.5 ÷ 75 = 0.5.
func TestUnclaimedOutputGetsTheResidual(t *testing.T) {
	total := Emitted{kg("100000"), intensity("0.4")}
	residual, ok := Residual(total, []Emitted{{kg("20000"), intensity("0.1")}, {kg("5000"), intensity("0.1")}})
	require.True(t, ok)
	require.Equal(t, "0.5", residual.String())
	residual, _ = Residual(total, nil)
	require.Equal(t, "0.4", residual.String(), "nothing was claimed: the average")
	residual, _ = Residual(total, []Emitted{{kg("70000"), intensity("0")}})
	require.Equal(t, "1.333334", residual.String(), "rounded up")
	for name, claimed := range map[string]Emitted{"all": {kg("100000"), intensity("0.4")}, "too much": {kg("100001"), intensity("0")}, "more emissions than there are": {kg("1000"), intensity("41")}} {
		_, ok = Residual(total, []Emitted{claimed})
		require.False(t, ok, name)
	}
}

// Recount finds figures that fell, by themselves or in the wrong place.
func TestRecountFindsLoweredFigures(t *testing.T) {
	for _, test := range []struct {
		name, finds string
		spoil       func(*Entry)
	}{
		{"below the mean", "I10: fossil fell", func(e *Entry) {
			e.Record.Sets[0].Carbon.Fossil = figure("0.249999")
		}},
		{"below the highest", "fossil of the merged lot is not the highest", func(e *Entry) {
			e.Record.Sets[0].Carbon.Fossil = figure("0.299999")
		}},
		{"more removed", "I10: removals fell", func(e *Entry) {
			e.Record.Sets[0].Carbon.Removals = figure("-1")
		}},
		{"another vintage", "differs in more than carbon", func(e *Entry) { e.Record.Sets[0].Vintage = 2020 }},
		{"as the mean", "does not let carbon figures be merged", func(e *Entry) {
			e.Command.Body = with(e.Command.Body.(MergeLots), func(b *MergeLots) { b.Carbon = CarbonWeightedMean })
		}},
		{"from nothing", "derived from nothing", func(e *Entry) { e.Record.Sets[0].DerivedFrom = nil }},
		{"an unknown set", "nobody published", func(e *Entry) { e.Record.Credits[len(e.Record.Credits)-1].Restated = "none" }},
		{"elsewhere", "I10: carbon figures changed", func(e *Entry) { e.Command.Body = Downgrade{} }},
	} {
		l := founded(t)
		l.merges(CarbonHighest)
		a, b := l.emits("a", "500", func(c *Carbon) { c.Fossil = figure("0.2") }), l.emits("b", "500", func(c *Carbon) { c.Fossil = figure("0.3") })
		l.must("growers", MergeLots{"elevator", "wheat", []LotLine{{a, kg("500")}, {b, kg("500")}}, CarbonHighest})
		l.check()
		entries := append([]Entry{}, l.entries...)
		last := &entries[len(entries)-1]
		last.Record.Sets = append([]Characteristics{}, last.Record.Sets...)
		last.Record.Credits = append([]Posting{}, last.Record.Credits...)
		test.spoil(last)
		if test.finds == "I10: carbon figures changed" {
			last.Record.Type = Downgrade{}.Type()
		}
		for i := range last.Record.Credits {
			if p := &last.Record.Credits[i]; p.Restated != "" && p.Restated != "none" {
				p.Restated = last.Record.Sets[0].ID()
			}
		}
		require.Contains(t, strings.Join(Recount(entries).Findings, "\n"), test.finds, test.name)
	}
}

// Random mergers and mills: no figure's Σ mass × intensity is ever lowered, as
// Recount adds it up from the records.
func TestRandomFootprints(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := founded(t)
		l.merges(CarbonWeightedMean)
		draw := func(name string, most int64) Quantity { return Grams(rapid.Int64Range(1, most).Draw(r, name)) }
		value := func(name string) string {
			return fmt.Sprintf("0.%06d", rapid.IntRange(0, 999_999).Draw(r, name))
		}
		for i := range 3 {
			l.emits(fmt.Sprint("f", i), "1000", func(c *Carbon) {
				c.Fossil, c.Removals, c.LandCarbonLeakage = figure(value("fossil")), figure("-"+value("removals")), later(value("leakage"))
			})
		}
		for range rapid.IntRange(1, 5).Draw(r, "steps") {
			lots := l.lots("elevator", "wheat")
			if rapid.Bool().Draw(r, "pool") && len(lots) > 1 {
				at := rapid.IntRange(1, len(lots)-1).Draw(r, "lot")
				l.do("growers", MergeLots{"elevator", "wheat", []LotLine{{lots[0], draw("of one", 600_000)}, {lots[at], draw("of other", 600_000)}},
					rapid.SampledFrom([]CarbonMerge{CarbonHighest, CarbonWeightedMean}).Draw(r, "how")})
			} else if len(lots) > 0 {
				input := draw("input", 900_000)
				l.do("growers", Convert{
					Site: "elevator", Recipe: "milling", Quantity: input, Lines: []LotLine{{lots[0], draw("credit", 900_000).Min(input)}},
					Outputs: []Output{{"flour", draw("flour", 600_000).Min(ratio("0.72").CeilOf(input))}, {"bran", draw("bran", 200_000).Min(ratio("0.28").CeilOf(input))}},
					Process: &Process{draw("process", 10_000_000), "test"},
				})
			}
			l.check()
		}
	})
}

// Credit of several inputs, and of merged lots, is as old as the oldest of them.
func TestSeveralInputsAreAsOldAsTheOldest(t *testing.T) {
	l := depot(t, func(p *Profile) { p.Carbon = CarbonHighest })
	for _, id := range []ProductID{"sugar", "biscuit"} {
		l.adopt(RegisterProduct{Product{ID: id, Name: string(id), YieldCaps: []YieldCap{{Region: "FRF2", PerHectare: kg("9000"), Source: "test"}}}})
	}
	l.adopt(RegisterRecipe{Recipe{ID: "mix", Input: "wheat", With: []RecipeInput{{Product: "sugar"}}, Source: "test", Outputs: []RecipeOutput{made("biscuit", "1", "")}}})
	l.must("growers", l.certificate("sc", func(c *Certificate) { c.Sites, c.Products = []SiteID{"depot"}, []ProductID{"sugar"} }))
	l.must("growers", l.statement("ss", func(s *Statement) { s.Certificate, s.Site, s.Product = "sc", "depot", "sugar" }))
	old := LotID(l.then(period, "2026-08-03", "growers", deliver("100", "T1")).Subject)
	young := LotID(l.then(period, "2026-08-10", "growers", with(deliver("100", "T2"), func(b *Introduce) { b.Statement = "ss" })).Subject)
	mixed := l.then(period, "2026-08-11", "growers", Convert{
		Site: "depot", Recipe: "mix", Quantity: kg("50"), Lines: []LotLine{{old, kg("50")}},
		With: []Input{{"sugar", kg("50"), []LotLine{{young, kg("50")}}}}, Outputs: []Output{{"biscuit", kg("100")}},
	})
	require.Equal(t, Accepted, mixed.Code, mixed.Message)
	require.Equal(t, Date("2026-08-03"), l.lot(LotID(mixed.Subject+"/1")).Booked)
	l.must("growers", l.statement("higher", func(s *Statement) {
		s.Certificate, s.Site, s.Characteristics.Carbon.Fossil = "dc", "depot", figure("0.4")
	}))
	other := LotID(l.then(period, "2026-08-12", "growers", with(deliver("10", "T3"), func(b *Introduce) { b.Statement = "higher" })).Subject)
	merged := l.then(period, "2026-08-13", "growers", MergeLots{"depot", "wheat", []LotLine{{other, kg("10")}, {old, kg("10")}}, CarbonHighest})
	require.Equal(t, Accepted, merged.Code, merged.Message)
	require.Equal(t, Date("2026-08-03"), l.lot(LotID(merged.Subject)).Booked)
	l.check()
}
