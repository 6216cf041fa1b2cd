package massbalance

import (
	"math/big"
	"slices"
)

// carbon checks I10: where a record moves credit on under sets whose figures
// were computed, Σ mass × intensity of what comes out of it is no less than of
// what went in, with the emissions of the process, in every figure.
func (t *Tally) carbon(e Entry) {
	for _, set := range e.Record.Sets {
		t.deriveSet(e, set)
	}
	var process *big.Rat
	computes := slices.ContainsFunc(e.Record.Credits, func(p Posting) bool { return p.Restated != "" })
	switch body := e.Command.Body.(type) {
	case Convert:
		if body.Process != nil {
			computes, process = true, t.ownEmissions(e, body)
		}
		for _, o := range t.recipes[body.Recipe].Outputs {
			computes = computes || o.Emissions.String() != "0/1"
		}
	case MergeLots:
		t.mayMerge(e, body.Carbon)
		if body.Carbon == CarbonHighest {
			t.highest(e)
		}
	default:
		if computes && e.Record.Reverses == "" {
			t.find(e, "I10: carbon figures changed")
		}
		return
	}
	if !computes || t.converted(e, false, "").Sign() == 0 {
		return
	}
	for i := range carbonNames {
		before, after := new(big.Rat), new(big.Rat)
		if i == 0 && process != nil {
			before.Set(process)
		}
		for _, p := range e.Record.Credits {
			switch {
			case p.To.Kind == HolderConversion:
				t.emit(e, before, p.Characteristics, i, p.Quantity)
			case p.To.Kind == HolderLot && p.Restated != "":
				t.emit(e, after, p.Restated, i, p.Quantity)
			case p.To.Kind == HolderLot:
				t.emit(e, after, p.Characteristics, i, p.Quantity)
			}
		}
		if after.Cmp(before) < 0 {
			t.find(e, "I10: %s fell from %s g CO2e to %s g", carbonNames[i], before.FloatString(6), after.FloatString(6))
		}
	}
}

// ownEmissions is the part of what the process emitted that falls to the credit
// in its input, by mass, in grams.
func (t *Tally) ownEmissions(e Entry, b Convert) *big.Rat {
	input := grams(b.Quantity)
	for _, in := range b.With {
		input.Add(input, grams(in.Quantity))
	}
	part := new(big.Rat).Quo(t.converted(e, true, ""), input)
	return part.Mul(part, grams(b.Process.Emissions))
}

// emit adds the emissions of a quantity under a set, by one figure.
func (t *Tally) emit(e Entry, sum *big.Rat, id CharacteristicsID, figure int, quantity Quantity) {
	set, known := t.sets[id]
	if !known {
		t.find(e, "I10: nobody published or derived the set %s", id)
		return
	}
	intensity, ok := new(big.Rat).SetString(set.Carbon.vector()[figure].Intensity.String())
	if !ok {
		t.find(e, "I10: set %s has a figure that is no number", id)
		return
	}
	sum.Add(sum, intensity.Mul(intensity, grams(quantity)))
}

// deriveSet checks that a set that the ledger derived says of everything but
// carbon what its sources say.
func (t *Tally) deriveSet(e Entry, set Characteristics) {
	t.sets[set.ID()] = set
	if len(set.DerivedFrom) == 0 {
		t.find(e, "I10: set %s is derived from nothing", set.ID())
	}
	for _, id := range set.DerivedFrom {
		source, known := t.sets[id]
		if !known || source.Scheme != set.Scheme || source.Country != set.Country || source.Region != set.Region || source.LandUnit != set.LandUnit ||
			source.Vintage != set.Vintage || source.Project != set.Project || !slices.Equal(source.Practices, set.Practices) || !slices.Equal(source.AlsoSchemes, set.AlsoSchemes) {
			t.find(e, "I10: set %s is derived from %s, which is unknown or differs in more than carbon", set.ID(), id)
		}
	}
}

// highest checks that a merged lot has the highest of each figure that went into it.
func (t *Tally) highest(e Entry) {
	for _, p := range e.Record.Credits {
		for i := range carbonNames {
			before, after := new(big.Rat), new(big.Rat)
			if p.Restated != "" {
				t.emit(e, before, p.Characteristics, i, p.Quantity)
				t.emit(e, after, p.Restated, i, p.Quantity)
			}
			if after.Cmp(before) < 0 {
				t.find(e, "I10: %s of the merged lot is not the highest in it", carbonNames[i])
			}
		}
	}
}

// mayMerge checks that a profile in force lets figures become one in this way:
// the one of a scheme that the lots satisfy.
func (t *Tally) mayMerge(e Entry, how CarbonMerge) {
	for _, p := range e.Record.Credits {
		set := t.sets[p.Characteristics]
		allowed := p.Restated == ""
		for _, scheme := range append([]SchemeID{set.Scheme}, set.AlsoSchemes...) {
			rule := t.rules.profiles[scheme].Carbon
			allowed = allowed || rule == how || rule == CarbonWeightedMean && how == CarbonHighest
		}
		if !allowed {
			t.find(e, "the profile of %s does not let carbon figures be merged as %s", set.Scheme, how)
			return
		}
	}
}
