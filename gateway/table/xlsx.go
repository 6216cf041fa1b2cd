package table

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// unpackedLimit bounds one part of a workbook when it is unpacked: a small file
// may hold a very large one.
const unpackedLimit = 128 << 20

// workbook is an XLSX file that is being read.
type workbook struct {
	parts    map[string]*zip.File
	shared   []string
	dates    []bool // by cell style
	from1904 bool
}

// readXLSX reads the first sheet of a workbook.
func readXLSX(file []byte) ([]Line, []Fault, error) {
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, nil, fmt.Errorf("the file is a damaged workbook: %w", err)
	}
	w := &workbook{parts: map[string]*zip.File{}}
	for _, part := range archive.File {
		w.parts[path.Clean(strings.TrimPrefix(part.Name, "/"))] = part
	}
	sheet, err := w.open()
	if err != nil {
		return nil, nil, fmt.Errorf("couldn't read the workbook: %w", err)
	}
	lines, err := w.lines(sheet)
	if err != nil {
		return nil, nil, fmt.Errorf("couldn't read the workbook's first sheet: %w", err)
	}
	return lines, nil, nil
}

// part parses one part of the workbook.
func (w *workbook) part(name string, into any) error {
	part, ok := w.parts[name]
	if !ok {
		return fmt.Errorf("it has no %s", name)
	}
	reader, err := part.Open()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer reader.Close()
	limited := &io.LimitedReader{R: reader, N: unpackedLimit}
	if err := xml.NewDecoder(limited).Decode(into); err != nil {
		if limited.N <= 0 {
			return fmt.Errorf("%s has more than %d MiB", name, unpackedLimit>>20)
		}
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// open reads what the sheet refers to and gives the first sheet's name.
func (w *workbook) open() (sheet string, err error) {
	var book struct {
		Properties struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			ID    string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
			State string `xml:"state,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := w.part("xl/workbook.xml", &book); err != nil {
		return "", err
	}
	w.from1904 = book.Properties.Date1904 == "1" || book.Properties.Date1904 == "true"
	var relations struct {
		All []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := w.part("xl/_rels/workbook.xml.rels", &relations); err != nil {
		return "", err
	}
	for _, s := range book.Sheets {
		for _, r := range relations.All {
			if r.ID == s.ID && s.State == "" {
				return inFolder(r.Target), errors.Join(w.readShared(), w.readStyles())
			}
		}
	}
	return "", errors.New("it has no visible sheet")
}

func inFolder(target string) string {
	if absolute, ok := strings.CutPrefix(target, "/"); ok {
		return path.Clean(absolute)
	}
	return path.Join("xl", target)
}

// richText is a text that may be cut into runs of different fonts.
type richText struct {
	Text string `xml:"t"`
	Runs []struct {
		Text string `xml:"t"`
	} `xml:"r"`
}

func (t richText) String() string {
	var b strings.Builder
	b.WriteString(t.Text)
	for _, run := range t.Runs {
		b.WriteString(run.Text)
	}
	return b.String()
}

func (w *workbook) readShared() error {
	if w.parts["xl/sharedStrings.xml"] == nil {
		return nil
	}
	var table struct {
		Items []richText `xml:"si"`
	}
	if err := w.part("xl/sharedStrings.xml", &table); err != nil {
		return err
	}
	for _, item := range table.Items {
		w.shared = append(w.shared, item.String())
	}
	return nil
}

// readStyles finds out which cell styles show a number as a date.
func (w *workbook) readStyles() error {
	if w.parts["xl/styles.xml"] == nil {
		return nil
	}
	var styles struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := w.part("xl/styles.xml", &styles); err != nil {
		return err
	}
	custom := map[int]string{}
	for _, f := range styles.Formats {
		custom[f.ID] = f.Code
	}
	for _, c := range styles.Cells {
		code, known := custom[c.Format]
		w.dates = append(w.dates, known && showsDate(code) || !known && builtInDate(c.Format))
	}
	return nil
}

// builtInDate knows the formats that every spreadsheet has: Western ones 14 to
// 17 and 22, East Asian ones 27 to 36 and 50 to 58. The times of day between
// are no dates.
func builtInDate(id int) bool {
	return id >= 14 && id <= 17 || id == 22 || id >= 27 && id <= 36 || id >= 50 && id <= 58
}

// showsDate reports whether a format has a day or a year outside of quotes and brackets.
func showsDate(code string) bool {
	code, _, _ = strings.Cut(code, ";")
	quoted, bracket := false, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '\\' || c == '_':
			i++
		case c == '"':
			quoted = !quoted
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case !quoted && !bracket && strings.IndexByte("dDyY", c) >= 0:
			return true
		}
	}
	return false
}

type sheetRow struct {
	Number string      `xml:"r,attr"`
	Cells  []sheetCell `xml:"c"`
}

type sheetCell struct {
	At      string   `xml:"r,attr"`
	Type    string   `xml:"t,attr"`
	Style   int      `xml:"s,attr"`
	Formula *string  `xml:"f"`
	Value   *string  `xml:"v"`
	Inline  richText `xml:"is"`
}

// lines reads a sheet row by row, so that a large one is never held twice.
func (w *workbook) lines(name string) ([]Line, error) {
	part, ok := w.parts[name]
	if !ok {
		return nil, fmt.Errorf("it has no %s", name)
	}
	reader, err := part.Open()
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	decoder := xml.NewDecoder(io.LimitReader(reader, unpackedLimit))
	var lines []Line
	last := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "row" {
			continue
		}
		var row sheetRow
		if err := decoder.DecodeElement(&row, &start); err != nil {
			return nil, err
		}
		line, err := w.line(row, last)
		if err != nil {
			return nil, err
		}
		if last = line.Number; len(lines) == LineLimit {
			return nil, fmt.Errorf("line %d: a file may have %d lines", last, LineLimit)
		}
		lines = append(lines, line)
	}
}

func (w *workbook) line(row sheetRow, last int) (Line, error) {
	line := Line{Number: last + 1}
	if row.Number != "" {
		n, err := strconv.Atoi(row.Number)
		if err != nil || n <= last {
			return line, fmt.Errorf("row %q follows row %d", row.Number, last)
		}
		line.Number = n
	}
	for _, c := range row.Cells {
		at := len(line.Cells)
		if c.At != "" {
			at = columnNumber(c.At)
		}
		if at < len(line.Cells) || at >= columnLimit {
			return line, fmt.Errorf("line %d: cell %q is out of order, or beyond %d columns", line.Number, c.At, columnLimit)
		}
		for len(line.Cells) < at {
			line.Cells = append(line.Cells, Cell{})
		}
		line.Cells = append(line.Cells, w.cell(c))
	}
	return line, nil
}

// columnNumber counts A as 0; what is no cell reference is far out.
func columnNumber(at string) int {
	n := 0
	for i := 0; i < len(at); i++ {
		if at[i] < 'A' || at[i] > 'Z' {
			break
		}
		if n = n*26 + int(at[i]-'A') + 1; n > columnLimit {
			break
		}
	}
	if n == 0 {
		return columnLimit
	}
	return n - 1
}

func (w *workbook) cell(c sheetCell) Cell {
	if c.Type == "inlineStr" {
		return Cell{Text: bare(c.Inline.String())}
	}
	if c.Value == nil {
		if c.Formula != nil {
			return Cell{Text: "=" + *c.Formula, Kind: Broken}
		}
		return Cell{}
	}
	value := *c.Value
	switch c.Type {
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || n < 0 || n >= len(w.shared) {
			return Cell{Text: value, Kind: Broken}
		}
		return Cell{Text: bare(w.shared[n])}
	case "str", "b":
		return Cell{Text: bare(value)}
	case "e":
		return Cell{Text: value, Kind: Broken}
	case "d":
		day, _, _ := strings.Cut(value, "T")
		return Cell{Text: day, Kind: Date}
	}
	return w.number(strings.TrimSpace(value), c.Style)
}

func (w *workbook) number(value string, style int) Cell {
	if value == "" {
		return Cell{}
	}
	if style >= 0 && style < len(w.dates) && w.dates[style] {
		if day, ok := fromSerial(value, w.from1904); ok {
			return Cell{Text: day, Kind: Date}
		}
	}
	return Cell{Text: exact(value), Kind: Number}
}
