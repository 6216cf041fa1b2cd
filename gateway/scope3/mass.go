package scope3

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// CarbonMass is a quantity's figures in kilograms of CO2e, exactly. Emissions is
// the sum of those above it, and nothing is netted with it.
type CarbonMass struct {
	Fossil               massbalance.Emissions
	LandManagement       massbalance.Emissions
	LandManagementFossil massbalance.Emissions
	LandUseChange        massbalance.Emissions
	BiogenicNonCO2       massbalance.Emissions
	Emissions            massbalance.Emissions
	BiogenicUptake       massbalance.Emissions
	Removals             massbalance.Emissions
	LandCarbonLeakage    massbalance.Emissions
}

// CarbonSum adds figures up without rounding.
type CarbonSum [9]decimal.Decimal

// emissions is where a sum has all emissions together.
const emissions = 5

// Add counts a quantity with its figures.
func (c *CarbonSum) Add(q massbalance.Quantity, carbon massbalance.Carbon) {
	optional := func(f *massbalance.CarbonFigure) massbalance.Intensity {
		if f == nil {
			return massbalance.Intensity{}
		}
		return f.Intensity
	}
	for i, intensity := range []massbalance.Intensity{
		carbon.Fossil.Intensity, carbon.LandManagement.Intensity, optional(carbon.LandManagementFossil), carbon.LandUseChange.Intensity,
		carbon.BiogenicNonCO2.Intensity, {}, carbon.BiogenicUptake.Intensity, carbon.Removals.Intensity, optional(carbon.LandCarbonLeakage),
	} {
		c[i] = c[i].Add(intensity.Emissions(q))
	}
	c[emissions] = c[emissions].Add(carbon.ExcludingUptake().Mul(kilograms(q)))
}

// AddAverage counts a quantity of which only the emissions in all are known.
func (c *CarbonSum) AddAverage(q massbalance.Quantity, intensity massbalance.Intensity) {
	c[emissions] = c[emissions].Add(intensity.Emissions(q))
}

// Plus adds another sum.
func (c *CarbonSum) Plus(other CarbonSum) {
	for i := range c {
		c[i] = c[i].Add(other[i])
	}
}

// Mass gives the sum; an error means that it is more than can be written.
func (c CarbonSum) Mass() (CarbonMass, error) {
	var out [9]massbalance.Emissions
	for i := range c {
		var err error
		if out[i], err = massbalance.ParseEmissions(c[i].String()); err != nil {
			return CarbonMass{}, fmt.Errorf("couldn't add emissions up: %w", err)
		}
	}
	return CarbonMass{out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7], out[8]}, nil
}

func kilograms(q massbalance.Quantity) decimal.Decimal {
	return decimal.NewFromBigInt(massbalance.GramsOf(q), -3)
}
