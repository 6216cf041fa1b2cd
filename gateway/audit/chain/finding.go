package chain

import (
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/weighbridge/weighbridge/gateway/replay"
)

// The kinds of findings, beside those of package replay.
const (
	OtherGenesis         replay.Problem = "other_genesis"         // block 0 is not the trusted one
	BrokenLink           replay.Problem = "broken_link"           // number or previous hash do not follow the block before
	DifferingData        replay.Problem = "differing_data"        // the data are not those that the header names
	MissingQuorum        replay.Problem = "missing_quorum"        // too few of the orderers signed
	DifferingMetadata    replay.Problem = "differing_metadata"    // the signed metadata name another configuration
	InvalidConfiguration replay.Problem = "invalid_configuration" // a configuration block that the rules do not give
	Unreadable           replay.Problem = "unreadable"            // a block that stops Fabric's own code
	DifferingCode        replay.Problem = "differing_code"        // the peer's flag is not what the checks give
)

// Verdict is what checking one block gave.
type Verdict struct {
	Number uint64
	// Hash is that of the block's header.
	Hash [32]byte
	// Codes are the recomputed validity codes (peer.TxValidationCode), one byte
	// per transaction. Empty where Stop is set.
	Codes []byte
	// Findings are all of the block's, in the order of its transactions.
	Findings []replay.Finding
	// Stop says that the block as a whole is not to be believed, nor what follows.
	Stop bool
}

// refusal makes an error of the chain's, as against one of the store's, carry its finding.
type refusal struct{ replay.Finding }

func (r *refusal) Error() string {
	return fmt.Sprintf("%s: expected %s, found %s", r.Problem, r.Expected, r.Found)
}

func refuse(problem replay.Problem, expected, found string) error {
	return &refusal{replay.Finding{Problem: problem, Expected: expected, Found: found}}
}

// CodeName is the name of a validity code, as Fabric writes it.
func CodeName(code byte) string {
	if name, ok := peer.TxValidationCode_name[int32(code)]; ok {
		return name
	}
	return fmt.Sprintf("CODE_%d", code)
}
