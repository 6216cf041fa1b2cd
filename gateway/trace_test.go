package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/peertest"
)

// receiver takes spans as a collector does.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	spans []*otlp.Span
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		var export collector.ExportTraceServiceRequest
		if err != nil || request.URL.Path != "/v1/traces" || proto.Unmarshal(body, &export) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, resource := range export.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				r.spans = append(r.spans, scope.GetSpans()...)
			}
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// named lists the spans of a name.
func (r *receiver) named(name string) (found []*otlp.Span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.spans {
		if s.GetName() == name {
			found = append(found, s)
		}
	}
	return found
}

func (r *receiver) one(t *testing.T, name string, that func(*otlp.Span) bool) *otlp.Span {
	t.Helper()
	for _, s := range r.named(name) {
		if that(s) {
			return s
		}
	}
	t.Fatalf("there is no such span %s", name)
	return nil
}

func childOf(parent *otlp.Span) func(*otlp.Span) bool {
	return func(s *otlp.Span) bool {
		return string(s.GetParentSpanId()) == string(parent.GetSpanId()) && string(s.GetTraceId()) == string(parent.GetTraceId())
	}
}

func linkedTo(target *otlp.Span) func(*otlp.Span) bool {
	return func(s *otlp.Span) bool {
		for _, l := range s.GetLinks() {
			if string(l.GetSpanId()) == string(target.GetSpanId()) && string(l.GetTraceId()) == string(target.GetTraceId()) {
				return true
			}
		}
		return false
	}
}

// A request can be followed from its client over the batch that carried its
// command to the replay of the block.
func TestARequestIsTracedToTheReplayOfItsBlock(t *testing.T) {
	spans := newReceiver(t)
	peer := peertest.StartSeason(t)
	c := configuredFor(t, peer, func(c *config) { c.Trace = traceConfig{Endpoint: spans.URL, Percent: 100} })
	r := start(t, c)
	r.becomes()
	body, err := wire.Format(takeIn("TRACED"))
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/api/v1/commands", strings.NewReader(string(body)))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+r.token)
	request.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	request.Header.Set("X-Request-Id", "erp-4711")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "erp-4711", response.Header.Get("X-Request-Id"))
	r.end() // which sends the last spans

	server := spans.one(t, "request POST /api/v1/commands", func(s *otlp.Span) bool { return s.GetTraceId()[0] == 0x0a })
	require.Equal(t, byte(0xb7), server.GetParentSpanId()[0], "the client's span is the parent")
	submit := spans.one(t, "submit", childOf(server))
	spans.one(t, "queue", childOf(submit))
	batch := spans.one(t, "batch", linkedTo(submit))
	for _, step := range []string{"endorse", "order", "commit"} {
		spans.one(t, step, childOf(batch))
	}
	spans.one(t, "replay", linkedTo(batch))
	for _, s := range spans.named("request POST /api/v1/commands") {
		require.NotContains(t, s.String(), "WB-TRACED", "no content of a command is in a span")
	}
}

func TestACollectorThatIsAwayIsNoHarm(t *testing.T) {
	peer := peertest.StartSeason(t)
	c := configuredFor(t, peer, func(c *config) { c.Trace = traceConfig{Endpoint: "http://" + freePort(t), Percent: 100} })
	r := start(t, c)
	r.becomes()
	code, answer := r.post(t.Context(), takeIn("UNTRACED"))
	require.Equal(t, http.StatusOK, code, answer)
	began := time.Now()
	r.end()
	require.Less(t, time.Since(began), 30*time.Second)
}

// What is logged for a request names it, and what is measured has its route.
func TestLogsAndMetricsOfARequest(t *testing.T) {
	peer := peertest.StartSeason(t)
	r := start(t, configuredFor(t, peer, func(c *config) { c.Log = logConfig{Level: "debug", Format: "json"} }))
	r.becomes()
	code, answer := r.post(t.Context(), takeIn("MEASURED"))
	require.Equal(t, http.StatusOK, code, answer)
	require.Eventually(t, func() bool { return strings.Contains(r.log.String(), `"path":"/api/v1/commands"`) }, 5*time.Second, 10*time.Millisecond)
	for line := range strings.SplitSeq(r.log.String(), "\n") {
		if strings.Contains(line, `"path":"/api/v1/commands"`) {
			require.Regexp(t, `"request":"[A-Z0-9]{26}"`, line)
			require.Contains(t, line, `"status":200`)
		}
	}
	_, body := r.get("/metrics")
	for _, want := range []string{
		`weighbridge_http_request_seconds_count{route="POST /api/v1/commands",status="200"} 1`,
		`weighbridge_submit_commands_total{code="accepted",stage="valid"} 1`,
		`weighbridge_submit_waiting_commands 0`,
		`weighbridge_submit_batch_commands_count 1`,
		`weighbridge_replay_lag_blocks 0`,
		`weighbridge_blocks 3`,
		`weighbridge_dependency_up{name="peer"} 1`,
		`weighbridge_dependency_up{name="store"} 1`,
		`weighbridge_replay_seconds_count 3`,
		`weighbridge_findings 0`,
		`go="go1.`,
	} {
		require.Contains(t, string(body), want)
	}
}
