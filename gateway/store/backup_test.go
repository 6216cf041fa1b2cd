package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/store"
	"github.com/weighbridge/weighbridge/gateway/store/postgrestest"
)

// A backup while others write is the store of one moment: of the pairs that are
// written together it has both or neither.
func TestABackupIsOfOneMoment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.db")
	s := openSource(t, "sqlite:"+path)
	require.NoError(t, s.Migrate(t.Context(), "things", table))
	stop, stopped := make(chan struct{}), make(chan struct{})
	first := make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			err := s.Within(t.Context(), func(tx *store.Tx) error {
				for _, side := range []string{"left", "right"} {
					if _, err := tx.Exec(t.Context(), `INSERT INTO things (id, made) VALUES (?, ?)`, side+string(rune('a'+i%26))+strings.Repeat("x", i/26), i); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
				return
			}
			if i == 50 {
				close(first)
			}
		}
	}()
	<-first
	other := openSource(t, "sqlite:"+path) // as a second process has it
	copied := filepath.Join(t.TempDir(), "backup.db")
	require.NoError(t, other.Backup(t.Context(), copied))
	close(stop)
	<-stopped
	require.ErrorContains(t, other.Backup(t.Context(), copied), "there is something")

	info, err := os.Stat(copied)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	back := filepath.Join(t.TempDir(), "data", "own.db")
	require.NoError(t, store.Restore(t.Context(), copied, back))
	require.ErrorContains(t, store.Restore(t.Context(), copied, back), "move it away first")
	restored := openSource(t, "sqlite:"+back)
	require.NoError(t, restored.Migrate(t.Context(), "things", table), "no step is taken again")
	var all, left int
	require.NoError(t, restored.QueryRow(t.Context(), `SELECT count(*) FROM things`).Scan(&all))
	require.NoError(t, restored.QueryRow(t.Context(), `SELECT count(*) FROM things WHERE id LIKE 'left%'`).Scan(&left))
	require.GreaterOrEqual(t, left, 50)
	require.Equal(t, 2*left, all)
}

func TestWhatIsNoBackupIsRefused(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.db")
	require.NoError(t, os.WriteFile(broken, []byte("SQLite format 3\x00 and then nothing that is"), 0o600))
	require.ErrorContains(t, store.Restore(t.Context(), broken, filepath.Join(dir, "own.db")), "is not a store")
	require.NoFileExists(t, filepath.Join(dir, "own.db"))
	require.Error(t, store.Restore(t.Context(), filepath.Join(dir, "absent"), filepath.Join(dir, "own.db")))
}

// The commands of docs/operations.md.
func TestPostgreSQLsOwnToolsBackItUp(t *testing.T) {
	if os.Getenv(serverVariable) != "" {
		t.Skip("it has a server of its own")
	}
	server := postgrestest.Start(t)
	s := openSource(t, server.Database("before"))
	require.ErrorIs(t, s.Backup(t.Context(), "x"), store.ErrServerDatabase)
	require.NoError(t, s.Migrate(t.Context(), "things", table))
	_, err := s.Exec(t.Context(), `INSERT INTO things (id, made) VALUES (?, ?)`, "a", 7)
	require.NoError(t, err)
	server.Execute("before", "CREATE SCHEMA readmodel_1")
	dumped, err := server.Program("pg_dump", "--exclude-schema=readmodel_*", server.Source("before")).Output()
	require.NoError(t, err)
	require.NotContains(t, string(dumped), "readmodel_1")
	after := server.Database("after")
	psql := server.Program("psql", "--set=ON_ERROR_STOP=1", "--quiet", after)
	psql.Stdin = strings.NewReader(string(dumped))
	out, err := psql.CombinedOutput()
	require.NoError(t, err, "%s", out)
	restored := openSource(t, after)
	require.NoError(t, restored.Migrate(t.Context(), "things", table))
	var made int
	require.NoError(t, restored.QueryRow(t.Context(), `SELECT made FROM things WHERE id = ?`, "a").Scan(&made))
	require.Equal(t, 7, made)
	require.ErrorIs(t, restored.Migrate(t.Context(), "things"), store.ErrLaterProgram)
}
