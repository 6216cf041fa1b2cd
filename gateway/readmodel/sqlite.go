package readmodel

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"syscall"

	_ "modernc.org/sqlite" // registers the driver
)

// fileName is the database's file in the gateway's data directory.
const fileName = "readmodel.db"

// sqlite keeps a model in a file.
type sqlite struct {
	path          string
	pool, readers *sql.DB
	// writer is the one connection that writes. Its statements stay prepared:
	// queries as package database/sql knows them, others as the driver does.
	writer   *sql.Conn
	queries  map[string]*sql.Stmt
	executed map[string]driver.StmtExecContext
	// args are those of the statement under way.
	args []driver.NamedValue
	// lock is held while this process leads.
	lock *os.File
}

func openSQLite(path string) (*sqlite, error) {
	d, err := tryOpenSQLite(path)
	if errors.Is(err, errOtherVersion) {
		if err := remove(path); err != nil {
			return nil, err
		}
		d, err = tryOpenSQLite(path)
	}
	return d, err
}

// remove deletes a database with the files that SQLite keeps beside it.
func remove(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("couldn't remove a read model of another version: %w", err)
		}
	}
	return nil
}

func tryOpenSQLite(path string) (*sqlite, error) {
	pool, err := connect(path, 1, writerPragmas...)
	if err != nil {
		return nil, err
	}
	d := &sqlite{path: path, pool: pool, queries: map[string]*sql.Stmt{}, executed: map[string]driver.StmtExecContext{}}
	if d.writer, err = pool.Conn(context.Background()); err == nil {
		err = d.prepare(context.Background())
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	if d.readers, err = connect(path, readers); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// writerPragmas are for the connection that writes. It alone moves what is in the
// write-ahead log into the database, after so many pages of 4 KiB: the more there
// are, the more of them are of the same place and the fewer times the disk is
// waited for. It looks up what replaying reads, too, out of a cache of so many KiB.
var writerPragmas = []string{"wal_autocheckpoint(4000)", "cache_size(-16384)"}

// connect opens the file. Synchronous NORMAL with a write-ahead log never
// leaves a torn database; what a power cut may cost is the last blocks, which
// are then replayed.
func connect(path string, connections int, pragmas ...string) (*sql.DB, error) {
	query := url.Values{
		"_pragma": append([]string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)"}, pragmas...),
		"_txlock": {"deferred"},
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

var errOtherVersion = errors.New("the database was written by another version")

func (d *sqlite) prepare(ctx context.Context) error {
	var version int
	if err := d.writer.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return err
	}
	switch version {
	case schemaVersion:
		return nil
	case 0:
		if _, err := d.writer.ExecContext(ctx, fmt.Sprintf("BEGIN IMMEDIATE;%s;INSERT INTO checkpoint VALUES (1, 0, zeroblob(32));PRAGMA user_version = %d;COMMIT", schema+logSchema, schemaVersion)); err != nil {
			return fmt.Errorf("couldn't create the tables: %w", err)
		}
		return nil
	}
	return errOtherVersion
}

func (d *sqlite) reader() *sql.DB               { return d.readers }
func (d *sqlite) translate(query string) string { return query }
func (d *sqlite) snapshot() *sql.TxOptions      { return &sql.TxOptions{ReadOnly: true} }

// lead takes a lock on a file beside the database. The kernel gives it back when
// the process ends, however it ends.
func (d *sqlite) lead(context.Context) (bool, error) {
	if d.lock != nil {
		return true, nil
	}
	file, err := os.OpenFile(d.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil { //nolint:gosec // a descriptor
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = nil
		}
		return false, errors.Join(err, file.Close())
	}
	d.lock = file
	return true, nil
}

func (d *sqlite) close() error {
	var errs []error
	if d.readers != nil {
		errs = append(errs, d.readers.Close())
	}
	if d.writer != nil {
		errs = append(errs, d.closeStatements(), d.writer.Close())
	}
	errs = append(errs, d.pool.Close())
	if d.lock != nil {
		errs = append(errs, d.lock.Close())
	}
	return errors.Join(errs...)
}
