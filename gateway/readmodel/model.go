package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"
)

// readers bounds how many queries run at once; each holds a connection.
const readers = 8

// database is what a model is kept in: what differs between SQLite and
// PostgreSQL.
type database interface {
	// reader serves queries, which translate puts into the database's words.
	reader() *sql.DB
	translate(query string) string
	// snapshot begins a transaction that sees one height.
	snapshot() *sql.TxOptions
	// begin begins to write a block.
	begin(ctx context.Context) (writing, error)
	// ask runs a query of whoever writes, which sees what was written last,
	// committed or not.
	ask(query string, args []any) (*sql.Rows, error)
	// lead makes this process the only one that writes, or reports that another is.
	lead(ctx context.Context) (bool, error)
	close() error
}

// writing is a transaction that writes a block. Arguments are of the kinds that
// plain gives.
type writing interface {
	// execute runs a statement, now or before the next read or commit, which then
	// returns its error.
	execute(text string, args []any) error
	// read runs a query that sees what was executed. The rows have to be closed
	// before anything else is run.
	read(text string, args []any) (*sql.Rows, error)
	commit() error
	// rollback undoes all, unless it was committed.
	rollback()
}

// Model is one gateway's read model. One goroutine may Apply; any number may Read.
type Model struct {
	database  database
	unsettled unsettled
	// patience is settleTime, except in tests.
	patience time.Duration
	held     held
	// stopLearning ends what learn began, and returns when it has ended.
	stopLearning func()
	// rows are those of the block that is folded.
	rows *rows
	// log is the log as of the block applied last, by whoever may Apply; nil if it
	// has to be read.
	log *logState

	mu   sync.Mutex
	next uint64
	// moved is closed and replaced each time next grows.
	moved chan struct{}
}

// Open opens the read model in a directory, kept in a database of SQLite, or
// begins one there.
func Open(dir string) (*Model, error) {
	d, err := openSQLite(filepath.Join(dir, fileName))
	if err != nil {
		return nil, fmt.Errorf("couldn't open the read model %s: %w", filepath.Join(dir, fileName), err)
	}
	return open(context.Background(), d)
}

// OpenPostgres opens the read model in a database of PostgreSQL, or begins one
// there. The source is postgres://user@host/name, or the words that libpq takes.
func OpenPostgres(ctx context.Context, source string) (*Model, error) {
	d, err := openPostgres(ctx, source)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the read model in PostgreSQL: %w", err)
	}
	return open(ctx, d)
}

func open(ctx context.Context, d database) (*Model, error) {
	m := &Model{database: d, rows: newRows(), patience: settleTime, moved: make(chan struct{}), stopLearning: func() {}}
	m.held.forget()
	if err := m.refresh(ctx); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// Close closes the database. What is not settled is undone. No other call may be
// running or follow.
func (m *Model) Close() error {
	m.undo()
	m.stopLearning()
	return m.database.close()
}

// Next is the number of the first block that readers do not see: how many were
// applied.
func (m *Model) Next() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.next
}

// Head is the hash of the last block that was applied, zero before the first:
// blocks of another chain can be told from it.
func (m *Model) Head(ctx context.Context) (head [32]byte, err error) {
	var stored []byte
	if err := m.database.reader().QueryRowContext(ctx, `SELECT head FROM checkpoint`).Scan(&stored); err != nil {
		return head, fmt.Errorf("couldn't read the checkpoint: %w", err)
	}
	copy(head[:], stored)
	return head, nil
}

// Await returns once the block has been applied, or with the context's error.
func (m *Model) Await(ctx context.Context, block uint64) error {
	for {
		m.mu.Lock()
		next, moved := m.next, m.moved
		m.mu.Unlock()
		if block < next {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("couldn't wait for block %d, the read model is at %d blocks: %w", block, next, ctx.Err())
		}
	}
}

// refresh learns how far the database is, which another process may have moved on.
func (m *Model) refresh(ctx context.Context) error {
	var next uint64
	if err := m.database.reader().QueryRowContext(ctx, `SELECT next FROM checkpoint`).Scan(&next); err != nil {
		return fmt.Errorf("couldn't read the checkpoint: %w", err)
	}
	if next != m.Next() {
		m.held.moved()
	}
	m.advance(next)
	return nil
}

// advance moves on to a height, never back.
func (m *Model) advance(next uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if next <= m.next {
		return
	}
	m.next = next
	close(m.moved)
	m.moved = make(chan struct{})
}
