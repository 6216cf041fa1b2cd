package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// newSecret makes 256 random bits for a URL, cookie or header.
func newSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// hashed is the form in which a secret is kept. A secret of full entropy needs
// no salt and no slow hash; that the database compares hashes and not secrets
// leaves a clock nothing to measure.
func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// newID names something that is no secret.
func newID() string {
	b := make([]byte, 5)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// newRecoveryCode makes 80 random bits that can be typed.
func newRecoveryCode() string {
	b := make([]byte, 10)
	_, _ = rand.Read(b) // never fails
	code := strings.ToLower(base32.StdEncoding.EncodeToString(b))
	return code[:4] + "-" + code[4:8] + "-" + code[8:12] + "-" + code[12:]
}
