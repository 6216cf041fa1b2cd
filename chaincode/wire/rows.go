package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// rows are values of one type written one after the other, each by what is other than
// in the one before, because what stands together is alike: ten loads of one field have
// one statement, one product and one model. They are no text, for hashes take half the
// room so; whoever wants to read them reads the values, which have the form that they
// have everywhere. Their bytes are
//
//	row   = field* 0x00
//	field = number 0x00 0x00 count bytes   a hash of 32 bytes, of which the rest are 0
//	      | number shared length rest      a form that begins like the one before
//	      | number | 0x80                  the value before has the field, this one not
//
// where number is the field's in its type from 1 on, and shared and length are uvarints.
// The first value is written against one without fields.
//
// Where the first field of the row before was that row's own name, this one is expected
// to have its own, too, and says so if not.
type rows struct {
	plan *plan
	// fields are the forms of the fields of the row before, nil where one is absent.
	fields [mostFields][]byte
	// other says that the first field was not the name.
	other bool
}

// absent marks the number of a field.
const absent = 0x80

// append writes the next value of this form, which it keeps until the one after. Own is
// the form of its name, nil for values without.
func (r *rows) append(out, form, own []byte) ([]byte, error) {
	var now [mostFields][]byte
	r.expect(own)
	if err := r.plan.split(form, now[:len(r.plan.fields)]); err != nil {
		return out, err
	}
	for n := range r.plan.fields {
		out = appendField(out, byte(n+1), r.fields[n], now[n])
	}
	r.fields = now
	r.other = !bytes.Equal(now[0], own)
	return append(out, 0), nil
}

// expect makes the name what the first field is written against.
func (r *rows) expect(own []byte) {
	if own != nil && !r.other {
		r.fields[0] = own
	}
}

// next reads the next value's form.
func (r *rows) next(data, own []byte) (form, rest []byte, err error) {
	r.expect(own)
	if rest, err = parseFields(data, r.fields[:len(r.plan.fields)]); err != nil {
		return nil, nil, err
	}
	r.other = !bytes.Equal(r.fields[0], own)
	return r.plan.join(r.fields[:]), rest, nil
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
		said := bytes.TrimRight(hash[:], "\x00")
		return append(append(out, number, 0, 0, byte(len(said))), said...)
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
		return parseHash(data)
	}
	return append(before[:shared:shared], data[:length]...), data[length:], nil
}

func parseHash(data []byte) (field, rest []byte, err error) {
	if len(data) == 0 || data[0] > 32 || len(data) <= int(data[0]) {
		return nil, nil, errField
	}
	var hash [32]byte
	n := 1 + copy(hash[:], data[1:1+data[0]])
	return append(hex.AppendEncode(append(make([]byte, 0, 66), '"'), hash[:]), '"'), data[n:], nil
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
