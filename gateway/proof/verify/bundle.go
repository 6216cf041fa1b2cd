package verify

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/proof/leaf"
)

// Format1 names the form of a bundle.
const Format1 = "weighbridge claim bundle v1"

// mostBytes bounds what a bundle may unfold to, so that no file of a few
// kilobytes fills a reader's memory.
const mostBytes = 256 << 20

// Bundle is a claim with everything that a verifier needs who has nothing but a
// trust file. Its form is the canonical JSON of package wire.
type Bundle struct {
	Format string
	Claim  massbalance.ClaimID
	// Checkpoint is the signed note under which all of it stands.
	Checkpoint string
	// Leaves are records by their index in the log, ascending: those on the way
	// from the farms to the claim and those that they rest on.
	Leaves []Leaf
	// Last is the last leaf under the checkpoint, closed, where it is none of Leaves:
	// it tells the block up to which all of this is true.
	Last *Closed
	// Proof leads from the leaves, the last one included, to the checkpoint's root.
	Proof Hashes
	// Register are leaves of the register by their index, ascending, and
	// RegisterProof leads from them to its root.
	Register      []Registration
	RegisterProof Hashes
}

// Leaf is an opened leaf of the log.
type Leaf struct {
	Index int64
	Block uint64
	Core  leaf.Core
	Salt  leaf.Salt
	// Whole is the leaf's other commitment, which stays closed.
	Whole massbalance.Digest
	// Lots are the salts of those of the created lots that are on the way.
	Lots []Opening
	// Siblings describe lots that are not on the way and left together with some
	// that are, as far as the rules ask for it. None of it is proven, or needs to be:
	// what became of the lots on the way is.
	Siblings []Sibling
}

// Closed is a leaf that is not opened.
type Closed struct {
	Block uint64
	Core  massbalance.Digest
	Whole massbalance.Digest
}

// Opening is the salt of the lot with this number among those created, from 1.
type Opening struct {
	Number int
	Salt   leaf.Salt
}

// Sibling is a lot of which only this is told.
type Sibling struct {
	Lot     massbalance.LotID
	Product massbalance.ProductID
	Model   massbalance.CustodyModel
	Share   massbalance.Ratio
	// Scheme is that of its characteristics, Used the one it was used under.
	Scheme massbalance.SchemeID
	Used   massbalance.SchemeID
	// Group is equal for siblings of equal characteristics, from 1.
	Group int
	// Origin is equal for siblings that have the same single statement as their
	// origin, from 1; 0 stands for none.
	Origin int
}

// Registration is a leaf of the register: opened, where Key is given, or a
// neighbour that shows what is not there.
type Registration struct {
	Index int64
	// Key is in the form of package wire.
	Key string
	// Value is given where it does not follow from the records shown.
	Value string
	// KeyHash and ValueHash are those of a leaf that is not opened.
	KeyHash   massbalance.Digest
	ValueHash massbalance.Digest
}

// Hashes is a list of hashes in one text, base64.
type Hashes []tlog.Hash

// MarshalText gives base64.
func (h Hashes) MarshalText() ([]byte, error) {
	var raw []byte
	for _, hash := range h {
		raw = append(raw, hash[:]...)
	}
	return []byte(base64.StdEncoding.EncodeToString(raw)), nil
}

// UnmarshalText reads base64 of whole hashes, without the line breaks that the
// decoder passes over.
func (h *Hashes) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.Strict().DecodeString(string(text))
	if err != nil || len(raw)%tlog.HashSize != 0 || len(text) != base64.StdEncoding.EncodedLen(len(raw)) {
		return errors.New("it is not the base64 of hashes of 32 bytes")
	}
	for ; len(raw) > 0; raw = raw[tlog.HashSize:] {
		*h = append(*h, tlog.Hash(raw[:tlog.HashSize]))
	}
	return nil
}

// Write gives the file: canonical JSON, compressed by gzip.
func (b Bundle) Write() ([]byte, error) {
	data, err := wire.Format(b)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Read reads a bundle, compressed or not. What is not in canonical form is
// refused: a field named twice, one that is unknown, and bytes after the end.
func Read(file []byte) (b Bundle, err error) {
	data := file
	if bytes.HasPrefix(file, []byte{0x1f, 0x8b}) {
		if data, err = unzip(file); err != nil {
			return b, fmt.Errorf("couldn't unpack the bundle: %w", err)
		}
	}
	if b, err = wire.Parse[Bundle](data); err != nil {
		return b, fmt.Errorf("couldn't read the bundle: %w", err)
	}
	if b.Format != Format1 {
		return b, fmt.Errorf("couldn't read the bundle: its form is %q, expected %q", b.Format, Format1)
	}
	return b, nil
}

func unzip(file []byte) ([]byte, error) {
	source := bytes.NewReader(file)
	z, err := gzip.NewReader(source)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	data, err := io.ReadAll(io.LimitReader(z, mostBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > mostBytes:
		return nil, fmt.Errorf("it unfolds to more than %d bytes", mostBytes)
	case source.Len() > 0:
		return nil, fmt.Errorf("%d bytes follow its end", source.Len())
	}
	return data, nil
}
