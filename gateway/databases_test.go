package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/peertest"
	"github.com/weighbridge/weighbridge/gateway/store/postgrestest"
)

// lockDatabase keeps everybody else from writing to a file of SQLite.
func lockDatabase(t *testing.T, path string) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	_, err = db.Exec("BEGIN IMMEDIATE")
	require.NoError(t, err)
	return func() {
		_, err := db.Exec("ROLLBACK")
		require.NoError(t, err)
		require.NoError(t, db.Close())
	}
}

// dump is all that a gateway's read model holds, while the gateway is stopped.
func dump(t *testing.T, c config) string {
	t.Helper()
	model, err := c.openModel(t.Context())
	require.NoError(t, err)
	defer model.Close()
	var b strings.Builder
	require.NoError(t, model.Dump(t.Context(), &b))
	return b.String()
}

func removeModel(c config) error {
	files, err := filepath.Glob(filepath.Join(c.Data, "readmodel.db*"))
	for _, file := range files {
		if err == nil {
			err = os.Remove(file)
		}
	}
	return err
}

// Two gateways on one database of PostgreSQL, whose server restarts, and one on
// SQLite read the same.
func TestServesFromPostgreSQL(t *testing.T) {
	server := postgrestest.Start(t)
	source := server.Database("growers")
	peer := peertest.StartSeason(t)
	inPostgres := func(c *config) { c.Database = source }
	one := configuredFor(t, peer, inPostgres)
	first := start(t, one)
	first.becomes()
	two := configuredFor(t, peer, inPostgres)
	second := start(t, two)
	second.becomes()
	_, standing := second.readiness()
	require.True(t, standing.Standby)
	code, answer := second.post(t.Context(), takeIn("BY-STANDBY"))
	require.Equal(t, 200, code, answer)
	require.Equal(t, peer.Height(), second.becomes().Blocks)

	server.Kill()
	first.becomes("database", "store")
	server.Resume()
	first.becomes()
	second.becomes()
	first.end()
	code, answer = second.post(t.Context(), takeIn("AFTER-THE-FIRST"))
	require.Equal(t, 200, code, answer)
	require.Equal(t, peer.Height(), second.becomes().Blocks, "the second one takes over")
	second.end()

	sqlite := configuredFor(t, peer)
	third := start(t, sqlite)
	third.becomes()
	third.end()
	require.Equal(t, dump(t, sqlite), dump(t, one))
}
