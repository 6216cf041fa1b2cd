package api_test

import (
	"bufio"
	"context"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// listener is an open stream of events.
type listener struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Scanner
}

func (g gateway) listen(query string, header ...string) listener {
	g.t.Helper()
	request, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, g.url+"/api/v1/events"+query, nil)
	require.NoError(g.t, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(g.t, err)
	g.t.Cleanup(func() { _ = response.Body.Close() })
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	return listener{g.t, response, lines}
}

// until reads lines up to one with a prefix.
func (l listener) until(prefix string) string {
	l.t.Helper()
	for l.lines.Scan() {
		if rest, ok := strings.CutPrefix(l.lines.Text(), prefix); ok {
			return rest
		}
	}
	l.t.Fatalf("the stream ended before %q", prefix)
	return ""
}

func TestEventsFollowTheChain(t *testing.T) {
	g := serve(t)
	l := g.listen("")
	require.Equal(t, "text/event-stream", l.response.Header.Get("Content-Type"))
	next := strconv.FormatUint(g.model.Next(), 10)
	require.Equal(t, next, l.until(": from block "))
	g.ledger.Must(ledgertest.Growers, ledgertest.Command("TAKE-9", "2026-08-30", massbalance.TakeIn{
		Site: "elevator", Product: "wheat", Quantity: ledgertest.Kg("1"), Supplier: "S", Evidence: "E-9"}))
	require.Equal(t, next, l.until("id: "))
	data := l.until("data: ")
	require.Contains(t, data, `{"height":`+next)
	require.Contains(t, data, `"command":"TAKE-9","type":"take_in","site":"elevator"`)
}

func TestEventsAreResumed(t *testing.T) {
	g := serve(t)
	for _, l := range []listener{g.listen("", "Last-Event-ID", "2"), g.listen("?after=2")} {
		last := g.model.Next() - 1
		for height := uint64(3); height <= last; height++ {
			require.Equal(t, strconv.FormatUint(height, 10), l.until("id: "))
		}
	}
	g.get("/api/v1/events?after=x").problem(t, http.StatusUnprocessableEntity)
}

func TestEventsBeat(t *testing.T) {
	g := serve(t, func(o *api.Options) { o.Heartbeat = time.Millisecond })
	l := g.listen("")
	l.until(": heartbeat")
	l.until(": heartbeat")
}

// overGate lets everybody in and then knows nobody any more.
type overGate struct{ access.Local }

func (overGate) Still(context.Context, access.Actor, access.Permission) (bool, error) {
	return false, nil
}

func TestAStreamEndsWhereNothingHappensToo(t *testing.T) {
	g := serve(t, func(o *api.Options) { o.Gate, o.Heartbeat = overGate{}, time.Millisecond })
	l := g.listen("")
	for l.lines.Scan() {
		require.NotContains(t, l.lines.Text(), "heartbeat")
	}
	require.NoError(t, l.lines.Err(), "it ends as a stream ends")
}

func TestEventsAreBoundedAndEnd(t *testing.T) {
	stopping, stop := context.WithCancel(t.Context())
	g := serve(t, func(o *api.Options) { o.Stopping = stopping })
	before := runtime.NumGoroutine()
	var open []listener
	for range 64 {
		open = append(open, g.listen(""))
	}
	refused := g.get("/api/v1/events")
	refused.problem(t, http.StatusServiceUnavailable)
	require.NotEmpty(t, refused.Header.Get("Retry-After"))

	require.NoError(t, open[0].response.Body.Close())
	require.Eventually(t, func() bool {
		l := g.listen("")
		defer l.response.Body.Close()
		return l.response.StatusCode == http.StatusOK
	}, 10*time.Second, 10*time.Millisecond, "who leaves makes room")
	stop()
	for _, l := range open[1:] {
		for l.lines.Scan() { //nolint:revive // to the end
		}
		require.NoError(t, l.lines.Err(), "the gateway ends streams when it stops")
	}
	http.DefaultClient.CloseIdleConnections()
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+2 }, 10*time.Second, 10*time.Millisecond)
}

func TestReadsAreNotSentTwice(t *testing.T) {
	g := serve(t)
	first := g.get("/api/v1/lots?limit=2")
	tag := first.Header.Get("ETag")
	require.NotEmpty(t, tag)
	require.Equal(t, "private, no-cache", first.Header.Get("Cache-Control"))
	again := g.do(http.MethodGet, "/api/v1/lots?limit=2", "", "If-None-Match", `"other", W/`+tag)
	require.Equal(t, http.StatusNotModified, again.StatusCode)
	require.Empty(t, again.body)
	require.Equal(t, tag, again.Header.Get("ETag"))
	require.Equal(t, first.Header.Get("Weighbridge-Height"), again.Header.Get("Weighbridge-Height"))
	require.Equal(t, http.StatusOK, g.do(http.MethodGet, "/api/v1/lots?limit=3", "", "If-None-Match", tag).StatusCode, "another question")
	g.ledger.Add()
	moved := g.do(http.MethodGet, "/api/v1/lots?limit=2", "", "If-None-Match", tag)
	require.Equal(t, http.StatusOK, moved.StatusCode, "another height")
	require.NotEqual(t, tag, moved.Header.Get("ETag"))
}
