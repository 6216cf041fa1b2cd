// Package block turns Fabric blocks into transactions. It is the only importer
// of Fabric's protobuf types in the gateway.
package block

import "time"

// Block is one block of the channel, as far as the ledger is concerned.
type Block struct {
	Number       uint64
	Transactions []Transaction
}

// Transaction is one endorser transaction of a block. Configuration
// transactions are left out; Index keeps counting them.
type Transaction struct {
	ID string
	// Index is its place in the block.
	Index int
	// Time is the client's timestamp: evidence, not authority.
	Time time.Time
	// Organisation is the MSP ID of the identity that signed the transaction.
	Organisation string
	// Code is the name of the peer's validation code, "VALID" where valid.
	Code      string
	Chaincode string
	// Args are the chaincode's arguments, the function's name first.
	Args [][]byte
	// Response is the payload of the chaincode's answer.
	Response []byte
	// Writes are the written keys in the chaincode's own namespace, in order.
	Writes []Write
}

// Write is one key of a transaction's write set.
type Write struct {
	Key     string
	Value   []byte
	Deleted bool
}

// Valid reports whether the transaction took effect.
func (t Transaction) Valid() bool { return t.Code == "VALID" }
