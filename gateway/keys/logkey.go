package keys

import (
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"os"

	"github.com/youmark/pkcs8"
)

// LogKey reads a key of the transparency log: Ed25519 in PKCS #8 (PEM), encrypted
// where there is a passphrase. Tokens do not hold one: PKCS#11's EdDSA is not what
// the libraries for it speak.
func LogKey(file, passphrase string) (ed25519.PrivateKey, error) {
	encoded, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the key of the log: %w", err)
	}
	block, _ := pem.Decode(encoded)
	if block == nil {
		return nil, fmt.Errorf("couldn't read the key of the log: %s holds no PEM", file)
	}
	var secret []byte
	switch encrypted := block.Type == "ENCRYPTED PRIVATE KEY"; {
	case encrypted && passphrase == "":
		return nil, fmt.Errorf("couldn't read the key of the log %s: it is encrypted, and there is no passphrase", file)
	case encrypted:
		secret = []byte(passphrase)
	}
	key, err := pkcs8.ParsePKCS8PrivateKey(block.Bytes, secret)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the key of the log %s: the passphrase is wrong, or it is no key in PKCS #8: %w", file, err)
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("couldn't use the key of the log %s: it is a %T, expected Ed25519", file, key)
	}
	return private, nil
}
