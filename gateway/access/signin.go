package access

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/weighbridge/weighbridge/gateway/store"
)

// SignIn checks a name and password. Where the user has a second factor, it
// returns a ticket with which SignInCode goes on; else they are signed in.
func (a *Accounts) SignIn(w http.ResponseWriter, r *http.Request, name, password string) (ticket string, err error) {
	ctx := r.Context()
	u, err := a.User(ctx, name)
	if err != nil && !errors.Is(err, ErrNoUser) {
		return "", err
	}
	err = a.guess(ctx, "user "+name, func() (bool, error) {
		right, err := verifyPassword(u.hash, password)
		return right && !u.Disabled, err
	})
	if err != nil {
		return "", a.failed(ctx, name, "password", err)
	}
	if outdated(u.hash) {
		if err := a.rehash(ctx, u, password); err != nil {
			return "", err
		}
	}
	if u.SecondFactor {
		return a.issue(ctx, secondStep, u.Name)
	}
	return "", a.signIn(w, r, u.Name, "password")
}

// failed writes a failed sign-in down.
func (a *Accounts) failed(ctx context.Context, name, way string, err error) error {
	var wait *TooManyFailures
	if !errors.Is(err, ErrRefused) && !errors.As(err, &wait) {
		return err
	}
	if len(name) > 64 {
		name = name[:64]
	}
	return errors.Join(err, a.Note(ctx, Act{Actor: fmt.Sprintf("%q", name), Action: "signed in", Subject: way, Outcome: "refused: " + err.Error()}))
}

func (a *Accounts) rehash(ctx context.Context, u User, password string) error {
	if _, err := a.store.Exec(ctx, `UPDATE users SET password = ? WHERE name = ? AND password = ?`, hashPassword(password), u.Name, u.hash); err != nil {
		return fmt.Errorf("couldn't renew the password's hash of %s: %w", u.Name, err)
	}
	return nil
}

// SignInCode ends what SignIn began, with a code of the second factor or a
// recovery code.
func (a *Accounts) SignInCode(w http.ResponseWriter, r *http.Request, ticket, code string) error {
	ctx := r.Context()
	name, err := a.look(ctx, secondStep, ticket)
	if err != nil {
		return err
	}
	u, err := a.User(ctx, name)
	if err != nil {
		return err
	}
	if u.Disabled || !u.SecondFactor {
		return errNoTicket
	}
	if err := a.guess(ctx, "code "+name, func() (bool, error) { return a.checkCode(ctx, u, code) }); err != nil {
		return a.failed(ctx, name, "code", err)
	}
	if _, err := a.take(ctx, secondStep, ticket); err != nil {
		return err
	}
	return a.signIn(w, r, name, "password and code")
}

// SignInLink makes a path that signs a user in, once and within minutes: for a
// new user who has no password, one who lost it, and for whoever set the gateway
// up.
func (a *Accounts) SignInLink(ctx context.Context, name string) (string, error) {
	u, err := a.User(ctx, name)
	if err != nil {
		return "", err
	}
	if u.Disabled {
		return "", refuse("%s is disabled", name)
	}
	if u.Issuer != "" {
		return "", refuse("%s signs in with %s", name, u.Issuer)
	}
	var secret string
	err = a.noted(ctx, "sign-in link made", name, func(*store.Tx) error { return nil })
	if err == nil {
		secret, err = a.issue(ctx, signInLink, name)
	}
	return LinkPath + "?" + url.Values{"link": {secret}}.Encode(), err
}

// LinkPath is where sign-in links lead.
const LinkPath = "/sign-in/link"

// FollowLink signs in whoever has a link, and uses it up.
func (a *Accounts) FollowLink(w http.ResponseWriter, r *http.Request, secret string) error {
	ctx := r.Context()
	name, err := a.take(ctx, signInLink, secret)
	if err != nil {
		return a.failed(ctx, "", "link", err)
	}
	u, err := a.User(ctx, name)
	if err != nil {
		return err
	}
	if u.Disabled {
		return a.failed(ctx, name, "link", errNoTicket)
	}
	return a.signIn(w, r, name, "link")
}
