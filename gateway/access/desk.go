package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// Submitter brings commands to the ledger; see package submit.
type Submitter interface {
	Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error)
}

// Model is the gateway's own copy of the ledger.
type Model interface {
	Read(ctx context.Context, look func(*readmodel.Snapshot) error) error
}

// Desk is where every command is handed in, whichever way it came: it writes
// who gave it into the command, holds what a second person has to approve,
// refuses what the giver may not give, and keeps the log.
type Desk struct {
	Accounts     *Accounts
	Organisation massbalance.OrganisationID
	Model        Model
	Next         Submitter
	Log          *slog.Logger
}

// ErrMayNotOperate says that whoever hands a command in may give none, or no more.
var ErrMayNotOperate = fmt.Errorf("whoever gives commands needs the permission %q: %w", Operate, ErrRefused)

// Submit hands commands in for the actor of the context. What the actor may do is
// looked up anew, because an import goes on for longer than a request.
func (d *Desk) Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error) {
	actor, err := d.Accounts.renewed(ctx, From(ctx))
	if err != nil {
		return nil, err
	}
	if !actor.May(Operate) {
		return nil, ErrMayNotOperate
	}
	known, err := d.known(ctx, commands)
	if err != nil {
		return nil, err
	}
	held, err := d.Accounts.HeldTypes(ctx)
	if err != nil {
		return nil, err
	}
	outcomes := make([]submit.Outcome, len(commands))
	var sent []massbalance.Command
	var at []int
	for i, c := range commands {
		outcome, now, err := d.take(ctx, actor, c, known[c.ID], slices.Contains(held, c.Body.Type()))
		if err != nil {
			return nil, err
		}
		if outcomes[i] = outcome; outcome.Stage == "" {
			sent, at = append(sent, now), append(at, i)
		}
	}
	if len(sent) > 0 {
		results, err := d.Next.Submit(ctx, sent)
		if err != nil {
			return nil, err
		}
		for i, outcome := range results {
			outcomes[at[i]] = outcome
		}
	}
	d.note(ctx, actor, commands, outcomes)
	return outcomes, nil
}

// giver is who gave a command, as the ledger has it; false where it has none.
type giver struct {
	by    string
	there bool
}

// known looks up which of the commands are on the ledger already. Such a one is
// sent on as its first giver gave it: whoever sends it again, it is the same
// command, and gets the first result (I8).
func (d *Desk) known(ctx context.Context, commands []massbalance.Command) (map[massbalance.CommandID]giver, error) {
	known := map[massbalance.CommandID]giver{}
	err := d.Model.Read(ctx, func(s *readmodel.Snapshot) error {
		for _, c := range commands {
			entry, err := s.Command(d.Organisation, c.ID)
			var missing *readmodel.NotFound
			switch {
			case err == nil:
				known[c.ID] = giver{entry.Command.By, true}
			case !errors.As(err, &missing):
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't look up who gave the commands first: %w", err)
	}
	return known, nil
}

// take decides on one command: an outcome, or, where its stage is "", the
// command as it is to be sent.
func (d *Desk) take(ctx context.Context, actor Actor, c massbalance.Command, first giver, needsTwo bool) (submit.Outcome, massbalance.Command, error) {
	if site := massbalance.SiteOf(c.Body); len(actor.Sites) > 0 && !slices.Contains(actor.Sites, site) {
		return submit.Outcome{Stage: submit.Forbidden, Detail: fmt.Sprintf("%s gives commands for %s only", actor.Name, join(actor.Sites))}, c, nil
	}
	c.By = ""
	if needsTwo && !first.there {
		outcome, by, err := d.Accounts.hold(ctx, actor, c)
		if err != nil || outcome.Stage != "" {
			return outcome, c, err
		}
		first = giver{by, true}
	}
	if c.By = actor.Name; first.there {
		c.By = first.by
	}
	return submit.Outcome{}, c, wire.Seal(&c)
}

// note writes the commands down. They are handed in by then, so that a log that
// fails changes no answer.
func (d *Desk) note(ctx context.Context, actor Actor, commands []massbalance.Command, outcomes []submit.Outcome) {
	acts := make([]Act, len(commands))
	for i, c := range commands {
		acts[i] = Act{Actor: actor.Name, Action: "command " + c.Body.Type(), Subject: string(c.ID), Outcome: outcomeText(outcomes[i])}
	}
	if err := d.Accounts.Note(context.WithoutCancel(ctx), acts...); err != nil {
		d.Log.LogAttrs(ctx, slog.LevelError, "couldn't note who gave commands", slog.Any("error", err))
	}
}

func outcomeText(o submit.Outcome) string {
	switch {
	case o.Stage == submit.Refused:
		return string(o.Stage) + ": " + string(o.Result.Code)
	case o.Result.Repeated:
		return "repeated"
	}
	return string(o.Stage)
}
