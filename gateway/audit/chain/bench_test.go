package chain_test

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/audit/chaintest"
)

// BenchmarkCheck checks a chain of transactions with many commands each, and nothing
// beside. What counts is the processor time for a command, with the collector of
// garbage off because it would mostly look at the chain at hand, what is allocated, and
// how many objects stay for the collector to look at.
//
//	go test ./gateway/audit/chain -run '^$' -bench Check -benchtime 3x
func BenchmarkCheck(b *testing.B) {
	const blocks, commands = 66, 100
	c := chaintest.Long(b, blocks, commands)
	var used time.Duration
	var before, after runtime.MemStats
	var allocated, allocations, left uint64
	for b.Loop() {
		checker := open(b, c, b.TempDir())
		runtime.GC()
		runtime.ReadMemStats(&before)
		percent := debug.SetGCPercent(-1)
		began := chaintest.ProcessorTime(b)
		for _, raw := range c.Blocks {
			v, err := checker.Check(raw)
			require.NoError(b, err)
			require.Empty(b, v.Findings)
		}
		used += chaintest.ProcessorTime(b) - began
		debug.SetGCPercent(percent)
		runtime.ReadMemStats(&after)
		allocated, allocations = allocated+after.TotalAlloc-before.TotalAlloc, allocations+after.Mallocs-before.Mallocs
		runtime.GC()
		runtime.ReadMemStats(&after)
		left += after.HeapObjects - before.HeapObjects
		require.NoError(b, checker.Close())
	}
	checked := float64(b.N * blocks * len(chaintest.Sites) * commands)
	b.ReportMetric(float64(used.Nanoseconds())/1000/checked, "cpu-µs/command")
	b.ReportMetric(float64(allocated)/checked, "B/command")
	b.ReportMetric(float64(allocations)/checked, "allocs/command")
	b.ReportMetric(float64(left)/checked, "objects-left/command")
}
