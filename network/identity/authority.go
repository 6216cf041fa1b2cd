package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"time"
)

const (
	authorityValidity = 10 * 365 * 24 * time.Hour
	holderValidity    = 3 * 365 * 24 * time.Hour
	// clockSkew lets a certificate be used at once on a machine whose clock is a little behind.
	clockSkew = 5 * time.Minute
)

// Role is the organisational unit by which Fabric tells what an identity may do.
type Role string

const (
	RolePeer    Role = "peer"
	RoleOrderer Role = "orderer"
	RoleAdmin   Role = "admin"
	RoleClient  Role = "client"
)

// Pair is a certificate with its private key.
type Pair struct {
	Certificate *x509.Certificate
	Key         *ecdsa.PrivateKey
}

// CertificatePEM is the certificate as it's written to a file.
func (p Pair) CertificatePEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate.Raw})
}

// KeyPEM is the private key in PKCS #8, which is what Fabric and its SDKs read.
func (p Pair) KeyPEM() ([]byte, error) {
	encoded, err := x509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		return nil, fmt.Errorf("couldn't encode private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), nil
}

// NewAuthority makes a self-signed certificate authority.
func NewAuthority(commonName, organisation string) (Pair, error) {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: commonName, Organization: []string{organisation}},
		NotBefore:             time.Now().Add(-clockSkew),
		NotAfter:              time.Now().Add(authorityValidity),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
		// OpenSSL, and so Node.js, takes "any usage" of an authority for none of TLS.
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	return issue(template, nil)
}

// IssueSigning issues the certificate with which a holder signs proposals, blocks and transactions.
func (p Pair) IssueSigning(commonName string, role Role) (Pair, error) {
	template := holderTemplate(commonName)
	template.Subject.OrganizationalUnit = []string{string(role)}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	return issue(template, &p)
}

// IssueTLS issues a certificate for both ends of TLS connections; hosts are names or addresses.
func (p Pair) IssueTLS(commonName string, hosts []string) (Pair, error) {
	template := holderTemplate(commonName)
	template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return issue(template, &p)
}

func holderTemplate(commonName string) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: commonName},
		NotBefore:             time.Now().Add(-clockSkew),
		NotAfter:              time.Now().Add(holderValidity),
		BasicConstraintsValid: true,
	}
}

// issue signs template with the issuer's key, or with its own when there's no issuer.
func issue(template *x509.Certificate, issuer *Pair) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("couldn't generate a key: %w", err)
	}
	template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return Pair{}, fmt.Errorf("couldn't draw a serial number: %w", err)
	}
	template.SubjectKeyId = subjectKeyID(key)
	template.SignatureAlgorithm = x509.ECDSAWithSHA256
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.Certificate, issuer.Key
	}
	encoded, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), lowS{signer})
	if err != nil {
		return Pair{}, fmt.Errorf("couldn't sign the certificate of %s: %w", template.Subject.CommonName, err)
	}
	certificate, err := x509.ParseCertificate(encoded)
	if err != nil {
		return Pair{}, fmt.Errorf("couldn't read back the certificate of %s: %w", template.Subject.CommonName, err)
	}
	return Pair{certificate, key}, nil
}

// subjectKeyID is the hash of the public point, by which Fabric's key stores look a key up.
func subjectKeyID(key *ecdsa.PrivateKey) []byte {
	public, err := key.PublicKey.Bytes()
	if err != nil {
		panic(fmt.Sprintf("a generated P-256 key isn't on its curve: %v", err))
	}
	sum := sha256.Sum256(public)
	return sum[:]
}

// lowS signs like the key it wraps, and takes of the two valid signatures (r, s) and (r, n-s) the one with the smaller s.
type lowS struct{ *ecdsa.PrivateKey }

// signature is an ECDSA signature as ASN.1 has it.
type signature struct{ R, S *big.Int }

func (k lowS) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	encoded, err := k.PrivateKey.Sign(random, digest, opts)
	if err != nil {
		return nil, err
	}
	var pair signature
	if _, err := asn1.Unmarshal(encoded, &pair); err != nil {
		return nil, fmt.Errorf("couldn't read an ECDSA signature: %w", err)
	}
	order := k.Curve.Params().N
	if !isLowS(pair.S, order) {
		pair.S.Sub(order, pair.S)
	}
	return asn1.Marshal(pair)
}

func isLowS(s, order *big.Int) bool {
	return s.Cmp(new(big.Int).Rsh(order, 1)) <= 0
}
