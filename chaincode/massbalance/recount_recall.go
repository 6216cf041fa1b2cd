package massbalance

import (
	"fmt"
	"math/big"
)

// recallTally recounts recalls: that nothing frozen moves, that no more is
// frozen and marked than came in, and no more covered than was marked.
type recallTally struct {
	held, frozen  map[LotID]*big.Int
	claimed       map[ClaimID]*big.Int
	marked        map[string]*big.Int // claim and statement
	introduced    map[LotID]string    // the statement of an introduced lot
	recalls       map[string]*recalled
	postings      int64
	coveredClaims map[string]*big.Int // claim and statement
}

type recalled struct{ introduced, frozen, claimed, covered *big.Int }

func newRecallTally() *recallTally {
	return &recallTally{
		held: map[LotID]*big.Int{}, frozen: map[LotID]*big.Int{}, claimed: map[ClaimID]*big.Int{}, marked: map[string]*big.Int{},
		introduced: map[LotID]string{}, recalls: map[string]*recalled{}, coveredClaims: map[string]*big.Int{},
	}
}

// at gives the number at a key, a new zero if there is none.
func at[K comparable](of map[K]*big.Int, key K) *big.Int {
	if of[key] == nil {
		of[key] = new(big.Int)
	}
	return of[key]
}

// add adds to the number at a key and gives the sum.
func add[K comparable](to map[K]*big.Int, key K, grams *big.Int) *big.Int {
	sum := at(to, key)
	return sum.Add(sum, grams)
}

func (r *recallTally) entry(t *Tally, e Entry) {
	for _, p := range e.Record.Credits {
		r.posting(t, e, p)
	}
	switch body := e.Command.Body.(type) {
	case PublishFinding:
		r.find(t, body.Document.Finding)
	case AdoptFinding:
		if !e.Record.Pending {
			r.find(t, body.Finding)
		}
	case TraceRecall:
		r.trace(t, e, string(body.Certifier)+"/"+string(body.Statement), e.Record.Traces...)
	case CoverRecall:
		r.cover(t, e, body, string(body.Certifier)+"/"+string(body.Statement))
	case CompleteReversal:
		r.refreeze(t, e)
	default:
		if len(e.Record.Traces) > 0 {
			t.find(e, "traces without a recall")
		}
	}
}

// refreeze checks what was frozen of credit that came back out of transit: no
// more of a lot than came back to it.
func (r *recallTally) refreeze(t *Tally, e Entry) {
	back := map[LotID]*big.Int{}
	for _, p := range e.Record.Credits {
		if p.From.Kind == HolderTransfer && p.To.Kind == HolderLot {
			add(back, LotID(p.To.ID), GramsOf(p.Quantity))
		}
	}
	for _, trace := range e.Record.Traces {
		if add(back, trace.Lot, new(big.Int).Neg(GramsOf(trace.Quantity))).Sign() < 0 {
			t.find(e, "%s kg frozen in lot %s, to which less came back", trace.Quantity, trace.Lot)
		}
		r.trace(t, e, string(trace.Certifier)+"/"+string(trace.Statement), trace)
	}
}

// find begins a recall; a majority that asks again changes nothing.
func (r *recallTally) find(t *Tally, f FraudFinding) {
	key := string(f.Certifier) + "/" + string(f.Statement)
	if r.recalls[key] == nil {
		r.recalls[key] = &recalled{new(big.Int), new(big.Int), new(big.Int), new(big.Int)}
		if so := t.statements[key]; so != nil {
			r.recalls[key].introduced.Set(so)
		}
	}
}

func (r *recallTally) posting(t *Tally, e Entry, p Posting) {
	r.postings++
	grams := GramsOf(p.Quantity)
	if p.From.Kind == HolderStatement {
		r.introduced[LotID(p.To.ID)] = p.From.ID
		if r.recalls[p.From.ID] != nil {
			t.find(e, "%s kg introduced on statement %s, which is recalled", p.Quantity, p.From.ID)
		}
	}
	switch p.To.Kind {
	case HolderLot:
		add(r.held, LotID(p.To.ID), grams)
	case HolderClaim:
		add(r.claimed, ClaimID(p.To.ID), grams)
	}
	if p.From.Kind == HolderClaim { // by a reversal
		add(r.claimed, ClaimID(p.From.ID), new(big.Int).Neg(grams))
	}
	if p.From.Kind != HolderLot {
		return
	}
	id := LotID(p.From.ID)
	if add(r.held, id, new(big.Int).Neg(grams)).Cmp(at(r.frozen, id)) < 0 || r.recalls[r.introduced[id]] != nil {
		t.find(e, "%s kg taken from lot %s, of which %s kg are frozen", p.Quantity, id, FormatGrams(r.frozen[id]))
	}
}

// trace checks what was found. Every part is rounded up to the gram, and there
// are no more parts than postings.
func (r *recallTally) trace(t *Tally, e Entry, statement string, traces ...Trace) {
	recall := r.recalls[statement]
	if recall == nil {
		t.find(e, "statement %s is not recalled", statement)
		return
	}
	for _, trace := range traces {
		grams := GramsOf(trace.Quantity)
		if trace.Claim != "" {
			recall.claimed.Add(recall.claimed, grams)
			marked := add(r.marked, string(trace.Claim)+" "+statement, grams)
			if marked.Cmp(at(r.claimed, trace.Claim)) > 0 {
				t.find(e, "%s kg marked on claim %s of %s kg", FormatGrams(marked), trace.Claim, FormatGrams(r.claimed[trace.Claim]))
			}
			continue
		}
		recall.frozen.Add(recall.frozen, grams)
		frozen := add(r.frozen, trace.Lot, grams)
		if frozen.Cmp(at(r.held, trace.Lot)) > 0 {
			t.find(e, "%s kg frozen in lot %s of %s kg", FormatGrams(frozen), trace.Lot, FormatGrams(r.held[trace.Lot]))
		}
	}
	found := new(big.Int).Add(recall.frozen, recall.claimed)
	if most := new(big.Int).Add(recall.introduced, big.NewInt(r.postings)); found.Cmp(most) > 0 {
		t.find(e, "%s kg found of statement %s, %s kg came in", FormatGrams(found), statement, FormatGrams(recall.introduced))
	}
}

func (r *recallTally) cover(t *Tally, e Entry, body CoverRecall, statement string) {
	key := string(body.Claim) + " " + statement
	covered := at(r.coveredClaims, key)
	for _, p := range e.Record.Credits {
		covered.Add(covered, GramsOf(p.Quantity))
		if recall := r.recalls[statement]; recall != nil {
			recall.covered.Add(recall.covered, GramsOf(p.Quantity))
		}
	}
	if covered.Cmp(at(r.marked, key)) > 0 {
		t.find(e, "%s kg put up for claim %s, which lacks %s kg", FormatGrams(covered), body.Claim, FormatGrams(r.marked[key]))
	}
}

// compare checks the recalls and taints of a state against the recount.
func (r *recallTally) compare(state Memory) (differences []string) {
	differ := func(what string, stored Quantity, counted *big.Int) {
		if counted == nil || GramsOf(stored).Cmp(counted) != 0 {
			differences = append(differences, fmt.Sprintf("%s: stored %s kg, recounted %v g", what, stored, counted))
		}
	}
	for key, value := range state {
		switch v := value.(type) {
		case Taint:
			differ("frozen in lot "+key.A, v.Frozen, r.frozen[LotID(key.A)])
		case Recall:
			name := key.A + "/" + key.B
			recall := r.recalls[name]
			if recall == nil {
				differences = append(differences, "recall of "+name+": stored, not recounted")
				continue
			}
			differ("introduced on "+name, v.Introduced, recall.introduced)
			differ("frozen of "+name, v.Frozen, recall.frozen)
			differ("claimed of "+name, v.Claimed, recall.claimed)
			differ("covered of "+name, v.Covered, recall.covered)
		}
	}
	return differences
}
