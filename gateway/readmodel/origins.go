package readmodel

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Sources say where credit came from: each verification statement behind it
// with its share, and the lots between.
type Sources struct {
	// Quantity is what is traced, in kilograms of its product.
	Quantity massbalance.Quantity
	// Origins are the statements, the largest share first.
	Origins []Origin
	// Path holds every lot on the way, each before the lots it was made of.
	Path []Step
	// Rounding is what rounding down left without an origin: at most a gram for
	// each parent of each lot. The shares and Rounding add up to Quantity.
	Rounding massbalance.Quantity
}

// Trace says where the credit of a claim came from.
type Trace struct {
	Claim massbalance.Claim
	Sources
}

// LotTrace says where the credit of a lot came from, spent or not.
type LotTrace struct {
	Lot massbalance.Lot
	Sources
}

// Origin is one verification statement behind credit.
type Origin struct {
	Statement massbalance.Statement
	// Quantity is the share, in kilograms of the product that is traced.
	Quantity massbalance.Quantity
	// Introduced is the product, and Lots the lots, as which the material came in.
	Introduced massbalance.ProductID
	Lots       []massbalance.LotID
}

// Step is one lot behind credit.
type Step struct {
	Lot massbalance.Lot
	// Share is how much of the whole rests on the lot, in kilograms of the product that is traced.
	Share massbalance.Quantity
	// Parents say how much of Share rests on each of the lot's parents.
	Parents []massbalance.LotLine
}

// Trace walks a claim's lots back to the statements under which they were
// introduced.
//
// What a lot contributes is shared among its parents in proportion to what each
// gave to it, rounded down to the gram. Shares are always in kilograms of the
// product that was claimed: a conversion changes the product, not the
// proportions, and its co-products rest on the same input side by side.
func (s *Snapshot) Trace(id massbalance.ClaimID) (Trace, error) {
	claim, err := Need[massbalance.Claim](s, massbalance.ClaimKey(id))
	if err != nil {
		return Trace{}, err
	}
	lines := make([]massbalance.LotLine, 0, len(claim.Lines))
	for _, line := range claim.Lines {
		lines = append(lines, massbalance.LotLine{Lot: line.Lot, Quantity: line.Quantity})
	}
	sources, err := s.sources(claim.Quantity, lines)
	if err != nil {
		return Trace{}, fmt.Errorf("couldn't trace claim %s: %w", id, err)
	}
	return Trace{claim, sources}, nil
}

// TraceLot walks a lot back in the same way, as it was made.
func (s *Snapshot) TraceLot(id massbalance.LotID) (LotTrace, error) {
	lot, err := Need[massbalance.Lot](s, massbalance.LotKey(id))
	if err != nil {
		return LotTrace{}, err
	}
	sources, err := s.sources(lot.Quantity, []massbalance.LotLine{{Lot: id, Quantity: lot.Quantity}})
	if err != nil {
		return LotTrace{}, fmt.Errorf("couldn't trace lot %s: %w", id, err)
	}
	return LotTrace{lot, sources}, nil
}

func (s *Snapshot) sources(quantity massbalance.Quantity, lines []massbalance.LotLine) (Sources, error) {
	w := walk{s: s, lots: map[massbalance.LotID]massbalance.Lot{}, share: map[massbalance.LotID]massbalance.Quantity{}}
	for _, line := range lines {
		w.share[line.Lot] = w.share[line.Lot].Add(line.Quantity)
		if err := w.visit(line.Lot); err != nil {
			return Sources{}, err
		}
	}
	return w.sources(quantity)
}

// walk goes through a graph of lots; none is its own ancestor, because a
// command makes lots only of lots that existed before it.
type walk struct {
	s     *Snapshot
	lots  map[massbalance.LotID]massbalance.Lot
	share map[massbalance.LotID]massbalance.Quantity
	// order has every lot after all of its ancestors.
	order []massbalance.LotID
}

func (w *walk) visit(id massbalance.LotID) error {
	if _, seen := w.lots[id]; seen {
		return nil
	}
	lot, err := Need[massbalance.Lot](w.s, massbalance.LotKey(id))
	if err != nil {
		return err
	}
	w.lots[id] = lot
	for _, parent := range lot.Parents {
		if err := w.visit(parent.Lot); err != nil {
			return err
		}
	}
	w.order = append(w.order, id)
	return nil
}

// sources hands shares down from what is traced, each lot after all of its descendants.
func (w *walk) sources(quantity massbalance.Quantity) (Sources, error) {
	t := Sources{Quantity: quantity}
	origins := map[massbalance.Key]*Origin{}
	var placed massbalance.Quantity
	for _, id := range slices.Backward(w.order) {
		lot, share := w.lots[id], w.share[id]
		if len(lot.Parents) == 0 && lot.Statement != "" {
			t.Path = append(t.Path, Step{Lot: lot, Share: share})
			if err := w.introduced(origins, lot, share); err != nil {
				return t, err
			}
			placed = placed.Add(share)
			continue
		}
		t.Path = append(t.Path, w.handDown(lot, share))
	}
	for _, origin := range origins {
		t.Origins = append(t.Origins, *origin)
	}
	slices.SortFunc(t.Origins, func(a, b Origin) int {
		if b.Quantity.Less(a.Quantity) {
			return -1
		}
		if a.Quantity.Less(b.Quantity) {
			return 1
		}
		return cmp.Or(cmp.Compare(a.Statement.Certifier, b.Statement.Certifier), cmp.Compare(a.Statement.ID, b.Statement.ID))
	})
	t.Rounding, _ = quantity.Sub(placed)
	return t, nil
}

// handDown gives each parent its part of a lot's share.
func (w *walk) handDown(lot massbalance.Lot, share massbalance.Quantity) Step {
	step := Step{Lot: lot, Share: share}
	var given massbalance.Quantity
	for _, parent := range lot.Parents {
		given = given.Add(parent.Quantity)
	}
	for _, parent := range lot.Parents {
		part := share.ScaleFloor(parent.Quantity, given)
		w.share[parent.Lot] = w.share[parent.Lot].Add(part)
		step.Parents = append(step.Parents, massbalance.LotLine{Lot: parent.Lot, Quantity: part})
	}
	return step
}

func (w *walk) introduced(origins map[massbalance.Key]*Origin, lot massbalance.Lot, share massbalance.Quantity) error {
	key := massbalance.StatementKey(lot.Certifier, lot.Statement)
	origin, ok := origins[key]
	if !ok {
		verified, err := Need[massbalance.Verified](w.s, key)
		if err != nil {
			return err
		}
		origin = &Origin{Statement: verified.Statement, Introduced: lot.Product}
		origins[key] = origin
	}
	origin.Quantity = origin.Quantity.Add(share)
	origin.Lots = append(origin.Lots, lot.ID)
	return nil
}
