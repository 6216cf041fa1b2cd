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
		m.offers(t, at, m.site(t), true)
	}
}

func (m *model) TransferCredits(t *rapid.T) {
	m.offers(t, m.accountAt(t), m.site(t), !one(t, 4))
}

func (m *model) offers(t *rapid.T, at AccountID, to SiteID, free bool) {
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
	if result, ok := m.give(t, owners[at.Site], TransferCredits{at.Site, to, at.Product, lines, ""}, expected); ok {
		id, transfer := m.sends(result, at.Site, to, 0, lines)
		switch die(t, 4) {
		case 0, 1:
			m.accepts(t, id, transfer)
		case 2:
			m.rejects(t, id, transfer)
			m.accepts(t, id, transfer) // or the sender has them back
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

// Merge makes one lot of two: of one set as they are, of sets that differ in
// their figures as far as the profile in force lets it.
func (m *model) Merge(t *rapid.T) {
	at := m.accountAt(t)
	lines, credit, enough := m.pick(t, at, one(t, 10))
	if len(lines) < 2 {
		return
	}
	first, second := m.lots[lines[0].Lot], m.lots[lines[1].Lot]
	how := []CarbonMerge{CarbonHighest, CarbonHighest, CarbonWeightedMean}[die(t, 3)]
	expected := Accepted
	switch {
	case m.held(at.Site, true):
		expected = CertificateSuspended
	case first.free():
		expected = WrongModel
	case m.family(first.set) != m.family(second.set):
		expected = SetsDiffer
	case first.set != second.set && !m.merges(how):
		expected = CarbonMergeForbidden
	case !enough:
		expected = InsufficientCredit
	}
	result, ok := m.give(t, owners[at.Site], MergeLots{Site: at.Site, Product: at.Product, Lines: lines, Carbon: how}, expected)
	if !ok {
		return
	}
	name := first.set
	if first.set != second.set {
		// A set of its own, of the same family.
		name = m.name(m.lot(LotID(result.Subject)).Characteristics, m.family(first.set)+StatementID(fmt.Sprintf(" merged %d", len(m.sets))))
	}
	m.spend(lines)
	m.arrive(t, at, map[StatementID]int64{name: credit})
}

// family is what sets share that differ in their figures alone.
func (m *model) family(set StatementID) StatementID {
	if set == "s3" {
		return "s1"
	}
	return set[:2]
}

func (m *model) merges(how CarbonMerge) bool {
	return m.profile != nil && (m.profile.Carbon == CarbonWeightedMean || m.profile.Carbon == how)
}

// Reassign gives credit to the other product, where the profile in force has
// both in one group, as far as there is material of it without credit.
func (m *model) Reassign(t *rapid.T) {
	at := m.accountAt(t)
	to := AccountID{at.Site, map[ProductID]ProductID{"wheat": "flour", "flour": "wheat"}[at.Product]}
	lines, credit, enough := m.pick(t, at, one(t, 10))
	if len(lines) == 0 {
		return
	}
	if m.profile == nil && one(t, 2) {
		m.adoptProfile(t)
	}
	if one(t, 2) {
		lines = slices.DeleteFunc(lines, func(l LotLine) bool { return m.lots[l.Lot].model != MassBalance })
		if len(lines) != 1 {
			return
		}
		credit = GramsOf(lines[0].Quantity).Int64()
		enough = credit <= m.lots[lines[0].Lot].left
	}
	room := m.stock[to]
	for _, lot := range m.lots {
		if lot.at == to {
			room -= lot.left
		}
	}
	if room > 0 && credit > room && one(t, 2) {
		credit = min(room, GramsOf(lines[0].Quantity).Int64())
		lines = []LotLine{{lines[0].Lot, Grams(credit)}}
		enough = credit <= m.lots[lines[0].Lot].left
	}
	expected := Accepted
	switch {
	case m.held(at.Site, true):
		expected = CertificateSuspended
	case m.profile == nil || len(m.profile.ProductGroups) == 0:
		expected = ProductMismatch
	case slices.ContainsFunc(lines, func(l LotLine) bool { return m.lots[l.Lot].model != MassBalance }):
		expected = WrongModel
	case credit > room:
		expected = AttributionExceeds
	case !enough:
		expected = InsufficientCredit
	}
	if _, ok := m.give(t, owners[at.Site], Reassign{at.Site, at.Product, to.Product, lines}, expected); ok {
		m.arrive(t, to, m.spend(lines))
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
	expected := uses(m.held(at.Site, true), enough)
	credits, needed := m.unaudited(owners[at.Site], lines)
	if expected == Accepted && needed {
		expected = AuditNeeded
	}
	if result, ok := m.give(t, owners[at.Site], body, expected); ok {
		m.spend(lines)
		m.credits2026[owners[at.Site]].claimed += credits
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
