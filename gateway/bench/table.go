package bench

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// rate is commands per second.
func (c *cell) rate() float64 {
	if c.elapsed == 0 {
		return 0
	}
	return float64(c.committed) / c.elapsed.Seconds()
}

// percentile is the latency that so many per cent of the requests did not exceed.
func (c *cell) percentile(p int) time.Duration {
	if len(c.latencies) == 0 {
		return 0
	}
	slices.Sort(c.latencies)
	return c.latencies[(len(c.latencies)-1)*p/100]
}

func per(total, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(total) / float64(n)
}

// find is the cell of a contender, the one with the most clients up to n.
func find(cells []*cell, name string, n int) *cell {
	var best *cell
	for _, c := range cells {
		if c.contender.name == name && c.clients <= n && (best == nil || c.clients > best.clients) {
			best = c
		}
	}
	return best
}

// print writes the table. Ratios are to bare Fabric's single put at the same
// number of clients.
func (b *bench) print(cells []*cell) error {
	fmt.Fprintf(b.Out, "%d trading members; %d windows of %s per row, each after a warm-up of %s\n\n", len(b.trading), b.Rounds, b.Window, b.Warm)
	table := tabwriter.NewWriter(b.Out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "contender\tclients\tcommitted/s\t× put\tp50 ms\tp95 ms\tp99 ms\tper tx\tretries each\tfailed\tCPU ms each\tblock B each\tstate B each\t")
	clients := 0
	for _, c := range cells {
		if c.clients != clients && clients != 0 {
			fmt.Fprintln(table, "\t\t\t\t\t\t\t\t\t\t\t\t\t")
		}
		clients = c.clients
		ratio := "–"
		if put := find(cells, "put", c.clients); put != nil && put.rate() > 0 {
			ratio = fmt.Sprintf("%.2f", c.rate()/put.rate())
		}
		fmt.Fprintf(table, "%s\t%d\t%.1f\t%s\t%d\t%d\t%d\t%.1f\t%.3f\t%d\t%.2f\t%.0f\t%.0f\t\n",
			c.contender.name, c.clients, c.rate(), ratio,
			c.percentile(50).Milliseconds(), c.percentile(95).Milliseconds(), c.percentile(99).Milliseconds(),
			per(c.all, c.transactions), per(c.retries, c.all), c.failed,
			c.cpuEach(c.cpu.total().cpu), per(c.bytes, c.all), per(c.state, c.all))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("couldn't write the table: %w", err)
	}
	fmt.Fprintln(b.Out)
	if b.Processes == "" {
		return nil
	}
	return b.printCPU(cells)
}

// cpuEach is milliseconds per committed command.
func (c *cell) cpuEach(used time.Duration) float64 {
	return per(int(used.Microseconds()), c.all) / 1000
}

// crowded is from how many clients on CPU time says more of the work than of waiting.
const crowded = 16

// printCPU tells where the CPU time went.
func (b *bench) printCPU(cells []*cell) error {
	table := tabwriter.NewWriter(b.Out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "CPU ms each\tclients\t%s\tbusiest member\tpage faults each\t\n", strings.Join(programs, "\t"))
	for _, c := range cells {
		if c.clients < crowded {
			continue
		}
		fmt.Fprintf(table, "%s\t%d\t", c.contender.name, c.clients)
		for _, name := range programs {
			fmt.Fprintf(table, "%.3f\t", c.cpuEach(c.cpu.of(name).cpu))
		}
		fmt.Fprintf(table, "%.3f\t%.2f\t\n", c.cpuEach(c.cpu.busiest().cpu), per(int(c.cpu.total().faults), c.all))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("couldn't write the table: %w", err)
	}
	fmt.Fprintln(b.Out)
	return nil
}
