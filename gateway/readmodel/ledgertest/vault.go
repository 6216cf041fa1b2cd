package ledgertest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Vault holds the private data of all organisations, as their peers would: what
// is kept is seen by two of them.
type Vault struct {
	mu   sync.Mutex
	kept map[string][]byte
}

// Of is an organisation's side of the vault.
func (v *Vault) Of(organisation massbalance.OrganisationID) *Safe { return &Safe{v, organisation} }

// Safe is one organisation's private data.
type Safe struct {
	vault        *Vault
	organisation massbalance.OrganisationID
}

// Keep puts a document into two organisations' private data.
func (s *Safe) Keep(_ context.Context, document []byte, with massbalance.OrganisationID) (massbalance.Digest, error) {
	digest := massbalance.Digest(sha256.Sum256(document))
	if with == s.organisation || with == "" {
		return digest, fmt.Errorf("a document is kept with another organisation, not with %q", with)
	}
	s.vault.mu.Lock()
	defer s.vault.mu.Unlock()
	if s.vault.kept == nil {
		s.vault.kept = map[string][]byte{}
	}
	for _, owner := range []massbalance.OrganisationID{s.organisation, with} {
		s.vault.kept[string(owner)+" "+digest.String()] = append([]byte{}, document...)
	}
	return digest, nil
}

// Kept reads what the organisation keeps.
func (s *Safe) Kept(_ context.Context, digest massbalance.Digest) ([]byte, bool, error) {
	s.vault.mu.Lock()
	defer s.vault.mu.Unlock()
	document, ok := s.vault.kept[string(s.organisation)+" "+digest.String()]
	return document, ok, nil
}
