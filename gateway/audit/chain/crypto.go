package chain

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/hyperledger/fabric-lib-go/bccsp"
	"github.com/hyperledger/fabric-lib-go/bccsp/sw"
)

// remembered bounds how many verified signatures are kept: two generations of
// this many, each about 50 bytes.
const remembered = 1 << 16

// verifier is Fabric's own software cryptography, which remembers the signatures
// that it found good. Fabric verifies an endorsement again for every policy that
// asks for it; and signatures can be verified in parallel and ahead of time,
// while the checks that use them go one block after the other. A signature is
// remembered with the key and the digest, so nothing else can profit from it; one
// that is not good is never remembered.
//
// The keys that sign again and again have tables (see package p256). What a table
// finds good is good; all else is for Fabric's code to say.
type verifier struct {
	bccsp.BCCSP

	mu       sync.RWMutex
	new, old map[signed]struct{}

	signers  signers
	verified atomic.Uint64
}

// signed stands for a signature with all that it depends on: the SHA-256 of key,
// digest and signature.
type signed [sha256.Size]byte

func newVerifier() (*verifier, error) {
	provider, err := sw.NewDefaultSecurityLevelWithKeystore(sw.NewDummyKeyStore())
	if err != nil {
		return nil, fmt.Errorf("couldn't set up the cryptography: %w", err)
	}
	return &verifier{BCCSP: provider, new: map[signed]struct{}{}}, nil
}

// Verify verifies a signature, unless it did before.
func (v *verifier) Verify(key bccsp.Key, signature, digest []byte, options bccsp.SignerOpts) (bool, error) {
	by := v.signers.of(key)
	s := by.signed(digest, signature)
	if v.known(s) {
		return true, nil
	}
	v.verified.Add(1)
	if by.finds(digest, signature) {
		v.remember(s)
		return true, nil
	}
	good, err := v.BCCSP.Verify(key, signature, digest, options)
	if good && err == nil {
		v.remember(s)
		by.good()
	}
	return good, err
}

// signed hashes each part behind its length, so that no two signatures give the
// same bytes.
func (s *signer) signed(digest, signature []byte) signed {
	bytes := make([]byte, 0, 256)
	for _, part := range [][]byte{s.identifier, digest, signature} {
		bytes = binary.BigEndian.AppendUint64(bytes, uint64(len(part)))
		bytes = append(bytes, part...)
	}
	return sha256.Sum256(bytes)
}

func (v *verifier) known(s signed) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if _, ok := v.new[s]; ok {
		return true
	}
	_, ok := v.old[s]
	return ok
}

func (v *verifier) remember(s signed) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.new) >= remembered {
		v.old, v.new = v.new, make(map[signed]struct{}, remembered)
	}
	v.new[s] = struct{}{}
}
