package access_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// office is a desk at which commands for a ledger in memory are handed in.
type office struct {
	*house
	*access.Desk
	model *readmodel.Model
	// down makes the way to the ledger fail.
	down error
	next access.Submitter
	sent int
}

func (o *office) Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error) {
	if o.down != nil {
		return nil, o.down
	}
	o.sent += len(commands)
	outcomes, err := o.next.Submit(ctx, commands)
	for i := range outcomes {
		if outcomes[i].Result.Code != massbalance.Accepted {
			outcomes[i].Stage = submit.Refused
		}
	}
	return outcomes, err
}

func newOffice(t *testing.T) *office {
	t.Helper()
	ledger := ledgertest.New(t)
	ledger.Season()
	model := ledger.Model()
	o := &office{house: open(t), model: model, next: ledgertest.Member{Ledger: ledger, Organisation: ledgertest.Growers}}
	o.Desk = &access.Desk{Accounts: o.Accounts(), Organisation: ledgertest.Growers, Model: model, Next: o, Log: slog.New(slog.DiscardHandler)}
	require.NoError(t, o.Accounts().HoldTypes(t.Context(), []string{massbalance.TakeIn{}.Type()}))
	for name, roles := range map[string][]access.Role{
		"anna": {access.Operator}, "ben": {access.Approver}, "both": {access.Operator, access.Approver}, "root": {access.Administrator, access.Approver},
	} {
		require.NoError(t, o.Accounts().AddUser(t.Context(), access.User{Name: name, Roles: roles}))
	}
	return o
}

// Accounts are the house's; the desk has the same.
func (o *office) Accounts() *access.Accounts { return o.house.Accounts }

// as is a context in which a user acts, as a session would have it.
func (o *office) as(name string) context.Context {
	u, err := o.Accounts().User(o.t.Context(), name)
	require.NoError(o.t, err)
	return access.With(o.t.Context(), access.Actor{Name: name, User: name, Persons: []string{name}, Roles: u.Roles, Address: "192.0.2.7"})
}

func takeIn(id, quantity string) massbalance.Command {
	c := ledgertest.Command(massbalance.CommandID(id), "2026-08-30", massbalance.TakeIn{
		Site: "elevator", Product: "wheat", Quantity: ledgertest.Kg(quantity), Evidence: massbalance.EvidenceID("WB-" + id)})
	c.By = "somebody else" // a client may write what it likes
	return c
}

func (o *office) hand(ctx context.Context, c massbalance.Command) submit.Outcome {
	o.t.Helper()
	outcomes, err := o.Desk.Submit(ctx, []massbalance.Command{c})
	require.NoError(o.t, err)
	return outcomes[0]
}

// by is who the ledger says gave a command; "" where there is none.
func (o *office) by(id massbalance.CommandID) (by string) {
	o.t.Helper()
	require.NoError(o.t, o.model.Read(o.t.Context(), func(s *readmodel.Snapshot) error {
		entry, err := s.Command(ledgertest.Growers, id)
		var missing *readmodel.NotFound
		if errors.As(err, &missing) {
			return nil
		}
		by = entry.Command.By
		return err
	}))
	return by
}

func TestTheGatewayWritesWhoGaveACommand(t *testing.T) {
	o := newOffice(t)
	require.NoError(t, o.Accounts().HoldTypes(t.Context(), nil))
	require.Equal(t, massbalance.Accepted, o.hand(o.as("anna"), takeIn("ONE", "1")).Result.Code)
	require.Equal(t, "anna", o.by("ONE"))
	again := o.hand(o.as("both"), takeIn("ONE", "1"))
	require.True(t, again.Result.Repeated, "whoever sends it again, it is the same command")
	require.Equal(t, massbalance.CommandIDReused, o.hand(o.as("anna"), takeIn("ONE", "2")).Result.Code)
	acts, err := o.Accounts().Activity(t.Context(), access.ActivityFilter{Subject: "ONE", Limit: 10})
	require.NoError(t, err)
	require.Equal(t, []string{"anna", "both", "anna"}, []string{acts[0].Actor, acts[1].Actor, acts[2].Actor})
	require.Equal(t, []string{"repeated", "valid"}, []string{acts[1].Outcome, acts[2].Outcome})
	_, err = o.Desk.Submit(o.as("ben"), []massbalance.Command{takeIn("TWO", "1")})
	require.ErrorIs(t, err, access.ErrMayNotOperate)
	_, err = o.Desk.Submit(t.Context(), []massbalance.Command{takeIn("TWO", "1")})
	require.ErrorIs(t, err, access.ErrMayNotOperate, "nobody gives no commands")
}

func TestATokenGivesCommandsForItsSitesOnly(t *testing.T) {
	o := newOffice(t)
	require.NoError(t, o.Accounts().HoldTypes(t.Context(), nil))
	_, secret, err := o.AddToken(o.as("root"), access.Token{Label: "scale", Scopes: []access.Permission{access.Operate}, Sites: []massbalance.SiteID{"mill"}, Expires: o.clock.Add(time.Hour)})
	require.NoError(t, err)
	actor, err := o.byToken(secret)
	require.NoError(t, err)
	outcome := o.hand(access.With(t.Context(), actor), takeIn("ELSEWHERE", "1"))
	require.Equal(t, submit.Forbidden, outcome.Stage)
	require.Zero(t, o.sent)
}

func TestTwoPersons(t *testing.T) {
	o := newOffice(t)
	held := o.hand(o.as("anna"), takeIn("ONE", "1"))
	require.Equal(t, submit.Held, held.Stage)
	require.Zero(t, o.sent)
	require.Equal(t, held, o.hand(o.as("anna"), takeIn("ONE", "1")), "sent again it is the same request")
	require.Equal(t, submit.Forbidden, o.hand(o.as("anna"), takeIn("ONE", "2")).Stage, "with other content it is none")

	for _, who := range []string{"anna"} {
		_, err := o.Approve(o.as(who), "ONE", "")
		require.ErrorIs(t, err, access.ErrRefused, "%s may not approve", who)
	}
	outcome, err := o.Approve(o.as("ben"), "ONE", "seen the ticket")
	require.NoError(t, err)
	require.Equal(t, massbalance.Accepted, outcome.Result.Code)
	require.Equal(t, "anna, approved by ben", o.by("ONE"))
	asked, err := o.Accounts().Approval(t.Context(), "ONE")
	require.NoError(t, err)
	require.Equal(t, access.Done, asked.State)
	_, err = o.Approve(o.as("root"), "ONE", "")
	require.ErrorIs(t, err, access.ErrRefused, "it is decided")
	require.True(t, o.hand(o.as("anna"), takeIn("ONE", "1")).Result.Repeated, "and sent again it has its first result")
	require.Equal(t, 2, o.sent)
}

func TestNobodyApprovesTheirOwn(t *testing.T) {
	o := newOffice(t)
	require.Equal(t, submit.Held, o.hand(o.as("both"), takeIn("ONE", "1")).Stage)
	_, err := o.Approve(o.as("both"), "ONE", "")
	require.ErrorContains(t, err, "somebody else")

	// Nor by a token of their own, or one that they made.
	_, own, err := o.AddToken(o.as("both"), access.Token{Label: "script", Owner: "both", Scopes: []access.Permission{access.Operate}, Expires: o.clock.Add(time.Hour)})
	require.NoError(t, err)
	_, machine, err := o.AddToken(o.as("root"), access.Token{Label: "erp", Scopes: []access.Permission{access.Operate}, Expires: o.clock.Add(time.Hour)})
	require.NoError(t, err)
	for id, row := range map[string]struct{ secret, who string }{"TWO": {own, "both"}, "THREE": {machine, "root"}} {
		actor, err := o.byToken(row.secret)
		require.NoError(t, err)
		require.Equal(t, submit.Held, o.hand(access.With(t.Context(), actor), takeIn(id, "1")).Stage)
		_, err = o.Approve(o.as(row.who), massbalance.CommandID(id), "")
		require.ErrorContains(t, err, "somebody else")
		_, err = o.Approve(access.With(t.Context(), actor), massbalance.CommandID(id), "")
		require.ErrorIs(t, err, access.ErrRefused, "a token approves nothing")
		_, err = o.Approve(o.as("ben"), massbalance.CommandID(id), "")
		require.NoError(t, err)
	}
	require.Equal(t, "both by token script, approved by ben", o.by("TWO"))
	require.Equal(t, "token erp, approved by ben", o.by("THREE"))
}

func TestWhoLostTheirRoleDecidesNothing(t *testing.T) {
	o := newOffice(t)
	require.Equal(t, submit.Held, o.hand(o.as("anna"), takeIn("ONE", "1")).Stage)
	ben, anna := o.as("ben"), o.as("anna") // contexts from before
	require.NoError(t, o.ChangeUser(t.Context(), access.User{Name: "ben", Roles: []access.Role{access.Viewer}}))
	_, err := o.Approve(ben, "ONE", "")
	require.ErrorContains(t, err, `permission "approve"`)
	require.NoError(t, o.ChangeUser(t.Context(), access.User{Name: "anna", Roles: []access.Role{access.Viewer}}))
	_, err = o.Approve(o.as("root"), "ONE", "")
	require.ErrorContains(t, err, "may give no commands any more")
	_, err = o.Desk.Submit(anna, []massbalance.Command{takeIn("TWO", "1")})
	require.ErrorIs(t, err, access.ErrMayNotOperate, "an import goes no further, either")
	require.NoError(t, o.Decline(o.as("root"), "ONE", "she left"))
	require.Zero(t, o.sent)
}

func TestDeclining(t *testing.T) {
	o := newOffice(t)
	require.Equal(t, submit.Held, o.hand(o.as("anna"), takeIn("ONE", "1")).Stage)
	require.ErrorIs(t, o.Decline(o.as("ben"), "ONE", ""), access.ErrRefused, "why?")
	require.NoError(t, o.Decline(o.as("ben"), "ONE", "wrong ticket"))
	outcome := o.hand(o.as("anna"), takeIn("ONE", "1"))
	require.Equal(t, submit.Forbidden, outcome.Stage)
	require.Contains(t, outcome.Detail, "wrong ticket")
	_, err := o.Approve(o.as("root"), "ONE", "")
	require.ErrorIs(t, err, access.ErrRefused)
	_, err = o.Approve(o.as("root"), "NONE", "")
	require.ErrorIs(t, err, access.ErrNotHeld)
}

// The gateway ends between a decision and its sending: the decision stands, and
// the command is sent when the gateway is back, once.
func TestADecisionOutlivesTheGateway(t *testing.T) {
	o := newOffice(t)
	require.Equal(t, submit.Held, o.hand(o.as("anna"), takeIn("ONE", "1")).Stage)
	o.down = errors.New("the gateway ends here")
	_, err := o.Approve(o.as("ben"), "ONE", "")
	require.ErrorIs(t, err, o.down)
	require.Empty(t, o.by("ONE"))
	asked, err := o.Accounts().Approval(t.Context(), "ONE")
	require.NoError(t, err)
	require.Equal(t, access.Approved, asked.State)
	require.Equal(t, submit.Held, o.hand(o.as("anna"), takeIn("ONE", "1")).Stage, "it is on its way")

	// Another gateway on the same store.
	accounts, err := access.Open(t.Context(), o.store, access.Options{})
	require.NoError(t, err)
	o.down = nil
	desk := &access.Desk{Accounts: accounts, Organisation: ledgertest.Growers, Model: o.model, Next: o, Log: slog.New(slog.DiscardHandler)}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); desk.Resume(ctx) }()
	require.Eventually(t, func() bool {
		asked, err := accounts.Approval(t.Context(), "ONE")
		return err == nil && asked.State == access.Done
	}, 10*time.Second, 5*time.Millisecond)
	stop()
	<-ended
	require.Equal(t, "anna, approved by ben", o.by("ONE"))
	require.Equal(t, 1, o.sent)
}

// What the rules refuse after it was approved may be asked for again.
func TestARefusalIsAskedForAnew(t *testing.T) {
	o := newOffice(t)
	c := takeIn("ONE", "1")
	c.Period = "1999"
	require.Equal(t, submit.Held, o.hand(o.as("anna"), c).Stage)
	outcome, err := o.Approve(o.as("ben"), "ONE", "")
	require.NoError(t, err)
	require.Equal(t, submit.Refused, outcome.Stage)
	require.Empty(t, o.by("ONE"))
	require.Equal(t, submit.Held, o.hand(o.as("anna"), takeIn("ONE", "1")).Stage)
	outcome, err = o.Approve(o.as("root"), "ONE", "")
	require.NoError(t, err)
	require.Equal(t, massbalance.Accepted, outcome.Result.Code)
	require.Equal(t, "anna, approved by root", o.by("ONE"))
}
