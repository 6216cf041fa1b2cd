package scope3

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Change says what became of the emissions from one year to the next, in
// kilograms of CO2e with three decimals. Volume, Mix and Supply add up to Change
// but for what rounding them for print takes.
type Change struct {
	Before string
	After  string
	Change string
	// Volume is what more or less volume alone would have changed.
	Volume string
	// Mix is what other parts of products and suppliers in the volume changed;
	// what was not bought the year before counts here.
	Mix string
	// Supply is what better or worse figures of the same goods changed.
	Supply string
	// Goods are the single products and suppliers, the greatest change first.
	Goods []GoodChange
}

// GoodChange is one product of one supplier.
type GoodChange struct {
	Product  massbalance.ProductID
	Supplier string
	Before   massbalance.Quantity
	After    massbalance.Quantity
	Change   string
}

// pool is what was bought of one product from one supplier in a year, and what it
// emitted, exactly.
type pool struct{ kg, emitted *big.Rat }

func pools(r Report) (map[[2]string]pool, pool) {
	all, total := map[[2]string]pool{}, pool{new(big.Rat), new(big.Rat)}
	for _, l := range r.Lines {
		if l.Basis == Unknown {
			continue // no year is better for goods of which nothing is known
		}
		key := [2]string{string(l.Product), l.Supplier}
		if _, known := all[key]; !known {
			all[key] = pool{new(big.Rat), new(big.Rat)}
		}
		kg, _ := new(big.Rat).SetString(l.Quantity.String())
		emitted, _ := new(big.Rat).SetString(l.Carbon.Emissions.String())
		for _, p := range []pool{all[key], total} {
			p.kg.Add(p.kg, kg)
			p.emitted.Add(p.emitted, emitted)
		}
	}
	return all, total
}

// Compare divides the change between the reports of two years. With V the volume,
// s the share of a good in it and i what a kilogram of it emits:
//
//	volume = (V₁ − V₀) × Σ s₀ i₀
//	mix    = V₁ × Σ (s₁ − s₀) i₀
//	supply = V₁ × Σ s₁ (i₁ − i₀)
//
// For a good that was not bought in the year before, i₀ is i₁; for one that is
// bought no more, i₁ is not needed.
func Compare(before, after Report) Change {
	old, first := pools(before)
	now, second := pools(after)
	volume, mix, supply := new(big.Rat), new(big.Rat), new(big.Rat)
	if first.kg.Sign() > 0 {
		volume.Mul(new(big.Rat).Sub(second.kg, first.kg), new(big.Rat).Quo(first.emitted, first.kg))
	}
	for _, key := range keys(old, now) {
		i0, s0 := intensity(old[key]), part(old[key], first)
		i1, s1 := intensity(now[key]), part(now[key], second)
		if i0 == nil {
			i0 = i1
		}
		if i1 == nil {
			i1 = i0
		}
		mix.Add(mix, times(second.kg, new(big.Rat).Sub(s1, s0), i0))
		supply.Add(supply, times(second.kg, s1, new(big.Rat).Sub(i1, i0)))
	}
	if first.kg.Sign() == 0 {
		// Without a year before, all of it is volume.
		volume, mix = new(big.Rat).Set(second.emitted), new(big.Rat)
	}
	return Change{
		Before: written(first.emitted), After: written(second.emitted), Change: written(new(big.Rat).Sub(second.emitted, first.emitted)),
		Volume: written(volume), Mix: written(mix), Supply: written(supply), Goods: goods(old, now),
	}
}

func written(r *big.Rat) string { return r.FloatString(3) }

func times(factors ...*big.Rat) *big.Rat {
	product := big.NewRat(1, 1)
	for _, f := range factors {
		product.Mul(product, f)
	}
	return product
}

// intensity is nil where nothing was bought.
func intensity(p pool) *big.Rat {
	if p.kg == nil || p.kg.Sign() == 0 {
		return nil
	}
	return new(big.Rat).Quo(p.emitted, p.kg)
}

func part(p, whole pool) *big.Rat {
	if p.kg == nil || whole.kg.Sign() == 0 {
		return new(big.Rat)
	}
	return new(big.Rat).Quo(p.kg, whole.kg)
}

func keys(a, b map[[2]string]pool) [][2]string {
	seen := map[[2]string]bool{}
	var all [][2]string
	for _, m := range []map[[2]string]pool{a, b} {
		for key := range m {
			if !seen[key] {
				seen[key], all = true, append(all, key)
			}
		}
	}
	slices.SortFunc(all, func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return all
}

func goods(old, now map[[2]string]pool) []GoodChange {
	type changed struct {
		GoodChange
		by *big.Rat
	}
	var all []changed
	for _, key := range keys(old, now) {
		by := new(big.Rat)
		g := GoodChange{Product: massbalance.ProductID(key[0]), Supplier: key[1]}
		if p := now[key]; p.kg != nil {
			by.Add(by, p.emitted)
			g.After = grams(p.kg)
		}
		if p := old[key]; p.kg != nil {
			by.Sub(by, p.emitted)
			g.Before = grams(p.kg)
		}
		g.Change = written(by)
		all = append(all, changed{g, by})
	}
	slices.SortStableFunc(all, func(a, b changed) int { return new(big.Rat).Abs(b.by).Cmp(new(big.Rat).Abs(a.by)) })
	out := make([]GoodChange, len(all))
	for i, c := range all {
		out[i] = c.GoodChange
	}
	return out
}

// grams makes a quantity of kilograms that have three decimals at most.
func grams(kg *big.Rat) massbalance.Quantity {
	return floor(new(big.Rat).Mul(kg, big.NewRat(1000, 1)))
}
