package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
)

const (
	// transientDocument is the transient field in which Keep gets its document.
	transientDocument = "document"
	// documentLimit is the most that a document may have, in bytes.
	documentLimit = 64 << 10
)

// Keep puts a document into the private data of exactly two organisations: the
// submitter's and that of one other. The document comes as transient data, so no
// block holds it; what all peers keep is its hash and that of its key. The key is
// the document's own SHA-256, in hexadecimal: nothing can be overwritten, and
// keeping it again changes nothing. The rules know documents by that hash only.
//
// It writes nothing but private data, so what Fabric asks for is the
// endorsement of these two organisations and of nobody else: no third peer is
// ever sent the document.
func (*Contract) Keep(ctx contractapi.TransactionContextInterface, digest, with string) error {
	stub := ctx.GetStub()
	organisation, err := submitter(stub)
	if err != nil {
		return fmt.Errorf("internal: %w", err)
	}
	if with == "" || with == string(organisation) {
		return fmt.Errorf("invalid_document: it is kept with another organisation, not with %q", with)
	}
	transient, err := stub.GetTransient()
	if err != nil {
		return fmt.Errorf("internal: couldn't read the transient data: %w", err)
	}
	document := transient[transientDocument]
	if err := checkDocument(document, digest); err != nil {
		return fmt.Errorf("invalid_document: %w", err)
	}
	for _, owner := range []string{string(organisation), with} {
		if err := stub.PutPrivateData(privateTo(owner), keptKey(digest), document); err != nil {
			return fmt.Errorf("internal: couldn't keep the document for %s: %w", owner, err)
		}
	}
	return nil
}

// Kept answers a document that the submitter's organisation keeps, or "" where
// it keeps none of this hash. It is for the organisation's own peer: no other has
// its private data.
func (*Contract) Kept(ctx contractapi.TransactionContextInterface, digest string) (string, error) {
	organisation, err := submitter(ctx.GetStub())
	if err != nil {
		return "", fmt.Errorf("internal: %w", err)
	}
	document, err := ctx.GetStub().GetPrivateData(privateTo(string(organisation)), keptKey(digest))
	if err != nil {
		return "", fmt.Errorf("internal: couldn't read what %s keeps: %w", organisation, err)
	}
	return string(document), nil
}

// checkDocument never says what is in the document: errors end up in logs.
func checkDocument(document []byte, digest string) error {
	if len(document) == 0 || len(document) > documentLimit {
		return fmt.Errorf("it has %d bytes, 1 to %d are kept", len(document), documentLimit)
	}
	if sum := sha256.Sum256(document); hex.EncodeToString(sum[:]) != digest {
		return errors.New("its SHA-256 is not the one given")
	}
	return nil
}

// privateTo is the collection that every organisation has for itself.
func privateTo(organisation string) string { return "_implicit_org_" + organisation }

func keptKey(digest string) string { return "kept:" + digest }
