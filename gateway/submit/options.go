package submit

import (
	"cmp"
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/keys"
)

// Options say which peer to use, as whom, and within which bounds. Zero bounds
// take the default.
type Options struct {
	// Peer is the address of the organisation's own peer, host:port.
	Peer string
	// ServerName is the name in the peer's TLS certificate.
	ServerName string
	// TLSCA is a PEM file, the authority of the peer's TLS certificate.
	TLSCA string
	// Key is the key that signs, with its certificate.
	Key keys.Options
	// Organisation is the identity's MSP ID.
	Organisation string
	Channel      string
	Chaincode    string

	// First finds the record of an accepted command of the organisation, and its block. From version
	// 4 of the rules on the ledger answers a repetition without them. It may wait
	// until the context ends for a command that was just committed. Nil finds nothing:
	// the outcome of a repetition then names no transaction.
	First func(context.Context, massbalance.CommandID) (massbalance.Record, uint64, error)

	Timeouts Timeouts
	Limits   Limits
	// Registerer takes the metrics; nil keeps them to themselves.
	Registerer prometheus.Registerer
}

// Timeouts bound each step.
type Timeouts struct {
	Endorse  time.Duration // one proposal: 15 s
	Order    time.Duration // one hand-over to the orderers: 10 s
	Status   time.Duration // asking for the commit status, over all: 30 s
	Evaluate time.Duration // one evaluation: 5 s
	// Batch bounds how long a batch is proposed again and again: 30 s. A part of one
	// that was halved because other gateways were first has as long again. A
	// transaction that was handed over is awaited for Status beyond it.
	Batch time.Duration
}

// Limits bound the queue.
type Limits struct {
	Commands  int // commands per transaction: 500
	Bytes     int // bytes of a transaction's batch: 512 KiB
	Waiting   int // commands waiting, over all sites: 20,000
	PerCaller int // commands of one caller waiting: half of Waiting
	Parallel  int // transactions under way: 4
}

func (t Timeouts) withDefaults() Timeouts {
	return Timeouts{
		Endorse:  cmp.Or(t.Endorse, 15*time.Second),
		Order:    cmp.Or(t.Order, 10*time.Second),
		Status:   cmp.Or(t.Status, 30*time.Second),
		Evaluate: cmp.Or(t.Evaluate, 5*time.Second),
		Batch:    cmp.Or(t.Batch, 30*time.Second),
	}
}

func (l Limits) withDefaults() Limits {
	waiting := cmp.Or(l.Waiting, 20_000)
	return Limits{
		Commands:  cmp.Or(l.Commands, 500),
		Bytes:     cmp.Or(l.Bytes, 512<<10),
		Waiting:   waiting,
		PerCaller: cmp.Or(l.PerCaller, max(waiting/2, 1)),
		Parallel:  cmp.Or(l.Parallel, 4),
	}
}
