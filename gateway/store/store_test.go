package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "own.db"))
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
	require.ErrorIs(t, s.Migrate(t.Context(), "things", table), ErrLaterProgram)
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
	err := s.Within(t.Context(), func(tx *Tx) error {
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
		_, err := Open(context.Background(), source)
		require.ErrorContains(t, err, problem, source)
	}
}

func TestTranslateLeavesQuotesAlone(t *testing.T) {
	require.Equal(t, `INSERT INTO a (b) VALUES ($1, 'is it? a BLOB', $2)`, postgres.translate(`INSERT INTO a (b) VALUES (?, 'is it? a BLOB', ?)`))
	require.Equal(t, `CREATE TABLE a (b BYTEA)`, postgres.translate(`CREATE TABLE a (b BLOB)`))
	require.Equal(t, `SELECT ?`, sqlite.translate(`SELECT ?`))
}
