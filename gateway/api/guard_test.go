package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

func TestForeignPagesMayNotPost(t *testing.T) {
	g := serve(t)
	for _, header := range [][]string{
		{"Origin", "https://evil.example"},
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "null"},
	} {
		g.post(takeIn("EVIL", "1"), header...).problem(t, http.StatusForbidden)
	}
	require.Equal(t, http.StatusNotFound, g.get("/api/v1/commands/growers/EVIL").StatusCode)
	require.Equal(t, http.StatusOK, g.post(takeIn("OWN", "1"), "Sec-Fetch-Site", "same-origin").StatusCode)
}

// A name server that points a foreign name at this machine gets nothing to read either.
func TestOtherHostNamesAreRefused(t *testing.T) {
	g := serve(t)
	for host, status := range map[string]int{
		"evil.example": 421, "evil.example:8101": 421, "10.0.0.1": 421, "": 200,
		"localhost:8101": 200, "127.0.0.1": 200, "[::1]:8101": 200, "LOCALHOST": 200,
	} {
		require.Equal(t, status, g.do(http.MethodGet, "/api/v1/sites", "", "Host", host).StatusCode, host)
	}
}

// brokenModel is a read model whose disk is gone, or worse.
type brokenModel struct {
	api.Model
	panics bool
}

func (b brokenModel) Read(context.Context, func(*readmodel.Snapshot) error) error {
	if b.panics {
		panic("secret inside")
	}
	return errors.New("secret inside")
}

func TestNothingOfTheInsideIsShown(t *testing.T) {
	for _, panics := range []bool{false, true} {
		var log bytes.Buffer
		g := serve(t, func(o *api.Options) {
			o.Model, o.Log = brokenModel{o.Model, panics}, slog.New(slog.NewTextHandler(&log, nil))
		})
		r := g.get("/api/v1/sites")
		r.problem(t, http.StatusInternalServerError)
		require.NotContains(t, r.body, "secret")
		require.Contains(t, log.String(), "secret inside", "the log has it")
	}
}

func TestHealthAndReadiness(t *testing.T) {
	status := api.Status{Connected: true, Chain: 1}
	g := serve(t, func(o *api.Options) { o.Status = func() api.Status { return status } })
	ready := func(code int) api.Readiness {
		r := g.get("/readyz")
		require.Equal(t, code, r.StatusCode, r.body)
		var out api.Readiness
		require.NoError(t, json.Unmarshal([]byte(r.body), &out))
		require.Equal(t, code == http.StatusOK, out.Ready)
		return out
	}
	require.Equal(t, http.StatusOK, g.get("/healthz").StatusCode)
	require.True(t, ready(http.StatusOK).CaughtUp)
	status.Chain = g.model.Next() + 3
	require.False(t, ready(http.StatusServiceUnavailable).CaughtUp)
	status = api.Status{Reason: "connection refused"}
	require.Equal(t, "connection refused", ready(http.StatusServiceUnavailable).Reason)
	require.Equal(t, http.StatusOK, g.get("/healthz").StatusCode, "alive all the same")

	status = api.Status{Connected: true}
	require.False(t, ready(http.StatusServiceUnavailable).CaughtUp, "nobody knows")
	status.Chain = 1
	g.ledger.Add(replay.Transaction{ID: "odd", Code: "VALID", Finding: &replay.Finding{Block: 1, Transaction: "odd", Problem: replay.ExtraKey, Key: "k", Found: "\xff"}})
	require.Equal(t, 1, ready(http.StatusOK).Findings)
	require.Contains(t, g.get("/api/v1/findings").body, `"problem":"extra_key"`)
	metrics := g.get("/metrics").body
	require.Contains(t, metrics, "weighbridge_findings 1")
	require.Contains(t, metrics, `weighbridge_http_request_seconds_count{route="GET /readyz",status="503"} 3`)
}

func TestAnEmptyGatewayIsNotReady(t *testing.T) {
	g := serve(t, func(o *api.Options) {
		empty, err := readmodel.Open(t.TempDir())
		require.NoError(t, err)
		t.Cleanup(func() { _ = empty.Close() })
		o.Model, o.Status = empty, func() api.Status { return api.Status{Connected: true} }
	})
	require.Equal(t, http.StatusServiceUnavailable, g.get("/readyz").StatusCode)
	require.JSONEq(t, `{"items":[]}`, g.get("/api/v1/sites").body)
	g.get("/api/v1/consortium").problem(t, http.StatusNotFound)
}
