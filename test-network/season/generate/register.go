package main

import (
	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// site is a row of sites.json: who registers it, and how.
type site struct {
	Owner   massbalance.OrganisationID
	Site    massbalance.SiteID
	Name    string
	Country string
	Region  string
}

// period is a quarter that every site keeps.
type period struct {
	Period massbalance.PeriodID
	From   massbalance.Date
	To     massbalance.Date
}

func writeRegister(w *writer, sets []set) {
	w.json("consortium.json", []massbalance.Member{
		{Organisation: "growers", Name: "Growers' Co-operative", Role: massbalance.Trading},
		{Organisation: "miller", Name: "Miller", Role: massbalance.Trading},
		{Organisation: "manufacturer", Name: "Food Manufacturer", Role: massbalance.Trading},
		{Organisation: "brand", Name: "Brand", Role: massbalance.Trading},
		{Organisation: "certifier", Name: "Certification Body", Role: massbalance.Certification},
	})
	w.json("sites.json", []site{
		{"growers", ely, "Ely elevator", "GB", eastAnglia},
		{"growers", driffield, "Driffield elevator", "GB", yorkshire},
		{"miller", mill, "Newark mill", "GB", "UKF1"},
		{"manufacturer", bakery, "Leeds bakery", "GB", "UKE4"},
		{"brand", depot, "Daventry depot", "GB", "UKF2"},
	})
	w.json("periods.json", []period{{"2025-Q3", "2025-07-01", "2025-09-30"}, {"2025-Q4", "2025-10-01", "2025-12-31"}})
	w.json("products.json", []massbalance.Product{
		{ID: "wheat", Name: "Winter wheat, grain as weighed in", YieldCaps: []massbalance.YieldCap{
			{Region: eastAnglia, PerHectare: massbalance.Kilograms(capEastAnglia), Source: "9.9 t/ha: mean winter wheat yield of the YEN Zero farms (ADAS 2022) and of the Strutt & Parker harvest survey 2019"},
			{Region: yorkshire, PerHectare: massbalance.Kilograms(capYorkshire), Source: "9.9 t/ha as for East Anglia, plus a tenth: AHDB reported 5.5 to 12.5 t/ha on farm in Yorkshire"},
		}},
		{ID: "flour", Name: "White wheat flour"},
		{ID: "bran", Name: "Wheat bran and shorts"},
		{ID: "biscuit", Name: "Plain biscuit, by the weight of its baked flour"},
	})
	w.json("recipes.json", []massbalance.Recipe{
		{ID: "milling", Input: "wheat", Source: "Straight flour is 72 % of the wheat, bran and shorts 28 %: Baker's Dictionary, Sosland Publishing (bakingbusiness.com)", Outputs: []massbalance.RecipeOutput{
			{Product: "flour", Factor: ratio(72)}, {Product: "bran", Factor: ratio(28)},
		}},
		{ID: "baking", Input: "flour", Source: "Biscuit dough loses 14.5 to 16.5 % of its weight in baking, 15.5 % on average: Rwanda TVET Board, biscuit yield, elearning.rtb.gov.rw", Outputs: []massbalance.RecipeOutput{
			{Product: "biscuit", Factor: permille(845)},
		}},
	})
	w.json("characteristics.json", sets)
}

func ratio(percent int64) massbalance.Ratio { return permille(10 * percent) }

// permille makes an exact ratio; its operands are constants of this file.
func permille(n int64) massbalance.Ratio {
	r, err := massbalance.NewRatio(n, 1000)
	if err != nil {
		panic(err)
	}
	return r
}
