package season

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// driver sends a plan's phases.
type driver struct {
	options  Options
	gateways map[massbalance.OrganisationID]gateway
	progress *progress

	mu sync.Mutex
	// done has a channel per command that others wait for, closed when it is accepted.
	done     map[Ref]chan struct{}
	repeated int
}

// phase sends the lanes of a phase side by side and ends when all are through.
func (d *driver) phase(ctx context.Context, phase Phase) error {
	d.progress.begin(phase)
	group, ctx := errgroup.WithContext(ctx)
	for _, lane := range phase.Lanes {
		group.Go(func() error { return d.lane(ctx, lane) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	d.progress.end()
	return nil
}

// lane sends one organisation's steps in order, as many at a time as may go
// together: a step that waits for another lane begins a new request.
func (d *driver) lane(ctx context.Context, lane Lane) error {
	steps := lane.Steps
	for len(steps) > 0 {
		if err := d.await(ctx, steps[0].After); err != nil {
			return err
		}
		n := 1
		for n < len(steps) && n < d.options.Batch && steps[0].Request == nil && steps[n].Request == nil && d.ready(steps[n].After) {
			n++
		}
		if err := d.deliver(ctx, lane, steps[:n]); err != nil {
			return fmt.Errorf("couldn't complete the commands of %s %s: %w", lane.Organisation, lane.Site, err)
		}
		steps = steps[n:]
	}
	return nil
}

// signal is the channel that is closed once the command was accepted.
func (d *driver) signal(ref Ref) chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.done[ref] == nil {
		d.done[ref] = make(chan struct{})
	}
	return d.done[ref]
}

func (d *driver) await(ctx context.Context, ref Ref) error {
	if ref == (Ref{}) {
		return nil
	}
	select {
	case <-d.signal(ref):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *driver) ready(ref Ref) bool {
	if ref == (Ref{}) {
		return true
	}
	select {
	case <-d.signal(ref):
		return true
	default:
		return false
	}
}

// Attempts are made again after pauses that double, from the first to the last.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 2 * time.Second
)

// deliver sends steps until each was accepted. It may send a command as often
// as it takes, for the command's ID makes it idempotent; it stops at a refusal
// that time cannot mend, and after Patience without any progress.
func (d *driver) deliver(ctx context.Context, lane Lane, steps []Step) error {
	wait, deadline := firstPause, time.Now().Add(d.options.Patience)
	for len(steps) > 0 {
		answers, err := d.send(ctx, d.gateways[lane.Organisation], steps)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var left []Step
		if err == nil {
			left, err = d.settle(lane, steps, answers)
		} else {
			left = steps
		}
		var final *finalError
		if errors.As(err, &final) {
			return err
		}
		if len(left) < len(steps) {
			wait, deadline = firstPause, time.Now().Add(d.options.Patience)
		}
		if steps = left; len(steps) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no progress within %s: %w", d.options.Patience, err)
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, lastPause)
	}
	return nil
}

// send asks for one step's command, or sends those of several.
func (d *driver) send(ctx context.Context, g gateway, steps []Step) ([]Answer, error) {
	if steps[0].Request != nil {
		return g.ask(ctx, steps[0].Command.ID, *steps[0].Request)
	}
	commands := make([]massbalance.Command, len(steps))
	for i, step := range steps {
		commands[i] = step.Command
	}
	return g.send(ctx, commands)
}

// finalError is an answer that sending the command again cannot change.
type finalError struct{ answer Answer }

func (e *finalError) Error() string { return e.answer.String() }

// settle notes what was accepted and gives back what must be sent again, with
// the reason of the first. A refusal is final, unless it can come from a peer
// that has not seen yet what the command rests on: another organisation's block
// under way, or an earlier command of the same request that must be repeated.
func (d *driver) settle(lane Lane, steps []Step, answers []Answer) (left []Step, reason error) {
	for i, answer := range answers {
		if answer.accepted() {
			d.accepted(lane, steps[i], answer)
			continue
		}
		refused := answer.Stage == stageRefused || answer.Stage == stageValid
		if refused && len(left) == 0 && !slices.Contains(perhapsLate, answer.Code) || answer.unwelcome() {
			return left, &finalError{answer}
		}
		left = append(left, steps[i])
		if reason == nil {
			reason = errors.New(answer.String())
		}
	}
	return left, reason
}

// perhapsLate are refusals for want of something that another organisation's
// gateway has already seen committed.
var perhapsLate = []massbalance.Code{massbalance.NotFound, massbalance.NotMember, massbalance.RoundNotNext}

func (d *driver) accepted(lane Lane, step Step, answer Answer) {
	ref := Ref{lane.Organisation, step.Command.ID}
	signal := d.signal(ref)
	d.mu.Lock()
	defer d.mu.Unlock()
	close(signal)
	if answer.Repeated {
		d.repeated++
	}
	d.progress.count(step.Command)
}
