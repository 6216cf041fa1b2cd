package contract

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// mill is a ledger with one open site.
func mill(t testing.TB) massbalance.Memory {
	state := massbalance.Memory{}
	commands := []massbalance.Command{
		{ID: "found", Body: massbalance.FoundConsortium{Members: []massbalance.Member{{Organisation: "miller", Name: "Miller", Role: massbalance.Trading}}}},
		{ID: "wheat", Body: massbalance.RegisterProduct{Product: massbalance.Product{ID: "wheat", Name: "Wheat"}}},
		{ID: "site", Body: massbalance.RegisterSite{Site: "mill", Name: "Mill", Country: "DE", Region: "DE-BB"}},
		{ID: "open", Body: massbalance.OpenPeriod{Site: "mill", Period: "2026", From: "2026-01-01", To: "2026-12-31"}},
	}
	for i := range commands {
		require.NoError(t, wire.Seal(&commands[i]))
	}
	o, err := massbalance.ExecuteBatch(state, massbalance.Tx{ID: "0", Organisation: "miller"}, commands)
	require.NoError(t, err)
	state.Apply(o.Writes)
	return state
}

// tickets are n commands as a weighbridge gives them.
func tickets(n int) []massbalance.Command {
	var commands []massbalance.Command
	for i := range n {
		id := fmt.Sprintf("ticket-%d", i)
		commands = append(commands, massbalance.Command{ID: massbalance.CommandID(id), Date: "2026-08-03", Period: "2026", By: "clerk", Body: massbalance.TakeIn{
			Site: "mill", Product: "wheat", Quantity: massbalance.Kilograms(27340), Supplier: "Farm", Evidence: massbalance.EvidenceID(id)}})
	}
	return commands
}

// noted remembers which keys were read.
type noted struct {
	massbalance.View
	seen map[massbalance.Key]bool
}

func (n noted) Get(key massbalance.Key) (massbalance.Value, error) {
	n.seen[key] = true
	return n.View.Get(key)
}

// What is fetched beforehand is read anyway: it adds nothing to what a
// transaction depends on.
func TestNamesAreRead(t *testing.T) {
	view := noted{mill(t), map[massbalance.Key]bool{}}
	commands := tickets(3)
	_, err := massbalance.ExecuteBatch(view, massbalance.Tx{ID: "1", Organisation: "miller"}, commands)
	require.NoError(t, err)
	for _, c := range commands {
		for _, key := range massbalance.Names("miller", c) {
			require.True(t, view.seen[key], "%v is fetched but not read", key)
		}
	}
}

// BenchmarkIntakes is what an endorsement of 200 tickets costs the chaincode,
// Fabric's own part left out.
func BenchmarkIntakes(b *testing.B) {
	const n = 200
	state := massbalance.Memory{}
	run := func(tx string, commands []massbalance.Command) massbalance.BatchOutcome {
		o, err := massbalance.ExecuteBatch(state, massbalance.Tx{ID: tx, Organisation: "miller"}, commands)
		require.NoError(b, err)
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
	batch, err := wire.FormatBatch(tickets(n))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		parsed, err := wire.ParseBatch(batch)
		require.NoError(b, err)
		o, err := massbalance.ExecuteBatch(state, massbalance.Tx{ID: "1", Organisation: "miller"}, parsed)
		require.NoError(b, err)
		for _, w := range o.Writes {
			wire.FormatKey(w.Key)
			_, err := wire.FormatValue(w.Value)
			require.NoError(b, err)
		}
		_, err = wire.FormatResults(o.Results)
		require.NoError(b, err)
	}
}
