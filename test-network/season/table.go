package season

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// row is one line of a table. Its getters remember the first thing that could
// not be read, so a line is read in one go and checked once.
type row struct {
	fields map[string]string
	err    error
}

// table reads a CSV file whose first line must be exactly the header and hands
// over its rows. An error names the file and the line.
func table(files fs.FS, name, header string, read func(*row) error) error {
	file, err := files.Open(name)
	if err != nil {
		return fmt.Errorf("couldn't open %s: %w", name, err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	columns, err := reader.Read()
	if err != nil {
		return fmt.Errorf("couldn't read %s: %w", name, err)
	}
	if got := strings.Join(columns, ","); got != header {
		return fmt.Errorf("couldn't read %s, line 1: the columns are %q, expected %q", name, got, header)
	}
	for {
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("couldn't read %s: %w", name, err)
		}
		r := &row{fields: map[string]string{}}
		for i, column := range columns {
			r.fields[column] = fields[i]
		}
		line, _ := reader.FieldPos(0)
		err = read(r)
		if r.err != nil {
			err = r.err // what else is wrong with the line may only follow from it
		}
		if err != nil {
			return fmt.Errorf("couldn't read %s, line %d: %w", name, line, err)
		}
	}
}

func (r *row) fail(column string, err error) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: %w", column, err)
	}
}

// text is a field that may not be empty.
func (r *row) text(column string) string {
	value, ok := r.fields[column]
	if !ok || value == "" || value != strings.TrimSpace(value) {
		r.fail(column, fmt.Errorf("%q is empty or has spaces around it", value))
	}
	return value
}

// name is a field that can be an identifier on the ledger.
func (r *row) name(column string) string {
	value := r.text(column)
	if !massbalance.ValidName(value) {
		r.fail(column, fmt.Errorf("%q is not a name", value))
	}
	return value
}

func (r *row) date(column string) massbalance.Date {
	date := massbalance.Date(r.text(column))
	if !date.Valid() {
		r.fail(column, fmt.Errorf("%q is not a date such as 2025-08-03", date))
	}
	return date
}

func (r *row) quantity(column string) massbalance.Quantity {
	q, err := massbalance.ParseQuantity(r.text(column))
	if err != nil {
		r.fail(column, err)
	}
	return q
}

func (r *row) year(column string) int {
	year, err := strconv.Atoi(r.text(column))
	if err != nil {
		r.fail(column, err)
	}
	return year
}

// pairs reads "name=kg name=kg"; an empty field is none.
func (r *row) pairs(column string) []pair {
	var all []pair
	seen := map[string]bool{}
	for _, text := range strings.Fields(r.fields[column]) {
		name, kg, ok := strings.Cut(text, "=")
		if !ok || seen[name] {
			r.fail(column, fmt.Errorf("%q is not name=kg, or %s stands twice", text, name))
			return nil
		}
		seen[name] = true
		q, err := massbalance.ParseQuantity(kg)
		if err != nil {
			r.fail(column, err)
			return nil
		}
		all = append(all, pair{name, q})
	}
	return all
}

type pair struct {
	name     string
	quantity massbalance.Quantity
}
