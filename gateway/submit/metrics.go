package submit

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics is what the operator sees.
type metrics struct {
	commands     *prometheus.CounterVec
	transactions *prometheus.CounterVec
	retries      *prometheus.CounterVec
	batch        prometheus.Histogram
	latency      prometheus.Histogram
	waiting      prometheus.Gauge
}

const prefix = "weighbridge_submit_"

// RetriesMetric counts how often a batch was proposed again.
const RetriesMetric = prefix + "retries_total"

// newMetrics makes the metrics and registers them, unless registerer is nil.
func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "commands_total", Help: "Commands by the stage they came to and their result code.",
		}, []string{"stage", "code"}),
		transactions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "transactions_total", Help: "Attempted transactions by how they ended.",
		}, []string{"end"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: RetriesMetric, Help: "Batches proposed again, by reason.",
		}, []string{"reason"}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: prefix + "batch_commands", Help: "Commands per transaction.",
			Buckets: []float64{1, 2, 5, 10, 20, 50, 100, 200, 500},
		}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: prefix + "seconds", Help: "Time from a command's arrival to its outcome.",
			Buckets: []float64{.05, .1, .2, .3, .5, .75, 1, 2, 5, 10, 30, 60},
		}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: prefix + "waiting_commands", Help: "Commands that wait for their site's next transaction.",
		}),
	}
	if registerer == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.commands, m.transactions, m.retries, m.batch, m.latency, m.waiting} {
		if err := registerer.Register(c); err != nil {
			return nil, fmt.Errorf("couldn't register the metrics of submissions: %w", err)
		}
	}
	return m, nil
}

// observe counts a command that came to its end.
func (m *metrics) observe(o Outcome, since time.Time) {
	m.commands.WithLabelValues(string(o.Stage), string(o.Result.Code)).Inc()
	m.latency.Observe(time.Since(since).Seconds())
}
