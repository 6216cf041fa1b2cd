package wire

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

var bodyTypes = func() map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for _, body := range massbalance.Bodies {
		types[body.Type()] = reflect.TypeOf(body)
	}
	return types
}()

var commandType = reflect.TypeFor[massbalance.Command]()

func formatCommand(b []byte, v reflect.Value) ([]byte, error) {
	if v.CanAddr() {
		b, _, err := appendCommand(b, v.Addr().Interface().(*massbalance.Command))
		return b, err
	}
	c := v.Interface().(massbalance.Command)
	b, _, err := appendCommand(b, &c)
	return b, err
}

// appendCommand also tells where the body begins; it ends one byte before the end.
func appendCommand(b []byte, c *massbalance.Command) (_ []byte, body int, err error) {
	if c.Body == nil {
		return b, 0, fmt.Errorf("command %q has no body", c.ID)
	}
	start := len(b)
	for _, head := range [...]struct{ name, value string }{
		{"id", string(c.ID)}, {"type", c.Body.Type()}, {"date", string(c.Date)}, {"period", string(c.Period)},
		{"by", c.By}, {"occurred", string(c.Occurred)},
	} {
		if head.value == "" {
			continue
		}
		b = append(append(append(b, `,"`...), head.name...), `":`...)
		if b, err = appendString(b, head.value); err != nil {
			return b, 0, fmt.Errorf("%s: %w", head.name, err)
		}
	}
	b = append(b, `,"body":`...)
	body = len(b)
	form := reflect.ValueOf(c.Body)
	if b, err = formatterOf(form.Type())(b, form); err != nil {
		return b, 0, err
	}
	return enclose(b, start), body, nil
}

// command reads a command whose fields may stand in any order, the body before
// its type too: then it is remembered and read at the end.
func (s *scanner) command(c *massbalance.Command) error {
	s.space()
	start, bodyAt, bodyEnd := s.pos, -1, -1
	var t reflect.Type
	var seen names
	err := s.object(func(name []byte) (err error) {
		if !seen.add(name) {
			return errTwice
		}
		switch string(name) {
		case "id":
			return readText(s, &c.ID)
		case "type":
			t, err = s.bodyType()
			return err
		case "date":
			return readText(s, &c.Date)
		case "period":
			return readText(s, &c.Period)
		case "occurred":
			return readText(s, &c.Occurred)
		case "by":
			return readText(s, &c.By)
		case "body":
			s.space()
			bodyAt = s.pos
			if t == nil {
				return s.skip(0)
			}
			err = s.body(c, t)
			bodyEnd = s.pos
			return err
		}
		return fmt.Errorf("there is no field %q here", name)
	})
	switch {
	case err != nil:
		return err
	case t == nil:
		return errors.New("type: there is no command \"\"")
	case bodyAt < 0:
		return fmt.Errorf("a %s command needs a body", reflect.Zero(t).Interface().(massbalance.Body).Type())
	case bodyEnd < 0:
		if err := (&scanner{data: s.data, pos: bodyAt, canonical: s.canonical}).body(c, t); err != nil {
			return fmt.Errorf("body: %w", err)
		}
	case s.canonical:
		s.each = append(s.each, s.data[start:s.pos])
		c.Content, c.BodyContent = sha256.Sum256(s.data[start:s.pos]), sha256.Sum256(s.data[bodyAt:bodyEnd])
		return nil
	}
	return Seal(c)
}

func readText[T ~string](s *scanner, into *T) error {
	text, err := s.text()
	*into = T(text)
	return err
}

func (s *scanner) bodyType() (reflect.Type, error) {
	kind, err := s.bytes()
	if err != nil {
		return nil, err
	}
	t, ok := bodyTypes[string(kind)]
	if !ok {
		return nil, fmt.Errorf("there is no command %q", kind)
	}
	return t, nil
}

func (s *scanner) body(c *massbalance.Command, t reflect.Type) error {
	if s.draft.IsValid() && s.draft.Type() == t {
		s.draft.SetZero()
	} else {
		s.draft = reflect.New(t).Elem()
	}
	if err := parserOf(t)(s, s.draft); err != nil {
		return err
	}
	c.Body = s.draft.Interface().(massbalance.Body) // a copy
	return nil
}

// depthLimit is deeper than any type of the domain.
const depthLimit = 12

// skip passes over one value.
func (s *scanner) skip(depth int) error {
	if depth > depthLimit {
		return fmt.Errorf("nested deeper than %d", depthLimit)
	}
	s.space()
	if s.pos == len(s.data) {
		return s.expected("a value")
	}
	switch s.data[s.pos] {
	case '{':
		var seen names
		return s.object(func(name []byte) error {
			if !seen.add(name) {
				return errTwice
			}
			return s.skip(depth + 1)
		})
	case '[':
		return s.list('[', ']', func(int) error { return s.skip(depth + 1) })
	case '"':
		_, err := s.bytes()
		return err
	}
	if len(s.literal()) == 0 {
		return s.expected("a value")
	}
	return nil
}

// Seal sets the digests of a command made in Go: SHA-256 of the canonical
// bytes of the whole and of the body. What was parsed is sealed already.
func Seal(c *massbalance.Command) error {
	buffer := buffers.Get().(*[]byte)
	defer release(buffer)
	whole, body, err := appendCommand((*buffer)[:0], c)
	*buffer = whole
	if err != nil {
		return fmt.Errorf("couldn't format a %T: %w", *c, err)
	}
	c.Content, c.BodyContent = sha256.Sum256(whole), sha256.Sum256(whole[body:len(whole)-1])
	return nil
}

// NewCommand makes a sealed command. It fails only for text that is not UTF-8.
func NewCommand(c massbalance.Command) (massbalance.Command, error) {
	err := Seal(&c)
	return c, err
}
