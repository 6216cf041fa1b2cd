package massbalance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
)

// Envelope is the signed form of a document: a JSON Web Signature (RFC 7515)
// with ES256, split into its parts by the codec.
type Envelope struct {
	Key KeyID
	// Input is "header.payload", what is signed. The document beside the
	// envelope is what the codec read from exactly these bytes.
	Input string
	// Signature is r ‖ s, 32 bytes each.
	Signature [64]byte
}

// SignedCertificate is a certificate as its certifier signed it.
type SignedCertificate struct {
	Certificate Certificate
	Envelope    Envelope
}

// SignedStatement is a verification statement as its certifier signed it.
type SignedStatement struct {
	Statement Statement
	Envelope  Envelope
}

// SignedStanding is a declaration on a certificate as its certifier signed it.
type SignedStanding struct {
	Standing Standing
	Envelope Envelope
}

// SignedReversalConsent is a consent to reverse a command as its certifier signed it.
type SignedReversalConsent struct {
	Consent  ReversalConsent
	Envelope Envelope
}

// SignedCreditAudit is an audit of a claimant's credits as its certifier signed it.
type SignedCreditAudit struct {
	Audit    CreditAudit
	Envelope Envelope
}

// SignedFinding is a finding against a verification statement as its certifier
// signed it.
type SignedFinding struct {
	Finding  FraudFinding
	Envelope Envelope
}

// SignedBalanceConsent is a consent to change a site's balance as its certifier signed it.
type SignedBalanceConsent struct {
	Consent  BalanceConsent
	Envelope Envelope
}

// PublicKey is a point of P-256 in uncompressed form (65 bytes, the first 4).
type PublicKey [65]byte

var errPublicKey = errors.New("a public key is an uncompressed P-256 point of 65 bytes in base64url")

// MarshalText gives base64url without padding.
func (k PublicKey) MarshalText() ([]byte, error) {
	return []byte(base64.RawURLEncoding.EncodeToString(k[:])), nil
}

// UnmarshalText reads base64url without padding.
func (k *PublicKey) UnmarshalText(text []byte) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil || len(raw) != len(k) {
		return errPublicKey
	}
	copy(k[:], raw)
	return nil
}

// ecdsa gives the key for verification, or an error where the point is not on the curve.
func (k PublicKey) ecdsa() (*ecdsa.PublicKey, error) {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), k[:])
	if err != nil {
		return nil, fmt.Errorf("couldn't read a P-256 public key: %w", err)
	}
	return key, nil
}

// verify reports whether the envelope was signed with one of the certifier's keys.
func (e Envelope) verify(certifier Certifier) bool {
	for _, k := range certifier.Keys {
		if k.ID != e.Key {
			continue
		}
		key, err := k.Point.ecdsa()
		if err != nil {
			return false
		}
		digest := sha256.Sum256([]byte(e.Input))
		r := new(big.Int).SetBytes(e.Signature[:32])
		s := new(big.Int).SetBytes(e.Signature[32:])
		return ecdsa.Verify(key, digest[:], r, s)
	}
	return false
}
