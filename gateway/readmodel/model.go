package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	_ "modernc.org/sqlite" // registers the driver

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// fileName is the database's file in the gateway's data directory.
const fileName = "readmodel.db"

// readers bounds how many queries run at once; each holds a connection.
const readers = 8

// Model is one gateway's read model. One goroutine may Apply; any number may Read.
type Model struct {
	// writer has one connection, so that there is never more than one writer.
	writer *sql.DB
	reader *sql.DB
	get    *sql.Stmt

	mu   sync.Mutex
	next uint64
	// moved is closed and replaced each time next grows.
	moved chan struct{}
}

// Open opens the read model in a directory, or begins one there.
func Open(dir string) (*Model, error) {
	path := filepath.Join(dir, fileName)
	m, err := open(path)
	if errors.Is(err, errOtherVersion) {
		if err := remove(path); err != nil {
			return nil, err
		}
		m, err = open(path)
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't open the read model %s: %w", path, err)
	}
	return m, nil
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

func open(path string) (*Model, error) {
	writer, err := connect(path, 1)
	if err != nil {
		return nil, err
	}
	m := &Model{writer: writer, moved: make(chan struct{})}
	if err := m.prepare(path); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
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

func (m *Model) prepare(path string) error {
	var version int
	if err := m.writer.QueryRow(`PRAGMA user_version`).Scan(&version); err != nil {
		return err
	}
	switch version {
	case schemaVersion:
	case 0:
		if _, err := m.writer.Exec(fmt.Sprintf("BEGIN;%s;PRAGMA user_version = %d;COMMIT", schema+logSchema, schemaVersion)); err != nil {
			return fmt.Errorf("couldn't create the tables: %w", err)
		}
	default:
		return errOtherVersion
	}
	if err := m.writer.QueryRow(`SELECT next FROM checkpoint`).Scan(&m.next); err != nil {
		return fmt.Errorf("couldn't read the checkpoint: %w", err)
	}
	var err error
	if m.reader, err = connect(path, readers); err != nil {
		return err
	}
	m.get, err = m.reader.Prepare(`SELECT value FROM state WHERE key = ?`)
	return err
}

// Close closes the database. No other call may be running or follow.
func (m *Model) Close() error {
	var err error
	if m.get != nil {
		err = m.get.Close()
	}
	if m.reader != nil {
		err = errors.Join(err, m.reader.Close())
	}
	return errors.Join(err, m.writer.Close())
}

// Get returns the value at a key as of the block applied last: with it the
// model is the View that the next block is replayed against.
func (m *Model) Get(key massbalance.Key) (massbalance.Value, error) {
	return value(m.get.QueryRow(wire.FormatKey(key)), key)
}

func value(row *sql.Row, key massbalance.Key) (massbalance.Value, error) {
	var data []byte
	err := row.Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't read %s: %w", wire.FormatKey(key), err)
	}
	return wire.ParseValue(key.Kind, data)
}

// Next is the number of the block that Apply expects: how many were applied.
func (m *Model) Next() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.next
}

// Head is the hash of the last block that was applied, zero before the first:
// blocks of another chain can be told from it.
func (m *Model) Head(ctx context.Context) (head [32]byte, err error) {
	var stored []byte
	if err := m.writer.QueryRowContext(ctx, `SELECT head FROM checkpoint`).Scan(&stored); err != nil {
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

func (m *Model) advance(next uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next = next
	close(m.moved)
	m.moved = make(chan struct{})
}
