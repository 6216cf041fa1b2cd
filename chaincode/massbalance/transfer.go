package massbalance

import (
	"fmt"
	"strings"
)

// WeighingTolerance is by how much the weight on arrival may exceed the weight
// dispatched: 0.5 %, the deviation between book and physical stock that ISCC
// accepts. Only the physical figure ever gains by it, never the credit.
var WeighingTolerance = Ratio{5, 1000}

func (b Dispatch) check() string {
	if !ValidName(string(b.To)) || b.To == b.Site {
		return fmt.Sprintf("to: %q is not a name, or is the sending site", b.To)
	}
	if !ValidName(string(b.Product)) {
		return fmt.Sprintf("product: %q is not a name", b.Product)
	}
	if b.Model != "" && (!b.Model.Valid() || !b.Model.Physical()) {
		return fmt.Sprintf("model: %q is not a custody model that moves with material", b.Model)
	}
	if b.Scheme != "" && !ValidName(string(b.Scheme)) {
		return fmt.Sprintf("scheme: %q is not a name", b.Scheme)
	}
	if problem := checkLines(b.Lines); problem != "" {
		return problem
	}
	return checkMove(b.Site, b.Quantity, b.Documents...)
}

// Dispatch takes material and credit off the sender's books and puts them in
// transit. It touches only the sender's side.
func (b Dispatch) execute(e *execution) error {
	books, err := e.open(b.Site)
	if err != nil {
		return err
	}
	to, err := e.destination(b.To)
	if err != nil {
		return err
	}
	lots, err := books.usable(b.Product, b.Lines, b.Scheme)
	if err != nil {
		return err
	}
	for _, document := range b.Documents {
		if err := books.use(document); err != nil {
			return err
		}
	}
	if err := books.useUnder(lots, b.Scheme); err != nil {
		return err
	}
	lines, err := books.leaves(lots, b.Lines, b.Quantity, b.Model, b.Scheme)
	if err != nil {
		return err
	}
	total := sumLines(b.Lines)
	if b.Quantity.Less(total) {
		return lacking(AttributionExceeds, b.Quantity, total, "the lots attributed to a shipment cannot exceed its weight")
	}
	return books.send(to, Transfer{Product: b.Product, Quantity: b.Quantity, Lines: lines, Documents: b.Documents, Agreement: b.Agreement}, lots, b.Lines)
}

// send takes material and credit off the books, and creates the transfer that
// sender and receiver guard.
func (b *books) send(to Site, transfer Transfer, lots []Lot, lines []LotLine) error {
	id := TransferID(b.e.reference())
	if err := b.callOff(transfer.Agreement, to.Owner, transfer.Product, transfer.Lines); err != nil {
		return err
	}
	if err := b.out(transfer.Product, transfer.Quantity, lots, lines, transferHolder(id)); err != nil {
		return err
	}
	transfer.ID, transfer.From, transfer.To, transfer.Sender, transfer.Receiver = id, b.site.ID, to.ID, b.site.Owner, to.Owner
	transfer.Status, transfer.Dispatched = InTransit, b.e.command.happened()
	transfer.Lines = b.clear(transfer.Lines)
	if b.e.rules >= 3 {
		transfer.Guarded = b.e.consortium.version()
	}
	b.e.guarded(TransferKey(id), transfer, b.site.Owner, to.Owner)
	b.e.record.Subject = string(id)
	b.close()
	return nil
}

// keep puts a transfer that exists already.
func (e *execution) keep(t Transfer) {
	if e.outdated(&t.Guarded) {
		e.guarded(TransferKey(t.ID), t, t.Sender, t.Receiver)
	} else {
		e.put(TransferKey(t.ID), t)
	}
}

func (b Receive) check() string {
	if b.Transfer == "" {
		return "transfer: must be named"
	}
	return checkMove(b.Site, b.Quantity, b.Evidence)
}

// Receive books a shipment in at the weight found on arrival and resolves the
// transfer. It touches only the receiver's side.
func (b Receive) execute(e *execution) error {
	return e.resolve(arrival{site: b.Site, transfer: b.Transfer, quantity: b.Quantity, evidence: b.Evidence}, InTransit, Received)
}

func (b Return) check() string {
	if b.Transfer == "" {
		return "transfer: must be named"
	}
	return checkMove(b.Site, b.Quantity, b.Evidence)
}

// Return books a rejected shipment in again where it came from.
func (b Return) execute(e *execution) error {
	return e.resolve(arrival{site: b.Site, transfer: b.Transfer, quantity: b.Quantity, evidence: b.Evidence}, Rejected, Returned)
}

func (b Reject) check() string {
	if problem := checkArrival(b.Site, b.Transfer); problem != "" {
		return problem
	}
	if b.Reason == "" || !validText(b.Reason) {
		return fmt.Sprintf("reason: must be 1 to %d bytes without control characters", textLimit)
	}
	return ""
}

// Reject refuses a shipment. Nothing enters the receiver's books; the sender
// books it in again with Return.
func (b Reject) execute(e *execution) error {
	books, transfer, err := e.openTransfer(b.Site, b.Transfer, InTransit)
	if err != nil {
		return err
	}
	transfer.Status, transfer.Resolved = Rejected, e.command.happened()
	e.keep(transfer)
	e.record.Subject = string(transfer.ID)
	books.close()
	return nil
}

// arrival is a shipment coming in, at its receiver or back at its sender.
type arrival struct {
	site     SiteID
	transfer TransferID
	quantity Quantity
	evidence EvidenceID
	// credits is set for credits of book and claim, which come without material.
	credits bool
}

// openTransfer opens the books of the site and looks up a transfer that must
// stand at the status and be bound for this site (or, once rejected, have come
// from it). A transfer resolves once (I4).
func (e *execution) openTransfer(site SiteID, id TransferID, status TransferStatus) (*books, Transfer, error) {
	books, err := e.open(site)
	if err != nil {
		return nil, Transfer{}, err
	}
	transfer, err := need[Transfer](e, TransferKey(id))
	if err != nil {
		return nil, transfer, err
	}
	end := transfer.To
	if status == Rejected {
		end = transfer.From
	}
	owner := transfer.Receiver
	if status == Rejected {
		owner = transfer.Sender
	}
	if owner != e.tx.Organisation {
		return nil, transfer, refuse(NotOwner, "transfer %s is for %s to take in, not for %s", id, owner, e.tx.Organisation)
	}
	if transfer.Status != status {
		return nil, transfer, refuse(TransferResolved, "transfer %s is %s since %s, not %s", id, transfer.Status, transfer.Resolved, status)
	}
	if end != site {
		return nil, transfer, refuse(WrongSite, "transfer %s goes to site %s, not to %s", id, end, site)
	}
	if err := e.follows(transfer); err != nil {
		return nil, transfer, err
	}
	return books, transfer, nil
}

// follows checks that nothing is taken in on a day before it was dispatched or
// rejected. Version 1 of the rules did not ask.
func (e *execution) follows(transfer Transfer) error {
	before := transfer.Dispatched
	if transfer.Status == Rejected {
		before = transfer.Resolved
	}
	if day := e.command.happened(); e.rules >= 2 && day < before {
		return refuse(DateBeforeDispatch, "transfer %s is %s since %s, so nothing comes of it on %s", transfer.ID, transfer.Status, before, day)
	}
	return nil
}

// resolve books a transfer's material and credit in. Credit never exceeds the
// weight that arrived (I3): where less came than was attributed, every blend
// shares the shortfall by weight, rounded down to the gram, and what is missing
// is recorded as loss.
func (e *execution) resolve(a arrival, from, to TransferStatus) error {
	books, transfer, err := e.openTransfer(a.site, a.transfer, from)
	if err != nil {
		return err
	}
	groups := blends(transfer.Lines)
	if to == Received {
		// At its receiver a shipment goes on under what the site is certified
		// for; what comes back to its sender is restored as it was.
		if groups, err = books.certified(transfer.Product, groups); err != nil {
			return err
		}
	} else {
		var sent []LotLine
		for _, line := range transfer.Lines {
			sent = append(sent, LotLine{line.Lot, line.Quantity})
		}
		if err := books.age(sent); err != nil {
			return err
		}
		if books.returned, err = books.leftNow(transfer); err != nil {
			return err
		}
		if err := e.uncall(transfer); err != nil {
			return err
		}
	}
	if err := books.use(a.evidence); err != nil {
		return err
	}
	if err := a.check(transfer); err != nil {
		return err
	}
	books.credits = a.credits
	if err := books.in(transfer.Product, a.quantity, books.arrive(transfer, groups, a)); err != nil {
		return err
	}
	transfer.Status, transfer.Arrived, transfer.Resolved = to, a.quantity, e.command.happened()
	if to == Received {
		transfer.Receipt = e.command.ID
	}
	e.keep(transfer)
	e.record.Subject = string(transfer.ID)
	books.close()
	return nil
}

// leftNow reports whether a transfer was dispatched in the period that is open.
func (b *books) leftNow(transfer Transfer) (bool, error) {
	_, dispatch, _ := strings.Cut(string(transfer.ID), "/")
	record, err := b.e.needNoted(transfer.Sender, CommandID(dispatch))
	return record.Period == b.head.Period, err
}

// check compares what arrives with what was dispatched.
func (a arrival) check(transfer Transfer) error {
	if a.credits != transfer.Quantity.IsZero() {
		return refuse(WrongModel, "transfer %s has %s kg of material: a shipment is received or returned, credits are accepted or returned as credits", transfer.ID, transfer.Quantity)
	}
	if most := transfer.Quantity.Add(WeighingTolerance.FloorOf(transfer.Quantity)); most.Less(a.quantity) {
		return lacking(WeightOutOfTolerance, most, a.quantity, "transfer %s was dispatched with %s kg; on arrival at most 0.5 %% more is accepted", transfer.ID, transfer.Quantity)
	}
	return nil
}

// arrive makes lots of what arrived and returns their sum.
func (b *books) arrive(transfer Transfer, groups []blend, a arrival) (credited Quantity) {
	var attributed Quantity
	for _, g := range groups {
		attributed = attributed.Add(g.total)
	}
	arrived := attributed
	if !a.credits {
		arrived = attributed.Min(a.quantity)
	}
	holder, loss := transferHolder(transfer.ID), Holder{Kind: HolderLoss, ID: b.e.reference()}
	for _, g := range groups {
		credit := g.total.ScaleFloor(arrived, attributed)
		if !credit.IsZero() {
			b.create(g.lot(transfer.Product, credit), holder)
		}
		b.e.post(Posting{Characteristics: g.Characteristics, Model: g.Model, Quantity: credit.Shortage(g.total), From: holder, To: loss})
		credited = credited.Add(credit)
	}
	return credited
}

// reference names this command in postings.
func (e *execution) reference() string {
	return string(e.tx.Organisation) + "/" + string(e.command.ID)
}

func transferHolder(id TransferID) Holder { return Holder{Kind: HolderTransfer, ID: string(id)} }
