package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
)

// peoplePage is where administrators manage who may use the gateway.
type peoplePage struct {
	said
	Users  []access.User
	Tokens []access.Token
	Roles  []roleMeaning
	Scopes []access.Permission
	Rules  []ruleGroup
	// Link is a new sign-in link, whole, and For whom it is; Token a new token's secret.
	Link, For, Token string
}

// Title is the page's name.
func (peoplePage) Title() string { return "Administration" }

// roleMeaning says what a role may do.
type roleMeaning struct {
	Role    access.Role
	Meaning string
}

var roleMeanings = []roleMeaning{
	{access.Viewer, "sees everything that is on the ledger"},
	{access.Operator, "books: gives commands and imports files"},
	{access.Approver, "decides on commands that wait for a second person"},
	{access.Administrator, "manages users, tokens and rules, and reads the activity"},
	{access.Auditor, "sees everything, and who did what"},
}

// ruleGroup is the types of command of one kind, with which of them are held.
type ruleGroup struct {
	Name  string
	Types []heldType
}

type heldType struct {
	Type string
	Held bool
}

// Name says the type in words.
func (h heldType) Name() string { return commandName(h.Type) }

func (c *Console) registerPeople(mux *access.Mux) {
	mux.HandleFunc(access.Administer, "GET /administration", func(w http.ResponseWriter, r *http.Request) { c.people(w, r, http.StatusOK, peoplePage{}) })
	mux.HandleFunc(access.Administer, "POST /administration", c.postPeople)
	mux.HandleFunc(access.Audit, "GET /activity", c.activity)
}

func (c *Console) people(w http.ResponseWriter, r *http.Request, status int, page peoplePage) {
	ctx, accounts := r.Context(), c.accounts()
	page.Roles, page.Scopes = roleMeanings, access.Scopes
	var held []string
	var err error
	if page.Users, err = accounts.Users(ctx); err == nil {
		page.Tokens, err = accounts.Tokens(ctx, "")
	}
	if err == nil {
		held, err = accounts.HeldTypes(ctx)
	}
	page.Rules = ruleGroups(held)
	c.inside(w, r, "people", status, page, err)
}

func ruleGroups(held []string) []ruleGroup {
	groups := []ruleGroup{{Name: "Claims"}, {Name: "Reversals"}, {Name: "Governance"}, {Name: "Everything else"}}
	for _, body := range massbalance.Bodies {
		at := 3
		for i, types := range [][]string{access.Claims, access.Reversals, access.Governance} {
			if slices.Contains(types, body.Type()) {
				at = i
			}
		}
		groups[at].Types = append(groups[at].Types, heldType{body.Type(), slices.Contains(held, body.Type())})
	}
	return groups
}

func (c *Console) postPeople(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formMax)
	page := peoplePage{}
	if err := c.changePeople(r, &page); err != nil {
		status, refusal := c.refusal(w, r, err)
		c.people(w, r, status, peoplePage{said: said{Refusal: refusal}})
		return
	}
	c.people(w, r, http.StatusOK, page)
}

func (c *Console) changePeople(r *http.Request, page *peoplePage) (err error) {
	ctx, accounts, name := r.Context(), c.accounts(), strings.TrimSpace(r.PostFormValue("user"))
	switch r.PostFormValue("do") {
	case "add":
		if err := accounts.AddUser(ctx, userOf(r, name)); err != nil {
			return err
		}
		page.Done = note("%s is added. The link lets them in, to choose a password.", name)
		return c.link(r, page, name)
	case "change":
		page.Done = note("%s is changed, from the next request on.", name)
		return accounts.ChangeUser(ctx, userOf(r, name))
	case "link":
		return c.link(r, page, name)
	case "reset":
		page.Done = note("%s has no second factor any more.", name)
		return accounts.ResetSecondFactor(ctx, name)
	case "sign-out":
		page.Done = note("%s is signed out everywhere.", name)
		return accounts.EndSessions(ctx, name, "")
	case "token":
		_, page.Token, err = accounts.AddToken(ctx, tokenOf(r))
		return err
	case "revoke":
		page.Done = "The token is revoked."
		return accounts.RevokeToken(ctx, r.PostFormValue("token"), "")
	case "rules":
		page.Done = "The rules hold from the next command on."
		return accounts.HoldTypes(ctx, r.PostForm["type"])
	}
	return errUnknownForm
}

func userOf(r *http.Request, name string) access.User {
	u := access.User{Name: name, FullName: strings.TrimSpace(r.PostFormValue("full-name")), Disabled: r.PostFormValue("disabled") != ""}
	for _, role := range r.PostForm["role"] {
		u.Roles = append(u.Roles, access.Role(role))
	}
	return u
}

// link makes a sign-in link, with the address under which the asker reached the
// gateway.
func (c *Console) link(r *http.Request, page *peoplePage, name string) error {
	path, err := c.accounts().SignInLink(r.Context(), name)
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	page.Link, page.For = scheme+r.Host+path, name
	if public := c.accounts().PublicURL; public != "" && !access.Loopback(r.Host) {
		page.Link = strings.TrimSuffix(public, "/") + path
	}
	return err
}

// activityPage is what was done at this gateway.
type activityPage struct {
	Acts        []access.Act
	Actor       string
	Next, First string
}

// Title is the page's name.
func (activityPage) Title() string { return "Activity" }

func (c *Console) activity(w http.ResponseWriter, r *http.Request) {
	page := activityPage{Actor: r.URL.Query().Get("actor")}
	acts, next, err := c.done(r, asked(r.URL.Query()).After, page.Actor)
	page.Acts = acts
	way := listing{query: r.URL.Query(), path: r.URL.Path}
	way.seen(next, "")
	page.Next, page.First = way.Next, way.First
	c.inside(w, r, "activity", http.StatusOK, page, err)
}

// done is a page of what was done, with where the next one begins, or all of it
// where it is asked for as a file.
func (c *Console) done(r *http.Request, before uint64, actor string) (all []access.Act, next uint64, err error) {
	for {
		acts, err := c.accounts().Activity(r.Context(), access.ActivityFilter{Actor: actor, Before: before, Limit: listRows})
		if err != nil {
			return nil, 0, err
		}
		all = append(all, acts...)
		if len(acts) < listRows {
			return all, 0, nil
		}
		if before = acts[len(acts)-1].Number; !asksForFile(r) {
			return all, before, nil
		}
	}
}
