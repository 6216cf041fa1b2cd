package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// pooled is how many lots one shipment carries.
const pooled = 100

// traces claims credit that rests on more and more lots, and measures how much CPU
// time it takes to trace the claim back to where they came from.
func (g *growth) traces(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\nlots behind the claim\ttrace ms\tper lot µs\t")
	for _, n := range []int{10, 100, 1_000, 10_000} {
		claim, err := g.claim(n)
		if err != nil {
			return err
		}
		best := time.Hour
		for range 5 {
			began := ownTime()
			err := g.model.Read(g.ctx, func(s *readmodel.Snapshot) error {
				_, err := s.Trace(claim)
				return err
			})
			if err != nil {
				return fmt.Errorf("couldn't trace a claim: %w", err)
			}
			best = min(best, ownTime()-began)
		}
		fmt.Fprintf(table, "%d\t%.2f\t%.1f\t\n", n, float64(best.Microseconds())/1000, float64(best.Microseconds())/float64(n))
	}
	return table.Flush()
}

// claim claims what came in as n lots, in shipments of a hundred.
func (g *growth) claim(n int) (massbalance.ClaimID, error) {
	from, to, s := g.bench.ground.hot, g.bench.ground.yard, g.bench.sheet
	var lines []massbalance.LotLine
	for left := n; left > 0; left -= pooled {
		introduced := s.many(from, min(left, pooled), func(id massbalance.CommandID, _ int) massbalance.Command { return s.introduction(id, from) })
		shipment, total := s.shipment(from, to, introduced)
		receipt := s.receiptOf(s.one(to), from, to, shipment.ID, total)
		for _, step := range []struct {
			org      massbalance.OrganisationID
			commands []massbalance.Command
		}{{from.owner, introduced}, {from.owner, []massbalance.Command{shipment}}, {to.owner, []massbalance.Command{receipt}}} {
			if _, err := g.run(step.org, step.commands...); err != nil {
				return "", err
			}
		}
		lines = append(lines, massbalance.LotLine{Lot: massbalance.LotID(string(to.owner) + "/" + string(receipt.ID) + "/1"), Quantity: total})
	}
	claim := command(s.one(to), massbalance.ClaimCredits{
		Site: to.id, Product: g.bench.ground.product, Lines: lines, Beneficiary: "Benchmark", ReportingYear: 2026, Purpose: "benchmark",
	})
	_, err := g.run(to.owner, claim)
	return massbalance.ClaimID(string(to.owner) + "/" + string(claim.ID)), err
}

// shipment carries all the lots that commands introduced.
func (s *sheet) shipment(from, to place, introduced []massbalance.Command) (massbalance.Command, massbalance.Quantity) {
	id, total := s.one(from), massbalance.Quantity{}
	var lines []massbalance.LotLine
	for _, c := range introduced {
		quantity := massbalance.Kilograms(27_340)
		lines = append(lines, massbalance.LotLine{Lot: massbalance.LotID(string(from.owner) + "/" + string(c.ID) + "/1"), Quantity: quantity})
		total = total.Add(quantity)
	}
	return command(id, massbalance.Dispatch{
		Site: from.id, To: to.id, Product: s.bench.ground.product, Quantity: total, Lines: lines, Documents: []massbalance.EvidenceID{massbalance.EvidenceID(id)},
	}), total
}

func (s *sheet) receiptOf(id massbalance.CommandID, from, to place, dispatched massbalance.CommandID, quantity massbalance.Quantity) massbalance.Command {
	return command(id, massbalance.Receive{
		Site: to.id, Transfer: massbalance.TransferID(string(from.owner) + "/" + string(dispatched)), Quantity: quantity, Evidence: massbalance.EvidenceID(id),
	})
}
