package access

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/store"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// ApprovalState is where a request for approval stands.
type ApprovalState string

// A request is pending, then approved or declined; approved, the command is on
// its way, and done once the ledger decided.
const (
	Pending  ApprovalState = "pending"
	Approved ApprovalState = "approved"
	Declined ApprovalState = "declined"
	Done     ApprovalState = "done"
)

// ApprovalStates lists them.
var ApprovalStates = []ApprovalState{Pending, Approved, Declined, Done}

// Approval is a command that needs a second person.
type Approval struct {
	Command massbalance.Command
	// Requester gave the command and Decider decided on it, with a Note.
	Requester string
	Requested time.Time
	State     ApprovalState
	Decider   string
	Note      string
	Decided   time.Time
	// Outcome is what became of it where it is done.
	Outcome string

	asker Actor
}

// Claims, Reversals and Governance are the types of command for which a second
// person is asked where an organisation chose nothing else.
var (
	Claims     = []string{massbalance.ClaimCredits{}.Type(), massbalance.Cancel{}.Type(), massbalance.ReportTier{}.Type(), massbalance.CoverRecall{}.Type()}
	Reversals  = []string{massbalance.ProposeReversal{}.Type(), massbalance.ConfirmReversal{}.Type(), massbalance.CompleteReversal{}.Type(), massbalance.Reverse{}.Type()}
	Governance = []string{
		massbalance.FoundConsortium{}.Type(), massbalance.RegisterOrganisation{}.Type(), massbalance.RemoveOrganisation{}.Type(),
		massbalance.AdoptRules{}.Type(), massbalance.RegisterProduct{}.Type(), massbalance.RegisterRecipe{}.Type(),
		massbalance.RegisterBaseline{}.Type(), massbalance.RegisterCertifier{}.Type(), massbalance.RegisterCosigner{}.Type(), massbalance.RegisterProfile{}.Type(),
		massbalance.AdoptFinding{}.Type(),
	}
)

const heldChoice = "approval types"

// HeldTypes are the types of command that a second person must approve.
func (a *Accounts) HeldTypes(ctx context.Context) ([]string, error) {
	var chosen string
	err := a.store.QueryRow(ctx, `SELECT value FROM choices WHERE name = ?`, heldChoice).Scan(&chosen)
	if errors.Is(err, sql.ErrNoRows) {
		return slices.Concat(Claims, Reversals, Governance), nil
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't read which commands need approval: %w", err)
	}
	return split[string](chosen), nil
}

// HoldTypes chooses them. What waits already goes on waiting.
func (a *Accounts) HoldTypes(ctx context.Context, types []string) error {
	for _, t := range types {
		if !slices.ContainsFunc(massbalance.Bodies, func(b massbalance.Body) bool { return b.Type() == t }) {
			return refuse("%q is no type of command", t)
		}
	}
	return a.noted(ctx, "approval rules changed", join(types), func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO choices (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, heldChoice, join(types)); err != nil {
			return fmt.Errorf("couldn't choose which commands need approval: %w", err)
		}
		return nil
	})
}

const approvalColumns = `content, requester, persons, requested, state, decider, note, decided, outcome`

func scanApproval(r row) (p Approval, err error) {
	var content, asker []byte
	var requested, decided int64
	if err = r.Scan(&content, &p.Requester, &asker, &requested, &p.State, &p.Decider, &p.Note, &decided, &p.Outcome); err != nil {
		return p, err
	}
	p.Requested, p.Decided = moment(requested), moment(decided)
	if p.Command, err = wire.Decode[massbalance.Command](content); err != nil {
		return p, fmt.Errorf("couldn't read a held command: %w", err)
	}
	return p, json.Unmarshal(asker, &p.asker)
}

// ErrNotHeld says that no command of an ID was held.
var ErrNotHeld = fmt.Errorf("no such command was held for approval: %w", ErrRefused)

// Approval finds the request for a command.
func (a *Accounts) Approval(ctx context.Context, id massbalance.CommandID) (Approval, error) {
	return findApproval(ctx, a.store, id)
}

func findApproval(ctx context.Context, s asking, id massbalance.CommandID) (Approval, error) {
	p, err := scanApproval(s.QueryRow(ctx, `SELECT `+approvalColumns+` FROM approvals WHERE command = ?`, string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return p, ErrNotHeld
	}
	return p, err
}

// Approvals lists requests, the newest first; all states where state is "".
func (a *Accounts) Approvals(ctx context.Context, state ApprovalState, limit int) ([]Approval, error) {
	return collect(ctx, a.store, scanApproval, `SELECT `+approvalColumns+` FROM approvals WHERE ? = '' OR state = ? ORDER BY requested DESC, command LIMIT ?`,
		string(state), string(state), limit)
}

// Persons are the users who stand behind the request; none of them may approve it.
func (p Approval) Persons() []string { return p.asker.Persons }

// by is what is written into the command once it is approved.
func (p Approval) by() string { return p.Requester + ", approved by " + p.Decider }

// waits is the outcome of a command that is held.
var waits = submit.Outcome{Stage: submit.Held, Detail: "a second person has to approve this"}

// hold keeps a command until somebody approves it. The command is without a
// giver here, so that it is the same whoever hands it in. Where it was approved
// and accepted already, the giver to send it on with is returned instead.
func (a *Accounts) hold(ctx context.Context, actor Actor, c massbalance.Command) (outcome submit.Outcome, by string, err error) {
	content, err := wire.Format(c)
	if err != nil {
		return outcome, "", fmt.Errorf("couldn't write a command to be held: %w", err)
	}
	err = a.store.Within(ctx, func(tx *store.Tx) error {
		known, err := findApproval(ctx, tx, c.ID)
		switch {
		case errors.Is(err, ErrNotHeld):
			outcome = waits
			return a.insertApproval(ctx, tx, actor, c, content)
		case err != nil:
			return err
		case known.State == Done && !known.refused():
			by = known.by()
			return nil
		case known.State == Done:
			// The ledger refused it then. Whether it would now is asked anew.
			if _, err := tx.Exec(ctx, `DELETE FROM approvals WHERE command = ?`, string(c.ID)); err != nil {
				return fmt.Errorf("couldn't ask for approval anew: %w", err)
			}
			outcome = waits
			return a.insertApproval(ctx, tx, actor, c, content)
		}
		outcome, err = known.again(content)
		return err
	})
	return outcome, by, err
}

// refused reports whether the ledger refused the command once it was approved.
func (p Approval) refused() bool { return strings.HasPrefix(p.Outcome, string(submit.Refused)) }

// again answers for a command whose ID waits, or was declined.
func (p Approval) again(content []byte) (submit.Outcome, error) {
	before, err := wire.Format(p.Command)
	if err != nil {
		return submit.Outcome{}, fmt.Errorf("couldn't write a held command: %w", err)
	}
	switch {
	case !bytes.Equal(before, content):
		return submit.Outcome{Stage: submit.Forbidden, Detail: fmt.Sprintf("another command was handed in as %s before", p.Command.ID)}, nil
	case p.State == Declined:
		return submit.Outcome{Stage: submit.Forbidden, Detail: fmt.Sprintf("%s declined it: %s", p.Decider, p.Note)}, nil
	case p.State == Approved:
		return submit.Outcome{Stage: submit.Held, Detail: p.Decider + " approved it; it is on its way"}, nil
	}
	return waits, nil
}

func (a *Accounts) insertApproval(ctx context.Context, tx *store.Tx, actor Actor, c massbalance.Command, content []byte) error {
	asker, err := json.Marshal(Actor{Name: actor.Name, User: actor.User, Token: actor.Token, Persons: actor.Persons})
	if err != nil {
		return fmt.Errorf("couldn't write who asks: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO approvals (command, type, site, content, requester, persons, requested, state, decider, note, decided, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', '', 0, '')`,
		string(c.ID), c.Body.Type(), string(massbalance.SiteOf(c.Body)), content, actor.Name, string(asker), a.now(), string(Pending))
	if err != nil {
		return fmt.Errorf("couldn't hold a command: %w", err)
	}
	return nil
}

// noteLimit bounds what a decider writes.
const noteLimit = 500

// Approve lets a held command go to the ledger and returns what became of it. The
// decision is written down first: if the gateway ends between the two, it sends
// the command when it is back, and the command's ID makes that safe.
func (d *Desk) Approve(ctx context.Context, id massbalance.CommandID, note string) (submit.Outcome, error) {
	if err := d.decide(ctx, id, Approved, note); err != nil {
		return submit.Outcome{}, err
	}
	return d.carryOut(ctx, id)
}

// Decline ends a request. The command's ID stays declined.
func (d *Desk) Decline(ctx context.Context, id massbalance.CommandID, note string) error {
	if note == "" {
		return refuse("whoever declines says why")
	}
	return d.decide(ctx, id, Declined, note)
}

func (d *Desk) decide(ctx context.Context, id massbalance.CommandID, state ApprovalState, note string) error {
	if len(note) > noteLimit {
		return refuse("a note has at most %d bytes", noteLimit)
	}
	a, decider := d.Accounts, From(ctx)
	asked, err := a.Approval(ctx, id)
	if err != nil {
		return err
	}
	decider, err = a.renewed(ctx, decider)
	if err != nil {
		return err
	}
	asker, err := a.renewed(ctx, asked.asker)
	if err != nil {
		return err
	}
	return a.noted(ctx, string(state), fmt.Sprintf("%s of %s", id, asked.Requester), func(tx *store.Tx) error {
		if err := mayDecide(decider, asked, asker, state); err != nil {
			return err
		}
		result, err := tx.Exec(ctx, `UPDATE approvals SET state = ?, decider = ?, note = ?, decided = ? WHERE command = ? AND (state = ? OR state = ? AND decider = ?)`,
			string(state), decider.Name, note, a.now(), string(id), string(Pending), string(state), decider.Name)
		if err != nil {
			return fmt.Errorf("couldn't decide on a command: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, refuse("it was decided already"))
		}
		return nil
	})
}

// mayDecide holds a decision to the rule of two persons. asker is who asked, with
// what they may do now.
func mayDecide(decider Actor, asked Approval, asker Actor, state ApprovalState) error {
	switch {
	case !decider.May(Approve) || decider.User == "":
		return refuse("whoever decides needs the permission %q", Approve)
	case slices.Contains(asked.asker.Persons, decider.User):
		return refuse("whoever gave a command does not approve it; somebody else has to")
	case state == Approved && !asker.May(Operate):
		return refuse("%s may give no commands any more; decline it", asked.Requester)
	}
	return nil
}

// carryOut sends an approved command. Its giver and approver are written into it.
func (d *Desk) carryOut(ctx context.Context, id massbalance.CommandID) (submit.Outcome, error) {
	asked, err := d.Accounts.Approval(ctx, id)
	if err != nil || asked.State != Approved {
		return submit.Outcome{Stage: submit.Valid, Detail: asked.Outcome}, err
	}
	command := asked.Command
	command.By = asked.by()
	if err := wire.Seal(&command); err != nil {
		return submit.Outcome{}, fmt.Errorf("couldn't seal an approved command: %w", err)
	}
	outcomes, err := d.Next.Submit(context.WithoutCancel(ctx), []massbalance.Command{command})
	if err != nil {
		return submit.Outcome{}, fmt.Errorf("couldn't send an approved command: %w", err)
	}
	outcome := outcomes[0]
	if outcome.Stage != submit.Valid && outcome.Stage != submit.Refused {
		return outcome, nil // it is sent again by Resume
	}
	text := outcomeText(outcome)
	if outcome.Result.Message != "" {
		text += ": " + outcome.Result.Message
	}
	act := Act{Actor: command.By, Action: "command " + command.Body.Type(), Subject: string(id), Outcome: outcomeText(outcome)}
	a := d.Accounts
	a.numbering.Lock()
	defer a.numbering.Unlock()
	return outcome, a.store.Within(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE approvals SET state = ?, outcome = ? WHERE command = ? AND state = ?`, string(Done), text, string(id), string(Approved)); err != nil {
			return fmt.Errorf("couldn't note what became of an approved command: %w", err)
		}
		return a.record(ctx, tx, act)
	})
}

// resumeEvery is how often approved commands without a result are sent again.
const resumeEvery = 15 * time.Second

// Resume sends approved commands that have no result: at once those that a
// gateway which ended left behind, and later those whose sending failed. It
// returns when ctx ends.
func (d *Desk) Resume(ctx context.Context) {
	ticker := time.NewTicker(resumeEvery)
	defer ticker.Stop()
	for {
		d.resume(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (d *Desk) resume(ctx context.Context) {
	waiting, err := d.Accounts.Approvals(ctx, Approved, 1000)
	for _, p := range waiting {
		if _, failed := d.carryOut(ctx, p.Command.ID); failed != nil {
			err = errors.Join(err, failed)
		}
	}
	if err != nil && ctx.Err() == nil {
		d.Log.LogAttrs(ctx, slog.LevelWarn, "couldn't send approved commands; they are tried again", slog.Any("error", err))
	}
}
