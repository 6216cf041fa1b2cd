package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/peertest"
)

// importJob is a job as the interface gives it.
type importJob struct {
	ID, State   string
	Sent, Total int
	Reason      string
	Report      struct{ Accepted, Repeated, Refused int }
}

// importFile hands a file of tickets in.
func (r *running) importFile(file string) importJob {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url+"/api/v1/imports?kind=tickets&site=elevator", strings.NewReader(file))
	require.NoError(r.t, err)
	request.Header.Set("Content-Type", "text/csv")
	request.Header.Set("Authorization", "Bearer "+r.token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(r.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(r.t, err)
	require.Equal(r.t, http.StatusAccepted, response.StatusCode, "%s", body)
	var job importJob
	require.NoError(r.t, json.Unmarshal(body, &job))
	return job
}

func (r *running) job(id string) (job importJob) {
	r.t.Helper()
	code, body := r.get("/api/v1/imports/" + id)
	if code == http.StatusOK {
		require.NoError(r.t, json.Unmarshal(body, &job))
	}
	return job
}

// An import that is under way when the gateway is stopped goes on when it is
// started again, with the token that it was handed in with, and each line is on
// the ledger once.
func TestAnImportGoesOnAfterARestart(t *testing.T) {
	peer := peertest.StartSeason(t)
	c := configuredFor(t, peer)
	r := start(t, c)
	r.becomes()
	const lines = 450
	var file strings.Builder
	file.WriteString("ticket,date,supplier,product,net\n")
	for i := range lines {
		fmt.Fprintf(&file, "IMPORT-%d,2026-08-20,Somebody,wheat,10\n", i)
	}
	job := r.importFile(file.String())
	require.Eventually(t, func() bool { return r.job(job.ID).Sent >= 100 }, 20*time.Second, time.Millisecond)
	peer.Hold() // so that some lines are under way
	r.stop()
	peer.Release()
	r.end()

	again := start(t, c)
	again.becomes()
	require.Eventually(t, func() bool { job = again.job(job.ID); return job.State != "running" && job.State != "" }, 30*time.Second, 20*time.Millisecond)
	require.Equal(t, []any{"done", lines, lines, lines, 0}, []any{job.State, job.Sent, job.Total, job.Report.Accepted, job.Report.Repeated}, "%+v", job)
	require.Contains(t, again.log.String(), "going on with an import")
	for _, place := range []int{0, 99, 100, 250, lines - 1} {
		code, body := again.get(fmt.Sprintf("/api/v1/commands/growers/IMPORT-%d", place))
		require.Equal(t, http.StatusOK, code, "%s", body)
	}
	_, records := again.get("/api/v1/records?type=take_in&site=elevator&limit=500")
	require.Equal(t, lines, strings.Count(string(records), `"command":"IMPORT-`), "each once")
}
