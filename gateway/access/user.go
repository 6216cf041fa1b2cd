package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/gateway/store"
)

// User is a person of the organisation.
type User struct {
	// Name is what they sign in with, and what the ledger keeps for ever of who
	// gave a command: choose names with that in mind.
	Name     string    `json:"name"`
	FullName string    `json:"fullName,omitempty"`
	Roles    []Role    `json:"roles"`
	Disabled bool      `json:"disabled,omitempty"`
	Created  time.Time `json:"created"`
	SignedIn time.Time `json:"signedIn,omitzero"`
	// Password and SecondFactor are whether they have one.
	Password     bool `json:"password"`
	SecondFactor bool `json:"secondFactor"`
	// Issuer is the provider whom they sign in with, where it is one.
	Issuer string `json:"issuer,omitempty"`

	hash, secret string
}

// May reports whether the user's roles hold a permission.
func (u User) May(p Permission) bool {
	return !u.Disabled && slices.ContainsFunc(u.Roles, func(r Role) bool { return r.Holds(p) })
}

// Has reports whether a user has a role.
func (u User) Has(r Role) bool { return slices.Contains(u.Roles, r) }

var userName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$`)

func checkUser(u User) error {
	if !userName.MatchString(u.Name) {
		return refuse("%q is not a user's name: 1 to 64 letters, digits and . _ @ + -, the first a letter or digit", u.Name)
	}
	if len(u.FullName) > 128 {
		return refuse("a full name has at most 128 bytes")
	}
	if len(u.Roles) == 0 {
		return refuse("a user has at least one role")
	}
	for _, r := range u.Roles {
		if !slices.Contains(Roles, r) {
			return refuse("%q is not a role; the roles are %s", r, join(Roles))
		}
	}
	return nil
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, one := range list {
		words[i] = string(one)
	}
	return strings.Join(words, " ")
}

func split[T ~string](text string) []T {
	var list []T
	for _, word := range strings.Fields(text) {
		list = append(list, T(word))
	}
	return list
}

// ordered brings roles into the order of Roles, each once.
func ordered(roles []Role) []Role {
	var out []Role
	for _, r := range Roles {
		if slices.Contains(roles, r) {
			out = append(out, r)
		}
	}
	return out
}

const userColumns = `name, full_name, roles, disabled, password, issuer, totp, totp_confirmed, created, signed_in`

type row interface{ Scan(...any) error }

func scanUser(r row) (User, error) {
	var u User
	var roles string
	var disabled, confirmed, created, signedIn int64
	err := r.Scan(&u.Name, &u.FullName, &roles, &disabled, &u.hash, &u.Issuer, &u.secret, &confirmed, &created, &signedIn)
	u.Roles, u.Disabled, u.Password = split[Role](roles), disabled != 0, u.hash != ""
	u.SecondFactor = u.secret != "" && confirmed != 0
	u.Created, u.SignedIn = moment(created), moment(signedIn)
	return u, err
}

// asking is a store or a transaction of it.
type asking interface {
	Exec(ctx context.Context, query string, args ...any) (sql.Result, error)
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row
}

var _ asking = (*store.Tx)(nil)

// ErrNoUser says that there is no user of a name.
var ErrNoUser = fmt.Errorf("there is no such user: %w", ErrRefused)

func findUser(ctx context.Context, s asking, name string) (User, error) {
	u, err := scanUser(s.QueryRow(ctx, `SELECT `+userColumns+` FROM users WHERE name = ?`, name))
	if errors.Is(err, sql.ErrNoRows) {
		return u, ErrNoUser
	}
	if err != nil {
		return u, fmt.Errorf("couldn't read the user %s: %w", name, err)
	}
	return u, nil
}

// User finds one by name.
func (a *Accounts) User(ctx context.Context, name string) (User, error) {
	return findUser(ctx, a.store, name)
}

// Users lists all, by name.
func (a *Accounts) Users(ctx context.Context) ([]User, error) {
	return collect(ctx, a.store, scanUser, `SELECT `+userColumns+` FROM users ORDER BY name`)
}

// collect reads all rows of a query.
func collect[T any](ctx context.Context, s asking, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := s.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("couldn't read accounts: %w", err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("couldn't read accounts: %w", err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// AddUser makes a user who has no password yet: a sign-in link lets them in.
func (a *Accounts) AddUser(ctx context.Context, u User) error {
	u.Roles = ordered(u.Roles)
	if err := checkUser(u); err != nil {
		return err
	}
	return a.noted(ctx, "user added", u.Name+" ("+join(u.Roles)+")", func(tx *store.Tx) error {
		result, err := tx.Exec(ctx, `INSERT INTO users (name, full_name, roles, disabled, password, issuer, subject, totp, totp_confirmed, totp_step, recovery, created, signed_in)
			VALUES (?, ?, ?, 0, '', '', '', '', 0, 0, '', ?, 0) ON CONFLICT (name) DO NOTHING`, u.Name, u.FullName, join(u.Roles), a.now())
		if err != nil {
			return fmt.Errorf("couldn't add the user %s: %w", u.Name, err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, refuse("there is a user %s already", u.Name))
		}
		return nil
	})
}

// ChangeUser sets a user's full name, roles and whether they are disabled. It
// holds from their next request on; a disabled user's sessions and tokens end.
// The last administrator stays one.
func (a *Accounts) ChangeUser(ctx context.Context, u User) error {
	u.Roles = ordered(u.Roles)
	if err := checkUser(u); err != nil {
		return err
	}
	what := u.Name + " (" + join(u.Roles) + ")"
	if u.Disabled {
		what += " disabled"
	}
	return a.noted(ctx, "user changed", what, func(tx *store.Tx) error {
		if _, err := findUser(ctx, tx, u.Name); err != nil {
			return err
		}
		disabled := 0
		if u.Disabled {
			disabled = 1
			if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE name = ?`, u.Name); err != nil {
				return fmt.Errorf("couldn't end the sessions of %s: %w", u.Name, err)
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE users SET full_name = ?, roles = ?, disabled = ? WHERE name = ?`, u.FullName, join(u.Roles), disabled, u.Name); err != nil {
			return fmt.Errorf("couldn't change the user %s: %w", u.Name, err)
		}
		return needAdministrator(ctx, tx)
	})
}

// needAdministrator refuses a change after which nobody could undo it.
func needAdministrator(ctx context.Context, tx *store.Tx) error {
	users, err := collect(ctx, tx, scanUser, `SELECT `+userColumns+` FROM users WHERE disabled = 0`)
	if err == nil && !slices.ContainsFunc(users, func(u User) bool { return u.Has(Administrator) }) {
		return refuse("somebody has to remain an administrator")
	}
	return err
}

// SetPassword gives a user a password of their choice, and ends their other
// sessions: those of whoever knew the old one. keep is a session that stays.
func (a *Accounts) SetPassword(ctx context.Context, name, password, keep string) error {
	if err := checkPassword(name, password); err != nil {
		return errors.Join(err, ErrRefused)
	}
	hash := hashPassword(password)
	return a.noted(ctx, "password set", name, func(tx *store.Tx) error {
		u, err := findUser(ctx, tx, name)
		if err != nil {
			return err
		}
		if u.Issuer != "" {
			return refuse("%s signs in with %s and has no password here", name, u.Issuer)
		}
		if _, err := tx.Exec(ctx, `UPDATE users SET password = ? WHERE name = ?`, hash, name); err != nil {
			return fmt.Errorf("couldn't set the password of %s: %w", name, err)
		}
		return endSessions(ctx, tx, name, keep)
	})
}

// ChangePassword is SetPassword by the user, who knows the old one if there is one.
func (a *Accounts) ChangePassword(ctx context.Context, name, old, password, keep string) error {
	u, err := a.User(ctx, name)
	if err != nil {
		return err
	}
	if u.Password {
		if err := a.guess(ctx, "user "+name, func() (bool, error) { return verifyPassword(u.hash, old) }); err != nil {
			return err
		}
	}
	return a.SetPassword(ctx, name, password, keep)
}
