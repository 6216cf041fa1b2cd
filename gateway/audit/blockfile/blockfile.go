package blockfile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/encoding/protowire"
)

// ErrCut says that the last file ends within a block: the peer was writing it,
// or the file was cut off.
var ErrCut = errors.New("the file ends within a block")

// Reader reads the blocks of a directory, from the first on.
type Reader struct {
	dir  string
	next int
	file *os.File
	in   *bufio.Reader
	left int64 // bytes of the file not yet read
}

// Open opens a channel's directory of block files.
func Open(dir string) (*Reader, error) {
	r := &Reader{dir: dir}
	more, err := r.advance()
	if err != nil {
		return nil, err
	}
	if !more {
		return nil, fmt.Errorf("couldn't find block files in %s: there is no %s", dir, name(0))
	}
	return r, nil
}

func name(number int) string { return fmt.Sprintf("blockfile_%06d", number) }

// advance goes on to the next file, if there is one.
func (r *Reader) advance() (bool, error) {
	file, err := os.Open(filepath.Join(r.dir, name(r.next)))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("couldn't open a block file: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return false, errors.Join(fmt.Errorf("couldn't open a block file: %w", err), file.Close())
	}
	if err := r.Close(); err != nil {
		return false, errors.Join(err, file.Close())
	}
	r.file, r.in, r.left = file, bufio.NewReaderSize(file, 1<<20), info.Size()
	r.next++
	return true, nil
}

// Close closes the file that is open.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}

// Next reads the next block. At the end it gives io.EOF, or ErrCut where the
// last file ends within a block.
func (r *Reader) Next() (*common.Block, error) {
	for r.left == 0 {
		more, err := r.advance()
		if err != nil {
			return nil, err
		}
		if !more {
			return nil, io.EOF
		}
	}
	data, err := r.record()
	if err != nil {
		return nil, err
	}
	b, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("couldn't read %s, %d bytes before its end: %w", r.file.Name(), r.left+int64(len(data)), err)
	}
	return b, nil
}

// record reads a length and that many bytes.
func (r *Reader) record() ([]byte, error) {
	length, err := binary.ReadUvarint(r.in)
	r.left -= int64(len(protowire.AppendVarint(nil, length)))
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), err == nil && (r.left < 0 || length > uint64(r.left)):
		r.left = 0
		return nil, fmt.Errorf("couldn't read %s: %w", r.file.Name(), ErrCut)
	case err != nil:
		return nil, fmt.Errorf("couldn't read %s: %w", r.file.Name(), err)
	}
	data := make([]byte, length)
	if _, err := io.ReadFull(r.in, data); err != nil {
		return nil, fmt.Errorf("couldn't read %s: %w", r.file.Name(), err)
	}
	r.left -= int64(length)
	return data, nil
}

// Format writes a block in the form that Parse reads.
func Format(b *common.Block) []byte {
	out := protowire.AppendVarint(nil, b.GetHeader().GetNumber())
	out = protowire.AppendBytes(out, b.GetHeader().GetDataHash())
	out = protowire.AppendBytes(out, b.GetHeader().GetPreviousHash())
	for _, list := range [][][]byte{b.GetData().GetData(), b.GetMetadata().GetMetadata()} {
		out = protowire.AppendVarint(out, uint64(len(list)))
		for _, item := range list {
			out = protowire.AppendBytes(out, item)
		}
	}
	return out
}

// Parse reads a block's bytes, all of them.
func Parse(data []byte) (*common.Block, error) {
	in := &cursor{rest: data}
	b := &common.Block{Header: &common.BlockHeader{}, Data: &common.BlockData{}, Metadata: &common.BlockMetadata{}}
	b.Header.Number = in.number()
	b.Header.DataHash = in.bytes()
	b.Header.PreviousHash = in.bytes()
	b.Data.Data = in.list()
	b.Metadata.Metadata = in.list()
	if in.err == nil && len(in.rest) > 0 {
		in.err = fmt.Errorf("%d bytes follow the block", len(in.rest))
	}
	if in.err != nil {
		return nil, fmt.Errorf("couldn't parse a block: %w", in.err)
	}
	return b, nil
}

// cursor reads values until the first error.
type cursor struct {
	rest []byte
	err  error
}

func (c *cursor) number() uint64 {
	n, length := protowire.ConsumeVarint(c.rest)
	return take(c, n, length)
}

func (c *cursor) bytes() []byte {
	b, length := protowire.ConsumeBytes(c.rest)
	if len(b) == 0 {
		b = nil
	}
	return take(c, b, length)
}

// list reads a count and that many values. Each takes at least one byte, so a
// count beyond what is left is an error before anything is allocated.
func (c *cursor) list() [][]byte {
	count := c.number()
	if c.err == nil && count > uint64(len(c.rest)) {
		c.err = fmt.Errorf("%d values in %d bytes", count, len(c.rest))
	}
	var all [][]byte
	for i := uint64(0); i < count && c.err == nil; i++ {
		all = append(all, c.bytes())
	}
	return all
}

func take[T any](c *cursor, value T, length int) T {
	var none T
	if c.err != nil {
		return none
	}
	if length < 0 {
		c.err = protowire.ParseError(length)
		return none
	}
	c.rest = c.rest[length:]
	return value
}
