package readmodel

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
)

var tableForm = regexp.MustCompile(`CREATE TABLE (\w+)`)

// Tables names all tables of a model.
func Tables() (names []string) {
	for _, found := range tableForm.FindAllStringSubmatch(schema+logSchema, -1) {
		names = append(names, found[1])
	}
	return names
}

// Dump writes every row of every table, a row a line, in a form and an order that
// do not depend on the database: two models that were folded from the same blocks
// have the same dump, byte for byte.
func (m *Model) Dump(ctx context.Context, w io.Writer) error {
	return m.Read(ctx, func(s *Snapshot) error {
		for _, table := range Tables() {
			if _, err := fmt.Fprintln(w, "table", table); err != nil {
				return err
			}
			if err := s.dump(w, table); err != nil {
				return fmt.Errorf("couldn't dump table %s: %w", table, err)
			}
		}
		return nil
	})
}

// dump orders by the first two columns, which every table's key is in.
func (s *Snapshot) dump(w io.Writer, table string) error {
	rows, err := s.query("SELECT * FROM " + table + " ORDER BY 1, 2")
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	row, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	texts := make([]string, len(columns))
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range row {
			texts[i] = cell(v)
		}
		if _, err := fmt.Fprintln(w, strings.Join(texts, "\t")); err != nil {
			return err
		}
	}
	return rows.Err()
}

// cell writes a value; bytes are the JSON of package wire, or a hash.
func cell(v any) string {
	switch v := v.(type) {
	case int64:
		return fmt.Sprint(v)
	case string:
		return fmt.Sprintf("%q", v)
	case []byte:
		return fmt.Sprintf("b%q", v)
	}
	return fmt.Sprintf("%T %v", v, v)
}
