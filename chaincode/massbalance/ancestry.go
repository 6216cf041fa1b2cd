package massbalance

import "slices"

// Ancestor is a lot behind credit that is traced back.
type Ancestor struct {
	Lot Lot
	// Share is how much of the credit rests on the lot, in kilograms of the product
	// that is traced: a conversion changes the product, not the proportions, and
	// its co-products rest on the same input side by side.
	Share Quantity
	// Parents say how much of Share rests on each of the lot's parents.
	Parents []LotLine
}

// Ancestry walks lines of a claim or of a transfer, or whole lots, back to where
// their credit came in, each lot before those it was made of. Lots on which not
// even a gram rests are left out. Like FindUntraced it decides nothing.
//
// What a lot contributes is shared among its parents as they gave to it, rounded
// down to the gram, and as recalls were traced: what was taken of a mixture after
// a recalled share had been frozen there rests on the others alone, and what was
// taken before carries its share. A recall that nobody traced changes nothing yet.
func Ancestry(view View, lines []TransferLine) ([]Ancestor, error) {
	a := &ancestry{e: &execution{state: newOverlay(view, 8)}, lots: map[LotID]*ancestor{}}
	for _, line := range lines {
		at, err := a.visit(line.Lot)
		if err != nil {
			return nil, err
		}
		at.rest(line.Quantity, at.portions(line.Quantity, line.Cleared))
	}
	found := make([]Ancestor, 0, len(a.order))
	for _, at := range slices.Backward(a.order) {
		if one := a.handDown(at); !one.Share.IsZero() {
			found = append(found, one)
		}
	}
	return found, nil
}

type ancestry struct {
	e    *execution
	lots map[LotID]*ancestor
	// order has every lot after all of its parents.
	order []*ancestor
}

// ancestor is a lot with what was traced in it.
type ancestor struct {
	lot   Lot
	taint Taint
	// shares are what rests on each statement that was traced in the lot, and on
	// the remainder, which has none.
	shares []portion
}

// portion is what of a quantity was traced to a recalled statement, or the
// remainder, which stands last.
type portion struct {
	from     origin
	quantity Quantity
}

func (a *ancestry) visit(id LotID) (*ancestor, error) {
	if at, seen := a.lots[id]; seen {
		return at, nil
	}
	at := &ancestor{}
	a.lots[id] = at
	var err error
	if at.lot, err = need[Lot](a.e, LotKey(id)); err != nil {
		return nil, err
	}
	if at.taint, _, err = find[Taint](a.e, TaintKey(id)); err != nil {
		return nil, err
	}
	for _, parent := range at.lot.Parents {
		if _, err := a.visit(parent.Lot); err != nil {
			return nil, err
		}
	}
	a.order = append(a.order, at)
	return at, nil
}

// portions divides what left the lot. A lot of one known origin is all of that.
func (at *ancestor) portions(quantity Quantity, cleared int) (parts []portion) {
	rest := quantity
	if at.lot.origin() == (origin{}) {
		for _, s := range at.taint.Shares[min(cleared, len(at.taint.Shares)):] {
			from := origin{s.Certifier, s.Statement}
			if !slices.ContainsFunc(parts, func(p portion) bool { return p.from == from }) {
				part := rest.Min(at.taint.of(at.lot, quantity, cleared, from))
				parts, rest = append(parts, portion{from, part}), part.Shortage(rest)
			}
		}
	}
	return append(parts, portion{quantity: rest})
}

// rest notes that a quantity of what is traced rests on portions of the lot.
func (at *ancestor) rest(quantity Quantity, on []portion) {
	whole := total(on)
	for _, p := range on {
		share := quantity.ScaleFloor(p.quantity, whole)
		if i := slices.IndexFunc(at.shares, func(s portion) bool { return s.from == p.from }); i >= 0 {
			at.shares[i].quantity = at.shares[i].quantity.Add(share)
		} else if !share.IsZero() {
			at.shares = append(at.shares, portion{p.from, share})
		}
	}
}

func total(parts []portion) (sum Quantity) {
	for _, p := range parts {
		sum = sum.Add(p.quantity)
	}
	return sum
}

// handDown gives each parent its part of what rests on a lot.
func (a *ancestry) handDown(at *ancestor) Ancestor {
	out := Ancestor{Lot: at.lot, Share: total(at.shares)}
	given := make([]Quantity, len(at.lot.Parents))
	for _, share := range at.shares {
		on := make([][]portion, len(given))
		var whole Quantity
		for i, parent := range at.lot.Parents {
			on[i] = a.matching(at, share.from, parent)
			whole = whole.Add(total(on[i]))
		}
		for i, parent := range at.lot.Parents {
			part := share.quantity.ScaleFloor(total(on[i]), whole)
			a.lots[parent.Lot].rest(part, on[i])
			given[i] = given[i].Add(part)
		}
	}
	for i, parent := range at.lot.Parents {
		if !given[i].IsZero() {
			out.Parents = append(out.Parents, LotLine{parent.Lot, given[i]})
		}
	}
	return out
}

// matching is what a parent gave to a lot of one of the statements that were
// traced in the lot, or of all others.
func (a *ancestry) matching(at *ancestor, from origin, parent LotLine) []portion {
	above := a.lots[parent.Lot]
	parts := above.portions(parent.Quantity, at.lot.cleared(parent.Lot))
	return slices.DeleteFunc(parts, func(p portion) bool {
		if p.from == (origin{}) {
			p.from = above.lot.origin()
		}
		if from == (origin{}) {
			return at.traced(p.from)
		}
		return p.from != from
	})
}

// traced reports whether a statement was traced in the lot.
func (at *ancestor) traced(from origin) bool {
	return at.lot.origin() == (origin{}) && !at.taint.known(from).IsZero()
}
