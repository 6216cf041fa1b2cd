package wire

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Format gives the canonical bytes of a value of the domain: one JSON text
// without spaces, fields in the order of declaration, absent where they are
// empty (decimals never are), decimals and hashes as strings.
func Format(v any) ([]byte, error) {
	buffer := buffers.Get().(*[]byte)
	defer release(buffer)
	data, err := formatInto(buffer, v)
	return bytes.Clone(data), err
}

// Append appends what Format gives; of the value a pointer will do as well. After an
// error what it gives is of no use.
func Append(b []byte, v any) ([]byte, error) {
	value := reflect.ValueOf(v)
	b, err := formatterOf(value.Type())(b, value)
	if err != nil {
		return b, fmt.Errorf("couldn't format a %T: %w", v, err)
	}
	return b, nil
}

// buffers are for forms under way, whose length nobody knows before.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// bufferKept is the largest buffer that is worth keeping: a full batch has less.
const bufferKept = 1 << 20

func release(buffer *[]byte) {
	if cap(*buffer) <= bufferKept {
		buffers.Put(buffer)
	}
}

// formatInto overwrites the buffer; what it gives is a part of it.
func formatInto(buffer *[]byte, v any) ([]byte, error) {
	data, err := Append((*buffer)[:0], v)
	*buffer = data
	if err != nil {
		return nil, err
	}
	return data, nil
}

// formatter appends the form of a value of one type.
type formatter func([]byte, reflect.Value) ([]byte, error)

var formatters sync.Map // reflect.Type → formatter

// formatterOf finds out once for each type how its values are written.
func formatterOf(t reflect.Type) formatter {
	if f, ok := formatters.Load(t); ok {
		return f.(formatter)
	}
	actual, _ := formatters.LoadOrStore(t, newFormatter(t))
	return actual.(formatter)
}

var (
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	textAppender  = reflect.TypeFor[encoding.TextAppender]()
)

func newFormatter(t reflect.Type) formatter {
	if signedParser(t) != nil {
		return func(b []byte, v reflect.Value) ([]byte, error) {
			return appendString(b, compact(v.FieldByName("Envelope").Interface().(massbalance.Envelope)))
		}
	}
	switch {
	case t == commandType:
		return formatCommand
	case t.Kind() == reflect.Pointer:
		element := formatterOf(t.Elem())
		return func(b []byte, v reflect.Value) ([]byte, error) { return element(b, v.Elem()) }
	case t.Implements(textAppender):
		return formatAppender
	case t.Implements(textMarshaler):
		return formatText
	}
	switch t.Kind() {
	case reflect.String:
		return func(b []byte, v reflect.Value) ([]byte, error) { return appendString(b, v.String()) }
	case reflect.Int, reflect.Int64:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendInt(b, v.Int(), 10), nil }
	case reflect.Uint64:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendUint(b, v.Uint(), 10), nil }
	case reflect.Bool:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendBool(b, v.Bool()), nil }
	case reflect.Slice:
		return sliceFormatter(formatterOf(t.Elem()))
	case reflect.Struct:
		return structFormatter(planOf(t))
	}
	return func(b []byte, _ reflect.Value) ([]byte, error) {
		return b, fmt.Errorf("a %s has no form on the wire", t)
	}
}

// anyOf gives a value, or a pointer to it where it has an address: an interface
// that holds what has one would be a copy.
func anyOf(v reflect.Value) any {
	if v.CanAddr() {
		return v.Addr().Interface()
	}
	return v.Interface()
}

func formatAppender(b []byte, v reflect.Value) ([]byte, error) {
	start := len(b)
	b, err := anyOf(v).(encoding.TextAppender).AppendText(append(b, '"'))
	if err != nil {
		return b, err
	}
	if text := b[start+1:]; !plain(text) {
		return appendString(b[:start], string(text))
	}
	return append(b, '"'), nil
}

func formatText(b []byte, v reflect.Value) ([]byte, error) {
	text, err := anyOf(v).(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return b, err
	}
	return appendString(b, string(text))
}

func sliceFormatter(element formatter) formatter {
	return func(b []byte, v reflect.Value) (_ []byte, err error) {
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = element(b, v.Index(i)); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	}
}

func structFormatter(p *plan) formatter {
	fields := make([]formatter, len(p.fields))
	for i, f := range p.fields {
		fields[i] = formatterOf(f.of)
	}
	return func(b []byte, v reflect.Value) (_ []byte, err error) {
		start := len(b)
		for i := range p.fields {
			f := &p.fields[i]
			value := v.Field(f.index)
			if !f.always && empty(value) {
				continue
			}
			if b, err = fields[i](append(b, f.opening...), value); err != nil {
				return b, fmt.Errorf("%s: %w", f.name, err)
			}
		}
		return enclose(b, start), nil
	}
}

// enclose makes an object of the fields from start on, each of which begins with a comma.
func enclose(b []byte, start int) []byte {
	if len(b) == start {
		return append(b, "{}"...)
	}
	b[start] = '{'
	return append(b, '}')
}

// empty treats a slice without elements as absent, nil or not, so that both
// have one form.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String, reflect.Slice:
		return v.Len() == 0
	}
	return v.IsZero()
}

func appendString(b []byte, s string) ([]byte, error) {
	if plain(s) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"'), nil
	}
	if !utf8.ValidString(s) {
		return b, fmt.Errorf("%q is not valid UTF-8", s)
	}
	quoted := bytes.NewBuffer(b)
	encoder := json.NewEncoder(quoted)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return b, err
	}
	return bytes.TrimSuffix(quoted.Bytes(), []byte("\n")), nil
}

// plain reports whether a string needs no escape.
func plain[T string | []byte](s T) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
