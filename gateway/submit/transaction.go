package submit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/trace"
)

// attempts bounds how often a batch is proposed because peers lag or another
// transaction came first. What is not ready is tried until the deadline.
const attempts = 12

// A conflict means that another gateway of the organisation was first at the
// site. Both learn it from the same block, and whoever proposes at once has an
// even chance to be first next time; whoever pauses never has. So the pause is
// only to tell the two apart, and there may be many attempts. What touches much has no
// even chance against many small transactions, each of which touches some of it: where
// several commands were late so often, each half of them is tried by itself.
const (
	contested     = 60
	outrun        = 4
	contestedTime = 15 * time.Millisecond
)

// unready is how often peers may not be ready before a batch is taken apart.
const unready = 4

// The pauses between attempts grow from the first to the last. They wait for
// peers to catch up by a block, of which there are a few per second.
const (
	shortestPause = 50 * time.Millisecond
	longestPause  = 2 * time.Second
	// lookUp bounds the search for the blocks of repeated commands.
	lookUp = 2 * time.Second
)

// The validation codes that matter here; all others but valid are final.
const (
	codeValid    = "VALID"
	codeConflict = "MVCC_READ_CONFLICT"
	codePhantom  = "PHANTOM_READ_CONFLICT"
)

// reason is why a batch is proposed again, "" where it is not.
type reason string

const (
	peersLag      reason = "peers_lag"
	peersNotReady reason = "peers_not_ready"
	orderersAway  reason = "orderers_not_ready"
	conflict      reason = "conflict"
	halved        reason = "halved"
)

// runner takes a batch to its end.
type runner struct {
	platform platform
	timeouts Timeouts
	metrics  *metrics
	load     *load
	form     *form
	// first is Options.First.
	first func(context.Context, massbalance.CommandID) (massbalance.Record, uint64, error)
}

// run sends commands as one transaction and gives an outcome for each.
func (r *runner) run(ctx context.Context, commands []massbalance.Command) []Outcome {
	ctx, span := trace.Batch(ctx, commandIDs(commands))
	defer span.End()
	deadline, cancel := context.WithTimeout(ctx, r.timeouts.Batch)
	defer cancel()
	return r.part(ctx, deadline, commands, false)
}

// part sends commands as one transaction, or the halves one after the other
// where what fails may concern one of them only and the others need not suffer:
// the rules never fail over a command, so an internal error is one of the state
// behind it; what the peers of one organisation must endorse, such as a receipt
// from it, nobody can while they are away; and the fewer commands, the fewer are
// the transactions of others that come between.
func (r *runner) part(ctx, deadline context.Context, commands []massbalance.Command, half bool) []Outcome {
	r.metrics.batch.Observe(float64(len(commands)))
	patience := unready
	if len(commands) == 1 && !half {
		patience = 0
	}
	end := r.settle(ctx, deadline, commands, patience)
	if len(commands) > 1 {
		switch {
		case end.again == conflict && ctx.Err() == nil:
			return r.halves(commands, func(some []massbalance.Command) []Outcome {
				anew, cancel := context.WithTimeout(ctx, r.timeouts.Batch) // others get on, so the network does
				defer cancel()
				return r.part(ctx, anew, some, half)
			})
		case (end.faulted || end.again == peersNotReady) && deadline.Err() == nil:
			return r.halves(commands, func(some []massbalance.Command) []Outcome { return r.part(ctx, deadline, some, true) })
		}
	}
	if end.results == nil {
		outcomes := make([]Outcome, len(commands))
		for i := range outcomes {
			outcomes[i] = end.outcome()
		}
		return outcomes
	}
	return r.outcomes(ctx, end)
}

// halves has one half of the commands sent and then the other.
func (r *runner) halves(commands []massbalance.Command, send func([]massbalance.Command) []Outcome) []Outcome {
	r.metrics.retries.WithLabelValues(string(halved)).Inc()
	half := len(commands) / 2
	return append(send(commands[:half]), send(commands[half:])...)
}

// ending is how a transaction ended.
type ending struct {
	stage  Stage
	detail string
	// again is why another attempt may end better.
	again reason
	// differ are the organisations whose peers gave another answer.
	differ []string
	// faulted is set where the chaincode itself failed.
	faulted bool
	// results are set where the stage is Valid, or Refused without ordering.
	results     []massbalance.Result
	transaction string
	block       uint64
}

// settle proposes until the batch is settled or there is no point in going on.
// Patience is how often peers may not be ready; 0 has no end but the deadline.
func (r *runner) settle(ctx, deadline context.Context, commands []massbalance.Command, patience int) ending {
	batch, err := r.form.batch(deadline, r.platform, commands)
	if err != nil {
		return ending{stage: NotEndorsed, detail: err.Error()}
	}
	disputed, unready, conflicts, late := 0, 0, 0, contested
	if len(commands) > 1 {
		late = outrun
	}
	for n := 0; ; n++ {
		end := r.attempt(ctx, deadline, batch, commands)
		r.metrics.transactions.WithLabelValues(end.label()).Inc()
		switch end.again {
		case peersLag:
			disputed++
		case conflict:
			conflicts++
		case peersNotReady:
			unready++
		}
		if end.again == "" || disputed == attempts || conflicts == late || unready == patience && patience > 0 || r.rest(deadline, end, n) != nil {
			return end
		}
		r.metrics.retries.WithLabelValues(string(end.again)).Inc()
	}
}

// attempt proposes the batch once, has it ordered and waits for its commit.
// Whoever has handed a transaction over waits beyond the batch's deadline: what
// may be committed is worth knowing.
func (r *runner) attempt(ctx, deadline context.Context, batch []byte, commands []massbalance.Command) ending {
	began := time.Now()
	tx, err := r.propose(deadline, batch)
	if err != nil {
		return endOfProposal(err)
	}
	results, err := wire.ParseAnswer(tx.Answer(), commands)
	if err == nil && len(results) != len(commands) {
		err = fmt.Errorf("%d results for %d commands", len(results), len(commands))
	}
	if err != nil {
		return ending{stage: NotEndorsed, detail: "couldn't read the chaincode's answer: " + err.Error()}
	}
	if writesNothing(results) {
		return ending{stage: Refused, results: results}
	}
	doubt, err := r.order(deadline, tx)
	if err != nil {
		return endOfOrder(err, tx.ID())
	}
	end := r.await(ctx, tx.ID(), results)
	switch end.stage {
	case Unknown:
		end.detail += doubt
	case Valid:
		r.load.saw(time.Since(began))
	}
	return end
}

func (r *runner) propose(ctx context.Context, batch []byte) (endorsed, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeouts.Endorse)
	defer cancel()
	ctx, span := trace.Start(ctx, "endorse")
	tx, err := r.platform.propose(ctx, batch)
	trace.End(span, err)
	return tx, err
}

// order hands the transaction over. If it is not certain to be there, only its
// commit status can tell; the doubt is what was said.
func (r *runner) order(ctx context.Context, tx endorsed) (doubt string, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeouts.Order)
	defer cancel()
	trace.Ordered(ctx, tx.ID())
	ctx, span := trace.Start(ctx, "order", oteltrace.WithAttributes(trace.TransactionKey.String(tx.ID())))
	err = tx.order(ctx)
	trace.End(span, err)
	if err != nil && kindOf(err) == uncertain {
		return "; when it was handed to the orderers: " + err.Error(), nil
	}
	return "", err
}

// await asks for the commit status until it is known or time is up.
func (r *runner) await(ctx context.Context, id string, results []massbalance.Result) (end ending) {
	ctx, cancel := context.WithTimeout(ctx, r.timeouts.Status)
	defer cancel()
	ctx, span := trace.Start(ctx, "commit", oteltrace.WithAttributes(trace.TransactionKey.String(id)))
	defer func() {
		span.SetAttributes(trace.StageKey.String(string(end.stage)))
		span.End()
	}()
	for n := 0; ; n++ {
		done, err := r.platform.status(ctx, id)
		if err == nil {
			return endOfCommit(id, done, results)
		}
		if kindOf(err) != uncertain || wait(ctx, pause(n)) != nil {
			return ending{stage: Unknown, transaction: id, detail: "couldn't learn whether the transaction was committed: " + err.Error()}
		}
	}
}

func endOfProposal(err error) ending {
	end := ending{stage: NotEndorsed, detail: err.Error()}
	switch kindOf(err) {
	case lagging:
		end.stage, end.again, end.differ = Mismatch, peersLag, differ(err)
	case notReady:
		end.again = peersNotReady
	case faulted:
		end.faulted = true
	}
	return end
}

func endOfOrder(err error, id string) ending {
	end := ending{stage: NotSubmitted, transaction: id, detail: err.Error()}
	if kindOf(err) == notReady {
		end.again = orderersAway
	}
	return end
}

func endOfCommit(id string, done commit, results []massbalance.Result) ending {
	end := ending{transaction: id, block: done.block}
	switch done.code {
	case codeValid:
		end.stage, end.results = Valid, results
		return end
	case codeConflict, codePhantom:
		end.again = conflict
	}
	end.stage, end.detail = Invalid, "the peers found the transaction invalid: "+done.code
	return end
}

// label is the ending for the transactions counter.
func (e ending) label() string {
	if e.results != nil && e.transaction == "" {
		return "not_ordered"
	}
	return string(e.stage)
}

// writesNothing reports whether a batch leaves the state as it is: no command
// in it was accepted for the first time.
func writesNothing(results []massbalance.Result) bool {
	for _, r := range results {
		if r.Code == massbalance.Accepted && !r.Repeated {
			return false
		}
	}
	return true
}

// outcomes spells out a settled batch.
func (r *runner) outcomes(ctx context.Context, end ending) []Outcome {
	ctx, cancel := context.WithTimeout(ctx, lookUp)
	defer cancel()
	blocks := map[string]uint64{end.transaction: end.block}
	outcomes := make([]Outcome, len(end.results))
	for i, result := range end.results {
		o := Outcome{Stage: Valid, Result: result, Transaction: end.transaction}
		switch {
		case result.Code != massbalance.Accepted:
			o.Stage = Refused
		case result.Repeated:
			o.Transaction = r.findFirst(ctx, blocks, &o.Result)
		}
		o.Block = blocks[o.Transaction]
		outcomes[i] = o
	}
	return outcomes
}

// findFirst gives the transaction in which a repeated command was accepted, and notes
// its block. What the ledger no longer says of it is added to the result.
func (r *runner) findFirst(ctx context.Context, blocks map[string]uint64, result *massbalance.Result) (id string) {
	if result.Transaction != "" {
		r.findBlock(ctx, blocks, result.Transaction)
		return result.Transaction
	}
	if r.first == nil {
		return ""
	}
	record, block, err := r.first(ctx, result.Command)
	if err != nil {
		return "" // that it was accepted is certain; where is only good to know
	}
	result.Transaction, result.Subject, result.Sequence, result.Pending = record.Transaction, record.Subject, record.Sequence, record.Pending
	blocks[record.Transaction] = block
	return record.Transaction
}

// findBlock looks up where an earlier transaction was committed, once. That it
// was is certain; its block's number is only good to know.
func (r *runner) findBlock(ctx context.Context, blocks map[string]uint64, id string) {
	if _, known := blocks[id]; known {
		return
	}
	done, err := r.platform.status(ctx, id)
	if err != nil {
		done.block = 0
	}
	blocks[id] = done.block
}

func differ(err error) []string {
	var f *failure
	if errors.As(err, &f) {
		return f.differ
	}
	return nil
}

// kindOf takes an error that is none of the platform's as a refusal.
func kindOf(err error) kind {
	var f *failure
	if errors.As(err, &f) {
		return f.kind
	}
	return rejected
}

// pause is the wait after the nth attempt, half of it by chance, so that those
// who met once do not meet again.
func pause(n int) time.Duration {
	d := min(shortestPause<<min(n, 10), longestPause)
	return d/2 + rand.N(d/2)
}

// pause is the wait before the next attempt.
func (e ending) pause(n int) time.Duration {
	if e.again == conflict {
		return rand.N(contestedTime)
	}
	return pause(n)
}

// wait lets the time pass unless ctx ends before.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
