package massbalance_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// This file holds what a random season publishes: documents signed by the
// certifier, by the key that is in force or by another one; and what members
// register of their own.

// point is the public key that a ledger's certifier signs with.
func (l *ledger) point() PublicKey {
	point, err := wire.PublicKey(&l.key.PublicKey)
	require.NoError(l.t, err)
	return point
}

// hand draws whose hand signs: mostly the certifier's, and now and then that of
// somebody with another key.
func (m *model) hand(t *rapid.T) (by *ledger, forged bool) {
	if one(t, 8) {
		return m.spare, true
	}
	return m.ledger, false
}

// certified are the certificates that there may be, each of one site.
var certified = map[CertificateID]SiteID{"cert": "elevator", "cert-2": "elevator", "cert-mill": "mill", "cert-depot": "depot"}

// publication is a declaration on a certificate.
type publication struct {
	id   StandingID
	kind StandingKind
	from Date
}

// good reports whether a certificate is in force on a day, by all that was
// declared on it.
func (m *model) good(id CertificateID, day Date) bool {
	kind := Reinstated
	for _, p := range m.standings[id] {
		if p.from <= day {
			kind = p.kind
		}
	}
	return kind == Reinstated
}

// held reports whether credit is held up at a site: it was certified, and now
// no certificate of it is good.
func (m *model) held(site SiteID, credit bool) bool {
	covered := false
	for id := range m.standings {
		if certified[id] == site {
			if m.good(id, m.calendar[site].today) {
				return false
			}
			covered = true
		}
	}
	return credit && covered
}

func (m *model) Certificate(t *rapid.T) {
	id := []CertificateID{"cert-2", "cert-mill", "cert-depot"}[die(t, 3)]
	by, forged := m.hand(t)
	expected := Accepted
	if _, known := m.standings[id]; known {
		expected = AlreadyExists
	} else if forged {
		expected = SignatureInvalid
	}
	body := by.certificate(string(id), func(c *Certificate) { c.Sites = []SiteID{certified[id]} })
	if _, ok := m.submit(t, body, expected); ok {
		m.standings[id] = nil
	}
}

// Standing declares something on a certificate, from today or a later day on.
func (m *model) Standing(t *rapid.T) {
	id := []CertificateID{"cert", "cert", "cert-2", "cert-mill"}[die(t, 4)]
	kind := []StandingKind{Reinstated, Reinstated, Reinstated, Suspended, Suspended}[die(t, 5)]
	if one(t, 12) {
		kind = Withdrawn
	}
	declared, published := m.standings[id]
	last := publication{kind: Reinstated}
	if len(declared) > 0 {
		last = declared[len(declared)-1]
	}
	if (kind == last.kind || !published) && !one(t, 6) {
		return
	}
	from := m.calendar[certified[id]].today
	if one(t, 3) {
		from = ahead(t, from)
	}
	name := StandingID("st-" + string(m.ticket()))
	if len(declared) > 0 && one(t, 8) {
		name = declared[0].id
	}
	by, forged := m.hand(t)
	expected := Accepted
	switch {
	case !published:
		expected = NotFound
	case len(declared) > 0 && name == declared[0].id:
		expected = AlreadyExists
	case forged:
		expected = SignatureInvalid
	case last.kind == Withdrawn, kind == last.kind, from <= last.from:
		expected = CertificateInvalid
	}
	body := by.standing(string(name), kind, from, func(s *Standing) { s.Certificate = id })
	if _, ok := m.submit(t, body, expected); ok {
		m.standings[id] = append(declared, publication{name, kind, from})
	}
}

// origin is what a statement says, as far as the model cares.
type origin struct {
	certificate CertificateID
	project     ProjectID
	change      func(*Statement)
}

// origins are the statements that may be published during a season. s3 differs
// from s1 in its figures alone and s4 not at all; s5 names a project.
var origins = map[StatementID]origin{
	"s1": {certificate: "cert"}, "s2": {certificate: "cert"},
	"s3": {certificate: "cert", change: func(s *Statement) { s.Characteristics.Carbon.Fossil = figure("0.35") }},
	"s4": {certificate: "cert-2", change: func(s *Statement) { s.Certificate = "cert-2" }},
	"s5": {certificate: "cert", project: "cover-2026", change: ofProject},
}

// Statement publishes one of them.
func (m *model) Statement(t *rapid.T) {
	id := []StatementID{"s3", "s4", "s5"}[die(t, 3)]
	of := origins[id]
	by, forged := m.hand(t)
	_, published := m.standings[of.certificate]
	_, known := m.verified[id]
	expected := Accepted
	switch {
	case !published:
		expected = NotFound
	case known:
		expected = AlreadyExists
	case forged:
		expected = SignatureInvalid
	case of.project != "" && !m.projects[of.project]:
		expected = NotFound
	}
	body := by.statement(string(id), func(s *Statement) {
		s.Quantity = kg("20000")
		of.change(s)
	})
	if _, ok := m.submit(t, body, expected); ok {
		m.verified[id] = 20_000_000
		m.name(body.Document.Statement.Characteristics.ID(), id)
	}
}

// name gives a set of characteristics a name, unless it has one.
func (m *model) name(set CharacteristicsID, name StatementID) StatementID {
	if _, named := m.sets[set]; !named {
		m.sets[set] = name
	}
	return m.sets[set]
}

// Audit publishes how much a member may claim of book and claim in 2026.
func (m *model) Audit(t *rapid.T) {
	id, grams := fmt.Sprintf("audit-%d", die(t, 8)), 1_000_000*int64(1+die(t, 8))
	org := []OrganisationID{"growers", "miller", "brand"}[die(t, 3)]
	use := m.credits2026[org]
	by, forged := m.hand(t)
	expected := Accepted
	switch {
	case slices.Contains(use.audits, id):
		expected = AlreadyExists
	case forged:
		expected = SignatureInvalid
	}
	body := by.audit(id, func(a *CreditAudit) { a.Organisation, a.Quantity = org, Grams(grams) })
	if _, ok := m.submit(t, body, expected); ok {
		use.audits, use.audited = append(use.audits, id), max(use.audited, grams)
	}
}

// creditUse is what an organisation claimed of book and claim for 2026.
type creditUse struct {
	audits           []string
	audited, claimed int64
}

// unaudited says how much of a claim counts as book and claim, and whether it
// needs an audit; only a profile in force asks.
func (m *model) unaudited(org OrganisationID, lines []LotLine) (free int64, needed bool) {
	if m.profile == nil || m.profile.AuditUnits == 0 {
		return 0, false
	}
	for _, line := range lines {
		if m.lots[line.Lot].free() {
			free += GramsOf(line.Quantity).Int64()
		}
	}
	use := m.credits2026[org]
	return free, free > 0 && use.claimed+free > max(use.audited, 1000*int64(m.profile.AuditUnits))
}

// Project registers an insetting project of the sender or of somebody else.
func (m *model) Project(t *rapid.T) {
	org := m.sender(t)
	p := project(func(p *Project) {
		p.ID, p.Owner = []ProjectID{"cover-2026", "hedges"}[die(t, 2)], org
		if one(t, 6) {
			p.Owner = "silo-owner"
		}
		if one(t, 8) {
			p.Product = "gold"
		}
	})
	expected := Accepted
	switch {
	case !m.member(org):
		expected = NotMember
	case p.Project.Product == "gold":
		expected = NotFound
	case p.Project.Owner != org:
		expected = NotOwner
	case m.projects[p.Project.ID]:
		expected = AlreadyExists
	}
	if _, ok := m.give(t, org, p, expected); ok {
		m.projects[p.Project.ID] = true
	}
}

// Found asks to found the consortium again, or founds another one on an empty ledger.
func (m *model) Found(t *rapid.T) {
	org := m.sender(t)
	if one(t, 2) {
		expected := AlreadyExists
		if !m.member(org) {
			expected = NotMember
		}
		m.give(t, org, FoundConsortium{Members: members}, expected)
		return
	}
	other := &model{ledger: &ledger{t: m.t, state: Memory{}, key: m.key}, checked: -1}
	founding := slices.Clone(members[die(t, len(members)):])
	expected := NotMember
	for _, f := range founding {
		if f.Organisation == org && f.Role == Trading {
			expected = Accepted
		}
	}
	if len(founding) == 1 {
		expected = InvalidCommand // a certification body alone
	}
	other.give(t, org, FoundConsortium{Members: founding}, expected)
	other.Check(t)
}

// branch is a site that was registered during a season. It has no periods: its
// scheme and their length can be chosen.
type branch struct {
	owner    OrganisationID
	scheme   SchemeID
	consents []string
}

func (m *model) Site(t *rapid.T) {
	site := []SiteID{"depot", "barn", "mill"}[die(t, 3)]
	expected := Accepted
	if m.sites[site] != nil || site == "mill" {
		expected = AlreadyExists
	}
	if org, ok := m.submit(t, RegisterSite{Site: site, Name: "a site", Country: "FR", Region: "FRF2"}, expected); ok {
		m.sites[site] = &branch{owner: org}
	}
}

// between is the code of changing how a site keeps its balance.
func (m *model) between(org OrganisationID, site SiteID) Code {
	owner := owners[site]
	if m.sites[site] != nil {
		owner = m.sites[site].owner
	}
	switch {
	case !m.member(org):
		return NotMember
	case owner == "":
		return NotFound
	case owner != org:
		return NotOwner
	case m.profile == nil:
		return NotFound
	case m.sites[site] == nil:
		return PeriodNotContiguous
	}
	return Accepted
}

// manager draws a site that may be between two periods, and who speaks for it.
func (m *model) manager(t *rapid.T) (OrganisationID, SiteID) {
	site := []SiteID{"depot", "depot", "depot", "depot", "barn", "mill"}[die(t, 6)]
	if m.sites[site] == nil || one(t, 6) {
		return m.sender(t), site
	}
	return m.sites[site].owner, site
}

func (m *model) Choose(t *rapid.T) {
	org, site := m.manager(t)
	expected := m.between(org, site)
	if expected == Accepted && m.sites[site].scheme != "" {
		expected = AlreadyExists
	}
	if _, ok := m.give(t, org, ChooseScheme{site, "low-carbon"}, expected); ok {
		m.sites[site].scheme = "low-carbon"
	}
}

// Change changes the length of a site's periods by the certifier's consent.
func (m *model) Change(t *rapid.T) {
	org, site := m.manager(t)
	if m.sites[site] == nil && !one(t, 6) {
		return
	}
	id, months := string(m.ticket()), []int{0, 1, 2, 3, 12}[die(t, 5)]
	by, forged := m.hand(t)
	expected := m.between(org, site)
	if expected == Accepted {
		if of := m.sites[site]; len(of.consents) > 0 && one(t, 4) {
			id = of.consents[0]
		}
		_, covered := m.standings["cert-depot"]
		switch {
		case forged:
			expected = SignatureInvalid
		case m.sites[site].scheme == "" || site != "depot" || !covered:
			expected = CertificateInvalid
		case slices.Contains(m.sites[site].consents, id):
			expected = EvidenceUsed
		case months == 2 || months == 12:
			expected = PeriodLength
		}
	}
	body := by.agreed(id, func(c *BalanceConsent) { c.Site, c.Months = site, months })
	if _, ok := m.give(t, org, body, expected); ok {
		m.sites[site].consents = append(m.sites[site].consents, id)
	}
}

// ahead is some days after a day.
func ahead(t *rapid.T, from Date) Date {
	day, err := time.Parse(time.DateOnly, string(from))
	require.NoError(t, err)
	return Date(day.AddDate(0, 0, rapid.IntRange(1, 20).Draw(t, "days")).Format(time.DateOnly))
}
