package p256_test

import (
	"crypto/ecdsa"
	"encoding/asn1"
	"fmt"
	"math/big"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/audit/p256"
)

// BenchmarkVerify measures tables beside crypto/ecdsa.VerifyASN1, 128 signatures
// by the one and the same by the other in turns, so that a busy machine slows
// both, and prints by processor time how many times faster tables are (× at 2 is
// half the time):
//
//	go test ./gateway/audit/p256 -run '^$' -bench Verify -benchtime 50x
//
// The number of keys matters because tables share the processor's caches.
func BenchmarkVerify(b *testing.B) {
	for _, keys := range []int{1, 16, p256.MaxTables} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			var list []signature
			var tables []*p256.Table
			var encoded [][]byte
			for range keys {
				s := newSignature(b)
				table, err := p256.NewTable(s.public)
				require.NoError(b, err)
				asn, err := asn1.Marshal(struct{ R, S *big.Int }{s.r, s.s})
				require.NoError(b, err)
				list, tables, encoded = append(list, s), append(tables, table), append(encoded, asn)
			}
			const turn = 128
			var standard, ours time.Duration
			for b.Loop() {
				start := processorTime(b)
				for i := range turn {
					s := list[i%keys]
					require.True(b, ecdsa.VerifyASN1(s.public, s.digest[:], encoded[i%keys]))
				}
				middle := processorTime(b)
				for i := range turn {
					s := list[i%keys]
					require.True(b, tables[i%keys].Verify(&s.digest, s.r, s.s))
				}
				standard, ours = standard+middle-start, ours+processorTime(b)-middle
			}
			b.ReportMetric(float64(standard.Microseconds())/float64(b.N*turn), "µs-crypto/ecdsa")
			b.ReportMetric(float64(ours.Microseconds())/float64(b.N*turn), "µs-table")
			b.ReportMetric(standard.Seconds()/ours.Seconds(), "×")
		})
	}
}

// BenchmarkNewTable is what must be saved before a table pays.
func BenchmarkNewTable(b *testing.B) {
	s := newSignature(b)
	for b.Loop() {
		if _, err := p256.NewTable(s.public); err != nil {
			b.Fatal(err)
		}
	}
}

// processorTime is what this process used of the processors so far.
func processorTime(t testing.TB) time.Duration {
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
