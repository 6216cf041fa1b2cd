package imports

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/weighbridge/weighbridge/gateway/table"
)

// column is one field of a kind of file with the names that the trade has for it.
type column struct {
	name     string
	needed   bool
	quantity bool
	names    []string
}

// The columns that several kinds share.
var (
	siteColumn       = column{name: "site", names: []string{"elevator", "location", "place", "standort"}}
	productColumn    = column{name: "product", needed: true, names: []string{"commodity", "crop", "material", "produkt", "ware"}}
	attributedColumn = column{name: "attributed", quantity: true, names: []string{"lots", "certified", "credit"}}
	modelColumn      = column{name: "custody model", names: []string{"model", "chain of custody"}}
	waybillColumn    = column{name: "waybill", names: []string{"documents", "waybill no", "delivery note", "cmr", "consignment note", "lieferschein"}}
	ticketNames      = []string{"ticket no", "ticket nr", "ticket number", "ticket id", "docket", "docket no", "docket number", "weighbridge ticket", "weigh ticket", "wiegeschein", "wiegeschein nr", "beleg"}
)

// layouts are the columns of each kind.
var layouts = map[Kind][]column{
	Tickets: {
		{name: "ticket", needed: true, names: ticketNames},
		{name: "date", needed: true, names: []string{"date and time", "date time", "datetime", "delivered", "delivery date", "received", "day", "datum"}},
		siteColumn, productColumn,
		{name: "supplier", needed: true, names: []string{"supplier id", "supplier code", "supplier no", "farm", "farmer", "grower", "producer", "vendor", "lieferant"}},
		{name: "gross", quantity: true, names: []string{"gross weight", "brutto"}},
		{name: "tare", quantity: true, names: []string{"tare weight", "tara"}},
		{name: "net", quantity: true, names: []string{"net weight", "nett", "netto"}},
		{name: "statement", names: []string{"verification statement", "statement no"}},
		{name: "certifier"}, modelColumn,
	},
	Shipments: {
		{name: "shipment", needed: true, names: []string{"shipment no", "shipment number", "dispatch", "dispatch no", "delivery"}},
		{name: "dispatched", needed: true, names: []string{"date", "date and time", "dispatch date", "shipped", "datum"}},
		{name: "from", names: append([]string{"site"}, siteColumn.names...)},
		{name: "to", needed: true, names: []string{"destination", "ship to", "an"}},
		productColumn,
		{name: "quantity", needed: true, quantity: true, names: []string{"net", "net weight", "netto", "weight"}},
		attributedColumn, waybillColumn, modelColumn, {name: "scheme"},
	},
	Receipts: {
		{name: "shipment", needed: true, names: []string{"transfer", "shipment no", "shipment number", "dispatch", "delivery"}},
		{name: "arrived", needed: true, names: []string{"date", "date and time", "received", "arrival date", "datum"}},
		{name: "site", names: append([]string{"to"}, siteColumn.names...)},
		{name: "arrived kg", needed: true, quantity: true, names: []string{"received kg", "net", "net weight", "netto", "weight"}},
		{name: "ticket", names: ticketNames}, waybillColumn,
	},
	Conversions: {
		{name: "conversion", needed: true, names: []string{"conversion no", "conversion number", "batch", "batch no", "run", "production order"}},
		{name: "date", needed: true, names: []string{"date and time", "datum", "day"}},
		siteColumn, {name: "recipe", needed: true, names: []string{"process"}},
		{name: "input", needed: true, quantity: true, names: []string{"input quantity", "quantity"}},
		attributedColumn,
		{name: "outputs", needed: true, quantity: true, names: []string{"output"}},
		modelColumn,
	},
}

// suppliersLayout is that of the second file, which says who is certified.
var suppliersLayout = []column{
	{name: "supplier", needed: true, names: layouts[Tickets][4].names},
	{name: "statement", needed: true, names: []string{"verification statement", "statement no"}},
	{name: "certifier"}, modelColumn,
}

// plainName lowers a column's name and leaves words with single spaces between.
func plainName(header string) string {
	words := strings.FieldsFunc(strings.ToLower(header), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return strings.Join(words, " ")
}

func (c column) is(name string) bool { return c.name == name || slices.Contains(c.names, name) }

// find gives the layout's column that a header means. The name as it stands
// goes before the name without its unit: "arrived" is a day, "arrived kg" a weight.
func find(layout []column, header string) (column, bool) {
	name := plainName(header)
	for _, c := range layout {
		if c.is(name) {
			return c, true
		}
	}
	bare, hasUnit := strings.CutSuffix(name, " kg")
	bare = strings.TrimSuffix(bare, " in")
	for _, c := range layout {
		if hasUnit && c.quantity && c.is(bare) {
			return c, true
		}
	}
	return column{}, false
}

// columns says at which place of a line each column stands.
type columns struct {
	at      map[string]int
	ignored []string
}

func (c columns) has(column string) bool {
	_, ok := c.at[column]
	return ok
}

// match finds a file's columns. Without a needed one, or with one twice, no
// line could be read rightly.
func match(layout []column, t *table.Table) (columns, []table.Fault) {
	c := columns{at: map[string]int{}}
	var faults []table.Fault
	for i, header := range t.Columns {
		known, ok := find(layout, header)
		if !ok {
			if header != "" {
				c.ignored = append(c.ignored, header)
			}
			continue
		}
		if before, twice := c.at[known.name]; twice {
			faults = append(faults, table.Fault{Line: 1, Column: header, Message: fmt.Sprintf("means the same as the column %q: %s", t.Columns[before], known.name)})
			continue
		}
		c.at[known.name] = i
	}
	for _, known := range layout {
		if _, ok := c.at[known.name]; known.needed && !ok {
			message := "the column is missing"
			if len(known.names) > 0 {
				message += "; it may also be called " + strings.Join(known.names[:min(4, len(known.names))], ", ")
			}
			faults = append(faults, table.Fault{Line: 1, Column: known.name, Message: message})
		}
	}
	return c, faults
}
