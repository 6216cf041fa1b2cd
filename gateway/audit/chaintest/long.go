package chaintest

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Long makes a chain of so many blocks, in each a transaction of every site with so
// many commands. A site's transactions follow one another, so a block holds one of it.
func Long(t testing.TB, blocks, commands int) *Chain {
	c := New(t)
	for i := range blocks {
		var transactions []*Transaction
		for _, at := range Sites {
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

// ProcessorTime is what this process used of the processors so far.
func ProcessorTime(t testing.TB) time.Duration {
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
