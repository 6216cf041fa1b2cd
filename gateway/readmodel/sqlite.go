package readmodel

import (
	"context"
	"database/sql"
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
	path string
	// writer is the one connection that writes. Its statements stay prepared.
	pool, readers *sql.DB
	writer        *sql.Conn
	prepared      map[string]*sql.Stmt
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
	pool, err := connect(path, 1)
	if err != nil {
		return nil, err
	}
	d := &sqlite{path: path, pool: pool, prepared: map[string]*sql.Stmt{}}
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

// connect opens the file. Synchronous NORMAL with a write-ahead log never
// leaves a torn database; what a power cut may cost is the last blocks, which
// are then replayed.
func connect(path string, connections int) (*sql.DB, error) {
	query := url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)"},
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

func (d *sqlite) begin(ctx context.Context) (writing, error) {
	w := &sqliteWriting{database: d, ctx: ctx}
	if err := w.execute(`BEGIN`, nil); err != nil {
		return nil, err
	}
	w.open = true
	return w, nil
}

// statement gives a prepared statement. Its connection is asked without a context
// that could end: the driver would start a goroutine for each call to watch it.
func (d *sqlite) statement(text string) (*sql.Stmt, error) {
	if statement, ok := d.prepared[text]; ok {
		return statement, nil
	}
	statement, err := d.writer.PrepareContext(context.Background(), text)
	if err == nil {
		d.prepared[text] = statement
	}
	return statement, err
}

// sqliteWriting runs each statement at once.
type sqliteWriting struct {
	database *sqlite
	ctx      context.Context
	open     bool
}

// statement also looks whether there is still any wish to write.
func (w *sqliteWriting) statement(text string) (*sql.Stmt, error) {
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	return w.database.statement(text)
}

func (w *sqliteWriting) execute(text string, args []any) error {
	statement, err := w.statement(text)
	if err != nil {
		return err
	}
	_, err = statement.Exec(args...)
	return err
}

func (w *sqliteWriting) read(text string, args []any) (*sql.Rows, error) {
	statement, err := w.statement(text)
	if err != nil {
		return nil, err
	}
	return statement.Query(args...)
}

func (w *sqliteWriting) commit() error {
	err := w.execute(`COMMIT`, nil)
	w.open = err != nil
	return err
}

// rollback cannot fail but where SQLite rolled back by itself.
func (w *sqliteWriting) rollback() {
	if !w.open {
		return // it was committed
	}
	w.open = false
	if statement, err := w.database.statement(`ROLLBACK`); err == nil {
		_, _ = statement.Exec()
	}
}

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
	for _, statement := range d.prepared {
		errs = append(errs, statement.Close())
	}
	if d.writer != nil {
		errs = append(errs, d.writer.Close())
	}
	errs = append(errs, d.pool.Close())
	if d.lock != nil {
		errs = append(errs, d.lock.Close())
	}
	return errors.Join(errs...)
}
