package massbalance

import (
	"fmt"
	"math/big"
	"slices"
)

// Recipe says what a conversion can yield: for each output the greatest mass
// per mass of input. Without more, the factors of all outputs add up to 1 at
// most and the credit is shared out in proportion to what came out.
type Recipe struct {
	ID      RecipeID
	Input   ProductID
	Outputs []RecipeOutput
	// Source names where the factors are published, when, and how far they can
	// be trusted.
	Source string
	// Version counts from 1; 0 stands for 1.
	Version int
	// With are further inputs. The factors are then per mass of all inputs.
	With []RecipeInput
	// Attribution says how the outputs share the credit of the input.
	Attribution AttributionMode
	// LeastYield is the least mass of all outputs per mass of input: what
	// yields less lost material that somebody must explain first. GreatestYield
	// is the greatest; where it is given, the factors of the outputs may add up
	// to more than it, for then one output grows at the cost of another.
	LeastYield    Ratio
	GreatestYield Ratio
	// Components are conserved one by one, such as fat and solids of milk.
	Components []Component
}

// RecipeInput is a further input and between which parts of the mass of all
// inputs it may make up. Least 0 says that it may be left out, Greatest 0 that
// there is no limit.
type RecipeInput struct {
	Product  ProductID
	Least    Ratio
	Greatest Ratio
}

// RecipeOutput is one co-product.
type RecipeOutput struct {
	Product ProductID
	Factor  Ratio
	// Share is the credit of this output per credit of the input: under fixed
	// shares what it gets, under any derivative the most that it can get.
	Share Ratio
	// Emissions is the part of all emissions allocated to this output. Where
	// one output has a part, all have, and together they are 1; where none has,
	// emissions follow mass.
	Emissions Ratio
}

// Component is a part of the material that no conversion makes more of. What
// is not listed contains none.
type Component struct {
	Name     string
	Contents []Content
}

// Content is the component in a product, per mass; above 1 where the component
// is counted in equivalents of something else, such as milk.
type Content struct {
	Product ProductID
	Content Ratio
}

// AttributionMode says how the outputs of a conversion share the credit.
type AttributionMode string

// The modes. In all of them no output is credited with more than its mass.
const (
	// Proportional gives each output credit in proportion to its mass.
	Proportional AttributionMode = ""
	// FreeAttribution lets the command name the credit of each output, together
	// at most the credit of the input less the loss (ISCC PLUS: the conversion
	// factor is applied before attribution).
	FreeAttribution AttributionMode = "free"
	// FixedShares gives each output a fixed part of the credit of the input, so
	// it cannot be taken in the most valuable one (UTZ cocoa from 2018).
	FixedShares AttributionMode = "fixed_shares"
	// AnyDerivative lets the command name the credits; each output takes up
	// credit of the input by its share, whatever else came out (UTZ cocoa until
	// 2017).
	AnyDerivative AttributionMode = "any_derivative"
)

// named reports whether the command names the credits.
func (m AttributionMode) named() bool { return m == FreeAttribution || m == AnyDerivative }

// Derivation says what a product can be made from and into by the recipes
// adopted, at any remove. Conversions go forward only, so the two never meet.
type Derivation struct{ From, Into []ProductID }

func (b RegisterRecipe) check() string { return b.Recipe.check() }

func (b RegisterRecipe) execute(e *execution) error {
	for _, product := range b.Recipe.products() {
		if _, err := need[Product](e, ProductKey(product)); err != nil {
			return err
		}
	}
	key := RecipeKey(b.Recipe.ID)
	before, exists, err := find[Recipe](e, key)
	if err != nil {
		return err
	}
	derivations, backwards := e.derive(b.Recipe)
	version := edition{b.Recipe.Version, before.Version, exists, Superseded{Recipe: &before}}
	err = e.renew("recipe", string(b.Recipe.ID), version, func() {
		e.put(key, b.Recipe)
		for product, derivation := range derivations {
			e.put(DerivationKey(product), derivation)
		}
	})
	if err != nil {
		return err
	}
	return backwards
}

// products lists the inputs, then the outputs.
func (r Recipe) products() []ProductID {
	products := r.inputs()
	for _, o := range r.Outputs {
		products = append(products, o.Product)
	}
	return products
}

func (r Recipe) inputs() []ProductID {
	products := []ProductID{r.Input}
	for _, in := range r.With {
		products = append(products, in.Product)
	}
	return products
}

// output finds an output.
func (r Recipe) output(product ProductID) (RecipeOutput, bool) {
	at := slices.IndexFunc(r.Outputs, func(o RecipeOutput) bool { return o.Product == product })
	if at < 0 {
		return RecipeOutput{}, false
	}
	return r.Outputs[at], true
}

// input finds a further input.
func (r Recipe) input(product ProductID) (RecipeInput, bool) {
	at := slices.IndexFunc(r.With, func(in RecipeInput) bool { return in.Product == product })
	if at < 0 {
		return RecipeInput{}, false
	}
	return r.With[at], true
}

func (r Recipe) check() string {
	switch {
	case !ValidName(string(r.ID)):
		return fmt.Sprintf("recipe: id %q is not a name", r.ID)
	case !ValidName(string(r.Input)):
		return fmt.Sprintf("recipe %s: input %q is not a name", r.ID, r.Input)
	case len(r.Outputs) == 0 || len(r.Outputs) > listLimit || len(r.With) > listLimit:
		return fmt.Sprintf("recipe %s: needs 1 to %d outputs and at most as many further inputs", r.ID, listLimit)
	case r.Source == "" || !validText(r.Source):
		return fmt.Sprintf("recipe %s: needs a source of at most %d bytes", r.ID, textLimit)
	case r.Version < 0:
		return fmt.Sprintf("recipe %s: version %d is less than 0", r.ID, r.Version)
	}
	seen := map[ProductID]bool{}
	for i, product := range r.products() {
		if !ValidName(string(product)) || seen[product] {
			return fmt.Sprintf("recipe %s: %s %q is not a name, or is named twice", r.ID, inputOrOutput(i <= len(r.With)), product)
		}
		seen[product] = true
	}
	for _, problem := range []string{r.checkInputs(), r.checkYields(), r.checkShares(), r.checkEmissions(), r.checkComponents(seen)} {
		if problem != "" {
			return fmt.Sprintf("recipe %s: %s", r.ID, problem)
		}
	}
	return ""
}

func inputOrOutput(input bool) string {
	if input {
		return "input"
	}
	return "output"
}

func (r Recipe) checkInputs() string {
	var least Ratio
	for _, in := range r.With {
		if in.Greatest.Exceeds(one) || !in.Greatest.IsZero() && in.Least.Exceeds(in.Greatest) {
			return fmt.Sprintf("input %s: its parts, %s to %s, are no span up to 1", in.Product, in.Least, in.Greatest)
		}
		var err error
		if least, err = least.Plus(in.Least); err != nil {
			return err.Error()
		}
	}
	if !one.Exceeds(least) {
		return fmt.Sprintf("the further inputs make up at least %s of the whole, which leaves nothing of %s", least, r.Input)
	}
	return ""
}

var one = Ratio{1, 1}

func (r Recipe) checkYields() string {
	var total Ratio
	for _, o := range r.Outputs {
		if o.Factor.IsZero() || o.Factor.Exceeds(one) {
			return fmt.Sprintf("factor of %s must be more than 0 and at most 1", o.Product)
		}
		var err error
		if total, err = total.Plus(o.Factor); err != nil {
			return err.Error()
		}
	}
	greatest := total
	if !r.GreatestYield.IsZero() {
		greatest = r.GreatestYield
	}
	switch {
	case greatest.Exceeds(one):
		return fmt.Sprintf("factors add up to %s, more than 1: a conversion cannot make mass", greatest)
	case greatest.Exceeds(total):
		return fmt.Sprintf("greatest yield %s is more than the factors add up to, %s", greatest, total)
	case r.LeastYield.Exceeds(greatest):
		return fmt.Sprintf("least yield %s is more than the greatest, %s", r.LeastYield, greatest)
	}
	return ""
}

func (r Recipe) checkShares() string {
	if !slices.Contains([]AttributionMode{Proportional, FreeAttribution, FixedShares, AnyDerivative}, r.Attribution) {
		return fmt.Sprintf("%q is not a way to share credit out", r.Attribution)
	}
	shared := r.Attribution == FixedShares || r.Attribution == AnyDerivative
	var total Ratio
	for _, o := range r.Outputs {
		if shared == o.Share.IsZero() || o.Share.Exceeds(one) {
			return fmt.Sprintf("output %s: fixed shares and any derivative, and only they, have shares, of more than 0 and at most 1, not %s", o.Product, o.Share)
		}
		var err error
		if total, err = total.Plus(o.Share); err != nil {
			return err.Error()
		}
	}
	if r.Attribution == FixedShares && total.Exceeds(one) {
		return fmt.Sprintf("shares add up to %s, more than 1: a conversion cannot make credit", total)
	}
	return ""
}

func (r Recipe) checkEmissions() string {
	var total Ratio
	for _, o := range r.Outputs {
		if o.Emissions.IsZero() && r.allocates() {
			return fmt.Sprintf("output %s has no part of the emissions, others have", o.Product)
		}
		var err error
		if total, err = total.Plus(o.Emissions); err != nil {
			return err.Error()
		}
	}
	if r.allocates() && total != one {
		return fmt.Sprintf("the parts of the emissions add up to %s, not to 1", total)
	}
	return ""
}

// allocates reports whether the recipe declares how emissions are allocated.
func (r Recipe) allocates() bool {
	return slices.ContainsFunc(r.Outputs, func(o RecipeOutput) bool { return !o.Emissions.IsZero() })
}

func (r Recipe) checkComponents(products map[ProductID]bool) string {
	if len(r.Components) > listLimit {
		return fmt.Sprintf("at most %d components", listLimit)
	}
	names := map[string]bool{}
	for _, c := range r.Components {
		if !ValidName(c.Name) || names[c.Name] {
			return fmt.Sprintf("component %q is not a name, or is named twice", c.Name)
		}
		names[c.Name] = true
		seen := map[ProductID]bool{}
		for _, content := range c.Contents {
			if !products[content.Product] || seen[content.Product] {
				return fmt.Sprintf("component %s: %q is no product of the recipe, or is named twice", c.Name, content.Product)
			}
			seen[content.Product] = true
		}
	}
	return ""
}

// content is the component in a product, per mass.
func (c Component) content(product ProductID) Ratio {
	for _, content := range c.Contents {
		if content.Product == product {
			return content.Content
		}
	}
	return Ratio{}
}

// in adds up the component in quantities of products, exactly.
func (c Component) in(parts []Output) *big.Rat {
	sum := new(big.Rat)
	for _, part := range parts {
		sum.Add(sum, c.content(part.Product).of(part.Quantity))
	}
	return sum
}

// derive follows what the recipe adds to what products can be made from and
// into. It refuses a recipe whose output its input can be made from, at any
// remove: conversion is in the direction of processing only (Rainforest
// Alliance, and what any accounting of yields needs, for a product that can be
// made from itself could be made from nothing). What an earlier version of a
// recipe made stays counted, for lots of it may be about.
func (e *execution) derive(r Recipe) (map[ProductID]Derivation, error) {
	derivations := map[ProductID]Derivation{}
	of := func(product ProductID) (Derivation, error) {
		if d, ok := derivations[product]; ok {
			return d, nil
		}
		d, _, err := find[Derivation](e, DerivationKey(product))
		derivations[product] = d
		return d, err
	}
	for _, in := range r.inputs() {
		for _, out := range r.Outputs {
			from, err := of(in)
			if err != nil {
				return nil, err
			}
			if slices.Contains(from.From, out.Product) {
				return nil, refuse(ConversionBackwards, "recipe %s makes %s from %s, which is made from it", r.ID, out.Product, in)
			}
			into, err := of(out.Product)
			if err != nil {
				return nil, err
			}
			before, after := joined(from.From, in), joined(into.Into, out.Product)
			for _, product := range append(slices.Clone(before), after...) {
				d, err := of(product)
				if err != nil {
					return nil, err
				}
				if slices.Contains(before, product) {
					d.Into = joined(d.Into, after...)
				} else {
					d.From = joined(d.From, before...)
				}
				if len(d.From) > listLimit || len(d.Into) > listLimit {
					return nil, refuse(InvalidCommand, "recipe %s: %s would be made from or into more than %d products", r.ID, product, listLimit)
				}
				derivations[product] = d
			}
		}
	}
	return derivations, nil
}

// joined returns the products with more, sorted and each once.
func joined(products []ProductID, more ...ProductID) []ProductID {
	all := append(slices.Clone(products), more...)
	slices.Sort(all)
	return slices.Compact(all)
}
