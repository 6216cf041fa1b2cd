package massbalance

import (
	"fmt"
	"math/big"

	"github.com/shopspring/decimal"
)

// Baseline is what a kilogram of a product of a region emits on average. A
// claim is held against it, for a buyer would otherwise have reported the average.
// Where figures of conversions are not computed they remain those of a kilogram
// of raw material, and a baseline to compare them with must be so too.
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

// Emissions is kilograms of CO2 equivalent, exactly: a quantity times an
// intensity, or a difference of such. It has at most nine decimals, may be
// negative and is never rounded.
type Emissions struct{ kg decimal.Decimal }

// ParseEmissions reads kilograms of CO2e such as "294000" or "-0.000000003".
func ParseEmissions(text string) (Emissions, error) {
	if !emissionsForm.MatchString(text) {
		return Emissions{}, fmt.Errorf("%q is not kg CO2e with at most 9 decimals", text)
	}
	kg, err := decimal.NewFromString(text)
	if err != nil {
		return Emissions{}, fmt.Errorf("couldn't read emissions %q: %w", text, err)
	}
	return Emissions{kg}, nil
}

// String gives the canonical form.
func (e Emissions) String() string { return e.kg.String() }

// MarshalText gives the canonical form.
func (e Emissions) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads what ParseEmissions reads.
func (e *Emissions) UnmarshalText(text []byte) (err error) {
	*e, err = ParseEmissions(string(text))
	return err
}

// Comparison holds one line of a claim against the average of its product and
// region, as it was adopted when the claim was made.
type Comparison struct {
	Lot LotID
	// Region and Version name the baseline, of the claim's product.
	Region  string
	Version int
	// Average is what the quantity emits at the baseline's intensity, Emissions
	// what it emits by its own figures, and Difference the first less the second:
	// negative where it emits more than the average.
	Average    Emissions
	Emissions  Emissions
	Difference Emissions
	// Uptake, Removals and Leakage stand beside and are in none of the above.
	Uptake   Emissions
	Removals Emissions
	Leakage  Emissions
}

// compareBaselines holds each line of a claim against the baseline in force for
// its product and region; lines without one are left out.
func (e *execution) compareBaselines(product ProductID, lines []TransferLine) (all []Comparison, err error) {
	for _, line := range lines {
		set, err := need[Characteristics](e, CharacteristicsKey(line.Characteristics))
		if err != nil {
			return nil, err
		}
		baseline, adopted, err := find[Baseline](e, BaselineKey(product, set.Region))
		if err != nil {
			return nil, err
		}
		if adopted {
			all = append(all, baseline.compare(line, set.Carbon))
		}
	}
	return all, nil
}

func (b Baseline) compare(line TransferLine, c Carbon) Comparison {
	of := func(i Intensity) Emissions { return Emissions{i.Emissions(line.Quantity)} }
	compared := Comparison{
		Lot: line.Lot, Region: b.Region, Version: max(b.Version, 1), Average: of(b.Intensity),
		Emissions: of(Intensity{c.ExcludingUptake()}), Difference: Emissions{b.Difference(c, line.Quantity)},
		Uptake: of(c.BiogenicUptake.Intensity), Removals: of(c.Removals.Intensity),
	}
	if c.LandCarbonLeakage != nil {
		compared.Leakage = of(c.LandCarbonLeakage.Intensity)
	}
	return compared
}

// Difference is by how many kilograms of CO2e a quantity of these figures emits
// less than the average; negative where it emits more. It is what a claim states
// beside its figures (Comparison).
func (b Baseline) Difference(c Carbon, quantity Quantity) decimal.Decimal {
	return b.Intensity.perKg.Sub(c.ExcludingUptake()).Mul(quantity.decimal())
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
