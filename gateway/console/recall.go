package console

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// recallRow is a statement found to rest on fraud, with where its credit is.
type recallRow struct {
	massbalance.FraudFinding
	Introduced, Frozen, Claimed, Covered massbalance.Quantity
	// Lots and Claims rest on it and were not traced yet; ToFreeze is what tracing
	// them would freeze. Stuck are those that cannot be traced.
	Lots, Claims, Stuck int
	ToFreeze            massbalance.Quantity
}

// Open reports whether the row is an alarm.
func (r recallRow) Open() bool { return r.Lots+r.Claims+r.Stuck > 0 }

func (l *lens) recalls() ([]recallRow, error) {
	recalls, err := l.s.AllRecalls()
	if err != nil {
		return nil, err
	}
	rows := make([]recallRow, 0, len(recalls))
	for _, r := range recalls {
		reach, err := l.s.Reach(r.Finding.Certifier, r.Finding.Statement)
		if err != nil {
			return nil, err
		}
		rows = append(rows, recallRow{
			r.Finding, r.Introduced, r.Frozen, r.Claimed, r.Covered,
			len(reach.Untraced.Lots), len(reach.Untraced.Claims), len(reach.Untraced.Refused), reach.Untraced.Frozen,
		})
	}
	return rows, nil
}

// todayRecalls lists the claims of the organisation that lack something since a
// recall, and its lots of which something is frozen.
func (l *lens) todayRecalls(page *todayPage, sites []massbalance.Site) error {
	mine := func(c massbalance.Claim) bool { return c.Organisation == l.organisation || !page.Own }
	lacks, err := l.lacks(mine)
	if err != nil {
		return err
	}
	for _, one := range lacks {
		page.Todo = append(page.Todo, todo{Class: "rejected", Do: "Cover a recalled claim", Due: one.Claim.Date,
			What: fmt.Sprintf("%s claimed for %s rest on statement %s, which is recalled", worded(one.Due()), one.Claim.Beneficiary, one.Share.Statement),
			Href: "/claims/" + string(one.Claim.ID), Where: string(one.Claim.ID),
			Deeds: l.allowed(deedOf("cover-recall", true, "lack", one.Key()))})
	}
	if !page.Own {
		return nil
	}
	return l.todayFrozen(page, sites)
}

// todayFrozen names the lots at own sites that can no longer be spent in whole.
func (l *lens) todayFrozen(page *todayPage, sites []massbalance.Site) error {
	taints, err := readmodel.AllThings[massbalance.Taint](l.s, massbalance.KindTaint, readmodel.ThingFilter{})
	if err != nil {
		return err
	}
	for _, t := range taints {
		lot, err := find[massbalance.Lot](l, massbalance.LotKey(massbalance.LotID(t.Key.A)))
		if err != nil {
			return err
		}
		own := slices.ContainsFunc(sites, func(s massbalance.Site) bool { return s.ID == lot.Site })
		if !own || t.Value.Frozen.IsZero() || lot.Available().IsZero() {
			continue
		}
		page.Todo = append(page.Todo, todo{Class: "rejected", Do: "Recalled", Due: page.Today,
			What: fmt.Sprintf("%s of %s at %s are frozen: they rest on a recalled statement", worded(t.Value.Frozen), l.productName(lot.Product), l.siteName(lot.Site)),
			Href: "/lots/" + string(lot.ID), Where: string(lot.ID)})
	}
	return nil
}
