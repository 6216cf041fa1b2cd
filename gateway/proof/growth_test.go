package proof_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/proof/verify"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// What a bundle of a claim on so many lots may have and take at most.
const (
	mostLots  = 10_000
	mostBytes = 10 << 20
	mostTime  = 5 * time.Second
)

// How bundles grow with the lots that a claim rests on. The table is printed by
//
//	go test ./gateway/proof -run HowBundlesGrow -v
func TestHowBundlesGrow(t *testing.T) {
	sizes := []int{10, 100, 1000, mostLots}
	if testing.Short() {
		sizes = sizes[:2]
	}
	t.Logf("%8s %9s %12s %12s %12s %12s %12s %12s", "lots", "records", "unpacked", "bundle", "bytes/lot", "build", "verify", "processor")
	for _, lots := range sizes {
		c := newConsortium(t)
		id := c.manyLots(lots)
		signed := c.signed(everybody()...)
		started := time.Now()
		b := c.bundle(id, signed)
		file, err := b.Write()
		require.NoError(t, err)
		built := time.Since(started)
		started = time.Now()
		busy := processor(t)
		s, err := verify.File(file, c.trust(5))
		busy = processor(t) - busy
		took := time.Since(started)
		require.NoError(t, err)
		require.Equal(t, massbalance.Kilograms(int64(lots)*18*1000).String(), s.Claim.Quantity.String())
		plain, err := wire.Format(b)
		require.NoError(t, err)
		t.Logf("%8d %9d %12d %12d %12d %12s %12s %12s", lots, s.Executed, len(plain), len(file), len(file)/lots, built.Round(time.Millisecond), took.Round(time.Millisecond), busy.Round(time.Millisecond))
		require.Less(t, len(file), mostBytes)
		require.Less(t, busy, mostTime, "the processor's time, which others on the machine do not lengthen")
	}
}

// processor is the time that processors gave this process so far.
func processor(t *testing.T) time.Duration {
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// manyLots takes so many lots, of ten introductions for each farm and of farms of
// ten kinds, through elevator and mill to one claim.
func (c *consortium) manyLots(lots int) massbalance.ClaimID {
	l := c.ledger
	l.Found()
	l.Documents()
	for _, org := range organisations {
		c.cosigner(org, 1)
	}
	var statements, introductions []massbalance.Command
	for i := range lots {
		farm := massbalance.StatementID(fmt.Sprintf("VS-%05d", i/10))
		if i%10 == 0 {
			statements = append(statements, l.Statement(farm, fmt.Sprintf("Farm no. %d", i/10), fmt.Sprintf("0.%d", 200+i/10%10)))
		}
		introductions = append(introductions, ledgertest.Command(massbalance.CommandID(fmt.Sprintf("I-%05d", i)), "2026-08-03", massbalance.Introduce{
			Site: "elevator", Certifier: ledgertest.Certifier, Statement: farm, Quantity: ledgertest.Kg("25000"), Model: massbalance.Segregated,
			Evidence: massbalance.EvidenceID(fmt.Sprintf("WB-%05d", i))}))
	}
	c.batches(ledgertest.Growers, statements)
	c.batches(ledgertest.Growers, introductions)
	var received []massbalance.LotLine
	const truck = 500 // no command names more lots
	for first := 0; first < lots; first += truck {
		received = append(received, c.ship(first, min(lots, first+truck))...)
	}
	kg := massbalance.Kilograms(int64(lots) * 18 * 1000)
	l.Must(ledgertest.Miller, ledgertest.Command("CNV", "2026-08-10", massbalance.Convert{Site: "mill", Recipe: "milling", Quantity: massbalance.Kilograms(int64(lots) * 25000),
		Lines: received, Outputs: []massbalance.Output{{Product: "wheat-flour", Quantity: kg}}}))
	var flour, arrived []massbalance.LotLine
	for n, line := range c.sums(received, 18, 25) {
		flour = append(flour, massbalance.LotLine{Lot: massbalance.NameLot(ledgertest.Miller, "CNV", n+1), Quantity: line})
		arrived = append(arrived, massbalance.LotLine{Lot: massbalance.NameLot(ledgertest.Brand, "RCV", n+1), Quantity: line})
	}
	l.Must(ledgertest.Miller, ledgertest.Command("DSP", "2026-08-11", massbalance.Dispatch{Site: "mill", To: "brand-hub", Product: "wheat-flour", Quantity: kg, Lines: flour}))
	l.Must(ledgertest.Brand, ledgertest.Command("RCV", "2026-08-12", massbalance.Receive{Site: "brand-hub", Transfer: "miller/DSP", Quantity: kg}))
	l.Must(ledgertest.Brand, ledgertest.Command("CLM", "2026-08-13", massbalance.ClaimCredits{Site: "brand-hub", Product: "wheat-flour", Lines: arrived, Beneficiary: "B", ReportingYear: 2026, Purpose: "P"}))
	return "brand/CLM"
}

func (c *consortium) batches(org massbalance.OrganisationID, commands []massbalance.Command) {
	for len(commands) > 0 {
		n := min(100, len(commands))
		c.ledger.Must(org, commands[:n]...)
		commands = commands[n:]
	}
}

// ship takes a body of lots to the mill and lists the lots that arrive.
func (c *consortium) ship(first, end int) (received []massbalance.LotLine) {
	var lines []massbalance.LotLine
	kinds := map[int]int64{}
	var order []int
	for i := first; i < end; i++ {
		lines = append(lines, massbalance.LotLine{Lot: massbalance.LotID(fmt.Sprintf("growers/I-%05d/1", i)), Quantity: ledgertest.Kg("25000")})
		kind := i / 10 % 10
		if kinds[kind] == 0 {
			order = append(order, kind)
		}
		kinds[kind] += 25000
	}
	id, kg := massbalance.CommandID(fmt.Sprintf("S-%05d", first)), massbalance.Kilograms(int64(end-first)*25000)
	c.ledger.Must(ledgertest.Growers, ledgertest.Command(id, "2026-08-05", massbalance.Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg, Lines: lines}))
	c.ledger.Must(ledgertest.Miller, ledgertest.Command(id, "2026-08-06", massbalance.Receive{Site: "mill", Transfer: massbalance.TransferID("growers/" + id), Quantity: kg}))
	for n, kind := range order {
		received = append(received, massbalance.LotLine{Lot: massbalance.NameLot(ledgertest.Miller, id, n+1), Quantity: massbalance.Kilograms(kinds[kind])})
	}
	return received
}

// sums adds lots up by kind, of which there are as many as in the first body.
func (c *consortium) sums(lines []massbalance.LotLine, part, whole int64) []massbalance.Quantity {
	kinds := 0
	for kinds < len(lines) && lines[kinds].Lot[:len("miller/S-00000")] == lines[0].Lot[:len("miller/S-00000")] {
		kinds++
	}
	sums := make([]massbalance.Quantity, kinds)
	for i, line := range lines {
		sums[i%kinds] = sums[i%kinds].Add(line.Quantity)
	}
	for i := range sums {
		sums[i] = sums[i].ScaleFloor(massbalance.Kilograms(part), massbalance.Kilograms(whole))
	}
	return sums
}

// How long a gateway works on the bundle of a claim on ten thousand lots:
//
//	go test ./gateway/proof -run '^$' -bench Build -benchtime 3x
func BenchmarkBuild(b *testing.B) {
	c := newConsortium(b)
	id := c.manyLots(mostLots)
	signed := c.signed(everybody()...)
	for b.Loop() {
		_, err := c.bundle(id, signed).Write()
		require.NoError(b, err)
	}
}
