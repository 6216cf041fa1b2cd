package massbalance

import (
	"fmt"
	"math/big"
	"slices"
)

// tiers is what a recount remembers of lineage and of what was reported on it.
type tiers struct {
	owners map[SiteID]OrganisationID
	sites  map[LotID]SiteID
	source map[LotID]Holder          // where a lot's credit came from
	givers map[Holder]map[LotID]bool // lots whose credit went to a holder
	claims map[ClaimID][]LotLine
	gone   map[ClaimID]bool // reversed
	paths  map[string]bool
	so     map[string]*big.Int // claim/lot/tier → reported so far
}

func newTiers() *tiers {
	return &tiers{
		owners: map[SiteID]OrganisationID{}, sites: map[LotID]SiteID{}, source: map[LotID]Holder{}, givers: map[Holder]map[LotID]bool{},
		claims: map[ClaimID][]LotLine{}, gone: map[ClaimID]bool{}, paths: map[string]bool{}, so: map[string]*big.Int{},
	}
}

// entry follows the lineage of lots, and checks what tiers report (I15).
func (r *tiers) entry(t *Tally, e Entry) {
	reference := string(e.Record.Organisation) + "/" + string(e.Record.Command)
	switch body := e.Command.Body.(type) {
	case RegisterSite:
		r.owners[body.Site] = e.Record.Organisation
	case ClaimCredits:
		r.claims[ClaimID(reference)] = body.Lines
	case CoverRecall:
		r.claims[ClaimID(reference)] = body.Lines
	case Reverse:
		r.gone[ClaimID(string(e.Record.Organisation)+"/"+string(e.Record.Reverses))] = true
	case ReportTier:
		r.report(t, e, body)
	}
	if e.Record.Reverses != "" {
		return // its lots are old ones
	}
	for _, p := range e.Record.Credits {
		if p.From.Kind == HolderLot {
			if r.givers[p.To] == nil {
				r.givers[p.To] = map[LotID]bool{}
			}
			r.givers[p.To][LotID(p.From.ID)] = true
		}
		if p.To.Kind == HolderLot {
			r.source[LotID(p.To.ID)], r.sites[LotID(p.To.ID)] = p.From, p.To.Site
		}
	}
}

func (r *tiers) report(t *Tally, e Entry, body ReportTier) {
	claim, known := r.claims[body.Claim]
	at := -1
	if known && len(body.Path) > 1 {
		at = slices.IndexFunc(claim, func(l LotLine) bool { return l.Lot == body.Path[0] })
	}
	if at < 0 || r.gone[body.Claim] {
		t.find(e, "I15: no claim %s stands on the lots of %v", body.Claim, body.Path)
		return
	}
	if path := fmt.Sprintf("%q %q", body.Claim, body.Path); r.paths[path] {
		t.find(e, "I15: %s was reported before", path)
	} else {
		r.paths[path] = true
	}
	tier := 0
	for i, lot := range body.Path[1:] {
		child := body.Path[i]
		if !r.givers[r.source[child]][lot] {
			t.find(e, "I15: lot %s was not made of lot %s", child, lot)
		}
		if r.owners[r.sites[child]] == e.Record.Organisation {
			t.find(e, "I15: %s had lot %s before", e.Record.Organisation, child)
		}
		if r.owners[r.sites[child]] != r.owners[r.sites[lot]] {
			tier++
		}
	}
	if last := body.Path[len(body.Path)-1]; r.owners[r.sites[last]] != e.Record.Organisation {
		t.find(e, "I15: lot %s was never %s's", last, e.Record.Organisation)
	}
	r.add(t, e, fmt.Sprintf("%s/%s/%d", body.Claim, body.Path[0], tier), GramsOf(body.Quantity), GramsOf(claim[at].Quantity))
}

// add checks that a tier's reports together do not exceed the claim.
func (r *tiers) add(t *Tally, e Entry, key string, grams, claimed *big.Int) {
	if r.so[key] == nil {
		r.so[key] = new(big.Int)
	}
	if so := r.so[key].Add(r.so[key], grams); so.Cmp(claimed) > 0 {
		t.find(e, "I15: %s kg reported as %s, %s kg claimed", FormatGrams(so), key, FormatGrams(claimed))
	}
}
