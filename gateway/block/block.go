// Package block turns Fabric blocks into transactions and follows a peer's
// chain of them. What replays and folds blocks knows them in this form only;
// Fabric's own types stay here, in submit's error details and in the audit,
// which judges a block before it becomes transactions.
//
// What it guarantees. A block that Parse returns has data that belong to its
// header, and every transaction that took effect was read in full. Bytes that
// cannot be read give an error that names block and transaction, never a panic.
// Bytes of a transaction that the peers found invalid are not an error: any
// member's client can get nonsense ordered, and it must not stop anybody's
// gateway; such a transaction carries what could be read of it. Follow hands
// over every block exactly once and in order, each one the successor, by hash,
// of the one before.
//
// What it does not check: the orderers' signatures on a block. The peer did
// that; whoever distrusts their own peer compares checkpoints with others.
package block

import "time"

// ValidCode is the code of a transaction that took effect.
const ValidCode = "VALID"

// Block is one block of the channel, as far as the ledger is concerned.
type Block struct {
	Number uint64
	// Hash is that of the block's header, which the next block's header repeats.
	Hash [32]byte
	// Previous is the hash of the block before; zero for the first.
	Previous     [32]byte
	Transactions []Transaction
}

// Transaction is one endorser transaction of a block. Configuration
// transactions are left out; Index keeps counting them.
type Transaction struct {
	// ID is unique among valid transactions only: an invalid one may repeat the
	// ID of another, or have none.
	ID string
	// Index is its place in the block.
	Index int
	// Size is how many bytes it takes in the block, endorsements included.
	Size int
	// Time is the client's timestamp: evidence, not authority.
	Time time.Time
	// Organisation is the MSP ID of the identity that signed the transaction.
	Organisation string
	// Code is the name of the peer's validation code, ValidCode where valid.
	Code string
	// Chaincode is the one that was called; calls that it passed on to others
	// show in Foreign only.
	Chaincode string
	// Args are the chaincode's arguments, the function's name first.
	Args [][]byte
	// Response is the payload of the chaincode's answer.
	Response []byte
	// Writes are the written keys in the chaincode's own namespace, in order.
	Writes []Write
	// Guarded are the keys of the chaincode's own namespace whose key-level
	// endorsement policy the transaction set, in order.
	Guarded []string
	// Foreign are the written keys in namespaces of other chaincodes, system
	// namespaces left out.
	Foreign []Namespace
	// Private are the writes to private data in the chaincode's own namespace, in
	// order. A block has only the hashes of their keys and values.
	Private []PrivateWrite
}

// PrivateWrite is one key of a collection's write set, as hashes (SHA-256).
type PrivateWrite struct {
	Collection string
	Key        []byte
	Value      []byte
	Deleted    bool
	// Guarded is set where the key's endorsement policy was set as well.
	Guarded bool
}

// Namespace is what a transaction wrote in another chaincode's namespace.
type Namespace struct {
	Chaincode string
	Writes    []Write
}

// Write is one key of a transaction's write set.
type Write struct {
	Key     string
	Value   []byte
	Deleted bool
}

// Valid reports whether the transaction took effect.
func (t Transaction) Valid() bool { return t.Code == ValidCode }
