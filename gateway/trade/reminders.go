package trade

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// ReminderKind says what a reminder is about.
type ReminderKind string

// The kinds of reminders.
const (
	// AnswerDue: the other party's terms wait for this organisation.
	AnswerDue ReminderKind = "answer_due"
	// OfferEnds: own terms end soon and are not answered.
	OfferEnds ReminderKind = "offer_ends"
	// FactsDiffer: an open offer states what the ledger does not say any more.
	FactsDiffer ReminderKind = "facts_differ"
	// PeriodEnds: a period of an agreement ends soon; Quantity is what is missing of its minimum.
	PeriodEnds ReminderKind = "period_ends"
	// AgreementEnds: the last period ends soon.
	AgreementEnds ReminderKind = "agreement_ends"
	// SettlementDue: a period is over and not confirmed by this organisation.
	SettlementDue ReminderKind = "settlement_due"
	// SettlementDiffers: the parties computed different statements.
	SettlementDiffers ReminderKind = "settlement_differs"
	// DisputeOpen: a dispute about a period is not resolved.
	DisputeOpen ReminderKind = "dispute_open"
)

// Reminder is one thing that a day asks for. No price is in it.
type Reminder struct {
	Kind ReminderKind
	// Subject is the ID of the offer or agreement, With the other party, "" for an
	// offer to all; Period counts from 1, 0 where it is about none.
	Subject string
	Period  int
	With    massbalance.OrganisationID
	// Due is the last day on which something can be done, or that on which a
	// period ended; Days counts from today to it and is negative when it is past.
	Due      massbalance.Date
	Days     int
	Quantity massbalance.Quantity
	Text     string
}

// Key tells reminders apart: what is said once need not be said again.
func (r Reminder) Key() string {
	return fmt.Sprintf("%s %s %d %s %s", r.Kind, r.Subject, r.Period, r.With, r.Due)
}

// Reminders lists what of the organisation's trade needs it on a day, or ends
// within so many days from it, the earliest first.
func (d *Desk) Reminders(ctx context.Context, today massbalance.Date, within int) (all []Reminder, err error) {
	if !today.Valid() {
		return nil, fmt.Errorf("%w: %q is no day", ErrUnusable, today)
	}
	err = d.model.Read(ctx, func(s *readmodel.Snapshot) error {
		r := &reminding{desk: d.At(s), s: s, today: today, within: within}
		for _, step := range []func(context.Context) error{r.negotiations, r.public, r.agreements} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		all = r.all
		return nil
	})
	slices.SortStableFunc(all, func(a, b Reminder) int {
		return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Period, b.Period))
	})
	return all, err
}

type reminding struct {
	desk   *Desk
	s      *readmodel.Snapshot
	today  massbalance.Date
	within int
	all    []Reminder
}

func (r *reminding) add(one Reminder, text string, arguments ...any) {
	one.Days, one.Text = r.left(one.Due), fmt.Sprintf(text, arguments...)
	r.all = append(r.all, one)
}

// left counts the days from today to another; today itself is 0.
func (r *reminding) left(day massbalance.Date) int { return int(days(r.today, day)) - 1 }

// soon reports whether a day that is not past is near.
func (r *reminding) soon(day massbalance.Date) bool {
	return day >= r.today && r.left(day) <= r.within
}

func (r *reminding) negotiations(ctx context.Context) error {
	filed, err := readmodel.AllThings[massbalance.Negotiation](r.s, massbalance.KindNegotiation, readmodel.ThingFilter{})
	if err != nil {
		return err
	}
	for _, one := range filed {
		if n := one.Value; n.Status == massbalance.NegotiationOpen && (n.Seller == r.desk.organisation || n.Quote.Buyer == r.desk.organisation) {
			if err := r.negotiation(ctx, n); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reminding) negotiation(ctx context.Context, n massbalance.Negotiation) error {
	offer, err := readmodel.Need[massbalance.Offer](r.s, massbalance.OfferKey(n.Offer))
	until := min(n.Expires, offer.Expires)
	if err != nil || offer.Withdrawn != "" || until < r.today {
		return err
	}
	one := Reminder{Subject: string(n.Offer), With: n.Seller, Due: until}
	if n.Seller == r.desk.organisation {
		one.With = n.Quote.Buyer
	}
	if n.By != r.desk.organisation {
		one.Kind = AnswerDue
		r.add(one, "%s proposed terms that stand until %s", n.By, until)
	} else if r.soon(until) {
		one.Kind = OfferEnds
		r.add(one, "%s has not answered; the terms stand until %s", one.With, until)
	}
	facts := offer.Facts
	if facts == nil {
		if facts, err = r.desk.factsFor(ctx, r.s, offer, n.Quote.Buyer); err != nil || facts == nil {
			return notKept(err)
		}
	}
	findings, err := HoldFacts(r.s, offer.Seller, *facts)
	if err == nil && len(findings) > 0 {
		one.Kind = FactsDiffer
		r.add(one, "%d of the facts offered do not hold any more; %s", len(findings), findings[0])
	}
	return err
}

// public lists own offers to all that nobody took up.
func (r *reminding) public(context.Context) error {
	filed, err := readmodel.AllThings[massbalance.Offer](r.s, massbalance.KindOffer, readmodel.ThingFilter{})
	for _, one := range filed {
		if o := one.Value; o.Seller == r.desk.organisation && len(o.Buyers) == 0 && o.Withdrawn == "" && r.soon(o.Expires) {
			r.add(Reminder{Kind: OfferEnds, Subject: string(o.ID), Due: o.Expires}, "the offer to all stands until %s", o.Expires)
		}
	}
	return err
}

func (r *reminding) agreements(context.Context) error {
	filed, err := readmodel.AllThings[massbalance.Agreement](r.s, massbalance.KindAgreement, readmodel.ThingFilter{})
	if err != nil {
		return err
	}
	for _, one := range filed {
		a := one.Value
		if a.Seller != r.desk.organisation && a.Buyer != r.desk.organisation {
			continue
		}
		receipts, err := Receipts(r.s, a.ID)
		if err != nil {
			return err
		}
		periods, err := Fulfil(a, receipts, r.today)
		if err != nil {
			return err
		}
		for _, f := range periods {
			if err := r.period(a, f); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reminding) period(a massbalance.Agreement, f Fulfilment) error {
	one := Reminder{Subject: string(a.ID), Period: f.Period, With: a.Seller, Due: f.To}
	if a.Seller == r.desk.organisation {
		one.With = a.Buyer
	}
	if f.From <= r.today && r.soon(f.To) {
		one.Kind, one.Quantity = PeriodEnds, f.Called.Shortage(f.Due)
		r.add(one, "period %d ends on %s; of %s kg to be delivered %s kg are not called off", f.Period, f.To, f.Due, one.Quantity)
		if f.Period == len(a.Commitment.Periods) {
			one.Kind, one.Quantity = AgreementEnds, massbalance.Quantity{}
			r.add(one, "the agreement ends on %s", f.To)
		}
	}
	return r.settlement(a, f, one)
}

func (r *reminding) settlement(a massbalance.Agreement, f Fulfilment, one Reminder) error {
	value, err := r.s.Get(massbalance.SettlementKey(a.ID, f.Period))
	if err != nil {
		return err
	}
	said, _ := value.(massbalance.Settlement)
	own := said.Buyer
	if a.Seller == r.desk.organisation {
		own = said.Seller
	}
	one.Quantity = massbalance.Quantity{}
	switch {
	case said.Differs():
		one.Kind = SettlementDiffers
		r.add(one, "period %d is settled by neither: the parties computed different statements", f.Period)
	case f.To < r.today && own.IsZero():
		one.Kind = SettlementDue
		r.add(one, "period %d ended on %s and is not confirmed", f.Period, f.To)
	}
	for _, dispute := range said.Disputes {
		if dispute.Resolved == "" {
			one.Kind = DisputeOpen
			r.add(one, "%s disputes period %d since %s", dispute.By, f.Period, dispute.Raised)
		}
	}
	return nil
}
