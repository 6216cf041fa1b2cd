package leaf

import (
	"crypto/sha256"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// Registered reports whether a value stands in the register.
func Registered(key massbalance.Key, value massbalance.Value) bool {
	if claim, ok := value.(massbalance.Claim); ok {
		return claim.Reversed != ""
	}
	return key.Kind != massbalance.KindClaim && InRegister(key.Kind)
}

// InRegister reports whether a key's absence from the register says something.
func InRegister(kind massbalance.Kind) bool {
	switch kind {
	case massbalance.KindConsortium, massbalance.KindRules, massbalance.KindSuperseded, massbalance.KindSite, massbalance.KindProduct,
		massbalance.KindRecipe, massbalance.KindBaseline, massbalance.KindCertifier, massbalance.KindCosigner, massbalance.KindProfile, massbalance.KindCoverage,
		massbalance.KindStanding, massbalance.KindRecall, massbalance.KindMark, massbalance.KindClaim:
		return true
	}
	return false
}

// KeyHash is where a key stands in the register.
func KeyHash(key massbalance.Key) massbalance.Digest {
	return sha256.Sum256(fmt.Appendf(nil, "weighbridge register key v1\n%s\n", wire.FormatKey(key)))
}

// ValueHash commits to a value's canonical bytes.
func ValueHash(value []byte) massbalance.Digest {
	return sha256.Sum256(fmt.Appendf(nil, "weighbridge register value v1\n%s\n", value))
}

// Registration is one leaf of the register.
type Registration struct{ Key, Value massbalance.Digest }

// Hash is the leaf's hash in the register's tree.
func (r Registration) Hash() tlog.Hash { return tlog.RecordHash(append(r.Key[:], r.Value[:]...)) }
