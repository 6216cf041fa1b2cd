// Package ledgertest is a whole ledger in memory for the tests of what stands
// on the read model: the real rules decide, and blocks come out as replay gives
// them. Only Fabric is missing.
package ledgertest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/replay"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// Ledger orders and executes transactions. Each makes a block of its own.
type Ledger struct {
	t   testing.TB
	key *ecdsa.PrivateKey

	mu     sync.Mutex
	state  massbalance.Memory
	blocks []replay.Block
	follow func(replay.Block)
}

// New begins a ledger whose block 0 is a configuration block.
func New(t testing.TB) *Ledger {
	// The certifier's key is the same in every test, so that documents may be kept
	// that were signed with it.
	seed := sha256.Sum256([]byte("the certifier of the tests"))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	require.NoError(t, err)
	return &Ledger{t: t, key: key, state: massbalance.Memory{}, blocks: []replay.Block{{}}, follow: func(replay.Block) {}}
}

// Blocks returns the chain so far.
func (l *Ledger) Blocks() []replay.Block {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]replay.Block{}, l.blocks...)
}

// Follow hands over the blocks so far and each later one, in order.
func (l *Ledger) Follow(handle func(replay.Block)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range l.blocks {
		handle(b)
	}
	l.follow = handle
}

// Add puts a block at the end as it is, with the next number.
func (l *Ledger) Add(transactions ...replay.Transaction) replay.Block {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.add(transactions...)
}

func (l *Ledger) add(transactions ...replay.Transaction) replay.Block {
	// Replay gives transactions that carry their forms. Here they are made before
	// anybody sees the block: made by a reader they would be written into what
	// others read at the same time.
	for i := range transactions {
		_, err := transactions[i].Forms()
		require.NoError(l.t, err)
	}
	b := replay.Block{Number: uint64(len(l.blocks)), Transactions: transactions}
	l.blocks = append(l.blocks, b)
	l.follow(b)
	return b
}

// Execute commits a batch of an organisation as one transaction.
func (l *Ledger) Execute(org massbalance.OrganisationID, commands ...massbalance.Command) (replay.Block, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	number := uint64(len(l.blocks))
	tx := massbalance.Tx{ID: fmt.Sprintf("tx%06d", number), Organisation: org}
	batch, err := massbalance.ExecuteBatch(l.state, tx, commands)
	if err != nil {
		return replay.Block{}, err
	}
	l.state.Apply(batch.Writes)
	t := replay.Transaction{
		ID: tx.ID, Time: time.Unix(1785000000, 0).Add(time.Duration(number) * time.Minute),
		Organisation: org, Code: "VALID", Results: batch.Results, Writes: batch.Writes,
	}
	for _, r := range batch.Records {
		t.Entries = append(t.Entries, massbalance.Entry{Block: number, Command: commands[r.Index], Record: r.Record})
	}
	return l.add(t), nil
}

// Member is an organisation's way in; it is what package submit is to a real network.
type Member struct {
	Ledger       *Ledger
	Organisation massbalance.OrganisationID
}

// Submit commits the commands as one transaction.
func (m Member) Submit(_ context.Context, commands []massbalance.Command) ([]submit.Outcome, error) {
	block, err := m.Ledger.Execute(m.Organisation, commands...)
	if err != nil {
		return nil, err
	}
	t := block.Transactions[0]
	outcomes := make([]submit.Outcome, 0, len(commands))
	for _, r := range t.Results {
		stage := submit.Valid
		if r.Code != massbalance.Accepted {
			stage = submit.Refused
		}
		outcomes = append(outcomes, submit.Outcome{Stage: stage, Result: r, Transaction: t.ID, Block: block.Number})
	}
	return outcomes, nil
}

// Must commits a command that has to be accepted.
func (l *Ledger) Must(org massbalance.OrganisationID, commands ...massbalance.Command) {
	l.t.Helper()
	for i := range commands {
		require.NoError(l.t, wire.Seal(&commands[i]))
	}
	block, err := l.Execute(org, commands...)
	require.NoError(l.t, err)
	for _, r := range block.Transactions[0].Results {
		require.Equal(l.t, massbalance.Accepted, r.Code, "%s: %s", r.Command, r.Message)
	}
}
