package massbalance_test

import (
	"slices"

	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// This file holds the calendar and the certificate of a random season, and its
// corrections.

// calendar is where a site stands: its day, and which of the periods is open.
type calendar struct {
	today Date
	open  int
}

var periods = []struct {
	id       PeriodID
	from, to Date
}{
	{period, "2026-07-01", "2026-09-30"}, {"2026-10", "2026-10-01", "2026-10-31"},
	{"2026-11", "2026-11-01", "2026-11-30"}, {"2026-12", "2026-12-01", "2026-12-31"},
}

func (c *calendar) period() PeriodID { return periods[c.open].id }

func seal(c *Command) error { return wire.Seal(c) }

// Tomorrow lets days pass at a site, within the period.
func (m *model) Tomorrow(t *rapid.T) {
	at := m.calendar[m.site(t)]
	at.today = min(ahead(t, at.today), periods[at.open].to)
}

// Close ends a site's period with the right balances or without one of them,
// and opens the next.
func (m *model) Close(t *rapid.T) {
	site := m.site(t)
	at := m.calendar[site]
	if at.open == len(periods)-1 || !one(t, 3) {
		return
	}
	var balances []AccountBalance
	for _, product := range []ProductID{"wheat", "flour"} {
		if account, ok := m.state[AccountKey(site, product)].(Account); ok {
			balances = append(balances, AccountBalance{product, account.Stock()})
		}
	}
	expected := Accepted
	if len(balances) > 0 && one(t, 4) {
		expected = BalanceMismatch
		if one(t, 2) {
			balances = balances[1:]
		} else {
			balances[0].Balance = balances[0].Balance.Add(Grams(1))
		}
	}
	if _, ok := m.give(t, owners[site], ClosePeriod{Site: site, Period: at.period(), Balances: balances}, expected); !ok {
		return
	}
	at.open++
	next := periods[at.open]
	at.today = next.from
	m.give(t, owners[site], OpenPeriod{Site: site, Period: next.id, From: next.from, To: next.to}, Accepted)
}

// early reports whether it is too early at a site to take a transfer in or
// refuse it: the first version of the rules did not ask.
func (m *model) early(transfer *modelTransfer, site SiteID) bool {
	return m.versions["rules"] >= 2 && m.calendar[site].today < transfer.day
}

// undo is the code of moving back what a command moved.
func (m *model) undo(move *move) Code {
	for _, id := range move.created {
		if m.lots[id].left != m.lots[id].whole {
			return StockMovedOn
		}
	}
	for at, grams := range move.stock {
		if grams > 0 && m.stock[at] < grams {
			return InsufficientStock
		}
	}
	return Accepted
}

// undone moves it back.
func (m *model) undone(move *move) {
	for _, id := range move.created {
		m.lots[id].left = 0
	}
	for id, grams := range move.spent {
		m.lots[id].left += grams
	}
	for at, grams := range move.stock {
		m.stock[at] -= grams
	}
	if move.claim != "" {
		m.claims[move.claim].reversed = true
	}
	move.undone = true
}

// Reverse asks with a certifier's consent to undo an earlier command, mostly one
// that can be.
func (m *model) Reverse(t *rapid.T) {
	reversible := func(x *move) bool {
		return slices.Contains([]string{"convert", "downgrade", "merge", "claim", "cancel"}, x.command.Body.Type())
	}
	from := slices.DeleteFunc(slices.Clone(m.moves), func(x *move) bool { return !reversible(x) })
	if one(t, 12) {
		from = m.moves
	}
	if len(from) == 0 {
		return
	}
	move := rapid.SampledFrom(from).Draw(t, "earlier")
	by, forged := m.hand(t)
	expected := m.undo(move)
	switch {
	case move.undone:
		expected = AlreadyExists
	case forged:
		expected = SignatureInvalid
	case !reversible(move):
		expected = NotReversible
	}
	if _, ok := m.give(t, move.org, by.consent(move.site, move.org, move.command.ID, nil), expected); ok {
		m.undone(move)
	}
}

// party draws one end of a transfer.
func party(t *rapid.T, transfer *modelTransfer) SiteID {
	return []SiteID{transfer.from, transfer.to}[die(t, 2)]
}

func (m *model) ProposeReversal(t *rapid.T) {
	id, transfer := m.transfer(t, func(x *modelTransfer) bool { return x.status == Received && x.proposer == "" })
	if transfer == nil {
		return
	}
	site := party(t, transfer)
	expected := Accepted
	switch {
	case transfer.status != Received:
		expected = TransferResolved
	case transfer.proposer != "":
		expected = AlreadyExists
	case m.calendar[site].today < transfer.day:
		expected = ReversalOutOfTime
	}
	if _, ok := m.give(t, owners[site], ProposeReversal{site, id, "mistake"}, expected); ok {
		transfer.proposer, transfer.day = owners[site], m.calendar[site].today
		if one(t, 2) {
			m.confirms(t, id, transfer, party(t, transfer))
		}
	}
}

func (m *model) ConfirmReversal(t *rapid.T) {
	if id, transfer := m.transfer(t, func(x *modelTransfer) bool { return x.proposer != "" && !x.agreed }); transfer != nil {
		m.confirms(t, id, transfer, party(t, transfer))
	}
}

func (m *model) confirms(t *rapid.T, id TransferID, transfer *modelTransfer, site SiteID) {
	expected := Accepted
	switch {
	case transfer.status != Received:
		expected = TransferResolved
	case transfer.proposer == "":
		expected = ReversalNotAgreed
	case transfer.proposer == owners[site]:
		expected = NotOwner
	case transfer.agreed:
		expected = AlreadyExists
	case m.calendar[site].today < transfer.day:
		expected = ReversalOutOfTime
	case site == transfer.to:
		expected = m.undo(transfer.receipt)
	}
	if _, ok := m.give(t, owners[site], ConfirmReversal{site, id}, expected); !ok {
		return
	}
	transfer.agreed, transfer.day = true, m.calendar[site].today
	if site == transfer.to {
		transfer.status = Reversing
		m.undone(transfer.receipt)
	}
}

func (m *model) CompleteReversal(t *rapid.T) {
	id, transfer := m.transfer(t, func(x *modelTransfer) bool { return x.agreed && x.status != Reversed })
	if transfer == nil {
		return
	}
	site := party(t, transfer)
	receiver := site == transfer.to
	expected := Accepted
	switch {
	case transfer.status != Received && transfer.status != Reversing, receiver && transfer.status == Reversing:
		expected = TransferResolved
	case !transfer.agreed, !receiver && transfer.status == Received:
		expected = ReversalNotAgreed
	case m.calendar[site].today < transfer.day:
		expected = ReversalOutOfTime
	case receiver:
		expected = m.undo(transfer.receipt)
	}
	if _, ok := m.give(t, owners[site], CompleteReversal{site, id}, expected); !ok {
		return
	}
	transfer.day = m.calendar[site].today
	if receiver {
		transfer.status = Reversing
		m.undone(transfer.receipt)
		return
	}
	transfer.status = Reversed
	m.undone(transfer.dispatch)
}
