package table

import (
	"encoding/csv"
	"io"
	"regexp"
	"strings"
)

// Writer writes a table line by line. One of Close, which ends the file, and
// Abandon, which leaves it unfinished, must be called at the end.
type Writer interface {
	Write(cells ...Cell) error
	Close() error
	Abandon() error
}

// formulaStart holds what a spreadsheet takes for the beginning of a formula.
const formulaStart = "=+-@\t\r"

var numberForm = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// Inert gives a text that no spreadsheet runs: an apostrophe before what would
// be a formula. A negative number is left as it is.
func Inert(text string) string {
	if text != "" && strings.ContainsRune(formulaStart, rune(text[0])) && !numberForm.MatchString(text) {
		return "'" + text
	}
	return text
}

// csvWriter writes UTF-8 with commas and a byte order mark, without which
// spreadsheets read accents wrongly.
type csvWriter struct {
	w       *csv.Writer
	out     io.Writer
	started bool
}

// NewCSV begins a CSV file.
func NewCSV(out io.Writer) Writer {
	w := csv.NewWriter(out)
	w.UseCRLF = true
	return &csvWriter{w: w, out: out}
}

// Write writes one line.
func (c *csvWriter) Write(cells ...Cell) error {
	if !c.started {
		c.started = true
		if _, err := io.WriteString(c.out, "\ufeff"); err != nil {
			return err
		}
	}
	fields := make([]string, len(cells))
	for i, cell := range cells {
		fields[i] = Inert(cell.Text)
	}
	return c.w.Write(fields)
}

// Close sends what is left.
func (c *csvWriter) Close() error {
	c.w.Flush()
	return c.w.Error()
}

// unfinished stands at the end of a file that could not be finished. Whoever
// asked has its head by then; what ends early must not look whole.
const unfinished = "\r\nTHIS FILE IS INCOMPLETE: the gateway failed\r\n"

// Abandon says in the file that it is not whole.
func (c *csvWriter) Abandon() error {
	c.w.Flush()
	_, err := io.WriteString(c.out, unfinished)
	return err
}
