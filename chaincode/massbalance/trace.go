package massbalance

import "fmt"

// Trace is what a command found of a recalled statement in a lot or a claim.
type Trace struct {
	Lot   LotID
	Claim ClaimID
	// Quantity is what was newly frozen in the lot, or newly marked on the claim.
	Quantity Quantity
	// Certifier and Statement name the recall where the command does not: where
	// credit came back to a lot that was traced while it was in transit.
	Certifier OrganisationID
	Statement StatementID
}

func (b TraceRecall) check() string {
	if !ValidName(string(b.Certifier)) || !ValidName(string(b.Statement)) {
		return fmt.Sprintf("certifier %q or statement %q is not a name", b.Certifier, b.Statement)
	}
	if n := len(b.Lots) + len(b.Claims); n == 0 || n > listLimit {
		return fmt.Sprintf("lots and claims: must be 1 to %d", listLimit)
	}
	seen := map[string]bool{}
	for _, id := range b.Lots {
		if id == "" || seen["lot "+string(id)] {
			return fmt.Sprintf("lots: %q is empty, or named twice", id)
		}
		seen["lot "+string(id)] = true
	}
	for _, id := range b.Claims {
		if id == "" || seen["claim "+string(id)] {
			return fmt.Sprintf("claims: %q is empty, or named twice", id)
		}
		seen["claim "+string(id)] = true
	}
	return ""
}

// tracing is one TraceRecall under way.
type tracing struct {
	e      *execution
	from   origin
	recall Recall
}

// TraceRecall follows a recalled statement's credit, by any trading member. It
// names lots from the statement's own downwards, each after those it was made
// of, and then claims; what each holds of the tainted credit follows from the
// parents that the ledger kept. A lot or claim in which there is none is
// refused, so what is frozen is proven. Parents that were not traced yet count
// as clean; traced again after them, the lot gets what is missing.
func (b TraceRecall) execute(e *execution) error {
	recall, err := need[Recall](e, RecallKey(b.Certifier, b.Statement))
	if err != nil {
		return err
	}
	t := &tracing{e, origin{b.Certifier, b.Statement}, recall}
	for _, id := range b.Lots {
		if err := t.lot(id); err != nil {
			return err
		}
	}
	for _, id := range b.Claims {
		if err := t.claim(id); err != nil {
			return err
		}
	}
	e.put(RecallKey(b.Certifier, b.Statement), t.recall)
	e.record.Subject = string(b.Statement)
	return nil
}

// lot freezes the tainted part of what is left of a lot.
func (t *tracing) lot(id LotID) error {
	lot, err := need[Lot](t.e, LotKey(id))
	if err != nil {
		return err
	}
	total, err := t.inLot(lot)
	if err != nil {
		return err
	}
	if total.IsZero() {
		return refuse(NotDescended, "nothing in lot %s descends from a traced lot of statement %s of %s", id, t.from.statement, t.from.certifier)
	}
	taint, _, err := find[Taint](t.e, TaintKey(id))
	if err != nil {
		return err
	}
	clean := taint.clean(lot, len(taint.Shares))
	more := taint.known(t.from).Shortage(total).Min(clean)
	if more.IsZero() {
		return nil
	}
	if len(taint.Shares) >= listLimit {
		return refuse(InvalidCommand, "lot %s has %d taint shares, the most there may be", id, listLimit)
	}
	left := taint.free(lot)
	frozen := left.Min(left.ScaleCeil(more, clean))
	shares := append([]TaintShare{}, taint.Shares...)
	t.e.put(TaintKey(id), Taint{
		Frozen: taint.Frozen.Add(frozen),
		Shares: append(shares, TaintShare{t.from.certifier, t.from.statement, more, frozen}),
	})
	t.recall.Frozen = t.recall.Frozen.Add(frozen)
	if !frozen.IsZero() {
		t.e.record.Traces = append(t.e.record.Traces, Trace{Lot: id, Quantity: frozen})
	}
	return nil
}

// freezeReturned freezes of credit that comes back to its lot by a reversal what
// would have been frozen of it there: the lot was traced while it was in
// transit. Shares that were frozen before it left do not touch it.
func (e *execution) freezeReturned(line TransferLine) error {
	taint, tainted, err := find[Taint](e, TaintKey(line.Lot))
	if err != nil || !tainted {
		return err
	}
	lot, err := need[Lot](e, LotKey(line.Lot))
	if err != nil {
		return err
	}
	left := line.Quantity
	taint.Shares = append([]TaintShare{}, taint.Shares...)
	for i := line.Cleared; i < len(taint.Shares); i++ {
		share := &taint.Shares[i]
		frozen := left.Min(left.ScaleCeil(share.Quantity, taint.clean(lot, i)))
		if frozen.IsZero() {
			continue
		}
		left = frozen.Shortage(left)
		share.Frozen, taint.Frozen = share.Frozen.Add(frozen), taint.Frozen.Add(frozen)
		key := RecallKey(share.Certifier, share.Statement)
		recall, err := need[Recall](e, key)
		if err != nil {
			return err
		}
		recall.Frozen = recall.Frozen.Add(frozen)
		e.put(key, recall)
		e.record.Traces = append(e.record.Traces, Trace{Lot: lot.ID, Quantity: frozen, Certifier: share.Certifier, Statement: share.Statement})
	}
	e.put(TaintKey(line.Lot), taint)
	return nil
}

// known is how much of the lot was traced to a statement so far.
func (t Taint) known(from origin) (known Quantity) {
	for _, s := range t.Shares {
		if (origin{s.Certifier, s.Statement}) == from {
			known = known.Add(s.Quantity)
		}
	}
	return known
}

// inLot is the tainted part of what a lot began with: of its parents' parts, in
// proportion to what became of them, rounded up.
func (t *tracing) inLot(lot Lot) (Quantity, error) {
	if lot.origin() == t.from {
		return lot.Quantity, nil
	}
	var tainted Quantity
	for _, parent := range lot.Parents {
		part, err := t.inLine(parent, lot.cleared(parent.Lot))
		if err != nil {
			return tainted, err
		}
		tainted = tainted.Add(part)
	}
	return lot.Quantity.Min(lot.Quantity.ScaleCeil(tainted, sumLines(lot.Parents))), nil
}

// inLine is the tainted part of a quantity that left a lot.
func (t *tracing) inLine(line LotLine, cleared int) (Quantity, error) {
	lot, err := need[Lot](t.e, LotKey(line.Lot))
	if err != nil {
		return Quantity{}, err
	}
	if lot.origin() == t.from {
		return line.Quantity, nil
	}
	taint, _, err := find[Taint](t.e, TaintKey(line.Lot))
	return taint.of(lot, line.Quantity, cleared, t.from), err
}

// claim marks a claim with the tainted part of the lots that it rests on. The
// claim itself is terminal and stays as it is (I6).
func (t *tracing) claim(id ClaimID) error {
	claim, err := need[Claim](t.e, ClaimKey(id))
	if err != nil {
		return err
	}
	if claim.Reversed != "" {
		return refuse(ClaimReversed, "claim %s was reversed on %s: its lots hold the credit", id, claim.Reversed)
	}
	found := MarkShare{Certifier: t.from.certifier, Statement: t.from.statement}
	for _, line := range claim.Lines {
		part, err := t.inLine(LotLine{line.Lot, line.Quantity}, line.Cleared)
		if err != nil {
			return err
		}
		found.Quantity = found.Quantity.Add(part)
		if !part.IsZero() && line.Model.Level() > found.Model.Level() {
			found.Model = line.Model
		}
	}
	if found.Quantity.IsZero() {
		return refuse(NotDescended, "nothing in claim %s descends from a traced lot of statement %s of %s", id, t.from.statement, t.from.certifier)
	}
	mark, _, err := find[Mark](t.e, MarkKey(id))
	if err != nil {
		return err
	}
	shares, at := mark.share(t.from)
	found.Covered, found.Covers = shares[at].Covered, shares[at].Covers
	more := shares[at].Quantity.Shortage(found.Quantity)
	if more.IsZero() {
		return nil
	}
	shares[at] = found
	t.e.put(MarkKey(id), Mark{shares})
	t.recall.Claimed = t.recall.Claimed.Add(more)
	t.e.record.Traces = append(t.e.record.Traces, Trace{Claim: id, Quantity: more})
	return nil
}

// share copies the shares and finds that of a statement among them, an empty
// one if there was none.
func (m Mark) share(of origin) (shares []MarkShare, at int) {
	shares = append([]MarkShare{}, m.Shares...)
	for i, s := range shares {
		if (origin{s.Certifier, s.Statement}) == of {
			return shares, i
		}
	}
	return append(shares, MarkShare{Certifier: of.certifier, Statement: of.statement}), len(shares)
}

func (b CoverRecall) check() string {
	switch {
	case !ValidName(string(b.Site)) || !ValidName(string(b.Certifier)) || !ValidName(string(b.Statement)):
		return fmt.Sprintf("site %q, certifier %q and statement %q must be names", b.Site, b.Certifier, b.Statement)
	case b.Claim == "" || len(b.Lines) == 0:
		return "claim: must be named, and lines name the lots that are put up for it"
	}
	return checkLines(b.Lines)
}

// CoverRecall puts credit of the same product and scheme, under a custody model
// no looser, in the place of what a claim lacks. Anybody who has such credit may
// do so. It becomes a claim of its own that names the one it covers, so it is
// used up, and is marked in turn should it be recalled.
func (b CoverRecall) execute(e *execution) error {
	books, err := e.open(b.Site)
	if err != nil {
		return err
	}
	claim, err := need[Claim](e, ClaimKey(b.Claim))
	if err != nil {
		return err
	}
	lots, scheme, share, err := b.match(books, claim)
	if err != nil {
		return err
	}
	id := ClaimID(e.reference())
	if err := books.out(claim.Product, Quantity{}, lots, b.Lines, Holder{Kind: HolderClaim, ID: string(id)}); err != nil {
		return err
	}
	total := sumLines(b.Lines)
	if due := share.Covered.Shortage(share.Quantity); due.Less(total) {
		return lacking(ExceedsRecall, due, total, "claim %s lacks no more", claim.ID)
	}
	if err := books.claim(Claim{
		ID: id, Product: claim.Product, Lines: under(asClaimed(lots, b.Lines), scheme), Beneficiary: claim.Beneficiary,
		ReportingYear: claim.ReportingYear, Purpose: claim.Purpose, Covers: claim.ID,
	}); err != nil {
		return err
	}
	if err := b.note(e, id, total); err != nil {
		return err
	}
	books.close()
	return nil
}

// match checks that the lots may stand in for what the claim lacks.
func (b CoverRecall) match(books *books, claim Claim) (lots []Lot, scheme SchemeID, share MarkShare, err error) {
	mark, err := need[Mark](books.e, MarkKey(claim.ID))
	if err != nil {
		return nil, "", share, err
	}
	shares, at := mark.share(origin{b.Certifier, b.Statement})
	share = shares[at]
	verified, err := need[Verified](books.e, StatementKey(b.Certifier, b.Statement))
	if err != nil {
		return nil, "", share, err
	}
	scheme = verified.Statement.Characteristics.Scheme
	if lots, err = books.lotsOf(claim.Product, b.Lines); err != nil {
		return nil, scheme, share, err
	}
	if err := books.checkScheme(scheme, claim.Product); err != nil {
		return nil, scheme, share, err
	}
	if err := books.useUnder(lots, scheme); err != nil {
		return nil, scheme, share, err
	}
	if err := books.checkValid(lots); err != nil {
		return nil, scheme, share, err
	}
	for _, lot := range lots {
		if lot.Model.Level() < share.Model.Level() {
			return nil, scheme, share, refuse(WrongModel, "lot %s is %s, what claim %s lacks was %s", lot.ID, lot.Model, claim.ID, share.Model)
		}
	}
	return lots, scheme, share, nil
}

// note counts the cover on the mark and on the recall.
func (b CoverRecall) note(e *execution, id ClaimID, total Quantity) error {
	mark, err := need[Mark](e, MarkKey(b.Claim))
	if err != nil {
		return err
	}
	shares, at := mark.share(origin{b.Certifier, b.Statement})
	shares[at].Covered = shares[at].Covered.Add(total)
	if len(shares[at].Covers) < listLimit {
		shares[at].Covers = append(append([]ClaimID{}, shares[at].Covers...), id)
	} else if e.rules < 3 {
		return refuse(InvalidCommand, "claim %s has %d covers, the most there may be", b.Claim, listLimit)
	}
	e.put(MarkKey(b.Claim), Mark{shares})
	key := RecallKey(b.Certifier, b.Statement)
	recall, err := need[Recall](e, key)
	if err != nil {
		return err
	}
	recall.Covered = recall.Covered.Add(total)
	e.put(key, recall)
	return nil
}
