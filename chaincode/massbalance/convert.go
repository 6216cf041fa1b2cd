package massbalance

import (
	"fmt"
	"math/big"
	"slices"
)

func (b Convert) check() string {
	if !ValidName(string(b.Recipe)) {
		return fmt.Sprintf("recipe: %q is not a name", b.Recipe)
	}
	if len(b.Outputs) == 0 || len(b.Outputs) > listLimit {
		return fmt.Sprintf("outputs: must be 1 to %d", listLimit)
	}
	for _, problem := range []string{checkOutputs("outputs", b.Outputs), checkOutputs("credits", b.Credits), checkOutputs("with", b.further())} {
		if problem != "" {
			return problem
		}
	}
	if b.Model != "" && (!b.Model.Valid() || !b.Model.Physical()) {
		return fmt.Sprintf("model: %q is not a custody model that moves with material", b.Model)
	}
	if !b.input().Fits() || !sumOutputs(b.Outputs).Fits() {
		return "quantities: together they are more than a quantity can be"
	}
	if problem := checkLines(b.lines()); problem != "" {
		return problem
	}
	if problem := b.Process.check(); problem != "" {
		return problem
	}
	return checkMove(b.Site, b.Quantity)
}

func checkOutputs(what string, list []Output) string {
	if len(list) > listLimit {
		return fmt.Sprintf("%s: at most %d", what, listLimit)
	}
	seen := map[ProductID]bool{}
	for _, o := range list {
		if !ValidName(string(o.Product)) || seen[o.Product] {
			return fmt.Sprintf("%s: product %q is not a name, or named twice", what, o.Product)
		}
		if o.Quantity.IsZero() {
			return fmt.Sprintf("%s: quantity of %s must be more than 0 kg", what, o.Product)
		}
		seen[o.Product] = true
	}
	return ""
}

// inputs lists all inputs, the recipe's first one first.
func (b Convert) inputs(recipe Recipe) []Input {
	return append([]Input{{recipe.Input, b.Quantity, b.Lines}}, b.With...)
}

// further lists the further inputs' masses.
func (b Convert) further() []Output {
	masses := make([]Output, 0, len(b.With))
	for _, in := range b.With {
		masses = append(masses, Output{in.Product, in.Quantity})
	}
	return masses
}

// lines lists the lots attributed to all inputs.
func (b Convert) lines() []LotLine {
	lines := slices.Clone(b.Lines)
	for _, in := range b.With {
		lines = append(lines, in.Lines...)
	}
	return lines
}

// input is the mass of all inputs.
func (b Convert) input() Quantity {
	return b.Quantity.Add(sumOutputs(b.further()))
}

func sumOutputs(list []Output) Quantity {
	var total Quantity
	for _, o := range list {
		total = total.Add(o.Quantity)
	}
	return total
}

// Convert turns material into co-products. The recipe bounds what may come out
// (I7) and says how the outputs share the credit of the input. Whatever it
// says, no output is attributed more than its mass (I3), every group of equal
// characteristics is shared out alike, rounded down to the gram, and the rest
// is recorded as conversion loss.
func (b Convert) execute(e *execution) error {
	books, err := e.open(b.Site)
	if err != nil {
		return err
	}
	recipe, err := need[Recipe](e, RecipeKey(b.Recipe))
	if err != nil {
		return err
	}
	inputs := b.inputs(recipe)
	lots := make([][]Lot, len(inputs))
	for i, in := range inputs {
		if lots[i], err = books.lotsOf(in.Product, in.Lines); err != nil {
			return err
		}
	}
	all := slices.Concat(lots...)
	if err := books.checkSchemesOf(all, ""); err != nil {
		return err
	}
	if err := b.checkProducts(recipe); err != nil {
		return err
	}
	lines, err := books.leaves(all, b.lines(), b.input(), b.Model, "")
	if err != nil {
		return err
	}
	if lines, err = b.attributed(books, recipe, lines); err != nil {
		return err
	}
	if err := b.checkInputs(recipe, inputs); err != nil {
		return err
	}
	credits, err := b.attribute(recipe)
	if err != nil {
		return err
	}
	if err := b.checkYield(recipe); err != nil {
		return err
	}
	process := Holder{Kind: HolderConversion, ID: e.reference()}
	for i, in := range inputs {
		if err := books.out(in.Product, in.Quantity, lots[i], in.Lines, process); err != nil {
			return err
		}
	}
	if err := b.yield(books, recipe, blends(books.clear(lines)), credits, process); err != nil {
		return err
	}
	e.record.Subject = process.ID
	books.close()
	return nil
}

// checkProducts refuses what the recipe neither takes nor makes, and credits
// that the recipe does not let the command name. Under fixed shares all
// outputs must be there: the credit is split, not moved.
func (b Convert) checkProducts(recipe Recipe) error {
	for _, o := range b.Outputs {
		if _, ok := recipe.output(o.Product); !ok {
			return refuse(ProductMismatch, "recipe %s makes no %s", recipe.ID, o.Product)
		}
	}
	for _, in := range b.With {
		if _, ok := recipe.input(in.Product); !ok {
			return refuse(ProductMismatch, "recipe %s takes no %s", recipe.ID, in.Product)
		}
	}
	for _, c := range b.Credits {
		if quantityOf(b.Outputs, c.Product).IsZero() {
			return refuse(ProductMismatch, "credit is named for %s, which is not among the outputs", c.Product)
		}
	}
	if recipe.Attribution == FixedShares {
		for _, o := range recipe.Outputs {
			if quantityOf(b.Outputs, o.Product).IsZero() {
				return refuse(ProductMismatch, "recipe %s splits its credit in fixed shares and %s is missing", recipe.ID, o.Product)
			}
		}
	}
	return nil
}

// attributed checks that the schemes allow the recipe's way to share credit out.
// Controlled blending states the share that is in a product, and only credit in
// proportion to the outputs keeps that true: shared out in any other way, what
// was blended goes on under mass balance.
func (b Convert) attributed(books *books, recipe Recipe, lines []TransferLine) ([]TransferLine, error) {
	if err := books.checkAttribution(lines, recipe); err != nil {
		return nil, err
	}
	if recipe.Attribution == Proportional {
		return lines, nil
	}
	if b.Model == ControlledBlending {
		return nil, refuse(CustodyModelRaised, "recipe %s does not share credit out in proportion, so nothing comes out of it as %s", recipe.ID, b.Model)
	}
	for i, line := range lines {
		if line.Model == ControlledBlending {
			lines[i].Model, lines[i].Share = MassBalance, Ratio{}
		}
	}
	if err := books.checkModels(lines); err != nil {
		return nil, err
	}
	return lines, books.checkOrigins(lines)
}

// checkInputs checks the part that each further input has in the whole, and
// that no input is attributed more than its mass.
func (b Convert) checkInputs(recipe Recipe, inputs []Input) error {
	if len(b.Credits) > 0 && recipe.Attribution == Proportional {
		return refuse(AttributionForbidden, "recipe %s shares credit out in proportion to the outputs; none can be named", recipe.ID)
	}
	if recipe.Attribution.named() && len(b.Credits) == 0 && len(b.lines()) > 0 {
		return refuse(AttributionForbidden, "recipe %s leaves it to the command to name the credit of each output, and none is named", recipe.ID)
	}
	whole := b.input()
	for _, limit := range recipe.With {
		part := quantityOf(b.further(), limit.Product)
		if least := limit.Least.CeilOf(whole); part.Less(least) {
			return lacking(InputProportion, part, least, "recipe %s takes at least %s of the whole as %s", recipe.ID, limit.Least, limit.Product)
		}
		if most := limit.Greatest.FloorOf(whole); !limit.Greatest.IsZero() && most.Less(part) {
			return lacking(InputProportion, most, part, "recipe %s takes at most %s of the whole as %s", recipe.ID, limit.Greatest, limit.Product)
		}
	}
	for _, in := range inputs {
		if total := sumLines(in.Lines); in.Quantity.Less(total) {
			return lacking(AttributionExceeds, in.Quantity, total, "the lots attributed to a conversion cannot exceed its input")
		}
	}
	return nil
}

func quantityOf(list []Output, product ProductID) Quantity {
	for _, o := range list {
		if o.Product == product {
			return o.Quantity
		}
	}
	return Quantity{}
}

// attribution is what one output gets: part of whole of each group's credit.
type attribution struct{ part, whole Quantity }

// attribute says what part of the input's credit each output gets.
func (b Convert) attribute(recipe Recipe) ([]attribution, error) {
	shares := make([]attribution, len(b.Outputs))
	total := sumLines(b.lines())
	for i, o := range b.Outputs {
		named := quantityOf(b.Credits, o.Product)
		if o.Quantity.Less(named) {
			return nil, lacking(AttributionExceeds, o.Quantity, named, "no output can be attributed more than its mass; this is %s", o.Product)
		}
		switch recipe.Attribution {
		case Proportional:
			shares[i] = attribution{o.Quantity, b.input()}
		case FixedShares:
			made, _ := recipe.output(o.Product)
			share := made.Share.FloorOf(total)
			if share.Less(named) {
				return nil, lacking(AttributionExceeds, share, named, "recipe %s splits its credit in fixed shares, %s to %s", recipe.ID, made.Share, o.Product)
			}
			shares[i] = attribution{share.Min(o.Quantity), total}
		default:
			shares[i] = attribution{named, total}
		}
	}
	if have, need := b.named(recipe, total); have.Less(need) {
		return nil, lacking(AttributionExceeds, have, need, "the credits named for the outputs exceed that of the input under recipe %s", recipe.ID)
	}
	return shares, nil
}

// named is the credit that the outputs may have in all and the credit that the
// command names for them; under any derivative, both as credit of the input.
func (b Convert) named(recipe Recipe, total Quantity) (have, need Quantity) {
	switch recipe.Attribution {
	case FreeAttribution:
		// The loss is taken off before anything is attributed.
		return total.ScaleFloor(sumOutputs(b.Outputs).Min(b.input()), b.input()), sumOutputs(b.Credits)
	case AnyDerivative:
		used := new(big.Rat)
		for _, c := range b.Credits {
			made, _ := recipe.output(c.Product)
			used.Add(used, made.Share.per(c.Quantity))
		}
		return total, ceilGrams(used)
	}
	return total, Quantity{}
}

// checkYield checks what came out against the recipe: each output, all of them,
// every component, and that it is not implausibly little (I7).
func (b Convert) checkYield(recipe Recipe) error {
	input, output := b.input(), sumOutputs(b.Outputs)
	for _, o := range b.Outputs {
		made, _ := recipe.output(o.Product)
		if most := made.Factor.FloorOf(input); most.Less(o.Quantity) {
			return lacking(ConversionExceeds, most, o.Quantity, "recipe %s yields at most %s of the input as %s, %s kg of %s kg", recipe.ID, made.Factor, o.Product, most, input)
		}
	}
	if most := recipe.GreatestYield.FloorOf(input); !recipe.GreatestYield.IsZero() && most.Less(output) {
		return lacking(ConversionExceeds, most, output, "recipe %s yields at most %s of the input in all", recipe.ID, recipe.GreatestYield)
	}
	masses := append([]Output{{recipe.Input, b.Quantity}}, b.further()...)
	for _, c := range recipe.Components {
		if in, out := c.in(masses), c.in(b.Outputs); in.Cmp(out) < 0 {
			return lacking(ComponentExceeds, floorGrams(in), ceilGrams(out), "recipe %s conserves %s: the outputs cannot hold more of it than the inputs", recipe.ID, c.Name)
		}
	}
	if least := recipe.LeastYield.CeilOf(input); output.Less(least) {
		return lacking(YieldTooLow, output, least, "recipe %s yields at least %s of the input in all; book what was lost before it was processed by withdrawing it", recipe.ID, recipe.LeastYield)
	}
	return nil
}

// yield books the outputs in and shares the credit among them.
func (b Convert) yield(books *books, recipe Recipe, inputs []blend, shares []attribution, process Holder) error {
	footprint := footprint{books.e, recipe, b.Process, b.input()}
	credited := make([]Quantity, len(b.Outputs))
	lots, losses := make([][]yielded, len(b.Outputs)), make([]Quantity, len(inputs))
	for i, in := range inputs {
		credits := make([]Quantity, len(b.Outputs))
		losses[i] = in.total
		for n := range b.Outputs {
			credits[n] = in.total.ScaleFloor(shares[n].part, shares[n].whole)
			credited[n] = credited[n].Add(credits[n])
			losses[i], _ = losses[i].Sub(credits[n])
		}
		sets, err := footprint.sets(in, b.Outputs, credits)
		if err != nil {
			return err
		}
		for n := range b.Outputs {
			lots[n] = append(lots[n], yielded{in, sets[n], credits[n]})
		}
	}
	for n, o := range b.Outputs {
		for _, y := range lots[n] {
			y.create(books, o.Product, process)
		}
		if err := books.in(o.Product, o.Quantity, credited[n]); err != nil {
			return err
		}
	}
	for i, in := range inputs {
		books.e.post(Posting{Characteristics: in.Characteristics, Model: in.Model, Quantity: losses[i], From: process, To: Holder{Kind: HolderLoss, ID: process.ID}})
	}
	return nil
}

// yielded is what an output is credited with of one group.
type yielded struct {
	in     blend
	set    CharacteristicsID
	credit Quantity
}

func (y yielded) create(books *books, product ProductID, process Holder) {
	if y.credit.IsZero() {
		return
	}
	lot := y.in.lot(product, y.credit)
	lot.Characteristics = y.set
	books.createOf(lot, []source{{y.in.Characteristics, y.credit}}, process)
}
