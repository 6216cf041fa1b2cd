package scope3_test

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/scope3"
)

func intensity(text string) massbalance.Intensity {
	i, err := massbalance.ParseIntensity(text)
	if err != nil {
		panic(err)
	}
	return i
}

// season is the ledger of a harvest with an average for flour.
func season(t *testing.T, more func(*ledgertest.Ledger)) *readmodel.Model {
	ledger := ledgertest.New(t)
	model := ledger.Model()
	ledger.Season()
	if more != nil {
		more(ledger)
	}
	return model
}

func adoptFlour(l *ledgertest.Ledger) {
	for _, org := range []massbalance.OrganisationID{ledgertest.Growers, ledgertest.Miller, ledgertest.Manufacturer} {
		l.Must(org, massbalance.Command{ID: "BASE-1", Body: massbalance.RegisterBaseline{Baseline: massbalance.Baseline{
			Product: "wheat-flour", Region: "DE-BB", Intensity: intensity("0.5"), Source: "test", Version: 1}}})
	}
}

func report(t *testing.T, model *readmodel.Model, org massbalance.OrganisationID, year int) (r scope3.Report) {
	require.NoError(t, model.Read(t.Context(), func(s *readmodel.Snapshot) (err error) {
		r, err = scope3.Make(s, org, year)
		return err
	}))
	return r
}

// The brand bought 50 t of flour and claimed 20,000.777 kg of it; the rest has
// no factor until one is adopted, and then the residual, because the brand's
// better part was taken out of the average.
func TestTheBrandsYear(t *testing.T) {
	r := report(t, season(t, nil), ledgertest.Brand, 2026)
	require.Equal(t, "50000", r.Bought.String())
	require.Equal(t, "20000.777", r.Claimed.String())
	require.Equal(t, "29999.223", r.Unknown.String())
	for _, l := range r.Lines {
		require.Equal(t, "manufacturer", l.Supplier)
		require.Equal(t, massbalance.ProductID("wheat-flour"), l.Product)
		if l.Basis == scope3.Claimed {
			require.NotEmpty(t, l.Claim)
			require.NotEmpty(t, l.Wording)
		}
	}
	// 12,000 kg at 0.276 and 8,000.777 kg at 0.294, with 0.031 of removals beside.
	require.Equal(t, "5664.228438", r.Total.Emissions.String())
	require.Equal(t, "-372", r.Total.Removals.String())

	r = report(t, season(t, adoptFlour), ledgertest.Brand, 2026)
	require.True(t, r.Unknown.IsZero())
	require.Equal(t, scope3.Residual, r.Lines[len(r.Lines)-1].Basis)
	rest := r.Lines[len(r.Lines)-1]
	require.Positive(t, cmp(rest.Factor.String(), "0.5"), "what nobody claimed emits more than the average")
	require.Equal(t, 1, rest.Baseline)
}

// The miller bought wheat of the growers and on the market, converts it and
// claims nothing: all of it counts at no factor, and its flour is not counted.
func TestTheMillersYearIsItsWheat(t *testing.T) {
	r := report(t, season(t, nil), ledgertest.Miller, 2026)
	suppliers := map[string]string{}
	for _, l := range r.Lines {
		require.Equal(t, massbalance.ProductID("wheat"), l.Product)
		suppliers[l.Supplier] = l.Quantity.String()
	}
	require.Equal(t, map[string]string{"growers": "239680", "Spot market": "310000"}, suppliers)
	require.True(t, report(t, season(t, nil), ledgertest.Miller, 2025).Bought.IsZero())
}

// Where the claimant converted what it bought, its claim is followed back to the
// wheat, and the wheat is not counted once more.
func TestAClaimOnOwnProductIsFollowedBack(t *testing.T) {
	model := season(t, func(l *ledgertest.Ledger) {
		l.Must(ledgertest.Miller, ledgertest.Command("CLM-1", "2026-08-31", massbalance.ClaimCredits{
			Site: "mill", Product: "wheat-flour", Lines: []massbalance.LotLine{{Lot: "miller/CNV-1/1", Quantity: ledgertest.Kg("10")}},
			Beneficiary: "Mill shop", ReportingYear: 2026, Purpose: "Scope 3"}))
	})
	r := report(t, model, ledgertest.Miller, 2026)
	at := slices.IndexFunc(r.Lines, func(l scope3.Line) bool { return l.Basis == scope3.Claimed })
	require.GreaterOrEqual(t, at, 0)
	claimed := r.Lines[at]
	require.Equal(t, []string{"wheat", "wheat-flour", "10"}, []string{string(claimed.Product), string(claimed.As), claimed.ClaimedQuantity.String()})
	require.Positive(t, cmp(claimed.Quantity.String(), "10"), "more than 10 kg of wheat are in 10 kg of flour")
	var total massbalance.Quantity
	for _, l := range r.Lines {
		total = total.Add(l.Quantity)
	}
	require.Equal(t, 0, cmp(total.String(), r.Bought.String()))
}

// The latest year is that of the last claim, delivery or load taken in, whichever
// is the latest; the growers have nothing but a load that they took in.
func TestTheLatestYear(t *testing.T) {
	latest := func(model *readmodel.Model, org massbalance.OrganisationID) (year int) {
		require.NoError(t, model.Read(t.Context(), func(s *readmodel.Snapshot) (err error) {
			year, err = scope3.LatestYear(s, org)
			return err
		}))
		return year
	}
	model := season(t, nil)
	for _, org := range []massbalance.OrganisationID{ledgertest.Growers, ledgertest.Miller, ledgertest.Manufacturer, ledgertest.Brand} {
		require.Equal(t, 2026, latest(model, org), org)
	}
	require.Zero(t, latest(model, ledgertest.Certifier), "it buys nothing")
	model = season(t, func(l *ledgertest.Ledger) {
		l.Must(ledgertest.Brand, ledgertest.Command("CLM-2", "2026-09-01", massbalance.ClaimCredits{
			Site: "brand-hub", Product: "wheat-flour", Lines: []massbalance.LotLine{{Lot: "brand/RCV-1/1", Quantity: ledgertest.Kg("10")}},
			Beneficiary: "Rolls", ReportingYear: 2027, Purpose: "Scope 3"}))
	})
	require.Equal(t, 2027, latest(model, ledgertest.Brand), "it was claimed for that year")
}

func cmp(a, b string) int {
	x, _ := new(big.Rat).SetString(a)
	y, _ := new(big.Rat).SetString(b)
	return x.Cmp(y)
}

// drawReport makes a year of up to four goods.
func drawReport(r *rapid.T, name string) scope3.Report {
	var out scope3.Report
	for i := range rapid.IntRange(0, 4).Draw(r, name) {
		q := massbalance.Grams(rapid.Int64Range(1, 1_000_000_000).Draw(r, "grams"))
		emitted, err := massbalance.ParseEmissions(fmt.Sprintf("%d.%06d", rapid.IntRange(0, 900_000).Draw(r, "kg"), rapid.IntRange(0, 999_999).Draw(r, "parts")))
		require.NoError(r, err)
		out.Lines = append(out.Lines, scope3.Line{
			Product: "wheat", Supplier: fmt.Sprint("s", (i+rapid.IntRange(0, 2).Draw(r, "shift"))%5), Quantity: q, Basis: scope3.Claimed,
			Carbon: scope3.CarbonMass{Emissions: emitted},
		})
	}
	return out
}

// The three effects add up to the change, to a thousandth of a kilogram each.
func TestEffectsAddUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		before, after := drawReport(r, "before"), drawReport(r, "after")
		c := scope3.Compare(before, after)
		sum := new(big.Rat)
		for _, effect := range []string{c.Volume, c.Mix, c.Supply} {
			kg, ok := new(big.Rat).SetString(effect)
			require.True(r, ok, effect)
			sum.Add(sum, kg)
		}
		change, _ := new(big.Rat).SetString(c.Change)
		off := new(big.Rat).Abs(new(big.Rat).Sub(sum, change))
		require.LessOrEqual(r, off.Cmp(big.NewRat(2, 1000)), 0, "%+v", c)
		if len(before.Lines) > 0 {
			same := scope3.Compare(before, before)
			require.Equal(r, []string{"0.000", "0.000", "0.000"}, []string{same.Volume, same.Mix, same.Supply})
		}
	})
}

func TestEffectsOfASimpleChange(t *testing.T) {
	year := func(wheat, rye string, perWheat, perRye int64) scope3.Report {
		line := func(product, kg string, per int64) scope3.Line {
			n, _ := new(big.Rat).SetString(kg)
			emitted, _ := massbalance.ParseEmissions(n.Mul(n, big.NewRat(per, 10)).FloatString(3))
			return scope3.Line{Product: massbalance.ProductID(product), Supplier: "s", Quantity: ledgertest.Kg(kg), Basis: scope3.Claimed, Carbon: scope3.CarbonMass{Emissions: emitted}}
		}
		return scope3.Report{Lines: []scope3.Line{line("wheat", wheat, perWheat), line("rye", rye, perRye)}}
	}
	c := scope3.Compare(year("100", "100", 4, 2), year("200", "200", 4, 2))
	require.Equal(t, []string{"60.000", "60.000", "0.000", "0.000"}, []string{c.Change, c.Volume, c.Mix, c.Supply})
	c = scope3.Compare(year("100", "100", 4, 2), year("50", "150", 4, 2))
	require.Equal(t, []string{"-10.000", "0.000", "-10.000", "0.000"}, []string{c.Change, c.Volume, c.Mix, c.Supply})
	c = scope3.Compare(year("100", "100", 4, 2), year("100", "100", 3, 2))
	require.Equal(t, []string{"-10.000", "0.000", "0.000", "-10.000"}, []string{c.Change, c.Volume, c.Mix, c.Supply})
}

func TestPlanReplacesTheWorstFirst(t *testing.T) {
	half, third := intensity("0.5"), intensity("0.3")
	total, err := massbalance.ParseEmissions("80")
	require.NoError(t, err)
	r := scope3.Report{Total: scope3.CarbonMass{Emissions: total}, Lines: []scope3.Line{
		{Product: "wheat", Quantity: ledgertest.Kg("100"), Factor: &third}, {Product: "wheat", Quantity: ledgertest.Kg("100"), Factor: &half},
	}}
	plan := scope3.Try(r, []scope3.Option{
		{Name: "A", Product: "wheat", Quantity: ledgertest.Kg("150"), Intensity: intensity("0.2"), Premium: 1500, Currency: "EUR"},
		{Name: "B", Product: "wheat", Quantity: ledgertest.Kg("100"), Intensity: intensity("0.25"), Premium: 1000, Currency: "EUR"},
		{Name: "C", Product: "rye", Quantity: ledgertest.Kg("100"), Intensity: intensity("0.1"), Premium: 1},
	})
	require.Equal(t, "150", plan.Options[0].Used.String())
	require.Equal(t, "35.000", plan.Options[0].Avoided, "100 kg from 0.5 and 50 kg from 0.3 to 0.2")
	require.Equal(t, "428.57", plan.Options[0].PerTonne, "15.00 for 0.035 t")
	require.Equal(t, "50", plan.Options[1].Used.String(), "there is no use for more")
	require.Equal(t, "2000.00", plan.Options[1].PerTonne, "half of 10.00 for 0.0025 t")
	require.Equal(t, []string{"0", "0.000", ""}, []string{plan.Options[2].Used.String(), plan.Options[2].Avoided, plan.Options[2].PerTonne})
	require.Equal(t, "42.500", plan.After)
}
