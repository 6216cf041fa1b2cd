package api

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/table"
)

// field is one column of a list as a file: a leaf of the type that the list holds.
type field struct {
	name  string
	index []int
	kind  table.Kind
}

// units stand behind the names of columns of these types.
var units = map[reflect.Type]string{
	reflect.TypeFor[massbalance.Quantity]():  " kg",
	reflect.TypeFor[massbalance.Hectares]():  " ha",
	reflect.TypeFor[massbalance.Intensity](): " kg CO2e/kg",
	reflect.TypeFor[massbalance.Emissions](): " kg CO2e",
}

// fieldsOf flattens a type: structures within it become columns, lists stay in
// one. It follows from the type, so that what the rules add has its column at once.
func fieldsOf(t reflect.Type) []field { return flatten(t, t.Name(), "", nil) }

func flatten(t reflect.Type, kind, prefix string, index []int) []field {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		at := append(append([]int{}, index...), i)
		name := strings.TrimSpace(prefix + " " + words(f.Name))
		switch {
		case f.Anonymous && plainStruct(f.Type):
			fields = append(fields, flatten(f.Type, kind, prefix, at)...)
		case plainStruct(f.Type):
			fields = append(fields, flatten(f.Type, "", name, at)...)
		default:
			if name == "id" {
				name = subject(kind)
			}
			fields = append(fields, field{name + units[f.Type], at, kindOf(f.Type)})
		}
	}
	return fields
}

// subject names the column that tells one line from another: "transfer", not "id".
func subject(kind string) string {
	switch kind {
	case "LotBalance":
		return "lot"
	case "":
		return "id"
	}
	return words(kind)
}

// plainStruct reports whether a type is flattened: a command is not, because
// each kind of it has other fields.
func plainStruct(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !t.Implements(textMarshaler) && t != reflect.TypeFor[massbalance.Command]()
}

func kindOf(t reflect.Type) table.Kind {
	if _, number := units[t]; number {
		return table.Number
	}
	switch {
	case t == reflect.TypeFor[massbalance.Date]():
		return table.Date
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64, t.Kind() == reflect.Uint64:
		return table.Number
	}
	return table.Text
}

// words turns PhysicalIn into "physical in".
func words(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && !unicode.IsUpper(runes[i-1]) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func (f field) cell(item reflect.Value) (table.Cell, error) {
	text, err := written(item.FieldByIndex(f.index))
	return table.Cell{Text: text, Kind: f.kind}, err
}

// written gives a value as text: lists with semicolons between, lines of lots as
// lot=kg, what has no plain form in the ledger's own.
func written(v reflect.Value) (string, error) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "", nil
		}
		return written(v.Elem())
	}
	if text, ok := v.Interface().(encoding.TextMarshaler); ok {
		b, err := text.MarshalText()
		return string(b), err
	}
	switch line := v.Interface().(type) {
	case massbalance.LotLine:
		return fmt.Sprintf("%s=%s", line.Lot, line.Quantity), nil
	case massbalance.TransferLine:
		return fmt.Sprintf("%s=%s", line.Lot, line.Quantity), nil
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case reflect.Int, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10), nil
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			var err error
			if parts[i], err = written(v.Index(i)); err != nil {
				return "", err
			}
		}
		return strings.Join(parts, "; "), nil
	}
	b, err := wire.Format(v.Interface())
	return string(b), err
}
