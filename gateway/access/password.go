package access

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// hashing holds the parameters of argon2id. Those in use are the second choice
// of RFC 9106, section 4: for where 2 GiB a password are too much.
type hashing struct {
	time    uint32
	memory  uint32 // KiB
	threads uint8
}

var (
	current = hashing{time: 3, memory: 64 << 10, threads: 4}
	// slots bound how many passwords are hashed at once, and so the memory that
	// whoever can reach the sign-in can make a gateway take.
	slots = make(chan struct{}, 2)
	// absent is checked where there is no such user, so that this takes as long.
	absent = sync.OnceValue(func() string { return hashPassword("there is no such user") })
)

const (
	saltBytes = 16
	keyBytes  = 32
	// passwordMin is in characters; passwordMax, in bytes, bounds the work.
	passwordMin = 12
	passwordMax = 256
)

// A WeakPassword says why a password will not do.
type WeakPassword struct{ Reason string }

// Error gives the reason.
func (w *WeakPassword) Error() string { return w.Reason }

// widespread are long passwords that guessers try first, without digits and
// signs at their end.
var widespread = []string{"password", "passwordpassword", "passwort", "qwertyuiop", "qwertyuiopasdfgh", "letmein", "welcome", "administrator", "weighbridge", "iloveyou", "abcdefghijkl", "changeme", "correcthorsebatterystaple"}

// checkPassword holds a password to the rules: length counts and nothing else
// must be in it (as in NIST SP 800-63B, 3.1.1.2), except that it must not be the
// first thing that one would guess.
func checkPassword(user, password string) error {
	characters := []rune(norm.NFKC.String(password))
	distinct := map[rune]bool{}
	for _, r := range characters {
		distinct[r] = true
		if unicode.IsControl(r) {
			return &WeakPassword{"a password has no control characters"}
		}
	}
	simple := strings.TrimRightFunc(strings.ToLower(password), func(r rune) bool { return !unicode.IsLetter(r) })
	switch {
	case len(characters) < passwordMin:
		return &WeakPassword{fmt.Sprintf("a password has at least %d characters; a few words in a row are easy to remember", passwordMin)}
	case len(password) > passwordMax:
		return &WeakPassword{fmt.Sprintf("a password has at most %d bytes", passwordMax)}
	case len(distinct) < 5:
		return &WeakPassword{"a password has at least five different characters"}
	case len(user) > 2 && strings.Contains(strings.ToLower(password), strings.ToLower(user)):
		return &WeakPassword{"a password does not contain the user's name"}
	}
	for _, word := range widespread {
		if simple == word || simple == strings.ReplaceAll(word, "o", "0") {
			return &WeakPassword{"this password is among the first that are guessed"}
		}
	}
	return nil
}

// hashPassword gives the form that is kept, which names its own parameters.
func hashPassword(password string) string {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails
	key := current.key(password, salt)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, current.memory, current.time, current.threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

func (h hashing) key(password string, salt []byte) []byte {
	slots <- struct{}{}
	defer func() { <-slots }()
	return argon2.IDKey([]byte(norm.NFKC.String(password)), salt, h.time, h.memory, h.threads, keyBytes)
}

// verifyPassword compares in constant time. A user without a password is
// compared, too, with one that nobody has.
func verifyPassword(hash, password string) (bool, error) {
	known := hash != ""
	if !known {
		hash = absent()
	}
	if len(password) > passwordMax {
		password, known = "", false
	}
	h, salt, key, err := parseHash(hash)
	if err != nil {
		return false, err
	}
	same := subtle.ConstantTimeCompare(h.key(password, salt), key) == 1
	return same && known, nil
}

func parseHash(hash string) (h hashing, salt, key []byte, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, nil, nil, errors.New("couldn't read a password's hash: it is not argon2id's")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.threads); err != nil {
		return h, nil, nil, fmt.Errorf("couldn't read the parameters of a password's hash: %w", err)
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err == nil {
		key, err = base64.RawStdEncoding.DecodeString(parts[5])
	}
	if err != nil {
		return h, nil, nil, fmt.Errorf("couldn't read a password's hash: %w", err)
	}
	return h, salt, key, nil
}

// outdated reports whether a hash was made with other parameters than new ones.
func outdated(hash string) bool {
	h, _, _, err := parseHash(hash)
	return err == nil && h != current
}
