package readmodel_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

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

// dump is all that a model holds.
func dump(t *testing.T, m *readmodel.Model) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, m.Dump(t.Context(), &b))
	return b.String()
}

// oddSeason has a finding beside all else, so that no table is empty.
func oddSeason(t *testing.T) *ledgertest.Ledger {
	l := ledgertest.New(t)
	l.Season()
	l.Add(replay.Transaction{ID: "odd", Code: "VALID", Finding: &replay.Finding{Block: 1, Transaction: "odd", Problem: replay.DifferingValue, Key: "k\x00", Expected: "a", Found: "\xff"}})
	l.Add(replay.Transaction{ID: "odd\x00\xff", Code: "BAD_PAYLOAD", Organisation: "\xff\x00"})
	return l
}

func TestADumpHasARowOfEveryTable(t *testing.T) {
	m := open(t, t.TempDir())
	apply(t, m, oddSeason(t).Blocks())
	text := dump(t, m)
	for _, table := range readmodel.Tables() {
		require.Regexp(t, "(?m)^table "+table+"\n[^t]", text, "an empty table %s would prove nothing", table)
	}
}

func TestRebuildGivesTheSameContent(t *testing.T) {
	blocks := oddSeason(t).Blocks()
	dir := t.TempDir()
	m := open(t, dir)
	for i, b := range blocks {
		require.NoError(t, m.Apply(t.Context(), b))
		require.EqualValues(t, i+1, m.Next())
	}
	live := dump(t, m)
	apply(t, m, blocks)
	require.Equal(t, live, dump(t, m), "applying everything again changes nothing")
	require.NoError(t, m.Close())
	m = open(t, dir)
	require.EqualValues(t, len(blocks), m.Next())
	require.Equal(t, live, dump(t, m), "opening it again changes nothing")
	rebuilt := open(t, t.TempDir())
	apply(t, rebuilt, blocks)
	require.Equal(t, live, dump(t, rebuilt), "what is folded anew is the same")
}

func TestContinuesAtItsCheckpoint(t *testing.T) {
	blocks := oddSeason(t).Blocks()
	dir := t.TempDir()
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
	whole := open(t, t.TempDir())
	apply(t, whole, blocks)
	require.Equal(t, dump(t, whole), dump(t, m))
}

func TestRefusesGaps(t *testing.T) {
	m := open(t, t.TempDir())
	require.ErrorIs(t, m.Apply(t.Context(), replay.Block{Number: 1}), readmodel.ErrGap)
	require.NoError(t, m.Apply(t.Context(), replay.Block{}))
	require.NoError(t, m.Apply(t.Context(), replay.Block{}), "again")
	require.ErrorIs(t, m.Apply(t.Context(), replay.Block{Number: 2}), readmodel.ErrGap)
	require.EqualValues(t, 1, m.Next())
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
