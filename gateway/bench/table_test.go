package bench

import (
	"bytes"
	"context"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheTable(t *testing.T) {
	put := &contender{name: "put"}
	intake := &contender{name: "intake hot"}
	cells := []*cell{
		{contender: put, clients: 64, committed: 400, all: 500, transactions: 500, elapsed: 4 * time.Second, latencies: []time.Duration{4e8, 1e8, 2e8, 3e8}, bytes: 2_000_000, cpu: usage{{"miller", "peer"}: {cpu: 5 * time.Second, faults: 2000}}},
		{contender: intake, clients: 64, committed: 8000, all: 9000, transactions: 30, retries: 9, elapsed: 4 * time.Second, latencies: []time.Duration{1e8}, state: 9000 * 600,
			cpu: usage{{"miller", "peer"}: {cpu: 5 * time.Second}, {"brand", "peer"}: {cpu: 4 * time.Second}, {"miller", "gateway"}: {cpu: 9 * time.Second}, {program: "clients"}: {cpu: 9 * time.Second, faults: 900}}},
	}
	var out bytes.Buffer
	b := &bench{Options: Options{Out: &out, Processes: "/somewhere"}}
	var written bytes.Buffer
	b.Rows = &written
	require.NoError(t, b.print(cells))
	require.NoError(t, b.writeRows(cells))
	require.Contains(t, written.String(), `{"contender":"put","clients":64,"rate":100,"p50Ms":200,"p99Ms":300,"failed":0,"cpuMs":10,"faults":4}`)
	var rows [][]string
	for _, line := range strings.Split(out.String(), "\n") {
		if fields := strings.Fields(line); len(fields) > 0 {
			rows = append(rows, fields)
		}
	}
	require.Equal(t, strings.Fields("put 64 100.0 1.00 200 300 300 1.0 0.000 0 10.00 4000 0"), rows[2])
	require.Equal(t, strings.Fields("intake hot 64 2000.0 20.00 100 100 100 300.0 0.001 0 3.00 0 600"), rows[3])
	require.Equal(t, strings.Fields("intake hot 64 1.000 0.000 0.000 1.000 1.000 1.556 0.10"), rows[len(rows)-1])
}

func TestCellsOfEqualClientsStandTogether(t *testing.T) {
	b := &bench{Options: Options{Baseline: "baseline", Clients: []int{1, 16}}.withDefaults(), sheet: &sheet{}}
	b.Clients = []int{1, 16}
	var names []string
	last := 0
	for _, c := range b.cells("massbalance") {
		require.GreaterOrEqual(t, c.clients, last)
		last = c.clients
		names = append(names, c.contender.name)
	}
	require.Equal(t, "put", names[0])
	require.Contains(t, names, "balance key")
	require.Contains(t, names, "chain spread ×100")
	b.Only = []string{"put"}
	require.Len(t, b.cells("massbalance"), 3, "one put at both, a hundred where it is crowded")
	b.Only = []string{"put@16", "intake spread ×100@16", "intake hot@1"}
	require.Len(t, b.cells("massbalance"), 3)
}

func TestWhoUsedTheTime(t *testing.T) {
	require.Equal(t, "miller", memberOf("/organisations/miller/peer"))
	require.Equal(t, "miller", memberOf("/organisations/miller"))
	require.Empty(t, memberOf("/processes"))
	require.Empty(t, memberOf(""))
	require.Zero(t, usage{{program: "clients"}: {cpu: time.Second}}.busiest())
}

// A window counts what ended in it, and failures whenever they happen.
func TestAWindow(t *testing.T) {
	b := &bench{Options: Options{Window: 200 * time.Millisecond, Ramp: 50 * time.Millisecond, Limit: 1e6}}
	c := &cell{contender: &contender{client: func(i int) request {
		return func(context.Context) done {
			<-time.After(5 * time.Millisecond)
			if i == 1 {
				return done{failed: 2, retries: 1}
			}
			return done{committed: 3}
		}
	}}, clients: 2, cpu: usage{}}
	b.measure(t.Context(), c)
	require.Greater(t, c.committed, 15)
	require.Greater(t, c.all, c.committed)
	require.Equal(t, c.failed, 2*c.retries)
	require.Zero(t, c.committed%3)
	require.GreaterOrEqual(t, c.percentile(50), 5*time.Millisecond)
}

// What a warm-up sends counts in nothing, unless it fails.
func TestAWarmUp(t *testing.T) {
	var sent atomic.Int64
	contender := &contender{client: func(i int) request {
		return func(context.Context) done {
			<-time.After(time.Millisecond)
			if sent.Add(1) == 1 {
				return done{failed: 1}
			}
			return done{committed: 1}
		}
	}}
	b := &bench{Options: Options{Warm: 50 * time.Millisecond, Limit: 1e6}}
	c := &cell{contender: contender, clients: 2}
	b.warm(t.Context(), c)
	require.Greater(t, sent.Load(), int64(2))
	require.Equal(t, &cell{contender: contender, clients: 2, failed: 1}, c)
	b.Warm = 0
	before := sent.Load()
	b.warm(t.Context(), c)
	require.Equal(t, before, sent.Load(), "without a warm-up nothing is sent")
}

func TestTheLimitEndsAWindow(t *testing.T) {
	b := &bench{Options: Options{Window: 20 * time.Millisecond, Limit: 10}}
	c := &cell{contender: &contender{client: func(int) request {
		return func(context.Context) done { return done{committed: 4} }
	}}, clients: 1, cpu: usage{}}
	b.measure(t.Context(), c)
	require.Equal(t, 12, c.all)
}

// The program's own time is that of the clients.
func TestCPUTime(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("there is no /proc here")
	}
	require.Empty(t, cpuTime(""))
	before := cpuTime(t.TempDir())
	require.Len(t, before, 1)
	used := usage{}
	for began := time.Now(); used.total().cpu == 0 && time.Since(began) < time.Minute; {
		used = usage{}
		used.add(before, cpuTime(t.TempDir()))
	}
	require.Positive(t, used.total().cpu)
	require.Positive(t, cpuTime(t.TempDir()).of("clients").faults)
}
