package contract

import (
	"fmt"
	"testing"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// BenchmarkIntakes is what an endorsement of 200 tickets costs the chaincode,
// Fabric's own part left out.
func BenchmarkIntakes(b *testing.B) {
	const n = 200
	state := massbalance.Memory{}
	run := func(tx string, commands []massbalance.Command) massbalance.BatchOutcome {
		o, err := massbalance.ExecuteBatch(state, massbalance.Tx{ID: tx, Organisation: "miller"}, commands)
		if err != nil {
			b.Fatal(err)
		}
		return o
	}
	seal := func(c massbalance.Command) massbalance.Command {
		if err := wire.Seal(&c); err != nil {
			b.Fatal(err)
		}
		return c
	}
	state.Apply(run("0", []massbalance.Command{
		seal(massbalance.Command{ID: "found", Body: massbalance.FoundConsortium{Members: []massbalance.Member{{Organisation: "miller", Name: "Miller", Role: massbalance.Trading}}}}),
		seal(massbalance.Command{ID: "wheat", Body: massbalance.RegisterProduct{Product: massbalance.Product{ID: "wheat", Name: "Wheat"}}}),
		seal(massbalance.Command{ID: "site", Body: massbalance.RegisterSite{Site: "mill", Name: "Mill", Country: "DE", Region: "DE-BB"}}),
		seal(massbalance.Command{ID: "open", Body: massbalance.OpenPeriod{Site: "mill", Period: "2026", From: "2026-01-01", To: "2026-12-31"}}),
	}).Writes)
	var commands []massbalance.Command
	for i := range n {
		id := fmt.Sprintf("ticket-%d", i)
		commands = append(commands, massbalance.Command{ID: massbalance.CommandID(id), Date: "2026-08-03", Period: "2026", By: "clerk", Body: massbalance.TakeIn{
			Site: "mill", Product: "wheat", Quantity: massbalance.Kilograms(27340), Supplier: "Farm", Evidence: massbalance.EvidenceID(id)}})
	}
	batch, err := wire.FormatBatch(commands)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		parsed, err := wire.ParseBatch(batch)
		if err != nil {
			b.Fatal(err)
		}
		o := run("1", parsed)
		for _, w := range o.Writes {
			wire.FormatKey(w.Key)
			if _, err := wire.FormatValue(w.Value); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := wire.FormatResults(o.Results); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/command")
}
