package wire

import (
	"bytes"
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

// head is a command without its body.
type head struct {
	ID       massbalance.CommandID
	Type     string
	Date     massbalance.Date
	Period   massbalance.PeriodID
	By       string
	Occurred massbalance.Date
}

var commandType = reflect.TypeFor[massbalance.Command]()

// formatCommand also gives the bytes of the body among those of the command.
func formatCommand(b *bytes.Buffer, c massbalance.Command) (body []byte, err error) {
	if c.Body == nil {
		return nil, fmt.Errorf("command %q has no body", c.ID)
	}
	h := head{c.ID, c.Body.Type(), c.Date, c.Period, c.By, c.Occurred}
	if err := formatValue(b, reflect.ValueOf(h)); err != nil {
		return nil, err
	}
	b.Truncate(b.Len() - 1)
	b.WriteString(`,"body":`)
	start := b.Len()
	if err := formatValue(b, reflect.ValueOf(c.Body)); err != nil {
		return nil, err
	}
	body = b.Bytes()[start:]
	b.WriteByte('}')
	return body, nil
}

// command reads a command whose fields may stand in any order, the body before
// its type too: then it is remembered and read at the end.
func (s *scanner) command(c *massbalance.Command) error {
	s.space()
	start, bodyAt, bodyEnd := s.pos, -1, -1
	var t reflect.Type
	err := s.object(func(name []byte) (err error) {
		switch string(name) {
		case "id":
			return parseString(s, reflect.ValueOf(&c.ID).Elem())
		case "type":
			t, err = s.bodyType()
			return err
		case "date":
			return parseString(s, reflect.ValueOf(&c.Date).Elem())
		case "period":
			return parseString(s, reflect.ValueOf(&c.Period).Elem())
		case "occurred":
			return parseString(s, reflect.ValueOf(&c.Occurred).Elem())
		case "by":
			return parseString(s, reflect.ValueOf(&c.By).Elem())
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

func (s *scanner) bodyType() (reflect.Type, error) {
	kind, err := s.text()
	if err != nil {
		return nil, err
	}
	t, ok := bodyTypes[kind]
	if !ok {
		return nil, fmt.Errorf("there is no command %q", kind)
	}
	return t, nil
}

func (s *scanner) body(c *massbalance.Command, t reflect.Type) error {
	body := reflect.New(t).Elem()
	if err := parserOf(t)(s, body); err != nil {
		return err
	}
	c.Body = body.Interface().(massbalance.Body)
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
		return s.object(func([]byte) error { return s.skip(depth + 1) })
	case '[':
		return s.list('[', ']', func(int) error { return s.skip(depth + 1) })
	case '"':
		_, err := s.bytes()
		return err
	}
	if s.literal() == "" {
		return s.expected("a value")
	}
	return nil
}

// Seal sets the digests of a command made in Go: SHA-256 of the canonical
// bytes of the whole and of the body. What was parsed is sealed already.
func Seal(c *massbalance.Command) error {
	var whole bytes.Buffer
	body, err := formatCommand(&whole, *c)
	if err != nil {
		return fmt.Errorf("couldn't format a %T: %w", *c, err)
	}
	c.Content, c.BodyContent = sha256.Sum256(whole.Bytes()), sha256.Sum256(body)
	return nil
}

// NewCommand makes a sealed command. It fails only for text that is not UTF-8.
func NewCommand(c massbalance.Command) (massbalance.Command, error) {
	err := Seal(&c)
	return c, err
}

// FormatBatch gives the canonical bytes of a transaction's commands.
func FormatBatch(commands []massbalance.Command) ([]byte, error) { return Format(commands) }

// ParseBatch reads the canonical bytes of a transaction's commands.
func ParseBatch(data []byte) ([]massbalance.Command, error) {
	return Parse[[]massbalance.Command](data)
}

// SplitBatch reads them and gives the canonical bytes of each, too, which are parts
// of the batch's.
func SplitBatch(data []byte) (commands []massbalance.Command, each [][]byte, err error) {
	s := &scanner{data: data, canonical: true}
	commands, err = parse[[]massbalance.Command](s)
	return commands, s.each, err
}

// FormatResults gives the canonical bytes of a transaction's answer.
func FormatResults(results []massbalance.Result) ([]byte, error) { return Format(results) }

// ParseResults reads the canonical bytes of a transaction's answer.
func ParseResults(data []byte) ([]massbalance.Result, error) {
	return Parse[[]massbalance.Result](data)
}
