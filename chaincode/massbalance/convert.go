package massbalance

import "fmt"

func (b Convert) check() string {
	if !ValidName(string(b.Recipe)) {
		return fmt.Sprintf("recipe: %q is not a name", b.Recipe)
	}
	if len(b.Outputs) == 0 || len(b.Outputs) > listLimit {
		return fmt.Sprintf("outputs: must be 1 to %d", listLimit)
	}
	seen := map[ProductID]bool{}
	for _, o := range b.Outputs {
		if !ValidName(string(o.Product)) || seen[o.Product] {
			return fmt.Sprintf("outputs: product %q is not a name, or named twice", o.Product)
		}
		if o.Quantity.IsZero() {
			return fmt.Sprintf("outputs: quantity of %s must be more than 0 kg", o.Product)
		}
		seen[o.Product] = true
	}
	if b.Model != "" && (!b.Model.Valid() || !b.Model.Physical()) {
		return fmt.Sprintf("model: %q is not a custody model that moves with material", b.Model)
	}
	if problem := checkLines(b.Lines); problem != "" {
		return problem
	}
	return checkMove(b.Site, b.Quantity)
}

// Convert turns material into co-products. The recipe's factors bound what may
// come out (I7); the actual outputs, as weighed, decide how the attributed
// input is shared: each output carries input credit in proportion to its mass
// per mass of input, rounded down to the gram. So no output is attributed more
// than its mass (I3), nothing can be moved into the more valuable co-product,
// and the rest is recorded as conversion loss.
func (b Convert) execute(e *execution) error {
	books, err := e.open(b.Site)
	if err != nil {
		return err
	}
	recipe, err := need[Recipe](e, RecipeKey(b.Recipe))
	if err != nil {
		return err
	}
	lots, err := books.lotsOf(recipe.Input, b.Lines)
	if err != nil {
		return err
	}
	if err := books.checkSchemesOf(lots, ""); err != nil {
		return err
	}
	if err := b.checkProducts(recipe); err != nil {
		return err
	}
	lines, err := leaving(lots, b.Lines, b.Quantity, b.Model)
	if err != nil {
		return err
	}
	total := sumLines(b.Lines)
	if b.Quantity.Less(total) {
		return lacking(AttributionExceeds, b.Quantity, total, "the lots attributed to a conversion cannot exceed its input")
	}
	if err := b.checkFactors(recipe); err != nil {
		return err
	}
	process := Holder{Kind: HolderConversion, ID: e.reference()}
	if err := books.out(recipe.Input, b.Quantity, lots, b.Lines, process); err != nil {
		return err
	}
	if err := b.yield(books, blends(lines), process); err != nil {
		return err
	}
	e.record.Subject = process.ID
	books.close()
	return nil
}

func (b Convert) checkProducts(recipe Recipe) error {
	for _, o := range b.Outputs {
		if _, ok := recipe.factor(o.Product); !ok {
			return refuse(ProductMismatch, "recipe %s makes no %s", recipe.ID, o.Product)
		}
	}
	return nil
}

func (b Convert) checkFactors(recipe Recipe) error {
	for _, o := range b.Outputs {
		factor, _ := recipe.factor(o.Product)
		if most := factor.FloorOf(b.Quantity); most.Less(o.Quantity) {
			return lacking(ConversionExceeds, most, o.Quantity, "recipe %s yields at most %s of the input as %s, %s kg of %s kg", recipe.ID, factor, o.Product, most, b.Quantity)
		}
	}
	return nil
}

// yield books the outputs in and shares the credit among them.
func (b Convert) yield(books *books, inputs []blend, process Holder) error {
	left := make([]Quantity, len(inputs))
	for i, in := range inputs {
		left[i] = in.total
	}
	for _, o := range b.Outputs {
		var credited Quantity
		for i, in := range inputs {
			credit := in.total.ScaleFloor(o.Quantity, b.Quantity)
			if credit.IsZero() {
				continue
			}
			books.create(in.lot(o.Product, credit), process)
			credited = credited.Add(credit)
			left[i], _ = left[i].Sub(credit)
		}
		if err := books.in(o.Product, o.Quantity, credited); err != nil {
			return err
		}
	}
	for i, in := range inputs {
		books.e.post(Posting{Characteristics: in.Characteristics, Model: in.Model, Quantity: left[i], From: process, To: Holder{Kind: HolderLoss, ID: process.ID}})
	}
	return nil
}

// factor finds the factor of an output.
func (r Recipe) factor(product ProductID) (Ratio, bool) {
	for _, o := range r.Outputs {
		if o.Product == product {
			return o.Factor, true
		}
	}
	return Ratio{}, false
}
