package table

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"
)

// Book writes a workbook sheet by sheet, each line as it comes. A large sheet
// is kept in a file of the temporary directory until Close puts the workbook
// together.
type Book struct {
	file  *excelize.File
	out   io.Writer
	looks map[look]int
	sheet *Sheet
	names map[string]bool
	err   error
}

// NewBook begins a workbook with a title among its properties.
func NewBook(out io.Writer, title string) *Book {
	b := &Book{file: excelize.NewFile(), out: out, looks: map[look]int{}, names: map[string]bool{}}
	b.err = errors.Join(b.file.SetDefaultFont("Calibri"), b.file.SetDocProps(&excelize.DocProperties{
		Title: title, Creator: "Weighbridge", LastModifiedBy: "Weighbridge", Language: "en", Description: "Made from a ledger; what is changed here changes nothing there.",
	}))
	return b
}

// Sheet is the sheet being written.
type Sheet struct {
	book *Book
	name string
	out  *excelize.StreamWriter
	line int
	// widths are those of the columns, by which a wrapped text's height is known.
	widths []int
}

// Layout says how a sheet looks: the widths of its columns in characters, and
// how many lines at the top stay in view and are repeated on each printed page.
type Layout struct {
	Widths []int
	Frozen int
}

// nameLimit is how long a sheet's name may be.
const nameLimit = 31

// Sheet ends the sheet before and begins one.
func (b *Book) Sheet(name string, layout Layout) (*Sheet, error) {
	if err := b.endSheet(); err != nil {
		return nil, err
	}
	name = b.sheetName(name)
	var err error
	if len(b.names) == 1 {
		err = b.file.SetSheetName("Sheet1", name)
	} else {
		_, err = b.file.NewSheet(name)
	}
	if err = errors.Join(err, b.layPages(name)); err != nil {
		return nil, fmt.Errorf("couldn't begin the sheet %q: %w", name, err)
	}
	out, err := b.file.NewStreamWriter(name)
	if err != nil {
		return nil, fmt.Errorf("couldn't begin the sheet %q: %w", name, err)
	}
	b.sheet = &Sheet{book: b, name: name, out: out, widths: layout.Widths}
	for i, width := range layout.Widths {
		err = errors.Join(err, out.SetColWidth(i+1, i+1, float64(width)))
	}
	if layout.Frozen > 0 {
		top := "A" + strconv.Itoa(layout.Frozen+1)
		err = errors.Join(err, out.SetPanes(&excelize.Panes{Freeze: true, YSplit: layout.Frozen, TopLeftCell: top, ActivePane: "bottomLeft"}),
			b.file.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", Scope: name, RefersTo: fmt.Sprintf("'%s'!$1:$%d", name, layout.Frozen)}))
	}
	return b.sheet, err
}

// layPages sets a sheet for printing: across, as wide as one page, and numbered.
func (b *Book) layPages(name string) error {
	fit, landscape, a4, wide, high := true, "landscape", 9, 1, 0
	margin, edge := 0.5, 0.3
	return errors.Join(
		b.file.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}),
		b.file.SetPageLayout(name, &excelize.PageLayoutOptions{Size: &a4, Orientation: &landscape, FitToWidth: &wide, FitToHeight: &high}),
		b.file.SetPageMargins(name, &excelize.PageLayoutMarginsOptions{Left: &margin, Right: &margin, Top: &margin, Bottom: &margin, Header: &edge, Footer: &edge}),
		b.file.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: "&L&8&A&R&8Page &P of &N"}))
}

// sheetName keeps to what spreadsheets allow, and gives no name twice.
func (b *Book) sheetName(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) {
			return '-'
		}
		return r
	}, name)
	if runes := []rune(name); len(runes) > nameLimit {
		name = string(runes[:nameLimit])
	}
	for base, n := []rune(name), 2; name == "" || b.names[strings.ToLower(name)]; n++ {
		suffix := " " + strconv.Itoa(n)
		name = string(base[:min(len(base), nameLimit-len(suffix))]) + suffix
	}
	b.names[strings.ToLower(name)] = true
	return name
}

// Write writes a plain line.
func (s *Sheet) Write(cells ...Cell) error { return s.WriteAs(Plain, cells...) }

// WriteAs writes a line in a style.
func (s *Sheet) WriteAs(style Style, cells ...Cell) error {
	s.line++
	values := make([]any, len(cells))
	for i, cell := range cells {
		if cell.Text == "" && !style.filled() {
			continue
		}
		value, kind := valueOf(cell)
		id, err := s.book.look(look{style, kind})
		if err != nil {
			return err
		}
		values[i] = excelize.Cell{StyleID: id, Value: value, Formula: cell.Formula}
	}
	if style.across() && len(s.widths) > 1 {
		if err := s.out.MergeCell(At(1, s.line), At(len(s.widths), s.line)); err != nil {
			return err
		}
	}
	if err := s.out.SetRow(At(1, s.line), values, excelize.RowOpts{Height: s.height(style, cells)}); err != nil {
		return fmt.Errorf("couldn't write line %d of %q: %w", s.line, s.name, err)
	}
	return nil
}

// The height of a line of text in points, and how many lines a cell shows at most.
const (
	lineHeight = 15.0
	linesShown = 8
)

// height is what a line needs, 0 for that of a spreadsheet. Not every program
// works it out for itself.
func (s *Sheet) height(style Style, cells []Cell) float64 {
	lines := 1
	for i, cell := range cells {
		if width := style.width(s.widths, i); width > 0 && cell.Kind == Text {
			lines = max(lines, min(linesShown, (utf8.RuneCountInString(cell.Text)+width-1)/width))
		}
	}
	if least := style.height(); lines == 1 || least > lineHeight*float64(lines) {
		return least
	}
	return lineHeight * float64(lines)
}

// Line is the number of the last line that was written, from 1; 0 is none.
func (s *Sheet) Line() int { return s.line }

// Name is what the sheet is called, for formulas that refer to it.
func (s *Sheet) Name() string { return s.name }

// valueOf is what is stored of a cell, and what it looks like: a number only
// where a spreadsheet keeps its digits.
func valueOf(cell Cell) (any, shape) {
	switch {
	case cell.Kind == Number && numeric(cell.Text):
		// The shortest text of the nearest double is the same decimal again.
		value, err := strconv.ParseFloat(cell.Text, 64)
		if err != nil {
			break
		}
		if strings.Contains(cell.Text, ".") {
			return value, quantity
		}
		return value, count // a year or a count has no separators
	case cell.Kind == Date:
		if day, err := time.Parse(time.DateOnly, cell.Text); err == nil {
			return int(day.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour)), date
		}
	}
	return whole(cell.Text), text
}

// whole gives a text that a cell holds, and says so where it doesn't hold all.
func whole(text string) string {
	const limit, note = excelize.TotalCellChars, " … (the rest is longer than a cell)"
	units := utf16.Encode([]rune(text))
	if len(units) <= limit {
		return text
	}
	return string(utf16.Decode(units[:limit-len(note)])) + note
}

// numeric reports whether a spreadsheet's number holds the text exactly.
func numeric(text string) bool {
	if !numberForm.MatchString(text) {
		return false
	}
	d, err := decimal.NewFromString(text)
	return err == nil && d.NumDigits() <= significant
}

func (b *Book) endSheet() error {
	if b.err != nil || b.sheet == nil {
		return b.err
	}
	err := b.sheet.out.Flush()
	b.sheet = nil
	return err
}

// Close puts the workbook together and sends it.
func (b *Book) Close() error {
	err := b.endSheet()
	if err == nil && len(b.names) == 0 {
		err = errors.New("a workbook has at least one sheet")
	}
	if err == nil {
		_, err = b.file.WriteTo(b.out)
	}
	return errors.Join(err, b.file.Close())
}

// Abandon drops the workbook; nothing is sent.
func (b *Book) Abandon() error { return b.file.Close() }

// xlsxWriter is a workbook of one sheet whose first line is its header.
type xlsxWriter struct {
	book  *Book
	name  string
	sheet *Sheet
}

// NewXLSX begins a workbook of one sheet.
func NewXLSX(out io.Writer, name string) Writer {
	return &xlsxWriter{book: NewBook(out, name), name: name}
}

// Write writes one line; the first is the header.
func (x *xlsxWriter) Write(cells ...Cell) (err error) {
	if x.sheet != nil {
		return x.sheet.Write(cells...)
	}
	widths := make([]int, len(cells))
	for i, cell := range cells {
		widths[i] = max(14, len(cell.Text)+3)
	}
	if x.sheet, err = x.book.Sheet(x.name, Layout{widths, 1}); err != nil {
		return err
	}
	return x.sheet.WriteAs(Heading, cells...)
}

// Close ends the file.
func (x *xlsxWriter) Close() error { return x.book.Close() }

// Abandon drops the file, and sends a line that no spreadsheet takes for one.
func (x *xlsxWriter) Abandon() error {
	_, err := io.WriteString(x.book.out, unfinished)
	return errors.Join(err, x.book.Abandon())
}
