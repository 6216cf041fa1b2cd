package block

import (
	"bytes"
	"cmp"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// This file reads messages as proto.Unmarshal does, but leaves their large parts
// where they are. A transaction is a message in a message in a message, ten deep,
// and proto.Unmarshal copies what is inside at each of them: of half a megabyte
// that a full transaction has, several.

// fields are the values of a message's field in the order in which they stand
// there. They share the message's bytes.
type fields [][]byte

// last is the value of a field of bytes: the last one counts.
func (f fields) last() []byte {
	if len(f) == 0 {
		return nil
	}
	return f[len(f)-1]
}

// merged is the value of a field that is a message: what stands there several
// times is one message, in parts.
func (f fields) merged() []byte {
	if len(f) == 1 {
		return f[0]
	}
	return bytes.Join(f, nil)
}

// at says where the fields with a number are to go.
type at map[protowire.Number]*fields

// peel reads a message: fields of bytes or messages with one of the numbers go to
// where that says, everything else into rest. An order of fields means nothing,
// except among those of one number, so that both together are the message.
func peel(what string, data []byte, rest proto.Message, large at) error {
	var others []byte
	for left := data; len(left) > 0; {
		number, kind, n := protowire.ConsumeTag(left)
		length := -1
		if n > 0 {
			length = protowire.ConsumeFieldValue(number, kind, left[n:])
		}
		if length < 0 {
			err := unmarshal(what, data, rest) // which has more to say of what is wrong
			return cmp.Or(err, fmt.Errorf("couldn't read its %s", what))
		}
		field := left[:n+length]
		left = left[n+length:]
		if into := large[number]; into != nil && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(field[n:])
			*into = append(*into, value[:len(value):len(value)])
			continue
		}
		others = append(others, field...)
	}
	return unmarshal(what, others, rest)
}

// peelOne is peel for a single number.
func peelOne(what string, data []byte, rest proto.Message, number protowire.Number) (found fields, err error) {
	err = peel(what, data, rest, at{number: &found})
	return found, err
}

func unmarshal(what string, data []byte, message proto.Message) error {
	if err := proto.Unmarshal(data, message); err != nil {
		return fmt.Errorf("couldn't read its %s: %w", what, err)
	}
	return nil
}
