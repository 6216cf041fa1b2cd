package wire

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Format gives the canonical bytes of a value of the domain: one JSON text
// without spaces, fields in the order of declaration, absent where they are
// empty (decimals never are), decimals and hashes as strings.
func Format(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := format(&b, reflect.ValueOf(v)); err != nil {
		return nil, fmt.Errorf("couldn't format a %T: %w", v, err)
	}
	return b.Bytes(), nil
}

func format(b *bytes.Buffer, v reflect.Value) error {
	switch special := v.Interface().(type) {
	case massbalance.Command:
		return formatCommand(b, special)
	case massbalance.SignedCertificate:
		return formatString(b, compact(special.Envelope))
	case massbalance.SignedStanding:
		return formatString(b, compact(special.Envelope))
	case massbalance.SignedCreditAudit:
		return formatString(b, compact(special.Envelope))
	case massbalance.SignedFinding:
		return formatString(b, compact(special.Envelope))
	case massbalance.SignedBalanceConsent:
		return formatString(b, compact(special.Envelope))
	case massbalance.SignedStatement:
		return formatString(b, compact(special.Envelope))
	case massbalance.SignedReversalConsent:
		return formatString(b, compact(special.Envelope))
	case encoding.TextMarshaler:
		text, err := special.MarshalText()
		if err != nil {
			return err
		}
		return formatString(b, string(text))
	}
	switch v.Kind() {
	case reflect.String:
		return formatString(b, v.String())
	case reflect.Int, reflect.Int64:
		b.Write(strconv.AppendInt(b.AvailableBuffer(), v.Int(), 10))
	case reflect.Uint64:
		b.Write(strconv.AppendUint(b.AvailableBuffer(), v.Uint(), 10))
	case reflect.Bool:
		b.Write(strconv.AppendBool(b.AvailableBuffer(), v.Bool()))
	case reflect.Pointer:
		return format(b, v.Elem())
	case reflect.Slice:
		return formatSlice(b, v)
	case reflect.Struct:
		return formatStruct(b, v)
	default:
		return fmt.Errorf("a %s has no form on the wire", v.Type())
	}
	return nil
}

func formatSlice(b *bytes.Buffer, v reflect.Value) error {
	b.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := format(b, v.Index(i)); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}

func formatStruct(b *bytes.Buffer, v reflect.Value) error {
	b.WriteByte('{')
	first := true
	for _, f := range planOf(v.Type()).fields {
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
		if err := format(b, value); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	b.WriteByte('}')
	return nil
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
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
