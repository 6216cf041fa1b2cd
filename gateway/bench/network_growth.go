package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

const (
	// fillers is how many clients introduce lots, each at a site of its own, and
	// how many measure.
	fillers = 16
	// told is how often the filling says how far it is.
	told = 15 * time.Second
)

// NetworkGrowthOptions say how far a running network is to grow.
type NetworkGrowthOptions struct {
	Options
	// Lots are the numbers of lots on the ledger at which to measure, ascending.
	Lots []int
	// Within bounds the whole: when it is over, no more is filled, and what there
	// is gets measured for the last time.
	Within time.Duration
}

// networkGrowth is one run of it.
type networkGrowth struct {
	*bench
	options  NetworkGrowthOptions
	deadline time.Time
	// before is how many lots there were, skipped how many commands had been
	// acknowledged then, failed how many introductions failed.
	before, skipped, failed int
	rows                    []growthRow
}

// growthRow is what was measured at one size. A window introduces lots itself,
// and so a row is of all sizes from one number to another.
type growthRow struct {
	from, to       int
	introduce, put *cell // put is nil where there is no baseline
}

// NetworkGrowth measures on a running network whether the ledger slows down as it
// grows. Several members fill it with lots at several sites, in requests of a
// hundred introductions; at each size introductions are measured in turns with
// transactions that write a hundred keys and nothing else, which the state of the
// machine at that hour slows down as much. It prints a table and counts, from the
// blocks, that there are as many new lots as introductions were acknowledged.
func NetworkGrowth(ctx context.Context, options NetworkGrowthOptions) (err error) {
	options.Clients = []int{fillers}
	b := newBench(options.Options)
	g := &networkGrowth{bench: b, options: options, deadline: time.Now().Add(cmp.Or(options.Within, 20*time.Minute))}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.dial(); err != nil {
		return err
	}
	b.chain.lots = newLots(b.trading[0].Chaincode())
	following, stop := context.WithCancel(ctx)
	defer stop()
	go b.chain.follow(following, b.trading[0])
	b.say("preparing %d sites", b.Sites+2)
	if err := b.prepare(ctx); err != nil {
		return err
	}
	if err := errors.Join(b.warmFirst(ctx), b.reach(ctx)); err != nil {
		return err
	}
	g.before, g.skipped = b.chain.counted(), len(b.sheet.acknowledged)
	if err := g.grow(ctx); err != nil {
		return err
	}
	if err := g.print(); err != nil {
		return err
	}
	return g.check(ctx)
}

// lots is how many there are by what was acknowledged: after the warm-up, nothing
// but introductions is.
func (g *networkGrowth) lots() int {
	g.sheet.mu.Lock()
	defer g.sheet.mu.Unlock()
	return g.before + len(g.sheet.acknowledged) - g.skipped
}

// grow fills up to each size and measures there. Sizes that the ledger is past
// already are left out, and so are those behind the first that was not reached in time.
func (g *networkGrowth) grow(ctx context.Context) error {
	introduce := g.weighbridge("introduce", introductions, g.Bulk, true, g.trading[0].Chaincode())
	put := g.ceiling(ctx)
	for _, size := range g.options.Lots {
		if size <= g.lots() && len(g.rows) > 0 {
			continue
		}
		if len(g.rows) > 0 && time.Now().After(g.deadline) {
			g.say("time is over before %d lots", size)
			return nil
		}
		if err := g.fill(ctx, introduce, size); err != nil {
			return err
		}
		if err := g.measureAt(ctx, introduce, put); err != nil {
			return err
		}
		if g.lots() < size {
			g.say("time is over: %d lots instead of %d", g.lots(), size)
			return nil
		}
	}
	return nil
}

// ceiling is the baseline that writes a hundred keys, where it is deployed.
func (g *networkGrowth) ceiling(ctx context.Context) *contender {
	if g.Baseline == "" {
		return nil
	}
	if _, err := g.trading[0].EvaluateOf(ctx, g.Baseline, "Balance", g.name); err != nil {
		g.say("measuring without %s: %v", g.Baseline, err)
		return nil
	}
	return g.baselines()[1]
}

// fill introduces lots until there are so many, or the time is over.
func (g *networkGrowth) fill(ctx context.Context, introduce *contender, size int) error {
	began, start := time.Now(), g.lots()
	w := &window{cell: &cell{contender: introduce, clients: fillers}}
	var clients sync.WaitGroup
	for i := range fillers {
		send := introduce.client(i)
		clients.Go(func() { w.run(ctx, send, int64(size-start)) })
	}
	filled := make(chan struct{})
	go func() {
		clients.Wait()
		close(filled)
	}()
	over := time.After(time.Until(g.deadline))
	tell := time.NewTicker(told)
	defer tell.Stop()
	for {
		select {
		case <-filled:
			g.failed += w.cell.failed
			g.say("%d lots: %.0f/s filled", g.lots(), float64(w.cell.all)/time.Since(began).Seconds())
			return ctx.Err()
		case <-over:
			w.phase.Store(ending)
		case <-tell.C:
			g.say("  about %d lots", start+int(w.sent.Load()))
		}
	}
}

// measureAt gives both contenders their windows in turns.
func (g *networkGrowth) measureAt(ctx context.Context, introduce, put *contender) error {
	g.quiet(ctx, backlog)
	row := growthRow{from: g.lots(), introduce: &cell{contender: introduce, clients: fillers, cpu: usage{}}}
	cells := []*cell{row.introduce}
	if put != nil {
		row.put = &cell{contender: put, clients: fillers, cpu: usage{}}
		cells = append(cells, row.put)
	}
	for range g.Rounds {
		for _, c := range cells {
			g.say("at %d lots: %s", g.lots(), c.contender.name)
			if err := g.turn(ctx, c); err != nil {
				return err
			}
		}
	}
	row.to = g.lots()
	g.failed += row.introduce.failed
	g.rows = append(g.rows, row)
	return nil
}

func (g *networkGrowth) print() error {
	fmt.Fprintf(g.Out, "%d trading members, %d clients, requests of %d; %d windows of %s per row and contender, each after a warm-up of %s\n\n",
		len(g.trading), fillers, g.Bulk, g.Rounds, g.Window, g.Warm)
	table := tabwriter.NewWriter(g.Out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "lots from\tto\tintroduce/s\tp50 ms\t%s\t/ put\tCPU ms each\t%s\t/ put\t%s\tpage faults each\tblock B each\tstate B each\t\n",
		"put/s", "put", strings.Join(programs, "\t"))
	for _, r := range g.rows {
		c := r.introduce
		rate, work := r.beside()
		used := c.cpuEach(c.cpu.total().cpu)
		fmt.Fprintf(table, "%d\t%d\t%.1f\t%d\t%s\t%.3f\t%s\t", r.from, r.to, c.rate(), c.percentile(50).Milliseconds(), rate, used, work)
		for _, name := range programs {
			fmt.Fprintf(table, "%.3f\t", c.cpuEach(c.cpu.of(name).cpu))
		}
		fmt.Fprintf(table, "%.2f\t%.0f\t%.0f\t\n", per(int(c.cpu.total().faults), c.all), per(c.bytes, c.all), per(c.state, c.all))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("couldn't write the table: %w", err)
	}
	return nil
}

// beside are the baseline's rate and CPU time, each with the ratio of the introductions to it.
func (r growthRow) beside() (rate, work string) {
	if r.put == nil || r.put.committed == 0 {
		return "–\t–", "–\t–"
	}
	each := r.put.cpuEach(r.put.cpu.total().cpu)
	rate = fmt.Sprintf("%.1f\t%.3f", r.put.rate(), r.introduce.rate()/r.put.rate())
	if each == 0 {
		return rate, "–\t–"
	}
	return rate, fmt.Sprintf("%.3f\t%.2f", each, r.introduce.cpuEach(r.introduce.cpu.total().cpu)/each)
}

// check compares the lots on the ledger with those that were acknowledged.
func (g *networkGrowth) check(ctx context.Context) error {
	if err := g.chain.await(ctx, g.last.Load()); err != nil {
		return err
	}
	acknowledged, there := g.lots()-g.before, g.chain.counted()-g.before
	fmt.Fprintf(g.Out, "\n%d lots were there before; %d introductions were acknowledged, %d failed; %d lots more are on the ledger\n", g.before, acknowledged, g.failed, there)
	if g.sheet.problem != "" {
		fmt.Fprintln(g.Out, "the first failure:", g.sheet.problem)
	}
	if there < acknowledged || there > acknowledged+g.failed {
		return fmt.Errorf("the ledger has %d new lots, but %d were acknowledged", there, acknowledged)
	}
	return nil
}
