package main

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighbridge/weighbridge/gateway/trace"
)

// flushTime is how long the last spans may take on their way to the collector.
const flushTime = 5 * time.Second

// traces sends spans to the collector that is configured, until stop is called.
func (c config) traces(ctx context.Context, log *slog.Logger) (stop func() error, err error) {
	if c.Trace.Endpoint == "" {
		return func() error { return nil }, nil
	}
	shutdown, err := trace.Setup(ctx, trace.Options{
		Endpoint: c.Trace.Endpoint, Percent: c.Trace.Percent, Organisation: string(c.Organisation), Version: version(), Log: log})
	if err != nil {
		return nil, err
	}
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), flushTime)
		defer cancel()
		_ = shutdown(ctx) // a collector that is away must not make stopping a failure
		return nil
	}, nil
}

// measure registers what the gateway knows of itself beside requests and submissions.
func (p *process) measure() {
	p.replayed = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "weighbridge_replay_seconds", Help: "How long it took to replay a block and write it to the read model.",
		Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 5},
	})
	revision, modified := buildInfo()
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "weighbridge_build_info", Help: "Always 1; the labels say what was built.",
		ConstLabels: prometheus.Labels{"version": buildVersion(), "revision": revision, "modified": modified, "go": goVersion()},
	}, func() float64 { return 1 })
	lag := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "weighbridge_replay_lag_blocks", Help: "Blocks that the peer's chain has and the read model has not.",
	}, func() float64 {
		p.health.mu.Lock()
		chain := p.health.chain
		p.health.mu.Unlock()
		if next := p.model.Next(); next < chain {
			return float64(chain - next)
		}
		return 0
	})
	p.metrics.MustRegister(p.replayed, build, lag, dependencies{p})
}

// dependencies is a gauge for each thing that the gateway depends on.
type dependencies struct{ p *process }

var dependencyUp = prometheus.NewDesc("weighbridge_dependency_up", "1 while what the gateway depends on works.", []string{"name"}, nil)

// Describe names the gauge.
func (d dependencies) Describe(out chan<- *prometheus.Desc) { out <- dependencyUp }

// Collect looks at what readyz says.
func (d dependencies) Collect(out chan<- prometheus.Metric) {
	for _, c := range d.p.status().Checks {
		up := 0.0
		if c.OK {
			up = 1
		}
		out <- prometheus.MustNewConstMetric(dependencyUp, prometheus.GaugeValue, up, c.Name)
	}
}

// buildInfo is the revision that was built, and whether it was changed.
func buildInfo() (revision, modified string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown", "unknown"
	}
	revision, modified = "unknown", "unknown"
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			modified = s.Value
		}
	}
	return revision, modified
}
