package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// approvalsPage is what waits for a second person, and what was decided.
type approvalsPage struct {
	said
	Pending, History []heldCommand
	// Marked is a command that was just held.
	Marked  massbalance.CommandID
	Decides bool
	Types   int
}

// Title is the page's name.
func (approvalsPage) Title() string { return "Approvals" }

// heldCommand is a held command for reading.
type heldCommand struct {
	access.Approval
	Site    string
	Content string
	// Trial is what the rules would make of it now.
	Trial *trial
	// Own is set where the reader gave it, and so cannot approve it.
	Own bool
}

// approvalsKept bounds how many requests the page shows.
const approvalsKept = 200

func (c *Console) registerApprovals(mux *access.Mux) {
	mux.HandleFunc(access.Read, "GET /approvals", func(w http.ResponseWriter, r *http.Request) {
		c.approvals(w, r, http.StatusOK, approvalsPage{Marked: massbalance.CommandID(r.URL.Query().Get("held"))})
	})
	mux.HandleFunc(access.Approve, "POST /approvals/{command}", c.postApproval)
}

func (c *Console) approvals(w http.ResponseWriter, r *http.Request, status int, page approvalsPage) {
	ctx := r.Context()
	all, err := c.accounts().Approvals(ctx, "", approvalsKept)
	page.Decides = access.From(ctx).May(access.Approve)
	c.answer(w, r, "approvals", status, func(l *lens, _ *http.Request) (any, error) {
		for _, one := range all {
			held := heldCommand{Approval: one, Own: slices.Contains(one.Persons(), access.From(ctx).User)}
			if site := massbalance.SiteOf(one.Command.Body); site != "" {
				held.Site = l.siteName(site)
			}
			var err error
			if held.Content, err = readable(one.Command.Body); err != nil {
				return nil, err
			}
			if one.State == access.Pending {
				if held.Trial, err = l.tried(one.Command); err != nil {
					return nil, err
				}
				page.Pending = append(page.Pending, held)
			} else {
				page.History = append(page.History, held)
			}
		}
		types, failed := c.accounts().HeldTypes(ctx)
		if page.Types = len(types); err == nil {
			err = failed
		}
		return page, err
	})
}

func (c *Console) postApproval(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formMax)
	id, decision := massbalance.CommandID(r.PathValue("command")), r.PostFormValue("note")
	var outcome submit.Outcome
	var err error
	page := approvalsPage{}
	switch r.PostFormValue("do") {
	case "approve":
		if outcome, err = c.Desk.Approve(r.Context(), id, decision); err == nil {
			page.said = c.carried(r.Context(), id, outcome)
		}
	case "decline":
		page.Done = note("%s is declined.", id)
		err = c.Desk.Decline(r.Context(), id, decision)
	default:
		err = errUnknownForm
	}
	status := http.StatusOK
	if err != nil {
		page = approvalsPage{}
		status, page.Refusal = c.refusal(w, r, err)
	}
	c.approvals(w, r, status, page)
}

// carried says what became of an approved command, once the pages show it.
func (c *Console) carried(ctx context.Context, id massbalance.CommandID, o submit.Outcome) said {
	switch o.Stage {
	case submit.Valid:
		waiting, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		_ = c.Model.Await(waiting, o.Block) // who then reads too early sees the height
		return said{Done: note("%s is approved and on the ledger.", id)}
	case submit.Refused:
		return said{Refusal: note("%s is approved, and the rules refuse it: %s.", id, o.Result.Message)}
	}
	return said{Done: note("%s is approved. The ledger has not taken it yet; it is sent again until it has.", id)}
}

// heldAt is where a command that was just held is shown.
func heldAt(id massbalance.CommandID) string {
	return "/approvals?" + url.Values{"held": {string(id)}}.Encode()
}
