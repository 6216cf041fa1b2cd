package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
)

// ErrServerDatabase means that the store is a server's to back up.
var ErrServerDatabase = errors.New("the store is kept in PostgreSQL, whose own tools back it up")

// Backup writes a copy of a store's file, as it was at one moment, to a new file.
// The store may be in use meanwhile, by other processes, too.
func (s *Store) Backup(ctx context.Context, path string) error {
	if s.dialect.numbered {
		return ErrServerDatabase
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("couldn't back the store up: there is something at %s already", path)
	}
	unfinished := path + ".unfinished"
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("couldn't back the store up: %w", err)
	}
	if _, err := s.db.ExecContext(ctx, `VACUUM INTO ?`, unfinished); err != nil {
		return fmt.Errorf("couldn't back the store up: %w", err)
	}
	if err := Verify(ctx, unfinished); err != nil {
		return err
	}
	return finish(unfinished, path)
}

// finish makes a file that is complete and on the disk one of its final name,
// which only the owner may read: it holds hashes of passwords and tokens.
func finish(unfinished, path string) error {
	file, err := os.OpenFile(unfinished, os.O_RDWR, 0)
	if err == nil {
		err = errors.Join(file.Chmod(0o600), file.Sync(), file.Close())
	}
	if err == nil {
		err = os.Rename(unfinished, path)
	}
	if err != nil {
		return fmt.Errorf("couldn't finish %s: %w", path, err)
	}
	return nil
}

// Verify reads a copy through and makes sure that it is a store.
func Verify(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: "mode=ro"}).String())
	if err != nil {
		return fmt.Errorf("couldn't open the copy %s: %w", path, err)
	}
	defer db.Close()
	var verdict string
	var components int
	err = db.QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&verdict)
	if err == nil && verdict != "ok" {
		err = errors.New(verdict)
	}
	if err == nil {
		err = db.QueryRowContext(ctx, `SELECT count(*) FROM migrations`).Scan(&components)
	}
	if err != nil {
		return fmt.Errorf("the copy %s is not a store: %w", path, err)
	}
	return nil
}

// Restore puts a copy where a store's file is to be, and where none is yet.
func Restore(ctx context.Context, copied, path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("couldn't restore the store: there is one at %s; stop the gateway and move it away first", path)
	}
	if err := Verify(ctx, copied); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("couldn't restore the store: %w", err)
	}
	from, err := os.Open(copied)
	if err != nil {
		return fmt.Errorf("couldn't restore the store: %w", err)
	}
	defer from.Close()
	unfinished := path + ".unfinished"
	to, err := os.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("couldn't restore the store: %w", err)
	}
	if _, err := io.Copy(to, from); err != nil {
		return errors.Join(fmt.Errorf("couldn't restore the store: %w", err), to.Close())
	}
	if err := to.Close(); err != nil {
		return fmt.Errorf("couldn't restore the store: %w", err)
	}
	return finish(unfinished, path)
}
