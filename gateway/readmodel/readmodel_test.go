package readmodel_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

func open(t *testing.T, dir string) *readmodel.Model {
	t.Helper()
	m, err := readmodel.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func season(t *testing.T) (*ledgertest.Ledger, *readmodel.Model) {
	t.Helper()
	l := ledgertest.New(t)
	l.Season()
	m := open(t, t.TempDir())
	apply(t, m, l.Blocks())
	return l, m
}

func apply(t *testing.T, m *readmodel.Model, blocks []replay.Block) {
	t.Helper()
	for _, b := range blocks {
		require.NoError(t, m.Apply(t.Context(), b))
	}
}

func read(t *testing.T, m *readmodel.Model, look func(*readmodel.Snapshot)) {
	t.Helper()
	require.NoError(t, m.Read(t.Context(), func(s *readmodel.Snapshot) error { look(s); return nil }))
}

// content hashes every row of every table of a closed model.
func content(t *testing.T, dir string) string {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "readmodel.db"))
	require.NoError(t, err)
	defer db.Close()
	hash := sha256.New()
	for _, table := range query(t, db, `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`) {
		rows := query(t, db, `SELECT * FROM `+table[0].(string)+` ORDER BY 1, 2`)
		require.NotEmpty(t, rows, "an empty table %s would prove nothing", table)
		fmt.Fprintf(hash, "%s %q\n", table, rows)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func query(t *testing.T, db *sql.DB, text string) (all [][]any) {
	t.Helper()
	rows, err := db.Query(text)
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		require.NoError(t, rows.Scan(into...))
		all = append(all, row)
	}
	require.NoError(t, rows.Err())
	return all
}

func TestRebuildGivesTheSameContent(t *testing.T) {
	l := ledgertest.New(t)
	l.Season()
	l.Add(replay.Transaction{ID: "odd", Code: "VALID", Finding: &replay.Finding{Block: 1, Transaction: "odd", Problem: replay.DifferingValue, Key: "k", Expected: "a", Found: "\xff"}})
	dir := t.TempDir()
	rebuild := func(from int) string {
		m := open(t, dir)
		require.EqualValues(t, from, m.Next())
		apply(t, m, l.Blocks())
		require.NoError(t, m.Close())
		return content(t, dir)
	}
	first := rebuild(0)
	require.Equal(t, first, rebuild(len(l.Blocks())), "applying everything again changes nothing")
	require.NoError(t, os.Remove(filepath.Join(dir, "readmodel.db")))
	require.Equal(t, first, rebuild(0), "a database that was deleted comes back the same")
}

func TestContinuesAtItsCheckpoint(t *testing.T) {
	l := ledgertest.New(t)
	l.Season()
	blocks := l.Blocks()
	dir, whole := t.TempDir(), t.TempDir()
	m := open(t, dir)
	blocks[6].Hash[0] = 7
	apply(t, m, blocks[:7])
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, m.Apply(cancelled, blocks[7]), "a block that fails half-way leaves nothing behind")
	require.NoError(t, m.Close())

	m = open(t, dir)
	require.EqualValues(t, 7, m.Next())
	head, err := m.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, blocks[6].Hash, head, "the chain is known again after a restart")
	apply(t, m, blocks)
	require.NoError(t, m.Close())

	other := open(t, whole)
	apply(t, other, blocks)
	require.NoError(t, other.Close())
	findings := func(dir string) string {
		db, err := sql.Open("sqlite", filepath.Join(dir, "readmodel.db"))
		require.NoError(t, err)
		defer db.Close()
		return fmt.Sprintf("%q", query(t, db, `SELECT * FROM state ORDER BY key`))
	}
	require.Equal(t, findings(whole), findings(dir))
}

func TestRefusesGaps(t *testing.T) {
	m := open(t, t.TempDir())
	require.ErrorIs(t, m.Apply(t.Context(), replay.Block{Number: 1}), readmodel.ErrGap)
	require.NoError(t, m.Apply(t.Context(), replay.Block{}))
	require.NoError(t, m.Apply(t.Context(), replay.Block{}), "again")
	require.ErrorIs(t, m.Apply(t.Context(), replay.Block{Number: 2}), readmodel.ErrGap)
	require.EqualValues(t, 1, m.Next())
}

func TestTwoWritersCannotMixUp(t *testing.T) {
	dir := t.TempDir()
	one, two := open(t, dir), open(t, dir)
	require.NoError(t, one.Apply(t.Context(), replay.Block{}))
	require.ErrorContains(t, two.Apply(t.Context(), replay.Block{}), "another process")
	require.Zero(t, two.Next())
}

func TestAnotherVersionIsFoldedAnew(t *testing.T) {
	dir := t.TempDir()
	m := open(t, dir)
	require.NoError(t, m.Apply(t.Context(), replay.Block{}))
	require.NoError(t, m.Close())
	db, err := sql.Open("sqlite", filepath.Join(dir, "readmodel.db"))
	require.NoError(t, err)
	_, err = db.Exec(`PRAGMA user_version = 999`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	require.Zero(t, open(t, dir).Next())
}

// The model as a view must answer what the ledger's own state holds.
func TestIsTheViewForTheNextBlock(t *testing.T) {
	l, m := season(t)
	state := massbalance.Memory{}
	for _, b := range l.Blocks() {
		for _, tx := range b.Transactions {
			state.Apply(tx.Writes)
		}
	}
	for key, want := range state {
		got, err := m.Get(key)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(want), fmt.Sprint(got))
	}
	none, err := m.Get(massbalance.SiteKey("nowhere"))
	require.NoError(t, err)
	require.Nil(t, none)
}

func TestAwaitSeesTheBlock(t *testing.T) {
	m := open(t, t.TempDir())
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, m.Await(short, 1), context.DeadlineExceeded)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			require.NoError(t, m.Await(t.Context(), 1))
			read(t, m, func(s *readmodel.Snapshot) { require.GreaterOrEqual(t, s.Next, uint64(2)) })
		})
	}
	apply(t, m, []replay.Block{{}, {Number: 1}})
	wait.Wait()
}

func TestASnapshotStaysAtItsHeight(t *testing.T) {
	l, m := season(t)
	l.Must(ledgertest.Growers, ledgertest.Command("TAKE-9", "2026-08-30", massbalance.TakeIn{
		Site: "elevator", Product: "wheat", Quantity: ledgertest.Kg("1"), Evidence: "WB-9"}))
	blocks := l.Blocks()
	read(t, m, func(s *readmodel.Snapshot) {
		before, err := s.AllAccounts("elevator")
		require.NoError(t, err)
		require.NoError(t, m.Apply(t.Context(), blocks[len(blocks)-1]))
		after, err := s.AllAccounts("elevator")
		require.NoError(t, err)
		require.Equal(t, before, after)
		require.EqualValues(t, len(blocks)-1, s.Next)
	})
	require.EqualValues(t, len(blocks), m.Next())
}
