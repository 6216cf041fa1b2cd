package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// FormatBatch gives the canonical bytes of a transaction's commands.
func FormatBatch(commands []massbalance.Command) ([]byte, error) { return Format(commands) }

// PackBatch gives the bytes with which a batch is sent to a ledger with pages: its
// canonical bytes, or these in gzip (RFC 1952) where that is much shorter. The commands
// of one site say nearly the same, and every byte goes through each orderer and peer.
// Ledgers without pages may have chaincode that cannot read it.
func PackBatch(commands []massbalance.Command) ([]byte, error) {
	batch, err := FormatBatch(commands)
	if err != nil || len(batch) < packedFrom {
		return batch, err
	}
	packer := packers.Get().(*gzip.Writer)
	defer packers.Put(packer)
	packed := bytes.NewBuffer(make([]byte, 0, len(batch)/4))
	packer.Reset(packed)
	if _, err := packer.Write(batch); err != nil {
		return nil, fmt.Errorf("couldn't pack a batch: %w", err)
	}
	if err := packer.Close(); err != nil {
		return nil, fmt.Errorf("couldn't pack a batch: %w", err)
	}
	return packed.Bytes(), nil
}

const (
	// packedFrom is how long a batch is that is packed: three commands or so.
	packedFrom = 1 << 10
	// batchLimit is how long a batch may be, unpacked.
	batchLimit = 16 << 20
)

var (
	packers   = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}
	unpackers = sync.Pool{New: func() any { return new(gzip.Reader) }}
)

var (
	errBatchLong  = fmt.Errorf("the batch has more than %d bytes", batchLimit)
	errBatchAfter = errors.New("bytes follow the packed batch")
)

// unpack gives a batch's canonical bytes, packed or not.
func unpack(data []byte) ([]byte, error) {
	if len(data) == 0 || data[0] != 0x1f {
		return data, nil
	}
	source := bytes.NewReader(data)
	unpacker := unpackers.Get().(*gzip.Reader)
	defer unpackers.Put(unpacker)
	if err := unpacker.Reset(source); err != nil {
		return nil, fmt.Errorf("couldn't unpack a batch: %w", err)
	}
	unpacker.Multistream(false)
	batch := bytes.NewBuffer(make([]byte, 0, min(8*len(data), batchLimit))) // who sends much must not have much reserved
	if n, err := batch.ReadFrom(io.LimitReader(unpacker, batchLimit+1)); err != nil {
		return nil, fmt.Errorf("couldn't unpack a batch: %w", err)
	} else if n > batchLimit {
		return nil, errBatchLong
	}
	if source.Len() > 0 {
		return nil, errBatchAfter
	}
	return batch.Bytes(), nil
}

// ParseBatch reads the canonical bytes of a transaction's commands, packed or not.
func ParseBatch(data []byte) ([]massbalance.Command, error) {
	commands, _, err := SplitBatch(data)
	return commands, err
}

// SplitBatch reads them and gives the canonical bytes of each, too, which are parts
// of the batch's.
func SplitBatch(data []byte) (commands []massbalance.Command, each [][]byte, err error) {
	if data, err = unpack(data); err != nil {
		return nil, nil, err
	}
	s := &scanner{data: data, canonical: true}
	commands, err = parse[[]massbalance.Command](s)
	return commands, s.each, err
}

// FormatAnswer gives the bytes of a transaction's answer. A ledger with pages has the
// results as rows after a byte of 0, each without its command, for there is one for each
// command of the batch in its order; others have them as they are.
func FormatAnswer(paged bool, results []massbalance.Result) ([]byte, error) {
	if !paged {
		return Format(results)
	}
	rows := rows{plan: resultPlan()}
	answer := make([]byte, 1, 24*len(results)+1)
	for _, result := range results {
		result.Command = ""
		form, err := Format(result)
		if err != nil {
			return nil, err
		}
		if answer, err = rows.append(answer, form, nil); err != nil {
			return nil, fmt.Errorf("couldn't put a result into an answer: %w", err)
		}
	}
	return answer, nil
}

// ParseAnswer reads the answer to commands in either form.
func ParseAnswer(data []byte, commands []massbalance.Command) ([]massbalance.Result, error) {
	if len(data) == 0 || data[0] != 0 {
		return Parse[[]massbalance.Result](data)
	}
	rows := rows{plan: resultPlan()}
	var results []massbalance.Result
	for data = data[1:]; len(data) > 0; {
		if len(results) == len(commands) {
			return nil, fmt.Errorf("the answer has more results than the %d commands", len(commands))
		}
		form, rest, err := rows.next(data, nil)
		if err != nil {
			return nil, fmt.Errorf("couldn't read result %d of an answer: %w", len(results), err)
		}
		result, err := Parse[massbalance.Result](form)
		if err != nil {
			return nil, err
		}
		result.Command = commands[len(results)].ID
		results, data = append(results, result), rest
	}
	return results, nil
}

// ShowAnswer gives an answer for people to read.
func ShowAnswer(data []byte) string {
	if len(data) == 0 || data[0] != 0 {
		return string(data)
	}
	rows := rows{plan: resultPlan()}
	shown := []byte{'['}
	for data = data[1:]; len(data) > 0; {
		form, rest, err := rows.next(data, nil)
		if err != nil {
			return fmt.Sprintf("no answer: %x", data)
		}
		if len(shown) > 1 {
			shown = append(shown, ',')
		}
		shown, data = append(shown, form...), rest
	}
	return string(append(shown, ']'))
}

func resultPlan() *plan { return planOf(reflect.TypeFor[massbalance.Result]()) }
