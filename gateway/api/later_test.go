package api_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/journal"
	"github.com/weighbridge/weighbridge/gateway/store"
)

// withJournal lets the interface's submitter take commands.
func withJournal(t *testing.T) func(*api.Options) {
	return func(o *api.Options) {
		own, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "journal.db"))
		require.NoError(t, err)
		j, err := journal.Open(t.Context(), journal.Options{Store: own, Next: o.Submitter, Carrier: "gateway", Log: o.Log})
		require.NoError(t, err)
		t.Cleanup(func() {
			j.Close()
			require.NoError(t, own.Close())
		})
		o.Submitter, o.Journal = j, j
	}
}

func TestWhoDoesNotWaitIsToldWhereToLook(t *testing.T) {
	g := serve(t, withJournal(t))
	r := g.post("["+takeIn("L-1", "1")+","+takeIn("L-2", "2")+"]", "Prefer", "respond-async, wait=0")
	require.Equal(t, http.StatusAccepted, r.StatusCode, r.body)
	require.Equal(t, "respond-async", r.Header.Get("Preference-Applied"))
	require.Contains(t, r.body, `"stage":"taken"`)

	var batch struct {
		UnderWay int
		Results  []struct{ Command, Stage, Code string }
	}
	require.Eventually(t, func() bool {
		batch.UnderWay, batch.Results = 0, nil
		look := g.get(r.Header.Get("Location"))
		require.Equal(t, http.StatusOK, look.StatusCode, look.body)
		require.NoError(t, json.Unmarshal([]byte(look.body), &batch))
		return batch.UnderWay == 0
	}, 10*time.Second, 10*time.Millisecond)
	require.Len(t, batch.Results, 2)
	require.Equal(t, "L-2", batch.Results[1].Command)
	require.Equal(t, "valid", batch.Results[1].Stage)
	require.Equal(t, http.StatusOK, g.get("/api/v1/commands/growers/L-2").StatusCode)

	require.Equal(t, http.StatusOK, g.post(takeIn("L-3", "3")).StatusCode, "who does not say so waits")
	g.get("/api/v1/batches/none").problem(t, http.StatusNotFound)
}
