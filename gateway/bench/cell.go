package bench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long a request may take before it counts as failed.
const patience = 90 * time.Second

// contender is one way of booking.
type contender struct {
	name string
	// clients are the numbers of clients at which it is measured.
	clients []int
	// commands is how many a request holds that is counted.
	commands int
	// ledger says which chaincode's transactions are its own.
	ledger string
	// client makes the requests of one client, which it sends one after the other.
	client func(index int) request
}

// request sends one request and waits for its end. It says how many commands
// were committed and how many were not, and how often something had to be sent
// again for it. It is counted once it ends.
type request func(ctx context.Context) done

type done struct{ committed, failed, retries int }

// cell is what was measured of a contender at one number of clients.
type cell struct {
	contender *contender
	clients   int

	committed, failed, retries int
	latencies                  []time.Duration
	elapsed                    time.Duration
	// cpu is what all processes used until they were quiet again; it and what
	// follows are of the whole of what was sent, at both ends of the windows too,
	// but not of the warm-ups.
	cpu                             usage
	all, bytes, state, transactions int
}

// phase is where a window stands.
type phase = int32

const (
	warming phase = iota
	measuring
	ending
)

// window is one turn of a cell.
type window struct {
	phase atomic.Int32
	sent  atomic.Int64

	mu   sync.Mutex
	cell *cell
}

// warm lets a cell's clients run as they will be measured, and counts nothing
// but failures. A heap that grows costs the kernel a cleared page for every four
// kilobytes, which a node that has run for a while does not pay.
func (b *bench) warm(ctx context.Context, c *cell) {
	if b.Warm == 0 {
		return
	}
	thrown := &cell{contender: c.contender, clients: c.clients}
	b.drive(ctx, thrown, b.Warm, 0)
	c.failed += thrown.failed
}

// warmFirst loads the nodes before anything is measured, with what makes them
// allocate the most.
func (b *bench) warmFirst(ctx context.Context) error {
	if b.WarmFirst == 0 {
		return nil
	}
	b.say("warming up for %s", b.WarmFirst)
	thrown := &cell{contender: b.weighbridge("intake", intakes, b.Bulk, true, b.trading[0].Chaincode()), clients: crowded}
	b.drive(ctx, thrown, b.WarmFirst, 0)
	b.quiet(ctx, backlog)
	if thrown.failed > 0 {
		return fmt.Errorf("%d commands failed while warming up: %s", thrown.failed, b.sheet.problem)
	}
	return ctx.Err()
}

// measure gives a cell one window. Failures count whenever they happen.
func (b *bench) measure(ctx context.Context, c *cell) { b.drive(ctx, c, b.Ramp, b.Window) }

func (b *bench) drive(ctx context.Context, c *cell, ramp, counted time.Duration) {
	w := &window{cell: c}
	var clients sync.WaitGroup
	for i := range c.clients {
		send := c.contender.client(i)
		clients.Go(func() { w.run(ctx, send, b.Limit) })
	}
	b.pause(ctx, ramp)
	began := time.Now()
	w.phase.Store(measuring)
	b.pause(ctx, counted)
	w.phase.Store(ending)
	c.elapsed += time.Since(began)
	clients.Wait()
}

func (b *bench) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// run is one client.
func (w *window) run(ctx context.Context, send request, limit int64) {
	for ctx.Err() == nil && w.phase.Load() != ending && w.sent.Load() < limit {
		began := time.Now()
		bounded, cancel := context.WithTimeout(ctx, patience)
		d := send(bounded)
		cancel()
		w.sent.Add(int64(d.committed + d.failed))
		w.count(d, time.Since(began))
	}
}

func (w *window) count(d done, took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cell.failed += d.failed
	w.cell.retries += d.retries
	w.cell.all += d.committed
	if w.phase.Load() == measuring {
		w.cell.committed += d.committed
		w.cell.latencies = append(w.cell.latencies, took)
	}
}
