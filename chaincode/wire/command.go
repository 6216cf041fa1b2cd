package wire

import (
	"bytes"
	"crypto/sha256"
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

func formatCommand(b *bytes.Buffer, c massbalance.Command) error {
	if c.Body == nil {
		return fmt.Errorf("command %q has no body", c.ID)
	}
	h := head{c.ID, c.Body.Type(), c.Date, c.Period, c.By, c.Occurred}
	if err := formatStruct(b, reflect.ValueOf(h)); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1)
	b.WriteString(`,"body":`)
	if err := format(b, reflect.ValueOf(c.Body)); err != nil {
		return err
	}
	b.WriteByte('}')
	return nil
}

// command reads a command whose fields may stand in any order, the body before
// its type too: it is remembered and read at the end.
func (s *scanner) command(c *massbalance.Command) error {
	var kind string
	bodyAt := -1
	err := s.object(func(name string) (err error) {
		switch name {
		case "id":
			return s.value(reflect.ValueOf(&c.ID).Elem())
		case "type":
			kind, err = s.text()
			return err
		case "date":
			return s.value(reflect.ValueOf(&c.Date).Elem())
		case "period":
			return s.value(reflect.ValueOf(&c.Period).Elem())
		case "occurred":
			return s.value(reflect.ValueOf(&c.Occurred).Elem())
		case "by":
			return s.value(reflect.ValueOf(&c.By).Elem())
		case "body":
			s.space()
			bodyAt = s.pos
			return s.skip(0)
		}
		return fmt.Errorf("there is no field %q here", name)
	})
	if err != nil {
		return err
	}
	t, ok := bodyTypes[kind]
	if !ok {
		return fmt.Errorf("type: there is no command %q", kind)
	}
	if bodyAt < 0 {
		return fmt.Errorf("a %s command needs a body", kind)
	}
	body := reflect.New(t).Elem()
	if err := (&scanner{data: s.data, pos: bodyAt}).value(body); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	c.Body = body.Interface().(massbalance.Body)
	return Seal(c)
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
		return s.object(func(string) error { return s.skip(depth + 1) })
	case '[':
		return s.list('[', ']', func(int) error { return s.skip(depth + 1) })
	case '"':
		_, err := s.text()
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
	body, err := Format(c.Body)
	if err != nil {
		return err
	}
	whole, err := Format(*c)
	if err != nil {
		return err
	}
	c.Content, c.BodyContent = sha256.Sum256(whole), sha256.Sum256(body)
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

// FormatResults gives the canonical bytes of a transaction's answer.
func FormatResults(results []massbalance.Result) ([]byte, error) { return Format(results) }

// ParseResults reads the canonical bytes of a transaction's answer.
func ParseResults(data []byte) ([]massbalance.Result, error) {
	return Parse[[]massbalance.Result](data)
}
