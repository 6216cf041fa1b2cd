package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// sheet makes commands and remembers which of them were acknowledged.
type sheet struct {
	bench *bench
	// counters are the sites' own, *atomic.Int64 by massbalance.SiteID.
	counters sync.Map

	mu           sync.Mutex
	acknowledged []massbalance.CommandID
	// problem is the first failure, in words.
	problem string
}

// draw takes the next n numbers of a site's counter, as its weighbridge or an import
// numbers its tickets, and gives the i-th as a command's ID. A site's ID has the name
// of the run, which keeps it apart from those of other runs.
func (s *sheet) draw(p place, n int) func(i int) massbalance.CommandID {
	if s.bench.Scattered {
		return func(int) massbalance.CommandID { return massbalance.CommandID(s.bench.name + "-" + rand.Text()) }
	}
	counter, _ := s.counters.LoadOrStore(p.id, new(atomic.Int64))
	first := counter.(*atomic.Int64).Add(int64(n)) - int64(n)
	return func(i int) massbalance.CommandID {
		return massbalance.CommandID(fmt.Sprintf("%s-%d", p.id, first+int64(i)))
	}
}

// many makes n commands with numbers of a site's.
func (s *sheet) many(p place, n int, one func(id massbalance.CommandID, i int) massbalance.Command) []massbalance.Command {
	id, commands := s.draw(p, n), make([]massbalance.Command, n)
	for i := range commands {
		commands[i] = one(id(i), i)
	}
	return commands
}

// one is a number of a site's.
func (s *sheet) one(p place) massbalance.CommandID { return s.draw(p, 1)(0) }

func command(id massbalance.CommandID, body massbalance.Body) massbalance.Command {
	return massbalance.Command{ID: id, Date: day, Period: period, Body: body}
}

func (s *sheet) intake(id massbalance.CommandID, p place) massbalance.Command {
	return command(id, massbalance.TakeIn{
		Site: p.id, Product: s.bench.ground.product, Quantity: massbalance.Kilograms(27_340), Supplier: "Farm", Evidence: massbalance.EvidenceID(id),
	})
}

func (s *sheet) withdrawal(id massbalance.CommandID, p place) massbalance.Command {
	return command(id, massbalance.Withdraw{
		Site: p.id, Product: s.bench.ground.product, Quantity: massbalance.Kilograms(27_340), Purpose: "used",
	})
}

func (s *sheet) introduction(id massbalance.CommandID, p place) massbalance.Command {
	return command(id, massbalance.Introduce{
		Site: p.id, Certifier: s.bench.ground.laboratory, Statement: p.statement(), Quantity: massbalance.Kilograms(27_340),
		Model: massbalance.Segregated, Evidence: massbalance.EvidenceID(id),
	})
}

// dispatch ships the lot that a command introduced.
func (s *sheet) dispatch(id massbalance.CommandID, from, to place, introduced massbalance.CommandID) massbalance.Command {
	lot := massbalance.LotID(string(from.owner) + "/" + string(introduced) + "/1")
	quantity := massbalance.Kilograms(27_340)
	return command(id, massbalance.Dispatch{
		Site: from.id, To: to.id, Product: s.bench.ground.product, Quantity: quantity,
		Lines: []massbalance.LotLine{{Lot: lot, Quantity: quantity}}, Documents: []massbalance.EvidenceID{massbalance.EvidenceID(id)},
	})
}

func (s *sheet) receipt(id massbalance.CommandID, from, to place, dispatched massbalance.CommandID) massbalance.Command {
	return s.receiptOf(id, from, to, dispatched, massbalance.Kilograms(27_340))
}

// submit sends commands as one request, and names the transaction of the last.
func (s *sheet) submit(ctx context.Context, client *submit.Client, commands []massbalance.Command) (d done, transaction string) {
	outcomes, err := client.Submit(ctx, commands)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.fault(err.Error())
		return done{failed: len(commands)}, ""
	}
	for i, o := range outcomes {
		s.bench.saw(o)
		if o.Stage == submit.Valid {
			d.committed++
			transaction = o.Transaction
			s.acknowledged = append(s.acknowledged, commands[i].ID)
			continue
		}
		d.failed++
		s.fault(fmt.Sprintf("%s: %s %s %s%s", commands[i].ID, o.Stage, o.Result.Code, o.Result.Message, o.Detail))
	}
	return d, transaction
}

func (s *sheet) fault(problem string) {
	if s.problem == "" {
		s.problem = problem
	}
}

// booker makes the requests of a client that books n commands a time at a place.
type booker func(s *sheet, p, next place, n int) request

// intakes are tickets.
func intakes(s *sheet, p, _ place, n int) request {
	return func(ctx context.Context) done {
		d, _ := s.submit(ctx, p.client, s.many(p, n, func(id massbalance.CommandID, _ int) massbalance.Command { return s.intake(id, p) }))
		return d
	}
}

// introductions are harvests that a certification body verified: each makes a lot.
func introductions(s *sheet, p, _ place, n int) request {
	return func(ctx context.Context) done {
		d, _ := s.submit(ctx, p.client, s.many(p, n, func(id massbalance.CommandID, _ int) massbalance.Command { return s.introduction(id, p) }))
		return d
	}
}

// inAndOut takes in and takes out in turn, so that nothing is ever short.
func inAndOut(s *sheet, p, _ place, n int) request {
	out := true
	return func(ctx context.Context) done {
		out = !out
		d, _ := s.submit(ctx, p.client, s.many(p, n, func(id massbalance.CommandID, _ int) massbalance.Command {
			if out {
				return s.withdrawal(id, p)
			}
			return s.intake(id, p)
		}))
		return d
	}
}

// chains introduce, dispatch and receive in turn.
func chains(s *sheet, from, to place, n int) request {
	var before []massbalance.Command
	step, sent := 0, ""
	return func(ctx context.Context) done {
		client := from.client
		var now []massbalance.Command
		switch step {
		case 0:
			now = s.many(from, n, func(id massbalance.CommandID, _ int) massbalance.Command { return s.introduction(id, from) })
		case 1:
			now = s.many(from, n, func(id massbalance.CommandID, i int) massbalance.Command {
				return s.dispatch(id, from, to, before[i].ID)
			})
		default:
			client = to.client
			// Whoever receives has seen the shipment on their own peer.
			if err := client.Await(ctx, sent); err != nil {
				step = 0
				return done{failed: n}
			}
			now = s.many(to, n, func(id massbalance.CommandID, i int) massbalance.Command {
				return s.receipt(id, from, to, before[i].ID)
			})
		}
		d, transaction := s.submit(ctx, client, now)
		sent = transaction
		before, step = now, (step+1)%3
		if d.failed > 0 {
			step = 0 // what would follow has nothing to stand on
		}
		return d
	}
}

// weighbridges are Weighbridge's contenders.
func (b *bench) weighbridges(ledger string) []*contender {
	var all []*contender
	for _, kind := range []struct {
		name string
		book booker
	}{{"intake", intakes}, {"in and out", inAndOut}, {"chain", chains}} {
		for _, n := range []int{1, b.Bulk} {
			for _, spread := range []bool{false, true} {
				if kind.name == "in and out" && (spread || n > 1) {
					continue
				}
				all = append(all, b.weighbridge(kind.name, kind.book, n, spread, ledger))
			}
		}
	}
	return all
}

func (b *bench) weighbridge(name string, book booker, n int, spread bool, ledger string) *contender {
	c := &contender{name: name + " hot", clients: b.Clients, commands: n, ledger: ledger}
	if spread {
		c.name = name + " spread"
	}
	switch {
	case n > 1:
		c.name, c.clients = fmt.Sprintf("%s ×%d", c.name, n), b.busy(16, 64)
	case name == "in and out":
		c.clients = b.busy(64)
	}
	c.client = func(i int) request {
		g := b.ground
		if !spread {
			return book(b.sheet, g.hot, g.yard, n)
		}
		// The receiver is another organisation's: sites are theirs in turn.
		return book(b.sheet, g.spread[i%len(g.spread)], g.spread[(i+1)%len(g.spread)], n)
	}
	return c
}
