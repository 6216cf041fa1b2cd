package console

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/table"
)

// column is one of the columns of a field of several rows.
type column struct {
	Name, Label, Unit string
	// Choices make it a list to choose from.
	Choices []choice
	// Number is set for what is aligned and typed as a number.
	Number bool
}

// gridRow is one row of such a field. Label names rows that are given.
type gridRow struct {
	Label string
	Cells []*gridCell
	form  *form
	field *field
}

// gridCell is what stands in one column of a row.
type gridCell struct {
	column
	// Input is the name under which it is sent.
	Input, Value, Fault string
}

const (
	// rowsMost bounds how many rows a field may have, rowsFree how many empty
	// ones stand at its end.
	rowsMost = 100
	rowsFree = 2
)

// cellName names a cell of a field's row.
func cellName(name string, row int, column string) string {
	return name + "." + strconv.Itoa(row) + "." + column
}

// rows is a field of several rows; those with nothing in them are left out.
func (f *form) rows(name, label, hint string, columns ...column) (filled []*gridRow) {
	one := f.add("grid", name, label, hint)
	one.Wide, one.Optional, one.Columns, one.Growing = true, true, columns, true
	for i := range rowsMost {
		if values, any := f.typedRow(name, i, columns); any {
			filled = append(filled, f.gridRow(one, len(filled), "", values))
		}
	}
	one.Grid = append(one.Grid, filled...)
	for i := range rowsFree {
		one.Grid = append(one.Grid, f.gridRow(one, len(filled)+i, "", make([]string, len(columns))))
	}
	return filled
}

// given is a field whose rows are known, each with a name.
func (f *form) given(name, label, hint string, labels []string, columns ...column) []*gridRow {
	one := f.add("grid", name, label, hint)
	one.Wide, one.Columns = true, columns
	for i, of := range labels {
		values, _ := f.typedRow(name, i, columns)
		one.Grid = append(one.Grid, f.gridRow(one, i, of, values))
	}
	return one.Grid
}

func (f *form) typedRow(name string, row int, columns []column) (values []string, any bool) {
	for _, c := range columns {
		value := strings.TrimSpace(f.typed.Get(cellName(name, row, c.Name)))
		values, any = append(values, value), any || value != ""
	}
	return values, any
}

func (f *form) gridRow(one *field, at int, label string, values []string) *gridRow {
	row := &gridRow{Label: label, form: f, field: one}
	for i, c := range one.Columns {
		c.Choices = append([]choice{}, c.Choices...)
		for j := range c.Choices {
			c.Choices[j].Chosen = c.Choices[j].Value == values[i]
		}
		row.Cells = append(row.Cells, &gridCell{column: c, Input: cellName(one.Name, at, c.Name), Value: values[i]})
	}
	return row
}

// presetRow fills a row in.
func (f *form) presetRow(name string, row int, values map[string]string) {
	for column, value := range values {
		f.preset(cellName(name, row, column), value)
	}
}

func (r *gridRow) cell(column string) *gridCell {
	for _, c := range r.Cells {
		if c.Name == column {
			return c
		}
	}
	panic("there is no column " + column) // a form names its own columns
}

func (r *gridRow) fail(c *gridCell, format string, args ...any) {
	c.Fault = cmp.Or(c.Fault, fmt.Sprintf(format, args...))
	r.field.fail("%s: %s", cmp.Or(r.Label, c.Label), c.Fault)
}

// text is what stands in a column and must be given.
func (r *gridRow) text(column, missing string) string {
	c := r.cell(column)
	if c.Value == "" {
		if r.field.missing = true; r.form.strict {
			r.fail(c, "%s", missing)
		}
	}
	return c.Value
}

// name is a name on the ledger.
func (r *gridRow) name(column string) string {
	text := r.text(column, "It needs a name")
	if text != "" && !massbalance.ValidName(text) {
		r.fail(r.cell(column), "%q is not a name of 1 to 64 letters, digits, dots, underscores and hyphens", text)
	}
	return text
}

// kg is a weight that must be given.
func (r *gridRow) kg(column string) massbalance.Quantity {
	text := r.text(column, "How many kilograms?")
	if text == "" {
		return massbalance.Quantity{}
	}
	q, err := readKilograms(text)
	if err != nil {
		r.fail(r.cell(column), "%s", err)
	}
	return q
}

// part is a part in per cent, or exactly as a fraction; nothing is 0.
func (r *gridRow) part(column string) massbalance.Ratio {
	c := r.cell(column)
	if c.Value == "" {
		return massbalance.Ratio{}
	}
	part, err := readPart(c.Value)
	if err != nil {
		r.fail(c, "%s", err)
	}
	return part
}

// number is a whole number that must be given.
func (r *gridRow) number(column string) int {
	text := r.text(column, "Which number?")
	n, err := strconv.Atoi(text)
	if err != nil && text != "" {
		r.fail(r.cell(column), "%q is not a whole number", text)
	}
	return n
}

// readPart reads a part in per cent such as 72.5, or exactly as 18/25.
func readPart(text string) (massbalance.Ratio, error) {
	if strings.Contains(text, "/") {
		part, err := massbalance.ParseRatio(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			return part, fmt.Errorf("%q is neither per cent nor a fraction such as 18/25", text)
		}
		return part, nil
	}
	number, err := table.Reading{}.Number(table.Cell{Text: strings.TrimSpace(strings.TrimSuffix(text, "%"))})
	if err != nil {
		return massbalance.Ratio{}, err
	}
	whole, fraction, _ := strings.Cut(number, ".")
	digits := strings.TrimLeft(cmp.Or(whole, "0")+fraction, "0")
	part, err := massbalance.ParseRatio(cmp.Or(digits, "0") + "/100" + strings.Repeat("0", len(fraction)))
	if err != nil {
		return part, fmt.Errorf("%q is not a part in per cent", text)
	}
	return part, nil
}

// shownPart writes a part so that readPart reads the same: in per cent where
// that is exact, else as a fraction; 0 is nothing.
func shownPart(r massbalance.Ratio) string {
	if r.IsZero() {
		return ""
	}
	text := strings.TrimSuffix(perCent(r), narrow+"%")
	if same, err := readPart(text); err == nil && same == r {
		return text
	}
	return r.String()
}

// whole is a whole number; nothing is 0.
func (f *form) whole(name, label, hint, unit string) int {
	one := f.add("kg", name, label, hint)
	one.Unit, one.Optional = unit, true
	if one.Value == "" {
		return 0
	}
	n, err := strconv.Atoi(one.Value)
	if err != nil || n < 0 {
		one.fail("%q is not a whole number from 0", one.Value)
	}
	return n
}
