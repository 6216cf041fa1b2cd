package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/weighbridge/weighbridge/gateway/store"
)

// postgres keeps a model in a schema of a database of PostgreSQL. The schema is
// named for the version of the tables, so that a gateway of another version
// reads and writes beside it while it is being replaced.
type postgres struct {
	config  *pgx.ConnConfig
	schema  string
	readers *sql.DB
	// translated remembers queries, of which there are few.
	translated sync.Map

	// pool makes the one connection that writes. The advisory lock of the process
	// that leads is the connection's own, and ends with it.
	pool    *sql.DB
	writer  *sql.Conn
	leading bool
	// writing is the transaction that is open, if there is one.
	writing *postgresWriting
}

const schemaPrefix = "readmodel_"

func openPostgres(ctx context.Context, source string) (*postgres, error) {
	config, err := pgx.ParseConfig(source)
	if err != nil {
		return nil, fmt.Errorf("couldn't read where the database is: %w", err)
	}
	d := &postgres{config: config, schema: schemaPrefix + strconv.Itoa(schemaVersion)}
	config.RuntimeParams["search_path"] = d.schema
	config.RuntimeParams["application_name"] = "weighbridge " + d.schema
	d.pool = stdlib.OpenDB(*config)
	d.pool.SetMaxOpenConns(1)
	if err := d.prepare(ctx); err != nil {
		return nil, errors.Join(err, d.close())
	}
	d.readers = stdlib.OpenDB(*config)
	d.readers.SetMaxOpenConns(readers)
	d.readers.SetMaxIdleConns(readers)
	return d, nil
}

// connected gives the writing connection, a new one if the old one broke. A new
// one leads only if it is asked to.
func (d *postgres) connected(ctx context.Context) (*sql.Conn, error) {
	if d.writer != nil && !d.broken() {
		return d.writer, nil
	}
	if d.writer != nil {
		_ = d.writer.Close() // it is of no use any more
	}
	d.writer, d.leading = nil, false
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	d.writer = conn
	return conn, nil
}

// broken reports whether the driver has given the connection up.
func (d *postgres) broken() bool {
	conn, err := native(d.writer)
	return err != nil || conn.IsClosed()
}

// native is the connection as the driver knows it.
func native(conn *sql.Conn) (own *pgx.Conn, err error) {
	err = conn.Raw(func(driver any) error {
		own = driver.(*stdlib.Conn).Conn()
		return nil
	})
	return own, err
}

// prepare makes the tables where there are none. Two that begin at once take
// turns.
func (d *postgres) prepare(ctx context.Context) error {
	conn, err := d.connected(ctx)
	if err != nil {
		return err
	}
	return within(ctx, conn, func(tx *sql.Tx) error {
		var made bool
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, lockOf("making of "+d.schema)); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)`, d.schema).Scan(&made); err != nil || made {
			return err
		}
		if _, err := tx.ExecContext(ctx, "CREATE SCHEMA "+d.schema+";"+tables()); err != nil {
			return fmt.Errorf("couldn't create the tables: %w", err)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO checkpoint VALUES (1, 0, $1)`, make([]byte, 32))
		return err
	})
}

func within(ctx context.Context, conn *sql.Conn, f func(*sql.Tx) error) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to undo
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

var strictness = regexp.MustCompile(`\) STRICT(, WITHOUT ROWID)?`)

// tables is the schema in PostgreSQL's words. Text is compared byte by byte, as
// SQLite does, whatever the language of the database.
func tables() string {
	return strings.NewReplacer("INTEGER", "BIGINT", "BLOB", "BYTEA", " TEXT", ` TEXT COLLATE "C"`).
		Replace(strictness.ReplaceAllString(schema+logSchema, ")"))
}

func (d *postgres) reader() *sql.DB { return d.readers }

func (d *postgres) translate(query string) string {
	if done, ok := d.translated.Load(query); ok {
		return done.(string)
	}
	done := store.Numbered(query)
	d.translated.Store(query, done)
	return done
}

// snapshot: at the level above read committed, all queries of a transaction see
// the same.
func (d *postgres) snapshot() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

// ask: the driver keeps the statements prepared.
func (d *postgres) ask(query string, args []any) (*sql.Rows, error) {
	if d.writing != nil {
		return d.writing.read(query, args)
	}
	return d.readers.Query(d.translate(query), args...)
}

func (d *postgres) begin(ctx context.Context) (writing, error) {
	led := d.leading
	conn, err := d.connected(ctx)
	if err != nil {
		return nil, err
	}
	if led && !d.leading {
		return nil, fmt.Errorf("the connection to the database was lost: %w", ErrNotLeading)
	}
	own, err := native(conn)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	d.writing = &postgresWriting{database: d, ctx: ctx, tx: tx, conn: own, batch: &pgx.Batch{}}
	return d.writing, nil
}

// postgresWriting collects statements and sends them at once, because each would
// cost a way to the server and back.
type postgresWriting struct {
	database *postgres
	ctx      context.Context
	tx       *sql.Tx
	conn     *pgx.Conn
	batch    *pgx.Batch
}

func (w *postgresWriting) execute(text string, args []any) error {
	w.batch.Queue(w.database.translate(text), args...)
	return nil
}

// flush sends what was collected. The transaction is the connection's, so that it
// takes what comes by the driver's own way, too.
func (w *postgresWriting) flush() error {
	if w.batch.Len() == 0 {
		return nil
	}
	batch := w.batch
	w.batch = &pgx.Batch{}
	return w.conn.SendBatch(w.ctx, batch).Close()
}

func (w *postgresWriting) read(text string, args []any) (*sql.Rows, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}
	return w.tx.QueryContext(w.ctx, w.database.translate(text), args...)
}

// commit: if the connection breaks here, the transaction may have been committed
// all the same; the checkpoint tells.
func (w *postgresWriting) commit() error {
	if err := w.flush(); err != nil {
		return err
	}
	w.database.writing = nil
	return w.tx.Commit()
}

func (w *postgresWriting) rollback() {
	w.database.writing = nil
	_ = w.tx.Rollback() // after a commit there is nothing to undo
}

// lead takes the advisory lock of the schema.
func (d *postgres) lead(ctx context.Context) (bool, error) {
	conn, err := d.connected(ctx)
	if err != nil || d.leading {
		return d.leading, err
	}
	if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, lockOf(d.schema)).Scan(&d.leading); err != nil {
		return false, err
	}
	if d.leading {
		return true, d.dropOlder(ctx, conn)
	}
	return false, nil
}

// dropOlder removes the tables of earlier versions that nobody writes to any more.
func (d *postgres) dropOlder(ctx context.Context, conn *sql.Conn) error {
	for version := range schemaVersion {
		older := schemaPrefix + strconv.Itoa(version)
		err := within(ctx, conn, func(tx *sql.Tx) error {
			var free bool
			if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1) AND pg_try_advisory_xact_lock($2)`, older, lockOf(older)).Scan(&free); err != nil || !free {
				return err
			}
			_, err := tx.ExecContext(ctx, "DROP SCHEMA "+older+" CASCADE")
			return err
		})
		if err != nil {
			return fmt.Errorf("couldn't remove the tables of version %d: %w", version, err)
		}
	}
	return nil
}

// lockOf numbers an advisory lock, which all programs of a database share.
func lockOf(name string) int64 { return store.LockNumber("weighbridge " + name) }

func (d *postgres) close() error {
	var errs []error
	if d.readers != nil {
		errs = append(errs, d.readers.Close())
	}
	if d.writer != nil {
		errs = append(errs, d.writer.Close())
	}
	if d.pool != nil {
		errs = append(errs, d.pool.Close())
	}
	return errors.Join(errs...)
}
