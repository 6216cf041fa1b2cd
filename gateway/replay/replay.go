// Package replay re-executes every valid transaction with the same pure rules
// that the chaincode runs, and compares what it wrote byte for byte.
package replay

import (
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Block is what replaying one block gave: what a read model folds.
type Block struct {
	Number       uint64
	Transactions []Transaction
}

// Transaction is one replayed transaction of the chaincode.
type Transaction struct {
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
}

// Finding is a difference between what the chain says and what the rules give.
type Finding struct {
	Block       uint64
	Transaction string
	Key         string
	Expected    string
	Found       string
}
