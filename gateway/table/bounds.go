package table

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html/charset"
)

const (
	// unpackedLimit bounds a workbook when it is unpacked: a small file may hold
	// a very large one.
	unpackedLimit = 128 << 20
	// filledLimit bounds a sheet's cells with those left out before the last of
	// each row, which the library makes room for; areaLimit its merged areas,
	// which it compares with one another.
	filledLimit = 2_000_000
	areaLimit   = 1000
	// rowLimit is the last row that the sheet of a spreadsheet has.
	rowLimit = 1_048_576
)

// bounds is how far one part of a workbook reaches.
type bounds struct {
	row, column   int
	filled, areas int
	// texts is how many shared texts the part has, furthest the last one that it
	// asks for, counted from 1.
	texts, furthest int
	// shared is set within a cell whose value is the number of a shared text,
	// value within that value.
	shared, value bool
}

// bounded goes over all parts of a workbook before the library builds its sheets
// in memory: one cell far out makes it fill up to there, and rows out of order or
// a text that is not there would be read as something else.
func bounded(file *excelize.File) error {
	texts, furthest := 0, 0
	var failed error
	file.Pkg.Range(func(name, content any) bool {
		if !strings.HasSuffix(fmt.Sprint(name), ".xml") {
			return true
		}
		part, _ := content.([]byte)
		b := bounds{}
		if err := b.scan(part); err != nil {
			failed = fmt.Errorf("%s: %w", name, err)
			return false
		}
		texts, furthest = texts+b.texts, max(furthest, b.furthest)
		return true
	})
	if failed == nil && furthest > texts {
		failed = fmt.Errorf("a cell shows the %d. shared text of %d", furthest, texts)
	}
	return failed
}

func (b *bounds) scan(part []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(part))
	decoder.CharsetReader = charset.NewReaderLabel
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			err = b.element(t)
		case xml.CharData:
			err = b.text(string(t))
		case xml.EndElement:
			b.value = false
		}
		if err != nil {
			return err
		}
	}
}

func (b *bounds) element(t xml.StartElement) error {
	b.value = false
	switch t.Name.Local {
	case "row":
		return b.nextRow(attribute(t, "r"))
	case "c":
		b.shared = attribute(t, "t") == "s"
		return b.nextCell(attribute(t, "r"))
	case "v":
		b.value = b.shared
	case "si":
		b.texts++
	case "mergeCell":
		if b.areas++; b.areas > areaLimit {
			return fmt.Errorf("a sheet may have %d merged areas", areaLimit)
		}
	}
	return nil
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

func (b *bounds) nextRow(named string) error {
	next := b.row + 1
	if named != "" {
		n, err := strconv.Atoi(named)
		if err != nil || n < next || n > rowLimit {
			return fmt.Errorf("row %q follows row %d", named, b.row)
		}
		next = n
	}
	b.row, b.column = next, 0
	return nil
}

func (b *bounds) nextCell(named string) error {
	next := b.column + 1
	if named != "" && b.row > 0 {
		column, row, err := excelize.CellNameToCoordinates(named)
		if err != nil || column < next || row != b.row {
			return fmt.Errorf("row %d: cell %q is out of order", b.row, named)
		}
		next = column
	}
	if b.filled += next - b.column; b.filled > filledLimit {
		return fmt.Errorf("a sheet may reach over %d cells", filledLimit)
	}
	b.column = next
	return nil
}

func (b *bounds) text(value string) error {
	if !b.value || strings.TrimSpace(value) == "" {
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n < 0 {
		return fmt.Errorf("row %d: there is no shared text %q", b.row, value)
	}
	b.furthest = max(b.furthest, n+1)
	return nil
}
