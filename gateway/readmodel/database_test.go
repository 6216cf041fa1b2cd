package readmodel_test

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/replay"
	"github.com/weighbridge/weighbridge/gateway/store/postgrestest"
)

// serverVariable names a server of PostgreSQL on which all tests of the package
// keep their models.
const serverVariable = "READMODEL_TEST_SERVER"

// Every test of this package holds for both databases.
func TestEverythingHoldsOnPostgreSQL(t *testing.T) {
	if os.Getenv(serverVariable) != "" {
		t.Skip("this is the second time already")
	}
	server := postgrestest.Start(t)
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.v", fmt.Sprintf("-test.short=%t", testing.Short()))
	again.Env = append(os.Environ(), serverVariable+"="+server.Source("postgres"))
	out, err := again.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: TestRebuildGivesTheSameContent")
}

// open opens the model of a directory: the file in it, or the database that is
// named for it.
func open(t *testing.T, dir string) *readmodel.Model {
	t.Helper()
	m, err := readmodel.Open(dir)
	if server := os.Getenv(serverVariable); server != "" {
		m, err = readmodel.OpenPostgres(t.Context(), database(t, server, dir))
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func database(t *testing.T, server, dir string) string {
	t.Helper()
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(dir))
	name := fmt.Sprintf("test_%x", hash.Sum64())
	conn, err := pgx.Connect(t.Context(), server)
	require.NoError(t, err)
	defer conn.Close(context.Background()) //nolint:errcheck // a test's connection
	if _, err = conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		require.ErrorContains(t, err, "already exists")
	}
	return strings.Replace(server, "/postgres?", "/"+name+"?", 1)
}

// The same blocks give the same model, byte for byte, wherever it is kept.
func TestTheDatabaseMakesNoDifference(t *testing.T) {
	if os.Getenv(serverVariable) != "" {
		t.Skip("the other database is looked at here")
	}
	blocks := oddSeason(t).Blocks()
	one, err := readmodel.Open(t.TempDir())
	require.NoError(t, err)
	defer one.Close()
	apply(t, one, blocks)
	two, err := readmodel.OpenPostgres(t.Context(), postgrestest.Start(t).Database("other"))
	require.NoError(t, err)
	defer two.Close()
	apply(t, two, blocks)
	require.Equal(t, dump(t, one), dump(t, two))
}

// Whoever reads while blocks are applied sees one height: the sum of all stocks
// grows by a kilogram a block, and so tells the height.
func TestSnapshotsHoldWhileBlocksAreApplied(t *testing.T) {
	l, m := season(t)
	before := len(l.Blocks())
	for i := range 60 {
		l.Must(ledgertest.Growers, ledgertest.Command(massbalance.CommandID(fmt.Sprintf("MORE-%d", i)), "2026-08-30", massbalance.TakeIn{
			Site: "elevator", Product: "wheat", Quantity: ledgertest.Kg("1"), Evidence: massbalance.EvidenceID(fmt.Sprintf("WB-M-%d", i))}))
	}
	intake := func(s *readmodel.Snapshot) massbalance.Quantity {
		account, err := readmodel.Need[massbalance.Account](s, massbalance.AccountKey("elevator", "wheat"))
		require.NoError(t, err)
		return account.PhysicalIn
	}
	var base massbalance.Quantity
	read(t, m, func(s *readmodel.Snapshot) { base = intake(s) })
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				read(t, m, func(s *readmodel.Snapshot) {
					want := base.Add(ledgertest.Kg(fmt.Sprint(int(s.Next) - before)))
					listed, err := s.AllAccounts("elevator")
					require.NoError(t, err)
					require.Equal(t, want.String(), intake(s).String())
					require.Equal(t, want.String(), listed[0].PhysicalIn.String(), "lists and look-ups agree")
				})
			}
		})
	}
	apply(t, m, l.Blocks())
	close(done)
	readers.Wait()
}

func TestOneWritesAndTheOtherStandsBy(t *testing.T) {
	dir, blocks := t.TempDir(), oddSeason(t).Blocks()
	one, two := open(t, dir), open(t, dir)
	require.NoError(t, one.Lead(t.Context(), func() { t.Error("nobody else leads") }))
	require.NoError(t, one.Lead(t.Context(), nil), "asking again is no harm")
	waiting, leads := make(chan struct{}), make(chan error, 1)
	go func() { leads <- two.Lead(t.Context(), func() { close(waiting) }) }()
	<-waiting
	apply(t, one, blocks[:5])
	require.NoError(t, two.Await(t.Context(), 4), "what one applies, the other sees")
	require.ErrorIs(t, two.Apply(t.Context(), replay.Block{Number: 7}), readmodel.ErrGap)
	require.Empty(t, leads)
	require.NoError(t, one.Close())
	select {
	case err := <-leads:
		require.NoError(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("the other one does not take over")
	}
	apply(t, two, blocks)
	whole := open(t, t.TempDir())
	apply(t, whole, blocks)
	require.Equal(t, dump(t, whole), dump(t, two))
}

// Also two that both believe that they lead cannot mix up their blocks.
func TestTwoWritersCannotMixUp(t *testing.T) {
	dir := t.TempDir()
	one, two := open(t, dir), open(t, dir)
	require.NoError(t, one.Apply(t.Context(), replay.Block{}))
	require.ErrorIs(t, two.Apply(t.Context(), replay.Block{}), readmodel.ErrNotLeading)
	require.Zero(t, two.Next())
	require.NoError(t, one.Close())
	require.NoError(t, two.Lead(t.Context(), nil))
	require.EqualValues(t, 1, two.Next())
}

func TestAnotherVersionIsFoldedAnew(t *testing.T) {
	if os.Getenv(serverVariable) != "" {
		t.Skip("it is about the file")
	}
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

// A server that goes away and comes back costs waiting and nothing else.
func TestAServerMayRestart(t *testing.T) {
	if os.Getenv(serverVariable) != "" {
		t.Skip("it has a server of its own")
	}
	server := postgrestest.Start(t)
	source := server.Database("restarted")
	server.Execute("restarted", "CREATE SCHEMA readmodel_1")
	blocks := oddSeason(t).Blocks()
	m, err := readmodel.OpenPostgres(t.Context(), source)
	require.NoError(t, err)
	defer m.Close()
	require.NoError(t, m.Lead(t.Context(), nil))
	apply(t, m, blocks[:5])
	server.Kill()
	require.Error(t, m.Apply(t.Context(), blocks[5]))
	require.Error(t, m.Read(t.Context(), func(*readmodel.Snapshot) error { return nil }))
	server.Resume()
	require.ErrorIs(t, m.Apply(t.Context(), blocks[5]), readmodel.ErrNotLeading, "another may have taken over meanwhile")
	require.NoError(t, m.Lead(t.Context(), nil))
	apply(t, m, blocks)
	whole, err := readmodel.Open(t.TempDir())
	require.NoError(t, err)
	defer whole.Close()
	apply(t, whole, blocks)
	require.Equal(t, dump(t, whole), dump(t, m))
	conn, err := pgx.Connect(t.Context(), source)
	require.NoError(t, err)
	defer conn.Close(t.Context()) //nolint:errcheck // a test's connection
	var schemas []string
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT array_agg(nspname) FROM pg_namespace WHERE nspname LIKE 'readmodel%'`).Scan(&schemas))
	require.Len(t, schemas, 1, "an earlier version's tables are removed")
}
