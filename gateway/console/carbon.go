package console

import (
	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// figures lists a set's carbon figures by name, in the order in which they are
// reported; those that were not found out are left out.
func figures(c massbalance.Carbon) []namedFigure {
	all := []namedFigure{
		{"Fossil", c.Fossil}, {"Land management, CO₂", c.LandManagement}, {"Land-use change", c.LandUseChange},
		{"Biogenic, non-CO₂", c.BiogenicNonCO2}, {"Biogenic uptake", c.BiogenicUptake}, {"Removals", c.Removals},
	}
	if c.LandManagementFossil != nil {
		all = append(all, namedFigure{"Land management, fossil and other gases", *c.LandManagementFossil})
	}
	if c.LandCarbonLeakage != nil {
		all = append(all, namedFigure{"Land carbon leakage", *c.LandCarbonLeakage})
	}
	return all
}

type namedFigure struct {
	name string
	massbalance.CarbonFigure
}

// claimCarbon is each figure of a claim's lines times their kilograms.
func (l *lens) claimCarbon(lines []massbalance.TransferLine) ([]carbonLine, error) {
	totals, names := map[string]decimal.Decimal{}, []string{}
	for _, line := range lines {
		set, err := find[massbalance.Characteristics](l, massbalance.CharacteristicsKey(line.Characteristics))
		if err != nil {
			return nil, err
		}
		for _, f := range figures(set.Carbon) {
			if _, seen := totals[f.name]; !seen {
				names = append(names, f.name)
			}
			totals[f.name] = totals[f.name].Add(f.Intensity.Emissions(line.Quantity))
		}
	}
	out := make([]carbonLine, 0, len(names))
	for _, name := range names {
		out = append(out, carbonLine{Name: name, Total: exactly(totals[name].String())})
	}
	return out, nil
}
