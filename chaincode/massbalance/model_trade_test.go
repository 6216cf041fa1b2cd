package massbalance_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// trades is a season of its own: a seller, three buyers, and wheat that goes from
// one to the others under agreements. Offers are answered in and out of turn,
// call-offs come back in both ways, and periods are settled and contributed.
type trades struct {
	*model
	offers   []*tradeOffer
	deals    []*tradeDeal
	sent     []*callOff
	lots     []LotID
	left     map[LotID]int64
	settled  map[string]*tradeSettlement
	given    map[string]bool // agreement and period that were contributed
	sums     map[OrganisationID]bool
	disputed map[string]bool // agreement, period and party
}

type tradeOffer struct {
	id        OfferID
	expires   Date
	public    bool
	withdrawn bool
	tables    map[OrganisationID]*tradeTable
}

// tradeTable is what lies between the growers and one buyer.
type tradeTable struct {
	accept  AcceptOffer
	by      OrganisationID
	round   int
	expires Date
	over    bool
}

type tradeDeal struct {
	id     AgreementID
	buyer  OrganisationID
	terms  Commitment
	meets  bool // whether the wheat of this world is what was agreed
	called []int64
}

type callOff struct {
	id     TransferID
	to     SiteID
	deal   *tradeDeal
	period int
	lines  []LotLine
	grams  int64
	status TransferStatus
}

type tradeSettlement struct {
	said   map[OrganisationID]Digest
	agreed bool
}

var buyers = map[OrganisationID]SiteID{"miller": "mill", "brand": "shop", "manufacturer": "bakery"}

func newTrades(t testing.TB, start *beginning) *trades {
	return &trades{
		model: newModel(t, start), left: map[LotID]int64{}, settled: map[string]*tradeSettlement{}, given: map[string]bool{},
		sums: map[OrganisationID]bool{}, disputed: map[string]bool{},
	}
}

func (m *trades) season(r *rapid.T) {
	actions := []func(*rapid.T){
		m.Offer, m.Offer, m.Counter, m.Counter, m.Accept, m.Accept, m.Decline, m.Withdraw, m.In, m.Ship, m.Ship, m.Ship,
		m.Resolve, m.Resolve, m.Settle, m.Settle, m.Dispute, m.Contribute, m.Publish, m.Repeat,
	}
	m.In(r)
	for range []int{0, 5}[die(r, 2)] {
		m.sign(r)
	}
	command := func(t *rapid.T) { actions[die(t, len(actions))](t) }
	r.Repeat(map[string]func(*rapid.T){"": m.Check, "command": command, "two commands": func(t *rapid.T) {
		command(t)
		m.Check(t)
		command(t)
	}})
}

// Check is the oracle of the large world and what was called off.
func (m *trades) Check(t *rapid.T) {
	if m.checked == len(m.entries) {
		return
	}
	m.model.Check(t)
	for _, d := range m.deals {
		for i, called := range m.state[AgreementKey(d.id)].(Agreement).Called {
			require.Equal(t, d.called[i], GramsOf(called).Int64(), "called off in period %d of %s", i+1, d.id)
		}
	}
}

// on sends a body on a day and checks the code.
func (m *trades) on(t *rapid.T, date Date, org OrganisationID, body Body, expected Code) (Result, bool) {
	c := Command{ID: CommandID(fmt.Sprintf("m%d", m.next)), Date: date, Body: body}
	if SiteOf(body) != "" {
		c.Period = period
	}
	require.NoError(t, seal(&c))
	result := m.send(org, c)
	require.Equal(t, expected, result.Code, "%#v: %s", body, result.Message)
	m.model.sent = append(m.model.sent, sentCommand{org, c, result})
	tried.note(body, expected)
	return result, expected == Accepted
}

func (m *trades) buyer(t *rapid.T) OrganisationID {
	return []OrganisationID{"miller", "brand", "manufacturer"}[die(t, 3)]
}

func (m *trades) date(t *rapid.T) Date {
	return []Date{"2026-08-03", "2026-08-03", "2026-08-03", "2026-08-20"}[die(t, 4)]
}

// terms draws what to sign for. Most of it is what the wheat of this world is.
func (m *trades) terms(t *rapid.T, offer OfferID, buyer OrganisationID, round int) AcceptOffer {
	return AcceptOffer{
		Offer: offer, Buyer: buyer, Round: round, Terms: hash(fmt.Sprint("price ", die(t, 50))),
		Commitment: wheatDeal(func(c *Commitment) {
			c.CarryForward = one(t, 2)
			if one(t, 6) {
				c.Specification.Vintages = []int{2025}
			}
		}),
	}
}

func quoteOf(t testing.TB, b AcceptOffer) Quote { return Quote{b.Buyer, b.Terms, acceptance(t, b)} }

func (m *trades) Offer(t *rapid.T) {
	o := &tradeOffer{id: OfferID(fmt.Sprintf("growers/m%d", m.next)), expires: m.date(t), tables: map[OrganisationID]*tradeTable{}}
	body := MakeOffer{Expires: o.expires}
	if o.public = one(t, 3); o.public {
		body.Facts = &OfferFacts{
			Product: "wheat", Model: MassBalance, Characteristics: []CharacteristicsID{characteristics().ID()}, Quantity: kg("1"),
			Certifier: "certifier", Statement: "s1", Site: "elevator", From: day, To: day,
		}
	}
	for _, buyer := range []OrganisationID{"brand", "manufacturer", "miller"} {
		if one(t, 2) {
			continue
		}
		accept := m.terms(t, o.id, buyer, 1)
		o.tables[buyer] = &tradeTable{accept: accept, by: "growers", round: 1, expires: o.expires}
		body.Quotes = append(body.Quotes, quoteOf(m.t, accept))
	}
	date, expected := m.date(t), Accepted
	switch {
	case len(o.tables) == 0 && !o.public:
		expected = InvalidCommand
	case date > o.expires:
		expected = OfferClosed
	case o.public && m.introduced() >= 100_000_000:
		expected = ExceedsVerification
	}
	if _, ok := m.on(t, date, "growers", body, expected); ok {
		m.offers = append(m.offers, o)
	}
}

func (m *trades) introduced() int64 {
	return GramsOf(m.state[StatementKey("certifier", "s1")].(Verified).Introduced).Int64()
}

// answer draws who answers what, and says what stands against it.
func (m *trades) answer(t *rapid.T) (o *tradeOffer, table *tradeTable, buyer, by OrganisationID, round int, date Date, code Code) {
	if len(m.offers) == 0 {
		return
	}
	o, buyer, date = rapid.SampledFrom(m.offers).Draw(t, "offer"), m.buyer(t), m.date(t)
	table = o.tables[buyer]
	began := table != nil
	if !began {
		table = &tradeTable{by: "growers", expires: o.expires}
	}
	if by = buyer; table.by == buyer {
		by = "growers"
	}
	if round = table.round; one(t, 8) {
		round++
	}
	if one(t, 8) {
		by = []OrganisationID{"growers", "miller", "brand", "manufacturer"}[die(t, 4)]
	}
	switch {
	case by != buyer && by != "growers" || !began && !o.public:
		code = NotParty
	case o.withdrawn || date > o.expires || table.over || date > table.expires:
		code = OfferClosed
	case round != table.round || by == table.by:
		code = RoundNotNext
	default:
		code = Accepted
	}
	return o, table, buyer, by, round, date, code
}

func (m *trades) Counter(t *rapid.T) {
	o, table, buyer, by, round, date, code := m.answer(t)
	if o == nil {
		return
	}
	accept, expires := m.terms(t, o.id, buyer, round+1), m.date(t)
	if code == Accepted && expires < date {
		code = OfferClosed
	}
	if _, ok := m.on(t, date, by, CounterOffer{Offer: o.id, Round: round, Quote: quoteOf(m.t, accept), Expires: expires}, code); ok {
		*table = tradeTable{accept: accept, by: by, round: round + 1, expires: expires}
		o.tables[buyer] = table
	}
}

func (m *trades) Decline(t *rapid.T) {
	o, table, buyer, by, round, date, code := m.answer(t)
	if o == nil {
		return
	}
	if round < 1 {
		code = InvalidCommand
	}
	if _, ok := m.on(t, date, by, DeclineOffer{o.id, buyer, round}, code); ok {
		table.over = true
	}
}

func (m *trades) Accept(t *rapid.T) {
	o, table, buyer, by, round, date, code := m.answer(t)
	if o == nil {
		return
	}
	body := table.accept
	if table.round == 0 || one(t, 6) {
		body = m.terms(t, o.id, buyer, round)
		body.Terms = hash("another price")
		if code == Accepted {
			code = TermsDiffer
		}
	}
	if body.Round = round; round < 1 {
		code = InvalidCommand
	}
	if result, ok := m.on(t, date, by, body, code); ok {
		table.over = true
		m.deals = append(m.deals, &tradeDeal{
			id: AgreementID(result.Subject), buyer: buyer, terms: body.Commitment, called: make([]int64, 3),
			meets: body.Commitment.Specification.Vintages[0] == 2026,
		})
	}
}

// sign makes an agreement whose first period is settled, in the shortest way.
func (m *trades) sign(t *rapid.T) {
	accept := m.terms(t, OfferID(fmt.Sprintf("growers/m%d", m.next)), "miller", 1)
	m.on(t, day, "growers", MakeOffer{Quotes: []Quote{quoteOf(m.t, accept)}, Expires: day}, Accepted)
	result, _ := m.on(t, day, "miller", accept, Accepted)
	d := &tradeDeal{id: AgreementID(result.Subject), buyer: "miller", terms: accept.Commitment, called: make([]int64, 3), meets: accept.Commitment.Specification.Vintages[0] == 2026}
	m.deals = append(m.deals, d)
	m.on(t, day, "growers", ConfirmSettlement{d.id, 1, hash("s")}, Accepted)
	m.on(t, day, "miller", ConfirmSettlement{d.id, 1, hash("s")}, Accepted)
	m.settled[fmt.Sprint(d.id, 1)] = &tradeSettlement{agreed: true}
}

func (m *trades) Withdraw(t *rapid.T) {
	if len(m.offers) == 0 {
		return
	}
	o, date, by := rapid.SampledFrom(m.offers).Draw(t, "offer"), m.date(t), OrganisationID("growers")
	expected := Accepted
	if o.withdrawn || date > o.expires {
		expected = OfferClosed
	}
	if one(t, 5) {
		by, expected = "miller", NotOwner
	}
	if _, ok := m.on(t, date, by, WithdrawOffer{o.id}, expected); ok {
		o.withdrawn = true
	}
}

func (m *trades) In(t *rapid.T) {
	grams := min(20_000_000, 100_000_000-m.introduced())
	if grams <= 0 {
		return
	}
	result, _ := m.on(t, day, "growers", Introduce{Site: "elevator", Certifier: "certifier", Statement: "s1", Quantity: Grams(grams), Model: MassBalance, Evidence: m.ticket()}, Accepted)
	m.keep(LotID(result.Subject), grams)
}

func (m *trades) keep(id LotID, grams int64) {
	m.lots, m.left[id] = append(m.lots, id), grams
	m.stock[AccountID{"elevator", "wheat"}] += grams
}

// Ship calls an agreement off, or tries to.
func (m *trades) Ship(t *rapid.T) {
	if len(m.deals) == 0 {
		return
	}
	d, lot := rapid.SampledFrom(m.deals).Draw(t, "agreement"), rapid.SampledFrom(m.lots).Draw(t, "lot")
	to, at := buyers[d.buyer], die(t, 4)
	date := []Date{"2026-07-20", "2026-08-03", "2026-09-02", "2026-09-30"}[at]
	grams := amount(t, []int64{m.left[lot], m.most(d, min(at, 2)) - d.called[min(at, 2)]}[die(t, 2)])
	if one(t, 8) {
		to = "silo"
	}
	expected := m.callOffCode(d, lot, to, min(at, 2), grams)
	lines := []LotLine{{lot, Grams(grams)}}
	result, ok := m.on(t, date, "growers", Dispatch{Site: "elevator", To: to, Product: "wheat", Quantity: Grams(grams), Lines: lines, Agreement: d.id}, expected)
	if ok {
		d.called[min(at, 2)] += grams
		m.left[lot] -= grams
		m.stock[AccountID{"elevator", "wheat"}] -= grams
		m.sent = append(m.sent, &callOff{TransferID(result.Subject), to, d, min(at, 2), lines, grams, InTransit})
	}
}

func (m *trades) callOffCode(d *tradeDeal, lot LotID, to SiteID, at int, grams int64) Code {
	called := append([]int64{}, d.called...)
	called[at] += grams
	over := called[at] > m.most(&tradeDeal{terms: d.terms, called: called}, at)
	if at < 2 {
		over = over || called[at+1] > m.most(&tradeDeal{terms: d.terms, called: called}, at+1)
	}
	switch {
	case to != buyers[d.buyer]:
		return NotParty
	case !d.meets:
		return OffSpecification
	case over:
		return ExceedsAgreement
	case grams > m.stock[AccountID{"elevator", "wheat"}]:
		return InsufficientStock
	case grams > m.left[lot]:
		return InsufficientCredit
	}
	return Accepted
}

func (m *trades) most(d *tradeDeal, at int) int64 {
	most := int64(40_000_000)
	if d.terms.CarryForward && at > 0 {
		most += max(0, 30_000_000-d.called[at-1])
	}
	return most
}

// Resolve takes a shipment one step on: in, back, or reversed.
func (m *trades) Resolve(t *rapid.T) {
	if len(m.sent) == 0 {
		return
	}
	s := rapid.SampledFrom(m.sent).Draw(t, "shipment")
	const end = Date("2026-09-30")
	at, back := AccountID{s.to, "wheat"}, AccountID{"elevator", "wheat"}
	switch {
	case s.status == InTransit && one(t, 2):
		m.on(t, end, s.deal.buyer, Receive{Site: s.to, Transfer: s.id, Quantity: Grams(s.grams), Evidence: m.ticket()}, Accepted)
		s.status, m.stock[at] = Received, m.stock[at]+s.grams
	case s.status == InTransit:
		m.on(t, end, s.deal.buyer, Reject{Site: s.to, Transfer: s.id, Reason: "wet"}, Accepted)
		s.status = Rejected
	case s.status == Rejected:
		m.on(t, end, "growers", Return{Site: "elevator", Transfer: s.id, Quantity: Grams(s.grams), Evidence: m.ticket()}, Accepted)
		s.deal.called[s.period] -= s.grams
		s.status = Returned
		for _, p := range m.entries[len(m.entries)-1].Record.Credits {
			m.keep(LotID(p.To.ID), s.grams)
		}
	case s.status == Received:
		m.on(t, end, "growers", ProposeReversal{Site: "elevator", Transfer: s.id, Reason: "not ours"}, Accepted)
		m.on(t, end, s.deal.buyer, ConfirmReversal{Site: s.to, Transfer: s.id}, Accepted)
		s.status, m.stock[at] = Reversing, m.stock[at]-s.grams
	case s.status == Reversing:
		m.on(t, end, "growers", CompleteReversal{Site: "elevator", Transfer: s.id}, Accepted)
		s.deal.called[s.period] -= s.grams
		s.status = Reversed
		m.left[s.lines[0].Lot] += s.grams
		m.stock[back] += s.grams
	}
}

func (m *trades) party(t *rapid.T, d *tradeDeal) (org OrganisationID, is bool) {
	org = []OrganisationID{"growers", d.buyer}[die(t, 2)]
	if one(t, 8) {
		org = m.buyer(t)
	}
	return org, org == "growers" || org == d.buyer
}

func (m *trades) Settle(t *rapid.T) {
	if len(m.deals) == 0 {
		return
	}
	d, n, statement := rapid.SampledFrom(m.deals).Draw(t, "agreement"), 1+die(t, 4), hash(fmt.Sprint(die(t, 2)))
	org, party := m.party(t, d)
	key := fmt.Sprint(d.id, n)
	s := m.settled[key]
	if s == nil {
		s = &tradeSettlement{said: map[OrganisationID]Digest{}}
	}
	expected := Accepted
	switch {
	case !party:
		expected = NotParty
	case n > 3:
		expected = NotFound
	case s.agreed:
		expected = SettlementAgreed
	case n > 1:
		expected = DateOutsidePeriod
	}
	if _, ok := m.on(t, day, org, ConfirmSettlement{d.id, n, statement}, expected); ok {
		s.said[org] = statement
		s.agreed = s.said["growers"] == s.said[d.buyer]
		m.settled[key] = s
	}
}

func (m *trades) Dispute(t *rapid.T) {
	if len(m.deals) == 0 {
		return
	}
	d, n := rapid.SampledFrom(m.deals).Draw(t, "agreement"), 1+die(t, 3)
	org, party := m.party(t, d)
	key := fmt.Sprint(d.id, n, org)
	var body Body = RaiseDispute{d.id, n, "a lorry is missing"}
	expected := Accepted
	if m.disputed[key] {
		expected = AlreadyExists
	}
	if one(t, 2) {
		body, expected = ResolveDispute{d.id, n, "it was found"}, NotFound
		if m.disputed[key] {
			expected = Accepted
		}
	}
	if !party {
		expected = NotParty
	}
	if _, ok := m.on(t, day, org, body, expected); ok {
		m.disputed[key] = !m.disputed[key]
	}
}

func (m *trades) Contribute(t *rapid.T) {
	if len(m.deals) == 0 {
		return
	}
	d, n := rapid.SampledFrom(m.deals).Draw(t, "agreement"), 1+die(t, 5)/4
	org, party := m.party(t, d)
	key := fmt.Sprint(d.id, n)
	expected := Accepted
	switch {
	case !party || org != "growers":
		expected = NotParty
	case m.settled[key] == nil || !m.settled[key].agreed:
		expected = NotSettled
	case m.given[key]:
		expected = AlreadyExists
	case len(m.sums) > 0:
		expected = IndexClosed
	}
	if _, ok := m.on(t, day, org, ContributePremium{index, d.id, n, shares(4)}, expected); ok {
		m.given[key] = true
	}
}

// contributeAll gives what is settled and was not given, so that there are enough.
func (m *trades) contributeAll(t *rapid.T) {
	for _, d := range m.deals {
		key := fmt.Sprint(d.id, 1)
		if s := m.settled[key]; s != nil && s.agreed && !m.given[key] && len(m.sums) == 0 {
			m.on(t, day, "growers", ContributePremium{index, d.id, 1, shares(4)}, Accepted)
			m.given[key] = true
		}
	}
}

func (m *trades) Publish(t *rapid.T) {
	if one(t, 2) {
		m.contributeAll(t)
	}
	org, contributions := m.sender(t), len(m.given)
	if one(t, 6) {
		contributions--
	}
	expected := Accepted
	switch {
	case !m.member(org):
		expected = NotMember
	case len(m.given) == 0:
		expected = NotFound
	case m.sums[org]:
		expected = AlreadyExists
	case len(m.given) < 5 || contributions != len(m.given):
		expected = TooFewContributions
	}
	if _, ok := m.on(t, day, org, PublishPremiumSum{index, contributions, number(uint64(die(t, 1000))), number(7)}, expected); ok {
		m.sums[org] = true
	}
}
