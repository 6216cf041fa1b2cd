package audit_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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

// BenchmarkAudit audits a chain side by side with the machine's own rate of
// signature verification, in one run:
//
//	go test ./gateway/audit -run '^$' -bench Audit -benchtime 1x
func BenchmarkAudit(b *testing.B) {
	for _, size := range []struct{ blocks, commands int }{{1000, 1}, {400, 10}, {60, 100}} {
		b.Run(fmt.Sprintf("commands=%d", size.commands), func(b *testing.B) {
			c := chaintest.Long(b, size.blocks, size.commands)
			for b.Loop() {
				benchmark(b, c, false)
			}
		})
		b.Run(fmt.Sprintf("commands=%d/rules", size.commands), func(b *testing.B) {
			c := chaintest.Long(b, size.blocks, size.commands)
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
	began := chaintest.ProcessorTime(b)
	rate, count := verifications(b, time.Second)
	cost := (chaintest.ProcessorTime(b) - began) / time.Duration(count)
	b.StartTimer()
	before := chaintest.ProcessorTime(b)
	report, err := audit.Run(b.Context(), o)
	require.NoError(b, err)
	busy := chaintest.ProcessorTime(b) - before
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
