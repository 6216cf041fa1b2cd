package checkpoint

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// Trust is whom a verifier believes, and how many of them must agree: the file
// consortium.json, in the JSON of package wire. It is what an outsider has to get from a source of their own
// choice; all else comes in the bundle.
type Trust struct {
	// Origin names the consortium's log.
	Origin string
	// Threshold is how many of the organisations must have cosigned.
	Threshold     int
	Organisations []Organisation
	// Certifiers, where given, are the certification bodies whose keys are known
	// by other means than the ledger: what is signed with another key is refused.
	Certifiers []CertifierKey
}

// Organisation is one of those trusted, with its keys of the log: the present
// one and earlier ones.
type Organisation struct {
	Organisation massbalance.OrganisationID
	Name         string
	Keys         []string
}

// CertifierKey is a certification body's signing key: the base64url of its
// uncompressed P-256 point.
type CertifierKey struct {
	Certifier massbalance.OrganisationID
	Key       massbalance.KeyID
	Point     massbalance.PublicKey
}

// ParseTrust reads a trust file. Unknown fields, fields named twice and what cannot be trusted by
// its form (no organisations, a threshold of none or of more than there are,
// one key for two organisations) are errors.
func ParseTrust(data []byte) (Trust, error) {
	t, err := wire.Decode[Trust](data)
	if err != nil {
		return t, fmt.Errorf("couldn't read the trust file: %w", err)
	}
	if err := t.check(); err != nil {
		return t, fmt.Errorf("couldn't use the trust file: %w", err)
	}
	return t, nil
}

func (t Trust) check() error {
	if t.Origin == "" {
		return fmt.Errorf("origin: is missing")
	}
	if t.Threshold < 1 || t.Threshold > len(t.Organisations) {
		return fmt.Errorf("threshold: %d of %d organisations cannot agree", t.Threshold, len(t.Organisations))
	}
	var seen []massbalance.OrganisationID
	for _, o := range t.Organisations {
		if !massbalance.ValidName(string(o.Organisation)) || slices.Contains(seen, o.Organisation) {
			return fmt.Errorf("organisations: %q is not a name, or named twice", o.Organisation)
		}
		seen = append(seen, o.Organisation)
	}
	keys, err := t.Keys()
	if err != nil {
		return err
	}
	used := map[string]massbalance.OrganisationID{}
	for _, key := range keys {
		if other, twice := used[string(key.Public)]; twice {
			return fmt.Errorf("organisations: %s and %s have the same key", other, key.Organisation)
		}
		used[string(key.Public)] = key.Organisation
	}
	return nil
}

// Keys lists all keys.
func (t Trust) Keys() (keys []Key, err error) {
	for _, o := range t.Organisations {
		for _, text := range o.Keys {
			public, err := ParseKey(text)
			if err != nil {
				return nil, fmt.Errorf("organisations: %s: %w", o.Organisation, err)
			}
			keys = append(keys, Key{o.Organisation, public})
		}
	}
	return keys, nil
}

// Format gives the file.
func (t Trust) Format() ([]byte, error) {
	data, err := wire.Format(t)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "\t"); err != nil {
		return nil, err
	}
	return append(b.Bytes(), '\n'), nil
}

// FormatKey gives a public key in base64url, as the ledger has it.
func FormatKey(public ed25519.PublicKey) string { return base64.RawURLEncoding.EncodeToString(public) }

// ParseKey reads what FormatKey gives.
func ParseKey(text string) (ed25519.PublicKey, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != ed25519.PublicKeySize || FormatKey(raw) != text {
		return nil, fmt.Errorf("%q is not a key of %d bytes in base64url", text, ed25519.PublicKeySize)
	}
	return raw, nil
}
