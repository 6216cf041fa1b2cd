package wire

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

var errNotCanonical = errors.New("the bytes are not in canonical form")

// Parse reads canonical bytes and nothing else: Format(Parse(b)) is b. Spaces,
// another order of fields, fields named twice, numbers written in another way:
// all are refused, so that one content has one hash.
func Parse[T any](data []byte) (T, error) {
	v, err := Decode[T](data)
	if err != nil {
		return v, err
	}
	again, err := Format(v)
	if err != nil {
		return v, err
	}
	if !bytes.Equal(again, data) {
		return v, fmt.Errorf("couldn't parse a %T: %w: expected %.200s", v, errNotCanonical, again)
	}
	return v, nil
}

// Decode reads JSON as people and programs write it: any order and spacing,
// decimals with trailing zeros. Unknown fields and fields named twice are
// refused, for they are mistakes.
func Decode[T any](data []byte) (T, error) {
	var v T
	s := &scanner{data: data}
	err := s.value(reflect.ValueOf(&v).Elem())
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return v, fmt.Errorf("couldn't parse a %T: %w", v, err)
	}
	return v, nil
}

// scanner reads one JSON text into values whose types say what may stand in it.
type scanner struct {
	data []byte
	pos  int
}

func (s *scanner) value(v reflect.Value) error {
	switch target := v.Addr().Interface().(type) {
	case *massbalance.Command:
		return s.command(target)
	case *massbalance.SignedCertificate:
		text, err := s.text()
		if err != nil {
			return err
		}
		*target, err = ParseSignedCertificate(text)
		return err
	case *massbalance.SignedStanding:
		text, err := s.text()
		if err != nil {
			return err
		}
		*target, err = ParseSignedStanding(text)
		return err
	case *massbalance.SignedBalanceConsent:
		text, err := s.text()
		if err != nil {
			return err
		}
		*target, err = ParseSignedBalanceConsent(text)
		return err
	case *massbalance.SignedCreditAudit:
		text, err := s.text()
		if err != nil {
			return err
		}
		*target, err = ParseSignedCreditAudit(text)
		return err
	case *massbalance.SignedFinding:
		text, err := s.text()
		if err != nil {
			return err
		}
		*target, err = ParseSignedFinding(text)
		return err
	case *massbalance.SignedStatement:
		text, err := s.text()
		if err != nil {
			return err
		}
		*target, err = ParseSignedStatement(text)
		return err
	case *massbalance.SignedReversalConsent:
		text, err := s.text()
		if err != nil {
			return err
		}
		*target, err = ParseSignedReversalConsent(text)
		return err
	case encoding.TextUnmarshaler:
		text, err := s.text()
		if err != nil {
			return err
		}
		return target.UnmarshalText([]byte(text))
	}
	return s.plainValue(v)
}

func (s *scanner) plainValue(v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		text, err := s.text()
		if err != nil {
			return err
		}
		v.SetString(text)
		return nil
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(s.literal(), 10, 64)
		if err != nil {
			return fmt.Errorf("expected a whole number: %w", err)
		}
		v.SetInt(n)
		return nil
	case reflect.Uint64:
		n, err := strconv.ParseUint(s.literal(), 10, 64)
		if err != nil {
			return fmt.Errorf("expected a whole number that is not negative: %w", err)
		}
		v.SetUint(n)
		return nil
	case reflect.Bool:
		switch s.literal() {
		case "true":
			v.SetBool(true)
		case "false":
			v.SetBool(false)
		default:
			return errors.New("expected true or false")
		}
		return nil
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return s.value(v.Elem())
	case reflect.Slice:
		return s.slice(v)
	case reflect.Struct:
		return s.structure(v)
	}
	return fmt.Errorf("a %s has no form on the wire", v.Type())
}

func (s *scanner) slice(v reflect.Value) error {
	return s.list('[', ']', func(i int) error {
		element := reflect.New(v.Type().Elem()).Elem()
		if err := s.value(element); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
		v.Set(reflect.Append(v, element))
		return nil
	})
}

func (s *scanner) structure(v reflect.Value) error {
	p := planOf(v.Type())
	return s.object(func(name string) error {
		i, ok := p.byName[name]
		if !ok {
			return fmt.Errorf("there is no field %q here", name)
		}
		return s.value(v.Field(p.fields[i].index))
	})
}

// object reads an object and hands each field's name over, once.
func (s *scanner) object(read func(name string) error) error {
	seen := map[string]bool{}
	return s.list('{', '}', func(int) error {
		name, err := s.text()
		if err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("field %q stands twice", name)
		}
		seen[name] = true
		if !s.accept(':') {
			return s.expected("a colon")
		}
		if err := read(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
}

func (s *scanner) list(open, shut byte, element func(i int) error) error {
	if !s.accept(open) {
		return s.expected(strconv.QuoteRune(rune(open)))
	}
	if s.accept(shut) {
		return nil
	}
	for i := 0; ; i++ {
		if err := element(i); err != nil {
			return err
		}
		if s.accept(shut) {
			return nil
		}
		if !s.accept(',') {
			return s.expected("a comma or " + strconv.QuoteRune(rune(shut)))
		}
	}
}

// text reads a string.
func (s *scanner) text() (string, error) {
	if !s.accept('"') {
		return "", s.expected("a string")
	}
	start, escaped := s.pos, false
	for ; s.pos < len(s.data); s.pos++ {
		switch s.data[s.pos] {
		case '\\':
			escaped = true
			s.pos++
			continue
		case '"':
			raw := s.data[start:s.pos]
			s.pos++
			return unquote(raw, escaped)
		}
	}
	return "", errors.New("a string does not end")
}

func unquote(raw []byte, escaped bool) (string, error) {
	if !utf8.Valid(raw) {
		return "", fmt.Errorf("%q is not valid UTF-8", raw)
	}
	if !escaped {
		for _, c := range raw {
			if c < 0x20 {
				return "", fmt.Errorf("control character in string %q", raw)
			}
		}
		return string(raw), nil
	}
	quoted := append(append([]byte{'"'}, raw...), '"')
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		return "", fmt.Errorf("couldn't read string %q: %w", raw, err)
	}
	return text, nil
}

// literal reads what stands up to the next delimiter.
func (s *scanner) literal() string {
	s.space()
	start := s.pos
	for s.pos < len(s.data) && !bytes.ContainsRune([]byte(" \t\r\n,:]}[{\""), rune(s.data[s.pos])) {
		s.pos++
	}
	return string(s.data[start:s.pos])
}

func (s *scanner) accept(c byte) bool {
	s.space()
	if s.pos < len(s.data) && s.data[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) end() error {
	s.space()
	if s.pos < len(s.data) {
		return s.expected("the end")
	}
	return nil
}

func (s *scanner) expected(what string) error {
	found := s.data[min(s.pos, len(s.data)):]
	if len(found) == 0 {
		return fmt.Errorf("expected %s at byte %d, found the end", what, s.pos)
	}
	return fmt.Errorf("expected %s at byte %d, found %.20q", what, s.pos, found)
}
