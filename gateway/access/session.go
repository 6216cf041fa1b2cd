package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/weighbridge/weighbridge/gateway/store"
)

// seenEvery is how often it is noted that a session is in use.
const seenEvery = time.Minute

// Session is a user's being signed in with one browser.
type Session struct {
	// ID names it; it is not what the browser holds.
	ID   string    `json:"id"`
	User string    `json:"user"`
	Way  string    `json:"way"`
	From string    `json:"from,omitempty"`
	With string    `json:"with,omitempty"`
	At   time.Time `json:"at"`
	Seen time.Time `json:"seen"`
	// Current is whether it is the asker's own.
	Current bool `json:"current,omitempty"`
}

const sessionColumns = `hash, name, way, address, agent, created, seen`

func scanSession(r row) (s Session, err error) {
	var created, seen int64
	err = r.Scan(&s.ID, &s.User, &s.Way, &s.From, &s.With, &created, &seen)
	s.At, s.Seen = moment(created), moment(seen)
	return s, err
}

// signIn begins a session and ends the one that the browser had: whatever a
// browser held before somebody signed in is worth nothing after.
func (a *Accounts) signIn(w http.ResponseWriter, r *http.Request, user, way string) error {
	ctx, secret, now := r.Context(), newSecret(), a.now()
	agent := r.UserAgent()
	err := a.noted(With(ctx, Actor{Name: user, Address: From(ctx).Address}), "signed in", way, func(tx *store.Tx) error {
		if old, err := r.Cookie(a.cookieName()); err == nil {
			if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE hash = ?`, hashed(old.Value)); err != nil {
				return fmt.Errorf("couldn't end the session before: %w", err)
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO sessions (`+sessionColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			hashed(secret), user, way, From(ctx).Address, agent[:min(len(agent), 200)], now, now); err != nil {
			return fmt.Errorf("couldn't begin a session: %w", err)
		}
		if _, err := tx.Exec(ctx, `UPDATE users SET signed_in = ? WHERE name = ?`, now, user); err != nil {
			return fmt.Errorf("couldn't note the sign-in of %s: %w", user, err)
		}
		return nil
	})
	if err == nil {
		http.SetCookie(w, a.cookie(secret, 0))
		a.tidy(ctx)
	}
	return err
}

// cookieName has the prefix that makes browsers insist on HTTPS and on this very
// host, where HTTPS is what the gateway serves.
func (a *Accounts) cookieName() string {
	name := "weighbridge-" + a.Organisation
	if a.Secure {
		return "__Host-" + name
	}
	return name
}

// cookie is kept until the browser is closed; the gateway ends sessions itself.
// Lax lets links from elsewhere lead to a page, and sends it with nothing that
// changes anything.
func (a *Accounts) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: a.cookieName(), Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: a.Secure, SameSite: http.SameSiteLaxMode}
}

// bySession is who has the session; Nobody where it is over.
func (a *Accounts) bySession(ctx context.Context, secret string) (Actor, error) {
	hash, now := hashed(secret), a.Now()
	session, holds, err := a.session(ctx, hash)
	if err != nil || !holds {
		return Nobody, err
	}
	u, err := a.User(ctx, session.User)
	if errors.Is(err, ErrNoUser) || err == nil && u.Disabled {
		return Nobody, nil
	}
	if err != nil {
		return Nobody, err
	}
	if now.Sub(session.Seen) > seenEvery {
		if _, err := a.store.Exec(ctx, `UPDATE sessions SET seen = ? WHERE hash = ?`, now.UnixMilli(), hash); err != nil {
			return Nobody, fmt.Errorf("couldn't note that a session is in use: %w", err)
		}
	}
	return Actor{Name: u.Name, User: u.Name, Persons: []string{u.Name}, Roles: u.Roles, Session: hash}, nil
}

// session reads a session, and whether it holds.
func (a *Accounts) session(ctx context.Context, hash string) (s Session, holds bool, err error) {
	s, err = scanSession(a.store.QueryRow(ctx, `SELECT `+sessionColumns+` FROM sessions WHERE hash = ?`, hash))
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	if err != nil {
		return s, false, fmt.Errorf("couldn't read a session: %w", err)
	}
	now := a.Now()
	return s, now.Sub(s.Seen) <= a.Idle && now.Sub(s.At) <= a.Absolute, nil
}

// Still reports whether somebody who called, and whose answer goes on, may have
// more of it: their session or token holds, and they have the permission. To be
// listened to is no sign that somebody is there, so it does not lengthen a session.
func (a *Accounts) Still(ctx context.Context, actor Actor, who Permission) (bool, error) {
	if actor.Token == "" {
		if _, holds, err := a.session(ctx, actor.Session); err != nil || !holds {
			return false, err
		}
	}
	now, err := a.renewed(ctx, actor)
	return err == nil && now.Name != "" && now.May(who), err
}

// SignOut ends the asker's session.
func (a *Accounts) SignOut(w http.ResponseWriter, r *http.Request) error {
	http.SetCookie(w, a.cookie("", -1))
	w.Header().Set("Clear-Site-Data", `"cache"`)
	return a.EndSession(r.Context(), From(r.Context()).User, From(r.Context()).Session)
}

// Sessions lists a user's, the newest first.
func (a *Accounts) Sessions(ctx context.Context, user string) ([]Session, error) {
	all, err := collect(ctx, a.store, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE name = ? AND seen >= ? AND created >= ? ORDER BY created DESC`,
		user, a.Now().Add(-a.Idle).UnixMilli(), a.Now().Add(-a.Absolute).UnixMilli())
	for i := range all {
		all[i].Current = all[i].ID == From(ctx).Session
	}
	return all, err
}

// EndSession ends one session of a user.
func (a *Accounts) EndSession(ctx context.Context, user, id string) error {
	return a.noted(ctx, "signed out", user, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE hash = ? AND name = ?`, id, user); err != nil {
			return fmt.Errorf("couldn't end a session: %w", err)
		}
		return nil
	})
}

// EndSessions signs a user out everywhere; the session named keep stays.
func (a *Accounts) EndSessions(ctx context.Context, user, keep string) error {
	return a.noted(ctx, "signed out everywhere", user, func(tx *store.Tx) error { return endSessions(ctx, tx, user, keep) })
}

func endSessions(ctx context.Context, tx *store.Tx, user, keep string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE name = ? AND hash <> ?`, user, keep); err != nil {
		return fmt.Errorf("couldn't end the sessions of %s: %w", user, err)
	}
	return nil
}

// tidy forgets what is over. That it fails is no failure of who signs in.
func (a *Accounts) tidy(ctx context.Context) {
	now := a.Now()
	for query, before := range map[string]time.Time{
		`DELETE FROM sessions WHERE seen < ?`:    now.Add(-a.Idle),
		`DELETE FROM sessions WHERE created < ?`: now.Add(-a.Absolute),
		`DELETE FROM tickets WHERE expires < ?`:  now,
		`DELETE FROM failures WHERE latest < ?`:  now.Add(-forgiven),
	} {
		if _, err := a.store.Exec(ctx, query, before.UnixMilli()); err != nil {
			a.Log.WarnContext(ctx, "couldn't forget what is over", "error", err)
		}
	}
}
