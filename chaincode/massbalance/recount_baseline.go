package massbalance

import (
	"fmt"
	"math/big"
)

// compared is what a recount finds of one line of a claim: the version of the
// baseline, and in kilograms of CO2e the average, its own emissions, and uptake,
// removals and leakage.
type compared struct {
	region  string
	version int
	figures [5]*big.Rat
}

// baselines follows which averages are in force and what each claim was to be
// compared with.
func (t *Tally) baselines(e Entry) {
	switch body := e.Command.Body.(type) {
	case RegisterBaseline:
		b := body.Baseline
		if name := "baseline/" + string(b.Product) + "/" + b.Region; t.adopted(e, name, b.Version) {
			t.averagesOf[BaselineKey(b.Product, b.Region)] = b
		}
	case ClaimCredits, CoverRecall:
		for _, p := range e.Record.Credits {
			if p.To.Kind != HolderClaim {
				continue
			}
			set := t.sets[p.Characteristics]
			if b, adopted := t.averagesOf[BaselineKey(p.From.Product, set.Region)]; adopted {
				t.comparisons[p.To.ID+" "+p.From.ID] = compareLine(b, set.Carbon.vector(), p.Quantity)
			}
		}
	}
}

// compareLine adds the figures up in fractions: all emissions are the first four
// and fossil emissions of land management.
func compareLine(b Baseline, figures []CarbonFigure, quantity Quantity) compared {
	line := compared{region: b.Region, version: max(b.Version, 1)}
	kilograms, _ := new(big.Rat).SetString(quantity.String())
	of := func(intensities ...Intensity) *big.Rat {
		sum := new(big.Rat)
		for _, i := range intensities {
			perKg, _ := new(big.Rat).SetString(i.String())
			sum.Add(sum, perKg)
		}
		return sum.Mul(sum, kilograms)
	}
	own := of(figures[0].Intensity, figures[1].Intensity, figures[2].Intensity, figures[3].Intensity, figures[6].Intensity)
	line.figures = [5]*big.Rat{of(b.Intensity), own, of(figures[4].Intensity), of(figures[5].Intensity), of(figures[7].Intensity)}
	return line
}

// compareBaselines checks what the claims of a state say of the averages.
func (t *Tally) compareBaselines(state Memory) (differences []string) {
	stored := 0
	for _, value := range state {
		claim, ok := value.(Claim)
		if !ok {
			continue
		}
		for _, c := range claim.Baselines {
			stored++
			if !t.comparisons[string(claim.ID)+" "+string(c.Lot)].is(c) {
				differences = append(differences, fmt.Sprintf("claim %s: what it says of lot %s and the average is not recounted", claim.ID, c.Lot))
			}
		}
	}
	if stored != len(t.comparisons) {
		differences = append(differences, fmt.Sprintf("claims compare %d lines with an average, recounted %d", stored, len(t.comparisons)))
	}
	return differences
}

func (l compared) is(c Comparison) bool {
	if l.region != c.Region || l.version != c.Version {
		return false
	}
	difference := new(big.Rat).Sub(l.figures[0], l.figures[1])
	for i, stored := range []Emissions{c.Average, c.Emissions, c.Uptake, c.Removals, c.Leakage, c.Difference} {
		counted := difference
		if i < len(l.figures) {
			counted = l.figures[i]
		}
		if kilograms, ok := new(big.Rat).SetString(stored.String()); !ok || kilograms.Cmp(counted) != 0 {
			return false
		}
	}
	return true
}
