package massbalance

import (
	"math/big"
	"slices"
)

// recipe notes what the consortium adopted, and finds a cycle of conversions.
func (t *Tally) recipe(e Entry, r Recipe) {
	t.recipes[r.ID] = r
	inputs := []ProductID{r.Input}
	for _, in := range r.With {
		inputs = append(inputs, in.Product)
	}
	for _, in := range inputs {
		for _, o := range r.Outputs {
			t.makes[in] = append(t.makes[in], o.Product)
		}
	}
	for _, in := range inputs {
		if t.reaches(in, in, map[ProductID]bool{}) {
			t.find(e, "%s can be made from itself", in)
		}
	}
}

// reaches searches for a product among what another can be made into.
func (t *Tally) reaches(from, to ProductID, seen map[ProductID]bool) bool {
	for _, product := range t.makes[from] {
		if product == to {
			return true
		}
		if !seen[product] {
			seen[product] = true
			if t.reaches(product, to, seen) {
				return true
			}
		}
	}
	return false
}

// conversion checks I3 and I7: mass and components from the command's figures,
// credit from the record's postings.
func (t *Tally) conversion(e Entry, b Convert) {
	r, ok := t.recipes[b.Recipe]
	if !ok {
		t.find(e, "there is no recipe %s", b.Recipe)
		return
	}
	input, output := grams(b.Quantity), new(big.Rat)
	into := map[ProductID]*big.Rat{r.Input: grams(b.Quantity)}
	for _, in := range b.With {
		into[in.Product] = grams(in.Quantity)
		input.Add(input, grams(in.Quantity))
	}
	for product, mass := range into {
		if credit := t.converted(e, true, product); credit.Cmp(mass) > 0 {
			t.find(e, "I3: %s g attributed to %s g of %s", credit.FloatString(0), mass.FloatString(0), product)
		}
	}
	out := map[ProductID]*big.Rat{}
	for _, o := range b.Outputs {
		t.atMost(e, HolderLot, o.Product, o.Quantity)
		out[o.Product] = grams(o.Quantity)
		output.Add(output, grams(o.Quantity))
		at := slices.IndexFunc(r.Outputs, func(made RecipeOutput) bool { return made.Product == o.Product })
		if at < 0 {
			t.find(e, "recipe %s has no factor for %s", r.ID, o.Product)
		} else if over(out[o.Product], r.Outputs[at].Factor, input) {
			t.find(e, "I7: %s kg of %s out of %s g", o.Quantity, o.Product, input.FloatString(0))
		}
	}
	if output.Cmp(input) > 0 || !r.GreatestYield.IsZero() && over(output, r.GreatestYield, input) {
		t.find(e, "I7: %s g out of %s g", output.FloatString(0), input.FloatString(0))
	}
	if least := new(big.Rat).Mul(rat(r.LeastYield), input); output.Cmp(least) < 0 {
		t.find(e, "%s g out of %s g are less than the recipe's least yield", output.FloatString(0), input.FloatString(0))
	}
	for _, c := range r.Components {
		in, made := new(big.Rat), new(big.Rat)
		for _, content := range c.Contents {
			addProduct(in, rat(content.Content), into[content.Product])
			addProduct(made, rat(content.Content), out[content.Product])
		}
		if made.Cmp(in) > 0 {
			t.find(e, "I7: %s g of %s out of %s g", made.FloatString(0), c.Name, in.FloatString(0))
		}
	}
	t.attribution(e, r, input, output, out)
}

// attribution checks that the credit of the outputs is what the recipe lets
// them have of that of the input.
func (t *Tally) attribution(e Entry, r Recipe, input, output *big.Rat, out map[ProductID]*big.Rat) {
	total := t.converted(e, true, "")
	credited, used := new(big.Rat), new(big.Rat)
	for _, o := range r.Outputs {
		credit := t.converted(e, false, o.Product)
		credited.Add(credited, credit)
		most := total
		switch {
		case credit.Sign() == 0:
			continue
		case r.Attribution == "":
			most = new(big.Rat).Quo(new(big.Rat).Mul(total, out[o.Product]), input)
		case r.Attribution == FixedShares:
			most = new(big.Rat).Mul(total, rat(o.Share))
		case r.Attribution == AnyDerivative:
			used.Add(used, new(big.Rat).Quo(credit, rat(o.Share)))
		}
		if credit.Cmp(most) > 0 {
			t.find(e, "I7: %s g of credit for %s, %s g at most", credit.FloatString(0), o.Product, most.FloatString(0))
		}
	}
	if r.Attribution == FreeAttribution {
		used.Quo(new(big.Rat).Mul(credited, input), output)
	}
	if used.Cmp(total) > 0 {
		t.find(e, "I7: the outputs' credit takes %s g of the input's, which is %s g", used.FloatString(3), total.FloatString(0))
	}
}

// converted is the credit that a record moves into its conversion, or out of it
// into lots, in grams; of one product, or of all.
func (t *Tally) converted(e Entry, into bool, product ProductID) *big.Rat {
	sum := new(big.Rat)
	for _, p := range e.Record.Credits {
		lot, process := p.From, p.To
		if !into {
			lot, process = p.To, p.From
		}
		if process.Kind == HolderConversion && lot.Kind == HolderLot && (product == "" || lot.Product == product) {
			sum.Add(sum, grams(p.Quantity))
		}
	}
	return sum
}

func over(part *big.Rat, factor Ratio, whole *big.Rat) bool {
	return part.Cmp(new(big.Rat).Mul(rat(factor), whole)) > 0
}

func addProduct(sum, a, b *big.Rat) {
	if b != nil {
		sum.Add(sum, new(big.Rat).Mul(a, b))
	}
}

func grams(q Quantity) *big.Rat { return new(big.Rat).SetInt(GramsOf(q)) }

func rat(r Ratio) *big.Rat {
	x, ok := new(big.Rat).SetString(r.String())
	if !ok {
		return new(big.Rat)
	}
	return x
}

// weighed checks that what came in is what the ticket says, at the product's
// reference moisture: grams × (1 − moisture) ÷ (1 − reference), rounded down.
func (t *Tally) weighed(e Entry, net Quantity, moisture Ratio) {
	if len(e.Record.Materials) != 1 {
		t.find(e, "%d materials came in on one ticket", len(e.Record.Materials))
		return
	}
	in, expected := e.Record.Materials[0], grams(net)
	if !moisture.IsZero() {
		whole := big.NewRat(1, 1)
		expected.Mul(expected, new(big.Rat).Sub(whole, rat(moisture)))
		expected.Quo(expected, new(big.Rat).Sub(whole, rat(t.moistures[in.Product])))
	}
	rounded := new(big.Int).Quo(expected.Num(), expected.Denom())
	if rounded.Cmp(GramsOf(in.In)) != 0 {
		t.find(e, "%s kg came in, %s kg by the ticket", in.In, FormatGrams(rounded))
	}
}
