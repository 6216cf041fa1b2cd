package chain

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"maps"
	"sync"

	"github.com/hyperledger/fabric-lib-go/bccsp"
	"github.com/hyperledger/fabric-lib-go/bccsp/utils"

	"github.com/weighbridge/weighbridge/gateway/audit/p256"
)

// signer is what the verifier keeps of a key.
type signer struct {
	identifier []byte // the SKI, a hash of the key's point
	// Those on P-256 have a public key, and come to a table once Fabric has found
	// p256.Pays of their signatures good; others have neither.
	public *ecdsa.PublicKey
	key    *p256.Key
}

// finds reports whether a signature is good by the key's table. As Fabric does,
// and with its own code, it takes a signature apart and refuses a high s first. No
// says nothing.
func (s *signer) finds(digest, signature []byte) bool {
	if s.key == nil || !s.key.Has() || len(digest) != sha256.Size {
		return false
	}
	r, sv, err := utils.UnmarshalECDSASignature(signature)
	if err != nil {
		return false
	}
	if low, err := utils.IsLowS(s.public, sv); err != nil || !low {
		return false
	}
	return s.key.Finds((*[sha256.Size]byte)(digest), r, sv)
}

// good says that Fabric found a signature good.
func (s *signer) good() {
	if s.key != nil {
		s.key.Good()
	}
}

// signers knows the keys by themselves, since taking a key's identifier means to
// hash it, and by their identifiers, since Fabric makes a key anew with every
// configuration. No more than keysKept of each are kept, and those with a table.
type signers struct {
	pool p256.Pool

	mu           sync.RWMutex
	byKey        map[bccsp.Key]*signer
	byIdentifier map[string]*signer
}

func (s *signers) of(key bccsp.Key) *signer {
	s.mu.RLock()
	known, ok := s.byKey[key]
	s.mu.RUnlock()
	if ok {
		return known
	}
	identifier := key.SKI()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey == nil {
		s.byKey, s.byIdentifier = map[bccsp.Key]*signer{}, map[string]*signer{}
	}
	if len(s.byKey) >= keysKept {
		clear(s.byKey)
		maps.DeleteFunc(s.byIdentifier, func(_ string, kept *signer) bool { return kept.key == nil || !kept.key.Has() })
	}
	known, ok = s.byIdentifier[string(identifier)]
	if !ok {
		known = s.meet(key, identifier)
		s.byIdentifier[string(identifier)] = known
	}
	s.byKey[key] = known
	return known
}

// meet makes a signer of a key.
func (s *signers) meet(key bccsp.Key, identifier []byte) *signer {
	met := &signer{identifier: identifier}
	encoded, err := key.Bytes()
	if err != nil {
		return met
	}
	public, err := x509.ParsePKIXPublicKey(encoded)
	if err != nil {
		return met
	}
	if on, ok := public.(*ecdsa.PublicKey); ok && on.Curve == elliptic.P256() {
		met.public, met.key = on, s.pool.Key(on)
	}
	return met
}
