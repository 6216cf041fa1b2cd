package massbalance

import "fmt"

// This file holds what happens when a verification statement turns out to rest
// on fraud. A finding of its certifier, or of the consortium where the certifier
// itself is in it, taints all that was introduced on the statement. What is left
// of it is frozen wherever it is, claims that rest on it are marked with what is
// to be covered, and nothing is deleted. None of this writes a lot, an account
// or a journal of the site concerned, so none of it needs that site's consent.

// FraudFinding declares that a verification statement rests on fraud, all of it. What
// was genuine may be covered like any replacement; it does not stay.
type FraudFinding struct {
	ID        FindingID
	Certifier OrganisationID
	Statement StatementID
	Reason    string
	Issued    Date
}

// Recall is a statement found to rest on fraud, with what is known so far of the
// credit that was introduced on it.
type Recall struct {
	Finding FraudFinding
	// Introduced is the tainted credit that came in.
	Introduced Quantity
	// Frozen is what was found in lots, Claimed what was found in claims and is
	// to be covered, Covered what has been put up for that.
	Frozen  Quantity
	Claimed Quantity
	Covered Quantity
}

// Taint is what of one lot rests on recalled statements.
type Taint struct {
	// Frozen is how much of what is left of the lot can never be spent.
	Frozen Quantity
	// Shares stand in the order in which they were traced.
	Shares []TaintShare
}

// TaintShare is what of a lot rests on one statement.
type TaintShare struct {
	Certifier OrganisationID
	Statement StatementID
	// Quantity is the tainted part of what the lot began with, Frozen that of
	// what was left of it when it was traced.
	Quantity Quantity
	Frozen   Quantity
}

// Mark is what of one claim rests on recalled statements.
type Mark struct{ Shares []MarkShare }

// MarkShare is what of a claim rests on one statement.
type MarkShare struct {
	Certifier OrganisationID
	Statement StatementID
	// Quantity is to be covered, Covered is what was put up so far.
	Quantity Quantity
	Covered  Quantity
	// Model is the strictest custody model of the tainted part.
	Model CustodyModel
	// Covers are the first claims of the replacement, at most ListLimit; each
	// claim of it names the claim that it covers.
	Covers []ClaimID
}

// Cleared says that what a parent gave was taken after so many of its taint
// shares had been frozen, and is free of these.
type Cleared struct {
	Lot    LotID
	Shares int
}

func (f FraudFinding) check() string {
	switch {
	case !ValidName(string(f.ID)) || !ValidName(string(f.Certifier)) || !ValidName(string(f.Statement)):
		return fmt.Sprintf("finding %q: id, certifier and statement must be names", f.ID)
	case !f.Issued.Valid():
		return fmt.Sprintf("finding %s: issued %q is not a date", f.ID, f.Issued)
	case f.Reason == "" || !validText(f.Reason):
		return fmt.Sprintf("finding %s: reason must be 1 to %d bytes without control characters", f.ID, textLimit)
	}
	return ""
}

func (b PublishFinding) check() string { return b.Document.Finding.check() }

// PublishFinding may be relayed by any trading member, as a standing may.
func (b PublishFinding) execute(e *execution) error {
	f := b.Document.Finding
	certifier, err := e.certifier(f.Certifier)
	if err != nil {
		return err
	}
	verified, known, err := e.recallOf(f)
	if err != nil {
		return err
	}
	if known {
		return refuse(AlreadyExists, "statement %s of %s is recalled already", f.Statement, f.Certifier)
	}
	if !b.Document.Envelope.verify(certifier) {
		return refuse(SignatureInvalid, "finding %s is not signed with key %q of %s", f.ID, b.Document.Envelope.Key, f.Certifier)
	}
	e.put(RecallKey(f.Certifier, f.Statement), Recall{Finding: f, Introduced: verified.Introduced})
	e.record.Subject = string(f.ID)
	return nil
}

func (b AdoptFinding) check() string { return b.Finding.check() }

// AdoptFinding is for the statements of a certifier that does not find against
// itself: a majority of the trading members does.
func (b AdoptFinding) execute(e *execution) error {
	f := b.Finding
	verified, known, err := e.recallOf(f)
	if err != nil {
		return err
	}
	return e.adopt("recall", string(f.Certifier)+"/"+string(f.Statement), known, func() {
		e.put(RecallKey(f.Certifier, f.Statement), Recall{Finding: f, Introduced: verified.Introduced})
	})
}

// recallOf looks up the statement that a finding is against, and whether it is
// recalled already.
func (e *execution) recallOf(f FraudFinding) (verified Verified, known bool, err error) {
	if verified, err = need[Verified](e, StatementKey(f.Certifier, f.Statement)); err != nil {
		return verified, false, err
	}
	_, known, err = find[Recall](e, RecallKey(f.Certifier, f.Statement))
	return verified, known, err
}

// checkRecalled refuses what rests wholly on a recalled statement.
func (e *execution) checkRecalled(of origin) error {
	if of.statement == "" {
		return nil
	}
	recall, known, err := find[Recall](e, RecallKey(of.certifier, of.statement))
	if err != nil || !known {
		return err
	}
	return refuse(Recalled, "statement %s of %s is recalled by finding %s (%s): nothing that rests on it moves", of.statement, of.certifier, recall.Finding.ID, recall.Finding.Reason)
}

// checkTaint refuses to spend a lot that rests wholly on a recalled statement,
// and of any other lot what was frozen. It notes how many taint shares the
// quantity spent is free of.
func (b *books) checkTaint(lot Lot, quantity Quantity) error {
	if err := b.e.checkRecalled(lot.origin()); err != nil {
		return err
	}
	taint, known, err := find[Taint](b.e, TaintKey(lot.ID))
	if err != nil || !known {
		return err
	}
	if free := taint.free(lot); free.Less(quantity) {
		return lacking(Recalled, free, quantity, "%s kg of lot %s are frozen, for they rest on recalled statements", taint.Frozen, lot.ID)
	}
	if b.taints == nil {
		b.taints = map[LotID]int{}
	}
	b.taints[lot.ID] = len(taint.Shares)
	return nil
}

// checkUntainted refuses to reverse what touches lots that rest on a recalled
// statement: what was frozen would change its lot.
func (e *execution) checkUntainted(holders ...Holder) error {
	for _, holder := range holders {
		if holder.Kind != HolderLot {
			continue
		}
		lot, err := need[Lot](e, LotKey(LotID(holder.ID)))
		if err != nil {
			return err
		}
		if err := e.checkRecalled(lot.origin()); err != nil {
			return err
		}
		_, tainted, err := find[Taint](e, TaintKey(lot.ID))
		if err != nil {
			return err
		}
		if tainted {
			return refuse(Recalled, "lot %s rests on recalled statements, so nothing that touched it is reversed", lot.ID)
		}
	}
	return nil
}

// clear notes on lines that were just spent which taint they are free of.
func (b *books) clear(lines []TransferLine) []TransferLine {
	for i := range lines {
		lines[i].Cleared = b.taints[lines[i].Lot]
	}
	return lines
}

// origin is the single statement that the lot comes from, if it has one.
func (l Lot) origin() origin { return origin{l.Certifier, l.Statement} }

// cleared finds how many taint shares a parent's part is free of.
func (l Lot) cleared(parent LotID) int {
	for _, c := range l.Cleared {
		if c.Lot == parent {
			return c.Shares
		}
	}
	return 0
}

// free is what may still be spent of the lot.
func (t Taint) free(lot Lot) Quantity {
	free, _ := lot.Available().Sub(t.Frozen)
	return free
}

// clean is the part of the lot that none of its first shares taints.
func (t Taint) clean(lot Lot, shares int) Quantity {
	clean := lot.Quantity
	for _, s := range t.Shares[:min(shares, len(t.Shares))] {
		clean, _ = clean.Sub(s.Quantity)
	}
	return clean
}

// of is the part of a quantity out of the lot that rests on a statement, rounded
// up: every kilogram that left before a share was frozen carries it alike.
func (t Taint) of(lot Lot, quantity Quantity, cleared int, from origin) Quantity {
	var part Quantity
	for _, s := range t.Shares[min(cleared, len(t.Shares)):] {
		if (origin{s.Certifier, s.Statement}) == from {
			part = part.Add(s.Quantity)
		}
	}
	return quantity.Min(quantity.ScaleCeil(part, t.clean(lot, cleared)))
}
