package readmodel

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Descendants say what became of a lot: the lots made of it, directly or not,
// and what left each of those.
//
// How much of a descendant rests on the lot is in kilograms of the descendant's
// own product: its quantity × what its parents gave that rests on the lot ÷ all
// that they gave. Each of the two steps, from parent to gift and from gifts to
// descendant, is rounded down to the gram, so no figure is ever too large, and
// each is short by less than a gram for each parent on the way.
type Descendants struct {
	Lot massbalance.Lot
	// Lots begins with the lot itself; each stands after its parents.
	Lots []Descendant
}

// Descendant is one lot with how much of it rests on the lot that is traced.
type Descendant struct {
	Lot    massbalance.Lot
	Rests  massbalance.Quantity
	Leaves []Leave
}

// Leave is credit that left a lot in one movement. A conversion takes it for
// the next lots, a transfer for its receiver; a claim, a cancellation or a loss
// takes it for good.
type Leave struct {
	To   massbalance.HolderKind
	ID   string
	Date massbalance.Date
	// Quantity is what left, Rests the part of it that rests on the lot that is traced.
	Quantity massbalance.Quantity
	Rests    massbalance.Quantity
	// Back is set where a reversal brought the quantity back into the lot.
	Back bool
}

// Descend walks from a lot forward.
func (s *Snapshot) Descend(id massbalance.LotID) (Descendants, error) {
	lot, err := Need[massbalance.Lot](s, massbalance.LotKey(id))
	if err != nil {
		return Descendants{}, err
	}
	d := descent{s: s, lots: map[massbalance.LotID]massbalance.Lot{}, rests: map[massbalance.LotID]massbalance.Quantity{id: lot.Quantity}}
	if err := d.visit(lot); err != nil {
		return Descendants{}, fmt.Errorf("couldn't trace lot %s forward: %w", id, err)
	}
	out := Descendants{Lot: lot}
	for _, next := range slices.Backward(d.order) {
		descendant, err := d.descendant(d.lots[next])
		if err != nil {
			return out, fmt.Errorf("couldn't trace lot %s forward: %w", id, err)
		}
		out.Lots = append(out.Lots, descendant)
	}
	return out, nil
}

// descent goes through the graph of lots away from the farms.
type descent struct {
	s     *Snapshot
	lots  map[massbalance.LotID]massbalance.Lot
	rests map[massbalance.LotID]massbalance.Quantity
	// order has every lot after all of its descendants.
	order []massbalance.LotID
}

func (d *descent) visit(lot massbalance.Lot) error {
	d.lots[lot.ID] = lot
	children, err := d.s.Children(lot.ID)
	if err != nil {
		return err
	}
	for _, child := range slices.Backward(children) {
		if _, seen := d.lots[child.ID]; seen {
			continue
		}
		if err := d.visit(child); err != nil {
			return err
		}
	}
	d.order = append(d.order, lot.ID)
	return nil
}

func (d *descent) descendant(lot massbalance.Lot) (Descendant, error) {
	if _, known := d.rests[lot.ID]; !known {
		var given, resting massbalance.Quantity
		for _, parent := range lot.Parents {
			given = given.Add(parent.Quantity)
			if from, ours := d.lots[parent.Lot]; ours {
				resting = resting.Add(parent.Quantity.ScaleFloor(d.rests[parent.Lot], from.Quantity))
			}
		}
		d.rests[lot.ID] = lot.Quantity.ScaleFloor(resting, given)
	}
	out := Descendant{Lot: lot, Rests: d.rests[lot.ID]}
	entries, err := d.s.AllHistory(Holder(massbalance.HolderLot, string(lot.ID)))
	if err != nil {
		return out, err
	}
	for _, e := range entries {
		out.Leaves = append(out.Leaves, leaves(e, lot, out.Rests)...)
	}
	return out, nil
}

// leaves lists what an entry took from a lot.
func leaves(e Entry, lot massbalance.Lot, rests massbalance.Quantity) (out []Leave) {
	for _, p := range e.Record.Credits {
		other, back := p.To, false
		if e.Record.Reverses != "" && p.To.Kind == massbalance.HolderLot && p.To.ID == string(lot.ID) {
			other, back = p.From, true
		} else if p.From.Kind != massbalance.HolderLot || p.From.ID != string(lot.ID) {
			continue
		}
		out = append(out, Leave{other.Kind, other.ID, e.Record.Date, p.Quantity, p.Quantity.ScaleFloor(rests, lot.Quantity), back})
	}
	return out
}
