package massbalance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// This file holds corrections. What was booked wrongly is reversed by a new
// record, the exact inverse of the wrong one, and then booked again as it should
// have been. Nothing is deleted. Every reversal takes two: the two parties of a
// transfer, or the owner and a certifier where an operation has one party only.
//
// A reversal corrects the books. Goods that travel back are dispatched back.

// ReversalWindowDays is for how many days an operation may be reversed where its
// scheme adopted no profile: Rainforest Alliance reverses a confirmed trade within
// a year at most.
const ReversalWindowDays = 365

// reversalWindow is for how many days something may be reversed: the shortest
// window that a scheme of its credit has; 0 is no limit.
func (b *books) reversalWindow(lines []TransferLine) (days int, err error) {
	if len(lines) == 0 {
		return ReversalWindowDays, nil
	}
	all, err := b.e.govern(lines)
	if err != nil {
		return 0, err
	}
	for _, g := range all {
		own := g.profile.ReversalDays
		if g.profile.Scheme == "" {
			own = ReversalWindowDays
		}
		if days == 0 || own != 0 && own < days {
			days = own
		}
	}
	return days, nil
}

// ReversalConsent is a certifier's signed consent to reverse one command. A
// conversion or a claim has no other party whose agreement would keep it from
// vanishing after it was shown to somebody outside.
type ReversalConsent struct {
	ID        ReversalConsentID
	Certifier OrganisationID
	// Organisation and Command name what may be reversed.
	Organisation OrganisationID
	Command      CommandID
	Reason       string
	Issued       Date
}

// Reversal marks a command as reversed, and by which command of the same
// organisation.
type Reversal struct {
	Command CommandID
	Date    Date
	// Certifier and Consent name the consent, where one was needed.
	Certifier OrganisationID
	Consent   ReversalConsentID
}

// TransferReversal is what the parties of a transfer agree on. Until both have
// agreed it has no effect.
type TransferReversal struct {
	Proposer OrganisationID
	Proposed Date
	Reason   string
	// Agreed is the day on which the other party confirmed.
	Agreed Date
}

func (Reversal) isValue() {}

func (b ProposeReversal) check() string {
	return Reject(b).check()
}

// ProposeReversal asks the other party to reverse a received transfer. It moves
// nothing: the receiver may go on using what it received, and then the reversal
// is refused when it is to be booked.
func (b ProposeReversal) execute(e *execution) error {
	books, transfer, err := e.openReversal(b.Site, b.Transfer, Received)
	if err != nil {
		return err
	}
	if r := transfer.Reversal; r != nil {
		return refuse(AlreadyExists, "%s proposed on %s to reverse transfer %s", r.Proposer, r.Proposed, transfer.ID)
	}
	if err := books.checkReversalWindow(transfer.Resolved, transfer.Lines); err != nil {
		return err
	}
	transfer.Reversal = &TransferReversal{Proposer: e.tx.Organisation, Proposed: e.command.Date, Reason: b.Reason}
	return books.settle(transfer)
}

func (b ConfirmReversal) check() string { return checkArrival(b.Site, b.Transfer) }

// ConfirmReversal agrees to what the other party proposed. A receiver that
// confirms gives the credit and the material back at once; a sender that
// confirms waits for the receiver to do so with CompleteReversal.
func (b ConfirmReversal) execute(e *execution) error {
	books, transfer, err := e.openReversal(b.Site, b.Transfer, Received)
	if err != nil {
		return err
	}
	r := transfer.Reversal
	switch {
	case r == nil:
		return refuse(ReversalNotAgreed, "nobody proposed to reverse transfer %s", transfer.ID)
	case r.Proposer == e.tx.Organisation:
		return refuse(NotOwner, "%s proposed to reverse transfer %s; it is for the other party to confirm", r.Proposer, transfer.ID)
	case r.Agreed != "":
		return refuse(AlreadyExists, "both parties of transfer %s agreed on %s to reverse it", transfer.ID, r.Agreed)
	}
	if err := books.checkReversalWindow(transfer.Resolved, transfer.Lines); err != nil {
		return err
	}
	if err := e.after(r.Proposed, "proposed"); err != nil {
		return err
	}
	agreed := *r
	agreed.Agreed = e.command.Date
	transfer.Reversal = &agreed
	if e.tx.Organisation == transfer.Receiver {
		return books.giveBack(transfer)
	}
	return books.settle(transfer)
}

func (b CompleteReversal) check() string { return checkArrival(b.Site, b.Transfer) }

// CompleteReversal books the submitter's half of an agreed reversal: the
// receiver's first, which puts the credit back in transit, then the sender's,
// which takes it out of transit. So no credit is ever on both sides.
func (b CompleteReversal) execute(e *execution) error {
	books, transfer, err := e.openReversal(b.Site, b.Transfer, Received, Reversing)
	if err != nil {
		return err
	}
	receiver := e.tx.Organisation == transfer.Receiver
	switch {
	case receiver && transfer.Status == Reversing:
		return refuse(TransferResolved, "%s gave transfer %s back on %s; the sender books it in", transfer.Receiver, transfer.ID, transfer.Resolved)
	case transfer.Reversal == nil || transfer.Reversal.Agreed == "":
		return refuse(ReversalNotAgreed, "the parties of transfer %s have not agreed to reverse it", transfer.ID)
	case !receiver && transfer.Status == Received:
		return refuse(ReversalNotAgreed, "%s has not given transfer %s back yet", transfer.Receiver, transfer.ID)
	}
	if receiver {
		if err := e.after(transfer.Reversal.Agreed, "agreed"); err != nil {
			return err
		}
		return books.giveBack(transfer)
	}
	if err := e.after(transfer.Resolved, "given back"); err != nil {
		return err
	}
	return books.takeBack(transfer)
}

// takeBack undoes the dispatch: what was in transit is at the sender's again. It
// is accepted where a lot that it comes back to was found tainted meanwhile, or
// the credit would stay in transit for ever: what is tainted of it is frozen in
// its lot.
func (b *books) takeBack(transfer Transfer) error {
	_, dispatch, _ := strings.Cut(string(transfer.ID), "/")
	if err := b.undo(CommandID(dispatch), Reversal{}); err != nil {
		return err
	}
	for _, line := range transfer.Lines {
		if err := b.e.freezeReturned(line); err != nil {
			return err
		}
	}
	if err := b.e.uncall(transfer); err != nil {
		return err
	}
	transfer.Status, transfer.Resolved = Reversed, b.e.command.Date
	return b.settle(transfer)
}

// openReversal opens the books of one end of a transfer between two
// organisations, which must stand at one of the statuses.
func (e *execution) openReversal(site SiteID, id TransferID, statuses ...TransferStatus) (*books, Transfer, error) {
	books, err := e.open(site)
	if err != nil {
		return nil, Transfer{}, err
	}
	transfer, err := need[Transfer](e, TransferKey(id))
	if err != nil {
		return nil, transfer, err
	}
	end := transfer.To
	if e.tx.Organisation == transfer.Sender {
		end = transfer.From
	}
	switch {
	case e.tx.Organisation != transfer.Sender && e.tx.Organisation != transfer.Receiver:
		return nil, transfer, refuse(NotOwner, "transfer %s is between %s and %s, not %s's", id, transfer.Sender, transfer.Receiver, e.tx.Organisation)
	case !slices.Contains(statuses, transfer.Status):
		return nil, transfer, refuse(TransferResolved, "transfer %s is %s: only a received one is reversed", id, transfer.Status)
	case transfer.Sender == transfer.Receiver:
		return nil, transfer, refuse(NotReversible, "transfer %s is between two sites of %s, and nobody else could confirm; dispatch it back", id, transfer.Sender)
	case end != site:
		return nil, transfer, refuse(WrongSite, "%s's end of transfer %s is site %s, not %s", e.tx.Organisation, id, end, site)
	}
	return books, transfer, nil
}

// giveBack undoes the receipt: the credit is in transit again, bound for the sender.
func (b *books) giveBack(transfer Transfer) error {
	if err := b.undo(transfer.Receipt, Reversal{}); err != nil {
		return err
	}
	transfer.Status, transfer.Resolved = Reversing, b.e.command.Date
	return b.settle(transfer)
}

// settle keeps the transfer and ends the command.
func (b *books) settle(transfer Transfer) error {
	b.e.keep(transfer)
	b.e.record.Subject = string(transfer.ID)
	b.close()
	return nil
}

// checkReversalWindow refuses to reverse what is too old, or not done yet. What
// counts is the day on which the reversal is entered: it cannot be dated back.
func (b *books) checkReversalWindow(done Date, lines []TransferLine) error {
	days, err := b.reversalWindow(lines)
	if err != nil {
		return err
	}
	day, last := b.e.command.Date, done.plus(days)
	if day < done || days > 0 && day > last {
		return refuse(ReversalOutOfTime, "what was done on %s may be reversed for %d days (0 is no limit), not on %s", done, days, day)
	}
	return nil
}

// linesOfRecord are the sets of characteristics whose credit a record moved.
func linesOfRecord(record Record) (lines []TransferLine) {
	for _, p := range record.Credits {
		lines = append(lines, TransferLine{Characteristics: p.Characteristics})
	}
	return distinct(lines)
}

// after refuses to take the next step on a day before the one before it.
func (e *execution) after(day Date, what string) error {
	if e.command.Date < day {
		return refuse(ReversalOutOfTime, "the reversal was %s on %s, so nothing comes of it on %s", what, day, e.command.Date)
	}
	return nil
}

func (b Reverse) check() string {
	c := b.Consent.Consent
	switch {
	case !ValidName(string(b.Site)):
		return fmt.Sprintf("site: %q is not a name", b.Site)
	case !ValidName(string(c.ID)) || !ValidName(string(c.Certifier)) || !ValidName(string(c.Organisation)) || !ValidName(string(c.Command)):
		return fmt.Sprintf("consent %q: id, certifier, organisation and command must be names", c.ID)
	case c.Reason == "" || !validText(c.Reason):
		return fmt.Sprintf("consent %s: reason must be 1 to %d bytes without control characters", c.ID, textLimit)
	case !c.Issued.Valid():
		return fmt.Sprintf("consent %s: issued %q is not a date", c.ID, c.Issued)
	}
	return ""
}

// Reverse undoes a command that has no second party: a conversion, a downgrade,
// a merger, a claim or a cancellation. A certifier that the consortium recognises must
// have consented to reverse exactly this one.
func (b Reverse) execute(e *execution) error {
	books, err := e.open(b.Site)
	if err != nil {
		return err
	}
	c := b.Consent.Consent
	certifier, err := e.certifier(c.Certifier)
	if err != nil {
		return err
	}
	record, err := e.needNoted(c.Organisation, c.Command)
	if err != nil {
		return err
	}
	if c.Organisation != e.tx.Organisation {
		return refuse(NotOwner, "command %s is %s's to reverse", c.Command, c.Organisation)
	}
	if err := e.absent(ReversalKey(c.Organisation, c.Command)); err != nil {
		return err
	}
	if !b.Consent.Envelope.verify(certifier) {
		return refuse(SignatureInvalid, "consent %s is not signed with key %q of %s", c.ID, b.Consent.Envelope.Key, c.Certifier)
	}
	if !slices.Contains(reversible, record.Type) {
		return refuse(NotReversible, "a %s is not reversed with a certifier's consent", cmp.Or(record.Type, "command of this type"))
	}
	if err := books.checkReversalWindow(cmp.Or(record.Occurred, record.Date), linesOfRecord(record)); err != nil {
		return err
	}
	if record.Site != b.Site {
		return refuse(WrongSite, "command %s was at site %s, not at %s", c.Command, record.Site, b.Site)
	}
	if err := books.undo(c.Command, Reversal{Certifier: c.Certifier, Consent: c.ID}); err != nil {
		return err
	}
	if err := e.reverseClaim(record); err != nil {
		return err
	}
	e.record.Subject = record.reference()
	books.close()
	return nil
}

// reversible are the commands that have one party and may be reversed. Not
// Decouple: from book and claim there is no way back to material.
var reversible = []string{Convert{}.Type(), Downgrade{}.Type(), MergeLots{}.Type(), ClaimCredits{}.Type(), Cancel{}.Type()}

// reverseClaim marks a claim: it stays, and says that it holds no longer.
func (e *execution) reverseClaim(record Record) error {
	if record.Type != (ClaimCredits{}).Type() {
		return nil
	}
	claim, err := need[Claim](e, ClaimKey(ClaimID(record.reference())))
	if err != nil {
		return err
	}
	claim.Reversed = e.command.Date
	e.put(ClaimKey(claim.ID), claim)
	return nil
}

// undo books the exact inverse of what a command of the submitter did at the
// site. What that command created must be wholly there still: its lots unspent,
// and as much material of its kind as it brought in.
func (b *books) undo(command CommandID, mark Reversal) error {
	record, err := b.e.needNoted(b.site.Owner, command)
	if err != nil {
		return err
	}
	for _, p := range record.Credits {
		if err := b.unspent(p, record); err != nil {
			return err
		}
	}
	for _, p := range record.Credits {
		if p.To.Kind == HolderTransfer {
			continue // see takeBack
		}
		if err := b.e.checkUntainted(p.From, p.To); err != nil {
			return err
		}
	}
	for _, m := range record.Materials {
		if err := b.moveBack(record, m); err != nil {
			return err
		}
	}
	for _, p := range slices.Backward(record.Credits) {
		if err := b.unpost(p); err != nil {
			return err
		}
	}
	mark.Command, mark.Date = b.e.command.ID, b.e.command.Date
	b.e.put(ReversalKey(record.Organisation, record.Command), mark)
	b.e.record.Reverses = record.Command
	return nil
}

// unspent checks that a lot which the record created was not touched since.
func (b *books) unspent(p Posting, record Record) error {
	if p.To.Kind != HolderLot {
		return nil
	}
	lot, err := need[Lot](b.e, LotKey(LotID(p.To.ID)))
	if err != nil {
		return err
	}
	if !lot.Spent.IsZero() {
		return lacking(StockMovedOn, lot.Available(), lot.Quantity, "lot %s, created by the %s %s, was used since", lot.ID, record.Type, record.Command)
	}
	return nil
}

// moveBack books material in again that went out, and out what came in.
func (b *books) moveBack(record Record, m Material) error {
	key := AccountKey(b.site.ID, m.Product)
	account, err := need[Account](b.e, key)
	if err != nil {
		return err
	}
	if err := b.unpool(record, m, account); err != nil {
		return err
	}
	account.PhysicalIn = account.PhysicalIn.Add(m.Out)
	if stock := account.Stock(); stock.Less(m.In) {
		return lacking(InsufficientStock, stock, m.In, "%s at %s", m.Product, b.site.ID)
	}
	account.PhysicalOut = account.PhysicalOut.Add(m.In)
	if !account.PhysicalIn.Fits() {
		return refuse(QuantityTooLarge, "%s at %s would have taken in more than can be counted", m.Product, b.site.ID)
	}
	b.e.put(key, account)
	b.e.record.Materials = append(b.e.record.Materials, Material{Site: m.Site, Product: m.Product, In: m.Out, Out: m.In})
	return nil
}

// unpost books a posting backwards: the lot that received the credit is spent,
// the lot that gave it has it again.
func (b *books) unpost(p Posting) error {
	if p.To.Kind == HolderLot {
		err := b.recredit(p.To, func(lot *Lot, account *Account) bool {
			lot.Spent, account.CreditOut = lot.Spent.Add(p.Quantity), account.CreditOut.Add(p.Quantity)
			account.couple(b.e.rules, lot.Model, Quantity{}, p.Quantity)
			return true
		})
		if err != nil {
			return err
		}
	}
	if p.From.Kind == HolderLot {
		err := b.recredit(p.From, func(lot *Lot, account *Account) (ok bool) {
			lot.Spent, ok = lot.Spent.Sub(p.Quantity)
			account.CreditIn = account.CreditIn.Add(p.Quantity)
			account.couple(b.e.rules, lot.Model, p.Quantity, Quantity{})
			return ok
		})
		if err != nil {
			return err
		}
	}
	p.From, p.To = p.To, p.From
	if p.Restated != "" {
		p.Characteristics, p.Restated = p.Restated, p.Characteristics
	}
	b.e.post(p)
	return nil
}

// recredit changes a lot and its account together.
func (b *books) recredit(holder Holder, change func(*Lot, *Account) bool) error {
	lot, err := need[Lot](b.e, LotKey(LotID(holder.ID)))
	if err != nil {
		return err
	}
	key := AccountKey(lot.Site, lot.Product)
	account, err := need[Account](b.e, key)
	if err != nil {
		return err
	}
	// The pool of the period begins with the account as it was.
	if err := b.average(lot.Product, account, Quantity{}, Quantity{}); err != nil {
		return err
	}
	if !change(&lot, &account) {
		return fmt.Errorf("%w: lot %s gave more than it had spent", ErrCorruptState, lot.ID)
	}
	if !account.CreditIn.Fits() {
		return refuse(QuantityTooLarge, "%s at %s would have taken in more credit than can be counted", lot.Product, lot.Site)
	}
	b.e.put(LotKey(lot.ID), lot)
	b.e.put(key, account)
	return nil
}
