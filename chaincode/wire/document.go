package wire

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Types of signed documents, the "typ" of their JWS header: a signature for one
// can never be passed off as the other.
const (
	certificateType = "weighbridge-certificate+jws"
	balanceType     = "weighbridge-balance-consent+jws"
	standingType    = "weighbridge-certificate-standing+jws"
	consentType     = "weighbridge-reversal-consent+jws"
	auditType       = "weighbridge-credit-audit+jws"
	findingType     = "weighbridge-statement-finding+jws"
	statementType   = "weighbridge-verification-statement+jws"
)

// protected is the JWS header: these three fields, no others.
type protected struct {
	Alg string
	Kid massbalance.KeyID
	Typ string
}

// signedParser reads a document that stands as its compact JWS, or is nil where
// the type is none.
func signedParser(t reflect.Type) parser {
	switch t {
	case reflect.TypeFor[massbalance.SignedCertificate]():
		return signed(ParseSignedCertificate)
	case reflect.TypeFor[massbalance.SignedStanding]():
		return signed(ParseSignedStanding)
	case reflect.TypeFor[massbalance.SignedBalanceConsent]():
		return signed(ParseSignedBalanceConsent)
	case reflect.TypeFor[massbalance.SignedCreditAudit]():
		return signed(ParseSignedCreditAudit)
	case reflect.TypeFor[massbalance.SignedFinding]():
		return signed(ParseSignedFinding)
	case reflect.TypeFor[massbalance.SignedStatement]():
		return signed(ParseSignedStatement)
	case reflect.TypeFor[massbalance.SignedReversalConsent]():
		return signed(ParseSignedReversalConsent)
	}
	return nil
}

func signed[T any](parse func(string) (T, error)) parser {
	return func(s *scanner, v reflect.Value) error {
		text, err := s.text()
		if err != nil {
			return err
		}
		document, err := parse(text)
		*v.Addr().Interface().(*T) = document
		return err
	}
}

// compact gives the compact serialisation of RFC 7515.
func compact(e massbalance.Envelope) string {
	return e.Input + "." + base64.RawURLEncoding.EncodeToString(e.Signature[:])
}

// ParseSignedCertificate reads a certificate from its compact JWS. The
// signature is not checked here: that is a rule, and needs the certifier's key.
func ParseSignedCertificate(jws string) (massbalance.SignedCertificate, error) {
	document, envelope, err := parseJWS[massbalance.Certificate](jws, certificateType)
	if err != nil {
		return massbalance.SignedCertificate{}, fmt.Errorf("couldn't read a signed certificate: %w", err)
	}
	return massbalance.SignedCertificate{Certificate: document, Envelope: envelope}, nil
}

// ParseSignedStanding reads a declaration on a certificate; see
// ParseSignedCertificate.
func ParseSignedStanding(jws string) (massbalance.SignedStanding, error) {
	document, envelope, err := parseJWS[massbalance.Standing](jws, standingType)
	if err != nil {
		return massbalance.SignedStanding{}, fmt.Errorf("couldn't read a signed standing: %w", err)
	}
	return massbalance.SignedStanding{Standing: document, Envelope: envelope}, nil
}

// ParseSignedReversalConsent reads a consent to reverse a command; see
// ParseSignedCertificate.
func ParseSignedReversalConsent(jws string) (massbalance.SignedReversalConsent, error) {
	document, envelope, err := parseJWS[massbalance.ReversalConsent](jws, consentType)
	if err != nil {
		return massbalance.SignedReversalConsent{}, fmt.Errorf("couldn't read a signed reversal consent: %w", err)
	}
	return massbalance.SignedReversalConsent{Consent: document, Envelope: envelope}, nil
}

// ParseSignedCreditAudit reads an audit of a claimant's credits; see
// ParseSignedCertificate.
func ParseSignedCreditAudit(jws string) (massbalance.SignedCreditAudit, error) {
	document, envelope, err := parseJWS[massbalance.CreditAudit](jws, auditType)
	if err != nil {
		return massbalance.SignedCreditAudit{}, fmt.Errorf("couldn't read a signed credit audit: %w", err)
	}
	return massbalance.SignedCreditAudit{Audit: document, Envelope: envelope}, nil
}

// ParseSignedFinding reads a finding against a verification statement; see
// ParseSignedCertificate.
func ParseSignedFinding(jws string) (massbalance.SignedFinding, error) {
	document, envelope, err := parseJWS[massbalance.FraudFinding](jws, findingType)
	if err != nil {
		return massbalance.SignedFinding{}, fmt.Errorf("couldn't read a signed finding: %w", err)
	}
	return massbalance.SignedFinding{Finding: document, Envelope: envelope}, nil
}

// ParseSignedBalanceConsent reads a certifier's consent; see ParseSignedCertificate.
func ParseSignedBalanceConsent(jws string) (massbalance.SignedBalanceConsent, error) {
	document, envelope, err := parseJWS[massbalance.BalanceConsent](jws, balanceType)
	if err != nil {
		return massbalance.SignedBalanceConsent{}, fmt.Errorf("couldn't read a signed consent: %w", err)
	}
	return massbalance.SignedBalanceConsent{Consent: document, Envelope: envelope}, nil
}

// ParseSignedStatement reads a verification statement from its compact JWS; see
// ParseSignedCertificate.
func ParseSignedStatement(jws string) (massbalance.SignedStatement, error) {
	document, envelope, err := parseJWS[massbalance.Statement](jws, statementType)
	if err != nil {
		return massbalance.SignedStatement{}, fmt.Errorf("couldn't read a signed verification statement: %w", err)
	}
	return massbalance.SignedStatement{Statement: document, Envelope: envelope}, nil
}

func parseJWS[T any](jws, kind string) (document T, e massbalance.Envelope, err error) {
	parts := strings.Split(jws, ".")
	if len(parts) != 3 {
		return document, e, fmt.Errorf("a compact JWS has three parts, this has %d", len(parts))
	}
	var raw [3][]byte
	for i, part := range parts {
		if raw[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return document, e, fmt.Errorf("part %d is not base64url: %w", i+1, err)
		}
	}
	header, err := Decode[protected](raw[0])
	if err != nil {
		return document, e, err
	}
	if header.Alg != "ES256" || header.Typ != kind {
		return document, e, fmt.Errorf("the header says alg %q and typ %q, expected ES256 and %s", header.Alg, header.Typ, kind)
	}
	if len(raw[2]) != len(e.Signature) {
		return document, e, fmt.Errorf("an ES256 signature has %d bytes, this has %d", len(e.Signature), len(raw[2]))
	}
	if document, err = Decode[T](raw[1]); err != nil {
		return document, e, err
	}
	e.Key, e.Input = header.Kid, parts[0]+"."+parts[1]
	copy(e.Signature[:], raw[2])
	if compact(e) != jws { // the decoder passes over line breaks
		return document, e, errors.New("part 3 is not base64url: it has line breaks")
	}
	return document, e, nil
}

// SignCertificate signs a certificate as its certifier.
func SignCertificate(c massbalance.Certificate, kid massbalance.KeyID, key *ecdsa.PrivateKey) (massbalance.SignedCertificate, error) {
	envelope, err := sign(c, certificateType, kid, key)
	return massbalance.SignedCertificate{Certificate: c, Envelope: envelope}, err
}

// SignStanding signs a declaration on a certificate as its certifier.
func SignStanding(s massbalance.Standing, kid massbalance.KeyID, key *ecdsa.PrivateKey) (massbalance.SignedStanding, error) {
	envelope, err := sign(s, standingType, kid, key)
	return massbalance.SignedStanding{Standing: s, Envelope: envelope}, err
}

// SignReversalConsent signs a consent to reverse a command as its certifier.
func SignReversalConsent(c massbalance.ReversalConsent, kid massbalance.KeyID, key *ecdsa.PrivateKey) (massbalance.SignedReversalConsent, error) {
	envelope, err := sign(c, consentType, kid, key)
	return massbalance.SignedReversalConsent{Consent: c, Envelope: envelope}, err
}

// SignCreditAudit signs an audit of a claimant's credits as its certifier.
func SignCreditAudit(a massbalance.CreditAudit, kid massbalance.KeyID, key *ecdsa.PrivateKey) (massbalance.SignedCreditAudit, error) {
	envelope, err := sign(a, auditType, kid, key)
	return massbalance.SignedCreditAudit{Audit: a, Envelope: envelope}, err
}

// SignFinding signs a finding against a verification statement as its certifier.
func SignFinding(f massbalance.FraudFinding, kid massbalance.KeyID, key *ecdsa.PrivateKey) (massbalance.SignedFinding, error) {
	envelope, err := sign(f, findingType, kid, key)
	return massbalance.SignedFinding{Finding: f, Envelope: envelope}, err
}

// SignBalanceConsent signs a consent as its certifier.
func SignBalanceConsent(c massbalance.BalanceConsent, kid massbalance.KeyID, key *ecdsa.PrivateKey) (massbalance.SignedBalanceConsent, error) {
	envelope, err := sign(c, balanceType, kid, key)
	return massbalance.SignedBalanceConsent{Consent: c, Envelope: envelope}, err
}

// SignStatement signs a verification statement as its certifier.
func SignStatement(s massbalance.Statement, kid massbalance.KeyID, key *ecdsa.PrivateKey) (massbalance.SignedStatement, error) {
	envelope, err := sign(s, statementType, kid, key)
	return massbalance.SignedStatement{Statement: s, Envelope: envelope}, err
}

func sign(document any, kind string, kid massbalance.KeyID, key *ecdsa.PrivateKey) (e massbalance.Envelope, err error) {
	header, err := Format(protected{Alg: "ES256", Kid: kid, Typ: kind})
	if err != nil {
		return e, err
	}
	payload, err := Format(document)
	if err != nil {
		return e, err
	}
	e.Key = kid
	e.Input = base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	digest := sha256.Sum256([]byte(e.Input))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		return e, fmt.Errorf("couldn't sign: %w", err)
	}
	r.FillBytes(e.Signature[:32])
	s.FillBytes(e.Signature[32:])
	return e, nil
}

// JWS gives the compact form of a signed document's envelope, as it is filed and sent.
func JWS(e massbalance.Envelope) string { return compact(e) }

// PublicKey gives the form in which the ledger keeps a certifier's key.
func PublicKey(key *ecdsa.PublicKey) (point massbalance.PublicKey, err error) {
	raw, err := key.Bytes()
	if err != nil {
		return point, fmt.Errorf("couldn't encode a public key: %w", err)
	}
	if len(raw) != len(point) {
		return point, fmt.Errorf("a public key has %d bytes, expected %d: only P-256 is used", len(raw), len(point))
	}
	copy(point[:], raw)
	return point, nil
}
