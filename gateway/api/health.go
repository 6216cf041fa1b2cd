package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// Readiness says whether the gateway's answers are those of the ledger now.
type Readiness struct {
	Ready        bool                       `json:"ready"`
	Organisation massbalance.OrganisationID `json:"organisation"`
	// Peer is whether the peer answers, and Reason why not.
	Peer   bool   `json:"peer"`
	Reason string `json:"reason,omitempty"`
	// CaughtUp is whether the read model has all blocks that the chain is known
	// to have: Blocks of Chain.
	CaughtUp bool   `json:"caughtUp"`
	Blocks   uint64 `json:"blocks"`
	Chain    uint64 `json:"chain"`
	// Findings counts differences between the chain and the rules. They do not
	// make a gateway unready: it reads on, and says so.
	Findings int `json:"findings"`
	// Standby is set while another gateway writes to the same database.
	Standby bool `json:"standby,omitempty"`
	// Checks are the things that the gateway depends on; each has to be all right.
	Checks []Check `json:"checks,omitempty"`
	// Rebuild is set while the read model is far behind.
	Rebuild *Rebuild `json:"rebuild,omitempty"`
}

func (s *server) readiness(ctx context.Context) (Readiness, error) {
	status := s.Status()
	out := Readiness{Organisation: s.Organisation, Peer: status.Connected, Reason: status.Reason, Chain: status.Chain,
		Standby: status.Standby, Checks: slices.Clone(status.Checks), Rebuild: status.Rebuild}
	err := s.Model.Read(ctx, func(snapshot *readmodel.Snapshot) (err error) {
		out.Blocks = snapshot.Next
		out.Findings, err = snapshot.CountFindings()
		return err
	})
	out.CaughtUp = status.CaughtUp(out.Blocks)
	out.Ready = out.Peer && out.CaughtUp && err == nil
	for i, c := range out.Checks {
		if c.Name == "database" && err != nil {
			out.Checks[i] = Check{Name: c.Name, Detail: "the read model can't be read"}
		}
		out.Ready = out.Ready && c.OK
	}
	return out, err
}

// CaughtUp reports whether a read model of so many blocks has all that the chain
// is known to have. While nothing is known of the chain, it can't be said.
func (s Status) CaughtUp(blocks uint64) bool { return s.Chain > 0 && blocks >= s.Chain }

func (s *server) registerHealth() {
	s.mux.HandleFunc(access.Public, "GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"alive":true}` + "\n"))
	})
	s.mux.HandleFunc(access.Public, "GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		readiness, err := s.readiness(r.Context())
		if err != nil {
			readiness.Reason = "the read model can't be read"
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set(heightHeader, height(readiness.Blocks))
		if !readiness.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(readiness) // whoever asked may be gone
	})
	s.mux.Handle(access.Observe, "GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}))
}

// metrics are kept in a registry of the gateway's own, so that a process may
// hold several.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	commands *prometheus.CounterVec
}

func newMetrics(s *server) *metrics {
	registry := s.Metrics
	if registry == nil {
		registry = prometheus.NewRegistry()
	}
	m := &metrics{
		registry: registry,
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "weighbridge_http_request_seconds", Help: "How long requests took, by route and status.",
			Buckets: []float64{.001, .005, .02, .1, .5, 1, 2, 5, 10, 30},
		}, []string{"route", "status"}),
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "weighbridge_commands_total", Help: "Commands taken, by how far they came and the rules' result.",
		}, []string{"stage", "code"}),
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	m.registry.MustRegister(m.requests, m.commands,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("weighbridge_blocks", "Blocks in the read model.", func() float64 { return float64(s.Model.Next()) }),
		gauge("weighbridge_chain_blocks", "Blocks that the peer's chain is known to have.", func() float64 { return float64(s.Status().Chain) }),
		gauge("weighbridge_peer_connected", "1 while the peer answers.", func() float64 {
			if s.Status().Connected {
				return 1
			}
			return 0
		}),
		gauge("weighbridge_findings", "Differences between the chain and the rules; -1 while they can't be counted.", func() float64 {
			readiness, err := s.readiness(context.Background())
			if err != nil {
				return -1
			}
			return float64(readiness.Findings)
		}),
	)
	return m
}

func (m *metrics) request(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) command(r Result) {
	m.commands.WithLabelValues(string(r.Stage), string(r.Code)).Inc()
}
