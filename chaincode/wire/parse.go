package wire

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

var (
	errNotCanonical = errors.New("the bytes are not in canonical form")
	errTwice        = errors.New("the field stands twice")
)

// Parse reads canonical bytes and nothing else: Format(Parse(b)) is b. Spaces,
// another order of fields, fields named twice, numbers written in another way:
// all are refused, so that one content has one hash.
func Parse[T any](data []byte) (T, error) {
	return parse[T](&scanner{data: data, canonical: true})
}

func parse[T any](s *scanner) (T, error) {
	v, err := decode[T](s)
	if err != nil {
		return v, err
	}
	buffer := buffers.Get().(*[]byte)
	defer release(buffer)
	again, err := formatInto(buffer, v)
	if err != nil {
		return v, err
	}
	if !bytes.Equal(again, s.data) {
		return v, fmt.Errorf("couldn't parse a %T: %w: expected %.200s", v, errNotCanonical, again)
	}
	return v, nil
}

// Decode reads JSON as people and programs write it: any order and spacing,
// decimals with trailing zeros. Unknown fields and fields named twice are
// refused, for they are mistakes.
func Decode[T any](data []byte) (T, error) { return decode[T](&scanner{data: data}) }

func decode[T any](s *scanner) (T, error) {
	var v T
	value := reflect.ValueOf(&v).Elem()
	err := parserOf(value.Type())(s, value)
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
	// canonical is set where the whole is refused afterwards if the bytes are not
	// in canonical form. Until then they may be taken to be.
	canonical bool
	// each are the bytes of the commands, if they are canonical.
	each [][]byte
	// draft is the body under way, its type the one before's where it can be.
	draft reflect.Value
	// words are texts of a batch that were read, each where its hash says: its
	// commands say the same of most things.
	words *[64]string
}

// parser reads values of one type.
type parser func(*scanner, reflect.Value) error

var parsers sync.Map // reflect.Type → parser

// parserOf finds out once for each type how its values are read.
func parserOf(t reflect.Type) parser {
	if p, ok := parsers.Load(t); ok {
		return p.(parser)
	}
	actual, _ := parsers.LoadOrStore(t, newParser(t))
	return actual.(parser)
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

func newParser(t reflect.Type) parser {
	if parse := signedParser(t); parse != nil {
		return parse
	}
	switch {
	case t == commandType:
		return func(s *scanner, v reflect.Value) error { return s.command(v.Addr().Interface().(*massbalance.Command)) }
	case reflect.PointerTo(t).Implements(textUnmarshaler):
		return func(s *scanner, v reflect.Value) error {
			text, err := s.bytes()
			if err != nil {
				return err
			}
			return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(text)
		}
	}
	switch t.Kind() {
	case reflect.String:
		return parseString
	case reflect.Int, reflect.Int64:
		return parseInt
	case reflect.Uint64:
		return parseUint
	case reflect.Bool:
		return parseBool
	case reflect.Pointer:
		element := parserOf(t.Elem())
		return func(s *scanner, v reflect.Value) error {
			v.Set(reflect.New(t.Elem()))
			return element(s, v.Elem())
		}
	case reflect.Slice:
		return sliceParser(t)
	case reflect.Struct:
		return structParser(planOf(t))
	}
	return func(*scanner, reflect.Value) error { return fmt.Errorf("a %s has no form on the wire", t) }
}

func parseString(s *scanner, v reflect.Value) error {
	text, err := s.text()
	if err != nil {
		return err
	}
	v.SetString(text)
	return nil
}

func parseInt(s *scanner, v reflect.Value) error {
	n, err := strconv.ParseInt(string(s.literal()), 10, 64)
	if err != nil {
		return fmt.Errorf("expected a whole number: %w", err)
	}
	v.SetInt(n)
	return nil
}

func parseUint(s *scanner, v reflect.Value) error {
	n, err := strconv.ParseUint(string(s.literal()), 10, 64)
	if err != nil {
		return fmt.Errorf("expected a whole number that is not negative: %w", err)
	}
	v.SetUint(n)
	return nil
}

func parseBool(s *scanner, v reflect.Value) error {
	switch string(s.literal()) {
	case "true":
		v.SetBool(true)
	case "false":
		v.SetBool(false)
	default:
		return errors.New("expected true or false")
	}
	return nil
}

func sliceParser(t reflect.Type) parser {
	element, commands := parserOf(t.Elem()), t.Elem() == commandType
	return func(s *scanner, v reflect.Value) error {
		start := s.pos
		if commands && s.words == nil {
			s.words = new([64]string)
		}
		return s.list('[', ']', func(i int) error {
			if i == v.Cap() {
				more := 1
				if commands && i > 0 {
					more = s.remaining(i, start)
				}
				v.Grow(more)
			}
			v.SetLen(i + 1)
			if err := element(s, v.Index(i)); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
			return nil
		})
	}
}

// remaining guesses how many elements follow n that began at start, from how
// long these are; no more than a batch has, for the guess may be wrong.
func (s *scanner) remaining(n, start int) int {
	return min((len(s.data)-s.pos)*n/(s.pos-start)+1, massbalance.ListLimit)
}

func structParser(p *plan) parser {
	fields := make([]parser, len(p.fields))
	for i, f := range p.fields {
		fields[i] = parserOf(f.of)
	}
	return func(s *scanner, v reflect.Value) error {
		var seen uint64
		next := 0
		return s.object(func(name []byte) error {
			i := p.find(name, next)
			if i < 0 {
				return fmt.Errorf("there is no field %q here", name)
			}
			if seen&(1<<i) != 0 {
				return errTwice
			}
			seen |= 1 << i
			next = i + 1
			return fields[i](s, v.Field(p.fields[i].index))
		})
	}
}

// object reads an object and hands each field's name over.
func (s *scanner) object(read func(name []byte) error) error {
	return s.list('{', '}', func(int) error {
		name, err := s.bytes()
		if err != nil {
			return err
		}
		if !s.accept(':') {
			return s.expected("a colon")
		}
		if err := read(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
}

// names is a set of names of fields: most objects have few.
type names struct {
	few  [8][]byte
	n    int
	many map[string]bool
}

// add reports whether the name is new.
func (s *names) add(name []byte) bool {
	for _, before := range s.few[:s.n] {
		if bytes.Equal(before, name) {
			return false
		}
	}
	if s.n < len(s.few) {
		s.few[s.n] = name
		s.n++
		return true
	}
	if s.many[string(name)] {
		return false
	}
	if s.many == nil {
		s.many = map[string]bool{}
	}
	s.many[string(name)] = true
	return true
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
	raw, err := s.bytes()
	if err != nil || s.words == nil || len(raw) > 32 {
		return string(raw), err
	}
	hash := uint32(2166136261) // FNV-1a
	for _, c := range raw {
		hash = (hash ^ uint32(c)) * 16777619
	}
	word := &s.words[(hash^hash>>16)%uint32(len(s.words))]
	if *word != string(raw) {
		*word = string(raw)
	}
	return *word, nil
}

// bytes reads a string; what it gives may be a part of the data.
func (s *scanner) bytes() ([]byte, error) {
	if !s.accept('"') {
		return nil, s.expected("a string")
	}
	for i := s.pos; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '"':
			raw := s.data[s.pos:i:i]
			s.pos = i + 1
			return raw, nil
		case c < 0x20 || c >= utf8.RuneSelf || c == '\\':
			return s.uncommon()
		}
	}
	return nil, errors.New("a string does not end")
}

// uncommon reads the rest of a string that has more in it than plain ASCII.
func (s *scanner) uncommon() ([]byte, error) {
	start, escaped := s.pos, false
	for ; s.pos < len(s.data); s.pos++ {
		switch s.data[s.pos] {
		case '\\':
			escaped = true
			s.pos++
			continue
		case '"':
			raw := s.data[start:s.pos:s.pos]
			s.pos++
			return unquote(raw, escaped)
		}
	}
	return nil, errors.New("a string does not end")
}

func unquote(raw []byte, escaped bool) ([]byte, error) {
	if !utf8.Valid(raw) {
		return nil, fmt.Errorf("%q is not valid UTF-8", raw)
	}
	if !escaped {
		for _, c := range raw {
			if c < 0x20 {
				return nil, fmt.Errorf("control character in string %q", raw)
			}
		}
		return raw, nil
	}
	quoted := append(append([]byte{'"'}, raw...), '"')
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		return nil, fmt.Errorf("couldn't read string %q: %w", raw, err)
	}
	return []byte(text), nil
}

// literal reads what stands up to the next delimiter.
func (s *scanner) literal() []byte {
	s.space()
	start := s.pos
	for ; s.pos < len(s.data); s.pos++ {
		switch s.data[s.pos] {
		case ' ', '\t', '\r', '\n', ',', ':', ']', '}', '[', '{', '"':
			return s.data[start:s.pos]
		}
	}
	return s.data[start:]
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
