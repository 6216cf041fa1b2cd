package massbalance

import "fmt"

// reversals is what a recount remembers of corrections.
type reversals struct {
	done     map[string]Entry // every entry that moved something, by reference
	undone   map[string]bool
	proposed map[TransferID]OrganisationID
	agreed   map[TransferID]bool
}

func newReversals() reversals {
	return reversals{map[string]Entry{}, map[string]bool{}, map[TransferID]OrganisationID{}, map[TransferID]bool{}}
}

// reversal checks a record that says it undoes an earlier one: it must be the
// exact inverse of one that may be undone and was not yet. Only such a record
// may take credit out of a claim, a cancellation or a loss (I6).
func (t *Tally) reversal(e Entry) bool {
	r := e.Record
	first := string(r.Organisation) + "/" + string(r.Reverses)
	if r.Reverses == "" {
		t.reversed.done[string(r.Organisation)+"/"+string(r.Command)] = e
		return false
	}
	original, known := t.reversed.done[first]
	switch {
	case !known:
		t.find(e, "I14: nothing to reverse as %s", first)
		return false
	case t.reversed.undone[first]:
		t.find(e, "I14: %s was reversed before", first)
		return false
	case !t.mayUndo(e, original):
		t.find(e, "I14: nobody agreed that a %s reverses %s", r.Type, first)
		return false
	case !inverse(original.Record, r):
		t.find(e, "I14: not the inverse of %s", first)
		return false
	}
	t.reversed.undone[first] = true
	return true
}

// mayUndo reports whether the command is one that undoes the original: of one
// party with a consent for it, or of a transfer after both agreed, first the
// receipt and then the dispatch.
func (t *Tally) mayUndo(e, original Entry) bool {
	var transfer TransferID
	switch body := e.Command.Body.(type) {
	case Reverse:
		c := body.Consent.Consent
		switch original.Command.Body.(type) {
		case Convert, Downgrade, MergeLots, ClaimCredits, Cancel:
			return c.Organisation == original.Record.Organisation && c.Command == original.Record.Command
		}
		return false
	case ConfirmReversal:
		transfer = body.Transfer
	case CompleteReversal:
		transfer = body.Transfer
	}
	if transfer == "" || original.Record.Subject != string(transfer) || !t.reversed.agreed[transfer] {
		return false
	}
	switch original.Command.Body.(type) {
	case Receive, AcceptCredits:
		return true
	case Dispatch, TransferCredits:
		return t.resolved[transfer] == "reversing"
	}
	return false
}

// agree follows how the parties of a transfer come to reverse it.
func (t *Tally) agree(e Entry) {
	org := e.Record.Organisation
	switch body := e.Command.Body.(type) {
	case ProposeReversal:
		t.reversed.proposed[body.Transfer] = org
	case ConfirmReversal:
		if by := t.reversed.proposed[body.Transfer]; by == "" || by == org {
			t.find(e, "I14: %s confirms what %q proposed for transfer %s", org, by, body.Transfer)
		}
		t.reversed.agreed[body.Transfer] = true
	}
}

// settle notes that one half of a transfer's reversal is booked.
func (t *Tally) settle(e Entry, id TransferID) {
	if e.Record.Reverses == "" {
		return
	}
	switch before := t.resolved[id]; before {
	case "receive", "accept_credits":
		t.resolved[id] = "reversing"
	case "reversing":
		t.resolved[id] = "reversed"
	default:
		t.find(e, "I4: transfer %s stands at %q and is reversed", id, before)
	}
}

// inverse reports whether one record moves back exactly what the other moved.
func inverse(original, reversal Record) bool {
	moved := map[string]int{}
	for _, m := range original.Materials {
		moved[movedMaterial(m.Site, m.Product, m.In, m.Out)]++
	}
	for _, p := range original.Credits {
		moved[movedCredit(p, p.From, p.To)]++
	}
	for _, m := range reversal.Materials {
		moved[movedMaterial(m.Site, m.Product, m.Out, m.In)]--
	}
	for _, p := range reversal.Credits {
		if p.Restated != "" {
			p.Characteristics, p.Restated = p.Restated, p.Characteristics
		}
		moved[movedCredit(p, p.To, p.From)]--
	}
	for _, n := range moved {
		if n != 0 {
			return false
		}
	}
	return true
}

func movedMaterial(site SiteID, product ProductID, in, out Quantity) string {
	return fmt.Sprintf("%q %q %s in %s out", site, product, in, out)
}

func movedCredit(p Posting, from, to Holder) string {
	return fmt.Sprintf("%q %q %q %s from %q to %q", p.Characteristics, p.Restated, p.Model, p.Quantity, from, to)
}

// refund takes credit out of where nothing else ever leaves.
func (t *Tally) refund(p Posting, reversal bool) bool {
	of, grams := t.of(p.Characteristics), GramsOf(p.Quantity)
	if !reversal {
		return false
	}
	switch p.From.Kind {
	case HolderClaim:
		of.Claimed.Sub(of.Claimed, grams)
	case HolderCancelled:
		of.Cancelled.Sub(of.Cancelled, grams)
	case HolderLoss:
		of.Loss.Sub(of.Loss, grams)
	default:
		return false
	}
	return true
}
