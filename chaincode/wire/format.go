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
	b := buffers.Get().(*bytes.Buffer)
	defer release(b)
	data, err := formatInto(b, v)
	return bytes.Clone(data), err
}

// buffers are for forms under way, whose length nobody knows before.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// bufferKept is the largest buffer that is worth keeping: a full batch has less.
const bufferKept = 1 << 20

func release(b *bytes.Buffer) {
	if b.Cap() <= bufferKept {
		b.Reset()
		buffers.Put(b)
	}
}

func formatInto(b *bytes.Buffer, v any) ([]byte, error) {
	if err := formatValue(b, reflect.ValueOf(v)); err != nil {
		return nil, fmt.Errorf("couldn't format a %T: %w", v, err)
	}
	return b.Bytes(), nil
}

func formatValue(b *bytes.Buffer, v reflect.Value) error { return formatterOf(v.Type())(b, v) }

// formatter writes the values of one type.
type formatter func(*bytes.Buffer, reflect.Value) error

var formatters sync.Map // reflect.Type → formatter

// formatterOf finds out once for each type how its values are written.
func formatterOf(t reflect.Type) formatter {
	if f, ok := formatters.Load(t); ok {
		return f.(formatter)
	}
	actual, _ := formatters.LoadOrStore(t, newFormatter(t))
	return actual.(formatter)
}

var textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()

func newFormatter(t reflect.Type) formatter {
	if signedParser(t) != nil {
		return func(b *bytes.Buffer, v reflect.Value) error {
			return formatString(b, compact(v.FieldByName("Envelope").Interface().(massbalance.Envelope)))
		}
	}
	switch {
	case t == commandType:
		return func(b *bytes.Buffer, v reflect.Value) error {
			_, err := formatCommand(b, v.Interface().(massbalance.Command))
			return err
		}
	case t.Implements(textMarshaler):
		return formatText
	}
	switch t.Kind() {
	case reflect.String:
		return func(b *bytes.Buffer, v reflect.Value) error { return formatString(b, v.String()) }
	case reflect.Int, reflect.Int64:
		return func(b *bytes.Buffer, v reflect.Value) error {
			b.Write(strconv.AppendInt(b.AvailableBuffer(), v.Int(), 10))
			return nil
		}
	case reflect.Uint64:
		return func(b *bytes.Buffer, v reflect.Value) error {
			b.Write(strconv.AppendUint(b.AvailableBuffer(), v.Uint(), 10))
			return nil
		}
	case reflect.Bool:
		return func(b *bytes.Buffer, v reflect.Value) error {
			b.Write(strconv.AppendBool(b.AvailableBuffer(), v.Bool()))
			return nil
		}
	case reflect.Pointer:
		element := formatterOf(t.Elem())
		return func(b *bytes.Buffer, v reflect.Value) error { return element(b, v.Elem()) }
	case reflect.Slice:
		return sliceFormatter(formatterOf(t.Elem()))
	case reflect.Struct:
		return structFormatter(planOf(t))
	}
	return func(*bytes.Buffer, reflect.Value) error { return fmt.Errorf("a %s has no form on the wire", t) }
}

func formatText(b *bytes.Buffer, v reflect.Value) error {
	text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return err
	}
	if !plain(text) {
		return formatString(b, string(text))
	}
	b.WriteByte('"')
	b.Write(text)
	b.WriteByte('"')
	return nil
}

func sliceFormatter(element formatter) formatter {
	return func(b *bytes.Buffer, v reflect.Value) error {
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := element(b, v.Index(i)); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	}
}

func structFormatter(p *plan) formatter {
	fields := make([]formatter, len(p.fields))
	for i, f := range p.fields {
		fields[i] = formatterOf(f.of)
	}
	return func(b *bytes.Buffer, v reflect.Value) error {
		b.WriteByte('{')
		first := true
		for i := range p.fields {
			f := &p.fields[i]
			value := v.Field(f.index)
			if !f.always && empty(value) {
				continue
			}
			if !first {
				b.WriteByte(',')
			}
			first = false
			b.WriteByte('"')
			b.WriteString(f.name)
			b.WriteString(`":`)
			if err := fields[i](b, value); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
		}
		b.WriteByte('}')
		return nil
	}
}

// empty treats a slice without elements as absent, nil or not, so that both
// have one form.
func empty(v reflect.Value) bool {
	if v.Kind() == reflect.Slice {
		return v.Len() == 0
	}
	return v.IsZero()
}

func formatString(b *bytes.Buffer, s string) error {
	if plain(s) {
		b.WriteByte('"')
		b.WriteString(s)
		b.WriteByte('"')
		return nil
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%q is not valid UTF-8", s)
	}
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the encoder ends with a newline
	return nil
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
