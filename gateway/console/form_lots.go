package console

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// lotFilter says which lots a form offers.
type lotFilter struct {
	Site    massbalance.SiteID
	Product massbalance.ProductID
	// Moves leaves out book and claim, which moves with no material; Alone
	// leaves out all else.
	Moves, Alone bool
	Optional     bool
	// Any is for the lots of all products.
	Any  bool
	Verb string
	// Field names the field where a form has several of them.
	Field string
}

// lotField names the field of a form's lots, and begins the names of their rows.
const lotField = "lots"

// spreadField is the field whose quantity a button spreads over the oldest lots.
func spreadField(do string) string {
	if do == "spread" {
		return lotField
	}
	field, _ := strings.CutPrefix(do, "spread:")
	if field == do {
		return ""
	}
	return field
}

// attributeName names the input whose quantity is spread over a field's lots.
func attributeName(field string) string {
	if field == lotField {
		return "attribute"
	}
	return "attribute:" + field
}

// lots is a quantity of each of several lots, the oldest first.
func (f *form) lots(label, hint string, from lotFilter) ([]massbalance.LotLine, error) {
	if from.Site == "" || from.Product == "" && !from.Any {
		return nil, nil
	}
	one := f.add("lots", cmp.Or(from.Field, lotField), label, hint)
	one.Wide, one.Optional, one.Value, one.Verb = true, from.Optional, f.typed.Get(attributeName(one.Name)), cmp.Or(from.Verb, "Attribute")
	lots, err := f.lotsToName(one, from)
	if err != nil {
		return nil, err
	}
	var lines []massbalance.LotLine
	for _, lot := range lots {
		row, err := f.lotRow(lot)
		if err != nil {
			return nil, err
		}
		if q := row.quantity(one); !q.IsZero() {
			lines = append(lines, massbalance.LotLine{Lot: lot.ID, Quantity: q})
			one.Total = one.Total.Add(q)
		}
		one.Rows = append(one.Rows, row)
	}
	if len(lines) == 0 && !one.Optional {
		if one.missing = true; f.strict {
			one.fail("Name at least one lot with a quantity")
		}
	}
	return lines, nil
}

// formLots is how many lots a form offers, of those that nobody named.
const formLots = 100

// lotsToName are the oldest lots, and those beyond them that somebody named.
func (f *form) lotsToName(one *field, from lotFilter) ([]massbalance.Lot, error) {
	if f.spread == one.Name {
		lots, _, err := f.openLots(from, massbalance.ListLimit)
		if err != nil {
			return nil, err
		}
		f.spreadOver(one, lots)
	}
	lots, more, err := f.openLots(from, formLots)
	if err != nil || !more {
		return lots, err
	}
	one.Note = fmt.Sprintf("The %d oldest lots stand here, and those that you named. To take a younger one, begin on its own page.", formLots)
	for _, name := range slices.Sorted(maps.Keys(f.typed)) {
		id, named := strings.CutPrefix(name, lotField+":")
		if !named || f.typed.Get(name) == "" || slices.ContainsFunc(lots, func(l massbalance.Lot) bool { return string(l.ID) == id }) {
			continue
		}
		lot, err := find[massbalance.Lot](f.lens, massbalance.LotKey(massbalance.LotID(id)))
		if err != nil {
			return nil, err
		}
		if lot.Site == from.Site && from.takes(lot) && (from.Any || lot.Product == from.Product) && !lot.Available().IsZero() {
			lots = append(lots, lot)
		}
	}
	return lots, nil
}

// takes reports whether a form offers a lot's custody model.
func (from lotFilter) takes(lot massbalance.Lot) bool {
	booked := lot.Model == massbalance.BookAndClaim
	return !(booked && from.Moves || !booked && from.Alone)
}

// openLots are the oldest lots with something left, at most so many; more says
// that there are others.
func (f *form) openLots(from lotFilter, most int) (lots []massbalance.Lot, more bool, err error) {
	p := readmodel.Page{Limit: min(readmodel.MaxLimit, most+1)}
	for {
		listing, err := f.s.Lots(readmodel.LotFilter{Site: from.Site, Product: from.Product, Available: true}, p)
		if err != nil {
			return nil, false, err
		}
		for _, lot := range listing.Items {
			if !from.takes(lot) {
				continue
			}
			if len(lots) == most {
				return lots, true, nil
			}
			lots = append(lots, lot)
		}
		if p.After = listing.Next; p.After == 0 {
			return lots, false, nil
		}
	}
}

func (f *form) lotRow(lot massbalance.Lot) (amountRow, error) {
	row := amountRow{
		Name: lotField + ":" + string(lot.ID), Label: string(lot.ID), Model: lot.Model, Most: lot.Available(), Limited: true,
		Value: strings.TrimSpace(f.typed.Get(lotField + ":" + string(lot.ID))),
	}
	taint, err := find[massbalance.Taint](f.lens, massbalance.TaintKey(lot.ID))
	if err == nil && !taint.Frozen.IsZero() {
		row.Detail = worded(taint.Frozen) + " of it rest on a recalled statement and are frozen"
	}
	if err == nil {
		row.Traits, err = f.traits(lot.Characteristics)
	}
	return row, err
}

// quantity reads a row; what is wrong with it stands in the row and at its field.
func (r *amountRow) quantity(one *field) massbalance.Quantity {
	if r.Value == "" {
		return massbalance.Quantity{}
	}
	q, err := readKilograms(r.Value)
	if err != nil {
		r.Fault = err.Error()
		one.fail("%s: %s", r.Label, err)
	}
	return q
}

// spreadOver fills in the oldest lots up to a quantity.
func (f *form) spreadOver(one *field, lots []massbalance.Lot) {
	wanted, err := readKilograms(one.Value)
	if err != nil {
		one.fail("How many kilograms are to be attributed? %s", err)
		return
	}
	for _, lot := range lots {
		taken := wanted.Min(lot.Available())
		wanted, _ = wanted.Sub(taken)
		text := taken.String()
		if taken.IsZero() {
			text = ""
		}
		f.typed.Set(lotField+":"+string(lot.ID), text)
	}
	if !wanted.IsZero() {
		one.fail("These lots are %s short of it", worded(wanted))
	}
}

// amounts is a quantity of each of several products. Rows with nothing in them
// are left out.
func (f *form) amounts(name, label, hint string, rows []amountRow, optional bool) []massbalance.Output {
	one := f.add("amounts", name, label, hint)
	one.Wide, one.Optional = true, optional
	var out []massbalance.Output
	for _, row := range rows {
		product := row.Name
		row.Name = name + ":" + product
		if f.typed.Has(row.Name) {
			row.Value = strings.TrimSpace(f.typed.Get(row.Name))
		}
		if row.Value != "" {
			q := row.quantity(one)
			out = append(out, massbalance.Output{Product: massbalance.ProductID(product), Quantity: q})
			one.Total = one.Total.Add(q)
		}
		one.Rows = append(one.Rows, row)
	}
	if len(out) == 0 && !optional {
		if one.missing = true; f.strict {
			one.fail("Fill in at least one")
		}
	}
	return out
}
