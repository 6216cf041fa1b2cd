package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver of PostgreSQL
	_ "modernc.org/sqlite"             // registers the driver of SQLite
)

// ErrLaterProgram means that a later program has changed the tables.
var ErrLaterProgram = errors.New("the store was changed by a later program")

// connections bounds how many a store holds to a server of PostgreSQL.
const connections = 8

// Store is an open database. All methods may be called at the same time.
type Store struct {
	runner
	db *sql.DB
}

// Tx is a transaction of a store.
type Tx struct{ runner }

// runner runs statements, in a transaction or each for itself.
type runner struct {
	statements interface {
		ExecContext(context.Context, string, ...any) (sql.Result, error)
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
		QueryRowContext(context.Context, string, ...any) *sql.Row
	}
	dialect dialect
}

// Open opens the database that source names, sqlite:/absolute/path or
// postgres://user@host/name, and makes sure that it answers.
func Open(ctx context.Context, source string) (*Store, error) {
	d, name, err := parse(source)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open(d.driver, name)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the store: %w", err)
	}
	db.SetMaxOpenConns(d.connections)
	db.SetMaxIdleConns(d.connections)
	s := &Store{runner{db, d}, db}
	err = s.Within(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS migrations (component TEXT NOT NULL, steps BIGINT NOT NULL, PRIMARY KEY (component))`)
		if err == nil {
			_, err = tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS heartbeat (one BIGINT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (one))`)
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("couldn't open the store: %w", err), db.Close())
	}
	return s, nil
}

// parse splits a source into its dialect and what the driver wants to be told.
// SQLite has one connection: a store is small, and so writers wait their turn
// instead of failing.
func parse(source string) (dialect, string, error) {
	scheme, rest, _ := strings.Cut(source, ":")
	switch scheme {
	case "sqlite":
		if !filepath.IsAbs(rest) {
			return dialect{}, "", fmt.Errorf("couldn't open the store: %q is not an absolute path", rest)
		}
		query := url.Values{
			"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"},
			"_txlock": {"immediate"},
		}
		return sqlite, (&url.URL{Scheme: "file", OmitHost: true, Path: rest, RawQuery: query.Encode()}).String(), nil
	case "postgres", "postgresql":
		return postgres, source, nil
	}
	return dialect{}, "", fmt.Errorf("couldn't open the store: %q is neither sqlite:/path nor postgres://", scheme)
}

// Close closes the database. No other call may be running or follow.
func (s *Store) Close() error { return s.db.Close() }

// Exec runs a statement that returns no rows.
func (r runner) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return r.statements.ExecContext(ctx, r.dialect.translate(query), plain(args)...)
}

// Query runs a statement that returns rows; the caller closes them.
func (r runner) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return r.statements.QueryContext(ctx, r.dialect.translate(query), plain(args)...)
}

// QueryRow runs a statement of which at most one row is wanted; its Scan gives
// sql.ErrNoRows where there is none.
func (r runner) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return r.statements.QueryRowContext(ctx, r.dialect.translate(query), plain(args)...)
}

// Within runs f in a transaction, which is committed unless f fails. f must use
// the transaction and not the store: SQLite would wait for itself. Transactions
// come one after the other, with either database, so that what f read is still so
// when it writes.
func (s *Store) Within(ctx context.Context, f func(*Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("couldn't begin a transaction of the store: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	if s.dialect.turn != "" {
		if _, err := tx.ExecContext(ctx, s.dialect.turn, LockNumber("weighbridge store")); err != nil {
			return fmt.Errorf("couldn't begin a transaction of the store: %w", err)
		}
	}
	if err := f(&Tx{runner{tx, s.dialect}}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("couldn't commit a transaction of the store: %w", err)
	}
	return nil
}

// Beat writes the present time, to find out whether the store can be written.
func (s *Store) Beat(ctx context.Context) error {
	_, err := s.Exec(ctx, `INSERT INTO heartbeat (one, at) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET at = excluded.at`, time.Now().UnixMilli())
	if err != nil {
		return fmt.Errorf("couldn't write to the store: %w", err)
	}
	return nil
}

// Migrate takes those of a component's steps that were not taken yet. It fails
// with ErrLaterProgram where more were taken than there are.
func (s *Store) Migrate(ctx context.Context, component string, steps ...string) error {
	return s.Within(ctx, func(tx *Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO migrations (component, steps) VALUES (?, 0) ON CONFLICT (component) DO NOTHING`, component); err != nil {
			return fmt.Errorf("couldn't note the tables of %s: %w", component, err)
		}
		var taken int
		if err := tx.QueryRow(ctx, `SELECT steps FROM migrations WHERE component = ?`, component).Scan(&taken); err != nil {
			return fmt.Errorf("couldn't find how far the tables of %s are: %w", component, err)
		}
		if taken > len(steps) {
			return fmt.Errorf("couldn't use the tables of %s: step %d was taken, this program knows %d: %w", component, taken, len(steps), ErrLaterProgram)
		}
		for i, step := range steps[taken:] {
			if _, err := tx.Exec(ctx, tx.dialect.table(step)); err != nil {
				return fmt.Errorf("couldn't take step %d of the tables of %s: %w", taken+i+1, component, err)
			}
		}
		_, err := tx.Exec(ctx, `UPDATE migrations SET steps = ? WHERE component = ?`, len(steps), component)
		return err
	})
}
