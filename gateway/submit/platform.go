package submit

import "context"

// platform is what the queue needs of Fabric. Its errors are all *failure, and
// each method says which kinds it may give, because the kind decides what may be
// tried again.
type platform interface {
	// propose has a batch simulated and endorsed under a new transaction ID.
	// Nothing is written by it, whatever it returns. It fails as lagging, notReady,
	// rejected or faulted.
	propose(ctx context.Context, batch []byte) (endorsed, error)
	// status waits until the transaction is committed and tells what the peer
	// decided. It must not tell of a transaction that may still be decided
	// otherwise. It fails as uncertain, or as rejected if it is no use to ask again.
	status(ctx context.Context, transaction string) (commit, error)
	// height is how many blocks an organisation's peer has committed; "" is the own.
	height(ctx context.Context, organisation string) (uint64, error)
	// consortium is the consortium's value in the ledger's form, as the own peer has
	// it; none before it is founded.
	consortium(ctx context.Context) ([]byte, error)
}

// endorsed is a transaction with enough endorsements.
type endorsed interface {
	// ID is the transaction's ID.
	ID() string
	// Answer is what the chaincode answered, the same at all endorsers.
	Answer() []byte
	// order hands the transaction to the orderers. No error means that it is
	// with them, now or from before. It fails as rejected or notReady only if it
	// is sure never to be committed, else as uncertain.
	order(ctx context.Context) error
}

// commit is the end of an ordered transaction.
type commit struct {
	// code is Fabric's validation code by name.
	code  string
	block uint64
}

// kind is what a failure means for a next attempt.
type kind int

const (
	// lagging: peers gave different answers; propose again.
	lagging kind = iota
	// notReady: nobody took it, which may change in a moment.
	notReady
	// rejected: it would be refused again.
	rejected
	// faulted: the chaincode itself ended with an error.
	faulted
	// uncertain: it may or may not have happened.
	uncertain
)

// failure is an error of the platform with its meaning.
type failure struct {
	kind   kind
	detail string
	// differ are the organisations whose peers gave another answer, where lagging.
	differ []string
}

func (f *failure) Error() string { return f.detail }
