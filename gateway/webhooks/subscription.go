package webhooks

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// schema is the steps of the tables; see package store.
var schema = []string{
	`CREATE TABLE webhooks (
		id TEXT PRIMARY KEY, url TEXT NOT NULL, types TEXT NOT NULL, secret TEXT NOT NULL,
		creator TEXT NOT NULL, created BIGINT NOT NULL,
		place BIGINT NOT NULL, height BIGINT NOT NULL,
		attempts BIGINT NOT NULL, retry BIGINT NOT NULL, problem TEXT NOT NULL,
		dead BIGINT NOT NULL, disabled BIGINT NOT NULL)`,
	`CREATE TABLE webhook_letters (
		id TEXT PRIMARY KEY, webhook TEXT NOT NULL, place BIGINT NOT NULL,
		type TEXT NOT NULL, body TEXT NOT NULL, problem TEXT NOT NULL, died BIGINT NOT NULL)`,
	`CREATE TABLE webhook_reminders (webhook TEXT NOT NULL, reminder TEXT NOT NULL, said BIGINT NOT NULL, PRIMARY KEY (webhook, reminder))`,
}

// Subscription is who is told of what, and how far they are.
type Subscription struct {
	ID  string
	URL string
	// Types are the types of commands whose records are sent; none means all. With
	// ReminderType, what a day asks for in trade is sent, too.
	Types   []string
	Creator string
	Created time.Time
	// Place is that of the last record that was delivered or given up, in the list
	// of all records; Height is its block.
	Place  uint64
	Height uint64
	// Attempts of the next record failed; Problem says how the last one did, and
	// Retry when the next one is.
	Attempts int
	Problem  string
	Retry    time.Time
	// DeadInRow counts dead letters since the last success.
	DeadInRow int
	Disabled  bool

	secret string
}

// Letter is a record that could not be delivered.
type Letter struct {
	ID      string
	Webhook string
	Place   uint64
	Type    string
	Body    string
	Problem string
	Died    time.Time
}

// ErrUnknown says that there is no such subscription or letter.
var ErrUnknown = errors.New("there is no such webhook or dead letter")

// Invalid says what of a subscription is not as it must be.
type Invalid struct{ Field, Message string }

// Error names the field.
func (e *Invalid) Error() string { return e.Field + ": " + e.Message }

// subscriptionLimit bounds how many there are: each is a connection.
const subscriptionLimit = 100

// check says what is wrong with an address and types.
func check(address string, types []string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return &Invalid{"url", fmt.Sprintf("%q is not an address such as https://erp.example/hooks", address)}
	case u.User != nil || u.Fragment != "" || len(address) > 1024:
		return &Invalid{"url", "must have no user, no fragment, and at most 1024 bytes"}
	}
	for _, kind := range types {
		if kind == ReminderType {
			continue
		}
		if !slices.ContainsFunc(massbalance.Bodies, func(b massbalance.Body) bool { return b.Type() == kind }) {
			return &Invalid{"types", fmt.Sprintf("there is no command %q", kind)}
		}
	}
	return nil
}

// Subscribe adds a subscription to what is recorded from now on, and gives its
// secret, which is not shown again.
func (h *Hub) Subscribe(ctx context.Context, address string, types []string, creator string) (Subscription, string, error) {
	if err := check(address, types); err != nil {
		return Subscription{}, "", err
	}
	slices.Sort(types)
	place, height, err := h.end(ctx)
	if err != nil {
		return Subscription{}, "", err
	}
	s := Subscription{
		ID: newID(), URL: address, Types: slices.Compact(types), Creator: creator, Created: h.now().Truncate(time.Millisecond),
		Place: place, Height: height, secret: secretPrefix + base64.StdEncoding.EncodeToString(random(32)),
	}
	all, err := h.Subscriptions(ctx)
	if err != nil {
		return s, "", err
	}
	if len(all) >= subscriptionLimit {
		return s, "", &Invalid{"url", fmt.Sprintf("there are %d webhooks already, which is the most", len(all))}
	}
	_, err = h.store.Exec(ctx, `INSERT INTO webhooks (id, url, types, secret, creator, created, place, height, attempts, retry, problem, dead, disabled)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '', 0, 0)`,
		s.ID, s.URL, strings.Join(s.Types, " "), s.secret, s.Creator, s.Created.UnixMilli(), int64(s.Place), int64(s.Height)) //nolint:gosec // places are small
	if err != nil {
		return s, "", fmt.Errorf("couldn't keep a webhook: %w", err)
	}
	h.changed()
	return s, s.secret, nil
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

func newID() string { return hex.EncodeToString(random(12)) }

const columns = `SELECT id, url, types, secret, creator, created, place, height, attempts, retry, problem, dead, disabled FROM webhooks`

// Subscriptions lists all, the oldest first.
func (h *Hub) Subscriptions(ctx context.Context) ([]Subscription, error) {
	rows, err := h.store.Query(ctx, columns+` ORDER BY created, id`)
	if err != nil {
		return nil, fmt.Errorf("couldn't list the webhooks: %w", err)
	}
	defer rows.Close()
	var all []Subscription
	for rows.Next() {
		s, err := scan(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("couldn't read a webhook: %w", err)
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// Subscription gives one, or ErrUnknown.
func (h *Hub) Subscription(ctx context.Context, id string) (Subscription, error) {
	s, err := scan(h.store.QueryRow(ctx, columns+` WHERE id = ?`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return s, ErrUnknown
	}
	if err != nil {
		return s, fmt.Errorf("couldn't read a webhook: %w", err)
	}
	return s, nil
}

func scan(row func(...any) error) (Subscription, error) {
	var s Subscription
	var types string
	var created, place, height, retry, disabled int64
	err := row(&s.ID, &s.URL, &types, &s.secret, &s.Creator, &created, &place, &height, &s.Attempts, &retry, &s.Problem, &s.DeadInRow, &disabled)
	s.Types, s.Created, s.Disabled = strings.Fields(types), time.UnixMilli(created).UTC(), disabled == 1
	s.Place, s.Height = uint64(place), uint64(height) //nolint:gosec // they were written from such
	if retry > 0 {
		s.Retry = time.UnixMilli(retry).UTC()
	}
	return s, err
}

// Remove ends a subscription and forgets its dead letters.
func (h *Hub) Remove(ctx context.Context, id string) error {
	if _, err := h.Subscription(ctx, id); err != nil {
		return err
	}
	for _, statement := range []string{`DELETE FROM webhook_letters WHERE webhook = ?`, `DELETE FROM webhook_reminders WHERE webhook = ?`, `DELETE FROM webhooks WHERE id = ?`} {
		if _, err := h.store.Exec(ctx, statement, id); err != nil {
			return fmt.Errorf("couldn't remove a webhook: %w", err)
		}
	}
	h.changed()
	return nil
}

// Enable lets a subscription go on where it was.
func (h *Hub) Enable(ctx context.Context, id string) (Subscription, error) {
	if _, err := h.Subscription(ctx, id); err != nil {
		return Subscription{}, err
	}
	if _, err := h.store.Exec(ctx, `UPDATE webhooks SET disabled = 0, attempts = 0, dead = 0, retry = 0, problem = '' WHERE id = ?`, id); err != nil {
		return Subscription{}, fmt.Errorf("couldn't enable a webhook: %w", err)
	}
	h.changed()
	return h.Subscription(ctx, id)
}

// letterLimit is how many dead letters are listed.
const letterLimit = 500

// Letters lists a subscription's dead letters, the oldest first.
func (h *Hub) Letters(ctx context.Context, webhook string) ([]Letter, error) {
	if _, err := h.Subscription(ctx, webhook); err != nil {
		return nil, err
	}
	rows, err := h.store.Query(ctx, `SELECT id, webhook, place, type, body, problem, died FROM webhook_letters WHERE webhook = ? ORDER BY place LIMIT ?`, webhook, letterLimit)
	if err != nil {
		return nil, fmt.Errorf("couldn't list dead letters: %w", err)
	}
	defer rows.Close()
	var all []Letter
	for rows.Next() {
		l, err := scanLetter(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("couldn't read a dead letter: %w", err)
		}
		all = append(all, l)
	}
	return all, rows.Err()
}

func scanLetter(row func(...any) error) (Letter, error) {
	var l Letter
	var place, died int64
	err := row(&l.ID, &l.Webhook, &place, &l.Type, &l.Body, &l.Problem, &died)
	l.Place, l.Died = uint64(place), time.UnixMilli(died).UTC() //nolint:gosec // it was written from such
	return l, err
}

// Redeliver sends a dead letter once more, with the ID that it had, and forgets
// it if that succeeds.
func (h *Hub) Redeliver(ctx context.Context, webhook, letter string) (Delivery, error) {
	s, err := h.Subscription(ctx, webhook)
	if err != nil {
		return Delivery{}, err
	}
	l, err := scanLetter(h.store.QueryRow(ctx, `SELECT id, webhook, place, type, body, problem, died FROM webhook_letters WHERE id = ? AND webhook = ?`, letter, webhook).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Delivery{}, ErrUnknown
	}
	if err != nil {
		return Delivery{}, fmt.Errorf("couldn't read a dead letter: %w", err)
	}
	d := h.post(ctx, s, l.ID, []byte(l.Body))
	if d.Delivered {
		_, err = h.store.Exec(ctx, `DELETE FROM webhook_letters WHERE id = ?`, l.ID)
	}
	return d, err
}
