package table

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"
)

// workbook is an XLSX file that is being read.
type workbook struct {
	file     *excelize.File
	from1904 bool
	dates    map[int]bool // by cell style
}

// readXLSX reads the first sheet of a workbook that people see.
func readXLSX(content []byte) (lines []Line, faults []Fault, err error) {
	// The library reads strangers' files; what it stumbles over is a damaged
	// file and must not end the gateway.
	defer func() {
		if stumbled := recover(); stumbled != nil {
			lines, faults, err = nil, nil, fmt.Errorf("the file is a damaged workbook: %v", stumbled)
		}
	}()
	file, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{UnzipSizeLimit: unpackedLimit, UnzipXMLSizeLimit: unpackedLimit, RawCellValue: true})
	if err != nil {
		return nil, nil, fmt.Errorf("the file is a damaged workbook: %w", err)
	}
	defer file.Close()
	if err := bounded(file); err != nil {
		return nil, nil, fmt.Errorf("couldn't read the workbook: %w", err)
	}
	w := &workbook{file: file, dates: map[int]bool{}}
	if properties, err := file.GetWorkbookProps(); err == nil && properties.Date1904 != nil {
		w.from1904 = *properties.Date1904
	}
	sheet, rows, err := w.sheet()
	if err != nil {
		return nil, nil, fmt.Errorf("couldn't read the workbook: %w", err)
	}
	if lines, faults, err = w.lines(sheet, rows); err != nil {
		return nil, nil, fmt.Errorf("couldn't read the workbook's sheet %q: %w", sheet, err)
	}
	return lines, faults, nil
}

// sheet finds the first sheet that people see, with the texts of its cells. A
// second one with the same columns holds more of the same, which nobody may
// overlook.
func (w *workbook) sheet() (name string, rows [][]string, err error) {
	var header []string
	for _, sheet := range w.file.GetSheetList() {
		if visible, err := w.file.GetSheetVisible(sheet); err != nil || !visible {
			continue
		}
		other, err := w.texts(sheet)
		if errors.As(err, new(excelize.ErrSheetNotExist)) || err != nil && name != "" {
			continue // a sheet of charts, or one that is not read anyway
		}
		if err != nil {
			return "", nil, err
		}
		switch first := firstOf(other); {
		case name == "":
			name, rows, header = sheet, other, first
		case first != nil && slices.Equal(header, first):
			return "", nil, fmt.Errorf("its sheets %q and %q have the same columns; import one at a time", name, sheet)
		}
	}
	if name == "" {
		return "", nil, errors.New("it has no visible sheet")
	}
	return name, rows, nil
}

func firstOf(rows [][]string) []string {
	for _, row := range rows {
		if slices.ContainsFunc(row, func(text string) bool { return text != "" }) {
			return row
		}
	}
	return nil
}

// texts are a sheet's cells as they are stored, row by row from the first.
func (w *workbook) texts(sheet string) (texts [][]string, err error) {
	rows, err := w.file.Rows(sheet)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		row, err := rows.Columns()
		if err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		if len(texts) == LineLimit || len(row) > columnLimit {
			return nil, errors.Join(fmt.Errorf("line %d: a file may have %d lines of %d fields", len(texts)+1, LineLimit, columnLimit), rows.Close())
		}
		texts = append(texts, row)
	}
	return texts, rows.Close()
}

func (w *workbook) lines(sheet string, rows [][]string) (lines []Line, faults []Fault, err error) {
	merged, err := w.merged(sheet)
	if err != nil {
		return nil, nil, err
	}
	for i, row := range rows {
		line := Line{Number: i + 1}
		for column, text := range row {
			cell, err := w.cell(sheet, place{column + 1, i + 1}, text)
			if err != nil {
				return nil, nil, err
			}
			line.Cells = append(line.Cells, cell)
		}
		if empty(line.Cells) {
			continue
		}
		visible, err := w.file.GetRowVisible(sheet, line.Number)
		if err != nil {
			return nil, nil, err
		}
		switch area := merged[line.Number]; {
		case len(lines) == 0: // a header may look as it likes
			lines = append(lines, line)
		case area != "":
			faults = append(faults, Fault{Line: line.Number, Message: "the cells " + area + " are merged, so nobody knows to which line their content belongs; split them"})
		case !visible:
			faults = append(faults, Fault{Line: line.Number, Message: "the spreadsheet hides this line; show it or delete it"})
		default:
			lines = append(lines, line)
		}
	}
	return lines, faults, nil
}

// merged says of each line by which area it is merged with the next, if it is,
// and splits them all: the library gives an area's content to each of its cells.
// Cells that are merged within their line keep their content in the first.
func (w *workbook) merged(sheet string) (map[int]string, error) {
	areas, err := w.file.GetMergeCells(sheet, true)
	if err != nil {
		return nil, err
	}
	by := map[int]string{}
	for _, area := range areas {
		_, first, err := excelize.CellNameToCoordinates(area.GetStartAxis())
		if err != nil {
			return nil, err
		}
		_, last, err := excelize.CellNameToCoordinates(area.GetEndAxis())
		if err != nil {
			return nil, err
		}
		for line := first; line <= min(last, LineLimit) && first < last; line++ {
			by[line] = area.GetStartAxis() + ":" + area.GetEndAxis()
		}
		if err := w.file.UnmergeCell(sheet, area.GetStartAxis(), area.GetEndAxis()); err != nil {
			return nil, err
		}
	}
	return by, nil
}

// place is where a cell stands, counted from 1.
type place struct{ column, row int }

func (w *workbook) cell(sheet string, at place, text string) (Cell, error) {
	name, err := excelize.CoordinatesToCellName(at.column, at.row)
	if err != nil {
		return Cell{}, err
	}
	if text == "" {
		formula, err := w.file.GetCellFormula(sheet, name)
		if formula == "" || err != nil {
			return Cell{}, err
		}
		return Cell{Text: "=" + formula, Kind: Broken}, nil
	}
	kind, err := w.file.GetCellType(sheet, name)
	if err != nil {
		return Cell{}, err
	}
	switch kind {
	case excelize.CellTypeInlineString, excelize.CellTypeSharedString, excelize.CellTypeFormula, excelize.CellTypeBool:
		return Cell{Text: bare(text)}, nil
	case excelize.CellTypeError:
		return Cell{Text: text, Kind: Broken}, nil
	case excelize.CellTypeDate:
		day, _, _ := strings.Cut(text, "T")
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return Cell{Text: text, Kind: Broken}, nil
		}
		return Cell{Text: day, Kind: Date}, nil
	}
	style, err := w.file.GetCellStyle(sheet, name)
	return w.number(strings.TrimSpace(text), style), err
}

func (w *workbook) number(text string, style int) Cell {
	if w.isDate(style) {
		if day, ok := fromSerial(text, w.from1904); ok {
			return Cell{Text: day, Kind: Date}
		}
	}
	if _, err := decimal.NewFromString(text); err != nil {
		return Cell{Text: text, Kind: Broken}
	}
	return Cell{Text: exact(text), Kind: Number}
}

// isDate reports whether a cell style shows a number as a date.
func (w *workbook) isDate(style int) bool {
	known, ok := w.dates[style]
	if ok {
		return known
	}
	if s, err := w.file.GetStyle(style); err == nil {
		known = builtInDate(s.NumFmt)
		if s.CustomNumFmt != nil {
			known = showsDate(*s.CustomNumFmt)
		}
	}
	w.dates[style] = known
	return known
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
