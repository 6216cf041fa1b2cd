package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// This file is how pages are written, see Place for what they are.
//
// A page says per entry what is other than in the entry before, because what stands
// together is alike: ten loads of one field have one statement, one product and one
// model. It is no text, for hashes take half the room so; who wants to read it reads
// the values, which have the form that they have everywhere. Its bytes are:
//
//	page  = entry*                         by digit, rising; a page has one at least
//	entry = digit | 0x80                   the value stands under its own key
//	      | digit field* 0x00              the value, against the entry before
//	field = number 0x00 0x00 hash          a hash of 32 bytes
//	      | number shared length rest      a form that begins like the one before
//	      | number | 0x80                  the value before has the field, this one not
//
// Digit is '0' to '9', number the field's in its type from 1 on, shared and length
// are uvarints. The first value is written against one without fields, and an entry
// that stands elsewhere is passed over.

// apart is the longest form in bytes that stands in a page: a merger of 500 lots
// must not be read and written with each of its nine neighbours.
const apart = 512

// Entry is what a page holds at one digit: nothing, the form of a value, or that
// the value stands under its own key.
type Entry struct {
	form  []byte
	apart bool
}

// EntryOf is the entry of a value of this form, nil for none.
func EntryOf(form []byte) Entry {
	if len(form) > apart {
		return Entry{apart: true}
	}
	return Entry{form: form}
}

// Form is the value's form, nil where there is no value or it stands elsewhere.
func (e Entry) Form() []byte { return e.form }

// Apart reports whether the value stands under its own key.
func (e Entry) Apart() bool { return e.apart }

func (e Entry) empty() bool { return e.form == nil && !e.apart }

// Page are the entries of one page by digit.
type Page [10]Entry

const (
	elsewhere = 0x80 // in an entry's digit
	absent    = 0x80 // in a field's number
)

var errPage = errors.New("the bytes are no page")

// Format gives the bytes of a page of values of this kind.
func (p *Page) Format(kind massbalance.Kind) ([]byte, error) {
	plan, err := pagePlan(kind)
	if err != nil {
		return nil, err
	}
	var before, now [mostFields][]byte
	var out []byte
	for i, e := range p {
		digit := byte('0' + i)
		switch {
		case e.apart:
			out = append(out, digit|elsewhere)
		case e.form != nil:
			if err := plan.split(e.form, now[:len(plan.fields)]); err != nil {
				return nil, fmt.Errorf("couldn't put %s %.200s into a page: %w", kind, e.form, err)
			}
			out = append(out, digit)
			for n := range plan.fields {
				out = appendField(out, byte(n+1), before[n], now[n])
			}
			out = append(out, 0)
			before = now
		}
	}
	return out, nil
}

// appendField writes one field against that of the entry before; nil is an absence.
func appendField(out []byte, number byte, before, now []byte) []byte {
	switch {
	case bytes.Equal(before, now):
		return out
	case now == nil:
		return append(out, number|absent)
	}
	if hash, ok := hashOf(now); ok {
		return append(append(out, number, 0, 0), hash[:]...)
	}
	shared := 0
	for shared < min(len(before), len(now)) && before[shared] == now[shared] {
		shared++
	}
	out = binary.AppendUvarint(append(out, number), uint64(shared))
	out = binary.AppendUvarint(out, uint64(len(now)-shared))
	return append(out, now[shared:]...)
}

// hashOf reads the form of a hash: 64 lower-case hexadecimal digits in quotes.
func hashOf(form []byte) (hash [32]byte, ok bool) {
	if len(form) != 66 || form[0] != '"' {
		return hash, false
	}
	for _, c := range form[1:65] {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return hash, false
		}
	}
	_, err := hex.Decode(hash[:], form[1:65])
	return hash, err == nil
}

// ParsePage reads a page of values of this kind; no bytes are a page without
// entries. The state's own pages are all that it is asked to read, so it takes
// what Format gives and makes no point of refusing whatever else says the same.
func ParsePage(kind massbalance.Kind, data []byte) (*Page, error) {
	plan, err := pagePlan(kind)
	if err != nil {
		return nil, err
	}
	page := new(Page)
	var fields [mostFields][]byte
	for last := byte(0); len(data) > 0; {
		digit := data[0] &^ elsewhere
		if digit < '0' || digit > '9' || digit <= last {
			return nil, fmt.Errorf("%w: entry %q after %q", errPage, digit, last)
		}
		last = digit
		if data[0]&elsewhere != 0 {
			page[digit-'0'], data = Entry{apart: true}, data[1:]
			continue
		}
		if data, err = parseFields(data[1:], fields[:len(plan.fields)]); err != nil {
			return nil, fmt.Errorf("%w: entry %q: %w", errPage, digit, err)
		}
		page[digit-'0'].form = plan.join(fields[:])
	}
	return page, nil
}

var errField = errors.New("a field ends too early or has no number")

// parseFields turns the fields of the entry before into those of this one.
func parseFields(data []byte, fields [][]byte) (rest []byte, err error) {
	for {
		if len(data) == 0 {
			return nil, errField
		}
		number := data[0] &^ absent
		gone := data[0]&absent != 0
		if data = data[1:]; number == 0 {
			return data, nil
		}
		if int(number) > len(fields) {
			return nil, errField
		}
		field := &fields[number-1]
		if gone {
			*field = nil
		} else if *field, data, err = parseField(data, *field); err != nil {
			return nil, err
		}
	}
}

func parseField(data, before []byte) (field, rest []byte, err error) {
	shared, n := binary.Uvarint(data)
	if n <= 0 || shared > uint64(len(before)) {
		return nil, nil, errField
	}
	data = data[n:]
	length, n := binary.Uvarint(data)
	if n <= 0 || length > uint64(len(data)-n) {
		return nil, nil, errField
	}
	data = data[n:]
	if shared == 0 && length == 0 {
		if len(data) < 32 {
			return nil, nil, errField
		}
		field = append(hex.AppendEncode(append(make([]byte, 0, 66), '"'), data[:32]), '"')
		return field, data[32:], nil
	}
	return append(before[:shared:shared], data[:length]...), data[length:], nil
}

// pagePlan is the plan of the values of a kind that stands in pages.
func pagePlan(kind massbalance.Kind) (*plan, error) {
	switch kind {
	case massbalance.KindRecord:
		return planOf(reflect.TypeFor[massbalance.Record]()), nil
	case massbalance.KindEvidence:
		return planOf(reflect.TypeFor[massbalance.Evidence]()), nil
	case massbalance.KindLot:
		return planOf(reflect.TypeFor[massbalance.Lot]()), nil
	}
	return nil, fmt.Errorf("a %s stands in no page", kind)
}

// split finds the forms of a value's fields, nil where one is absent.
func (p *plan) split(form []byte, fields [][]byte) error {
	clear(fields)
	rest := form
	for n := range p.fields {
		// The first field begins with a brace where all others have a comma.
		name := p.fields[n].opening[1:]
		if len(rest) <= len(name) || string(rest[1:1+len(name)]) != name {
			continue
		}
		rest = rest[1+len(name):]
		end := valueEnd(rest)
		if end == 0 {
			return errNotCanonical
		}
		fields[n], rest = rest[:end], rest[end:]
	}
	if string(rest) != "}" && string(form) != "{}" {
		return errNotCanonical
	}
	return nil
}

// join makes the form of a value of its fields' forms.
func (p *plan) join(fields [][]byte) []byte {
	room := 2
	for n, f := range p.fields {
		room += len(f.opening) + len(fields[n])
	}
	form := make([]byte, 0, room)
	for n, f := range p.fields {
		if fields[n] != nil {
			form = append(append(form, f.opening...), fields[n]...)
		}
	}
	return enclose(form, 0)
}

// valueEnd finds where the JSON value at the beginning ends: before the comma or
// brace that does not belong to it. 0 says that it does not end.
func valueEnd(data []byte) int {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case ',':
			if depth == 0 {
				return i
			}
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return 0
}
