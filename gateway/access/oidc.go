package access

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/weighbridge/weighbridge/gateway/store"
)

// ProviderOptions say with whom people may sign in by OpenID Connect, and what
// the provider's word is worth here.
type ProviderOptions struct {
	// ID stands in addresses, Name on the button.
	ID, Name string
	// Issuer is the provider's address; everything else is discovered there.
	Issuer       string
	ClientID     string
	ClientSecret string
	// Scopes are asked for beside openid.
	Scopes []string
	// UserClaim names the user: preferred_username where it is "". An address of
	// mail counts only where the provider says that it is verified.
	UserClaim string
	// RolesClaim holds groups or roles, a string or a list of them; Roles says
	// what they mean here. Who has none of them is not let in.
	RolesClaim string
	Roles      map[string][]Role
}

// provider is one at work. It is discovered when it is first needed, so that the
// gateway starts without it.
type provider struct {
	ProviderOptions
	mu       sync.Mutex
	known    *oidc.Provider
	verifier *oidc.IDTokenVerifier
}

func newProvider(o ProviderOptions) (*provider, error) {
	if o.UserClaim == "" {
		o.UserClaim = "preferred_username"
	}
	if o.Name == "" {
		o.Name = o.ID
	}
	issuer, err := url.Parse(o.Issuer)
	if err != nil || !userName.MatchString(o.ID) || o.ClientID == "" || o.RolesClaim == "" || len(o.Roles) == 0 {
		return nil, fmt.Errorf("couldn't use the sign-in provider %q: it needs an ID, an issuer, a client ID, a claim with roles and what they mean here", o.ID)
	}
	if issuer.Scheme != "https" && !Loopback(issuer.Host) {
		return nil, fmt.Errorf("couldn't use the sign-in provider %s: its issuer %s is not https", o.ID, o.Issuer)
	}
	for value, roles := range o.Roles {
		for _, r := range roles {
			if !slices.Contains(Roles, r) {
				return nil, fmt.Errorf("couldn't use the sign-in provider %s: %q means %q, which is not a role; the roles are %s", o.ID, value, r, join(Roles))
			}
		}
	}
	return &provider{ProviderOptions: o}, nil
}

// Provider is a way to sign in, for the page.
type Provider struct{ ID, Name string }

// SignInProviders lists them.
func (a *Accounts) SignInProviders() []Provider {
	var all []Provider
	for _, p := range a.providers {
		all = append(all, Provider{p.ID, p.Name})
	}
	return all
}

func (a *Accounts) provider(id string) (*provider, error) {
	for _, p := range a.providers {
		if p.ID == id {
			return p, nil
		}
	}
	return nil, refuse("there is no sign-in provider %s", id)
}

// discover reads the provider's own description once.
func (p *provider) discover(ctx context.Context) (*oidc.Provider, *oidc.IDTokenVerifier, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		// The keys are read again later, when this request is long over.
		known, err := oidc.NewProvider(context.WithoutCancel(ctx), p.Issuer)
		if err != nil {
			return nil, nil, fmt.Errorf("couldn't discover the sign-in provider %s: %w", p.ID, err)
		}
		p.known, p.verifier = known, known.Verifier(&oidc.Config{ClientID: p.ClientID})
	}
	return p.known, p.verifier, nil
}

func (a *Accounts) oauth(p *provider, known *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: known.Endpoint(),
		RedirectURL: strings.TrimSuffix(a.PublicURL, "/") + ProviderPath + p.ID + "/back",
		Scopes:      append([]string{oidc.ScopeOpenID}, p.Scopes...),
	}
}

// ProviderPath is where signing in with a provider begins: the provider's ID follows.
const ProviderPath = "/sign-in/with/"

// flow is what a sign-in under way must find again when the browser is back.
type flow struct{ Provider, State, Nonce, Verifier, To string }

// flowCookie binds a sign-in under way to the browser that began it.
func (a *Accounts) flowCookie(value string, maxAge int) *http.Cookie {
	c := a.cookie(value, maxAge)
	c.Name += "-flow"
	return c
}

// BeginProvider sends the browser to a provider, to come back and then go to a path.
func (a *Accounts) BeginProvider(w http.ResponseWriter, r *http.Request, id, to string) error {
	p, err := a.provider(id)
	if err != nil {
		return err
	}
	known, _, err := p.discover(r.Context())
	if err != nil {
		return err
	}
	f := flow{Provider: id, State: newSecret(), Nonce: newSecret(), Verifier: oauth2.GenerateVerifier(), To: Here(to)}
	content, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("couldn't begin a sign-in: %w", err)
	}
	ticket, err := a.issue(r.Context(), providerFlow, string(content))
	if err != nil {
		return err
	}
	http.SetCookie(w, a.flowCookie(ticket, int(lasting[providerFlow].Seconds())))
	http.Redirect(w, r, a.oauth(p, known).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), http.StatusSeeOther)
	return nil
}

// EndProvider signs in who comes back from a provider, and returns where they
// wanted to go.
func (a *Accounts) EndProvider(w http.ResponseWriter, r *http.Request, id string) (to string, err error) {
	p, err := a.provider(id)
	if err != nil {
		return "", err
	}
	http.SetCookie(w, a.flowCookie("", -1))
	name := ""
	to, person, err := a.comeBack(r, p)
	if err == nil {
		name, err = a.admit(r.Context(), p, person)
	}
	if err != nil {
		return "", a.failed(r.Context(), name, "provider "+id, err)
	}
	return to, a.signIn(w, r, name, "provider "+id)
}

// comeBack holds the answer to what was sent: the same browser, state, issuer,
// verifier and nonce, and a token that the provider signed for this gateway.
func (a *Accounts) comeBack(r *http.Request, p *provider) (to string, who person, err error) {
	ctx, query := r.Context(), r.URL.Query()
	cookie, err := r.Cookie(a.flowCookie("", 0).Name)
	if err != nil {
		return "", who, errNoTicket
	}
	content, err := a.take(ctx, providerFlow, cookie.Value)
	if err != nil {
		return "", who, err
	}
	var f flow
	if err := json.Unmarshal([]byte(content), &f); err != nil {
		return "", who, fmt.Errorf("couldn't read a sign-in under way: %w", err)
	}
	if f.Provider != p.ID || subtle.ConstantTimeCompare([]byte(f.State), []byte(query.Get("state"))) != 1 {
		return "", who, refuse("this answer belongs to another sign-in; begin again")
	}
	if issuer := query.Get("iss"); issuer != "" && issuer != p.Issuer { // RFC 9207
		return "", who, refuse("the answer came from another provider")
	}
	if problem := query.Get("error"); problem != "" {
		return "", who, refuse("%s did not sign you in: %s", p.Name, limit(problem+" "+query.Get("error_description"), 200))
	}
	who, err = a.redeem(ctx, p, f, query.Get("code"))
	return f.To, who, err
}

// person is whom a provider speaks of, with what it says of them.
type person struct {
	issuer, subject string
	claims          map[string]any
}

// redeem exchanges the code for an identity token and checks it.
func (a *Accounts) redeem(ctx context.Context, p *provider, f flow, code string) (who person, err error) {
	known, verifier, err := p.discover(ctx)
	if err != nil {
		return who, err
	}
	tokens, err := a.oauth(p, known).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) {
			return who, refuse("%s did not take its own answer back: %s", p.Name, limit(refused.ErrorCode, 100))
		}
		return who, fmt.Errorf("couldn't ask the sign-in provider %s: %w", p.ID, err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return who, refuse("%s sent no identity", p.Name)
	}
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		a.Log.WarnContext(ctx, "an identity token does not hold", "provider", p.ID, "error", err)
		return who, refuse("the identity that %s sent does not hold", p.Name)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(f.Nonce)) != 1 {
		return who, refuse("the identity that %s sent belongs to another sign-in", p.Name)
	}
	who = person{issuer: token.Issuer, subject: token.Subject}
	if err := token.Claims(&who.claims); err != nil {
		return who, fmt.Errorf("couldn't read an identity's claims: %w", err)
	}
	return who, p.complete(ctx, known, tokens, &who)
}

// complete asks the provider for the claims that it puts into no identity token,
// as OpenID Connect lets it (Core, 5.4).
func (p *provider) complete(ctx context.Context, known *oidc.Provider, tokens *oauth2.Token, who *person) error {
	_, named := who.claims[p.UserClaim]
	_, roles := who.claims[p.RolesClaim]
	if named && roles || known.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := known.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return fmt.Errorf("couldn't ask the sign-in provider %s for its claims: %w", p.ID, err)
	}
	if info.Subject != who.subject { // somebody else's (Core, 5.3.2)
		return refuse("%s speaks of somebody else", p.Name)
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return fmt.Errorf("couldn't read a provider's claims: %w", err)
	}
	for name, value := range more {
		if _, there := who.claims[name]; !there {
			who.claims[name] = value
		}
	}
	return nil
}

func limit(text string, n int) string {
	text = strings.ToValidUTF8(text[:min(len(text), n)], "")
	return strings.TrimSpace(text)
}

// admit makes the user of an identity, or changes their roles to what the
// provider says now. An account that exists here under the name and came from
// elsewhere is another person's.
func (a *Accounts) admit(ctx context.Context, p *provider, who person) (string, error) {
	u, err := p.user(who.claims)
	if err != nil {
		return u.Name, err
	}
	err = a.noted(With(ctx, Actor{Name: "provider " + p.ID, Address: From(ctx).Address}), "user admitted", u.Name+" ("+join(u.Roles)+")", func(tx *store.Tx) error {
		return a.upsert(ctx, tx, &u, who)
	})
	return u.Name, err
}

func (a *Accounts) upsert(ctx context.Context, tx *store.Tx, u *User, who person) error {
	known, err := scanUser(tx.QueryRow(ctx, `SELECT `+userColumns+` FROM users WHERE issuer = ? AND subject = ?`, who.issuer, who.subject))
	if err == nil {
		if u.Name = known.Name; known.Disabled {
			return refuse("%s is disabled here", known.Name)
		}
		if _, err := tx.Exec(ctx, `UPDATE users SET full_name = ?, roles = ? WHERE name = ?`, u.FullName, join(u.Roles), u.Name); err != nil {
			return fmt.Errorf("couldn't change the user %s: %w", u.Name, err)
		}
		return nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("couldn't read the user %s: %w", u.Name, err)
	}
	result, err := tx.Exec(ctx, `INSERT INTO users (name, full_name, roles, disabled, password, issuer, subject, totp, totp_confirmed, totp_step, recovery, created, signed_in)
		VALUES (?, ?, ?, 0, '', ?, ?, '', 0, 0, '', ?, 0) ON CONFLICT (name) DO NOTHING`, u.Name, u.FullName, join(u.Roles), who.issuer, who.subject, a.now())
	if err != nil {
		return fmt.Errorf("couldn't add the user %s: %w", u.Name, err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, refuse("there is another user %s here already", u.Name))
	}
	return nil
}

// user reads who somebody is, and which roles that gives them here.
func (p *provider) user(claims map[string]any) (User, error) {
	u := User{}
	u.Name, _ = claims[p.UserClaim].(string)
	u.FullName, _ = claims["name"].(string)
	u.FullName = limit(u.FullName, 128)
	if verified, _ := claims["email_verified"].(bool); p.UserClaim == "email" && !verified {
		return u, refuse("%s has not verified the address %s", p.Name, u.Name)
	}
	for _, value := range texts(claims[p.RolesClaim]) {
		u.Roles = append(u.Roles, p.Roles[value]...)
	}
	if u.Roles = ordered(u.Roles); len(u.Roles) == 0 {
		return u, refuse("%s gives you no role here; ask whoever administers your groups", p.Name)
	}
	return u, checkUser(u)
}

// texts reads a claim that is a string or a list of strings.
func texts(claim any) []string {
	switch c := claim.(type) {
	case string:
		return []string{c}
	case []any:
		var all []string
		for _, one := range c {
			if text, ok := one.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	return nil
}
