package audit_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/audit"
	"github.com/weighbridge/weighbridge/gateway/audit/chaintest"
)

// verifications measures how many ECDSA P-256 signatures all cores verify in a
// second by the standard library: the machine's own rate, and the limit that an
// audit is measured against, although it has tables for keys that sign often.
func verifications(t testing.TB, during time.Duration) (rate float64, count int) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	digest := sha256.Sum256([]byte("block"))
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	require.NoError(t, err)
	var wait sync.WaitGroup
	counts := make([]int, runtime.GOMAXPROCS(0))
	start := time.Now()
	for i := range counts {
		wait.Go(func() {
			for time.Since(start) < during {
				for range 64 {
					if ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature) {
						counts[i]++
					}
				}
			}
		})
	}
	wait.Wait()
	elapsed := time.Since(start)
	for _, n := range counts {
		count += n
	}
	return float64(count) / elapsed.Seconds(), count
}

// processorTime is what this process used of the processors so far.
func processorTime(t testing.TB) time.Duration {
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// long makes a chain of transactions with so many commands each, a block for
// every perBlock of them. A site's transactions follow one another, so each block
// holds one of every site.
func long(t testing.TB, blocks, commands int) *chaintest.Chain {
	c := chaintest.New(t)
	for i := range blocks {
		var transactions []*chaintest.Transaction
		for _, at := range chaintest.Sites {
			var batch []massbalance.Command
			for k := range commands {
				batch = append(batch, c.TakeInAt(at, fmt.Sprintf("%s-%d-%d", at.Site, i, k), "100"))
			}
			transactions = append(transactions, c.Apply(at.Member, batch...))
		}
		c.Add(transactions...)
	}
	return c
}

// BenchmarkAudit audits a chain side by side with the machine's own rate of
// signature verification, in one run:
//
//	go test ./gateway/audit -run '^$' -bench Audit -benchtime 1x
func BenchmarkAudit(b *testing.B) {
	for _, size := range []struct{ blocks, commands int }{{1000, 1}, {400, 10}, {60, 100}} {
		b.Run(fmt.Sprintf("commands=%d", size.commands), func(b *testing.B) {
			c := long(b, size.blocks, size.commands)
			for b.Loop() {
				benchmark(b, c, false)
			}
		})
		b.Run(fmt.Sprintf("commands=%d/rules", size.commands), func(b *testing.B) {
			c := long(b, size.blocks, size.commands)
			for b.Loop() {
				benchmark(b, c, true)
			}
		})
	}
}

func benchmark(b *testing.B, c *chaintest.Chain, rulesOnly bool) {
	o := optionsFor(c)
	o.Chaincode, o.RulesOnly = chaintest.Chaincode, rulesOnly
	b.StopTimer()
	began := processorTime(b)
	rate, count := verifications(b, time.Second)
	cost := (processorTime(b) - began) / time.Duration(count)
	b.StartTimer()
	before := processorTime(b)
	report, err := audit.Run(b.Context(), o)
	require.NoError(b, err)
	busy := processorTime(b) - before
	require.True(b, report.Sound(), "%+v", report.Findings)
	b.ReportMetric(float64(report.Commands)/report.Seconds, "commands/s")
	b.ReportMetric(float64(report.Transactions)/report.Seconds, "tx/s")
	// What the same would give if nothing else used the cores: the time that the
	// audit took of them, spread evenly.
	alone := busy.Seconds() / float64(runtime.GOMAXPROCS(0))
	b.ReportMetric(float64(report.Commands)/alone, "commands/s-alone")
	if !rulesOnly {
		b.ReportMetric(rate, "ecdsa/s")
		b.ReportMetric(float64(report.Signatures)/report.Seconds, "verified/s")
		b.ReportMetric(100*float64(report.Signatures)/report.Seconds/rate, "%limit")
		b.ReportMetric(100*float64(report.Signatures)*cost.Seconds()/busy.Seconds(), "%limit-alone")
	}
}
