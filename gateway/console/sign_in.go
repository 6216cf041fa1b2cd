package console

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
)

// signInPage is what somebody sees who did not sign in: nothing of the ledger.
type signInPage struct {
	Organisation massbalance.OrganisationID
	To           string
	User         string
	Providers    []access.Provider
	// Ticket is set where the password was right and a code is missing.
	Ticket  string
	Refusal string
}

// formMax bounds the small forms of accounts.
const formMax = 64 << 10

func (c *Console) registerSignIn(mux *access.Mux) {
	mux.HandleFunc(access.Public, "GET /sign-in", func(w http.ResponseWriter, r *http.Request) {
		c.signIn(w, r, http.StatusOK, signInPage{To: access.Here(r.URL.Query().Get("to"))})
	})
	mux.HandleFunc(access.Public, "POST /sign-in", c.postSignIn)
	mux.HandleFunc(access.Public, "POST /sign-in/code", c.postSignInCode)
	mux.HandleFunc(access.Public, "GET "+access.LinkPath, c.followLink)
	mux.HandleFunc(access.Public, "GET "+access.ProviderPath+"{provider}", func(w http.ResponseWriter, r *http.Request) {
		if err := c.accounts().BeginProvider(w, r, r.PathValue("provider"), r.URL.Query().Get("to")); err != nil {
			c.signInFailed(w, r, signInPage{}, err)
		}
	})
	mux.HandleFunc(access.Public, "GET "+access.ProviderPath+"{provider}/back", func(w http.ResponseWriter, r *http.Request) {
		to, err := c.accounts().EndProvider(w, r, r.PathValue("provider"))
		if err != nil {
			c.signInFailed(w, r, signInPage{}, err)
			return
		}
		goOn(w, r, to)
	})
	mux.HandleFunc(access.SignedIn, "POST /sign-out", func(w http.ResponseWriter, r *http.Request) {
		if err := c.accounts().SignOut(w, r); err != nil {
			c.signInFailed(w, r, signInPage{}, err)
			return
		}
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
	})
}

func (c *Console) accounts() *access.Accounts { return c.Desk.Accounts }

// goOn leads to where somebody wanted to go before they had to sign in. The page
// leads there by itself: a redirect from another site's would be a request of that
// site's, to which a browser gives no cookie that is Strict.
func goOn(w http.ResponseWriter, r *http.Request, to string) {
	http.Redirect(w, r, access.Here(to), http.StatusSeeOther)
}

func (c *Console) postSignIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formMax)
	page := signInPage{To: access.Here(r.PostFormValue("to")), User: r.PostFormValue("user")}
	ticket, err := c.accounts().SignIn(w, r, page.User, r.PostFormValue("password"))
	switch {
	case err != nil:
		c.signInFailed(w, r, page, err)
	case ticket != "":
		page.Ticket = ticket
		c.signIn(w, r, http.StatusOK, page)
	default:
		goOn(w, r, page.To)
	}
}

func (c *Console) postSignInCode(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formMax)
	page := signInPage{To: access.Here(r.PostFormValue("to")), Ticket: r.PostFormValue("ticket")}
	if err := c.accounts().SignInCode(w, r, page.Ticket, r.PostFormValue("code")); err != nil {
		if !errors.Is(err, access.ErrWrong) {
			page.Ticket = ""
		}
		c.signInFailed(w, r, page, err)
		return
	}
	goOn(w, r, page.To)
}

// followLink signs in by a link. A browser that only looks ahead does not use it up.
func (c *Console) followLink(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Sec-Purpose") != "" || r.Header.Get("Purpose") != "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if err := c.accounts().FollowLink(w, r, r.URL.Query().Get("link")); err != nil {
		c.signInFailed(w, r, signInPage{}, err)
		return
	}
	goOn(w, r, "/")
}

// signInFailed shows why somebody was not signed in; what is of no use to them
// goes to the log.
func (c *Console) signInFailed(w http.ResponseWriter, r *http.Request, page signInPage, err error) {
	status, refusal := c.refusal(w, r, err)
	page.Refusal = refusal
	c.signIn(w, r, status, page)
}

// refusal is what may be said of an error, and the status for it.
func (c *Console) refusal(w http.ResponseWriter, r *http.Request, err error) (int, string) {
	var wait *access.TooManyFailures
	var weak *access.WeakPassword
	switch {
	case errors.As(err, &wait):
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.After.Seconds()))))
		return http.StatusTooManyRequests, sentence(wait.Error())
	case errors.Is(err, access.ErrWrong):
		return http.StatusUnauthorized, "That is not right: the name, the password or the code."
	case errors.As(err, &weak):
		return http.StatusUnprocessableEntity, sentence(weak.Error())
	case errors.Is(err, access.ErrRefused):
		return http.StatusUnprocessableEntity, sentence(err.Error())
	}
	c.Log.LogAttrs(r.Context(), slog.LevelError, "couldn't do what a form asked", slog.String("path", r.URL.Path), slog.Any("error", err))
	return http.StatusServiceUnavailable, "That did not work; the gateway's log says why. Try again in a moment."
}

// sentence makes an error's words one.
func sentence(text string) string {
	if text == "" {
		return text
	}
	return string(bytes.ToUpper([]byte(text[:1]))) + text[1:] + "."
}

// signIn shows the page on which people sign in.
func (c *Console) signIn(w http.ResponseWriter, r *http.Request, status int, page signInPage) {
	protect(w)
	w.Header().Set("Referrer-Policy", "no-referrer")
	page.Organisation, page.Providers = c.Organisation, c.accounts().SignInProviders()
	var content bytes.Buffer
	if err := c.pages["sign-in"].ExecuteTemplate(&content, "outside", page); err != nil {
		c.Log.LogAttrs(r.Context(), slog.LevelError, "couldn't render a page", slog.String("page", "sign-in"), slog.Any("error", err))
		http.Error(w, "The page could not be made; the gateway's log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = content.WriteTo(w) // whoever asked may be gone
}

// With is the address of the sign-in with a provider.
func (p signInPage) With(provider string) string {
	return access.ProviderPath + provider + "?" + url.Values{"to": {p.To}}.Encode()
}

// Refuse answers a person who may not see or do what they asked for.
func (c *Console) Refuse(w http.ResponseWriter, r *http.Request, status int, detail string) {
	title := map[int]string{http.StatusForbidden: "You may not do this", http.StatusTooManyRequests: "Too many requests"}[status]
	if title == "" {
		title = "This does not work now"
	}
	protect(w)
	c.render(w, r, "problem", status, frame{Name: string(c.Organisation), Organisation: c.Organisation, Empty: true, Page: failure{title, sentence(detail)}})
}

// when writes a moment for people.
func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02\u00a015:04\u00a0UTC")
}

// note is a line of what was done, for the top of a page.
func note(format string, args ...any) string { return fmt.Sprintf(format, args...) }
