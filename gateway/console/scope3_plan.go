package console

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/scope3"
	"github.com/weighbridge/weighbridge/gateway/table"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// planOption is volume that might be bought, as the planning form shows it.
type planOption struct {
	trade.Available
	SellerName, ProductName, Href string
	// Taken, Kg and PerTonne are what stands in its fields; Named is set where the
	// terms on the table say what it costs.
	Taken, Named   bool
	Kg, PerTonne   string
	Currency       string
	Fault          string
	AsksThePremium bool
}

// planned is a year with the options that were taken.
type planned struct {
	scope3.Plan
	Rows []plannedRow
}

// Avoids is what the whole plan avoids, in tonnes of CO2e.
func (p planned) Avoids() string { return tonnesOf(p.Avoided) }

// Makes is what the year would come to.
func (p planned) Makes() string { return tonnesOf(p.After) }

type plannedRow struct {
	scope3.Planned
	planOption
}

// Cost is what a tonne avoided costs; nothing can be said where nobody named a premium.
func (p plannedRow) Cost() string {
	if p.Planned.PerTonne == "" || !p.Named && p.planOption.PerTonne == "" {
		return ""
	}
	return p.Planned.PerTonne + narrow + p.Planned.Currency
}

// Tonnes are what the option avoids.
func (p plannedRow) Tonnes() string { return tonnesOf(p.Avoided) }

// registerPlan adds the planning form. It is sent as a form, so that no price
// stands in an address; nothing is written by it.
func (c *Console) registerPlan(mux *access.Mux) {
	mux.HandleFunc(access.Read, "POST /scope3", func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, formBytes)
		if err := r.ParseForm(); err != nil {
			protect(w)
			http.Error(w, "The form could not be read.", http.StatusBadRequest)
			return
		}
		c.answer(w, r, "scope3", http.StatusOK, (*lens).scope3Page)
	})
}

// plan lists what could be bought, and tries what was chosen of it.
func (l *lens) plan(page *scope3Page, r *http.Request) error {
	switch {
	case !page.Ours || l.desk == nil || l.role() != massbalance.Trading:
		page.PlanProblem = "A member plans its own year, from the offers that were made to it."
		return nil
	}
	available, err := l.desk.Available(l.ctx, l.today)
	if err != nil {
		page.PlanProblem = unopened(err)
		return nil //nolint:nilerr // it is said on the page
	}
	var options []scope3.Option
	var taken []planOption
	for _, a := range available {
		one := l.planOption(a, r)
		if option, ok := one.option(); ok {
			options, taken = append(options, option), append(taken, one)
		}
		page.Options = append(page.Options, one)
	}
	if r.Method != http.MethodPost {
		return nil
	}
	plan := planned{Plan: scope3.Try(page.Report, options)}
	for i, p := range plan.Options {
		plan.Rows = append(plan.Rows, plannedRow{p, taken[i]})
	}
	page.Plan = &plan
	return nil
}

func (l *lens) planOption(a trade.Available, r *http.Request) planOption {
	one := planOption{Available: a, SellerName: l.memberName(a.Seller), ProductName: l.productName(a.Product), Href: "/offers/" + a.Name, Kg: a.Quantity.String(), Currency: "EUR"}
	if a.Agreement {
		one.Href = "/agreements/" + a.Name
	}
	if a.Price != nil {
		one.Named, one.PerTonne, one.Currency = true, amountOf(a.Price.PerTonne), a.Price.Currency
	}
	if r.Method == http.MethodPost {
		one.Taken, one.Kg = r.PostForm.Get("take:"+a.Name) != "", strings.TrimSpace(r.PostForm.Get("kg:"+a.Name))
		if !one.Named {
			one.PerTonne = strings.TrimSpace(r.PostForm.Get("premium:" + a.Name))
		}
	}
	return one
}

// option is what is tried of it; false where it was not taken, or cannot be read.
func (o *planOption) option() (scope3.Option, bool) {
	if !o.Taken {
		return scope3.Option{}, false
	}
	quantity, err := readKilograms(o.Kg)
	if err != nil {
		o.Fault = err.Error()
		return scope3.Option{}, false
	}
	option := scope3.Option{Name: o.Name, Product: o.Product, Quantity: quantity, Intensity: o.Intensity, Currency: o.Currency}
	if premium, currency, named := o.Premium(quantity); named {
		option.Premium, option.Currency = premium.Cents(), currency
		return option, true
	}
	if o.PerTonne == "" {
		return option, true
	}
	number, err := table.Reading{}.Number(table.Cell{Text: o.PerTonne})
	if err == nil {
		var perTonne trade.Money
		if perTonne, err = trade.ParseMoney(number); err == nil {
			asked := o.Available
			asked.Price = &trade.Price{Currency: o.Currency, PerTonne: perTonne}
			premium, _, _ := asked.Premium(quantity)
			option.Premium = premium.Cents()
			return option, true
		}
	}
	o.Fault = fmt.Sprintf("%q is no premium such as 41.50", o.PerTonne)
	return option, false
}
