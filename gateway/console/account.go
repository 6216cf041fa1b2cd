package console

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
)

// accountPage is somebody's own account.
type accountPage struct {
	said
	User     access.User
	Sessions []access.Session
	Tokens   []access.Token
	Scopes   []access.Permission
	// Secret and Code are an authenticator's, as text and as a picture.
	Secret  string
	Code    picturedCode
	Recover []string
	// Token is a new token's secret.
	Token string
}

// said is what a form led to: done, or refused.
type said struct{ Done, Refusal string }

// Title is the page's name.
func (accountPage) Title() string { return "My account" }

// picturedCode is a QR code as the path of an SVG picture.
type picturedCode struct {
	Size int
	Path string
}

func pictureCode(text string) (picturedCode, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return picturedCode{}, fmt.Errorf("couldn't make a QR code: %w", err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+4, y+4)
			}
		}
	}
	return picturedCode{code.Size + 8, path.String()}, nil
}

// browserName says in a few words which browser somebody uses; what is not
// known says it itself.
func browserName(agent string) string {
	first := func(of [][2]string) string {
		for _, one := range of {
			if strings.Contains(agent, one[0]) {
				return one[1]
			}
		}
		return ""
	}
	browser := first([][2]string{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}})
	system := first([][2]string{{"Windows", "Windows"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}})
	if browser == "" || system == "" {
		return agent
	}
	return browser + " on " + system
}

func (c *Console) registerAccount(mux *access.Mux) {
	mux.HandleFunc(access.SignedIn, "GET /account", func(w http.ResponseWriter, r *http.Request) { c.account(w, r, http.StatusOK, accountPage{}) })
	mux.HandleFunc(access.SignedIn, "POST /account", c.postAccount)
}

// account shows the page, with what a form led to.
func (c *Console) account(w http.ResponseWriter, r *http.Request, status int, page accountPage) {
	ctx, name := r.Context(), access.From(r.Context()).User
	var err error
	if page.User, err = c.accounts().User(ctx, name); err == nil {
		page.Sessions, err = c.accounts().Sessions(ctx, name)
	}
	if err == nil {
		page.Tokens, err = c.accounts().Tokens(ctx, name)
	}
	for _, scope := range access.Scopes {
		if page.User.May(scope) {
			page.Scopes = append(page.Scopes, scope)
		}
	}
	c.inside(w, r, "account", status, page, err)
}

// inside shows a page that is not of the ledger, in the frame of those that are.
func (c *Console) inside(w http.ResponseWriter, r *http.Request, name string, status int, content any, err error) {
	c.answer(w, r, name, status, func(*lens, *http.Request) (any, error) { return content, err })
}

// postAccount does what one of the page's forms asks.
func (c *Console) postAccount(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formMax)
	page := accountPage{}
	if err := c.changeAccount(r, &page); err != nil {
		status, refusal := c.refusal(w, r, err)
		c.account(w, r, status, accountPage{said: said{Refusal: refusal}})
		return
	}
	c.account(w, r, http.StatusOK, page)
}

func (c *Console) changeAccount(r *http.Request, page *accountPage) (err error) {
	ctx, actor, accounts := r.Context(), access.From(r.Context()), c.accounts()
	switch r.PostFormValue("do") {
	case "password":
		if r.PostFormValue("new") != r.PostFormValue("again") {
			return &access.WeakPassword{Reason: "the new password was not typed the same twice"}
		}
		page.Done = "Your password is changed. All your other sessions have ended."
		return accounts.ChangePassword(ctx, actor.User, r.PostFormValue("old"), r.PostFormValue("new"), actor.Session)
	case "begin":
		var uri string
		if uri, page.Secret, err = accounts.BeginSecondFactor(ctx, actor.User, "Weighbridge "+string(c.Organisation)); err != nil {
			return err
		}
		page.Code, err = pictureCode(uri)
		return err
	case "confirm":
		page.Done = "The second factor is set."
		page.Recover, err = accounts.ConfirmSecondFactor(ctx, actor.User, r.PostFormValue("code"))
		return err
	case "remove":
		page.Done = "The second factor is removed."
		return accounts.RemoveSecondFactor(ctx, actor.User, r.PostFormValue("code"))
	case "end":
		page.Done = "The session has ended."
		return accounts.EndSession(ctx, actor.User, r.PostFormValue("session"))
	case "end-all":
		page.Done = "All your other sessions have ended."
		return accounts.EndSessions(ctx, actor.User, actor.Session)
	case "token":
		t := tokenOf(r)
		t.Owner = actor.User
		_, page.Token, err = accounts.AddToken(ctx, t)
		return err
	case "revoke":
		page.Done = "The token is revoked."
		return accounts.RevokeToken(ctx, r.PostFormValue("token"), actor.User)
	}
	return errUnknownForm
}

var errUnknownForm = fmt.Errorf("the form asks for nothing that is known here: %w", access.ErrRefused)

// tokenOf reads the form of a new token. One that was made for a site that does
// not exist can do nothing.
func tokenOf(r *http.Request) access.Token {
	t := access.Token{Label: strings.TrimSpace(r.PostFormValue("label"))}
	for _, scope := range r.PostForm["scope"] {
		t.Scopes = append(t.Scopes, access.Permission(scope))
	}
	for _, site := range strings.FieldsFunc(r.PostFormValue("sites"), func(c rune) bool { return c == ',' || c == ' ' }) {
		t.Sites = append(t.Sites, massbalance.SiteID(site))
	}
	if day, err := time.Parse(time.DateOnly, r.PostFormValue("expires")); err == nil {
		t.Expires = day.Add(24*time.Hour - time.Second)
	}
	return t
}
