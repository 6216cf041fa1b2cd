package massbalance

import "errors"

// Untraced is what tracing a recall would find now.
type Untraced struct {
	// Lots and Claims hold tainted credit that was not traced yet, in the order
	// in which they were named.
	Lots   []LotID
	Claims []ClaimID
	// Frozen is what tracing would freeze in the lots, Claimed what it would mark
	// on the claims. A lot that is spent has nothing to freeze and is traced all
	// the same, for what was made of it is proven by it.
	Frozen  Quantity
	Claimed Quantity
	// Refused are lots and claims that hold such credit and cannot be traced.
	Refused []*Refusal
}

// Empty reports whether there is nothing to be traced.
func (u Untraced) Empty() bool { return len(u.Lots)+len(u.Claims) == 0 }

// FindUntraced tries TraceRecall on any number of lots, each named after those
// it was made of, and then claims, and says what it would find. It decides
// nothing: whoever traces learns from it what is worth a command. What does not
// descend from the statement, or was traced, is passed over.
func FindUntraced(view View, certifier OrganisationID, statement StatementID, lots []LotID, claims []ClaimID) (Untraced, error) {
	var found Untraced
	e := &execution{state: newOverlay(view, 8)}
	recall, err := need[Recall](e, RecallKey(certifier, statement))
	if err != nil {
		return found, err
	}
	t := &tracing{e, origin{certifier, statement}, recall}
	for _, id := range lots {
		if more, err := found.try(e, t.lot(id), TaintKey(id)); err != nil {
			return found, err
		} else if more {
			found.Lots = append(found.Lots, id)
		}
	}
	for _, id := range claims {
		if more, err := found.try(e, t.claim(id), MarkKey(id)); err != nil {
			return found, err
		} else if more {
			found.Claims = append(found.Claims, id)
		}
	}
	found.Frozen, found.Claimed = recall.Frozen.Shortage(t.recall.Frozen), recall.Claimed.Shortage(t.recall.Claimed)
	return found, nil
}

// try notes what one lot or claim gave: more is set where something was written.
func (u *Untraced) try(e *execution, outcome error, key Key) (more bool, err error) {
	var refusal *Refusal
	switch {
	case outcome == nil:
		return e.state.wrote(key), nil
	case !errors.As(outcome, &refusal):
		return false, outcome
	case refusal.Code != NotDescended && refusal.Code != ClaimReversed:
		u.Refused = append(u.Refused, refusal)
	}
	return false, nil
}
