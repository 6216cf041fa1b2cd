//go:build pkcs11

package keys

import (
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/hyperledger/fabric-gateway/pkg/identity"
)

// factories has one for each library, because a library is initialised once in a
// process.
var factories = struct {
	sync.Mutex
	of map[string]*identity.HSMSignerFactory
}{of: map[string]*identity.HSMSignerFactory{}}

func factory(library string) (*identity.HSMSignerFactory, error) {
	factories.Lock()
	defer factories.Unlock()
	if f := factories.of[library]; f != nil {
		return f, nil
	}
	f, err := identity.NewHSMSignerFactory(library)
	if err == nil {
		factories.of[library] = f
	}
	return f, err
}

// token is a session with a token, opened again where it was lost.
type token struct {
	factory *identity.HSMSignerFactory
	options identity.HSMSignerOptions

	mu    sync.Mutex
	sign  identity.Sign
	close identity.HSMSignClose
}

func openToken(o Options) (*Key, error) {
	id, err := hex.DecodeString(o.KeyID)
	if err != nil || len(id) == 0 {
		return nil, fmt.Errorf("its ID %q is not hexadecimal", o.KeyID)
	}
	f, err := factory(o.Library)
	if err != nil {
		return nil, fmt.Errorf("couldn't use the library %s: %w", o.Library, err)
	}
	t := &token{factory: f, options: identity.HSMSignerOptions{Label: o.Token, Pin: o.PIN, Identifier: string(id)}}
	if err := t.open(); err != nil {
		return nil, err
	}
	return &Key{sign: t.signDigest, close: t.end}, nil
}

// open begins a session; the lock is held, or nobody else knows the token yet.
func (t *token) open() (err error) {
	t.sign, t.close, err = t.factory.NewHSMSigner(t.options)
	return err
}

// signDigest tries a second time with a new session: a token may have been taken
// out and put back, and one over a network may have lost its connection.
func (t *token) signDigest(digest []byte) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sign != nil {
		if signature, err := t.sign(digest); err == nil {
			return signature, nil
		}
		_ = t.close() // the session is of no use any more
		t.sign = nil
	}
	if err := t.open(); err != nil {
		t.sign = nil
		return nil, fmt.Errorf("couldn't begin a session with the token: %w", err)
	}
	return t.sign(digest)
}

func (t *token) end() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sign == nil {
		return errors.New("the token has no session")
	}
	t.sign = nil
	return t.close()
}
