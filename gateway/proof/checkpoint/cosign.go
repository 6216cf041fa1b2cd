package checkpoint

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// algorithms of C2SP signed-note.
const (
	algorithmEd25519     = 1
	algorithmCosignature = 4
)

// Key is an organisation's public key of the log.
type Key struct {
	Organisation massbalance.OrganisationID
	Public       ed25519.PublicKey
}

// Cosignature says that an organisation vouches for a checkpoint since a time.
type Cosignature struct {
	Key
	Time time.Time
}

// name of an organisation's key.
func name(origin string, org massbalance.OrganisationID) string { return origin + "/" + string(org) }

func keyHash(name string, algorithm byte, public ed25519.PublicKey) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"+string(rune(algorithm))), public...))
	return binary.BigEndian.Uint32(sum[:4])
}

func cosigned(at int64, text string) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, text)
}

// Signer signs checkpoints for an organisation.
type Signer struct {
	Organisation massbalance.OrganisationID
	Private      ed25519.PrivateKey
}

// Public is the key by which others check what it signs.
func (s Signer) Public() ed25519.PublicKey { return s.Private.Public().(ed25519.PublicKey) }

// Sign gives the signature lines of a text: the bare signature and the
// cosignature of that time.
func (s Signer) Sign(text Text, at time.Time) string {
	who, body := name(text.Origin, s.Organisation), text.String()
	bare := ed25519.Sign(s.Private, []byte(body))
	stamped := binary.BigEndian.AppendUint64(nil, uint64(at.Unix()))                 //nolint:gosec // times are after 1970
	stamped = append(stamped, ed25519.Sign(s.Private, cosigned(at.Unix(), body))...) // as C2SP orders them
	return line(who, algorithmEd25519, s.Public(), bare) + line(who, algorithmCosignature, s.Public(), stamped)
}

func line(who string, algorithm byte, public ed25519.PublicKey, signature []byte) string {
	raw := binary.BigEndian.AppendUint32(nil, keyHash(who, algorithm, public))
	return "— " + who + " " + base64.StdEncoding.EncodeToString(append(raw, signature...)) + "\n"
}

// Note puts signature lines under a text.
func Note(text Text, lines ...string) string { return text.String() + "\n" + strings.Join(lines, "") }

// Split parts a note into its text and its signature lines.
func Split(signed string) (Text, []string, error) {
	body, signatures, found := strings.Cut(signed, "\n\n")
	if !found {
		return Text{}, nil, errors.New("couldn't read a checkpoint: it carries no signatures")
	}
	text, err := ParseText(body + "\n")
	if err != nil {
		return Text{}, nil, fmt.Errorf("couldn't read a checkpoint: %w", err)
	}
	return text, strings.SplitAfter(strings.TrimSuffix(signatures, "\n")+"\n", "\n"), nil
}

// verifier checks one key's cosignatures.
type verifier struct {
	who    string
	public ed25519.PublicKey
}

func (v verifier) Name() string    { return v.who }
func (v verifier) KeyHash() uint32 { return keyHash(v.who, algorithmCosignature, v.public) }

func (v verifier) Verify(message, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	return at < 1<<40 && ed25519.Verify(v.public, cosigned(int64(at), string(message)), signature[8:])
}

// Open reads a checkpoint and lists who of the known keys cosigned it. A
// signature under a known key that is false makes the whole checkpoint false;
// those of unknown keys are passed over and named.
func Open(signed string, known []Key) (text Text, cosignatures []Cosignature, unknown []string, err error) {
	if text, _, err = Split(signed); err != nil {
		return text, nil, nil, err
	}
	byHash := map[uint32]Key{}
	var verifiers []note.Verifier
	for _, key := range known {
		v := verifier{name(text.Origin, key.Organisation), key.Public}
		if len(key.Public) != ed25519.PublicKeySize {
			return text, nil, nil, fmt.Errorf("the key of %s has %d bytes, expected %d", key.Organisation, len(key.Public), ed25519.PublicKeySize)
		}
		if _, twice := byHash[v.KeyHash()]; twice {
			continue
		}
		byHash[v.KeyHash()] = key
		verifiers = append(verifiers, v)
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(verifiers...))
	var unverified *note.UnverifiedNoteError
	if errors.As(err, &unverified) {
		opened, err = unverified.Note, nil
	}
	if err != nil {
		return text, nil, nil, fmt.Errorf("couldn't verify a checkpoint: %w", err)
	}
	for _, s := range opened.Sigs {
		raw, _ := base64.StdEncoding.DecodeString(s.Base64) // note.Open decoded it
		at := int64(binary.BigEndian.Uint64(raw[4:]))       //nolint:gosec // Verify bounds it
		cosignatures = append(cosignatures, Cosignature{byHash[s.Hash], time.Unix(at, 0).UTC()})
	}
	for _, s := range opened.UnverifiedSigs {
		if raw, err := base64.StdEncoding.DecodeString(s.Base64); err == nil && len(raw) == 4+8+ed25519.SignatureSize {
			unknown = append(unknown, strings.TrimPrefix(s.Name, text.Origin+"/"))
		}
	}
	return text, cosignatures, unknown, nil
}
