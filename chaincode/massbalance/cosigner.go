package massbalance

import (
	"encoding/base64"
	"errors"
	"fmt"
)

// Cosigner is the key with which an organisation signs checkpoints of its
// transparency log. It is another than those of its nodes: who holds it can
// vouch for what the ledger says and can change nothing there.
//
// Like a certifier's keys it is adopted by a majority of the trading members and
// replaced by its next version: outsiders who believe k of n organisations
// believe that these keys are theirs, so no member alone decides on one, its own
// included. What was signed with a key that was replaced counts up to the record
// that replaced it.
type Cosigner struct {
	Organisation OrganisationID
	Key          LogKey
	// Version counts from 1; 0 stands for 1.
	Version int
}

// LogKey is a public key of Ed25519.
type LogKey [32]byte

var errLogKey = errors.New("a key of the log is an Ed25519 public key of 32 bytes in base64url")

// MarshalText gives base64url without padding.
func (k LogKey) MarshalText() ([]byte, error) {
	return []byte(base64.RawURLEncoding.EncodeToString(k[:])), nil
}

// UnmarshalText reads base64url without padding.
func (k *LogKey) UnmarshalText(text []byte) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil || len(raw) != len(k) {
		return errLogKey
	}
	copy(k[:], raw)
	return nil
}

func (b RegisterCosigner) check() string {
	switch c := b.Cosigner; {
	case !ValidName(string(c.Organisation)):
		return fmt.Sprintf("cosigner: organisation %q is not a name", c.Organisation)
	case c.Key == LogKey{}:
		return fmt.Sprintf("cosigner %s: needs a key", c.Organisation)
	}
	return ""
}

// RegisterCosigner adopts an organisation's key. Trading members and
// certification bodies cosign alike; a former member does not.
func (b RegisterCosigner) execute(e *execution) error {
	member, known := e.consortium.member(b.Cosigner.Organisation)
	if !known || member.Role == Former {
		return refuse(NotFound, "there is no organisation %s", b.Cosigner.Organisation)
	}
	key := CosignerKey(b.Cosigner.Organisation)
	before, exists, err := find[Cosigner](e, key)
	if err != nil {
		return err
	}
	old := Superseded{Cosigner: &before}
	return e.renew("cosigner", string(b.Cosigner.Organisation), edition{b.Cosigner.Version, before.Version, exists, old}, func() { e.put(key, b.Cosigner) })
}
