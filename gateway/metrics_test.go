package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/block"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// measured is a process with everything that registers metrics, as serve makes it.
func measured(t *testing.T) *process {
	t.Helper()
	path := example(t, "127.0.0.1:8101", freePort(t), "127.0.0.1:7111", freePort(t))
	identity(t, filepath.Dir(path))
	c, err := readFile(path)
	require.NoError(t, err)
	p := newConsortium(t).front("growers", func(settings *config) { settings.Data, settings.Audit = t.TempDir(), auditFull }).process
	metrics := prometheus.NewRegistry()
	p.config.Peer, p.config.Identity, p.config.Channel, p.config.Chaincode = c.Peer, c.Identity, c.Channel, c.Chaincode
	p.metrics, p.follower = metrics, block.NewFollower(nil)
	p.measure()
	p.client, err = submit.Dial(p.dialOptions())
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.client.Close(context.Background()) })
	require.NoError(t, p.openWebhooks(t.Context()))
	p.witness, err = p.openWitness(t.Context())
	require.NoError(t, err)
	require.NoError(t, p.beginAudit(t.Context()))
	t.Cleanup(func() { _ = p.endAudit() })
	p.log = slog.New(slog.DiscardHandler)
	p.tracer()
	p.handler(t.Context())
	return p
}

// described is one metric as it describes itself.
type described struct{ name, help, labels string }

var description = regexp.MustCompile(`^Desc\{fqName: (".*?[^\\]"), help: ("(?:[^"\\]|\\.)*")(?:, unit: ".*?")?, constLabels: \{(.*?)\}, variableLabels: \{(.*?)\}\}$`)

func exported(t *testing.T, registry *prometheus.Registry) (all []described) {
	t.Helper()
	found := make(chan *prometheus.Desc)
	go func() { registry.Describe(found); close(found) }()
	for d := range found {
		parts := description.FindStringSubmatch(d.String())
		require.NotNil(t, parts, d.String())
		name, err := strconv.Unquote(parts[1])
		require.NoError(t, err)
		help, err := strconv.Unquote(parts[2])
		require.NoError(t, err)
		var labels []string
		for _, pair := range regexp.MustCompile(`([a-z_]+)=`).FindAllStringSubmatch(parts[3], -1) {
			labels = append(labels, pair[1])
		}
		if parts[4] != "" {
			labels = append(labels, strings.Split(parts[4], ",")...)
		}
		all = append(all, described{name, help, strings.Join(labels, ", ")})
	}
	slices.SortFunc(all, func(a, b described) int { return strings.Compare(a.name, b.name) })
	return all
}

// Every metric that a gateway exports is documented, and none else. To make the
// table anew: go test ./gateway -run EveryMetricIsDocumented -update
func TestEveryMetricIsDocumented(t *testing.T) {
	var b strings.Builder
	b.WriteString("| metric | labels | what it tells |\n|---|---|---|\n")
	n := 0
	for _, m := range exported(t, measured(t).metrics) {
		if strings.HasPrefix(m.name, "go_") || strings.HasPrefix(m.name, "process_") {
			continue // those of every program in Go, described by Prometheus' own library
		}
		require.True(t, strings.HasPrefix(m.name, "weighbridge_"), m.name)
		require.True(t, strings.HasSuffix(m.help, "."), "%s: %s", m.name, m.help)
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", m.name, m.labels, m.help)
		n++
	}
	require.Greater(t, n, 25)
	documented(t, "../docs/metrics.md", "metrics", b.String())
}
