package imports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/table"
)

// totalWords begin a row of sums, as trade software and people write it.
var totalWords = []string{"total", "totals", "grand total", "sum", "sums", "subtotal", "summe", "gesamt", "gesamtsumme", "totaal", "somme", "suma", "totale", "i alt", "summa"}

// isTotal reports whether a line is a row of sums: it has no document, or a word
// for sums in its place, and such a word somewhere.
func isTotal(l *line, document string) bool {
	said := func(cell table.Cell) bool {
		return cell.Kind == table.Text && slices.Contains(totalWords, plainName(cell.Text))
	}
	at := l.columns.at[document]
	if at < len(l.Cells) && l.Cells[at].Text != "" {
		return said(l.Cells[at])
	}
	return slices.ContainsFunc(l.Cells, said)
}

// takeTotal leaves the row of sums at the end of a file out, if there is one and
// what it says is what the lines above add up to. Otherwise it is a fault: either
// a line is missing, or one was changed.
func (p *planner) takeTotal(file *table.Table, found columns) (leftOut int, fault *table.Fault) {
	if len(file.Lines) < 2 {
		return 0, nil
	}
	layout := layouts[p.request.Kind]
	last := &line{Line: file.Lines[len(file.Lines)-1], columns: found, reading: p.request.Reading}
	if !isTotal(last, layout[0].name) {
		return 0, nil
	}
	above := file.Lines[:len(file.Lines)-1]
	file.Lines = above
	for _, c := range layout {
		at, there := found.at[c.name]
		if !c.quantity || !there || at >= len(last.Cells) || last.Cells[at].Text == "" || last.Cells[at].Kind == table.Broken {
			continue // a formula that the file keeps no value of says nothing
		}
		said := last.kilograms(c.name, last.Cells[at])
		sum, summable := p.sum(above, found, at)
		if last.fault != nil {
			return last.Number, last.fault
		}
		if summable && !sum.Equal(said) {
			return last.Number, &table.Fault{Line: last.Number, Column: c.name, Message: fmt.Sprintf("the row of sums says %s, the lines above it add up to %s", said, sum)}
		}
	}
	return last.Number, nil
}

// sum adds a column up; false where it holds something else than weights.
func (p *planner) sum(lines []table.Line, found columns, at int) (massbalance.Quantity, bool) {
	var sum massbalance.Quantity
	for _, raw := range lines {
		if at >= len(raw.Cells) || strings.TrimSpace(raw.Cells[at].Text) == "" {
			continue
		}
		one := &line{Line: raw, columns: found, reading: p.request.Reading}
		if isTotal(one, layouts[p.request.Kind][0].name) {
			continue // which is a fault of its own
		}
		if sum = sum.Add(one.kilograms("", raw.Cells[at])); one.fault != nil {
			return sum, false
		}
	}
	return sum, true
}
