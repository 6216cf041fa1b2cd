package readmodel

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// AllRecalls lists statements found to rest on fraud, in the order of the findings.
func (s *Snapshot) AllRecalls() ([]massbalance.Recall, error) {
	filed, err := AllThings[massbalance.Recall](s, massbalance.KindRecall, ThingFilter{})
	recalls := make([]massbalance.Recall, 0, len(filed))
	for _, f := range filed {
		recalls = append(recalls, f.Value)
	}
	return recalls, err
}

// RecallReach is how far a recall reaches: what was made of the statement's
// credit, and what of that nobody has traced yet.
type RecallReach struct {
	Recall massbalance.Recall
	// Lots are those that were introduced on the statement and all that were made
	// of them, each after its parents; Claims rest on some of them.
	Lots     []massbalance.LotID
	Claims   []massbalance.ClaimID
	Untraced massbalance.Untraced
}

// Reach follows a recalled statement forward.
func (s *Snapshot) Reach(certifier massbalance.OrganisationID, statement massbalance.StatementID) (RecallReach, error) {
	recall, err := Need[massbalance.Recall](s, massbalance.RecallKey(certifier, statement))
	if err != nil {
		return RecallReach{}, err
	}
	reach := RecallReach{Recall: recall}
	if err := s.reach(&reach); err != nil {
		return reach, fmt.Errorf("couldn't follow statement %s of %s forward: %w", statement, certifier, err)
	}
	return reach, nil
}

func (s *Snapshot) reach(r *RecallReach) error {
	f := r.Recall.Finding
	introduced, err := s.introduced(f.Certifier, f.Statement)
	if err != nil {
		return err
	}
	d := descent{s: s, lots: map[massbalance.LotID]massbalance.Lot{}}
	for _, lot := range introduced {
		if _, seen := d.lots[lot.ID]; seen {
			continue
		}
		if err := d.visit(lot); err != nil {
			return err
		}
	}
	claimed := map[massbalance.ClaimID]bool{}
	for _, id := range slices.Backward(d.order) {
		claims, err := s.claimsOf(id)
		if err != nil {
			return err
		}
		for _, claim := range claims {
			if !claimed[claim] {
				claimed[claim], r.Claims = true, append(r.Claims, claim)
			}
		}
		r.Lots = append(r.Lots, id)
	}
	r.Untraced, err = massbalance.FindUntraced(s, f.Certifier, f.Statement, r.Lots, r.Claims)
	return err
}

// introduced lists the lots that a statement's introductions made.
func (s *Snapshot) introduced(certifier massbalance.OrganisationID, statement massbalance.StatementID) ([]massbalance.Lot, error) {
	entries, err := s.AllHistory(Holder(massbalance.HolderStatement, string(certifier)+"/"+string(statement)))
	if err != nil {
		return nil, err
	}
	var lots []massbalance.Lot
	for _, e := range entries {
		for _, p := range e.Record.Credits {
			if p.To.Kind != massbalance.HolderLot {
				continue
			}
			lot, err := Need[massbalance.Lot](s, massbalance.LotKey(massbalance.LotID(p.To.ID)))
			if err != nil {
				return nil, err
			}
			lots = append(lots, lot)
		}
	}
	return lots, nil
}

// claimsOf lists the claims that name a lot.
func (s *Snapshot) claimsOf(lot massbalance.LotID) ([]massbalance.ClaimID, error) {
	q := selection{
		columns: "t.position, t.key, state.value", from: "claimed JOIN claims t ON t.key = claimed.claim JOIN state ON state.key = t.key",
		where: []condition{{"claimed.lot = ?", string(lot)}},
	}
	claims, err := all(func(p Page) (Listing[massbalance.Claim], error) { return values[massbalance.Claim](s, q, p) })
	ids := make([]massbalance.ClaimID, 0, len(claims))
	for _, claim := range claims {
		ids = append(ids, claim.ID)
	}
	return ids, err
}
