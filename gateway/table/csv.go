package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// readCSV reads delimited text. Where quoting is broken nobody knows where the
// next line begins, so the fault there is the last thing read.
func readCSV(file []byte) ([]Line, []Fault, error) {
	text, err := decode(file)
	if err != nil {
		return nil, nil, err
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	reader, skipped, err := newReader(text)
	if err != nil {
		return nil, nil, err
	}
	var lines []Line
	var faults []Fault
	width := 0
	for {
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return lines, faults, nil
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return lines, append(faults, Fault{Line: broken.Line + skipped, Message: "quotes are not closed or stand inside of a field; what follows was not read"}), nil
		}
		if err != nil {
			return nil, nil, err
		}
		number, _ := reader.FieldPos(0)
		line := Line{Number: number + skipped}
		for _, field := range fields {
			line.Cells = append(line.Cells, Cell{Text: bare(field)})
		}
		if len(lines) == LineLimit || len(line.Cells) > columnLimit {
			return nil, nil, fmt.Errorf("line %d: a file may have %d lines of %d fields", line.Number, LineLimit, columnLimit)
		}
		if width == 0 && !empty(line.Cells) {
			width = len(line.Cells)
		}
		if len(line.Cells) < width && !empty(line.Cells) {
			faults = append(faults, Fault{Line: line.Number, Message: fmt.Sprintf("has %d fields, the header has %d columns", len(line.Cells), width)})
			continue
		}
		lines = append(lines, line)
	}
}

func empty(cells []Cell) bool {
	for _, cell := range cells {
		if cell.Text != "" {
			return false
		}
	}
	return true
}

// bare takes off surrounding space and the apostrophe that keeps a spreadsheet
// from reading a formula.
func bare(field string) string {
	field = strings.TrimSpace(strings.ReplaceAll(field, "\u00a0", " "))
	if len(field) > 1 && field[0] == '\'' && strings.ContainsRune(formulaStart, rune(field[1])) {
		field = field[1:]
	}
	return field
}

// decode makes text of bytes: by the byte order mark, else UTF-8, else
// Windows-1252, of which Latin-1 is a part.
func decode(file []byte) (string, error) {
	switch {
	case bytes.HasPrefix(file, []byte("\xef\xbb\xbf")):
		file = file[3:]
	case bytes.HasPrefix(file, []byte("\xff\xfe")):
		return decode16(file[2:], 0, 1), nil
	case bytes.HasPrefix(file, []byte("\xfe\xff")):
		return decode16(file[2:], 1, 0), nil
	}
	if bytes.IndexByte(file, 0) >= 0 {
		return "", errors.New("the file is neither CSV nor XLSX: it holds zero bytes")
	}
	if utf8.Valid(file) {
		return string(file), nil
	}
	var b strings.Builder
	for _, c := range file {
		if r := windows1252[c&0x1f]; c >= 0x80 && c < 0xa0 {
			b.WriteRune(r)
		} else {
			b.WriteRune(rune(c))
		}
	}
	return b.String(), nil
}

func decode16(file []byte, low, high int) string {
	units := make([]uint16, len(file)/2)
	for i := range units {
		units[i] = uint16(file[2*i+low]) | uint16(file[2*i+high])<<8
	}
	return string(utf16.Decode(units))
}

// windows1252 holds the characters 0x80 to 0x9f, where it differs from Latin-1.
var windows1252 = [32]rune{
	'€', 0xfffd, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0xfffd, 'Ž', 0xfffd,
	0xfffd, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0xfffd, 'ž', 'Ÿ',
}

// newReader finds the separator: as a first line "sep=;" says, else the one
// that the header holds most of. skipped counts the lines before the header.
func newReader(text string) (reader *csv.Reader, skipped int, err error) {
	first, rest, _ := strings.Cut(text, "\n")
	if separator, ok := strings.CutPrefix(strings.Trim(first, "\""), "sep="); ok && len(separator) == 1 && strings.Contains(",;\t|", separator) {
		reader, skipped = csv.NewReader(strings.NewReader(rest)), 1
		reader.Comma = rune(separator[0])
	} else {
		reader = csv.NewReader(strings.NewReader(text))
		if reader.Comma, err = separatorOf(strings.TrimLeft(text, "\n \t,;|")); err != nil {
			return nil, 0, err
		}
	}
	reader.FieldsPerRecord = -1
	return reader, skipped, nil
}

func separatorOf(text string) (rune, error) {
	header, _, _ := strings.Cut(text, "\n")
	best, most, tied := ',', 0, false
	for _, candidate := range ",;\t|" {
		n, quoted := 0, false
		for _, r := range header {
			if r == '"' {
				quoted = !quoted
			} else if r == candidate && !quoted {
				n++
			}
		}
		if n > most {
			best, most, tied = candidate, n, false
		} else if n == most && n > 0 {
			tied = true
		}
	}
	if tied {
		return 0, errors.New("line 1: the header holds as many of one separator as of another; begin the file with a line such as sep=;")
	}
	return best, nil
}
