package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
)

// cellMax is how much of a value a table shows.
const cellMax = 48

// object is a JSON object whose fields keep their order.
type object struct {
	names  []string
	values map[string]json.RawMessage
}

// UnmarshalJSON reads the object.
func (o *object) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	open, err := decoder.Token()
	if err != nil {
		return err
	}
	if open != json.Delim('{') {
		return errors.New("is no object")
	}
	o.values = map[string]json.RawMessage{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		text, _ := name.(string)
		o.names, o.values[text] = append(o.names, text), value
	}
	return nil
}

// cell is a field as text: strings without quotes, the rest as it is.
func (o object) cell(name string) string {
	value := o.values[name]
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// nested reports whether a field has fields of its own.
func (o object) nested(name string) bool {
	value := bytes.TrimSpace(o.values[name])
	return len(value) > 0 && (value[0] == '{' || value[0] == '[')
}

// flat has the fields of an object's objects beside its own, by both names:
// command.id. What lies deeper is for JSON.
func (o object) flat() object {
	out := object{values: map[string]json.RawMessage{}}
	for _, name := range o.names {
		var inner object
		if !o.nested(name) || json.Unmarshal(o.values[name], &inner) != nil {
			inner = object{names: []string{""}, values: map[string]json.RawMessage{"": o.values[name]}}
		}
		for _, part := range inner.names {
			if !inner.nested(part) {
				full := strings.TrimSuffix(name+"."+part, ".")
				out.names, out.values[full] = append(out.names, full), inner.values[part]
			}
		}
	}
	return out
}

// rows are objects as lines of cells, with all fields that are plain in each.
func rows(items []object) (header []string, lines [][]string) {
	for i := range items {
		items[i] = items[i].flat()
	}
	for _, item := range items {
		for _, name := range item.names {
			if !slices.Contains(header, name) {
				header = append(header, name)
			}
		}
	}
	for _, item := range items {
		line := make([]string, len(header))
		for i, name := range header {
			line[i] = item.cell(name)
		}
		lines = append(lines, line)
	}
	return header, lines
}

// list prints objects in the form that is wanted.
func (f *flags) list(w io.Writer, items []object, raw []json.RawMessage) error {
	switch f.output {
	case "json":
		for _, item := range raw {
			if _, err := fmt.Fprintln(w, string(item)); err != nil {
				return err
			}
		}
		return nil
	case "csv":
		header, lines := rows(items)
		out := csv.NewWriter(w)
		_ = out.Write(header) // Flush gives the error of any
		_ = out.WriteAll(lines)
		return out.Error()
	}
	header, lines := rows(items)
	if len(lines) == 0 {
		_, err := fmt.Fprintln(w, "nothing")
		return err
	}
	return table(w, append([][]string{header}, lines...))
}

func table(w io.Writer, lines [][]string) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		cells := make([]string, len(line))
		for i, cell := range line {
			cells[i] = short(cell)
		}
		if _, err := fmt.Fprintln(out, strings.Join(cells, "\t")); err != nil {
			return err
		}
	}
	return out.Flush()
}

// short keeps a cell to one line of a bearable length.
func short(text string) string {
	text = oneLine(text)
	if runes := []rune(text); len(runes) > cellMax {
		return string(runes[:cellMax-1]) + "…"
	}
	return text
}

// oneLine leaves out what would do something to a terminal.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// body prints an answer of any shape.
func (f *flags) body(w io.Writer, body []byte) error {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil
	}
	if f.output == "json" {
		_, err := fmt.Fprintln(w, string(body))
		return err
	}
	var page struct{ Items *[]json.RawMessage }
	if body[0] == '[' {
		var items []json.RawMessage
		if err := json.Unmarshal(body, &items); err != nil {
			return err
		}
		page.Items = &items
	} else if err := json.Unmarshal(body, &page); err != nil {
		return err
	}
	if page.Items != nil {
		return f.items(w, *page.Items)
	}
	var one object
	if err := json.Unmarshal(body, &one); err != nil {
		return err
	}
	if f.output == "csv" {
		return f.list(w, []object{one}, nil)
	}
	// Nothing is shortened here: there is room, and a secret is shown but once.
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, name := range one.names {
		if _, err := fmt.Fprintln(out, name+"\t"+oneLine(one.cell(name))); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (f *flags) items(w io.Writer, raw []json.RawMessage) error {
	items := make([]object, len(raw))
	for i, item := range raw {
		if err := json.Unmarshal(item, &items[i]); err != nil {
			return fmt.Errorf("couldn't read the gateway's answer: %w", err)
		}
	}
	return f.list(w, items, raw)
}
