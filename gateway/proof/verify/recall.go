package verify

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Recalled is a statement behind the claim that was found to rest on fraud.
type Recalled struct {
	massbalance.Recall
	// Tainted is how much of the claim rests on it, in kilograms of the product
	// claimed, as the rules trace it: nothing, where the claim took what was left
	// after its share had been frozen. Traced is what of that the ledger marked so
	// far, Covered what was put up in its place, by the claims Covers.
	Tainted massbalance.Quantity
	Traced  massbalance.Quantity
	Covered massbalance.Quantity
	Covers  []massbalance.ClaimID
}

// Stands reports whether what the claim lacks for it is covered.
func (r Recalled) Stands() bool { return !r.Covered.Less(r.Tainted) }

// Covered is the claim that a claim stands in for, and why.
type Covered struct {
	// Claim as its own record tells it: its lots are not shown, so what it says of
	// their places and figures is not known.
	Claim massbalance.Claim
	// Recall is that of the statement which the claim lacks, Share what it lacks for
	// it and what stands in, this claim included.
	Recall massbalance.Recall
	Share  massbalance.MarkShare
	// Reversed is the day on which it was reversed, "" if it was not.
	Reversed massbalance.Date
}

// since finds what happened to the claim and to what it rests on.
func (v *verification) since() error {
	if claim, reversed := told[massbalance.Claim](v.reg, massbalance.ClaimKey(v.out.Claim.ID)); reversed {
		v.out.Reversed = claim.Reversed
	}
	seen := map[massbalance.Key]bool{}
	for _, id := range v.made() {
		lot := v.lot(id)
		key := massbalance.RecallKey(lot.Certifier, lot.Statement)
		recall, recalled := told[massbalance.Recall](v.reg, key)
		if !recalled || seen[key] {
			continue
		}
		seen[key] = true
		found, err := v.tainted(recall)
		if err != nil {
			return err
		}
		v.out.Recalled = append(v.out.Recalled, found)
	}
	for _, id := range v.covers {
		if slices.ContainsFunc(v.mark(id).Shares, func(s massbalance.MarkShare) bool { return s.Covered.Less(s.Quantity) }) {
			v.out.Lacking = append(v.out.Lacking, id)
		}
	}
	return nil
}

// tainted works out how much of the claim rests on a recalled statement: what the
// ledger marked, and what the rules would find now in the lots shown.
func (v *verification) tainted(recall massbalance.Recall) (Recalled, error) {
	certifier, statement := recall.Finding.Certifier, recall.Finding.Statement
	out := Recalled{Recall: recall}
	view := v.world.State
	view[massbalance.RecallKey(certifier, statement)] = recall
	delete(view, massbalance.MarkKey(v.out.Claim.ID))
	if mark := v.mark(v.out.Claim.ID); len(mark.Shares) > 0 {
		view[massbalance.MarkKey(v.out.Claim.ID)] = mark
		for _, share := range mark.Shares {
			if share.Certifier == certifier && share.Statement == statement {
				out.Traced, out.Covered, out.Covers = share.Quantity, share.Covered, share.Covers
			}
		}
	}
	untraced, err := massbalance.FindUntraced(view, certifier, statement, v.made(), []massbalance.ClaimID{v.out.Claim.ID})
	if err != nil {
		return out, fmt.Errorf("couldn't trace statement %s: %w", statement, err)
	}
	out.Tainted = out.Traced.Add(untraced.Claimed)
	return out, nil
}

// covered finds the claim that this one stands in for.
func (v *verification) covered() error {
	id := v.out.Claim.Covers
	if id == "" {
		return nil
	}
	at := slices.IndexFunc(v.records, func(r massbalance.Record) bool { return r.Subject == string(v.out.Claim.ID) })
	if at < 0 {
		return fmt.Errorf("%w: claim %s is not among them", ErrLog, v.out.Claim.ID)
	}
	body, ok := v.bundle.Leaves[at].Core.Command.Body.(massbalance.CoverRecall)
	claim, known := v.world.State[massbalance.ClaimKey(id)].(massbalance.Claim)
	recall, recalled := told[massbalance.Recall](v.reg, massbalance.RecallKey(body.Certifier, body.Statement))
	if !ok || !known || !recalled {
		return fmt.Errorf("%w: claim %s, for which it stands in, or the recall of statement %s", ErrIncomplete, id, body.Statement)
	}
	out := &Covered{Claim: claim, Recall: recall}
	for _, share := range v.mark(id).Shares {
		if share.Certifier == body.Certifier && share.Statement == body.Statement {
			out.Share = share
		}
	}
	if len(out.Share.Covers) < mostCovers && !slices.Contains(out.Share.Covers, v.out.Claim.ID) {
		return fmt.Errorf("%w: claim %s is not marked as covered by it", ErrIncomplete, id)
	}
	if now, reversed := told[massbalance.Claim](v.reg, massbalance.ClaimKey(id)); reversed {
		out.Reversed = now.Reversed
	}
	v.out.Covers = out
	return nil
}

// mostCovers is how many covers a mark names.
const mostCovers = 500
