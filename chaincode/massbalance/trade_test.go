package massbalance_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// hash is some document's.
func hash(text string) Digest { return sha256.Sum256([]byte(text)) }

// acceptance is the hash that a proposer signs for.
func acceptance(t testing.TB, b AcceptOffer) Digest {
	body, err := wire.Format(b)
	require.NoError(t, err)
	return sha256.Sum256(body)
}

// wheatDeal is 30 to 40 t of wheat a month, from July to September 2026.
func wheatDeal(change func(*Commitment)) Commitment {
	most := intensity("0.3")
	c := Commitment{
		Product: "wheat", Salt: hash("salt"), CarryForward: true,
		Specification: Specification{Model: MassBalance, Intensity: &most, Schemes: []SchemeID{"low-carbon"}, Countries: []string{"FR"}, Regions: []string{"FRF2"}, Vintages: []int{2026}},
		Periods: []SupplyPeriod{
			{"2026-07-01", "2026-07-31", kg("30000"), kg("40000")}, {"2026-08-01", "2026-08-31", kg("30000"), kg("40000")}, {"2026-09-01", "2026-09-30", kg("30000"), kg("40000")},
		},
	}
	if change != nil {
		change(&c)
	}
	return c
}

// signed has the deal signed between the growers and the miller.
func (l *ledger) signed(deal Commitment) AgreementID {
	l.t.Helper()
	accept := AcceptOffer{Buyer: "miller", Round: 1, Terms: hash("terms"), Commitment: deal}
	accept.Offer = OfferID(fmt.Sprintf("growers/c%d", l.next+1))
	l.must("growers", MakeOffer{Quotes: []Quote{{"miller", accept.Terms, acceptance(l.t, accept)}}, Expires: "2026-08-31"})
	return AgreementID(l.must("miller", accept).Subject)
}

func TestOffersAndCounterOffers(t *testing.T) {
	l, first, _ := stocked(t)
	set := characteristics().ID()
	facts := OfferFacts{Product: "wheat", Model: MassBalance, Characteristics: []CharacteristicsID{set}, Quantity: kg("30000"), Lots: []LotLine{{first, kg("30000")}}, Site: "elevator", From: day, To: "2026-09-30"}
	open := OfferID(l.must("growers", MakeOffer{Facts: &facts, Expires: "2026-08-31"}).Subject)

	accept := AcceptOffer{Offer: open, Buyer: "miller", Round: 1, Terms: hash("100"), Commitment: wheatDeal(nil)}
	better := accept
	better.Round, better.Terms = 2, hash("110")
	counter := func(round int, body AcceptOffer) CounterOffer {
		return CounterOffer{Offer: open, Round: round, Quote: Quote{"miller", body.Terms, acceptance(t, body)}, Expires: "2026-08-10"}
	}
	l.must("miller", counter(0, accept))
	l.refuses([]refusal{
		{"the other's turn", RoundNotNext, "miller", counter(1, better), ""},
		{"an older round", RoundNotNext, "growers", counter(0, better), ""},
		{"a third party", NotParty, "brand", counter(1, better), ""},
		{"for somebody who never asked", RoundNotNext, "growers", CounterOffer{Offer: open, Quote: Quote{"brand", hash("1"), hash("2")}, Expires: "2026-08-10"}, ""},
	})
	l.must("growers", counter(1, better))
	differs := better
	differs.Commitment.Periods = differs.Commitment.Periods[:1]
	cheaper := better
	cheaper.Terms = hash("90")
	l.refuses([]refusal{
		{"one period less than was signed for", TermsDiffer, "miller", differs, ""},
		{"another price", TermsDiffer, "miller", cheaper, ""},
		{"the seller for the buyer", RoundNotNext, "growers", better, ""},
		{"a third party's acceptance", NotParty, "brand", better, ""},
	})
	agreement := l.state[AgreementKey(AgreementID(l.must("miller", better).Subject))].(Agreement)
	require.Equal(t, []OrganisationID{"growers", "miller"}, []OrganisationID{agreement.Seller, agreement.Buyer})
	require.Equal(t, hash("110"), agreement.Terms)
	l.refuses([]refusal{
		{"accepted twice", OfferClosed, "miller", better, ""},
		{"nothing to be declined", OfferClosed, "growers", DeclineOffer{open, "miller", 2}, ""},
		{"withdrawn by another", NotOwner, "miller", WithdrawOffer{open}, ""},
	})

	manufacturers := accept
	manufacturers.Buyer, manufacturers.Round = "manufacturer", 1
	ask := counter(0, manufacturers)
	ask.Quote.Buyer = "manufacturer"
	l.must("manufacturer", ask)
	l.must("growers", DeclineOffer{open, "manufacturer", 1})
	l.must("growers", WithdrawOffer{open})
	l.refuses([]refusal{{"after the withdrawal", OfferClosed, "brand", CounterOffer{Offer: open, Quote: Quote{"brand", hash("1"), hash("2")}, Expires: "2026-08-10"}, ""}})
	l.check()
}

func TestOffersAreBackedByWhatIsThere(t *testing.T) {
	l, first, _ := stocked(t)
	set := characteristics().ID()
	held := func(change func(*OfferFacts)) MakeOffer {
		f := OfferFacts{Product: "wheat", Model: MassBalance, Characteristics: []CharacteristicsID{set}, Quantity: kg("30000"), Lots: []LotLine{{first, kg("30000")}}, Site: "elevator", From: day, To: "2026-09-30"}
		change(&f)
		return MakeOffer{Facts: &f, Expires: "2026-08-31"}
	}
	forecast := func(quantity string) MakeOffer {
		return held(func(f *OfferFacts) {
			f.Lots, f.Certifier, f.Statement, f.Quantity = nil, "certifier", "s1", kg(quantity)
		})
	}
	some := []Quote{{"miller", hash("terms"), hash("acceptance")}}
	l.refuses([]refusal{
		{"to nobody", InvalidCommand, "growers", MakeOffer{Expires: "2026-08-31"}, ""},
		{"to a certifier", NotMember, "growers", MakeOffer{Quotes: []Quote{{"certifier", hash("a"), hash("b")}}, Expires: "2026-08-31"}, ""},
		{"to oneself", NotParty, "growers", MakeOffer{Quotes: []Quote{{"growers", hash("a"), hash("b")}}, Expires: "2026-08-31"}, ""},
		{"expired at once", OfferClosed, "growers", MakeOffer{Quotes: some, Expires: "2026-08-02"}, ""},
		{"more than the lots", InsufficientCredit, "growers", held(func(f *OfferFacts) { f.Quantity = kg("30000.001") }), "0.001"},
		{"more than is left of a lot", InsufficientCredit, "growers", held(func(f *OfferFacts) { f.Lots[0].Quantity = kg("40001") }), "1"},
		{"better than it is", CustodyModelRaised, "growers", held(func(f *OfferFacts) { f.Model = Segregated }), ""},
		{"another's lot", NotOwner, "miller", held(func(f *OfferFacts) { f.Site = "mill" }), ""},
		{"a set that nobody verified", NotFound, "growers", held(func(f *OfferFacts) { f.Characteristics[0] = "none" }), ""},
		{"a forecast beyond the statement", ExceedsVerification, "growers", forecast("40000.001"), "0.001"},
		{"a forecast of another's statement", NotOwner, "miller", with(forecast("1"), func(b *MakeOffer) { b.Facts.Site = "mill" }), ""},
	})
	l.must("growers", forecast("40000"))
	offer := OfferID(l.must("growers", MakeOffer{Quotes: some, Expires: day}).Subject)
	late := l.command("late", CounterOffer{Offer: offer, Round: 1, Quote: some[0], Expires: "2026-09-30"})
	late.Date = "2026-08-04"
	require.NoError(t, wire.Seal(&late))
	require.Equal(t, OfferClosed, l.send("miller", late).Code, "the day after it expired")
	l.refuses([]refusal{{"not offered to", NotParty, "brand", CounterOffer{Offer: offer, Round: 0, Quote: Quote{"brand", hash("a"), hash("b")}, Expires: "2026-08-31"}, ""}})
	l.check()
}

// A dispatch calls off an agreement: the rules see what is shipped and how much
// of it, and nothing of what is paid.
func TestCallOffs(t *testing.T) {
	l, first, second := stocked(t)
	agreement := l.signed(wheatDeal(func(c *Commitment) { c.CarryForward = false }))
	ship := func(quantity string, change func(*Dispatch)) Dispatch {
		b := Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg(quantity), Lines: []LotLine{{first, kg(quantity)}}, Agreement: agreement}
		if change != nil {
			change(&b)
		}
		return b
	}
	l.refuses([]refusal{
		{"to somebody else", NotParty, "growers", ship("1", func(b *Dispatch) { b.To = "shop" }), ""},
		{"nothing attributed", OffSpecification, "growers", ship("1", func(b *Dispatch) { b.Lines = nil }), ""},
		{"more than agreed", ExceedsAgreement, "growers", ship("60000", func(b *Dispatch) { b.Lines = []LotLine{{first, kg("40000")}, {second, kg("0.001")}} }), "0.001"},
		{"no such agreement", NotFound, "growers", ship("1", func(b *Dispatch) { b.Agreement = "growers/none" }), ""},
	})
	sent := TransferID(l.must("growers", ship("40000", nil)).Subject)
	l.refuses([]refusal{{"the rest of nothing", ExceedsAgreement, "growers", ship("1", func(b *Dispatch) { b.Lines[0].Lot = second }), "1"}})
	l.must("miller", Reject{Site: "mill", Transfer: sent, Reason: "wet"})
	l.must("growers", Return{Site: "elevator", Transfer: sent, Quantity: kg("40000"), Evidence: "R1"})
	require.True(t, l.state[AgreementKey(agreement)].(Agreement).Called[1].IsZero(), "what was returned was not called off")
	again := l.lots("elevator", "wheat")
	sent = TransferID(l.must("growers", ship("20000", func(b *Dispatch) { b.Lines[0].Lot = again[0] })).Subject)
	l.must("miller", Receive{Site: "mill", Transfer: sent, Quantity: kg("19990"), Evidence: "W1"})
	require.Equal(t, kg("20000"), l.state[AgreementKey(agreement)].(Agreement).Called[1], "the volume is as dispatched, payment as received")

	wheat := l.lots("mill", "wheat")
	l.refuses([]refusal{{"a third party's call-off", NotParty, "miller", Dispatch{Site: "mill", To: "elevator", Product: "wheat", Quantity: kg("1"), Lines: []LotLine{{wheat[0], kg("1")}}, Agreement: agreement}, ""}})
	l.check()
}

func TestCallOffsMeetTheSpecification(t *testing.T) {
	l, first, _ := stocked(t)
	low := intensity("0.293999")
	for name, change := range map[string]func(*Specification){
		"model":     func(s *Specification) { s.Model = Segregated },
		"intensity": func(s *Specification) { s.Intensity = &low },
		"scheme":    func(s *Specification) { s.Schemes = []SchemeID{"other"} },
		"country":   func(s *Specification) { s.Countries = []string{"DE"} },
		"region":    func(s *Specification) { s.Regions = []string{"FRK2"} },
		"vintage":   func(s *Specification) { s.Vintages = []int{2025} },
		"project":   func(s *Specification) { s.Projects = []ProjectID{"soil"} },
	} {
		agreement := l.signed(wheatDeal(func(c *Commitment) { change(&c.Specification) }))
		l.refuses([]refusal{{name, OffSpecification, "growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1"), Lines: []LotLine{{first, kg("1")}}, Agreement: agreement}, ""}})
	}
	flour := l.signed(wheatDeal(func(c *Commitment) { c.Product = "flour" }))
	past := l.signed(wheatDeal(func(c *Commitment) { c.Periods = c.Periods[:1] }))
	l.refuses([]refusal{
		{"another product", ProductMismatch, "growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1"), Lines: []LotLine{{first, kg("1")}}, Agreement: flour}, ""},
		{"expired", AgreementExpired, "growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1"), Lines: []LotLine{{first, kg("1")}}, Agreement: past}, ""},
	})
	l.check()
}

// Shortfall is carried into the next period and no further, and a late entry
// cannot take it away once it is used.
func TestShortfallIsCarriedForward(t *testing.T) {
	l, first, second := stocked(t)
	agreement := l.signed(wheatDeal(nil))
	ship := func(quantity string, lot LotID, on Date) Command {
		c := l.command(fmt.Sprintf("ship%d", l.next), Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg(quantity), Lines: []LotLine{{lot, kg(quantity)}}, Agreement: agreement})
		c.Date = on
		require.NoError(t, wire.Seal(&c))
		return c
	}
	require.Equal(t, Accepted, l.send("growers", ship("10000", second, "2026-07-05")).Code)
	require.Equal(t, kg("60000"), l.state[AgreementKey(agreement)].(Agreement).Most(1), "40 t and the 20 t that July fell short of 30")
	l.must("growers", TakeIn{Site: "elevator", Product: "wheat", Quantity: kg("40000"), Evidence: "T9"})
	third := LotID(l.must("growers", introduce("40000", "T10")).Subject)
	require.Equal(t, Accepted, l.send("growers", ship("40000", first, day)).Code)
	require.Equal(t, Accepted, l.send("growers", ship("15000", third, day)).Code)
	refused := l.send("growers", ship("10000", second, "2026-07-06"))
	require.Equal(t, ExceedsAgreement, refused.Code, "it would take away what August used: %s", refused.Message)
	require.Equal(t, Accepted, l.send("growers", ship("5000", second, "2026-07-06")).Code)
	require.Equal(t, ExceedsAgreement, l.send("growers", ship("1", third, day)).Code)
	l.check()
}

func TestSettlements(t *testing.T) {
	l := founded(t)
	agreement := l.signed(wheatDeal(nil))
	l.must("growers", ConfirmSettlement{agreement, 1, hash("a statement")})
	require.False(t, l.state[SettlementKey(agreement, 1)].(Settlement).Differs())
	l.must("miller", ConfirmSettlement{agreement, 1, hash("another statement")})
	require.True(t, l.state[SettlementKey(agreement, 1)].(Settlement).Differs())
	l.must("miller", RaiseDispute{agreement, 1, "two lorries are missing"})
	l.refuses([]refusal{
		{"not a party", NotParty, "brand", ConfirmSettlement{agreement, 1, hash("x")}, ""},
		{"a period that is not over", DateOutsidePeriod, "miller", ConfirmSettlement{agreement, 2, hash("x")}, ""},
		{"a period that is not there", NotFound, "miller", ConfirmSettlement{agreement, 4, hash("x")}, ""},
		{"a second dispute", AlreadyExists, "miller", RaiseDispute{agreement, 1, "and another"}, ""},
		{"another's dispute", NotFound, "growers", ResolveDispute{agreement, 1, "found"}, ""},
		{"an unsettled premium", NotSettled, "growers", ContributePremium{index, agreement, 1, shares(4)}, ""},
	})
	l.must("miller", ConfirmSettlement{agreement, 1, hash("a statement")})
	l.must("miller", ResolveDispute{agreement, 1, "the lorries were found"})
	require.Equal(t, day, l.state[SettlementKey(agreement, 1)].(Settlement).Agreed)
	l.refuses([]refusal{{"settled already", SettlementAgreed, "growers", ConfirmSettlement{agreement, 1, hash("x")}, ""}})
	l.check()
}

var index = PremiumIndex{Product: "wheat", Model: MassBalance, Currency: "EUR", Year: 2026, Quarter: 3}

// shares are the hashes of documents that the ledger never sees.
func shares(n int) (list []Digest) {
	for i := range n {
		list = append(list, hash(fmt.Sprint(i)))
	}
	return list
}

// number is a small number as a share.
func number(n uint64) (d Digest) {
	binary.BigEndian.PutUint64(d[24:], n)
	return d
}

// minus is a share that takes a number away, modulo 2^256.
func minus(n uint64) (d Digest) {
	for i := range 24 {
		d[i] = 0xff
	}
	binary.BigEndian.PutUint64(d[24:], -n)
	return d
}

func TestPremiumIndex(t *testing.T) {
	l := founded(t)
	var settled []AgreementID
	for range 6 {
		agreement := l.signed(wheatDeal(nil))
		l.must("growers", ConfirmSettlement{agreement, 1, hash("s")})
		l.must("miller", ConfirmSettlement{agreement, 1, hash("s")})
		settled = append(settled, agreement)
	}
	for _, agreement := range settled[:4] {
		l.must("growers", ContributePremium{index, agreement, 1, shares(4)})
	}
	l.refuses([]refusal{
		{"twice", AlreadyExists, "growers", ContributePremium{index, settled[0], 1, shares(4)}, ""},
		{"by the buyer", NotParty, "miller", ContributePremium{index, settled[4], 1, shares(4)}, ""},
		{"a share missing", InvalidCommand, "growers", ContributePremium{index, settled[4], 1, shares(3)}, ""},
		{"four are too few", TooFewContributions, "brand", PublishPremiumSum{index, 4, number(1), number(1)}, ""},
	})
	l.must("growers", ContributePremium{index, settled[4], 1, shares(4)})
	l.refuses([]refusal{
		{"of fewer than there are", TooFewContributions, "brand", PublishPremiumSum{index, 4, number(1), number(1)}, ""},
		{"without shares", NotMember, "certifier", PublishPremiumSum{index, 5, number(1), number(1)}, ""},
	})
	l.must("growers", PublishPremiumSum{index, 5, number(1_000_000), minus(5)})
	l.refuses([]refusal{
		{"after the first sum", IndexClosed, "growers", ContributePremium{index, settled[5], 1, shares(4)}, ""},
		{"a second sum", AlreadyExists, "growers", PublishPremiumSum{index, 5, number(1), number(1)}, ""},
	})
	l.must("miller", PublishPremiumSum{index, 5, minus(400_000), number(100_000_005)})
	l.must("brand", PublishPremiumSum{index, 5, number(0), number(25_000_000)})
	require.Empty(t, l.state[PremiumKey(index)].(PremiumRound).Premium, "one sum is missing")
	l.must("manufacturer", PublishPremiumSum{index, 5, number(50), number(0)})
	round := l.state[PremiumKey(index)].(PremiumRound)
	require.Equal(t, "600050", round.Premium)
	require.Equal(t, "125000", round.Mass.String())
	require.False(t, round.Void)
	l.check()
}

// A sum that is not that of its shares leaves noise, and the ledger says so.
func TestPremiumIndexOfWrongSumsIsVoid(t *testing.T) {
	l := founded(t)
	for range 5 {
		agreement := l.signed(wheatDeal(nil))
		l.must("growers", ConfirmSettlement{agreement, 1, hash("s")})
		l.must("miller", ConfirmSettlement{agreement, 1, hash("s")})
		l.must("growers", ContributePremium{index, agreement, 1, shares(4)})
	}
	for _, org := range []OrganisationID{"growers", "miller", "manufacturer", "brand"} {
		l.must(org, PublishPremiumSum{index, 5, hash("noise " + string(org)), number(1)})
	}
	require.True(t, l.state[PremiumKey(index)].(PremiumRound).Void)
	l.check()
}
