package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/peertest"
	"github.com/weighbridge/weighbridge/gateway/store"
)

// A gateway that lost its disk comes back: its own data from the backup, the
// read model from the peer's blocks.
func TestARestoredGatewayHasAll(t *testing.T) {
	path := example(t)
	c, err := readFile(path)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(c.Data, 0o700))
	own, err := store.Open(t.Context(), c.ownSource())
	require.NoError(t, err)
	require.NoError(t, own.Migrate(t.Context(), "kept", `CREATE TABLE kept (id TEXT NOT NULL, PRIMARY KEY (id))`))
	_, err = own.Exec(t.Context(), `INSERT INTO kept (id) VALUES (?)`, "what is the gateway's own")
	require.NoError(t, err)
	copied := filepath.Join(t.TempDir(), "backup.db")
	out, err := run(t, "backup", copied, "--config", path)
	require.NoError(t, err, out)
	require.NoError(t, own.Close())
	_, err = run(t, "restore", copied, "--config", path)
	require.ErrorContains(t, err, "move it away first")
	require.NoError(t, os.RemoveAll(c.Data))
	out, err = run(t, "restore", copied, "--config", path)
	require.NoError(t, err, out)

	peer := peertest.StartSeason(t)
	again := configuredFor(t, peer, func(changed *config) { changed.Data = c.Data })
	r := start(t, again)
	require.Equal(t, peer.Height(), r.becomes().Blocks)
	r.end()
	own, err = store.Open(t.Context(), c.ownSource())
	require.NoError(t, err)
	var kept string
	require.NoError(t, own.QueryRow(t.Context(), `SELECT id FROM kept`).Scan(&kept))
	require.Equal(t, "what is the gateway's own", kept)
	require.NoError(t, own.Close())

	_, err = run(t, "backup", copied, "--config", example(t, "role: trading", "role: trading\ndatabase: postgres://db/growers"))
	require.ErrorContains(t, err, "pg_dump")
}
