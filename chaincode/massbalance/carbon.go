package massbalance

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/shopspring/decimal"
)

// Carbon holds the figures of a product carbon footprint side by side, as PACT
// v3 and the GHG Protocol Land Sector and Removals Standard ask. They are never
// netted into one stored number. Removals and biogenic uptake are zero or
// negative, the others zero or positive.
//
// Every kilogram of CO2e stands in one figure. PACT v3 contradicts itself here:
// its schema says that fossil emissions include those of land management, its
// examples add them. We follow the examples. And its examples leave biogenic
// non-CO2 emissions out of both totals, which would be right only if another
// figure held them; where they are a figure of their own they are counted.
type Carbon struct {
	Fossil CarbonFigure
	// LandManagement is biogenic CO2 of land management.
	LandManagement CarbonFigure
	LandUseChange  CarbonFigure
	BiogenicNonCO2 CarbonFigure
	// BiogenicUptake is temporary: the product's carbon. It is not a removal.
	BiogenicUptake CarbonFigure
	// Removals are those of land management, into soil and wood.
	Removals CarbonFigure

	// The following are absent where they were not found out.

	// LandManagementFossil is fossil CO2, methane and nitrous oxide of land
	// management, beside Fossil.
	LandManagementFossil *CarbonFigure
	LandCarbonLeakage    *CarbonFigure
	// ReferenceFrom and ReferenceTo are the period that the figures are of.
	ReferenceFrom Date
	ReferenceTo   Date
	// ValidTo is the last day on which they may be claimed, three years after
	// the reference period at most (PACT v3).
	ValidTo Date
	// PrimaryData is the share of primary data, such as 0.129 for 12.9 %.
	PrimaryData Ratio
}

// CarbonFigure is one figure in kg CO2e per kg of product and how it was found.
type CarbonFigure struct {
	Intensity Intensity
	Method    string
}

// carbonNames and carbonSigns are those of the figures, in the order of vector.
var (
	carbonNames = []string{"fossil", "land management", "land-use change", "biogenic non-CO2", "biogenic uptake", "removals", "land management fossil", "land carbon leakage"}
	carbonSigns = []int{+1, +1, +1, +1, -1, -1, +1, +1}
)

// absent reports whether a set does not have the figure, of those it need not have.
// One that it has is never this, though it be zero: its intensity was read or computed.
func (f CarbonFigure) absent() bool { return f == CarbonFigure{} }

// first is how many figures every set has.
const first = 6

// vector lists the figures; those that are absent are zero.
func (c Carbon) vector() []CarbonFigure {
	figures := []CarbonFigure{c.Fossil, c.LandManagement, c.LandUseChange, c.BiogenicNonCO2, c.BiogenicUptake, c.Removals, {}, {}}
	for i, figure := range []*CarbonFigure{c.LandManagementFossil, c.LandCarbonLeakage} {
		if figure != nil {
			figures[first+i] = *figure
		}
	}
	return figures
}

// withFigures replaces the figures, and leaves out those that are zero and may be.
func (c Carbon) withFigures(figures []CarbonFigure) Carbon {
	c.Fossil, c.LandManagement, c.LandUseChange = figures[0], figures[1], figures[2]
	c.BiogenicNonCO2, c.BiogenicUptake, c.Removals = figures[3], figures[4], figures[5]
	c.LandManagementFossil, c.LandCarbonLeakage = nil, nil
	if later := figures[first]; !later.absent() {
		c.LandManagementFossil = &later
	}
	if later := figures[first+1]; !later.absent() {
		c.LandCarbonLeakage = &later
	}
	return c
}

// writeFirst and writeLater write the canonical form of what every set has and
// of what was added since, which stands only where it is given.
func (c Carbon) writeFirst(b *strings.Builder) { c.write(b, 0, first) }

func (c Carbon) writeLater(b *strings.Builder) {
	if c.LandManagementFossil != nil {
		c.write(b, first, first+1)
	}
	if c.LandCarbonLeakage != nil {
		c.write(b, first+1, first+2)
	}
	if c.ReferenceTo != "" || c.ValidTo != "" {
		fmt.Fprintf(b, "reference period %q to %q, valid to %q\n", c.ReferenceFrom, c.ReferenceTo, c.ValidTo)
	}
	if !c.PrimaryData.IsZero() {
		fmt.Fprintf(b, "primary data %s\n", c.PrimaryData)
	}
}

func (c Carbon) write(b *strings.Builder, from, to int) {
	for i, figure := range c.vector()[from:to] {
		fmt.Fprintf(b, "%s %s %q\n", carbonNames[from+i], figure.Intensity, figure.Method)
	}
}

// check says what is wrong with the figures, or "".
func (c Carbon) check() string {
	for i, f := range c.vector() {
		if f.Intensity.Sign() == -carbonSigns[i] {
			return fmt.Sprintf("%s of %s kg CO2e/kg has the wrong sign", carbonNames[i], f.Intensity)
		}
		if f.Intensity.Sign() != 0 && f.Method == "" || !validText(f.Method) {
			return fmt.Sprintf("%s needs a method of at most %d bytes", carbonNames[i], textLimit)
		}
	}
	if c.PrimaryData.Exceeds(one) {
		return fmt.Sprintf("primary data share %s is more than 1", c.PrimaryData)
	}
	return c.checkTime()
}

func (c Carbon) checkTime() string {
	switch {
	case c.ReferenceFrom == "" && c.ReferenceTo == "" && c.ValidTo == "":
		return ""
	case !c.ReferenceFrom.Valid() || !c.ReferenceTo.Valid() || c.ReferenceTo < c.ReferenceFrom:
		return fmt.Sprintf("reference period %q to %q is not a span of days", c.ReferenceFrom, c.ReferenceTo)
	case c.ValidTo == "":
		return ""
	case !c.ValidTo.Valid() || c.ValidTo < c.ReferenceTo || c.ValidTo > c.ReferenceTo.years(validityYears):
		return fmt.Sprintf("valid to %q must be a day from the reference period's end, %s, to %d years after it", c.ValidTo, c.ReferenceTo, validityYears)
	}
	return ""
}

// validityYears is how long figures hold after their reference period (PACT v3).
const validityYears = 3

// years gives the same day of a later year, for comparison: 29 February may not
// exist there, and stands before 1 March all the same.
func (d Date) years(n int) Date {
	var year int
	if _, err := fmt.Sscanf(string(d), "%4d", &year); err != nil {
		return d
	}
	return Date(fmt.Sprintf("%04d%s", year+n, d[4:]))
}

// ExcludingUptake adds up the emissions, and IncludingUptake these and the
// biogenic uptake, in kg CO2e per kg. They are for display and comparison only:
// no total is ever stored. Removals and leakage are in neither, for they are
// reported gross and apart.
func (c Carbon) ExcludingUptake() decimal.Decimal {
	total := c.Fossil.Intensity.perKg.Add(c.LandManagement.Intensity.perKg).Add(c.LandUseChange.Intensity.perKg).Add(c.BiogenicNonCO2.Intensity.perKg)
	if c.LandManagementFossil != nil {
		total = total.Add(c.LandManagementFossil.Intensity.perKg)
	}
	return total
}

// IncludingUptake is ExcludingUptake and the biogenic uptake.
func (c Carbon) IncludingUptake() decimal.Decimal {
	return c.ExcludingUptake().Add(c.BiogenicUptake.Intensity.perKg)
}

// allows reports whether lots may be pooled in the way asked for. Where the
// mean is allowed the highest is too, for it understates nothing.
func (m CarbonMerge) allows(asked CarbonMerge) bool {
	return asked == CarbonHighest && m != CarbonKeepSeparate || asked == CarbonWeightedMean && m == asked
}

// share is a quantity with the figures that it has.
type share struct {
	quantity Quantity
	carbon   Carbon
}

// merge computes the figures of shares put together. Each figure is merged on
// its own. The highest of a removal is the smallest one; the mean is exact and
// rounded up, so Σ mass × intensity is never lowered, in any figure (I10). It is
// called a mean also where all have the same figure: whether two values are the
// same in memory differs between who has just computed them and who reads them.
func merge(shares []share, how CarbonMerge) (Carbon, error) {
	merged := shares[0].carbon
	figures := make([]CarbonFigure, len(carbonNames))
	for i := range figures {
		mass, emissions := new(big.Rat), new(big.Rat)
		highest, given := shares[0].carbon.vector()[i], i < first // what every set has is written, also as zero
		for _, s := range shares {
			figure := s.carbon.vector()[i]
			mass.Add(mass, one.of(s.quantity))
			emissions.Add(emissions, figure.Intensity.of(s.quantity))
			given = given || !figure.absent()
			if highest.Intensity.perKg.LessThan(figure.Intensity.perKg) {
				highest = figure
			}
		}
		figures[i] = highest
		if how == CarbonWeightedMean && given {
			mean, ok := ceilIntensity(emissions.Quo(emissions, mass))
			if !ok {
				return merged, refuse(QuantityTooLarge, "%s of more than can be written", carbonNames[i])
			}
			figures[i] = CarbonFigure{mean, "weighted mean of the sets that this one is derived from"}
		}
	}
	for _, s := range shares[1:] {
		merged.narrow(s.carbon)
	}
	return merged.withFigures(figures), nil
}

// narrow takes over what is weaker about another set of figures: a longer
// reference period, an earlier end of validity, a smaller share of primary data.
func (c *Carbon) narrow(other Carbon) {
	if c.ReferenceFrom == "" || other.ReferenceFrom == "" {
		c.ReferenceFrom, c.ReferenceTo = "", ""
	} else {
		c.ReferenceFrom, c.ReferenceTo = min(c.ReferenceFrom, other.ReferenceFrom), max(c.ReferenceTo, other.ReferenceTo)
	}
	if c.ValidTo == "" || other.ValidTo != "" && other.ValidTo < c.ValidTo {
		c.ValidTo = other.ValidTo
	}
	if c.PrimaryData.Exceeds(other.PrimaryData) {
		c.PrimaryData = other.PrimaryData
	}
}
