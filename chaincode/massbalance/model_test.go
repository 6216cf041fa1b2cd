package massbalance_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// model is the ledger as a child would write it: grams in integers, three maps.
// It predicts the code of every command of a random season.
type model struct {
	*ledger
	lots      map[LotID]*modelLot
	stock     map[AccountID]int64
	transfers map[TransferID]*modelTransfer
	verified  map[StatementID]int64
	tickets   int
	sent      []sentCommand
}

type modelLot struct {
	at   AccountID
	set  StatementID // one statement per set of characteristics here
	left int64
	free bool // book and claim: free of material
}

type modelTransfer struct {
	status   TransferStatus
	from, to SiteID
	grams    int64 // 0 for credits without material
	credit   map[StatementID]int64
}

type sentCommand struct {
	org     OrganisationID
	command Command
	result  Result
}

var owners = map[SiteID]OrganisationID{"elevator": "growers", "mill": "miller", "shop": "brand"}

func newModel(t testing.TB) *model {
	m := &model{
		ledger: founded(t), lots: map[LotID]*modelLot{}, stock: map[AccountID]int64{},
		transfers: map[TransferID]*modelTransfer{}, verified: map[StatementID]int64{"s1": 100_000_000, "s2": 30_000_000},
	}
	m.must("growers", m.statement("s2", func(s *Statement) {
		s.Quantity, s.Characteristics.Region = kg("30000"), "FRF2"
		s.Characteristics.Practices = nil
	}))
	return m
}

// give sends a body and checks the code against the model's.
func (m *model) give(t *rapid.T, org OrganisationID, body Body, expected Code) (Result, bool) {
	c := m.command(fmt.Sprintf("m%d", m.next), body)
	result := m.send(org, c)
	require.Equal(t, expected, result.Code, "%#v: %s", body, result.Message)
	m.sent = append(m.sent, sentCommand{org, c, result})
	return result, expected == Accepted
}

func (m *model) ticket() EvidenceID {
	m.tickets++
	return EvidenceID(fmt.Sprintf("T%d", m.tickets))
}

// amount draws grams around a limit: often just at it, sometimes just beyond.
func amount(t *rapid.T, limit int64) int64 {
	limit = max(limit, 1)
	switch rapid.IntRange(0, 9).Draw(t, "how much") {
	case 0:
		return limit + rapid.Int64Range(1, 5_000_000).Draw(t, "beyond")
	case 1:
		return limit + 1
	case 2:
		return limit
	}
	return rapid.Int64Range(1, limit).Draw(t, "grams")
}

func (m *model) site(t *rapid.T) SiteID {
	return rapid.SampledFrom([]SiteID{"elevator", "mill", "shop"}).Draw(t, "site")
}

// pick draws up to two lots of an account and a quantity of each, and says
// whether they have enough.
func (m *model) pick(t *rapid.T, at AccountID, free bool) (lines []LotLine, total int64, enough bool) {
	enough = true
	for _, id := range m.ledger.created(at) {
		if m.lots[id].free != free || len(lines) == 2 || rapid.Bool().Draw(t, "skip") {
			continue
		}
		grams := amount(t, m.lots[id].left)
		enough = enough && grams <= m.lots[id].left
		lines, total = append(lines, LotLine{id, Grams(grams)}), total+grams
	}
	return lines, total, enough
}

// created lists all lots of an account, spent or not, in order.
func (l *ledger) created(at AccountID) (ids []LotID) {
	for _, e := range l.entries {
		for _, p := range e.Record.Credits {
			if p.To.Kind == HolderLot && p.To.Site == at.Site && p.To.Product == at.Product {
				ids = append(ids, LotID(p.To.ID))
			}
		}
	}
	return ids
}

func (m *model) spend(lines []LotLine) map[StatementID]int64 {
	of := map[StatementID]int64{}
	for _, line := range lines {
		grams := GramsOf(line.Quantity).Int64()
		m.lots[line.Lot].left -= grams
		of[m.lots[line.Lot].set] += grams
	}
	return of
}

// arrive learns the new lots from the last record, and checks their sum.
func (m *model) arrive(t *rapid.T, at AccountID, want map[StatementID]int64) {
	got := map[StatementID]int64{}
	for _, p := range m.entries[len(m.entries)-1].Record.Credits {
		if p.To.Kind != HolderLot || p.To.Product != at.Product {
			continue
		}
		lot := m.lot(LotID(p.To.ID))
		set := StatementID("s1")
		if lot.Characteristics != characteristics().ID() {
			set = "s2"
		}
		grams := GramsOf(lot.Quantity).Int64()
		m.lots[lot.ID] = &modelLot{at, set, grams, !lot.Model.Physical()}
		got[set] += grams
	}
	for set, grams := range want {
		if grams == 0 {
			delete(want, set)
		}
	}
	require.Equal(t, want, got, "credit that arrived as %s at %s", at.Product, at.Site)
}

func (m *model) Introduce(t *rapid.T) {
	statement := rapid.SampledFrom([]StatementID{"s1", "s2"}).Draw(t, "statement")
	grams := min(amount(t, m.verified[statement]), max(m.verified[statement]/3, 3))
	expected := Accepted
	if grams > m.verified[statement] {
		expected = ExceedsVerification
	}
	body := Introduce{Site: "elevator", Certifier: "certifier", Statement: statement, Quantity: Grams(grams), Model: MassBalance, Evidence: m.ticket()}
	if result, ok := m.give(t, "growers", body, expected); ok {
		m.verified[statement] -= grams
		at := AccountID{"elevator", "wheat"}
		m.lots[LotID(result.Subject)] = &modelLot{at, statement, grams, false}
		m.stock[at] += grams
	}
}

func (m *model) TakeIn(t *rapid.T) {
	site, grams := m.site(t), amount(t, 10_000_000)
	m.give(t, owners[site], TakeIn{Site: site, Product: "wheat", Quantity: Grams(grams), Evidence: m.ticket()}, Accepted)
	m.stock[AccountID{site, "wheat"}] += grams
}

func (m *model) Dispatch(t *rapid.T) {
	from, to := m.site(t), m.site(t)
	at := AccountID{from, rapid.SampledFrom([]ProductID{"wheat", "flour"}).Draw(t, "product")}
	if from == to {
		return
	}
	lines, credit, enough := m.pick(t, at, false)
	grams := max(amount(t, m.stock[at]), credit-rapid.Int64Range(0, 1).Draw(t, "light"), 1)
	body := Dispatch{Site: from, To: to, Product: at.Product, Quantity: Grams(grams), Lines: lines}
	if result, ok := m.give(t, owners[from], body, leaves(credit, grams, m.stock[at], enough)); ok {
		m.stock[at] -= grams
		m.transfers[TransferID(result.Subject)] = &modelTransfer{InTransit, from, to, grams, m.spend(lines)}
	}
}

// leaves is the code of anything that takes material and credit out.
func leaves(credit, grams, stock int64, enough bool) Code {
	switch {
	case credit > grams:
		return AttributionExceeds
	case grams > stock:
		return InsufficientStock
	case !enough:
		return InsufficientCredit
	}
	return Accepted
}

func (m *model) transfer(t *rapid.T) (TransferID, *modelTransfer) {
	var ids []TransferID
	for _, s := range m.sent {
		if id := TransferID(s.result.Subject); m.transfers[id] != nil {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return "", nil
	}
	id := rapid.SampledFrom(ids).Draw(t, "transfer")
	return id, m.transfers[id]
}

func (m *model) Receive(t *rapid.T) {
	if id, transfer := m.transfer(t); transfer != nil {
		grams := amount(t, transfer.grams)
		body := Receive{Site: transfer.to, Transfer: id, Quantity: Grams(grams)}
		m.resolve(t, transfer, InTransit, Received, transfer.to, grams, body)
	}
}

func (m *model) Return(t *rapid.T) {
	if id, transfer := m.transfer(t); transfer != nil {
		grams := amount(t, transfer.grams)
		body := Return{Site: transfer.from, Transfer: id, Quantity: Grams(grams)}
		m.resolve(t, transfer, Rejected, Returned, transfer.from, grams, body)
	}
}

func (m *model) resolve(t *rapid.T, transfer *modelTransfer, from, to TransferStatus, site SiteID, grams int64, body Body) {
	expected := Accepted
	if transfer.status != from {
		expected = TransferResolved
	} else if transfer.grams == 0 {
		expected = WrongModel
	} else if grams > transfer.grams+transfer.grams*5/1000 {
		expected = WeightOutOfTolerance
	}
	if _, ok := m.give(t, owners[site], body, expected); !ok {
		return
	}
	at := AccountID{site, m.state[TransferKey(TransferID(m.sent[len(m.sent)-1].result.Subject))].(Transfer).Product}
	transfer.status = to
	m.stock[at] += grams
	var credit int64
	for _, c := range transfer.credit {
		credit += c
	}
	want := map[StatementID]int64{}
	for set, c := range transfer.credit {
		if grams < credit {
			c = c * grams / credit
		}
		want[set] = c
	}
	m.arrive(t, at, want)
}

func (m *model) Reject(t *rapid.T) {
	id, transfer := m.transfer(t)
	if transfer == nil {
		return
	}
	expected := Accepted
	if transfer.status != InTransit {
		expected = TransferResolved
	}
	if _, ok := m.give(t, owners[transfer.to], Reject{transfer.to, id, "wet"}, expected); ok {
		transfer.status = Rejected
	}
}

func (m *model) Convert(t *rapid.T) {
	at := AccountID{"mill", "wheat"}
	lines, credit, enough := m.pick(t, at, false)
	grams := max(amount(t, m.stock[at]), credit)
	flour := max(amount(t, grams*72/100), 1)
	expected := leaves(credit, grams, m.stock[at], enough)
	if flour > grams*72/100 && expected != AttributionExceeds {
		expected = ConversionExceeds
	}
	body := Convert{Site: "mill", Recipe: "milling", Quantity: Grams(grams), Lines: lines, Outputs: []Output{{"flour", Grams(flour)}}}
	if _, ok := m.give(t, "miller", body, expected); ok {
		m.stock[at] -= grams
		m.stock[AccountID{"mill", "flour"}] += flour
		want := m.spend(lines)
		for set, c := range want {
			want[set] = c * flour / grams
		}
		m.arrive(t, AccountID{"mill", "flour"}, want)
	}
}

// Decouple frees credit of its material; there is no way back.
func (m *model) Decouple(t *rapid.T) {
	at := AccountID{m.site(t), rapid.SampledFrom([]ProductID{"wheat", "flour"}).Draw(t, "product")}
	lines, _, enough := m.pick(t, at, false)
	if len(lines) == 0 {
		return
	}
	expected := Accepted
	if !enough {
		expected = InsufficientCredit
	}
	if _, ok := m.give(t, owners[at.Site], Decouple{at.Site, at.Product, lines}, expected); ok {
		m.arrive(t, at, m.spend(lines))
	}
}

func (m *model) TransferCredits(t *rapid.T) {
	from, to := m.site(t), m.site(t)
	at := AccountID{from, rapid.SampledFrom([]ProductID{"wheat", "flour"}).Draw(t, "product")}
	free := rapid.IntRange(0, 3).Draw(t, "free") > 0
	lines, credit, enough := m.pick(t, at, free)
	if from == to || len(lines) == 0 {
		return
	}
	if free && rapid.Bool().Draw(t, "ship them") {
		m.give(t, owners[from], Dispatch{Site: from, To: to, Product: at.Product, Quantity: Grams(credit), Lines: lines}, WrongModel)
		return
	}
	expected := Accepted
	if !free {
		expected = WrongModel
	} else if !enough {
		expected = InsufficientCredit
	}
	if result, ok := m.give(t, owners[from], TransferCredits{from, to, at.Product, lines}, expected); ok {
		m.transfers[TransferID(result.Subject)] = &modelTransfer{InTransit, from, to, 0, m.spend(lines)}
	}
}

func (m *model) AcceptCredits(t *rapid.T) {
	id, transfer := m.transfer(t)
	if transfer == nil {
		return
	}
	if transfer.status == Rejected && transfer.grams == 0 {
		m.credits(t, transfer, transfer.from, Returned, ReturnCredits{transfer.from, id}, Accepted)
		return
	}
	expected := Accepted
	if transfer.status != InTransit {
		expected = TransferResolved
	} else if transfer.grams > 0 {
		expected = WrongModel
	}
	m.credits(t, transfer, transfer.to, Received, AcceptCredits{transfer.to, id}, expected)
}

func (m *model) credits(t *rapid.T, transfer *modelTransfer, site SiteID, to TransferStatus, body Body, expected Code) {
	if result, ok := m.give(t, owners[site], body, expected); ok {
		transfer.status = to
		m.arrive(t, AccountID{site, m.state[TransferKey(TransferID(result.Subject))].(Transfer).Product}, transfer.credit)
	}
}

func (m *model) Withdraw(t *rapid.T) {
	at := AccountID{m.site(t), "wheat"}
	lines, credit, enough := m.pick(t, at, false)
	grams := max(amount(t, m.stock[at]), 1)
	body := Withdraw{Site: at.Site, Product: at.Product, Quantity: Grams(grams), Lines: lines, Purpose: "feed"}
	if _, ok := m.give(t, owners[at.Site], body, leaves(credit, grams, m.stock[at], enough)); ok {
		m.stock[at] -= grams
		m.spend(lines)
	}
}

func (m *model) Claim(t *rapid.T) {
	at := AccountID{m.site(t), "flour"}
	lines, _, enough := m.pick(t, at, rapid.Bool().Draw(t, "free"))
	if len(lines) == 0 {
		return
	}
	expected := Accepted
	if !enough {
		expected = InsufficientCredit
	}
	body := ClaimCredits{Site: at.Site, Product: at.Product, Lines: lines, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}
	if _, ok := m.give(t, owners[at.Site], body, expected); ok {
		m.spend(lines)
	}
}

// Repeat sends an earlier command again: accepted ones give the first result,
// and nothing changes.
func (m *model) Repeat(t *rapid.T) {
	if len(m.sent) == 0 {
		return
	}
	s := rapid.SampledFrom(m.sent).Draw(t, "earlier")
	if s.result.Code != Accepted {
		return
	}
	entries := len(m.entries)
	again := m.send(s.org, s.command)
	require.True(t, again.Repeated)
	require.Equal(t, s.result.Transaction, again.Transaction)
	require.Len(t, m.entries, entries)
}

// Check is the oracle after every step.
func (m *model) Check(t *rapid.T) {
	tally := Recount(m.entries)
	require.Empty(t, tally.Findings)
	require.Empty(t, tally.CompareState(m.state))
	for at, grams := range m.stock {
		require.Equal(t, grams, tally.Accounts[at].Stock().Int64(), "stock of %s at %s", at.Product, at.Site)
	}
	for id, lot := range m.lots {
		require.Equal(t, lot.left, GramsOf(m.lot(id).Available()).Int64(), "left of lot %s", id)
	}
}

func TestRandomSeasonsAgainstTheModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := newModel(t)
		r.Repeat(map[string]func(*rapid.T){
			"introduce": m.Introduce, "take in": m.TakeIn, "dispatch": m.Dispatch, "receive": m.Receive,
			"reject": m.Reject, "return": m.Return, "convert": m.Convert, "withdraw": m.Withdraw,
			"claim": m.Claim, "repeat": m.Repeat, "decouple": m.Decouple, "transfer credits": m.TransferCredits, "accept credits": m.AcceptCredits, "": m.Check,
		})
	})
}
