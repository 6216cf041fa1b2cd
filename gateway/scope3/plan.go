package scope3

import (
	"math/big"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Option is volume that could be bought and claimed: a public offer, an
// agreement, or a thought.
type Option struct {
	Name     string
	Product  massbalance.ProductID
	Quantity massbalance.Quantity
	// Intensity is kg CO2e per kg; Premium is what it costs in all, in hundredths
	// of Currency. Without a currency no price was named.
	Intensity massbalance.Intensity
	Premium   int64
	Currency  string
}

// Planned is what an option makes of a year.
type Planned struct {
	Name string
	// Used is how much of it replaces volume that is not claimed yet; there is no
	// use for more.
	Used massbalance.Quantity
	// Avoided is in kilograms of CO2e with three decimals; negative where the
	// option emits more than what it replaces.
	Avoided string
	// PerTonne is what a tonne of CO2e avoided costs, with two decimals, half away
	// from zero; "" where nothing is avoided or no price was named.
	PerTonne string
	Currency string
}

// Plan is a year with options taken one after the other.
type Plan struct {
	Before  string
	After   string
	Avoided string
	Options []Planned
}

// Try replaces unclaimed volume of a report with options, in their order: each
// takes the place of what emits most among the lines of its product.
func Try(report Report, options []Option) Plan {
	left := replaceable(report)
	before, _ := new(big.Rat).SetString(report.Total.Emissions.String())
	plan, after := Plan{Before: written(before)}, new(big.Rat).Set(before)
	for _, o := range options {
		used, avoided := left.take(o)
		p := Planned{Name: o.Name, Used: used, Avoided: written(avoided), Currency: o.Currency}
		if avoided.Sign() > 0 && !o.Quantity.IsZero() && o.Currency != "" {
			// Only what is used is paid for.
			paid := new(big.Rat).Mul(big.NewRat(o.Premium, 100), new(big.Rat).SetFrac(massbalance.GramsOf(used), massbalance.GramsOf(o.Quantity)))
			p.PerTonne = paid.Quo(paid, new(big.Rat).Quo(avoided, big.NewRat(1000, 1))).FloatString(2)
		}
		after.Sub(after, avoided)
		plan.Options = append(plan.Options, p)
	}
	plan.After, plan.Avoided = written(after), written(new(big.Rat).Sub(before, after))
	return plan
}

// stock is what is not claimed yet of each product, at its factors.
type stock map[massbalance.ProductID][]piece

type piece struct {
	quantity massbalance.Quantity
	perKg    *big.Rat
}

func replaceable(report Report) stock {
	s := stock{}
	for _, l := range report.Lines {
		if l.Factor == nil {
			continue // of unknown emissions nothing can be said to be avoided
		}
		perKg, _ := new(big.Rat).SetString(l.Factor.String())
		s[l.Product] = append(s[l.Product], piece{l.Quantity, perKg})
	}
	return s
}

// take uses an option up as far as there is volume that it can replace.
func (s stock) take(o Option) (used massbalance.Quantity, avoided *big.Rat) {
	avoided = new(big.Rat)
	own, _ := new(big.Rat).SetString(o.Intensity.String())
	wanted := o.Quantity
	for !wanted.IsZero() {
		worst := -1
		for i, p := range s[o.Product] {
			if !p.quantity.IsZero() && (worst < 0 || p.perKg.Cmp(s[o.Product][worst].perKg) > 0) {
				worst = i
			}
		}
		if worst < 0 {
			break
		}
		p := &s[o.Product][worst]
		n := p.quantity.Min(wanted)
		kg := new(big.Rat).SetFrac(massbalance.GramsOf(n), big.NewInt(1000))
		avoided.Add(avoided, kg.Mul(kg, new(big.Rat).Sub(p.perKg, own)))
		p.quantity, wanted, used = n.Shortage(p.quantity), n.Shortage(wanted), used.Add(n)
	}
	return used, avoided
}
