package trade

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// FactFinding is where the facts of an offer are not what the ledger says. The
// rules hold only facts offered to all; those offered to some they never see, so
// both parties' gateways do.
type FactFinding struct {
	// About is the lot, statement, site or set of characteristics in question.
	About string
	// Problem says it in words; Have and Need are kilograms, where it is about these.
	Problem string
	Have    massbalance.Quantity
	Need    massbalance.Quantity
}

// String says the finding with its figures.
func (f FactFinding) String() string {
	if f.Need.IsZero() {
		return f.About + ": " + f.Problem
	}
	return fmt.Sprintf("%s: %s: have %s kg, need %s kg", f.About, f.Problem, f.Have, f.Need)
}

// FactsReport is what an offer states to a buyer, held against the ledger at one
// height. Nothing is reserved by an offer, so what was true may be so no longer.
type FactsReport struct {
	Offer    massbalance.OfferID
	Seller   massbalance.OrganisationID
	Buyer    massbalance.OrganisationID
	Facts    *massbalance.OfferFacts
	Findings []FactFinding
}

// ErrFacts means that an offer states what the ledger does not say.
var ErrFacts = errors.New("the offer states what the ledger does not say")

// checkFacts refuses a draft whose facts do not hold. An offer that is on the
// ledger already is only repeated: its lots may have moved since.
func (d *Desk) checkFacts(ctx context.Context, command massbalance.CommandID, draft Draft) error {
	if draft.Facts == nil || draft.Public {
		return nil // the rules hold what is offered to all
	}
	return d.model.Read(ctx, func(s *readmodel.Snapshot) error {
		made, err := s.Get(massbalance.OfferKey(massbalance.OfferID(string(d.organisation) + "/" + string(command))))
		if err != nil || made != nil {
			return err
		}
		findings, err := HoldFacts(s, d.organisation, *draft.Facts)
		if err != nil || len(findings) == 0 {
			return err
		}
		words := make([]string, len(findings))
		for i, f := range findings {
			words[i] = f.String()
		}
		return fmt.Errorf("%w: %w: %s", ErrUnusable, ErrFacts, strings.Join(words, "; "))
	})
}

// Facts holds what an offer states to a buyer against the ledger. Both parties
// can ask; a buyer names itself.
func (d *Desk) Facts(ctx context.Context, id massbalance.OfferID, buyer massbalance.OrganisationID) (r FactsReport, err error) {
	err = d.model.Read(ctx, func(s *readmodel.Snapshot) error {
		offer, err := readmodel.Need[massbalance.Offer](s, massbalance.OfferKey(id))
		if err != nil {
			return err
		}
		r = FactsReport{Offer: id, Seller: offer.Seller, Buyer: buyer, Facts: offer.Facts}
		if r.Facts == nil {
			if d.organisation != offer.Seller && d.organisation != buyer {
				return fmt.Errorf("couldn't open the facts of offer %s: %w", id, ErrNotParty)
			}
			if r.Facts, err = d.factsFor(ctx, s, offer, buyer); err != nil || r.Facts == nil {
				return err
			}
		}
		r.Findings, err = HoldFacts(s, offer.Seller, *r.Facts)
		return err
	})
	return r, err
}

// HoldFacts compares the physical side of an offer with the seller's books, as
// the rules do for what is offered to all, and says everything that differs.
func HoldFacts(s *readmodel.Snapshot, seller massbalance.OrganisationID, f massbalance.OfferFacts) ([]FactFinding, error) {
	h := &factHolder{s: s, seller: seller, facts: f}
	for _, step := range []func() error{h.place, h.sets, h.forecast, h.lots} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return h.findings, nil
}

type factHolder struct {
	s        *readmodel.Snapshot
	seller   massbalance.OrganisationID
	facts    massbalance.OfferFacts
	findings []FactFinding
}

func (h *factHolder) find(about any, problem string, arguments ...any) {
	h.findings = append(h.findings, FactFinding{About: fmt.Sprint(about), Problem: fmt.Sprintf(problem, arguments...)})
}

func (h *factHolder) lack(about any, have, need massbalance.Quantity, problem string) {
	if have.Less(need) {
		h.findings = append(h.findings, FactFinding{About: fmt.Sprint(about), Problem: problem, Have: have, Need: need})
	}
}

// known looks a thing up; what is not there is a finding.
func known[T massbalance.Value](h *factHolder, key massbalance.Key, about any) (value T, ok bool, err error) {
	found, err := h.s.Get(key)
	if err != nil {
		return value, false, err
	}
	if value, ok = found.(T); !ok {
		h.find(about, "is not on the ledger")
	}
	return value, ok, nil
}

// owned checks whose a site is.
func (h *factHolder) owned(id massbalance.SiteID, about any) error {
	site, ok, err := known[massbalance.Site](h, massbalance.SiteKey(id), id)
	if ok && site.Owner != h.seller {
		h.find(about, "is at site %s of %s, not of %s", id, site.Owner, h.seller)
	}
	return err
}

func (h *factHolder) place() error {
	if _, _, err := known[massbalance.Product](h, massbalance.ProductKey(h.facts.Product), h.facts.Product); err != nil {
		return err
	}
	return h.owned(h.facts.Site, "the place of delivery")
}

func (h *factHolder) sets() error {
	for _, id := range h.facts.Characteristics {
		if _, _, err := known[massbalance.Characteristics](h, massbalance.CharacteristicsKey(id), id); err != nil {
			return err
		}
	}
	return nil
}

// forecast holds what is yet to be introduced against its statement.
func (h *factHolder) forecast() error {
	f := h.facts
	if f.Statement == "" {
		return nil
	}
	verified, ok, err := known[massbalance.Verified](h, massbalance.StatementKey(f.Certifier, f.Statement), f.Statement)
	if err != nil || !ok {
		return err
	}
	s := verified.Statement
	if s.Holder != h.seller {
		h.find(s.ID, "is for %s, not for %s", s.Holder, h.seller)
	}
	if s.Product != f.Product || !slices.Contains(f.Characteristics, s.Characteristics.ID()) {
		h.find(s.ID, "is of %s of set %s, which the offer does not name", s.Product, s.Characteristics.ID())
	}
	h.lack(s.ID, verified.Introduced.Shortage(s.Quantity), f.Quantity, "has less left to be introduced")
	return nil
}

// lots holds what is offered from lots against these.
func (h *factHolder) lots() error {
	var total massbalance.Quantity
	for _, line := range h.facts.Lots {
		total = total.Add(line.Quantity)
		if err := h.lot(line); err != nil {
			return err
		}
	}
	if h.facts.Statement == "" {
		h.lack("the lots together", total, h.facts.Quantity, "are less than what is offered")
	}
	return nil
}

func (h *factHolder) lot(line massbalance.LotLine) error {
	lot, ok, err := known[massbalance.Lot](h, massbalance.LotKey(line.Lot), line.Lot)
	if err != nil || !ok {
		return err
	}
	if lot.Product != h.facts.Product || !slices.Contains(h.facts.Characteristics, lot.Characteristics) {
		h.find(lot.ID, "is of %s of set %s, which the offer does not name", lot.Product, lot.Characteristics)
	}
	if h.facts.Model.Level() > lot.Model.Level() {
		h.find(lot.ID, "is %s and cannot be sold as %s", lot.Model, h.facts.Model)
	}
	h.lack(lot.ID, lot.Available(), line.Quantity, "has less left")
	return h.owned(lot.Site, lot.ID)
}

// notKept passes over what the own peer does not keep, or not yet.
func notKept(err error) error {
	if errors.Is(err, ErrNotKept) {
		return nil
	}
	return err
}
