package massbalance

import (
	"fmt"
	"slices"
)

// This file holds what two parties say of a period of their agreement: that it
// is settled as stated, or that they disagree. What is to be paid is computed by
// both, from the terms that only they hold and the receipts that all can read;
// the ledger keeps the hash of what each computed and sees whether it is the
// same.

// Settlement is what the parties of an agreement said of one of its periods.
type Settlement struct {
	Agreement AgreementID
	Period    int // counts from 1
	// Seller and Buyer are the hashes of the statements that each computed.
	Seller Digest
	Buyer  Digest
	// Agreed is the day on which they were the same; from then on they stand.
	Agreed   Date
	Disputes []Dispute
}

// Dispute is a disagreement about a period, until whoever raised it resolves it.
type Dispute struct {
	By         OrganisationID
	Reason     string
	Raised     Date
	Resolution string
	Resolved   Date
}

func (Settlement) isValue() {}

// Differs reports whether the parties computed different statements.
func (s Settlement) Differs() bool {
	return !s.Seller.IsZero() && !s.Buyer.IsZero() && s.Seller != s.Buyer
}

func (b ConfirmSettlement) check() string {
	if b.Statement.IsZero() {
		return "statement: the hash of the settlement statement must be given"
	}
	return checkAgreementPeriod(b.Agreement, b.Period)
}

func checkAgreementPeriod(id AgreementID, period int) string {
	if id == "" || period < 1 {
		return "agreement must be named, and the period, counted from 1"
	}
	return ""
}

// settlement looks up what was said of a period of an agreement that the
// submitter is a party of.
func (e *execution) settlement(id AgreementID, period int) (Agreement, Settlement, error) {
	a, err := need[Agreement](e, AgreementKey(id))
	if err != nil {
		return a, Settlement{}, err
	}
	if us := e.tx.Organisation; us != a.Seller && us != a.Buyer {
		return a, Settlement{}, refuse(NotParty, "agreement %s is between %s and %s, not %s's", id, a.Seller, a.Buyer, us)
	}
	if period > len(a.Commitment.Periods) {
		return a, Settlement{}, refuse(NotFound, "agreement %s has %d periods, no period %d", id, len(a.Commitment.Periods), period)
	}
	s, known, err := find[Settlement](e, SettlementKey(id, period))
	if !known {
		s = Settlement{Agreement: id, Period: period}
	}
	return a, s, err
}

// ConfirmSettlement says what the submitter computed. Once both said the same
// the period is settled; until then either may say it anew.
func (b ConfirmSettlement) execute(e *execution) error {
	a, s, err := e.settlement(b.Agreement, b.Period)
	if err != nil {
		return err
	}
	if s.Agreed != "" {
		return refuse(SettlementAgreed, "period %d of agreement %s is settled since %s, as %s", b.Period, b.Agreement, s.Agreed, s.Seller)
	}
	if last := a.Commitment.Periods[b.Period-1].To; e.command.Date <= last {
		return refuse(DateOutsidePeriod, "period %d of agreement %s lasts until %s and cannot be settled on %q", b.Period, b.Agreement, last, e.command.Date)
	}
	if e.tx.Organisation == a.Seller {
		s.Seller = b.Statement
	} else {
		s.Buyer = b.Statement
	}
	if s.Seller == s.Buyer {
		s.Agreed = e.command.Date
	}
	return e.say(s)
}

// say stores a settlement.
func (e *execution) say(s Settlement) error {
	e.put(SettlementKey(s.Agreement, s.Period), s)
	e.record.Subject = string(s.Agreement)
	return nil
}

func (b RaiseDispute) check() string {
	if b.Reason == "" || !validText(b.Reason) {
		return fmt.Sprintf("reason: must be 1 to %d bytes without control characters", textLimit)
	}
	return checkAgreementPeriod(b.Agreement, b.Period)
}

// RaiseDispute puts a disagreement on record, also after the settlement.
func (b RaiseDispute) execute(e *execution) error {
	_, s, err := e.settlement(b.Agreement, b.Period)
	if err != nil {
		return err
	}
	if at := s.dispute(e.tx.Organisation); at >= 0 {
		return refuse(AlreadyExists, "%s has a dispute about period %d of agreement %s since %s", e.tx.Organisation, b.Period, b.Agreement, s.Disputes[at].Raised)
	}
	if len(s.Disputes) >= listLimit {
		return refuse(InvalidCommand, "period %d of agreement %s has %d disputes, the most there may be", b.Period, b.Agreement, listLimit)
	}
	s.Disputes = append(slices.Clone(s.Disputes), Dispute{By: e.tx.Organisation, Reason: b.Reason, Raised: e.command.Date})
	return e.say(s)
}

// dispute finds what a party raised and did not resolve, or −1.
func (s Settlement) dispute(by OrganisationID) int {
	return slices.IndexFunc(s.Disputes, func(d Dispute) bool { return d.By == by && d.Resolution == "" })
}

func (b ResolveDispute) check() string {
	if b.Resolution == "" || !validText(b.Resolution) {
		return fmt.Sprintf("resolution: must be 1 to %d bytes without control characters", textLimit)
	}
	return checkAgreementPeriod(b.Agreement, b.Period)
}

// ResolveDispute ends the submitter's own dispute and says how.
func (b ResolveDispute) execute(e *execution) error {
	_, s, err := e.settlement(b.Agreement, b.Period)
	if err != nil {
		return err
	}
	at := s.dispute(e.tx.Organisation)
	if at < 0 {
		return refuse(NotFound, "%s has no dispute about period %d of agreement %s", e.tx.Organisation, b.Period, b.Agreement)
	}
	s.Disputes = slices.Clone(s.Disputes)
	s.Disputes[at].Resolution, s.Disputes[at].Resolved = b.Resolution, e.command.Date
	return e.say(s)
}
