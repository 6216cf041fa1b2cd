package console

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// convertForm processes material by a recipe. What the recipe allows of each
// output stands beside it, and the rules say live what they make of the whole.
func convertForm(f *form) (massbalance.Body, error) {
	site, err := f.ownSite("Site")
	if err != nil || site == "" {
		return nil, err
	}
	if err := f.when(site); err != nil || f.Stop != "" {
		return nil, err
	}
	recipe, err := f.recipe()
	if err != nil || recipe.ID == "" {
		return nil, err
	}
	account, err := find[massbalance.Account](f.lens, massbalance.AccountKey(site, recipe.Input))
	if err != nil {
		return nil, err
	}
	body := massbalance.Convert{Site: site, Recipe: recipe.ID}
	body.Quantity = f.kg("quantity", "Input of "+f.productName(recipe.Input), inputHint(account))
	total := body.Quantity
	if body.With, err = f.furtherInputs(site, recipe); err != nil {
		return nil, err
	}
	for _, in := range body.With {
		total = total.Add(in.Quantity)
	}
	if one := f.field("with"); one != nil && !total.IsZero() {
		for i, in := range recipe.With {
			one.Rows[i].Detail = partsHint(in, total)
		}
	}
	body.Outputs = f.amounts("outputs", "Outputs", outputsHint(recipe, total), f.outputRows(recipe, total), false)
	if recipe.Attribution == massbalance.FreeAttribution || recipe.Attribution == massbalance.AnyDerivative {
		body.Credits = f.amounts("credits", "Credit of the outputs", "This recipe lets you say how the outputs share the credit.", f.creditRows(recipe), true)
	}
	body.Model = massbalance.CustodyModel(f.maybeChoose("model", "Step down to", "", "No further step down", modelChoices("")))
	if body.Lines, err = f.inputLots(site, recipe, body.With); err != nil {
		return nil, err
	}
	body.Process = f.process()
	return body, nil
}

func inputHint(a massbalance.Account) string {
	return worded(a.Stock()) + " in stock, " + worded(a.Credit()) + " may be attributed"
}

// inputLots are the lots attributed to the first input, and to each further one
// of which the site has any.
func (f *form) inputLots(site massbalance.SiteID, recipe massbalance.Recipe, with []massbalance.Input) ([]massbalance.LotLine, error) {
	lines, err := f.lots("Lots attributed to "+f.productName(recipe.Input), "Never more than its weight. Leave all empty to process it undifferentiated.",
		lotFilter{Site: site, Product: recipe.Input, Moves: true, Optional: true})
	for _, in := range recipe.With {
		from := lotFilter{Site: site, Product: in.Product, Moves: true, Optional: true, Field: lotField + "-" + string(in.Product)}
		open, _, failed := f.openLots(from, 1)
		if err = cmp.Or(err, failed); err != nil || len(open) == 0 {
			continue
		}
		name := f.productName(in.Product)
		named, failed := f.lots("Lots attributed to "+name, "Never more than the weight of it that goes in.", from)
		at := slices.IndexFunc(with, func(w massbalance.Input) bool { return w.Product == in.Product })
		switch err = failed; {
		case at >= 0:
			with[at].Lines = named
		case len(named) > 0:
			f.field(from.Field).fail("Say above how much of the %s goes in", name)
		}
	}
	return lines, err
}

// partsHint says which part of all inputs a further input may be.
func partsHint(in massbalance.RecipeInput, total massbalance.Quantity) string {
	switch {
	case in.Greatest.IsZero() && in.Least.IsZero():
		return "as much as you like"
	case in.Greatest.IsZero():
		return "at least " + perCent(in.Least) + " of all inputs"
	case in.Least.IsZero():
		return "at most " + perCent(in.Greatest) + " of all inputs: " + worded(in.Greatest.FloorOf(total))
	}
	return perCent(in.Least) + " to " + perCent(in.Greatest) + " of all inputs"
}

// process is what the processor itself emitted, where it says so.
func (f *form) process() *massbalance.Process {
	const summary = "Emissions of the process"
	emitted := f.maybeKg("emissions", "Emitted in this run", "Fossil, in kilograms of CO₂e, of the whole run. It is added to the figures of what comes out.")
	f.field("emissions").Unit, f.field("emissions").More = "kg CO₂e", summary
	method := f.maybeText("method", "Method", "How it was found out")
	f.field("method").More = summary
	if emitted.IsZero() && method == "" {
		return nil
	}
	if method == "" {
		f.field("method").fail("Say how the emissions were found out")
	}
	return &massbalance.Process{Emissions: emitted, Method: method}
}

func outputsHint(r massbalance.Recipe, total massbalance.Quantity) string {
	hint := "As weighed. What the recipe's factors do not allow is refused."
	if !r.LeastYield.IsZero() {
		hint = "As weighed. Together at least " + perCent(r.LeastYield) + " of the input" + figureOf(r.LeastYield, total) + ", or somebody has to explain the loss first."
	}
	if !r.GreatestYield.IsZero() {
		hint += " Together at most " + perCent(r.GreatestYield) + figureOf(r.GreatestYield, total) + "."
	}
	return hint
}

// figureOf is a part of a quantity in brackets, once the quantity is known.
func figureOf(part massbalance.Ratio, total massbalance.Quantity) string {
	if total.IsZero() {
		return ""
	}
	return " (" + worded(part.FloorOf(total)) + ")"
}

func (f *form) recipe() (massbalance.Recipe, error) {
	recipes, err := f.s.Recipes("", readmodel.Page{Limit: readmodel.MaxLimit})
	var choices []choice
	for _, r := range recipes.Items {
		choices = append(choices, choice{Value: string(r.ID), Name: fmt.Sprintf("%s: %s to %s", r.ID, f.productName(r.Input), f.outputNames(r))})
	}
	if err == nil && len(choices) == 0 {
		f.Stop = "The consortium has adopted no recipe yet. Propose one first."
	}
	chosen := f.decides("recipe", "Recipe", "", choices)
	f.field("recipe").Wide = true
	for _, r := range recipes.Items {
		if string(r.ID) == chosen {
			f.field("recipe").Hint = r.Source
			return r, err
		}
	}
	return massbalance.Recipe{}, err
}

func (f *form) outputNames(r massbalance.Recipe) string {
	var names []string
	for _, o := range r.Outputs {
		names = append(names, f.productName(o.Product))
	}
	return strings.Join(names, ", ")
}

func (f *form) outputRows(r massbalance.Recipe, input massbalance.Quantity) []amountRow {
	var rows []amountRow
	for _, o := range r.Outputs {
		rows = append(rows, amountRow{
			Name: string(o.Product), Label: f.productName(o.Product), Detail: "at most " + perCent(o.Factor) + " of the input",
			Most: o.Factor.FloorOf(input), Limited: !input.IsZero(),
		})
	}
	return rows
}

func (f *form) creditRows(r massbalance.Recipe) []amountRow {
	var rows []amountRow
	for _, o := range r.Outputs {
		rows = append(rows, amountRow{Name: string(o.Product), Label: f.productName(o.Product)})
	}
	return rows
}

// furtherInputs are the recipe's inputs beside the first. Those of which nothing
// goes in are left out.
func (f *form) furtherInputs(site massbalance.SiteID, r massbalance.Recipe) ([]massbalance.Input, error) {
	if len(r.With) == 0 {
		return nil, nil
	}
	var rows []amountRow
	for _, in := range r.With {
		account, err := find[massbalance.Account](f.lens, massbalance.AccountKey(site, in.Product))
		if err != nil {
			return nil, err
		}
		rows = append(rows, amountRow{Name: string(in.Product), Label: f.productName(in.Product), Detail: partsHint(in, massbalance.Quantity{}), Bound: "in stock", Most: account.Stock(), Limited: true})
	}
	var with []massbalance.Input
	for _, q := range f.amounts("with", "Further inputs", "What goes in beside it. Credit of it is attributed below.", rows, true) {
		with = append(with, massbalance.Input{Product: q.Product, Quantity: q.Quantity})
	}
	return with, nil
}

// perCent writes an exact ratio in per cent, rounded to two places.
func perCent(r massbalance.Ratio) string {
	numerator, denominator, _ := strings.Cut(r.String(), "/")
	n, d := decimal.RequireFromString(numerator), decimal.RequireFromString(denominator)
	return n.Mul(decimal.NewFromInt(100)).DivRound(d, 2).String() + narrow + "%"
}
