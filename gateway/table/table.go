package table

import (
	"bytes"
	"fmt"
)

// Limits bound what is read: a file beyond them is refused whole.
const (
	// ByteLimit is how large a file may be, LineLimit how many lines it may have.
	ByteLimit = 16 << 20
	LineLimit = 100_000
	// columnLimit bounds a line; the widest table of the trade has a fraction of it.
	columnLimit = 256
)

// Kind says what a cell holds.
type Kind int

// Text may mean anything; Number and Date come from typed cells of a workbook.
const (
	Text Kind = iota
	Number
	Date
	// Broken is a cell that a spreadsheet shows as an error, such as #REF!.
	Broken
)

// Cell is one field. A Date's text is written 2025-07-25.
type Cell struct {
	Text string
	Kind Kind
	// Formula is how a workbook works the cell out anew, without the sign = before
	// it; Text holds its value all the same. It is never read.
	Formula string
}

// Line is one line of a table below its header.
type Line struct {
	// Number is where it stands in the file, counted from 1.
	Number int
	Cells  []Cell
}

// Table is a file's header and the lines below it that are not empty.
type Table struct {
	Columns []string
	Lines   []Line
	// Faults are lines that could not be read; they are not among Lines.
	Faults []Fault
}

// Fault is a line that is wrong, and in which column.
type Fault struct {
	Line    int
	Column  string
	Message string
}

// Error gives the line, the column and what is wrong.
func (f Fault) Error() string {
	where := fmt.Sprintf("line %d", f.Line)
	if f.Column != "" {
		where += ", " + f.Column
	}
	return where + ": " + f.Message
}

// Read reads a file, whichever form it has. An error means that it is no table.
func Read(file []byte) (*Table, error) {
	lines, faults, err := Lines(file)
	if err != nil {
		return nil, err
	}
	return newTable(lines, faults)
}

// Lines reads a file without taking its first line for a header.
func Lines(file []byte) ([]Line, []Fault, error) {
	switch {
	case len(file) > ByteLimit:
		return nil, nil, fmt.Errorf("the file has more than %d MiB", ByteLimit>>20)
	case bytes.HasPrefix(file, []byte("PK\x03\x04")):
		return readXLSX(file)
	case bytes.HasPrefix(file, []byte("\xd0\xcf\x11\xe0")):
		return nil, nil, fmt.Errorf("the file is an old .xls or a protected workbook; save it as .xlsx without a password, or as CSV")
	}
	return readCSV(file)
}

// newTable takes the first line for the header and checks the others against it.
func newTable(lines []Line, faults []Fault) (*Table, error) {
	t := &Table{Faults: faults}
	for _, line := range lines {
		for len(line.Cells) > 0 && line.Cells[len(line.Cells)-1].Text == "" {
			line.Cells = line.Cells[:len(line.Cells)-1]
		}
		switch {
		case len(line.Cells) == 0:
		case t.Columns == nil:
			for _, cell := range line.Cells {
				t.Columns = append(t.Columns, cell.Text)
			}
		case len(line.Cells) > len(t.Columns):
			t.Faults = append(t.Faults, Fault{Line: line.Number, Message: fmt.Sprintf(
				"has %d fields, the header has %d columns", len(line.Cells), len(t.Columns))})
		default:
			t.Lines = append(t.Lines, line)
		}
	}
	if t.Columns == nil {
		return nil, fmt.Errorf("the file is empty")
	}
	return t, nil
}
