package leaf

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"reflect"

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
func (l Leaf) Bytes() []byte {
	return fmt.Appendf(nil, "weighbridge record v1\nblock %d\ncore %s\nwhole %s\n", l.Block,
		base64.StdEncoding.EncodeToString(l.Core[:]), base64.StdEncoding.EncodeToString(l.Whole[:]))
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
	return sha256.Sum256(fmt.Appendf(nil, "weighbridge leaf secret v1\n%x\n%q\n%q\n%q\n", o.Block, o.Transaction, o.Organisation, o.Command))
}

func (s Secret) salt(purpose string) (salt Salt) {
	sum := sha256.Sum256(fmt.Appendf(nil, "weighbridge leaf salt v1\n%x\n%s\n", s, purpose))
	copy(salt[:], sum[:])
	return salt
}

// CoreSalt is the salt of the core, Lot that of the n-th lot created, from 1.
func (s Secret) CoreSalt() Salt { return s.salt("core") }

// Lot is the salt of the n-th lot that the record's command created, from 1.
func (s Secret) Lot(n int) Salt { return s.salt(fmt.Sprintf("lot %d", n)) }

func commit(what string, salt Salt, content ...[]byte) massbalance.Digest {
	return sha256.Sum256(bytes.Join(append([][]byte{fmt.Appendf(nil, "weighbridge %s v1\n%x\n", what, salt)}, content...), nil))
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
func FormatCore(e massbalance.Entry, created []string, name func(massbalance.LotID) (string, error)) ([]byte, error) {
	command, err := renamed(e.Command, name)
	if err != nil {
		return nil, err
	}
	return wire.Format(Core{e.Record.Organisation, command, e.Record.Rules, e.Record.Pending, created})
}

// ParseCore reads canonical bytes.
func ParseCore(data []byte) (Core, error) { return wire.Parse[Core](data) }

// Rename copies a command with another name for each lot and without its clerk
// and its documents, and a trace without the claims that it marks: whose they are
// is nobody's business, and their marks stand in the register. Documents that
// certifiers signed stay as they are.
func Rename(c massbalance.Command, name func(massbalance.LotID) (string, error)) (massbalance.Command, error) {
	c, err := renamed(c, name)
	if err != nil {
		return c, err
	}
	return c, wire.Seal(&c)
}

// renamed is Rename without the digests, which have no part in a core.
func renamed(c massbalance.Command, name func(massbalance.LotID) (string, error)) (massbalance.Command, error) {
	if trace, ok := c.Body.(massbalance.TraceRecall); ok {
		trace.Claims = nil
		c.Body = trace
	}
	body := reflect.New(reflect.TypeOf(c.Body)).Elem()
	body.Set(reflect.ValueOf(c.Body))
	if err := rename(body, name); err != nil {
		return c, err
	}
	c.By, c.Body = "", body.Interface().(massbalance.Body)
	return c, nil
}

var (
	lotType      = reflect.TypeFor[massbalance.LotID]()
	evidenceType = reflect.TypeFor[massbalance.EvidenceID]()
	envelopeType = reflect.TypeFor[massbalance.Envelope]()
)

// rename changes a value in place; what it points to or slices of it are copied
// before, for they are the caller's.
func rename(v reflect.Value, name func(massbalance.LotID) (string, error)) error {
	switch v.Kind() {
	case reflect.String:
		return renameText(v, name)
	case reflect.Slice:
		return renameSlice(v, name)
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		pointed := reflect.New(v.Type().Elem())
		pointed.Elem().Set(v.Elem())
		v.Set(pointed)
		return rename(pointed.Elem(), name)
	case reflect.Struct:
		if _, signed := v.Type().FieldByName("Envelope"); signed || v.Type() == envelopeType {
			return nil
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				if err := rename(v.Field(i), name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func renameText(v reflect.Value, name func(massbalance.LotID) (string, error)) error {
	switch {
	case v.Type() == evidenceType:
		v.SetString("")
	case v.Type() == lotType && v.Len() > 0:
		other, err := name(massbalance.LotID(v.String()))
		if err != nil {
			return err
		}
		v.SetString(other)
	}
	return nil
}

// renameSlice copies a list. Documents are left out, how many there were included.
func renameSlice(v reflect.Value, name func(massbalance.LotID) (string, error)) error {
	if v.Type().Elem() == evidenceType {
		v.SetZero()
		return nil
	}
	if v.IsNil() || v.Type().Elem().Kind() == reflect.Uint8 {
		return nil
	}
	copied := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(copied, v)
	v.Set(copied)
	for i := range v.Len() {
		if err := rename(v.Index(i), name); err != nil {
			return err
		}
	}
	return nil
}
