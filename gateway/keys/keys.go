package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"github.com/youmark/pkcs8"
)

// Options say where a key is: in File, or in a token where Library is set.
type Options struct {
	// Certificate is the file with the key's certificate (PEM); what is opened has
	// to be its key.
	Certificate string
	// File holds the key (PEM), encrypted where there is a Passphrase.
	File, Passphrase string
	// Library is the path of a token's PKCS#11 library, Token its label, KeyID the
	// key's ID (CKA_ID) in hexadecimal, and PIN the user's.
	Library, Token, KeyID, PIN string
}

// Key signs digests of SHA-256. Its methods may be called at the same time.
type Key struct {
	sign  func(digest []byte) ([]byte, error)
	close func() error
}

// Sign gives an ASN.1 signature with a low S.
func (k *Key) Sign(digest []byte) ([]byte, error) { return k.sign(digest) }

// Close gives a token back.
func (k *Key) Close() error { return k.close() }

// ErrNoTokens means that this program was built without PKCS#11.
var ErrNoTokens = errors.New("this program was built without PKCS#11: build it with cgo and -tags pkcs11")

// Open opens a key and makes sure, by a signature, that it is the certificate's.
func Open(o Options) (*Key, error) {
	k, err := open(o)
	if err != nil {
		return nil, err
	}
	if err := k.belongsTo(o.Certificate); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

func open(o Options) (*Key, error) {
	switch {
	case o.Library != "" && o.File != "":
		return nil, errors.New("couldn't open the key: both a file and a token are named")
	case o.Library != "":
		k, err := openToken(o)
		if err != nil {
			return nil, fmt.Errorf("couldn't open key %s of token %s: %w", o.KeyID, o.Token, err)
		}
		return k, nil
	}
	key, err := readFile(o)
	if err != nil {
		return nil, err
	}
	sign, err := identity.NewPrivateKeySign(key)
	if err != nil {
		return nil, fmt.Errorf("couldn't use the key %s: %w", o.File, err)
	}
	return &Key{sign: sign, close: func() error { return nil }}, nil
}

func readFile(o Options) (crypto.PrivateKey, error) {
	encoded, err := os.ReadFile(o.File)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the key: %w", err)
	}
	block, _ := pem.Decode(encoded)
	if block != nil && block.Type == "ENCRYPTED PRIVATE KEY" {
		if o.Passphrase == "" {
			return nil, fmt.Errorf("couldn't read the key %s: it is encrypted, and there is no passphrase", o.File)
		}
		key, err := pkcs8.ParsePKCS8PrivateKeyECDSA(block.Bytes, []byte(o.Passphrase))
		if err != nil {
			return nil, fmt.Errorf("couldn't read the key %s: the passphrase is wrong, or it is no key of ECDSA: %w", o.File, err)
		}
		return key, nil
	}
	key, err := identity.PrivateKeyFromPEM(encoded)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the key %s: %w", o.File, err)
	}
	return key, nil
}

// belongsTo signs something new and verifies it with the certificate.
func (k *Key) belongsTo(path string) error {
	encoded, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("couldn't read the certificate: %w", err)
	}
	block, _ := pem.Decode(encoded)
	if block == nil {
		return fmt.Errorf("couldn't read the certificate %s: it is no PEM", path)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return fmt.Errorf("couldn't read the certificate %s: %w", path, err)
	}
	public, ok := certificate.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return fmt.Errorf("couldn't use the certificate %s: its key is not of ECDSA", path)
	}
	digest := sha256.Sum256([]byte(rand.Text()))
	signature, err := k.Sign(digest[:])
	if err != nil {
		return fmt.Errorf("couldn't sign: %w", err)
	}
	if !ecdsa.VerifyASN1(public, digest[:], signature) {
		return fmt.Errorf("couldn't use the key: it is not that of the certificate %s", path)
	}
	return nil
}
