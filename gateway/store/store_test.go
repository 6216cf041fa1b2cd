package store_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/weighbridge/weighbridge/gateway/store"
	"github.com/weighbridge/weighbridge/gateway/store/postgrestest"
)

// serverVariable names a server of PostgreSQL on which all tests keep their stores.
const serverVariable = "STORE_TEST_SERVER"

// Every test of this package holds for both databases.
func TestEverythingHoldsOnPostgreSQL(t *testing.T) {
	if os.Getenv(serverVariable) != "" {
		t.Skip("this is the second time already")
	}
	server := postgrestest.Start(t)
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.v")
	again.Env = append(os.Environ(), serverVariable+"="+server.Source("postgres"))
	out, err := again.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: TestWithinIsUndoneByAnError")
}

func source(t *testing.T) string {
	t.Helper()
	server := os.Getenv(serverVariable)
	if server == "" {
		return "sqlite:" + filepath.Join(t.TempDir(), "own.db")
	}
	name := "test_" + strings.ToLower(rand.Text())
	conn, err := pgx.Connect(t.Context(), server)
	require.NoError(t, err)
	defer conn.Close(context.Background()) //nolint:errcheck // a test's connection
	_, err = conn.Exec(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	return strings.Replace(server, "/postgres?", "/"+name+"?", 1)
}

func open(t *testing.T) *store.Store {
	t.Helper()
	return openSource(t, source(t))
}

func openSource(t *testing.T, source string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), source)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

const table = `CREATE TABLE things (id TEXT NOT NULL, content BLOB, made BIGINT NOT NULL, PRIMARY KEY (id))`

func TestMigrateTakesEachStepOnce(t *testing.T) {
	s := open(t)
	require.NoError(t, s.Migrate(t.Context(), "things", table))
	require.NoError(t, s.Migrate(t.Context(), "things", table))
	require.NoError(t, s.Migrate(t.Context(), "things", table, `ALTER TABLE things ADD COLUMN note TEXT`))
	_, err := s.Exec(t.Context(), `INSERT INTO things (id, made, note) VALUES (?, ?, ?)`, "a", 1, "why")
	require.NoError(t, err)
	require.ErrorIs(t, s.Migrate(t.Context(), "things", table), store.ErrLaterProgram)
	require.NoError(t, s.Migrate(t.Context(), "others"), "components don't know each other")
}

func TestMigrateTakesAllStepsOrNone(t *testing.T) {
	s := open(t)
	require.ErrorContains(t, s.Migrate(t.Context(), "things", table, `CREATE NONSENSE`), "step 2 of the tables of things")
	require.NoError(t, s.Migrate(t.Context(), "things", table), "the first step was undone")
}

func TestWithinIsUndoneByAnError(t *testing.T) {
	s := open(t)
	require.NoError(t, s.Migrate(t.Context(), "things", table))
	failure := errors.New("no")
	err := s.Within(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO things (id, content, made) VALUES (?, ?, ?)`, "a", []byte{0, 1}, 1)
		require.NoError(t, err)
		return failure
	})
	require.ErrorIs(t, err, failure)
	require.ErrorIs(t, s.QueryRow(t.Context(), `SELECT id FROM things`).Scan(new(string)), sql.ErrNoRows)
}

func TestOpenRefusesOtherSources(t *testing.T) {
	for source, problem := range map[string]string{
		"sqlite:own.db":  "not an absolute path",
		"mysql://server": "neither",
		"":               "neither",
	} {
		_, err := store.Open(context.Background(), source)
		require.ErrorContains(t, err, problem, source)
	}
}

func TestNumberedLeavesQuotesAlone(t *testing.T) {
	require.Equal(t, `INSERT INTO a (b) VALUES ($1, 'is it? a BLOB', $2)`, store.Numbered(`INSERT INTO a (b) VALUES (?, 'is it? a BLOB', ?)`))
	require.Equal(t, `CREATE TABLE a (b BYTEA)`, store.Numbered(`CREATE TABLE a (b BLOB)`))
}

// What a transaction read is still so when it writes, also for two gateways on
// one database.
func TestTransactionsTakeTurns(t *testing.T) {
	at := source(t)
	one, two := openSource(t, at), openSource(t, at)
	require.NoError(t, one.Migrate(t.Context(), "things", table))
	require.NoError(t, two.Migrate(t.Context(), "things", table))
	_, err := one.Exec(t.Context(), `INSERT INTO things (id, made) VALUES (?, ?)`, "a", 0)
	require.NoError(t, err)
	var together errgroup.Group
	for i := range 20 {
		s := []*store.Store{one, two}[i%2]
		together.Go(func() error {
			return s.Within(t.Context(), func(tx *store.Tx) error {
				var n int
				if err := tx.QueryRow(t.Context(), `SELECT made FROM things WHERE id = ?`, "a").Scan(&n); err != nil {
					return err
				}
				_, err := tx.Exec(t.Context(), `UPDATE things SET made = ? WHERE id = ?`, n+1, "a")
				return err
			})
		})
	}
	require.NoError(t, together.Wait())
	var n int
	require.NoError(t, one.QueryRow(t.Context(), `SELECT made FROM things`).Scan(&n))
	require.Equal(t, 20, n)
}

func TestTextIsComparedByteByByteAndTruthsAreNumbers(t *testing.T) {
	s := open(t)
	require.NoError(t, s.Migrate(t.Context(), "things", table))
	for _, id := range []string{"a", "B", "Ä", "Z"} {
		_, err := s.Exec(t.Context(), `INSERT INTO things (id, made) VALUES (?, ?)`, id, id == "B")
		require.NoError(t, err)
	}
	rows, err := s.Query(t.Context(), `SELECT id, made FROM things ORDER BY id`)
	require.NoError(t, err)
	defer rows.Close()
	var order string
	for rows.Next() {
		var id string
		var made int
		require.NoError(t, rows.Scan(&id, &made))
		order += fmt.Sprintf("%s%d", id, made)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, "B1Z0a0Ä0", order)
}
