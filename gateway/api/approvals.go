package api

import (
	"context"
	"net/http"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// HeldCommand is a command that needs a second person, with what was decided.
type HeldCommand struct {
	Command   massbalance.Command
	State     access.ApprovalState
	Requester string
	// Requested and Decided are times as RFC 3339 has them.
	Requested string
	Decider   string
	Note      string
	Decided   string
	// Outcome is what became of it once it was sent.
	Outcome string
}

func heldCommand(a access.Approval) HeldCommand {
	h := HeldCommand{Command: a.Command, State: a.State, Requester: a.Requester, Requested: a.Requested.Format(time.RFC3339), Decider: a.Decider, Note: a.Note, Outcome: a.Outcome}
	if !a.Decided.IsZero() {
		h.Decided = a.Decided.Format(time.RFC3339)
	}
	return h
}

func sites(names []string) []massbalance.SiteID {
	var list []massbalance.SiteID
	for _, name := range names {
		list = append(list, massbalance.SiteID(name))
	}
	return list
}

type heldInput struct {
	Command massbalance.CommandID `path:"command" maxLength:"64" doc:"The ID of the command."`
}

type decisionInput struct {
	Command massbalance.CommandID `path:"command" maxLength:"64" doc:"The ID of the command."`
	Body    struct {
		Note string `json:"note,omitempty" maxLength:"500" doc:"Why; whoever declines must say it."`
	}
}

type approvalRules struct {
	Types []string `json:"types" maxItems:"100" doc:"The types of command that a second person must approve."`
}

// approvalsKept bounds how many requests a list shows.
const approvalsKept = 500

func (s *server) registerApprovals() {
	accounts := s.Desk.Accounts
	register(s, access.Read, s.operation(http.MethodGet, "/api/v1/approvals", "list-approvals", "The commands that were held for a second person, the newest first"),
		func(ctx context.Context, in *struct {
			State string `query:"state" enum:"pending,approved,declined,done" doc:"Only those at this state."`
		}) (*body[page[HeldCommand]], error) {
			list, err := accounts.Approvals(ctx, access.ApprovalState(in.State), approvalsKept)
			if err != nil {
				return nil, s.account(ctx, err)
			}
			return &body[page[HeldCommand]]{page[HeldCommand]{mapped(readmodel.Listing[access.Approval]{Items: list}, heldCommand)}}, nil
		})
	register(s, access.Read, s.operation(http.MethodGet, "/api/v1/approvals/{command}", "get-approval", "One command that was held"),
		func(ctx context.Context, in *heldInput) (*body[wired[HeldCommand]], error) {
			held, err := accounts.Approval(ctx, in.Command)
			if err != nil {
				return nil, s.account(ctx, err)
			}
			return &body[wired[HeldCommand]]{wired[HeldCommand]{heldCommand(held)}}, nil
		})
	approve := s.operation(http.MethodPost, "/api/v1/approvals/{command}/approve", "approve-command", "Let a command go to the ledger that somebody else gave; answers with its result")
	register(s, access.Approve, approve, func(ctx context.Context, in *decisionInput) (*commandsOutput, error) {
		outcome, err := s.Desk.Approve(ctx, in.Command, in.Body.Note)
		if err != nil {
			return nil, s.account(ctx, err)
		}
		r := result(massbalance.Command{ID: in.Command}, outcome)
		s.awaitRead(ctx, []Result{r})
		return s.answerOne(r)
	})
	decline := s.operation(http.MethodPost, "/api/v1/approvals/{command}/decline", "decline-command", "Decline a command; its ID stays declined")
	register(s, access.Approve, decline, func(ctx context.Context, in *decisionInput) (*struct{}, error) {
		return nil, s.account(ctx, s.Desk.Decline(ctx, in.Command, in.Body.Note))
	})
	s.registerRules(accounts)
}

func (s *server) registerRules(accounts *access.Accounts) {
	register(s, access.Read, s.operation(http.MethodGet, "/api/v1/approval-rules", "get-approval-rules", "Which types of command a second person must approve"),
		func(ctx context.Context, _ *struct{}) (*body[approvalRules], error) {
			types, err := accounts.HeldTypes(ctx)
			return &body[approvalRules]{approvalRules{append([]string{}, types...)}}, s.account(ctx, err)
		})
	register(s, access.Administer, s.operation(http.MethodPut, "/api/v1/approval-rules", "put-approval-rules", "Choose which types of command a second person must approve"),
		func(ctx context.Context, in *struct{ Body approvalRules }) (*body[approvalRules], error) {
			return &body[approvalRules]{in.Body}, s.account(ctx, accounts.HoldTypes(ctx, in.Body.Types))
		})
}

// held answers for one command that waits for a second person.
func (s *server) held(r Result) *commandsOutput {
	return &commandsOutput{Status: http.StatusAccepted, Location: "/api/v1/approvals/" + string(r.Command), Height: height(s.Model.Next()), Body: wired[Result]{r}}
}

// forbidden is the problem of a command that whoever gave it may not give.
func forbidden(r Result) error {
	p := problem(http.StatusForbidden, r.Message)
	p.Type = "urn:weighbridge:stage:" + string(r.Stage)
	p.describe(r)
	return p
}
