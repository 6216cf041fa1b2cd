package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/store"
)

// Scopes are the permissions that a token may have: not those of a person.
var Scopes = []Permission{Read, Operate, Administer, Audit, Observe}

// tokenPrefix lets people and programs that search for leaked secrets know one.
const tokenPrefix = "weighbridge_"

// Token is what a machine, or a person's script, calls with.
type Token struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	// Owner is the user for whom it acts; absent where it is a machine of the organisation's.
	Owner string `json:"owner,omitempty"`
	// Creator made it.
	Creator string               `json:"creator"`
	Scopes  []Permission         `json:"scopes"`
	Sites   []massbalance.SiteID `json:"sites,omitempty"`
	Created time.Time            `json:"created"`
	Expires time.Time            `json:"expires"`
	Used    time.Time            `json:"used,omitzero"`
	Revoked bool                 `json:"revoked,omitempty"`
}

const tokenColumns = `id, label, owner, creator, scopes, sites, created, expires, used, revoked`

func scanToken(r row) (t Token, err error) {
	var scopes, sites string
	var created, expires, used, revoked int64
	err = r.Scan(&t.ID, &t.Label, &t.Owner, &t.Creator, &scopes, &sites, &created, &expires, &used, &revoked)
	t.Scopes, t.Sites = split[Permission](scopes), split[massbalance.SiteID](sites)
	t.Created, t.Expires, t.Used, t.Revoked = moment(created), moment(expires), moment(used), revoked != 0
	return t, err
}

// longestToken bounds how long a token may hold.
const longestToken = 366 * 24 * time.Hour

func (a *Accounts) checkToken(t Token) error {
	if t.Label == "" || len(t.Label) > 64 || !massbalance.ValidName(t.Label) {
		return refuse("a token is called by a name of 1 to 64 letters, digits, dots, underscores and hyphens")
	}
	if len(t.Scopes) == 0 {
		return refuse("a token has at least one scope of %s", join(Scopes))
	}
	for _, s := range t.Scopes {
		if !slices.Contains(Scopes, s) {
			return refuse("%q is not a scope of a token; they are %s", s, join(Scopes))
		}
	}
	for _, s := range t.Sites {
		if !massbalance.ValidName(string(s)) {
			return refuse("%q is not a site's name", s)
		}
	}
	if !t.Expires.After(a.Now()) || t.Expires.After(a.Now().Add(longestToken)) {
		return refuse("a token expires within a year")
	}
	return nil
}

// AddToken makes a token and returns it, once. A token with an owner can do what
// its scopes say and its owner may; one without is the organisation's.
func (a *Accounts) AddToken(ctx context.Context, t Token) (Token, string, error) {
	if err := a.checkToken(t); err != nil {
		return t, "", err
	}
	secret := tokenPrefix + newSecret()
	t.ID, t.Creator, t.Created = newID(), From(ctx).User, a.Now().UTC()
	what := fmt.Sprintf("%s %s (%s)", t.ID, t.Label, join(t.Scopes))
	return t, secret, a.noted(ctx, "token made", what, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO tokens (`+tokenColumns+`, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)`,
			t.ID, t.Label, t.Owner, t.Creator, join(t.Scopes), join(t.Sites), t.Created.UnixMilli(), t.Expires.UnixMilli(), hashed(secret)); err != nil {
			return fmt.Errorf("couldn't make a token: %w", err)
		}
		return nil
	})
}

// Tokens lists a user's tokens, or all where owner is "".
func (a *Accounts) Tokens(ctx context.Context, owner string) ([]Token, error) {
	return collect(ctx, a.store, scanToken, `SELECT `+tokenColumns+` FROM tokens WHERE ? = '' OR owner = ? ORDER BY created DESC, id`, owner, owner)
}

// RevokeToken ends a token; where owner is not "", only one of theirs.
func (a *Accounts) RevokeToken(ctx context.Context, id, owner string) error {
	return a.noted(ctx, "token revoked", id, func(tx *store.Tx) error {
		result, err := tx.Exec(ctx, `UPDATE tokens SET revoked = 1 WHERE id = ? AND (? = '' OR owner = ?)`, id, owner, owner)
		if err != nil {
			return fmt.Errorf("couldn't revoke a token: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, refuse("there is no token %s", id))
		}
		return nil
	})
}

// byToken is who has the token; Nobody where it does not hold.
func (a *Accounts) byToken(ctx context.Context, secret string) (Actor, error) {
	t, err := scanToken(a.store.QueryRow(ctx, `SELECT `+tokenColumns+` FROM tokens WHERE hash = ?`, hashed(secret)))
	if errors.Is(err, sql.ErrNoRows) {
		return Nobody, nil
	}
	if err != nil {
		return Nobody, fmt.Errorf("couldn't read a token: %w", err)
	}
	actor, err := a.ofToken(ctx, t)
	if err == nil && actor.Token != "" && a.Now().Sub(t.Used) > seenEvery {
		if _, err := a.store.Exec(ctx, `UPDATE tokens SET used = ? WHERE id = ?`, a.now(), t.ID); err != nil {
			return Nobody, fmt.Errorf("couldn't note that a token is in use: %w", err)
		}
	}
	return actor, err
}

// ofToken is who calls with a token now; Nobody where it does not hold.
func (a *Accounts) ofToken(ctx context.Context, t Token) (Actor, error) {
	if t.Revoked || !a.Now().Before(t.Expires) {
		return Nobody, nil
	}
	actor := Actor{Name: "token " + t.Label, Token: t.ID, Scopes: t.Scopes, Sites: t.Sites}
	if t.Creator != "" {
		actor.Persons = []string{t.Creator}
	}
	if t.Owner != "" {
		u, err := a.User(ctx, t.Owner)
		if errors.Is(err, ErrNoUser) || err == nil && (u.Disabled || len(u.Roles) == 0) {
			return Nobody, nil
		}
		if err != nil {
			return Nobody, err
		}
		actor.Name, actor.Roles = u.Name+" by token "+t.Label, u.Roles
		actor.Persons = append(actor.Persons, u.Name)
	}
	return actor, nil
}

// bearer is the token of a request.
func bearer(r *http.Request) (string, bool) {
	kind, secret, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(secret), ok && strings.EqualFold(kind, "Bearer")
}

// ErrBadToken says that a request has a token, or some other authorisation,
// that does not hold.
var ErrBadToken = fmt.Errorf("the token is unknown, expired or revoked: %w", ErrRefused)

// Actor is whoever sent the request. A request that brings authorisation is
// judged by that alone: a token that does not hold is not made good by a cookie.
func (a *Accounts) Actor(r *http.Request) (actor Actor, err error) {
	if secret, ok := bearer(r); ok {
		if actor, err = a.byToken(r.Context(), secret); err == nil && actor.Token == "" {
			err = ErrBadToken
		}
		return actor, err
	}
	if r.Header.Get("Authorization") != "" {
		return Nobody, ErrBadToken
	}
	if cookie, err := r.Cookie(a.cookieName()); err == nil {
		return a.bySession(r.Context(), cookie.Value)
	}
	return Nobody, nil
}

// renewed is an actor with what they may do now.
func (a *Accounts) renewed(ctx context.Context, actor Actor) (Actor, error) {
	switch {
	case actor.Token != "":
		t, err := scanToken(a.store.QueryRow(ctx, `SELECT `+tokenColumns+` FROM tokens WHERE id = ?`, actor.Token))
		if errors.Is(err, sql.ErrNoRows) {
			return Nobody, nil
		}
		if err != nil {
			return Nobody, fmt.Errorf("couldn't read a token: %w", err)
		}
		return a.ofToken(ctx, t)
	case actor.User != "":
		u, err := a.User(ctx, actor.User)
		if errors.Is(err, ErrNoUser) || err == nil && u.Disabled {
			return Nobody, nil
		}
		if err != nil {
			return Nobody, err
		}
		actor.Roles = u.Roles
		return actor, nil
	}
	return Nobody, nil
}
