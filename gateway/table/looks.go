package table

import "github.com/xuri/excelize/v2"

// Style is how a workbook shows a line.
type Style int

// The styles of a line. A note is a sentence that is set across the sheet's
// columns; a box is left open for a hand to write into.
const (
	Plain Style = iota
	Heading
	Title
	Section
	Note
	Warning
	Total
	Box
)

// shape is how a cell shows what it holds.
type shape int

const (
	text shape = iota
	quantity
	count
	date
)

// look is a style of a line with the shape of a cell.
type look struct {
	Style
	shape
}

// filled reports whether empty cells show the style, too.
func (s Style) filled() bool { return s == Heading || s == Warning || s == Total || s == Box }

// across reports whether a line's first cell reaches over all columns.
func (s Style) across() bool { return s == Note }

// height in points; 0 is what its text needs.
func (s Style) height() float64 {
	switch s {
	case Title, Section:
		return 26
	case Box:
		return 34
	}
	return 0
}

// width is how many characters fit a line of a cell that wraps, 0 where it doesn't.
func (s Style) width(columns []int, column int) int {
	switch {
	case s == Title || s == Section || column >= len(columns):
		return 0
	case s.across():
		all := 0
		for _, width := range columns {
			all += width
		}
		return all
	}
	return max(columns[column]-2, 1) // an indent and the edge take their room
}

// The colours of the console on paper.
const (
	colourAccent = "14593F"
	colourSoft   = "E1F0E7"
	colourMuted  = "59655E"
	colourWrong  = "98231B"
	colourAlarm  = "FBE6E3"
)

// look gives the number of a look in this workbook.
func (b *Book) look(l look) (int, error) {
	if id, ok := b.looks[l]; ok {
		return id, nil
	}
	s := &excelize.Style{Alignment: &excelize.Alignment{Vertical: "top"}, Font: &excelize.Font{Family: "Calibri", Size: 11}}
	l.Style.dress(s)
	switch l.shape {
	case text:
		s.Alignment.WrapText = l.Style != Title && l.Style != Section
		if l.Style != Title && l.Style != Section && l.Style != Note {
			s.Alignment.Horizontal, s.Alignment.Indent = "left", 1
		}
	case quantity:
		format := "#,##0.000"
		s.CustomNumFmt = &format
	case date:
		format := `yyyy\-mm\-dd`
		s.CustomNumFmt, s.Alignment.Horizontal, s.Alignment.Indent = &format, "left", 1
	}
	id, err := b.file.NewStyle(s)
	b.looks[l] = id
	return id, err
}

func (s Style) dress(to *excelize.Style) {
	thin := func(sides ...string) {
		for _, side := range sides {
			to.Border = append(to.Border, excelize.Border{Type: side, Style: 1, Color: colourMuted})
		}
	}
	fill := func(colour string) { to.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}} }
	switch s {
	case Heading:
		to.Font.Bold = true
		fill(colourSoft)
	case Title:
		to.Font.Bold, to.Font.Size, to.Font.Color = true, 16, colourAccent
	case Section:
		to.Font.Bold, to.Font.Size, to.Font.Color = true, 12, colourAccent
		to.Alignment.Vertical = "bottom"
	case Note:
		to.Font.Color = colourMuted
	case Warning:
		to.Font.Bold, to.Font.Color = true, colourWrong
		fill(colourAlarm)
	case Total:
		to.Font.Bold = true
		thin("top")
	case Box:
		to.Alignment.Vertical = "bottom"
		thin("top", "bottom", "left", "right")
	}
}

// At names a cell for a formula: At(2, 4) is B4.
func At(column, line int) string {
	name, err := excelize.CoordinatesToCellName(column, line)
	if err != nil {
		return "#REF!" // a sheet has no such cell
	}
	return name
}
