package submit

import "github.com/weighbridge/weighbridge/chaincode/massbalance"

// Stage is how far a command came.
type Stage string

// The stages, with what each means for whoever asked.
const (
	// Valid: the command was accepted, and its transaction is committed and
	// valid. A repeated command is Valid, too, with its first transaction.
	Valid Stage = "valid"
	// Taken: the command is written down at this gateway, which will bring it to
	// the ledger whatever happens; what becomes of it is told later.
	Taken Stage = "taken"
	// Refused: the rules refused the command; it took no effect. Transaction and
	// Block are set if the refusal stands on the ledger, because commands beside
	// it in the batch were accepted; a batch of refusals alone is not ordered.
	Refused Stage = "refused"
	// NotEndorsed: no sufficient set of peers would sign; nothing happened.
	NotEndorsed Stage = "not_endorsed"
	// Mismatch: peers gave different answers, usually because one lags; nothing happened.
	Mismatch Stage = "endorsement_mismatch"
	// NotSubmitted: the transaction did not reach the orderers or they refused
	// it; nothing happened.
	NotSubmitted Stage = "not_submitted"
	// Unknown: the transaction may or may not be committed. Sending the same
	// command again is safe: its ID makes it idempotent.
	Unknown Stage = "unknown"
	// Invalid: ordered and found invalid; it took no effect.
	Invalid Stage = "invalid"
	// Held: the command waits at this gateway until a second person approves it;
	// it was sent nowhere yet. Sending it again changes nothing.
	Held Stage = "held"
	// Forbidden: whoever gave the command may not give it, or a second person
	// declined it; nothing was sent.
	Forbidden Stage = "forbidden"
)

// Outcome is what became of one command.
type Outcome struct {
	Stage Stage
	// Result is set where Stage is Valid or Refused.
	Result massbalance.Result
	// Transaction and Block are where the command was committed. Block is 0
	// where it could not be found out, which happens to repeated commands only.
	Transaction string
	Block       uint64
	// Detail says what went wrong at any other stage, with the peers' words.
	Detail string
}
