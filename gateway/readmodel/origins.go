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
	// Rounding is what rounding down left without an origin: some grams for each
	// parent of each lot at most. The shares and Rounding add up to Quantity.
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
type Step massbalance.Ancestor

// Trace walks a claim's lots back to the statements under which they were
// introduced, as massbalance.Ancestry does, and so as the claim's bundle says it.
func (s *Snapshot) Trace(id massbalance.ClaimID) (Trace, error) {
	claim, err := Need[massbalance.Claim](s, massbalance.ClaimKey(id))
	if err != nil {
		return Trace{}, err
	}
	sources, err := s.sources(claim.Quantity, claim.Lines)
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
	sources, err := s.sources(lot.Quantity, []massbalance.TransferLine{{Lot: id, Quantity: lot.Quantity}})
	if err != nil {
		return LotTrace{}, fmt.Errorf("couldn't trace lot %s: %w", id, err)
	}
	return LotTrace{lot, sources}, nil
}

func (s *Snapshot) sources(quantity massbalance.Quantity, lines []massbalance.TransferLine) (Sources, error) {
	out := Sources{Quantity: quantity}
	recalls, err := Things[massbalance.Recall](s, massbalance.KindRecall, ThingFilter{}, Page{Limit: 1})
	if err != nil {
		return out, err
	}
	path, err := massbalance.Ancestry(traced{s, len(recalls.Items) > 0}, lines)
	if err != nil {
		return out, err
	}
	origins := map[massbalance.Key]*Origin{}
	var placed massbalance.Quantity
	for _, a := range path {
		out.Path = append(out.Path, Step(a))
		if len(a.Lot.Parents) > 0 || a.Lot.Statement == "" {
			continue
		}
		if err := s.introducedAs(origins, a); err != nil {
			return out, err
		}
		placed = placed.Add(a.Share)
	}
	for _, origin := range origins {
		out.Origins = append(out.Origins, *origin)
	}
	slices.SortFunc(out.Origins, func(a, b Origin) int {
		if b.Quantity.Less(a.Quantity) {
			return -1
		}
		if a.Quantity.Less(b.Quantity) {
			return 1
		}
		return cmp.Or(cmp.Compare(a.Statement.Certifier, b.Statement.Certifier), cmp.Compare(a.Statement.ID, b.Statement.ID))
	})
	out.Rounding, _ = quantity.Sub(placed)
	return out, nil
}

// traced saves looking for what recalls found in thousands of lots where there
// was never a recall.
type traced struct {
	*Snapshot
	any bool
}

// Get answers as the ledger does.
func (t traced) Get(key massbalance.Key) (massbalance.Value, error) {
	if key.Kind == massbalance.KindTaint && !t.any {
		return nil, nil
	}
	return t.Snapshot.Get(key)
}

func (s *Snapshot) introducedAs(origins map[massbalance.Key]*Origin, a massbalance.Ancestor) error {
	key := massbalance.StatementKey(a.Lot.Certifier, a.Lot.Statement)
	origin, ok := origins[key]
	if !ok {
		verified, err := Need[massbalance.Verified](s, key)
		if err != nil {
			return err
		}
		origin = &Origin{Statement: verified.Statement, Introduced: a.Lot.Product}
		origins[key] = origin
	}
	origin.Quantity = origin.Quantity.Add(a.Share)
	origin.Lots = append(origin.Lots, a.Lot.ID)
	return nil
}
