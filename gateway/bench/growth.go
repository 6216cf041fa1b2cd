package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/syndtr/goleveldb/leveldb"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

const (
	// batchOf is how many commands a transaction of the growth has.
	batchOf = 200
	// samples is how many transactions of each kind are measured at each size.
	samples = 40
)

// Growth measures in this process alone whether the ledger slows down as it
// grows. Commands are parsed, executed and written by the chaincode's own code
// over a LevelDB as peers keep their state in, and folded into a read model as
// gateways do. At each number of lots so many chains (introduce, dispatch,
// receive) are measured at one site, where everything meets; in between the ledger
// is filled by introductions in the same way. What Fabric does is left out: it
// handles a transaction's keys one by one, whatever lies beside them. Times are
// CPU time, so that another program on the machine does not count: that of the
// commands themselves, and apart from it what runs behind them, which is LevelDB's
// compaction and the collection of garbage.
func Growth(ctx context.Context, folder string, sizes []int, out io.Writer) (err error) {
	runtime.LockOSThread() // whose CPU time is asked for
	defer runtime.UnlockOSThread()
	g, err := newGrowth(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "lots\tintroduce µs\tdispatch µs\treceive µs\tbehind them µs\tread model µs\tlook up a lot µs\twall clock, all µs\t")
	for _, size := range sizes {
		for g.lots < size {
			if err := g.fill(); err != nil {
				return err
			}
		}
		if err := g.sample(table); err != nil {
			return err
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return g.traces(out)
}

// growth is a ledger of one process.
type growth struct {
	bench *bench
	ctx   context.Context
	state *leveldb.DB
	model *readmodel.Model
	block uint64
	lots  int
}

func newGrowth(ctx context.Context, folder string) (*growth, error) {
	b := &bench{name: "growth", names: []massbalance.OrganisationID{"growers", "miller"}}
	b.Members = []Member{{Organisation: "growers", Role: massbalance.Trading}, {Organisation: "miller", Role: massbalance.Trading}}
	b.sheet = &sheet{bench: b}
	if err := b.plan(); err != nil {
		return nil, err
	}
	state, err := leveldb.OpenFile(filepath.Join(folder, "state"), nil)
	if err != nil {
		return nil, fmt.Errorf("couldn't open a state: %w", err)
	}
	model, err := readmodel.Open(folder)
	if err != nil {
		return nil, errors.Join(err, state.Close())
	}
	g := &growth{bench: b, ctx: ctx, state: state, model: model}
	return g, g.begin()
}

func (g *growth) close() error { return errors.Join(g.state.Close(), g.model.Close()) }

// begin registers what the commands need.
func (g *growth) begin() error {
	if _, err := g.run("growers", g.bench.founding()); err != nil {
		return err
	}
	registrations, err := g.bench.registrations()
	if err != nil {
		return err
	}
	for _, command := range registrations {
		for _, org := range g.bench.names {
			if _, err := g.run(org, command); err != nil {
				return err
			}
		}
	}
	for _, org := range g.bench.names {
		sites, openings := g.bench.openings(org)
		documents, err := g.bench.documents(org, sites)
		if err != nil {
			return err
		}
		if _, err := g.run(org, append(openings, documents...)...); err != nil {
			return err
		}
	}
	return nil
}

// read reads as a peer does: bytes from the disk.
func (g *growth) read(key string) ([]byte, error) {
	data, err := g.state.Get([]byte(key), nil)
	if errors.Is(err, leveldb.ErrNotFound) {
		return nil, nil
	}
	return data, err
}

// spent is what one transaction took: its chaincode, what ran behind that, and
// the read model.
type spent struct{ chaincode, behind, model time.Duration }

// run takes a transaction to its end; every command must be accepted.
func (g *growth) run(org massbalance.OrganisationID, commands ...massbalance.Command) (s spent, err error) {
	batch, err := wire.PackBatch(commands)
	if err != nil {
		return s, err
	}
	g.block++
	id := fmt.Sprintf("tx%d", g.block)
	began, all := threadTime(), ownTime()
	parsed, err := wire.ParseBatch(batch)
	if err != nil {
		return s, err
	}
	reader, err := wire.NewReader(g.read)
	if err != nil {
		return s, err
	}
	outcome, err := massbalance.ExecuteBatch(reader, massbalance.Tx{ID: id, Organisation: org}, parsed)
	if err != nil {
		return s, err
	}
	if err := g.store(reader, outcome); err != nil {
		return s, err
	}
	s.chaincode = threadTime() - began
	s.behind = ownTime() - all - s.chaincode
	for _, r := range outcome.Results {
		if r.Code != massbalance.Accepted {
			return s, fmt.Errorf("couldn't grow: %s was refused: %s", r.Command, r.Message)
		}
	}
	all = ownTime()
	err = g.fold(id, org, parsed, outcome)
	s.model = ownTime() - all
	return s, err
}

func (g *growth) store(reader *wire.Reader, outcome massbalance.BatchOutcome) error {
	stored, err := reader.Store(outcome.Writes)
	if err != nil {
		return err
	}
	writes := new(leveldb.Batch)
	for _, w := range stored {
		writes.Put([]byte(w.Key), w.Value)
	}
	_, err = reader.Answer(outcome)
	return errors.Join(err, g.state.Write(writes, nil))
}

// fold brings a transaction into the read model, in a block of its own.
func (g *growth) fold(id string, org massbalance.OrganisationID, commands []massbalance.Command, outcome massbalance.BatchOutcome) error {
	number := g.block - 1
	t := replay.Transaction{ID: id, Time: time.Now(), Organisation: org, Code: "VALID", Results: outcome.Results, Writes: outcome.Writes}
	for _, r := range outcome.Records {
		t.Entries = append(t.Entries, massbalance.Entry{Block: number, Command: commands[r.Index], Record: r.Record})
	}
	return g.model.Apply(g.ctx, replay.Block{Number: number, Transactions: []replay.Transaction{t}})
}

// fill introduces lots.
func (g *growth) fill() error {
	hot := g.bench.ground.hot
	_, err := g.run(hot.owner, g.bench.sheet.many(hot, batchOf, func(id massbalance.CommandID, _ int) massbalance.Command { return g.bench.sheet.introduction(id, hot) })...)
	g.lots += batchOf
	return err
}

// sample measures chains at the present size, and a look-up among all lots.
func (g *growth) sample(table io.Writer) error {
	from, to, s := g.bench.ground.hot, g.bench.ground.yard, g.bench.sheet
	var steps [3]time.Duration
	var model, looked, behind time.Duration
	start := time.Now()
	for range samples {
		introduced := s.many(from, batchOf, func(id massbalance.CommandID, _ int) massbalance.Command { return s.introduction(id, from) })
		dispatched := s.many(from, batchOf, func(id massbalance.CommandID, i int) massbalance.Command {
			return s.dispatch(id, from, to, introduced[i].ID)
		})
		received := s.many(to, batchOf, func(id massbalance.CommandID, i int) massbalance.Command {
			return s.receipt(id, from, to, dispatched[i].ID)
		})
		for i, step := range []struct {
			org      massbalance.OrganisationID
			commands []massbalance.Command
		}{{from.owner, introduced}, {from.owner, dispatched}, {to.owner, received}} {
			took, err := g.run(step.org, step.commands...)
			if err != nil {
				return err
			}
			steps[i], behind, model = steps[i]+took.chaincode, behind+took.behind, model+took.model
		}
		began := ownTime()
		if _, err := g.model.Get(massbalance.LotKey(massbalance.LotID(string(from.owner) + "/" + string(introduced[0].ID) + "/1"))); err != nil {
			return err
		}
		looked += ownTime() - began
	}
	each := func(d time.Duration, n int) float64 { return float64(d.Microseconds()) / float64(n) }
	_, err := fmt.Fprintf(table, "%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t\n", g.lots,
		each(steps[0], samples*batchOf), each(steps[1], samples*batchOf), each(steps[2], samples*batchOf), each(behind, 3*samples*batchOf), each(model, 3*samples*batchOf), each(looked, samples), each(time.Since(start), 3*samples*batchOf))
	g.lots += 2 * samples * batchOf
	return err
}
