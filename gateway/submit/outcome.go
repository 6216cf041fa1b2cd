// Package submit brings commands to the ledger: it batches them per site,
// sends each batch as one transaction and says what became of every command.
package submit

import "github.com/weighbridge/weighbridge/chaincode/massbalance"

// Stage is how far a command came.
type Stage string

// The stages, with what each means for whoever asked.
const (
	// Valid: the transaction is committed and valid; Result holds the outcome,
	// which may still be a refusal by the rules.
	Valid Stage = "valid"
	// Refused: the rules refused the command when it was simulated, and nothing
	// was sent to the orderers on its account.
	Refused Stage = "refused"
	// NotEndorsed: no sufficient set of peers would sign; nothing happened.
	NotEndorsed Stage = "not_endorsed"
	// Mismatch: peers gave different answers, usually because one lags; nothing happened.
	Mismatch Stage = "endorsement_mismatch"
	// NotSubmitted: the orderers refused the transaction; nothing happened.
	NotSubmitted Stage = "not_submitted"
	// Unknown: the transaction may or may not be committed. Sending the same
	// command again is safe: its ID makes it idempotent.
	Unknown Stage = "unknown"
	// Invalid: ordered and found invalid; it took no effect.
	Invalid Stage = "invalid"
)

// Outcome is what became of one command.
type Outcome struct {
	Stage Stage
	// Result is set where Stage is Valid or Refused.
	Result massbalance.Result
	// Transaction and Block are where the command was committed.
	Transaction string
	Block       uint64
	// Detail says what went wrong at any other stage, with the peers' words.
	Detail string
}
