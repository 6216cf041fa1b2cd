package massbalance

import (
	"cmp"
	"fmt"
)

// This file holds the audit of buyers of credits. Book and claim is tied to no
// material, so nobody notices at a weighbridge who claims too much; a scheme may
// want to look at a buyer before more than so many credits are claimed in a year
// (RSPO: more than 500).

// CreditAudit is a certifier's signed declaration that it looked at a claimant's
// credits: in the reporting year it may claim up to the quantity.
type CreditAudit struct {
	ID           CreditAuditID
	Certifier    OrganisationID
	Organisation OrganisationID
	Scheme       SchemeID
	Year         int
	Quantity     Quantity
	Issued       Date
}

// CreditUse is what an organisation claimed of book and claim under a scheme for
// a reporting year, counted while the scheme's profile asks for audits, and up
// to how much it was audited. A reversed claim stays in the count.
type CreditUse struct {
	Claimed Quantity
	Audited Quantity
	Audits  []CreditAuditReference
}

// CreditAuditReference names an audit.
type CreditAuditReference struct {
	Certifier OrganisationID
	Audit     CreditAuditID
}

func (CreditUse) isValue() {}

func (b PublishCreditAudit) check() string {
	a := b.Document.Audit
	switch {
	case !ValidName(string(a.ID)) || !ValidName(string(a.Certifier)) || !ValidName(string(a.Organisation)) || !ValidName(string(a.Scheme)):
		return fmt.Sprintf("audit %q: id, certifier, organisation and scheme must be names", a.ID)
	case a.Year < 1900 || a.Year > 9999 || !a.Issued.Valid():
		return fmt.Sprintf("audit %s: %d is not a year, or issued %q not a date", a.ID, a.Year, a.Issued)
	case a.Quantity.IsZero():
		return fmt.Sprintf("audit %s: must be up to more than 0 kg", a.ID)
	}
	return ""
}

// PublishCreditAudit may be relayed by any trading member. Of several audits the
// one that reaches furthest counts.
func (b PublishCreditAudit) execute(e *execution) error {
	a := b.Document.Audit
	certifier, err := e.certifier(a.Certifier)
	if err != nil {
		return err
	}
	key := CreditUseKey(a.Organisation, a.Scheme, a.Year)
	use, _, err := find[CreditUse](e, key)
	if err != nil {
		return err
	}
	reference := CreditAuditReference{a.Certifier, a.ID}
	for _, before := range use.Audits {
		if before == reference {
			return refuse(AlreadyExists, "audit %s of %s exists already", a.ID, a.Certifier)
		}
	}
	if !b.Document.Envelope.verify(certifier) {
		return refuse(SignatureInvalid, "audit %s is not signed with key %q of %s", a.ID, b.Document.Envelope.Key, a.Certifier)
	}
	if len(use.Audits) >= listLimit {
		return refuse(InvalidCommand, "%s has %d audits for %d, the most there may be", a.Organisation, listLimit, a.Year)
	}
	if use.Audited.Less(a.Quantity) {
		use.Audited = a.Quantity
	}
	use.Audits = append(append([]CreditAuditReference{}, use.Audits...), reference)
	e.put(key, use)
	e.record.Subject = string(a.ID)
	return nil
}

// checkAudits counts a claim's credits of book and claim against what may be
// claimed without an audit, or was audited, scheme by scheme.
func (e *execution) checkAudits(c Claim) error {
	for _, line := range c.Lines {
		if line.Model.Physical() {
			continue
		}
		set, err := need[Characteristics](e, CharacteristicsKey(line.Characteristics))
		if err != nil {
			return err
		}
		if err := e.useCredits(c, cmp.Or(line.Scheme, set.Scheme), line.Quantity); err != nil {
			return err
		}
	}
	return nil
}

func (e *execution) useCredits(c Claim, scheme SchemeID, quantity Quantity) error {
	profile, err := e.profileOf(scheme)
	if err != nil || profile.AuditUnits == 0 {
		return err
	}
	key := CreditUseKey(e.tx.Organisation, scheme, c.ReportingYear)
	use, _, err := find[CreditUse](e, key)
	if err != nil {
		return err
	}
	most, total := profile.unaudited(), use.Claimed.Add(quantity)
	if most.Less(use.Audited) {
		most = use.Audited
	}
	if most.Less(total) {
		left, _ := most.Sub(use.Claimed)
		return lacking(AuditNeeded, left, quantity, "%s claimed %s kg of credits under %s for %d; beyond %s kg it needs an audit", e.tx.Organisation, use.Claimed, scheme, c.ReportingYear, most)
	}
	use.Claimed = total
	e.put(key, use)
	return nil
}

// unaudited is what may be claimed of book and claim in a year without an audit.
func (p Profile) unaudited() Quantity {
	units, _ := NewRatio(int64(p.AuditUnits), 1)
	return units.FloorOf(p.Unit.Kilograms)
}
