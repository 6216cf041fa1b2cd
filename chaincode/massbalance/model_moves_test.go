package massbalance_test

import (
	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// This file holds the random commands that move material.

func (m *model) Introduce(t *rapid.T) {
	statement := []StatementID{"s1", "s1", "s2", "s3", "s3", "s4", "s5"}[die(t, 7)]
	verified, known := m.verified[statement]
	if !known && !one(t, 8) {
		statement, verified, known = "s1", m.verified["s1"], true
	}
	model := rapid.SampledFrom(CustodyModels[:4]).Draw(t, "model")
	grams := min(amount(t, verified), max(verified/3, 3))
	expected := Accepted
	switch {
	case !known:
		expected = NotFound
	case m.held("elevator", true), !m.good(origins[statement].certificate, m.calendar["elevator"].today):
		expected = CertificateSuspended
	case grams > verified:
		expected = ExceedsVerification
	}
	body := Introduce{Site: "elevator", Certifier: "certifier", Statement: statement, Quantity: Grams(grams), Model: model, Evidence: m.ticket()}
	if _, ok := m.give(t, "growers", body, expected); ok {
		m.verified[statement] -= grams
		at := AccountID{"elevator", "wheat"}
		m.weigh(at, grams)
		set := statement
		if statement == "s4" {
			set = "s1" // in all characteristics
		}
		m.arrive(t, at, map[StatementID]int64{set: grams})
	}
}

func (m *model) TakeIn(t *rapid.T) {
	site, grams := m.site(t), amount(t, 10_000_000)
	product := []ProductID{"wheat", "wheat", "flour"}[die(t, 3)]
	body := TakeIn{Site: site, Product: product, Quantity: Grams(grams), Evidence: m.ticket()}
	if _, ok := m.give(t, owners[site], body, Accepted); ok {
		m.weigh(AccountID{site, product}, grams)
	}
}

func (m *model) Dispatch(t *rapid.T) {
	at, to := m.accountAt(t), m.site(t)
	if at.Site == to || m.stock[at] == 0 && !one(t, 10) {
		return
	}
	lines, credit, enough := m.pick(t, at, false)
	grams := max(amount(t, m.stock[at]), credit-rapid.Int64Range(0, 1).Draw(t, "light"), 1)
	expected := leaves(credit, grams, m.stock[at], enough)
	if m.held(at.Site, len(lines) > 0) {
		expected = CertificateSuspended
	}
	body := Dispatch{Site: at.Site, To: to, Product: at.Product, Quantity: Grams(grams), Lines: lines}
	if result, ok := m.give(t, owners[at.Site], body, expected); ok {
		m.weigh(at, -grams)
		id, transfer := m.sends(result, at.Site, to, grams, lines)
		if one(t, 2) {
			m.resolve(t, transfer, InTransit, Received, to, grams, Receive{Site: to, Transfer: id, Quantity: Grams(grams)})
		}
	}
}

// sends notes a transfer.
func (m *model) sends(result Result, from, to SiteID, grams int64, lines []LotLine) (TransferID, *modelTransfer) {
	transfer := &modelTransfer{
		status: InTransit, from: from, to: to, grams: grams, credit: m.spend(lines), dispatch: m.now(), day: m.calendar[from].today,
	}
	m.transfers[TransferID(result.Subject)] = transfer
	return TransferID(result.Subject), transfer
}

// transfer draws a transfer, mostly one that stands as wanted.
func (m *model) transfer(t *rapid.T, wanted func(*modelTransfer) bool) (TransferID, *modelTransfer) {
	var all, fit []TransferID
	for _, move := range m.moves {
		id := TransferID(string(move.org) + "/" + string(move.command.ID))
		if transfer := m.transfers[id]; transfer != nil {
			all = append(all, id)
			if wanted(transfer) {
				fit = append(fit, id)
			}
		}
	}
	if len(fit) > 0 && !one(t, 6) {
		all = fit
	}
	if len(all) == 0 || len(fit) == 0 && !one(t, 6) {
		return "", nil
	}
	id := rapid.SampledFrom(all).Draw(t, "transfer")
	return id, m.transfers[id]
}

func at(status TransferStatus) func(*modelTransfer) bool {
	return func(transfer *modelTransfer) bool { return transfer.status == status }
}

func (m *model) Receive(t *rapid.T) {
	if id, transfer := m.transfer(t, at(InTransit)); transfer != nil {
		grams := amount(t, transfer.grams)
		body := Receive{Site: transfer.to, Transfer: id, Quantity: Grams(grams)}
		m.resolve(t, transfer, InTransit, Received, transfer.to, grams, body)
	}
}

func (m *model) Return(t *rapid.T) {
	if id, transfer := m.transfer(t, at(Rejected)); transfer != nil {
		grams := amount(t, transfer.grams)
		body := Return{Site: transfer.from, Transfer: id, Quantity: Grams(grams)}
		m.resolve(t, transfer, Rejected, Returned, transfer.from, grams, body)
	}
}

func (m *model) resolve(t *rapid.T, transfer *modelTransfer, from, to TransferStatus, site SiteID, grams int64, body Body) {
	expected := Accepted
	switch {
	case transfer.status != from:
		expected = TransferResolved
	case m.early(transfer, site):
		expected = DateBeforeDispatch
	case to == Received && m.held(site, len(transfer.credit) > 0):
		expected = CertificateSuspended
	case transfer.grams == 0:
		expected = WrongModel
	case grams > transfer.grams+transfer.grams*5/1000:
		expected = WeightOutOfTolerance
	}
	result, ok := m.give(t, owners[site], body, expected)
	if !ok {
		return
	}
	at := AccountID{site, m.productOf(result)}
	m.resolved(transfer, to, site)
	m.weigh(at, grams)
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

func (m *model) resolved(transfer *modelTransfer, to TransferStatus, site SiteID) {
	transfer.status, transfer.day, transfer.receipt = to, m.calendar[site].today, m.now()
}

// productOf is the product of the transfer that a result is about.
func (m *model) productOf(result Result) ProductID {
	return m.state[TransferKey(TransferID(result.Subject))].(Transfer).Product
}

func (m *model) Reject(t *rapid.T) {
	if id, transfer := m.transfer(t, at(InTransit)); transfer != nil {
		m.rejects(t, id, transfer)
	}
}

func (m *model) rejects(t *rapid.T, id TransferID, transfer *modelTransfer) {
	expected := Accepted
	if transfer.status != InTransit {
		expected = TransferResolved
	} else if m.early(transfer, transfer.to) {
		expected = DateBeforeDispatch
	}
	if _, ok := m.give(t, owners[transfer.to], Reject{transfer.to, id, "wet"}, expected); ok {
		transfer.status, transfer.day = Rejected, m.calendar[transfer.to].today
	}
}

func (m *model) Convert(t *rapid.T) {
	at, out := AccountID{"mill", "wheat"}, AccountID{"mill", "flour"}
	lines, credit, enough := m.pick(t, at, false)
	grams := max(amount(t, m.stock[at]), credit)
	flour := max(amount(t, grams*m.flour/100), 1)
	if m.stock[at] == 0 && !one(t, 10) {
		return
	}
	expected := leaves(credit, grams, m.stock[at], enough)
	if flour > grams*m.flour/100 && expected != AttributionExceeds {
		expected = ConversionExceeds
	}
	if m.held("mill", len(lines) > 0) {
		expected = CertificateSuspended
	}
	body := Convert{Site: "mill", Recipe: "milling", Quantity: Grams(grams), Lines: lines, Outputs: []Output{{"flour", Grams(flour)}}}
	if _, ok := m.give(t, "miller", body, expected); ok {
		m.weigh(at, -grams)
		m.weigh(out, flour)
		want := m.spend(lines)
		for set, c := range want {
			want[set] = c * flour / grams
		}
		m.arrive(t, out, want)
	}
}

func (m *model) Withdraw(t *rapid.T) {
	at := m.accountAt(t)
	lines, credit, enough := m.pick(t, at, false)
	grams := max(amount(t, m.stock[at]), 1)
	body := Withdraw{Site: at.Site, Product: at.Product, Quantity: Grams(grams), Lines: lines, Purpose: "feed"}
	if _, ok := m.give(t, owners[at.Site], body, leaves(credit, grams, m.stock[at], enough)); ok {
		m.weigh(at, -grams)
		m.spend(lines)
	}
}
