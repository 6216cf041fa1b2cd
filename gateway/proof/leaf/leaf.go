package leaf

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// Leaf is what the log says of one record.
type Leaf struct {
	// Block is the number of the block in which the record stands.
	Block uint64
	Core  massbalance.Digest
	Whole massbalance.Digest
}

// Bytes gives the leaf's text, whose hash is in the tree.
func (l Leaf) Bytes() []byte { return l.appendTo(make([]byte, 0, textRoom)) }

// textRoom is more than any leaf's text takes.
const textRoom = 160

// Hash is the leaf's in the tree: tlog.RecordHash of its text.
func (l Leaf) Hash() tlog.Hash {
	var room [1 + textRoom]byte // the zero byte marks a leaf
	return sha256.Sum256(l.appendTo(room[:1]))
}

func (l Leaf) appendTo(b []byte) []byte {
	b = strconv.AppendUint(append(b, "weighbridge record v1\nblock "...), l.Block, 10)
	b = base64.StdEncoding.AppendEncode(append(b, "\ncore "...), l.Core[:])
	b = base64.StdEncoding.AppendEncode(append(b, "\nwhole "...), l.Whole[:])
	return append(b, '\n')
}

// Core is what a verifier needs to execute a command again.
type Core struct {
	Organisation massbalance.OrganisationID
	Command      massbalance.Command
	// Rules is the version of the rules that decided the command.
	Rules int
	// Pending is set where a change of the common register still lacked approvals.
	Pending bool
	// Created are the pseudonyms of the lots that the command created, in order.
	Created []string
}

// Salt hides what it is hashed with from who does not have it.
type Salt [16]byte

// MarshalText gives base64url without padding.
func (s Salt) MarshalText() ([]byte, error) {
	return []byte(base64.RawURLEncoding.EncodeToString(s[:])), nil
}

// UnmarshalText reads base64url without padding, and without the line breaks that
// the decoder passes over.
func (s *Salt) UnmarshalText(text []byte) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil || len(raw) != len(s) || len(text) != base64.RawURLEncoding.EncodedLen(len(s)) {
		return fmt.Errorf("%q is not a salt of %d bytes in base64url", text, len(s))
	}
	copy(s[:], raw)
	return nil
}

// Secret is what all salts of one record follow from.
type Secret [32]byte

// Origin is where a record stands: what only members of the channel know of it.
type Origin struct {
	// Block is the hash of its block.
	Block        [32]byte
	Transaction  string
	Organisation massbalance.OrganisationID
	Command      massbalance.CommandID
}

// NewSecret derives the secret of a record.
func NewSecret(o Origin) Secret {
	var room [512]byte
	b := hex.AppendEncode(append(room[:0], "weighbridge leaf secret v1\n"...), o.Block[:])
	for _, name := range [...]string{o.Transaction, string(o.Organisation), string(o.Command)} {
		b = strconv.AppendQuote(append(b, '\n'), name)
	}
	return sha256.Sum256(append(b, '\n'))
}

func (s Secret) salt(purpose string) (salt Salt) {
	var room [128]byte
	b := hex.AppendEncode(append(room[:0], "weighbridge leaf salt v1\n"...), s[:])
	b = append(append(b, '\n'), purpose...)
	sum := sha256.Sum256(append(b, '\n'))
	copy(salt[:], sum[:])
	return salt
}

// CoreSalt is the salt of the core, Lot that of the n-th lot created, from 1.
func (s Secret) CoreSalt() Salt { return s.salt("core") }

// Lot is the salt of the n-th lot that the record's command created, from 1.
func (s Secret) Lot(n int) Salt { return s.salt("lot " + strconv.Itoa(n)) }

func commit(what string, salt Salt, content ...[]byte) massbalance.Digest {
	h := hashers.Get().(*hasher)
	defer hashers.Put(h)
	h.Reset()
	b := append(append(append(h.room[:0], "weighbridge "...), what...), " v1\n"...)
	h.Write(append(hex.AppendEncode(b, salt[:]), '\n'))
	for _, part := range content {
		h.Write(part)
	}
	return massbalance.Digest(h.Sum(h.room[:0]))
}

// hashers are for one hash after the other.
var hashers = sync.Pool{New: func() any { return &hasher{Hash: sha256.New()} }}

// hasher is a hash with room for what is hashed first and what comes out.
type hasher struct {
	hash.Hash
	room [128]byte
}

// CommitCore commits to a core's canonical bytes.
func CommitCore(salt Salt, core []byte) massbalance.Digest { return commit("core", salt, core) }

// Pseudonym names a lot by a commitment to what it was when it was created.
func Pseudonym(salt Salt, lot massbalance.Lot) (string, error) {
	lot.Spent = massbalance.Quantity{}
	data, err := wire.Format(lot)
	if err != nil {
		return "", err
	}
	digest := commit("lot", salt, data)
	return Sign + base64.RawURLEncoding.EncodeToString(digest[:]), nil
}

// Sign begins every pseudonym; no lot's own name does.
const Sign = "#"

// Record is one accepted command as the log takes it in.
type Record struct {
	Origin
	Number uint64 // of the block
	Entry  massbalance.Entry
	// CommandForm and RecordForm are the canonical bytes of the entry's two parts.
	CommandForm, RecordForm []byte
	// Created are the lots that the command created, in order.
	Created []massbalance.Lot
	// Name gives the pseudonym of a lot that was created before.
	Name func(massbalance.LotID) (string, error)
}

// Made is a leaf with what the gateway keeps to open it.
type Made struct {
	Leaf    Leaf
	Secret  Secret
	Created []string
}

// Make computes the leaf of a record.
func Make(r Record) (Made, error) {
	out := Made{Secret: NewSecret(r.Origin)}
	for i, lot := range r.Created {
		name, err := Pseudonym(out.Secret.Lot(i+1), lot)
		if err != nil {
			return out, err
		}
		out.Created = append(out.Created, name)
	}
	core, err := FormatCore(r.Entry, out.Created, r.Name)
	if err != nil {
		return out, err
	}
	out.Leaf = Leaf{
		Block: r.Number, Core: CommitCore(out.Secret.CoreSalt(), core),
		Whole: commit("whole", out.Secret.salt("whole"), r.CommandForm, []byte("\n"), r.RecordForm),
	}
	return out, nil
}

// FormatCore gives the canonical bytes of an entry's core.
func FormatCore(e massbalance.Entry, created []string, name naming) ([]byte, error) {
	command, err := renamed(e.Command, name)
	if err != nil {
		return nil, err
	}
	return wire.Format(&Core{e.Record.Organisation, command, e.Record.Rules, e.Record.Pending, created})
}

// ParseCore reads canonical bytes.
func ParseCore(data []byte) (Core, error) { return wire.Parse[Core](data) }
