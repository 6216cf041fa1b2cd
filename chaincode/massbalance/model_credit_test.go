package massbalance_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// This file holds the random commands that move or use up credit alone.

// uses is the code of anything that needs no more than the lots.
func uses(held, enough bool) Code {
	switch {
	case held:
		return CertificateSuspended
	case !enough:
		return InsufficientCredit
	}
	return Accepted
}

// Downgrade steps lots down; lots that are not stricter are refused.
func (m *model) Downgrade(t *rapid.T) {
	at := m.accountAt(t)
	lines, credit, enough := m.pick(t, at, one(t, 10))
	if len(lines) == 0 {
		return
	}
	model := rapid.SampledFrom([]CustodyModel{Segregated, ControlledBlending, MassBalance}).Draw(t, "model")
	body := Downgrade{Site: at.Site, Product: at.Product, Lines: lines, Model: model}
	expected := uses(false, enough)
	if model == ControlledBlending {
		blend := amount(t, credit*2)
		body.Quantity = Grams(blend)
		if blend < credit {
			expected = AttributionExceeds
		}
	}
	if slices.ContainsFunc(lines, func(l LotLine) bool { return m.lots[l.Lot].model.Level() <= model.Level() }) {
		expected = CustodyModelRaised
	}
	if m.held(at.Site, true) {
		expected = CertificateSuspended
	}
	if _, ok := m.give(t, owners[at.Site], body, expected); ok {
		m.arrive(t, at, m.spend(lines))
	}
}

// Decouple frees credit of its material; there is no way back.
func (m *model) Decouple(t *rapid.T) {
	at := m.accountAt(t)
	lines, _, enough := m.pick(t, at, false)
	if len(lines) == 0 {
		return
	}
	if _, ok := m.give(t, owners[at.Site], Decouple{at.Site, at.Product, lines}, uses(m.held(at.Site, true), enough)); ok {
		m.arrive(t, at, m.spend(lines))
	}
}

func (m *model) TransferCredits(t *rapid.T) {
	at, to := m.accountAt(t), m.site(t)
	free := !one(t, 4)
	lines, credit, enough := m.pick(t, at, free)
	if at.Site == to || len(lines) == 0 {
		return
	}
	expected := uses(m.held(at.Site, true), enough)
	ship := free && one(t, 2)
	if (ship || !free) && expected != CertificateSuspended {
		expected = WrongModel
	}
	if ship {
		m.give(t, owners[at.Site], Dispatch{Site: at.Site, To: to, Product: at.Product, Quantity: Grams(credit), Lines: lines}, expected)
		return
	}
	if result, ok := m.give(t, owners[at.Site], TransferCredits{at.Site, to, at.Product, lines}, expected); ok {
		id, transfer := m.sends(result, at.Site, to, 0, lines)
		if one(t, 2) {
			m.accepts(t, id, transfer)
		}
	}
}

func (m *model) AcceptCredits(t *rapid.T) {
	if id, transfer := m.transfer(t, func(x *modelTransfer) bool { return x.grams == 0 && (x.status == InTransit || x.status == Rejected) }); transfer != nil {
		m.accepts(t, id, transfer)
	}
}

func (m *model) accepts(t *rapid.T, id TransferID, transfer *modelTransfer) {
	if transfer.status == Rejected && transfer.grams == 0 {
		expected := Accepted
		if m.early(transfer, transfer.from) {
			expected = DateBeforeDispatch
		}
		m.credits(t, transfer, transfer.from, Returned, ReturnCredits{transfer.from, id}, expected)
		return
	}
	expected := Accepted
	switch {
	case transfer.status != InTransit:
		expected = TransferResolved
	case m.early(transfer, transfer.to):
		expected = DateBeforeDispatch
	case m.held(transfer.to, len(transfer.credit) > 0):
		expected = CertificateSuspended
	case transfer.grams > 0:
		expected = WrongModel
	}
	m.credits(t, transfer, transfer.to, Received, AcceptCredits{transfer.to, id}, expected)
}

func (m *model) credits(t *rapid.T, transfer *modelTransfer, site SiteID, to TransferStatus, body Body, expected Code) {
	if result, ok := m.give(t, owners[site], body, expected); ok {
		m.resolved(transfer, to, site)
		want := map[StatementID]int64{}
		for set, c := range transfer.credit {
			want[set] = c
		}
		m.arrive(t, AccountID{site, m.productOf(result)}, want)
	}
}

// Cancel is allowed inside a suspension too.
func (m *model) Cancel(t *rapid.T) {
	at := m.accountAt(t)
	lines, _, enough := m.pick(t, at, one(t, 2))
	if len(lines) == 0 {
		return
	}
	if _, ok := m.give(t, owners[at.Site], Cancel{at.Site, at.Product, lines, "given up"}, uses(false, enough)); ok {
		m.spend(lines)
	}
}

func (m *model) Claim(t *rapid.T) {
	at := m.accountAt(t)
	lines, _, enough := m.pick(t, at, one(t, 4))
	if len(lines) == 0 {
		return
	}
	body := ClaimCredits{Site: at.Site, Product: at.Product, Lines: lines, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}
	if result, ok := m.give(t, owners[at.Site], body, uses(m.held(at.Site, true), enough)); ok {
		m.spend(lines)
		m.now().claim = ClaimID(result.Subject)
		m.claims[m.now().claim] = &modelClaim{site: at.Site, lines: lines, reported: map[string]bool{}}
	}
}

// ReportTier walks from a lot of a claim back to one of another organisation.
func (m *model) ReportTier(t *rapid.T) {
	var ids []ClaimID
	for _, move := range m.moves {
		if move.claim != "" {
			ids = append(ids, move.claim)
		}
	}
	if len(ids) == 0 {
		return
	}
	id := rapid.SampledFrom(ids).Draw(t, "claim")
	claim := m.claims[id]
	line := rapid.SampledFrom(claim.lines).Draw(t, "line")
	path, part := m.walk(t, line)
	own := m.lots[path[len(path)-1]].at.Site
	if len(path) < 2 || own == claim.site && one(t, 2) {
		return
	}
	grams := max(amount(t, part), 1)
	body := ReportTier{Site: own, Claim: id, Path: path, Quantity: Grams(grams), ReportingYear: 2026, Purpose: "p"}
	if _, ok := m.give(t, owners[own], body, m.reports(claim, path, part, grams)); ok {
		claim.reported[fmt.Sprint(path)] = true
	}
}

// walk follows parents at random until the site changes, or on from there.
func (m *model) walk(t *rapid.T, line LotLine) (path []LotID, part int64) {
	path, part = []LotID{line.Lot}, GramsOf(line.Quantity).Int64()
	for {
		lot := m.lot(path[len(path)-1])
		if len(lot.Parents) == 0 {
			return path, part
		}
		parent := rapid.SampledFrom(lot.Parents).Draw(t, "parent")
		var all int64
		for _, p := range lot.Parents {
			all += GramsOf(p.Quantity).Int64()
		}
		path, part = append(path, parent.Lot), part*GramsOf(parent.Quantity).Int64()/all
		if m.lots[parent.Lot].at.Site != lot.Site && !one(t, 3) {
			return path, part
		}
	}
}

func (m *model) reports(claim *modelClaim, path []LotID, part, grams int64) Code {
	own := m.lots[path[len(path)-1]].at.Site
	before := slices.ContainsFunc(path[:len(path)-1], func(id LotID) bool { return m.lots[id].at.Site == own })
	switch {
	case claim.reported[fmt.Sprint(path)]:
		return AlreadyExists
	case m.held(own, true):
		return CertificateSuspended
	case claim.reversed:
		return ClaimReversed
	case m.lots[path[0]].free():
		return WrongModel
	case before:
		return NotInLineage
	case grams > part:
		return ExceedsClaim
	}
	return Accepted
}
