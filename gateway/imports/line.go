package imports

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/table"
)

// line reads the fields of one line. Its getters remember the first fault, so a
// line is read in one go and checked once.
type line struct {
	table.Line
	columns columns
	reading table.Reading
	fault   *table.Fault
}

func (l *line) fail(column, format string, args ...any) {
	if l.fault == nil {
		l.fault = &table.Fault{Line: l.Number, Column: column, Message: fmt.Sprintf(format, args...)}
	}
}

func (l *line) cell(column string) table.Cell {
	at, ok := l.columns.at[column]
	if !ok || at >= len(l.Cells) {
		return table.Cell{}
	}
	if cell := l.Cells[at]; cell.Kind != table.Broken {
		return cell
	}
	l.fail(column, "the spreadsheet shows %q, which is an error or a formula without its value", l.Cells[at].Text)
	return table.Cell{}
}

// optional is a text that may be absent.
func (l *line) optional(column string) string { return l.cell(column).Text }

// text is a text that must be there.
func (l *line) text(column string) string {
	text := l.optional(column)
	if text == "" {
		l.fail(column, "is empty")
	}
	return text
}

// name is an identifier on the ledger.
func (l *line) name(column string) string { return l.checked(column, l.text(column)) }

func (l *line) optionalName(column string) string {
	text := l.optional(column)
	if text == "" {
		return ""
	}
	return l.checked(column, text)
}

func (l *line) checked(column, text string) string {
	if text != "" && !massbalance.ValidName(text) {
		l.fail(column, "%q is not a name of 1 to 64 letters, digits, dots, underscores and hyphens", text)
	}
	return text
}

// document is a document's number: a slash or a space in it becomes a hyphen,
// because the ledger's names have none.
func (l *line) document(column string) string {
	return l.checked(column, strings.NewReplacer("/", "-", " ", "-").Replace(l.text(column)))
}

func (l *line) optionalDocument(column string) string {
	if l.optional(column) == "" {
		return ""
	}
	return l.document(column)
}

func (l *line) day(column string) massbalance.Date {
	l.text(column)
	day, err := l.reading.Day(l.cell(column))
	if err != nil {
		l.fail(column, "%s", err)
	}
	return massbalance.Date(day)
}

// quantity is a weight in kilograms; one of 0 is a slip.
func (l *line) quantity(column string) massbalance.Quantity {
	l.text(column)
	q := l.kilograms(column, l.cell(column))
	if q.IsZero() {
		l.fail(column, "is 0")
	}
	return q
}

func (l *line) kilograms(column string, cell table.Cell) massbalance.Quantity {
	number, err := l.reading.Number(cell)
	if err != nil {
		l.fail(column, "%s", err)
		return massbalance.Quantity{}
	}
	q, err := massbalance.ParseQuantity(number)
	if err != nil {
		l.fail(column, "%s", err)
	}
	return q
}

func (l *line) model(column string, or massbalance.CustodyModel) massbalance.CustodyModel {
	text := l.optional(column)
	if text == "" {
		return or
	}
	name := strings.ReplaceAll(plainName(text), " ", "_")
	for _, m := range massbalance.CustodyModels {
		if name == string(m) || name == shortModels[m] {
			return m
		}
	}
	l.fail(column, "%q is none of identity preserved, segregated, controlled blending and mass balance", text)
	return or
}

var shortModels = map[massbalance.CustodyModel]string{
	massbalance.IdentityPreserved: "ip", massbalance.Segregated: "sg", massbalance.ControlledBlending: "cb", massbalance.MassBalance: "mb",
}

// pair is one of several in a field, written name=kg.
type pair struct {
	name     string
	quantity massbalance.Quantity
}

func (l *line) pairs(column string) []pair {
	var all []pair
	seen := map[string]bool{}
	for _, text := range strings.FieldsFunc(l.optional(column), func(r rune) bool { return r == ' ' || r == ';' || r == '\n' }) {
		name, kg, ok := strings.Cut(text, "=")
		if !ok || name == "" || seen[name] {
			l.fail(column, "%q is not name=kg, or %q stands twice", text, name)
			return nil
		}
		seen[name] = true
		all = append(all, pair{name, l.kilograms(column, table.Cell{Text: kg})})
	}
	return all
}
