package massbalance

import (
	"fmt"
	"math/big"

	"github.com/shopspring/decimal"
)

// Baseline is what a kilogram of a product of a region emits on average. A
// claim can be held against it, where a buyer would otherwise have reported the
// average.
type Baseline struct {
	Product ProductID
	// Region is that of the characteristics' spatial key.
	Region string
	// Intensity is of all emissions, without biogenic uptake and removals; see
	// Carbon.ExcludingUptake.
	Intensity Intensity
	Source    string
	// Version counts from 1; 0 stands for 1.
	Version int
}

func (b RegisterBaseline) check() string {
	switch l := b.Baseline; {
	case !ValidName(string(l.Product)) || !ValidName(l.Region):
		return fmt.Sprintf("baseline: product %q or region %q is not a name", l.Product, l.Region)
	case l.Intensity.Sign() <= 0:
		return fmt.Sprintf("baseline of %s in %s: intensity must be more than 0 kg CO2e/kg", l.Product, l.Region)
	case l.Source == "" || !validText(l.Source):
		return fmt.Sprintf("baseline of %s in %s: needs a source of at most %d bytes", l.Product, l.Region, textLimit)
	}
	return ""
}

func (b RegisterBaseline) execute(e *execution) error {
	if _, err := need[Product](e, ProductKey(b.Baseline.Product)); err != nil {
		return err
	}
	key := BaselineKey(b.Baseline.Product, b.Baseline.Region)
	before, exists, err := find[Baseline](e, key)
	if err != nil {
		return err
	}
	version := edition{b.Baseline.Version, before.Version, exists, Superseded{Baseline: &before}}
	return e.renew("baseline", string(b.Baseline.Product)+"/"+b.Baseline.Region, version, func() { e.put(key, b.Baseline) })
}

// Difference is by how many kilograms of CO2e a quantity of these figures emits
// less than the average; negative where it emits more. It is what a claim may
// state beside its figures, and is never stored.
func (b Baseline) Difference(c Carbon, quantity Quantity) decimal.Decimal {
	return b.Intensity.perKg.Sub(c.ExcludingUptake()).Mul(quantity.kg)
}

// Emitted is a quantity with what a kilogram of it emits.
type Emitted struct {
	Quantity  Quantity
	Intensity Intensity
}

// Residual is what a kilogram emits of what nobody claimed, given the total
// with its average and the parts that were claimed: (total × average − Σ part ×
// intensity) ÷ (total − Σ part), rounded up. It is the figure to report for
// unclaimed output; with the average, what was claimed would be counted twice.
// False says that nothing is left, or that more was claimed than there is.
func Residual(total Emitted, claimed []Emitted) (Intensity, bool) {
	left, emissions := one.of(total.Quantity), total.Intensity.of(total.Quantity)
	for _, part := range claimed {
		left.Sub(left, one.of(part.Quantity))
		emissions.Sub(emissions, part.Intensity.of(part.Quantity))
	}
	if left.Sign() <= 0 || emissions.Sign() < 0 {
		return Intensity{}, false
	}
	return ceilIntensity(new(big.Rat).Quo(emissions, left))
}
