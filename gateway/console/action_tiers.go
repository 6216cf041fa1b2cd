package console

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

const (
	// tierWays bounds how many ways back from a claim a form offers.
	tierWays = 50
	// tierClaims bounds how many claims it lists.
	tierClaims = 200
)

// way leads from a lot of a claim back to one that the organisation handed on.
type way struct {
	path []massbalance.LotID
	// last is the organisation's own lot, most what of the claim came over it.
	last massbalance.Lot
	most massbalance.Quantity
}

// key names the way in a form.
func (w way) key() string {
	names := make([]string, 0, len(w.path))
	for _, id := range w.path {
		names = append(names, string(id))
	}
	return strings.Join(names, " ")
}

// tierWays follows a claim's lots back to the first of each way that was at a
// site of the organisation. How much came over it is proposed; the rules decide.
func (l *lens) tierWays(claim massbalance.Claim) ([]way, error) {
	var found []way
	var follow func(w way) error
	follow = func(w way) error {
		site, err := find[massbalance.Site](l, massbalance.SiteKey(w.last.Site))
		if err != nil || len(found) == tierWays {
			return err
		}
		if site.Owner == l.organisation {
			if len(w.path) > 1 {
				found = append(found, w)
			}
			return nil
		}
		var given massbalance.Quantity
		for _, parent := range w.last.Parents {
			given = given.Add(parent.Quantity)
		}
		for _, parent := range w.last.Parents {
			lot, err := readmodel.Need[massbalance.Lot](l.s, massbalance.LotKey(parent.Lot))
			if err != nil {
				return err
			}
			if err := follow(way{append(slices.Clone(w.path), lot.ID), lot, w.most.ScaleFloor(parent.Quantity, given)}); err != nil {
				return err
			}
		}
		return nil
	}
	for _, line := range claim.Lines {
		if !line.Model.Physical() {
			continue
		}
		lot, err := readmodel.Need[massbalance.Lot](l.s, massbalance.LotKey(line.Lot))
		if err != nil {
			return nil, err
		}
		if err := follow(way{[]massbalance.LotID{lot.ID}, lot, line.Quantity}); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// reportTierForm reports what the organisation handed on and another claimed.
func reportTierForm(f *form) (massbalance.Body, error) {
	claim, err := f.othersClaim()
	if err != nil || claim.ID == "" {
		return nil, err
	}
	ways, err := f.tierWays(claim)
	if err != nil {
		return nil, err
	}
	if len(ways) == 0 {
		f.Stop = "Nothing of this claim came from your organisation under a custody model that moves with material, so there is nothing to report for your tier."
		return nil, nil
	}
	at := f.way(ways)
	if at < 0 {
		return nil, nil
	}
	w := ways[at]
	if err := f.when(w.last.Site); err != nil || f.Stop != "" {
		return nil, err
	}
	body := massbalance.ReportTier{Site: w.last.Site, Claim: claim.ID, Path: w.path}
	f.preset("quantity", w.most.String())
	body.Quantity = f.kg("quantity", "Quantity", worded(w.most)+" of the claim came this way, in the claim's own product")
	f.preset("year", fmt.Sprint(claim.ReportingYear))
	body.ReportingYear = f.year("year", "Reporting year")
	body.Purpose = f.text("purpose", "Purpose", "Such as: Scope 3 category 10, processing of sold products")
	return body, nil
}

// preset fills a field in as long as nobody typed into it.
func (f *form) preset(name, value string) {
	if !f.settled && !f.typed.Has(name) {
		f.typed.Set(name, value)
	}
}

// way chooses one of the ways; a single one is chosen already.
func (f *form) way(ways []way) int {
	var choices []choice
	for _, w := range ways {
		choices = append(choices, choice{Value: w.key(), Name: fmt.Sprintf("%s at %s, %s: %s of the claim", w.last.ID, f.siteName(w.last.Site), f.productName(w.last.Product), worded(w.most))})
	}
	chosen := f.decides("way", "What you handed on", "", choices)
	at := slices.IndexFunc(ways, func(w way) bool { return w.key() == chosen })
	one := f.field("way")
	if one.Wide = true; at >= 0 {
		one.Hint = "From the claim back: " + strings.ReplaceAll(ways[at].key(), " ", " ← ")
	}
	return at
}

// othersClaim is a claim of another organisation that stands.
func (f *form) othersClaim() (massbalance.Claim, error) {
	claims, err := f.s.Claims(readmodel.ClaimFilter{Standing: true}, readmodel.Page{Limit: tierClaims, Newest: true})
	if err != nil {
		return massbalance.Claim{}, err
	}
	var choices []choice
	if named, err := find[massbalance.Claim](f.lens, massbalance.ClaimKey(massbalance.ClaimID(f.typed.Get("claim")))); err == nil && named.ID != "" {
		claims.Items = append([]massbalance.Claim{named}, slices.DeleteFunc(claims.Items, func(c massbalance.Claim) bool { return c.ID == named.ID })...)
	}
	for _, c := range claims.Items {
		if c.Organisation != f.organisation {
			choices = append(choices, choice{Value: string(c.ID), Name: fmt.Sprintf("%s: %s %s, %s of %s, %d", c.ID, worded(c.Quantity), f.productName(c.Product), c.Beneficiary, f.memberName(c.Organisation), c.ReportingYear)})
		}
	}
	if len(choices) == 0 {
		f.Stop = "No other member has claimed anything yet."
		return massbalance.Claim{}, nil
	}
	chosen := f.decides("claim", "Claim", "What another member claimed of what you handed on", choices)
	f.field("claim").Wide = true
	return find[massbalance.Claim](f.lens, massbalance.ClaimKey(massbalance.ClaimID(chosen)))
}

// coverRecallForm puts credit up for what a claim lacks since a recall.
func coverRecallForm(f *form) (massbalance.Body, error) {
	claim, share, err := f.lacking()
	if err != nil || claim.ID == "" {
		return nil, err
	}
	due := share.Covered.Shortage(share.Quantity)
	f.says("Of the %s that %s claimed, %s rest on statement %s of %s, which is recalled; %s of it are still to be covered.", worded(claim.Quantity), f.memberName(claim.Organisation),
		worded(share.Quantity), share.Statement, share.Certifier, worded(due))
	site, err := f.ownSite("Site")
	if err != nil || site == "" {
		return nil, err
	}
	if err := f.when(site); err != nil || f.Stop != "" {
		return nil, err
	}
	f.preset("attribute", due.String())
	body := massbalance.CoverRecall{Site: site, Claim: claim.ID, Certifier: share.Certifier, Statement: share.Statement}
	body.Lines, err = f.lots("Lots put up for it", "Of the claim's product and scheme, kept at least as strictly as "+modelName(share.Model)+". They are used up as a claim would use them up.",
		lotFilter{Site: site, Product: claim.Product, Verb: "Put up"})
	return body, err
}

// lacking is a claim of which something rests on a recalled statement and is
// not covered, and which part of it.
func (f *form) lacking() (massbalance.Claim, massbalance.MarkShare, error) {
	marks, err := f.lacks(nil)
	if err != nil {
		return massbalance.Claim{}, massbalance.MarkShare{}, err
	}
	var choices []choice
	for _, m := range marks {
		choices = append(choices, choice{Value: m.Key(), Name: fmt.Sprintf("%s of %s: %s lacking since the recall of %s", m.Claim.ID, f.memberName(m.Claim.Organisation), worded(m.Due()), m.Share.Statement)})
	}
	if len(choices) == 0 {
		f.Stop = "No claim lacks anything: none rests on a recalled statement, or all of them are covered."
		return massbalance.Claim{}, massbalance.MarkShare{}, nil
	}
	chosen := f.decides("lack", "Claim", "", choices)
	f.field("lack").Wide = true
	for _, m := range marks {
		if m.Key() == chosen {
			return m.Claim, m.Share, nil
		}
	}
	return massbalance.Claim{}, massbalance.MarkShare{}, nil
}

// lack is what a claim lacks since a recall.
type lack struct {
	Claim massbalance.Claim
	Share massbalance.MarkShare
}

// Key names it in a form.
func (k lack) Key() string {
	return string(k.Claim.ID) + " " + string(k.Share.Certifier) + "/" + string(k.Share.Statement)
}

// Due is what is still to be covered.
func (k lack) Due() massbalance.Quantity { return k.Share.Covered.Shortage(k.Share.Quantity) }

// lacks lists what claims lack since recalls, of those that are meant.
func (l *lens) lacks(meant func(massbalance.Claim) bool) ([]lack, error) {
	marks, err := readmodel.AllThings[massbalance.Mark](l.s, massbalance.KindMark, readmodel.ThingFilter{})
	if err != nil {
		return nil, err
	}
	var lacks []lack
	for _, m := range marks {
		claim, err := readmodel.Need[massbalance.Claim](l.s, massbalance.ClaimKey(massbalance.ClaimID(m.Key.A)))
		if err != nil {
			return nil, err
		}
		if claim.Reversed != "" || meant != nil && !meant(claim) {
			continue
		}
		for _, share := range m.Value.Shares {
			if one := (lack{claim, share}); !one.Due().IsZero() {
				lacks = append(lacks, one)
			}
		}
	}
	return lacks, nil
}
