package season

import (
	"fmt"
	"io"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// printWorth says what was agreed, what the project brought and what the brand reports.
func printWorth(out io.Writer, w Worth) {
	printAgreements(out, w)
	printProjects(out, w)
	printScope3(out, w.Scope3)
}

func printAgreements(out io.Writer, w Worth) {
	s := sheet{title: "Trade (kg; sums are known to the gateways of two members only, and both compute the same)", names: 4}
	s.row("agreement", "seller", "buyer", "product", "period", "least", "carried in", "received", "short", "carried on", "premium", "for shortfall", "due")
	for _, a := range w.Agreements {
		for i, period := range a.Periods {
			s.row(string(a.Deal.Agreement()), string(a.Deal.Seller), string(a.Deal.Buyer), string(a.Deal.Commitment.Product), span(a.Deal.Commitment.Periods[i]),
				kg(period.Minimum), kg(period.Carried), kg(period.Received), kg(period.Short), kg(period.Forward),
				thousands(period.Premium), thousands(period.Shortfall), thousands(period.Due)+" "+period.Currency)
		}
	}
	s.print(out)
	for _, d := range w.Open {
		fmt.Fprintf(out, "  %s waits for an answer: %s offers %s kg of %s to %s until %s.\n", d.Offer(), d.Seller, kg(d.Offered.Quantity), d.Offered.Product, d.Buyer, d.Rounds[len(d.Rounds)-1].Expires)
	}
}

// span writes a period by its days.
func span(p massbalance.SupplyPeriod) string { return string(p.From) + " to " + string(p.To) }

func printProjects(out io.Writer, w Worth) {
	for _, r := range w.Projects {
		p := r.Project
		fmt.Fprintf(out, "\nInsetting project %s: %s %s paid by", p.ID, thousands(p.Spend), p.Currency)
		for _, f := range p.Funders {
			fmt.Fprintf(out, " %s (%s)", f.Name, f.Share)
		}
		fmt.Fprintf(out, "; %s kg came in of %s kg expected, %s kg of CO2e less than average: %s %s per t CO2e\n", kg(r.Introduced), kg(p.Expected), thousands(r.Avoided), r.PerTonne, p.Currency)
		s := sheet{title: "Who bought what came of it (kg of " + string(p.Product) + ")", names: 2}
		s.row("organisation", "", "brought in", "received", "passed on", "lost", "bought", "unsold", p.Currency+" per t CO2e")
		for _, o := range r.Parts {
			funder := ""
			if o.Funder != "" {
				funder = "funder"
			}
			gone := massbalance.Sum(o.Lost, o.Forfeited, o.Withdrawn)
			s.row(string(o.Organisation), funder, kg(o.Introduced), kg(o.Received), kg(o.PassedOn), kg(gone), kg(o.Bought), kg(o.Unsold), o.PerTonne)
		}
		s.print(out)
	}
}

// printScope3 adds the report's lines up by product, supplier and basis.
func printScope3(out io.Writer, r Scope3) {
	s := sheet{title: fmt.Sprintf("Scope 3, category 1, of %s in %d (kg; of CO2e, gross and side by side)", r.Organisation, r.Year), names: 3}
	s.row("product", "supplier", "counted at", "bought", "emissions", "land-use change", "removals")
	type kind struct{ product, supplier, basis string }
	var kinds []kind
	sums := map[kind]*scope3Sum{}
	for _, l := range r.Lines {
		k := kind{string(l.Product), l.Supplier, l.Basis}
		if sums[k] == nil {
			sums[k], kinds = &scope3Sum{}, append(kinds, k)
		}
		sums[k].add(l.Quantity, l.Carbon)
	}
	for _, k := range kinds {
		s.row(append([]string{k.product, k.supplier, k.basis}, sums[k].cells()...)...)
	}
	var all scope3Sum
	all.add(r.Bought, r.Total)
	s.row(append([]string{"all", "", strconv.Itoa(len(r.Lines)) + " lines"}, all.cells()...)...)
	s.print(out)
}

type scope3Sum struct {
	quantity massbalance.Quantity
	carbon   CarbonMass
}

func (s *scope3Sum) add(q massbalance.Quantity, c CarbonMass) {
	s.quantity = s.quantity.Add(q)
	s.carbon.Emissions = s.carbon.Emissions.Add(c.Emissions)
	s.carbon.LandUseChange = s.carbon.LandUseChange.Add(c.LandUseChange)
	s.carbon.Removals = s.carbon.Removals.Add(c.Removals)
}

func (s *scope3Sum) cells() []string {
	return []string{exact(s.quantity), sum(s.carbon.Emissions), sum(s.carbon.LandUseChange), sum(s.carbon.Removals)}
}

// sum writes kilograms of CO2e without their fraction, rounded half to even.
func sum(d decimal.Decimal) string { return thousands(d.RoundBank(0).String()) }
