package readmodel_test

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/block"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/replay"
	plans "github.com/weighbridge/weighbridge/test-network/season"
)

// written is a chain of the sample season's commands as peers would write it.
type written struct {
	state  massbalance.Memory
	blocks []block.Block
	// commands is how many there are in all.
	commands int
}

// writeSeason brings the commands of the season into transactions of at most so
// many of one site, as submit does, one transaction a block.
func writeSeason(t testing.TB, batch int) *written {
	t.Helper()
	loaded, err := plans.Load(plans.Files())
	require.NoError(t, err)
	plan, err := plans.NewPlan(loaded)
	require.NoError(t, err)
	w := &written{state: massbalance.Memory{}, blocks: []block.Block{{Hash: [32]byte{1}}}}
	done := map[plans.Ref]bool{{}: true}
	for _, phase := range plan.Phases {
		for lanes := phase.Lanes; len(lanes) > 0; {
			lanes = slices.DeleteFunc(lanes, func(l plans.Lane) bool { return len(l.Steps) == 0 })
			for i := range lanes {
				var commands []massbalance.Command
				for len(commands) < batch && len(lanes[i].Steps) > 0 && done[lanes[i].Steps[0].After] {
					commands = append(commands, lanes[i].Steps[0].Command)
					lanes[i].Steps = lanes[i].Steps[1:]
				}
				if len(commands) > 0 {
					w.add(t, lanes[i].Organisation, commands)
				}
				for _, c := range commands {
					done[plans.Ref{Organisation: lanes[i].Organisation, Command: c.ID}] = true
				}
			}
		}
	}
	return w
}

func (w *written) add(t testing.TB, org massbalance.OrganisationID, commands []massbalance.Command) {
	t.Helper()
	number := uint64(len(w.blocks))
	for i := range commands {
		require.NoError(t, wire.Seal(&commands[i]))
	}
	tx := block.Transaction{
		ID: fmt.Sprintf("tx%06d", number), Time: time.Unix(1785000000, 0), Organisation: string(org), Code: block.ValidCode, Chaincode: "massbalance",
	}
	batch, err := wire.FormatBatch(commands)
	require.NoError(t, err)
	tx.Args = [][]byte{[]byte("Apply"), batch}
	outcome, err := massbalance.ExecuteBatch(w.state, massbalance.Tx{ID: tx.ID, Organisation: org}, commands)
	require.NoError(t, err)
	require.Len(t, outcome.Records, len(commands))
	stored, err := wire.StoreOver(w.state, outcome.Writes)
	require.NoError(t, err)
	for _, one := range stored {
		tx.Writes = append(tx.Writes, block.Write{Key: one.Key, Value: one.Value})
		if one.Guard != nil {
			tx.Guarded = append(tx.Guarded, one.Key)
		}
	}
	tx.Response, err = wire.AnswerOver(w.state, outcome)
	w.state.Apply(outcome.Writes)
	require.NoError(t, err)
	w.commands += len(commands)
	w.blocks = append(w.blocks, block.Block{Number: number, Hash: [32]byte{byte(number), byte(number >> 8), 1}, Transactions: []block.Transaction{tx}})
}

// writeTickets brings intakes of one site into transactions of so many, as submit
// does under full load.
func writeTickets(t testing.TB, transactions, batch int) *written {
	t.Helper()
	w := &written{state: massbalance.Memory{}, blocks: []block.Block{{Hash: [32]byte{1}}}}
	w.add(t, "miller", []massbalance.Command{
		{ID: "found", Body: massbalance.FoundConsortium{Members: []massbalance.Member{{Organisation: "miller", Name: "Miller", Role: massbalance.Trading}}, Rules: massbalance.RulesVersion}},
		{ID: "product", Body: massbalance.RegisterProduct{Product: massbalance.Product{ID: "wheat", Name: "Wheat"}}},
		{ID: "site", Body: massbalance.RegisterSite{Site: "mill", Name: "Mill", Country: "DE", Region: "DE-BB"}},
		{ID: "open", Body: massbalance.OpenPeriod{Site: "mill", Period: "2026", From: "2026-01-01", To: "2026-12-31"}},
	})
	for n := range transactions {
		commands := make([]massbalance.Command, batch)
		for i := range commands {
			id := fmt.Sprintf("ticket-%d", n*batch+i)
			commands[i] = massbalance.Command{ID: massbalance.CommandID(id), Date: "2026-08-03", Period: "2026", Body: massbalance.TakeIn{
				Site: "mill", Product: "wheat", Quantity: massbalance.Kilograms(27_340), Supplier: "Farm", Evidence: massbalance.EvidenceID(id)}}
		}
		w.add(t, "miller", commands)
	}
	return w
}

// BenchmarkFold measures what a gateway does with each command on the chain once
// its block was read and checked: execute it again, compare, fold it into the
// read model, append it to the transparency log.
func BenchmarkFold(b *testing.B) {
	for _, batch := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("commands=%d", batch), func(b *testing.B) { measure(b, writeSeason(b, batch), (*readmodel.Model).Apply) })
	}
	b.Run("commands=1,together", func(b *testing.B) { measure(b, writeSeason(b, 1), (*readmodel.Model).Fold) })
	b.Run("tickets=400", func(b *testing.B) { measure(b, writeTickets(b, 60, 400), (*readmodel.Model).Apply) })
}

// measure takes blocks one by one, or as many together as the model settles by itself.
func measure(b *testing.B, w *written, take func(*readmodel.Model, context.Context, replay.Block) error) {
	b.ReportAllocs()
	var replayed, applied, used time.Duration
	for b.Loop() {
		b.StopTimer()
		model, err := readmodel.Open(b.TempDir())
		require.NoError(b, err)
		require.NoError(b, model.Lead(b.Context(), nil))
		engine := replay.New("massbalance")
		b.StartTimer()
		before := processorTime(b)
		for _, one := range w.blocks {
			began := time.Now()
			out, err := engine.Replay(model, one)
			require.NoError(b, err)
			middle := time.Now()
			require.NoError(b, take(model, b.Context(), out))
			replayed, applied = replayed+middle.Sub(began), applied+time.Since(middle)
		}
		require.NoError(b, model.Settle())
		b.StopTimer()
		used += processorTime(b) - before
		require.NoError(b, model.Close())
		b.StartTimer()
	}
	each := float64(b.N * w.commands)
	b.ReportMetric(float64(used.Microseconds())/each, "cpu-µs/command")
	b.ReportMetric(float64(replayed.Microseconds())/each, "replay-µs")
	b.ReportMetric(float64(applied.Microseconds())/each, "fold-µs")
}

// processorTime is what this process has used of all cores so far, which other
// programs on the machine do not add to.
func processorTime(t testing.TB) time.Duration {
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
