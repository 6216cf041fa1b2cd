package bench

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/block"
)

func lotWrites(from, to int) (writes []block.Write) {
	for i := from; i < to; i++ {
		writes = append(writes, block.Write{Key: wire.FormatKey(massbalance.LotKey(massbalance.LotID(fmt.Sprintf("miller/%d/1", i))))})
	}
	return append(writes, block.Write{Key: wire.FormatKey(massbalance.SiteKey("mill"))})
}

// A lot that is written again is the same lot; what is invalid or another's is none.
func TestLotsAreCountedFromBlocks(t *testing.T) {
	c := newChain()
	c.lots = newLots("massbalance")
	c.take(block.Block{Number: 0, Transactions: []block.Transaction{
		{Chaincode: "massbalance", Code: block.ValidCode, Size: 1000, Writes: lotWrites(0, 10)},
		{Chaincode: "massbalance", Code: "MVCC_READ_CONFLICT", Size: 100, Writes: lotWrites(20, 30)},
		{Chaincode: "baseline", Code: block.ValidCode, Size: 5, Writes: lotWrites(30, 40)},
	}})
	c.take(block.Block{Number: 1, Transactions: []block.Transaction{{Chaincode: "massbalance", Code: block.ValidCode, Size: 1000, Writes: lotWrites(8, 12)}}})
	require.Equal(t, 12, c.counted())
	require.Equal(t, uint64(2), c.height())
	require.Equal(t, 2, c.weigh("massbalance").transactions)
	require.Equal(t, 2100, c.weigh("massbalance").bytes)
	require.Empty(t, c.blocks, "a million lots' blocks are not kept")
}

func TestTheTableOfGrowth(t *testing.T) {
	var out bytes.Buffer
	b := &bench{Options: Options{Out: &out, Rounds: 2, Window: time.Second, Bulk: 100}}
	introduce := &cell{committed: 2000, all: 2500, elapsed: 2 * time.Second, latencies: []time.Duration{1e8}, bytes: 2_500_000, state: 1_250_000, cpu: usage{{"miller", "peer"}: {cpu: 5 * time.Second, faults: 5000}}}
	put := &cell{committed: 16000, all: 20000, elapsed: 2 * time.Second, cpu: usage{{"miller", "peer"}: {cpu: 4 * time.Second}}}
	g := &networkGrowth{bench: b, rows: []growthRow{{from: 1000, to: 3500, introduce: introduce, put: put}, {from: 10000, to: 12500, introduce: introduce}}}
	require.NoError(t, g.print())
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Equal(t, strings.Fields("1000 3500 1000.0 100 8000.0 0.125 2.000 0.200 10.00 2.000 0.000 0.000 0.000 0.000 2.00 1000 500"), strings.Fields(lines[3]))
	require.Equal(t, strings.Fields("10000 12500 1000.0 100 – – 2.000 – – 2.000 0.000 0.000 0.000 0.000 2.00 1000 500"), strings.Fields(lines[4]))
}
