package console

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// Submitter brings commands to the ledger, as the interface for programs does.
type Submitter interface {
	Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error)
}

// action is something that an organisation does with a form. All there is of it
// is said here: form declares the fields and makes the command of what stands in
// them, nil where something is missing.
type action struct {
	Name, Title, Lead string
	// Send is what the button says.
	Send string
	// Back is the page that the action belongs to.
	Back string
	// Gives are empty bodies of the commands that the form makes.
	Gives []massbalance.Body
	// Blames say which field a refusal concerns, where it is not the one that
	// the code has for all.
	Blames map[massbalance.Code]string
	// Hidden actions need something to begin with, such as a transfer, and so
	// stand on its page only.
	Hidden bool
	form   func(*form) (massbalance.Body, error)
}

// actionPage is an action's form with what the rules say to it.
type actionPage struct {
	action
	Form    *form
	Command massbalance.CommandID
	Trial   *trial
	// Refusal is what the rules said that concerns no field, with its figures.
	Refusal string
	Figures *massbalance.Figures
	// Stage says what became of a command that has no result, Again that it may be sent as it is.
	Stage, StageDetail string
	// Reused is set where the form was sent before with other content.
	Reused bool
	Height uint64
	// Held says for whose approval the command waits, or "".
	Held string
	// Carry are the parameters that are no fields.
	Carry []hidden
	// command is the form's, once it is whole, and keep what has to be done before it is sent.
	command *massbalance.Command
	keep    keeping
}

// Title is the action's: of the page, and in the browser.
func (p actionPage) Title() string { return p.action.Title }

// Fields, Stop and Organisation are the form's.
func (p actionPage) Fields() []*field { return p.Form.Fields }

// Stop says why there is nothing to be filled in, or "".
func (p actionPage) Stop() string { return p.Form.Stop }

// Organisation is whose form it is.
func (p actionPage) Organisation() massbalance.OrganisationID { return p.Form.organisation }

// formWait bounds how long a sent form waits for this gateway's own reads.
const formWait = 10 * time.Second

// formBytes is how large a form may be: a close may name thousands of lots.
const formBytes = 4 << 20

func (c *Console) registerActions(mux *access.Mux) {
	mux.HandleFunc(access.Operate, "GET /do", c.page("actions", func(l *lens, _ *http.Request) (any, error) { return l.actionsPage(c) }))
	mux.HandleFunc(access.Operate, "GET /do/{action}", func(w http.ResponseWriter, r *http.Request) { c.act(w, r, sending{}) })
	mux.HandleFunc(access.Operate, "POST /do/{action}", c.postAction)
}

// sending is what became of a form that was sent.
type sending struct {
	asked   bool
	command massbalance.Command
	outcome *submit.Outcome
	err     error
}

// postAction tries a form, or sends it.
func (c *Console) postAction(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formBytes)
	err := r.ParseMultipartForm(formMemory)
	if errors.Is(err, http.ErrNotMultipart) {
		err = r.ParseForm()
	}
	if err != nil {
		protect(w)
		http.Error(w, "The form could not be read.", http.StatusBadRequest)
		return
	}
	var sent sending
	if r.PostFormValue("do") == "send" {
		if sent = c.sendForm(r); sent.outcome != nil && sent.outcome.Stage == submit.Valid && sent.err == nil {
			c.show(w, r, sent)
			return
		}
		if c.Desk != nil && sent.outcome != nil && sent.outcome.Stage == submit.Held {
			http.Redirect(w, r, heldAt(sent.command.ID), http.StatusSeeOther)
			return
		}
	}
	c.act(w, r, sent)
}

// show leads to the record of an accepted command, so that a reload sends nothing.
func (c *Console) show(w http.ResponseWriter, r *http.Request, sent sending) {
	ctx, cancel := context.WithTimeout(r.Context(), formWait)
	defer cancel()
	if err := c.Model.Await(ctx, sent.outcome.Block); err != nil {
		c.Log.LogAttrs(ctx, slog.LevelWarn, "answered a form before it can be read here", slog.Any("error", err))
	}
	protect(w)
	http.Redirect(w, r, "/records/"+string(c.Organisation)+"/"+string(sent.command.ID)+"?done="+r.PathValue("action"), http.StatusSeeOther)
}

// act shows a form with what the rules say to it as it stands.
func (c *Console) act(w http.ResponseWriter, r *http.Request, sent sending) {
	name := "action"
	if r.Header.Get("HX-Request") == "true" && r.PostFormValue("do") == "" {
		name = "live"
	}
	c.page(name, func(l *lens, r *http.Request) (any, error) {
		page, err := c.actionPage(l, r)
		if err != nil {
			return nil, err
		}
		page.sent(sent)
		return page, nil
	})(w, r)
}

// sendForm makes the command of a form and submits it.
func (c *Console) sendForm(r *http.Request) sending {
	sent := sending{asked: true}
	var complete bool
	var keep keeping
	err := c.Model.Read(r.Context(), func(s *readmodel.Snapshot) error {
		page, err := c.actionPage(c.lens(r.Context(), s), r)
		if err == nil && page.command != nil {
			sent.command, keep, complete = *page.command, page.keep, true
		}
		return err
	})
	if err != nil || !complete {
		sent.err = err
		return sent
	}
	if err := c.keep(r.Context(), sent.command, keep); err != nil {
		c.Log.LogAttrs(r.Context(), slog.LevelWarn, "couldn't keep a document with another member", slog.Any("error", err))
		sent.outcome = &submit.Outcome{Stage: submit.NotSubmitted, Detail: keptDetail(err)}
		return sent
	}
	outcomes, err := c.Submitter.Submit(r.Context(), []massbalance.Command{sent.command})
	if err != nil {
		c.Log.LogAttrs(r.Context(), slog.LevelWarn, "couldn't take a form's command", slog.Any("error", err))
		sent.outcome = &submit.Outcome{Stage: submit.NotSubmitted, Detail: takenDetail(err)}
		return sent
	}
	sent.outcome = &outcomes[0]
	return sent
}

func takenDetail(err error) string {
	for _, known := range []error{submit.ErrBusy, submit.ErrClosed} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "The gateway took no command; its log says why."
}

// actionPage declares the form, reads it and tries its command on this snapshot.
func (c *Console) actionPage(l *lens, r *http.Request) (*actionPage, error) {
	action, ok := actionNamed(r.PathValue("action"))
	if !ok {
		return nil, &readmodel.NotFound{Kind: "action", Name: r.PathValue("action")}
	}
	posted := r.Method == http.MethodPost
	typed, do := r.URL.Query(), ""
	if posted {
		typed, do = r.PostForm, r.PostFormValue("do")
	}
	if err := attach(r, typed); err != nil {
		return nil, err
	}
	id := massbalance.CommandID(typed.Get("command"))
	if !massbalance.ValidName(string(id)) {
		id = newCommandID(action.Name, c.today())
	}
	f := &form{lens: l, typed: typed, command: id, strict: do == "send" || do == "try", spread: spreadField(do), today: c.today()}
	page := &actionPage{action: action, Form: f, Height: l.s.Next, Command: id}
	body, err := action.form(f)
	if err != nil {
		return nil, err
	}
	page.keep = f.keep
	page.carry(typed)
	defer f.point()
	if body == nil || !f.ready(do == "send") || l.role() == massbalance.Certification {
		return page, nil
	}
	if !slices.ContainsFunc(action.Gives, func(b massbalance.Body) bool { return b.Type() == body.Type() }) {
		return nil, fmt.Errorf("the form %s made a command %s, which it does not give", action.Name, body.Type())
	}
	command := massbalance.Command{ID: page.Command, Date: f.Date, Period: f.Period, Occurred: f.Occurred, By: c.by(r), Body: body}
	if err := wire.Seal(&command); err != nil {
		page.Refusal = err.Error()
		return page, nil
	}
	return page, page.try(l, command)
}

// newCommandID makes the ID when the form is drawn, so that however often it is
// sent, one command comes of it.
func newCommandID(action string, day massbalance.Date) massbalance.CommandID {
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails
	return massbalance.CommandID(action + "-" + string(day) + "-" + hex.EncodeToString(random[:]))
}

// carry keeps the parameters that led here and are no fields, such as a transfer's.
func (p *actionPage) carry(typed url.Values) {
	for _, name := range carried {
		if value := typed.Get(name); value != "" && p.Form.field(name) == nil {
			p.Carry = append(p.Carry, hidden{name, value})
		}
	}
}

// carried are the parameters that name what a form is about.
var carried = []string{"transfer", "what", "digest", "claim", "offer", "buyer", "agreement", "period", "index"}

func (c *Console) today() massbalance.Date {
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	return massbalance.Date(now().Format(time.DateOnly))
}

// by is who gives a command.
func (c *Console) by(r *http.Request) string {
	return access.From(r.Context()).Name
}

// actionsPage lists what can be done.
type actionsPage struct {
	titled
	Groups []actionGroup
}

// actionGroup is the actions that stand under one heading.
type actionGroup struct {
	Name    string
	Actions []action
}

func (l *lens) actionsPage(c *Console) (actionsPage, error) {
	page := actionsPage{titled: titled{"Book"}}
	if !c.acts(l.role()) {
		return page, nil
	}
	for _, group := range book() {
		group.Actions = slices.DeleteFunc(group.Actions, func(a action) bool { return a.Hidden })
		page.Groups = append(page.Groups, group)
	}
	return page, nil
}

// acts reports whether this console books anything.
func (c *Console) acts(role massbalance.Role) bool {
	return c.Submitter != nil && role != massbalance.Certification && role != massbalance.Former
}

// role is the organisation's in the consortium.
func (l *lens) role() massbalance.Role {
	consortium, err := find[massbalance.Consortium](l, massbalance.ConsortiumKey())
	if err == nil {
		for _, m := range consortium.Members {
			if m.Organisation == l.organisation {
				return m.Role
			}
		}
	}
	return ""
}
