package massbalance

import (
	"fmt"
	"math/big"
)

// Process is what a processor emitted in one run of a conversion, fossil.
type Process struct {
	// Emissions are in kilograms of CO2e, of the whole run.
	Emissions Quantity
	Method    string
}

func (p *Process) check() string {
	if p == nil {
		return ""
	}
	if p.Emissions.IsZero() || p.Method == "" || !validText(p.Method) {
		return fmt.Sprintf("process: needs emissions of more than 0 kg CO2e and a method of at most %d bytes", textLimit)
	}
	return ""
}

// footprint computes the carbon figures of what comes out of a conversion.
// Where the command states no emissions of the process and the recipe does not
// say how they are allocated, credit goes on under the set that it came with:
// the figures then remain those of a kilogram of raw material, as they were
// verified, and what is lost takes its figures with it.
type footprint struct {
	e       *execution
	recipe  Recipe
	process *Process
	input   Quantity
}

// computes reports whether figures are computed at all.
func (f footprint) computes() bool { return f.process != nil || f.recipe.allocates() }

// sets finds the set of each output's credit of one group. The emissions of the
// group are those of its credit and, by mass, its part of what the process
// emitted; they are allocated to the outputs that are credited with it, by the
// parts that the recipe declares or else by their credit. What is lost carries
// nothing away, so Σ mass × intensity is never lowered, in any figure (I10).
func (f footprint) sets(in blend, outputs []Output, credits []Quantity) ([]CharacteristicsID, error) {
	ids := make([]CharacteristicsID, len(outputs))
	for i := range ids {
		ids[i] = in.Characteristics
	}
	if !f.computes() {
		return ids, nil
	}
	set, err := need[Characteristics](f.e, CharacteristicsKey(in.Characteristics))
	if err != nil {
		return nil, err
	}
	weights, whole := f.weights(outputs, credits)
	for i := range outputs {
		if credits[i].IsZero() {
			continue
		}
		made := set
		part := new(big.Rat).Quo(weights[i], whole)
		if made.Carbon, err = f.carbon(set.Carbon, in.total, credits[i], part); err != nil {
			return nil, err
		}
		if ids[i], err = f.e.derived(made, []source{{set: in.Characteristics}}); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// weights are by how much each credited output shares in the emissions.
func (f footprint) weights(outputs []Output, credits []Quantity) ([]*big.Rat, *big.Rat) {
	weights, whole := make([]*big.Rat, len(outputs)), new(big.Rat)
	for i, o := range outputs {
		weights[i] = one.of(credits[i])
		if made, _ := f.recipe.output(o.Product); !made.Emissions.IsZero() && !credits[i].IsZero() {
			weights[i] = made.Emissions.rat()
		}
		whole.Add(whole, weights[i])
	}
	return weights, whole
}

// carbon gives the figures per kilogram of an output's credit.
func (f footprint) carbon(before Carbon, credit, made Quantity, part *big.Rat) (Carbon, error) {
	figures := before.vector()
	for i := range figures {
		emissions := figures[i].Intensity.of(credit)
		if i == 0 && f.process != nil {
			own := new(big.Rat).Mul(one.of(f.process.Emissions), new(big.Rat).Quo(one.of(credit), one.of(f.input)))
			emissions.Add(emissions, own)
			figures[i].Method = f.process.Method
		}
		perKg, ok := ceilIntensity(emissions.Quo(emissions.Mul(emissions, part), one.of(made)))
		if !ok {
			return before, refuse(QuantityTooLarge, "%s would be more kg CO2e per kg than can be written", carbonNames[i])
		}
		figures[i].Intensity = perKg
	}
	after := before.withFigures(figures)
	if f.process != nil {
		// What part of the whole is primary data is not known any more.
		after.PrimaryData = Ratio{}
	}
	return after, nil
}
