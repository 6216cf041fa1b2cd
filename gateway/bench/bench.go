package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// closing bounds how long the clients' connections take to end.
const closing = 30 * time.Second

// The nodes are quiet when they use less than a third of a core.
const (
	glance       = 300 * time.Millisecond
	idlePart     = 3
	longestQuiet = 15 * time.Second
	// backlog bounds how long the nodes may take to catch up with what filled or warmed them.
	backlog = 5 * time.Minute
)

// bench is one run.
type bench struct {
	Options
	// name tells this run's keys from those of others.
	name string
	// trading are the clients of the trading members, names whose they are.
	trading []*submit.Client
	names   []massbalance.OrganisationID
	meters  []*prometheus.Registry
	chain   *chain
	ground  ground
	sheet   *sheet
	booked  booked
	// last is the latest block in which something was committed, on any peer.
	last atomic.Uint64
}

// Run measures everything and prints the table. An error means that it could not
// be measured, or that the ledger is not what was acknowledged.
func Run(ctx context.Context, options Options) (err error) {
	b := newBench(options)
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.dial(); err != nil {
		return err
	}
	following, stop := context.WithCancel(ctx)
	defer stop()
	go b.chain.follow(following, b.trading[0])
	b.say("preparing %d sites", b.Sites+2)
	if err := b.prepare(ctx); err != nil {
		return err
	}
	if err := b.reach(ctx); err != nil {
		return err
	}
	cells := b.cells(b.trading[0].Chaincode())
	if err := b.warmFirst(ctx); err != nil {
		return err
	}
	if err := b.rounds(ctx, cells); err != nil {
		return err
	}
	if err := errors.Join(b.print(cells), b.writeRows(cells)); err != nil {
		return err
	}
	return b.check(ctx)
}

func newBench(options Options) *bench {
	b := &bench{Options: options.withDefaults(), chain: newChain(), booked: booked{grams: map[string]int64{}}}
	b.name = fmt.Sprintf("b%x", time.Now().UnixMilli())
	b.sheet = &sheet{bench: b}
	return b
}

func (b *bench) dial() error {
	for _, m := range b.Members {
		if m.Role != massbalance.Trading {
			continue
		}
		meter := prometheus.NewRegistry()
		m.Dial.Registerer = meter
		client, err := submit.Dial(m.Dial)
		if err != nil {
			return err
		}
		b.trading, b.names, b.meters = append(b.trading, client), append(b.names, m.Organisation), append(b.meters, meter)
	}
	if len(b.trading) == 0 {
		return errors.New("couldn't measure: none of the configurations is a trading member's")
	}
	return nil
}

func (b *bench) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	var failed []error
	for _, client := range b.trading {
		failed = append(failed, client.Close(ctx))
	}
	return errors.Join(failed...)
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.Progress, format+"\n", args...)
}

// cells are all that is measured: those of equal numbers of clients stand side
// by side, so that they are measured side by side.
func (b *bench) cells(ledger string) []*cell {
	contenders := b.weighbridges(ledger)
	if b.Baseline != "" {
		contenders = append(b.baselines(), contenders...)
	}
	var cells []*cell
	for _, n := range b.Clients {
		for _, c := range contenders {
			for _, clients := range c.clients {
				if clients == n && b.wanted(c.name, n) {
					cells = append(cells, &cell{contender: c, clients: n, cpu: usage{}})
				}
			}
		}
	}
	return cells
}

func (b *bench) wanted(name string, clients int) bool {
	for _, part := range b.Only {
		if strings.Contains(name, part) || part == fmt.Sprintf("%s@%d", name, clients) {
			return true
		}
	}
	return len(b.Only) == 0
}

// rounds gives each cell a window in turn, as often as asked.
func (b *bench) rounds(ctx context.Context, cells []*cell) error {
	for round := range b.Rounds {
		for i, c := range cells {
			b.say("round %d of %d, %d of %d: %s, %d clients", round+1, b.Rounds, i+1, len(cells), c.contender.name, c.clients)
			if err := b.turn(ctx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// turn gives a cell a warm-up and a window. Between them the nodes get quiet, so
// that nothing of the warm-up is left for the window to pay.
func (b *bench) turn(ctx context.Context, c *cell) error {
	b.warm(ctx, c)
	if err := b.chain.await(ctx, b.last.Load()); err != nil {
		return err
	}
	before := *c
	cpu := b.quiet(ctx, longestQuiet)
	retries, weighed := b.retries(), b.chain.weigh(c.contender.ledger)
	b.measure(ctx, c)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("couldn't finish: %w", err)
	}
	c.retries += b.retries() - retries
	if err := b.weigh(ctx, c, weighed); err != nil {
		return err
	}
	spent := usage{}
	spent.add(cpu, b.quiet(ctx, longestQuiet))
	c.cpu.add(usage{}, spent)
	b.say("  %.1f/s, %.2f ms of CPU time and %.1f page faults each", float64(c.committed-before.committed)/(c.elapsed-before.elapsed).Seconds(),
		per(int(spent.total().cpu.Microseconds()), c.all-before.all)/1000, per(int(spent.total().faults), c.all-before.all))
	return nil
}

// reach waits until the blocks that are there already have been followed.
func (b *bench) reach(ctx context.Context) error {
	height, err := b.trading[0].Height(ctx)
	if err != nil || height == 0 {
		return err
	}
	return b.chain.await(ctx, height-1)
}

// quiet waits until the nodes have done what they still had to do, such as
// gateways that follow the chain, and gives the CPU time used so far: what one
// cell leaves over is its own, not that of the next.
func (b *bench) quiet(ctx context.Context, longest time.Duration) usage {
	used := cpuTime(b.Processes)
	for range longest / glance {
		b.pause(ctx, glance)
		now := cpuTime(b.Processes)
		if now.total().minus(used.total()).cpu < glance/idlePart {
			return now
		}
		used = now
	}
	return used
}

// saw notes the block of an outcome.
func (b *bench) saw(o submit.Outcome) {
	for {
		last := b.last.Load()
		if o.Block <= last || b.last.CompareAndSwap(last, o.Block) {
			return
		}
	}
}

// weigh waits for the last block of what was sent and adds up what it weighs.
func (b *bench) weigh(ctx context.Context, c *cell, before weight) error {
	if err := b.chain.await(ctx, b.last.Load()); err != nil {
		return err
	}
	w := b.chain.weigh(c.contender.ledger)
	c.bytes, c.state, c.transactions = c.bytes+w.bytes-before.bytes, c.state+w.state-before.state, c.transactions+w.transactions-before.transactions
	return nil
}

// retries is how often a batch was proposed again so far.
func (b *bench) retries() (total int) {
	for _, meter := range b.meters {
		families, err := meter.Gather()
		if err != nil {
			continue // a registry of our own metrics alone gathers without errors
		}
		for _, family := range families {
			if family.GetName() != submit.RetriesMetric {
				continue
			}
			for _, m := range family.GetMetric() {
				total += int(m.GetCounter().GetValue())
			}
		}
	}
	return total
}

// check recounts the ledger.
func (b *bench) check(ctx context.Context) error {
	accounts, err := b.checkAccounts(ctx)
	if err != nil {
		return err
	}
	for _, line := range accounts {
		fmt.Fprintln(b.Out, line)
	}
	found, err := b.chain.recount(b.trading[0].Chaincode())
	if err != nil {
		return err
	}
	lost := 0
	for _, id := range b.sheet.acknowledged {
		if !found.committed[id] {
			lost++
		}
	}
	fmt.Fprintf(b.Out, "Weighbridge: recounted %d commands of %d blocks: overdrafts and other findings %d, differences %d; of %d acknowledged commands %d are missing\n",
		found.commands, b.chain.height(), found.findings, found.differences, len(b.sheet.acknowledged), lost)
	if b.sheet.problem != "" {
		fmt.Fprintln(b.Out, "the first failure:", b.sheet.problem)
	}
	if found.findings+found.differences+lost > 0 {
		return fmt.Errorf("the ledger is not what it should be: %s", found.first)
	}
	return nil
}
