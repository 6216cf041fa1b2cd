package massbalance_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// recalls is a season of its own, in a smaller world than model's: wheat of mass
// balance from two statements of the same characteristics, which is shipped, put
// together and claimed. In it the model can say in grams what of a lot rests on a
// recalled statement. In the large world it would have to know by which share
// each conversion, merger and reversal hands taint on, which is the rule itself
// written twice.
type recalls struct {
	*model
	pools    map[LotID]*pooledLot
	order    []LotID
	claimed  map[ClaimID]*pooledClaim
	stated   []ClaimID // in the order of the claims
	found    map[StatementID]bool
	adopting map[StatementID]*wish
}

// pooledLot is what of a lot is known to be tainted, and of what it was made.
type pooledLot struct {
	origin StatementID // "" for what was shipped
	at     SiteID
	whole  int64
	left   int64
	frozen int64
	parts  []pooledPart
	shares []pooledShare // in the order in which they were traced
}

// pooledPart is what one lot gave, when so many of its shares were frozen: of
// these it is free.
type pooledPart struct {
	lot   LotID
	grams int64
	free  int
}

type pooledShare struct {
	statement StatementID
	grams     int64
}

type pooledClaim struct {
	parts           []pooledPart
	marked, covered map[StatementID]int64
}

func recallStart(t testing.TB) *beginning {
	l := founded(t)
	l.must("growers", l.statement("s2", nil))
	return &beginning{l, empty(t)}
}

func newRecalls(t testing.TB, start *beginning) *recalls {
	return &recalls{
		model: newModel(t, start), pools: map[LotID]*pooledLot{}, claimed: map[ClaimID]*pooledClaim{},
		found: map[StatementID]bool{}, adopting: map[StatementID]*wish{},
	}
}

func (m *recalls) season(r *rapid.T) {
	actions := []func(*rapid.T){
		m.In, m.In, m.Ship, m.Ship, m.Ship, m.Claim, m.Claim, m.Finding, m.Adopt, m.Trace, m.Trace, m.Trace, m.Cover, m.Cover, m.Repeat,
	}
	command := func(t *rapid.T) { actions[die(t, len(actions))](t) }
	for range 3 {
		m.In(r)
		m.Ship(r)
	}
	r.Repeat(map[string]func(*rapid.T){"": m.Check, "command": command, "two commands": func(t *rapid.T) {
		command(t)
		m.Check(t)
		command(t)
	}})
}

// Check is the oracle of the large world, and beside it what is left and frozen
// of every lot, and to be covered for every claim.
func (m *recalls) Check(t *rapid.T) {
	if m.checked == len(m.entries) {
		return
	}
	m.model.Check(t)
	frozen, marked, covered := map[StatementID]int64{}, map[StatementID]int64{}, map[StatementID]int64{}
	var inLots int64
	for id, lot := range m.pools {
		taint, _ := m.state[TaintKey(id)].(Taint)
		require.Equal(t, lot.frozen, GramsOf(taint.Frozen).Int64(), "frozen of lot %s", id)
		require.Equal(t, lot.left, GramsOf(m.lot(id).Available()).Int64(), "left of lot %s", id)
		inLots += lot.frozen
		for _, share := range taint.Shares {
			frozen[share.Statement] += GramsOf(share.Frozen).Int64()
		}
	}
	for _, claim := range m.claimed {
		for s, grams := range claim.marked {
			marked[s] += grams
			covered[s] += claim.covered[s]
		}
	}
	for s := range m.found {
		recall := m.recall(s)
		require.Equal(t, frozen[s], GramsOf(recall.Frozen).Int64())
		require.Equal(t, marked[s], GramsOf(recall.Claimed).Int64())
		require.Equal(t, covered[s], GramsOf(recall.Covered).Int64())
		inLots -= frozen[s]
	}
	require.Zero(t, inLots)
}

func (m *recalls) statementID(t *rapid.T) StatementID { return []StatementID{"s1", "s2"}[die(t, 2)] }

func (m *recalls) In(t *rapid.T) {
	s := m.statementID(t)
	left := 100_000_000 - m.introduced(s)
	grams := 1 + rapid.Int64Range(0, 10_000_000).Draw(t, "grams")
	if one(t, 12) {
		grams = left + 1
	}
	expected := Accepted
	if grams > left {
		expected = ExceedsVerification
	} else if m.found[s] {
		expected = Recalled
	}
	body := Introduce{Site: "elevator", Certifier: "certifier", Statement: s, Quantity: Grams(grams), Model: MassBalance, Evidence: m.ticket()}
	if result, ok := m.give(t, "growers", body, expected); ok {
		m.weigh(AccountID{"elevator", "wheat"}, grams)
		m.keep(LotID(result.Subject), &pooledLot{origin: s, at: "elevator", whole: grams, left: grams})
	}
}

func (m *recalls) keep(id LotID, lot *pooledLot) {
	m.pools[id], m.order = lot, append(m.order, id)
}

func (m *recalls) introduced(s StatementID) (grams int64) {
	for _, lot := range m.pools {
		if lot.origin == s {
			grams += lot.whole
		}
	}
	return grams
}

// take draws up to three lots of a site, and says what spending them comes to.
func (m *recalls) take(t *rapid.T, site SiteID) (lines []LotLine, total int64, code Code) {
	code = Accepted
	for _, id := range m.order {
		lot := m.pools[id]
		if lot.at != site || len(lines) == 3 || one(t, 3) || lot.left == 0 && !one(t, 8) {
			continue
		}
		grams := amount(t, []int64{lot.left, lot.left - lot.frozen, lot.left/2 + 1}[die(t, 3)])
		if one(t, 2) {
			grams = max(min(grams, lot.left-lot.frozen), 1)
		}
		lines, total = append(lines, LotLine{id, Grams(grams)}), total+grams
		switch {
		case grams > lot.left:
			code = InsufficientCredit
		case code == Accepted && (m.found[lot.origin] || len(lot.shares) > 0 && grams > lot.left-lot.frozen):
			code = Recalled
		}
	}
	return lines, total, code
}

// parts spends lines.
func (m *recalls) parts(lines []LotLine) (parts []pooledPart) {
	for _, line := range lines {
		lot, grams := m.pools[line.Lot], GramsOf(line.Quantity).Int64()
		lot.left -= grams
		parts = append(parts, pooledPart{line.Lot, grams, len(lot.shares)})
	}
	return parts
}

// Ship sends lots as one body of material, most of which arrives and is one lot.
func (m *recalls) Ship(t *rapid.T) {
	from, to := m.site(t), m.site(t)
	lines, grams, expected := m.take(t, from)
	if from == to || len(lines) == 0 {
		return
	}
	at := AccountID{from, "wheat"}
	if grams > m.stock[at] {
		expected = InsufficientStock
	}
	result, ok := m.give(t, owners[from], Dispatch{Site: from, To: to, Product: "wheat", Quantity: Grams(grams), Lines: lines}, expected)
	if !ok {
		return
	}
	m.weigh(at, -grams)
	parts := m.parts(lines)
	arrived := grams
	if one(t, 3) {
		arrived = rapid.Int64Range(1, grams).Draw(t, "arrived")
	}
	body := Receive{Site: to, Transfer: TransferID(result.Subject), Quantity: Grams(arrived)}
	c := m.command("r"+string(m.ticket()), body)
	require.Equal(t, Accepted, m.send(owners[to], c).Code)
	tried.note(body, Accepted)
	m.stock[AccountID{to, "wheat"}] += arrived
	id := LotID(string(owners[to]) + "/" + string(c.ID) + "/1")
	require.Equal(t, arrived, GramsOf(m.lot(id).Quantity).Int64())
	m.keep(id, &pooledLot{at: to, whole: arrived, left: arrived, parts: parts})
}

func (m *recalls) Claim(t *rapid.T) {
	site := m.site(t)
	lines, _, expected := m.take(t, site)
	if len(lines) == 0 {
		return
	}
	body := ClaimCredits{Site: site, Product: "wheat", Lines: lines, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}
	if result, ok := m.give(t, owners[site], body, expected); ok {
		m.claims(ClaimID(result.Subject), lines)
	}
}

func (m *recalls) claims(id ClaimID, lines []LotLine) {
	m.claimed[id] = &pooledClaim{m.parts(lines), map[StatementID]int64{}, map[StatementID]int64{}}
	m.stated = append(m.stated, id)
}

// Finding publishes the certifier's finding against a statement, or a forged one.
func (m *recalls) Finding(t *rapid.T) {
	s := m.statementID(t)
	if !one(t, 3) {
		return
	}
	by, forged := m.hand(t)
	expected := Accepted
	if one(t, 8) {
		s, expected = "s9", NotFound
	} else if m.found[s] {
		expected = AlreadyExists
	} else if forged {
		expected = SignatureInvalid
	}
	if _, ok := m.submit(t, by.finding("f-"+string(m.ticket()), against(s)), expected); ok {
		m.found[s] = true
	}
}

// Adopt lets members find against a statement by majority.
func (m *recalls) Adopt(t *rapid.T) {
	s := m.statementID(t)
	if m.adopting[s] == nil {
		finding := FraudFinding{ID: "adopted", Certifier: "certifier", Statement: s, Reason: "the certifier is in it", Issued: day}
		m.adopting[s] = &wish{
			body: AdoptFinding{finding}, what: "recall " + string(s), version: 1, by: map[OrganisationID]bool{},
			effect: func() { m.found[s] = true },
		}
	}
	w := m.adopting[s]
	if m.found[s] {
		m.versions[w.what] = 1
	}
	if m.ask(t, m.sender(t), w); one(t, 4) {
		m.ask(t, m.sender(t), w)
	}
}

// Trace names some lots in the order in which they came to be, or one out of it,
// and some claims.
func (m *recalls) Trace(t *rapid.T) {
	s := m.statementID(t)
	if !m.found[s] && !one(t, 8) {
		s = map[StatementID]StatementID{"s1": "s2", "s2": "s1"}[s]
	}
	if !m.found[s] && !one(t, 6) {
		return
	}
	body := TraceRecall{Certifier: "certifier", Statement: s}
	before, expected := m.keepTaint(), Accepted
	for _, id := range m.order {
		if len(body.Lots) < 8 && !one(t, 4) && (m.tainted(s, id) > 0 || one(t, 12)) && expected == Accepted {
			body.Lots = append(body.Lots, id)
			expected = m.trace(s, id)
		}
	}
	for _, id := range m.stated {
		if !one(t, 3) && (m.inParts(s, m.claimed[id].parts) > 0 || one(t, 12)) && expected == Accepted {
			body.Claims = append(body.Claims, id)
			expected = m.mark(s, id)
		}
	}
	if len(body.Lots)+len(body.Claims) == 0 {
		return
	}
	if !m.found[s] {
		expected = NotFound
	}
	if _, ok := m.submit(t, body, expected); !ok {
		m.restore(before)
	}
}

// keepTaint copies what is known of taint: a refused command leaves it as it was.
func (m *recalls) keepTaint() (copies recalls) {
	copies.pools, copies.claimed = map[LotID]*pooledLot{}, map[ClaimID]*pooledClaim{}
	for id, lot := range m.pools {
		copies.pools[id] = &pooledLot{frozen: lot.frozen, shares: slices.Clone(lot.shares)}
	}
	for id, claim := range m.claimed {
		copies.claimed[id] = &pooledClaim{marked: maps.Clone(claim.marked)}
	}
	return copies
}

func (m *recalls) restore(before recalls) {
	for id, lot := range before.pools {
		m.pools[id].frozen, m.pools[id].shares = lot.frozen, lot.shares
	}
	for id, claim := range before.claimed {
		m.claimed[id].marked = claim.marked
	}
}

// scaled is a quantity times a fraction, rounded up.
func scaled(grams, part, whole int64) int64 {
	if whole == 0 {
		return 0
	}
	// 200 t are 2·10⁸ g, so the product is far below 2⁶³.
	return min(grams, (grams*part+whole-1)/whole)
}

// clean is what none of a lot's first shares taints.
func (l *pooledLot) clean(shares int) int64 {
	clean := l.whole
	for _, share := range l.shares[:shares] {
		clean -= share.grams
	}
	return clean
}

// inParts is how much of what lots gave rests on a statement, as far as they were traced.
func (m *recalls) inParts(s StatementID, parts []pooledPart) (grams int64) {
	for _, part := range parts {
		lot := m.pools[part.lot]
		if lot.origin == s {
			grams += part.grams
			continue
		}
		var of int64
		for _, share := range lot.shares[part.free:] {
			if share.statement == s {
				of += share.grams
			}
		}
		grams += scaled(part.grams, of, lot.clean(part.free))
	}
	return grams
}

// tainted is how much of what a lot began with rests on a statement.
func (m *recalls) tainted(s StatementID, id LotID) int64 {
	lot := m.pools[id]
	if lot.origin == s {
		return lot.whole
	}
	var sent int64
	for _, part := range lot.parts {
		sent += part.grams
	}
	return scaled(lot.whole, m.inParts(s, lot.parts), sent)
}

func (m *recalls) trace(s StatementID, id LotID) Code {
	lot, more := m.pools[id], m.tainted(s, id)
	if more == 0 {
		return NotDescended
	}
	for _, share := range lot.shares {
		if share.statement == s {
			more -= share.grams
		}
	}
	clean := lot.clean(len(lot.shares))
	if more = min(more, clean); more <= 0 {
		return Accepted
	}
	lot.frozen += scaled(lot.left-lot.frozen, more, clean)
	lot.shares = append(lot.shares, pooledShare{s, more})
	return Accepted
}

func (m *recalls) mark(s StatementID, id ClaimID) Code {
	claim := m.claimed[id]
	grams := m.inParts(s, claim.parts)
	if grams == 0 {
		return NotDescended
	}
	claim.marked[s] = max(claim.marked[s], grams)
	return Accepted
}

// Cover puts lots of a site up for a claim, mostly one that lacks something.
func (m *recalls) Cover(t *rapid.T) {
	s, site := m.statementID(t), m.site(t)
	due := func(id ClaimID) int64 { return m.claimed[id].marked[s] - m.claimed[id].covered[s] }
	lacking := slices.DeleteFunc(slices.Clone(m.stated), func(id ClaimID) bool { return due(id) == 0 })
	if len(lacking) == 0 && !one(t, 6) {
		return
	}
	if len(lacking) == 0 || one(t, 10) {
		lacking = m.stated
	}
	lines, grams, expected := m.take(t, site)
	if len(lacking) == 0 || len(lines) == 0 {
		return
	}
	id := rapid.SampledFrom(lacking).Draw(t, "claim")
	if one(t, 2) && expected == Accepted {
		// As much as is due, of the first lot.
		grams = min(max(due(id), 1), GramsOf(lines[0].Quantity).Int64())
		lines = []LotLine{{lines[0].Lot, Grams(grams)}}
	}
	if len(m.claimed[id].marked) == 0 {
		expected = NotFound
	} else if expected == Accepted && grams > due(id) {
		expected = ExceedsRecall
	}
	body := CoverRecall{Site: site, Claim: id, Certifier: "certifier", Statement: s, Lines: lines}
	if result, ok := m.give(t, owners[site], body, expected); ok {
		m.claimed[id].covered[s] += grams
		m.claims(ClaimID(result.Subject), lines)
	}
}
