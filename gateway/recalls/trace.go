package recalls

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

const (
	// named bounds the lots and claims of one command: the most that the rules take.
	named = massbalance.ListLimit
	// narrowest leaves one lot of as many.
	narrowest = 9
	// atOnce bounds the commands of one call, so that they fit into one transaction.
	atOnce = 4
	// by is who traces, in the command: no person gave it.
	by = "service recalls"
	// awaitRead bounds how long the gateway's own reads are waited for.
	awaitRead = 10 * time.Second
)

// commands are what to send next: lots parents first, then claims. After
// failures they name fewer at once.
func (t *Tracer) commands(r *recall) []massbalance.Command {
	f, u, size := r.reach.Recall.Finding, r.reach.Untraced, max(1, named>>t.narrow)
	var bodies []massbalance.TraceRecall
	for lots := range slices.Chunk(u.Lots, size) {
		bodies = append(bodies, massbalance.TraceRecall{Certifier: f.Certifier, Statement: f.Statement, Lots: lots})
	}
	for claims := range slices.Chunk(u.Claims, size) {
		bodies = append(bodies, massbalance.TraceRecall{Certifier: f.Certifier, Statement: f.Statement, Claims: claims})
	}
	var commands []massbalance.Command
	for _, body := range bodies[:min(len(bodies), atOnce)] {
		commands = append(commands, massbalance.Command{ID: r.commandID(body), By: by, Body: body})
	}
	return commands
}

// trace sends what is to be traced next and waits until the read model has it.
// An error means that something of it has no definite result, or was refused:
// what is then left to do, the next look says.
func (t *Tracer) trace(ctx context.Context, r *recall) error {
	f := r.reach.Recall.Finding
	outcomes, err := t.Submitter.Submit(ctx, t.commands(r))
	if err != nil {
		return fmt.Errorf("couldn't send traces of statement %s of %s: %w", f.Statement, f.Certifier, err)
	}
	var last uint64
	repeated := true
	for _, o := range outcomes {
		switch o.Stage {
		case submit.Valid:
			last, repeated = max(last, o.Block), repeated && o.Result.Repeated
		case submit.Refused:
			err = fmt.Errorf("a trace of statement %s of %s was refused: %s: %s", f.Statement, f.Certifier, o.Result.Code, o.Result.Message)
		default:
			err = fmt.Errorf("a trace of statement %s of %s came no further than %s: %s", f.Statement, f.Certifier, o.Stage, o.Detail)
		}
	}
	waiting, cancel := context.WithTimeout(ctx, awaitRead)
	defer cancel()
	_ = t.Model.Await(waiting, last) // who then looks too early sends the same commands again
	if err != nil {
		return err
	}
	t.narrow = max(0, t.narrow-1)
	if t.failures = 0; repeated {
		r.repeated++
		return nil
	}
	t.Log.Info("traced what rests on a recalled statement", "certifier", f.Certifier, "statement", f.Statement, "commands", len(outcomes))
	return nil
}
