package main

import (
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/test-network/season"
)

// project pays for cover crops on the Yorkshire farms in regenerative practice.
const project = "yorkshire-cover-crops"

// The deals of the season. What they are called off by follows from dealOf.
const (
	supply   = "OF-2025-01" // Yorkshire's regenerative wheat to the mill, three months
	spot     = "OF-2025-02" // one load of its flour to the brand
	standing = "OF-2025-03" // its biscuits, offered to the brand and not answered yet
)

// dealOf says what a shipment is called off under. The regenerative grain that
// left before the agreement began was sold without one.
func dealOf(s shipment) string {
	alone := len(s.attributed) == 1 && s.attributed[0].set == "uke1-regenerative"
	switch {
	case s.from == driffield && alone && s.dispatched.Month() >= time.September && s.dispatched.Month() <= time.November:
		return supply
	case s.from == bakery && s.product == "flour" && alone:
		return spot
	}
	return ""
}

// writeTrade writes what the season has beside its goods: averages, the project
// and the deals. Prices are invented.
func writeTrade(w *writer, farms []farm) {
	for _, part := range []struct {
		name string
		make func() (any, error)
	}{
		{"baselines.json", func() (any, error) { return baselines() }},
		{"projects.json", func() (any, error) { return projects(farms) }},
		{"deals.json", func() (any, error) { return deals() }},
	} {
		value, err := part.make()
		if err != nil && w.err == nil {
			w.err = err
		}
		w.json(part.name, value)
	}
}

// average is what a kilogram of a region's typical wheat emits, in milligrams.
func average(dry int64) (massbalance.Intensity, error) {
	f, err := figure(dry*dryMatterPermille, "")
	return f.Intensity, err
}

// baselines are the averages by region. The figures of credit stay those of a
// kilogram of wheat through milling and baking, so those of flour and biscuits
// are per kilogram of wheat as well.
func baselines() ([]massbalance.Baseline, error) {
	const decision = "Decision (EU) 2026/406, UK report of 2025-07-29, at 14 % moisture"
	var all []massbalance.Baseline
	for _, b := range []struct {
		region, source string
		dry            int64
		products       []massbalance.ProductID
	}{
		{eastAnglia, "lower end of the range", typicalLowDry, []massbalance.ProductID{"wheat", "flour", "biscuit"}},
		{yorkshire, "upper end of the range", typicalHighDry, []massbalance.ProductID{"wheat", "flour", "biscuit"}},
		{"UKE4", "middle of the range, for the bakery's flour comes from both ends", (typicalLowDry + typicalHighDry) / 2, []massbalance.ProductID{"flour", "biscuit"}},
	} {
		intensity, err := average(b.dry)
		if err != nil {
			return nil, err
		}
		for _, product := range b.products {
			source := decision + "; " + b.source
			if product != "wheat" {
				source += "; per kg of wheat, as all figures here are"
			}
			all = append(all, massbalance.Baseline{Product: product, Region: b.region, Intensity: intensity, Source: source})
		}
	}
	return all, nil
}

// projects is the one project: its volume is what was verified of its farms, its
// saving that of their practice, its cost a payment for each of their hectares.
func projects(farms []farm) ([]massbalance.Project, error) {
	expected, tenths := 0, 0
	for _, f := range farms {
		if f.region == yorkshire && f.practice == regenerative {
			expected += f.verified
			tenths += f.tenths
		}
	}
	total := int64(typicalHighDry * dryMatterPermille)
	saving, err := figure(total-total*regenerativePercent/100, "")
	pence := tenths * coverCropPayment * 10
	return []massbalance.Project{{
		ID: project, Owner: "growers", Name: "Cover crops on the Wolds", Product: "wheat", Practice: "cover-crop",
		Funders: []massbalance.Funder{{Name: "Brand", Share: ratio(60)}, {Name: "Miller", Share: ratio(40)}},
		From:    "2024-08-01", To: "2025-12-31", Expected: massbalance.Kilograms(int64(expected)), Saving: saving.Intensity,
		Method: "typical less regenerative wheat of the region: YEN Zero, ADAS 2022",
		Spend:  fmt.Sprintf("%d.%02d", pence/100, pence%100), Currency: "GBP",
	}}, err
}

// deals are offers with what became of them.
func deals() ([]season.Deal, error) {
	intensity, err := massbalance.ParseIntensity("0.2")
	if err != nil {
		return nil, err
	}
	baseline, err := average(typicalHighDry)
	if err != nil {
		return nil, err
	}
	wanted := massbalance.Specification{
		Model: massbalance.MassBalance, Intensity: &intensity, Schemes: []massbalance.SchemeID{scheme}, Regions: []string{yorkshire},
		Vintages: []int{vintage}, Projects: []massbalance.ProjectID{project},
	}
	saving := func(perKg string) *season.SavingPremium {
		return &season.SavingPremium{PerKg: perKg, Region: yorkshire, Version: 1, Intensity: baseline}
	}
	return []season.Deal{
		{
			ID: supply, Seller: "growers", Buyer: "miller",
			Offered: season.Offered{
				Site: driffield, Product: "wheat", Model: massbalance.Segregated, Set: "uke1-regenerative",
				Quantity: massbalance.Kilograms(2790000), From: "2025-09-01", To: "2025-11-30",
			},
			Commitment: season.Commitment{Product: "wheat", Specification: wanted, CarryForward: true, Periods: []massbalance.SupplyPeriod{
				span("2025-09-01", "2025-09-30", 600, 900), span("2025-10-01", "2025-10-31", 1000, 1300), span("2025-11-01", "2025-11-30", 1200, 1400),
			}},
			Rounds: []season.Round{
				{Date: "2025-08-25", Expires: "2025-09-05", Price: supplyPrice("9.00", "12.50", "6.00", saving("0.05")), Note: "kept in a silo of its own"},
				{Date: "2025-08-26", Expires: "2025-09-05", Price: supplyPrice("8.00", "11.00", "6.00", saving("0.04"))},
			},
			Accepted: "2025-08-28", Settled: "2025-12-22",
		},
		{
			ID: spot, Seller: "manufacturer", Buyer: "brand", Public: true,
			Offered: season.Offered{
				Site: bakery, Product: "flour", Model: massbalance.MassBalance, Set: "uke1-regenerative",
				Quantity: massbalance.Kilograms(159000), From: "2025-11-17", To: "2025-11-30",
			},
			Commitment: season.Commitment{Product: "flour", Specification: wanted, Periods: []massbalance.SupplyPeriod{span("2025-11-17", "2025-11-30", 150, 165)}},
			Rounds: []season.Round{
				{Date: "2025-11-17", Expires: "2025-11-24", Price: season.Price{Currency: "GBP", PerTonne: "21.00", Shortfall: "0"}},
				{Date: "2025-11-17", Expires: "2025-11-24", Price: season.Price{Currency: "GBP", PerTonne: "18.50", Shortfall: "0"}},
			},
			Accepted: "2025-11-18", Settled: "2025-12-22",
		},
		{
			ID: standing, Seller: "manufacturer", Buyer: "brand",
			Offered: season.Offered{
				Site: bakery, Product: "biscuit", Model: massbalance.MassBalance, Set: "uke1-regenerative",
				Quantity: massbalance.Kilograms(300000), From: "2026-01-01", To: lastDay,
			},
			Commitment: season.Commitment{Product: "biscuit", Specification: wanted, Periods: []massbalance.SupplyPeriod{span("2026-01-01", lastDay, 100, 300)}},
			Rounds:     []season.Round{{Date: "2025-12-08", Expires: lastDay, Price: season.Price{Currency: "GBP", PerTonne: "19.75", Shortfall: "0"}, Note: "while stocks last"}},
		},
	}, nil
}

// lastDay is so late that whoever starts the season finds an offer to answer.
const lastDay = "2030-12-31"

func span(from, to massbalance.Date, least, most int64) massbalance.SupplyPeriod {
	return massbalance.SupplyPeriod{From: from, To: to, Minimum: massbalance.Kilograms(least * tonne), Maximum: massbalance.Kilograms(most * tonne)}
}

// supplyPrice pays more for what is kept apart, and for each kilogram of CO2e
// below the average.
func supplyPrice(perTonne, segregated, shortfall string, saving *season.SavingPremium) season.Price {
	return season.Price{
		Currency: "GBP", PerTonne: perTonne, Models: []season.ModelPremium{{Model: massbalance.Segregated, PerTonne: segregated}}, Saving: saving, Shortfall: shortfall,
	}
}
