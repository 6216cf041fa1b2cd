// Package replay re-executes every valid transaction with the same pure rules
// that the chaincode runs, and compares what it wrote byte for byte.
//
// What it guarantees. A Block that comes out holds what the rules give for the
// commands on the chain, whatever the peers wrote: a transaction whose keys,
// values, guards or answer differ carries a Finding, and the replay goes on with
// its own values. The same blocks over the same state give the same results on
// every machine and in every year. Nothing on the chain stops it: what cannot be
// read or executed is a finding too. The only error is a View that fails.
//
// What it does not show: that the rules themselves are right. Recounting the
// records, written apart from the rules, is there for that. Nor does it compare
// the content of key-level endorsement policies, only which keys were given one.
//
// It is pure apart from the View.
package replay

import (
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Block is what replaying one block gave: what a read model folds.
type Block struct {
	Number uint64
	// Hash is the block's own, by which its chain is told from another.
	Hash         [32]byte
	Transactions []Transaction
	// Findings are those of whoever checked the block before it was replayed; the
	// replay's own stand with their transactions.
	Findings []Finding
}

// Transaction is one replayed transaction of the chaincode.
type Transaction struct {
	// ID is unique among valid transactions only.
	ID           string
	Index        int
	Time         time.Time
	Organisation massbalance.OrganisationID
	// Code is the peer's validation code. Where it is not VALID the transaction
	// took no effect, and Results, Entries and Writes are empty.
	Code    string
	Results []massbalance.Result
	// Entries are the accepted commands with their records, in order.
	Entries []massbalance.Entry
	// Writes are the new values of the state, one per key.
	Writes []massbalance.Write
	// Finding says where the peer's write set or answer differs from the
	// replay's; nil if nowhere. The replay's own values are used.
	Finding *Finding

	forms *Forms
}

// Finding is the first difference in a transaction between what the chain says
// and what the rules give.
type Finding struct {
	Block       uint64 `json:"block"`
	Transaction string `json:"transaction"`
	// Problem is the kind of difference.
	Problem Problem `json:"problem"`
	// Key is the ledger key concerned, or "" where the difference is not about one.
	Key      string `json:"key"`
	Expected string `json:"expected"`
	Found    string `json:"found"`
}

// Problem is a kind of finding.
type Problem string

// The kinds of findings.
const (
	MissingKey      Problem = "missing_key"      // the rules write a key that the chain does not
	ExtraKey        Problem = "extra_key"        // the chain writes a key that the rules do not
	RepeatedKey     Problem = "repeated_key"     // the chain writes a key twice
	DifferingValue  Problem = "differing_value"  // both write it, with other values
	DeletedKey      Problem = "deleted_key"      // the rules never delete
	DifferingGuard  Problem = "differing_guard"  // one of both gives the key an endorsement policy
	DifferingAnswer Problem = "differing_answer" // the commands' results are others
	UnreadableBatch Problem = "unreadable_batch" // the arguments are no canonical batch
	RulesFailed     Problem = "rules_failed"     // the rules ended with an internal error
	// DifferingPrivate: private data was written that Keep would not write so
	DifferingPrivate Problem = "differing_private"
	ForeignFunction  Problem = "foreign_function" // something else than Apply wrote to the ledger
)
