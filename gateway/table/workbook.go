package table

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Style is how a workbook shows a line.
type Style int

// The styles of a line.
const (
	Plain Style = iota
	Heading
	Title
	Warning
	Total
)

// Book writes a workbook sheet by sheet, each line as it comes: nothing but the
// line at hand is held in memory.
type Book struct {
	archive *zip.Writer
	names   []string
	sheet   *Sheet
}

// NewBook begins a workbook.
func NewBook(out io.Writer) *Book { return &Book{archive: zip.NewWriter(out)} }

// Sheet is the sheet being written.
type Sheet struct {
	out  *bufio.Writer
	line int
}

// Layout says how a sheet looks: the widths of its columns in characters, and
// how many lines at the top stay in view.
type Layout struct {
	Widths []int
	Frozen int
}

const (
	mainNamespace = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	xmlHead       = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
)

// Sheet ends the sheet before and begins one.
func (b *Book) Sheet(name string, layout Layout) (*Sheet, error) {
	if err := b.endSheet(); err != nil {
		return nil, err
	}
	b.names = append(b.names, sheetName(name))
	part, err := b.archive.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", len(b.names)))
	if err != nil {
		return nil, err
	}
	b.sheet = &Sheet{out: bufio.NewWriter(part)}
	fmt.Fprintf(b.sheet.out, `%s<worksheet %s><sheetViews><sheetView workbookViewId="0" showGridLines="1">`, xmlHead, mainNamespace)
	if layout.Frozen > 0 {
		fmt.Fprintf(b.sheet.out, `<pane ySplit="%d" topLeftCell="A%d" activePane="bottomLeft" state="frozen"/>`, layout.Frozen, layout.Frozen+1)
	}
	fmt.Fprint(b.sheet.out, `</sheetView></sheetViews>`)
	if len(layout.Widths) > 0 {
		fmt.Fprint(b.sheet.out, "<cols>")
		for i, width := range layout.Widths {
			fmt.Fprintf(b.sheet.out, `<col min="%d" max="%d" width="%d" customWidth="1"/>`, i+1, i+1, width)
		}
		fmt.Fprint(b.sheet.out, "</cols>")
	}
	_, err = b.sheet.out.WriteString("<sheetData>")
	return b.sheet, err
}

// sheetName keeps to what spreadsheets allow.
func sheetName(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) {
			return '-'
		}
		return r
	}, name)
	if runes := []rune(name); len(runes) > 31 {
		name = string(runes[:31])
	}
	return name
}

// The cell styles, in the order of stylesPart.
const (
	cellPlain = iota
	cellNumber
	cellDate
	cellHeading
	cellTitle
	cellWarning
	cellWarningNumber
	cellTotal
	cellTotalNumber
)

// Write writes a plain line.
func (s *Sheet) Write(cells ...Cell) error { return s.WriteAs(Plain, cells...) }

// WriteAs writes a line in a style.
func (s *Sheet) WriteAs(style Style, cells ...Cell) error {
	s.line++
	fmt.Fprintf(s.out, `<row r="%d">`, s.line)
	for i, cell := range cells {
		if cell.Text != "" {
			s.write(columnName(i), style, cell)
		}
	}
	_, err := s.out.WriteString("</row>\n")
	return err
}

// write puts a number into a numeric cell only where its digits are kept.
func (s *Sheet) write(column string, style Style, cell Cell) {
	look, number := looks(style)
	at := fmt.Sprintf("%s%d", column, s.line)
	if cell.Kind == Number && numeric(cell.Text) {
		if style == Plain && !strings.Contains(cell.Text, ".") {
			number = cellPlain // a year or a count has no separators
		}
		fmt.Fprintf(s.out, `<c r="%s" s="%d"><v>%s</v></c>`, at, number, cell.Text)
		return
	}
	if cell.Kind == Date {
		if day, err := time.Parse(time.DateOnly, cell.Text); err == nil && style == Plain {
			fmt.Fprintf(s.out, `<c r="%s" s="%d"><v>%d</v></c>`, at, cellDate, serial(day))
			return
		}
	}
	fmt.Fprintf(s.out, `<c r="%s" s="%d" t="inlineStr"><is><t xml:space="preserve">`, at, look)
	_ = xml.EscapeText(s.out, []byte(cell.Text)) // a buffered writer keeps its error for Flush
	_, _ = s.out.WriteString("</t></is></c>")
}

func looks(style Style) (text, number int) {
	switch style {
	case Heading:
		return cellHeading, cellHeading
	case Title:
		return cellTitle, cellTitle
	case Warning:
		return cellWarning, cellWarningNumber
	case Total:
		return cellTotal, cellTotalNumber
	}
	return cellPlain, cellNumber
}

func serial(day time.Time) int {
	return int(day.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour))
}

// numeric reports whether a spreadsheet's number holds the text exactly.
func numeric(text string) bool {
	if !numberForm.MatchString(text) {
		return false
	}
	d, err := decimal.NewFromString(text)
	return err == nil && d.NumDigits() <= significant
}

func columnName(i int) string {
	name := ""
	for i++; i > 0; i = (i - 1) / 26 {
		name = string(rune('A'+(i-1)%26)) + name
	}
	return name
}

func (b *Book) endSheet() error {
	if b.sheet == nil {
		return nil
	}
	_, err := b.sheet.out.WriteString("</sheetData></worksheet>")
	err = errors.Join(err, b.sheet.out.Flush())
	b.sheet = nil
	return err
}

// Close writes what holds the sheets together.
func (b *Book) Close() error {
	if err := b.endSheet(); err != nil {
		return err
	}
	var sheets, relations, types strings.Builder
	for i, name := range b.names {
		var escaped strings.Builder
		_ = xml.EscapeText(&escaped, []byte(name)) // a strings.Builder takes all
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, escaped.String(), i+1, i+1)
		fmt.Fprintf(&relations, `<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, i+1)
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`, i+1)
	}
	for _, part := range []struct{ name, content string }{
		{"xl/styles.xml", stylesPart},
		{"xl/workbook.xml", `<workbook ` + mainNamespace + ` xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>` + sheets.String() + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` + relations.String() +
			`<Relationship Id="rIdStyles" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>` + types.String() + `</Types>`},
	} {
		w, err := b.archive.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, xmlHead+part.content); err != nil {
			return err
		}
	}
	return b.archive.Close()
}

// stylesPart has the cell styles in the order of the constants above.
const stylesPart = `<styleSheet ` + mainNamespace + `>` +
	`<numFmts count="2"><numFmt numFmtId="164" formatCode="#,##0.000"/><numFmt numFmtId="165" formatCode="yyyy\-mm\-dd"/></numFmts>` +
	`<fonts count="4"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font>` +
	`<font><b/><sz val="16"/><color rgb="FF14593F"/><name val="Calibri"/></font><font><b/><sz val="11"/><color rgb="FF98231B"/><name val="Calibri"/></font></fonts>` +
	`<fills count="4"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>` +
	`<fill><patternFill patternType="solid"><fgColor rgb="FFE1F0E7"/></patternFill></fill><fill><patternFill patternType="solid"><fgColor rgb="FFFBE6E3"/></patternFill></fill></fills>` +
	`<borders count="2"><border/><border><left/><right/><top style="thin"><color rgb="FF59655E"/></top><bottom/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
	`<cellXfs count="9"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
	`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="0" fontId="1" fillId="2" borderId="0" xfId="0" applyFont="1" applyFill="1"/>` +
	`<xf numFmtId="0" fontId="2" fillId="0" borderId="0" xfId="0" applyFont="1"/>` +
	`<xf numFmtId="0" fontId="3" fillId="3" borderId="0" xfId="0" applyFont="1" applyFill="1"/>` +
	`<xf numFmtId="164" fontId="3" fillId="3" borderId="0" xfId="0" applyFont="1" applyFill="1" applyNumberFormat="1"/>` +
	`<xf numFmtId="0" fontId="1" fillId="0" borderId="1" xfId="0" applyFont="1" applyBorder="1"/>` +
	`<xf numFmtId="164" fontId="1" fillId="0" borderId="1" xfId="0" applyFont="1" applyBorder="1" applyNumberFormat="1"/></cellXfs></styleSheet>`

// xlsxWriter is a workbook of one sheet whose first line is its header.
type xlsxWriter struct {
	book  *Book
	name  string
	sheet *Sheet
}

// NewXLSX begins a workbook of one sheet.
func NewXLSX(out io.Writer, name string) Writer { return &xlsxWriter{book: NewBook(out), name: name} }

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
