package replay

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/weighbridge/weighbridge/gateway/block"
)

// checkKept compares what Keep wrote to private data with its arguments: one
// document, under its own hash, for the submitter and one other. What the
// document says no block tells, and nobody but these two can replay it.
func (e *Engine) checkKept(tx block.Transaction) *Finding {
	if tx.Chaincode != e.chaincode || len(tx.Private) == 0 {
		return nil
	}
	expected, err := kept(tx)
	if err != nil {
		return &Finding{Problem: DifferingPrivate, Expected: err.Error(), Found: describe(tx.Private)}
	}
	if len(tx.Private) != len(expected) {
		return &Finding{Problem: DifferingPrivate, Expected: describe(expected), Found: describe(tx.Private)}
	}
	for _, e := range expected {
		if !contains(tx.Private, e) {
			return &Finding{Problem: DifferingPrivate, Expected: describe(expected), Found: describe(tx.Private)}
		}
	}
	return nil
}

// kept is what a call of Keep has to write.
func kept(tx block.Transaction) ([]block.PrivateWrite, error) {
	if functionOf(tx) != keep || len(tx.Args) != 3 {
		return nil, fmt.Errorf("private data is written by %s with a hash and an organisation", keep)
	}
	digest, with := string(tx.Args[1]), string(tx.Args[2])
	value, err := hex.DecodeString(digest)
	if err != nil || len(value) != sha256.Size || with == tx.Organisation {
		return nil, fmt.Errorf("a document is kept under its SHA-256, with another organisation")
	}
	key := sha256.Sum256([]byte("kept:" + digest))
	var writes []block.PrivateWrite
	for _, owner := range []string{tx.Organisation, with} {
		writes = append(writes, block.PrivateWrite{Collection: "_implicit_org_" + owner, Key: key[:], Value: value})
	}
	return writes, nil
}

func contains(writes []block.PrivateWrite, one block.PrivateWrite) bool {
	for _, w := range writes {
		if w.Collection == one.Collection && bytes.Equal(w.Key, one.Key) && bytes.Equal(w.Value, one.Value) && !w.Deleted && !w.Guarded {
			return true
		}
	}
	return false
}

func describe(writes []block.PrivateWrite) string {
	var text string
	for _, w := range writes {
		text += fmt.Sprintf("%s %x=%x deleted %t guarded %t; ", w.Collection, w.Key, w.Value, w.Deleted, w.Guarded)
	}
	return text
}
