package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A ticket is a secret that stands for something for a short time.
type ticketKind string

const (
	// secondStep: the password was right, a code is still missing.
	secondStep ticketKind = "second step"
	// signInLink: whoever has it may sign in as a user, once.
	signInLink ticketKind = "link"
	// providerFlow: a browser is on its way to a provider and back.
	providerFlow ticketKind = "flow"
)

// lasting is how long each kind holds.
var lasting = map[ticketKind]time.Duration{secondStep: 5 * time.Minute, signInLink: 10 * time.Minute, providerFlow: 10 * time.Minute}

func (a *Accounts) issue(ctx context.Context, kind ticketKind, content string) (string, error) {
	secret := newSecret()
	_, err := a.store.Exec(ctx, `INSERT INTO tickets (hash, kind, content, expires) VALUES (?, ?, ?, ?)`,
		hashed(secret), string(kind), content, a.Now().Add(lasting[kind]).UnixMilli())
	if err != nil {
		return "", fmt.Errorf("couldn't issue a ticket: %w", err)
	}
	return secret, nil
}

// errNoTicket is a ticket that is unknown, used up or too old.
var errNoTicket = fmt.Errorf("this took too long, or was done already; begin again: %w", ErrRefused)

// look reads a ticket and leaves it.
func (a *Accounts) look(ctx context.Context, kind ticketKind, secret string) (content string, err error) {
	err = a.store.QueryRow(ctx, `SELECT content FROM tickets WHERE hash = ? AND kind = ? AND expires > ?`, hashed(secret), string(kind), a.now()).Scan(&content)
	if errors.Is(err, sql.ErrNoRows) {
		return "", errNoTicket
	}
	if err != nil {
		return "", fmt.Errorf("couldn't read a ticket: %w", err)
	}
	return content, nil
}

// take reads a ticket and uses it up: of several at once, one gets it.
func (a *Accounts) take(ctx context.Context, kind ticketKind, secret string) (string, error) {
	content, err := a.look(ctx, kind, secret)
	if err != nil {
		return "", err
	}
	result, err := a.store.Exec(ctx, `DELETE FROM tickets WHERE hash = ?`, hashed(secret))
	if err != nil {
		return "", fmt.Errorf("couldn't use up a ticket: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return "", errors.Join(err, errNoTicket)
	}
	return content, nil
}
