// Package canonical reads protobuf messages in one encoding only, the canonical
// one: fields in the order of their numbers, each that is not repeated at most
// once and none with its default value, numbers and lengths in their shortest
// form, text in UTF-8, nothing unknown. That is what the protobuf libraries write,
// so what Fabric's peers and clients sign has it nearly always.
//
// What is read here in full has one meaning, which is also what the protobuf
// library reads in it: no field twice, of which the last would count, and nothing
// that a reader might skip. Everything else is not read at all and left to the
// library. In return nothing is copied: what is read shares the memory of what it
// was read from.
package canonical

import (
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// Message is a message that is being read, field by field in ascending order. A
// field that does not come next is one that is not there. Nothing that was read
// may be relied on before Done says that it was all.
type Message struct {
	rest   []byte
	broken bool
}

// Of begins to read a message.
func Of(data []byte) Message { return Message{rest: data} }

// Done reports whether the message was read to its end, in its canonical form.
func (m *Message) Done() bool { return len(m.rest) == 0 && !m.broken }

// maxNumber is the highest field number whose tag is one byte.
const maxNumber = 15

// has reports whether this field comes next, and takes its tag.
func (m *Message) has(number protowire.Number, kind protowire.Type) bool {
	if number > maxNumber {
		m.broken = true
	}
	if m.broken || len(m.rest) == 0 || m.rest[0] != byte(protowire.EncodeTag(number, kind)) {
		return false
	}
	m.rest = m.rest[1:]
	return true
}

// varint takes a number in its shortest form.
func (m *Message) varint() uint64 {
	v, n := protowire.ConsumeVarint(m.rest)
	if n < 0 || n != protowire.SizeVarint(v) {
		m.broken = true
		return 0
	}
	m.rest = m.rest[n:]
	return v
}

func (m *Message) field(number protowire.Number) ([]byte, bool) {
	if !m.has(number, protowire.BytesType) {
		return nil, false
	}
	size := m.varint()
	if m.broken || size > uint64(len(m.rest)) {
		m.broken = true
		return nil, false
	}
	data := m.rest[:size:size]
	m.rest = m.rest[size:]
	return data, true
}

// Bytes reads a field of bytes; nil if it is not there.
func (m *Message) Bytes(number protowire.Number) []byte {
	data, ok := m.field(number)
	if ok && len(data) == 0 {
		m.broken = true // the canonical form leaves it out
	}
	return data
}

// Text reads a string; empty if it is not there.
func (m *Message) Text(number protowire.Number) []byte {
	data := m.Bytes(number)
	if !utf8.Valid(data) {
		m.broken = true
	}
	return data
}

// Number reads an unsigned number, an enumeration or a boolean as it is encoded;
// 0 if it is not there.
func (m *Message) Number(number protowire.Number) uint64 {
	if !m.has(number, protowire.VarintType) {
		return 0
	}
	v := m.varint()
	if v == 0 {
		m.broken = true // the canonical form leaves it out
	}
	return v
}

// Enter begins to read a message in this one, one of a repeated field at a time.
// It must be handed to Leave when it was read.
func (m *Message) Enter(number protowire.Number) (Message, bool) {
	data, ok := m.field(number)
	return Message{rest: data}, ok
}

// Count is how many values of a repeated field of messages or bytes come next,
// as far as they can be read.
func (m *Message) Count(number protowire.Number) (n int) {
	ahead := *m
	for {
		if _, ok := ahead.field(number); !ok {
			return n
		}
		n++
	}
}

// Leave breaks this message if the one in it was not read to its end. It takes
// those of Of, too, that were read from a field of bytes of this one.
func (m *Message) Leave(inner Message) {
	if !inner.Done() {
		m.broken = true
	}
}
