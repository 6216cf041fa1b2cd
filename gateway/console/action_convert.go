package console

import (
	"fmt"
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
	body.Quantity = f.kg("quantity", "Input of "+f.productName(recipe.Input), worded(account.Stock())+" in stock, "+worded(account.Credit())+" may be attributed")
	total := body.Quantity
	if body.With, err = f.furtherInputs(site, recipe); err != nil {
		return nil, err
	}
	for _, in := range body.With {
		total = total.Add(in.Quantity)
	}
	body.Outputs = f.amounts("outputs", "Outputs", outputsHint(recipe), f.outputRows(recipe, total), false)
	if recipe.Attribution == massbalance.FreeAttribution || recipe.Attribution == massbalance.AnyDerivative {
		body.Credits = f.amounts("credits", "Credit of the outputs", "This recipe lets you say how the outputs share the credit.", f.creditRows(recipe), true)
	}
	body.Model = massbalance.CustodyModel(f.maybeChoose("model", "Step down to", "", "No further step down", modelChoices("")))
	body.Lines, err = f.lots("Lots attributed to the input", "Never more than its weight. Leave all empty to process it undifferentiated.",
		lotFilter{Site: site, Product: recipe.Input, Moves: true, Optional: true})
	return body, err
}

func outputsHint(r massbalance.Recipe) string {
	if r.LeastYield.IsZero() {
		return "As weighed. What the recipe's factors do not allow is refused."
	}
	return "As weighed. Together at least " + perCent(r.LeastYield) + " of the input, or somebody has to explain the loss first."
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

// furtherInputs are the recipe's inputs beside the first; undifferentiated here:
// lots of several inputs are for the interface for programs.
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
		rows = append(rows, amountRow{Name: string(in.Product), Label: f.productName(in.Product), Detail: "in stock", Most: account.Stock(), Limited: true})
	}
	var with []massbalance.Input
	for _, q := range f.amounts("with", "Further inputs", "Undifferentiated material that goes in as well.", rows, true) {
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
