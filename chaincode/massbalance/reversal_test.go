package massbalance_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// consent is the certifier's to reverse what a result is of.
func (l *ledger) consent(site SiteID, org OrganisationID, command CommandID, change func(*ReversalConsent)) Reverse {
	c := ReversalConsent{ID: "rc-1", Certifier: "certifier", Organisation: org, Command: command, Reason: "typing error", Issued: day}
	if change != nil {
		change(&c)
	}
	signed, err := wire.SignReversalConsent(c, "k1", l.key)
	require.NoError(l.t, err)
	return Reverse{Site: site, Consent: signed}
}

// last is the command of the latest record of a type.
func (l *ledger) last(body Body) CommandID {
	for i := len(l.entries) - 1; i >= 0; i-- {
		if l.entries[i].Record.Type == body.Type() {
			return l.entries[i].Record.Command
		}
	}
	return ""
}

// balances are all lots' and accounts' balances: what a reversal restores.
func (l *ledger) balances() map[Key]string {
	out := map[Key]string{}
	for key, value := range l.state {
		switch v := value.(type) {
		case Lot:
			if !v.Available().IsZero() {
				out[key] = v.Available().String()
			}
		case Account:
			if !v.Stock().IsZero() || !v.Credit().IsZero() {
				out[key] = v.Stock().String() + " with " + v.Credit().String()
			}
		}
	}
	return out
}

// received has the shipment of 50 t, 40 t of them attributed, at the mill with
// 39,999.999 kg: a gram of credit was lost on the way.
func received(t testing.TB) (l *ledger, transfer TransferID, before map[Key]string) {
	l, first, second := stocked(t)
	before = l.balances()
	transfer = TransferID(l.must("growers", Dispatch{
		Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("50000"),
		Lines: []LotLine{{first, kg("30000")}, {second, kg("10000")}},
	}).Subject)
	l.must("miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("39999.999"), Evidence: "W1"})
	return l, transfer, before
}

// Domain acceptance test AT-18 (Rainforest Alliance): reversing a confirmed
// trade needs the counterparty, within a year, and before further actions.
func TestATransferIsReversedByBothParties(t *testing.T) {
	l, transfer, before := received(t)
	propose := ProposeReversal{"elevator", transfer, "sent to the wrong mill"}
	l.refuses([]refusal{
		{"no reason", InvalidCommand, "growers", with(propose, func(b *ProposeReversal) { b.Reason = "" }), ""},
		{"unknown", NotFound, "growers", with(propose, func(b *ProposeReversal) { b.Transfer = "growers/none" }), ""},
		{"not theirs", NotOwner, "brand", with(propose, func(b *ProposeReversal) { b.Site = "shop" }), ""},
		{"not proposed yet", ReversalNotAgreed, "miller", ConfirmReversal{"mill", transfer}, ""},
		{"other site", WrongSite, "growers", with(propose, func(b *ProposeReversal) { b.Site = "silo" }), ""},
	})
	l.must("growers", propose)
	l.refuses([]refusal{
		{"confirmed by the proposer", NotOwner, "growers", ConfirmReversal{"elevator", transfer}, ""},
		{"proposed twice", AlreadyExists, "miller", ProposeReversal{"mill", transfer, "mine"}, ""},
		{"not confirmed yet", ReversalNotAgreed, "miller", CompleteReversal{"mill", transfer}, ""},
		{"not given back yet", ReversalNotAgreed, "growers", CompleteReversal{"elevator", transfer}, ""},
	})
	l.must("miller", ConfirmReversal{"mill", transfer})
	require.Equal(t, Reversing, l.state[TransferKey(transfer)].(Transfer).Status)
	require.Empty(t, l.lots("mill", "wheat"))
	require.Equal(t, "40000.000", FormatGrams(l.check().Characteristics[characteristics().ID()].InTransit), "on neither side in between, and the lost gram is back")
	l.refuses([]refusal{
		{"confirmed twice", TransferResolved, "miller", ConfirmReversal{"mill", transfer}, ""},
		{"given back twice", TransferResolved, "miller", CompleteReversal{"mill", transfer}, ""},
		{"returned instead", TransferResolved, "growers", Return{Site: "elevator", Transfer: transfer, Quantity: kg("1")}, ""},
	})
	l.must("growers", CompleteReversal{"elevator", transfer})
	require.Equal(t, before, l.balances())
	require.Equal(t, Reversed, l.state[TransferKey(transfer)].(Transfer).Status)
	l.refuses([]refusal{{"booked twice", TransferResolved, "growers", CompleteReversal{"elevator", transfer}, ""}})
	require.Equal(t, "0.000", FormatGrams(l.check().Characteristics[characteristics().ID()].Loss))
}

// Each step of a reversal is on the day of the one before it, or later.
func TestTheStepsOfAReversalFollowOneAnother(t *testing.T) {
	l, transfer, _ := received(t)
	steps := []struct {
		org  OrganisationID
		body Body
	}{
		{"miller", ProposeReversal{"mill", transfer, "r"}},
		{"growers", ConfirmReversal{"elevator", transfer}},
		{"miller", CompleteReversal{"mill", transfer}},
		{"growers", CompleteReversal{"elevator", transfer}},
	}
	for i, step := range steps {
		on := func(date Date) Result {
			c, err := wire.NewCommand(Command{ID: CommandID(string(date) + string(rune('a'+i))), Date: date, Period: period, Body: step.body})
			require.NoError(t, err)
			return l.send(step.org, c)
		}
		result := on(Date(fmt.Sprintf("2026-08-%02d", max(2*i, 2))))
		require.Equal(t, ReversalOutOfTime, result.Code, "step %d: %s", i, result.Message)
		result = on(Date(fmt.Sprintf("2026-08-%02d", 3+2*i)))
		require.Equal(t, Accepted, result.Code, "step %d: %s", i, result.Message)
	}
	l.check()
}

func TestAReceiverProposesTheReversal(t *testing.T) {
	l, transfer, before := received(t)
	l.must("miller", ProposeReversal{"mill", transfer, "never ordered"})
	l.refuses([]refusal{{"confirmed by the proposer", NotOwner, "miller", ConfirmReversal{"mill", transfer}, ""}})
	l.must("growers", ConfirmReversal{"elevator", transfer})
	l.refuses([]refusal{
		{"agreed twice", AlreadyExists, "growers", ConfirmReversal{"elevator", transfer}, ""},
		{"sender first", ReversalNotAgreed, "growers", CompleteReversal{"elevator", transfer}, ""},
	})
	l.must("miller", CompleteReversal{"mill", transfer})
	l.must("growers", CompleteReversal{"elevator", transfer})
	require.Equal(t, before, l.balances())
	l.check()
}

// AT-18, "if further actions are taken it may not be possible": the credit or the
// material was used since. What undoes the further action makes it possible again.
func TestNothingIsReversedAfterTheStockMovedOn(t *testing.T) {
	l, transfer, before := received(t)
	wheat := l.lots("mill", "wheat")[0]
	l.must("growers", ProposeReversal{"elevator", transfer, "wrong mill"})
	onward := TransferID(l.must("miller", Dispatch{Site: "mill", To: "bakery", Product: "wheat", Quantity: kg("1"), Lines: []LotLine{{wheat, kg("0.001")}}}).Subject)
	l.refuses([]refusal{{"a gram was sold on", StockMovedOn, "miller", ConfirmReversal{"mill", transfer}, "0.001"}})
	l.must("manufacturer", Receive{Site: "bakery", Transfer: onward, Quantity: kg("1")})
	l.must("miller", ProposeReversal{"mill", onward, "sold by mistake"})
	l.must("manufacturer", ConfirmReversal{"bakery", onward})
	l.must("miller", CompleteReversal{"mill", onward})
	l.must("miller", Withdraw{Site: "mill", Product: "wheat", Quantity: kg("0.5"), Purpose: "sweepings"})
	l.refuses([]refusal{{"half a kilogram of the material left", InsufficientStock, "miller", ConfirmReversal{"mill", transfer}, "0.5"}})
	l.must("miller", TakeIn{Site: "mill", Product: "wheat", Quantity: kg("0.5"), Evidence: "W2"})
	l.must("miller", ConfirmReversal{"mill", transfer})
	l.must("growers", CompleteReversal{"elevator", transfer})
	require.Equal(t, before, l.balances())
	l.check()
}

// AT-18: more than a year is refused.
func TestTheReversalWindow(t *testing.T) {
	l, transfer, _ := received(t)
	wheat := l.lots("mill", "wheat")[0]
	convert := l.must("miller", Convert{Site: "mill", Recipe: "milling", Quantity: kg("1000"), Lines: []LotLine{{wheat, kg("1000")}}, Outputs: []Output{{"flour", kg("720")}}})
	l.must("miller", ProposeReversal{"mill", transfer, "late"})
	l.later("mill", "miller")
	l.later("elevator", "growers")
	for _, test := range []struct {
		date Date
		code Code
	}{{"2027-08-04", ReversalOutOfTime}, {"2027-08-03", Accepted}} {
		result := l.in("2027", test.date, "growers", ConfirmReversal{"elevator", transfer})
		require.Equal(t, test.code, result.Code, result.Message)
		result = l.in("2027", test.date, "miller", l.consent("mill", "miller", CommandID(convert.Command), nil))
		require.Equal(t, test.code, result.Code, result.Message)
	}
	produced[ReversalOutOfTime] = true
	require.Equal(t, ReversalOutOfTime, l.in("2027", "2027-08-04", "growers", ProposeReversal{"elevator", l.again("growers"), "late"}).Code)
}

// later closes the quarter at a site and opens a period that ends in 2027.
func (l *ledger) later(site SiteID, org OrganisationID) {
	l.t.Helper()
	var balances []AccountBalance
	for _, product := range []ProductID{"wheat", "flour", "bran"} {
		if account, ok := l.state[AccountKey(site, product)].(Account); ok {
			balances = append(balances, AccountBalance{product, account.Stock()})
		}
	}
	l.must(org, ClosePeriod{Site: site, Period: period, Balances: balances})
	l.must(org, OpenPeriod{site, "2027", "2026-10-01", "2027-12-31"})
}

// in sends a body in another period.
func (l *ledger) in(id PeriodID, date Date, org OrganisationID, body Body) Result {
	l.t.Helper()
	c, err := wire.NewCommand(Command{ID: CommandID("in-" + string(date) + "-" + body.Type()), Date: date, Period: id, Body: body})
	require.NoError(l.t, err)
	return l.send(org, c)
}

// again is a transfer of undifferentiated wheat, received on the usual day: by
// now the mill's period is another, so the bakery receives it.
func (l *ledger) again(org OrganisationID) TransferID {
	l.t.Helper()
	result := l.in("2027", "2026-10-01", org, Dispatch{Site: "elevator", To: "bakery", Product: "wheat", Quantity: kg("1")})
	require.Equal(l.t, Accepted, result.Code, result.Message)
	l.must("manufacturer", Receive{Site: "bakery", Transfer: TransferID(result.Subject), Quantity: kg("1")})
	return TransferID(result.Subject)
}

// A scheme's profile says for how many days: here 30, later without limit.
func TestTheProfilesReversalWindow(t *testing.T) {
	l, transfer, _ := received(t)
	wheat := l.lots("mill", "wheat")[0]
	l.must("miller", Cancel{"mill", "wheat", []LotLine{{wheat, kg("1")}}, "mistake"})
	l.adopt(RegisterProfile{profile(func(p *Profile) { p.ReversalDays = 30 })})
	require.Equal(t, ReversalOutOfTime, l.on("2026-09-03", "miller", ProposeReversal{"mill", transfer, "late"}).Code)
	require.Equal(t, ReversalOutOfTime, l.on("2026-09-03", "miller", l.consent("mill", "miller", l.last(Cancel{}), nil)).Code)
	require.Equal(t, Accepted, l.on("2026-09-02", "miller", ProposeReversal{"mill", transfer, "in time"}).Code)
	l.adopt(RegisterProfile{profile(func(p *Profile) { p.Version, p.ReversalDays = 2, 0 })})
	l.later("mill", "miller")
	require.Equal(t, Accepted, l.in("2027", "2027-12-31", "miller", l.consent("mill", "miller", l.last(Cancel{}), nil)).Code)
	l.check()
}

// Under the rolling average percentage method what is reversed no longer counts
// for the average, and what left carried the average of all that had come in.
func TestReversalsUnderTheRollingAverage(t *testing.T) {
	l, first, _ := stocked(t)
	l.adopt(RegisterProfile{profile(func(p *Profile) { p.Method = RollingAverage })})
	l.must("miller", RegisterSite{Site: "dock", Name: "Dock", Country: "FR", Region: "FRF2"})
	l.must("miller", ChooseScheme{"dock", "low-carbon"})
	l.must("miller", OpenPeriod{"dock", period, "2026-07-01", "2026-09-30"})
	pool := func() string {
		p := l.state[PoolKey("dock", "wheat")].(Pool)
		return p.Credit.String() + " in " + p.Material.String()
	}
	ship := func() TransferID {
		id := TransferID(l.must("growers", Dispatch{Site: "elevator", To: "dock", Product: "wheat", Quantity: kg("1000"), Lines: []LotLine{{first, kg("1000")}}}).Subject)
		l.must("miller", Receive{Site: "dock", Transfer: id, Quantity: kg("1000")})
		l.must("growers", ProposeReversal{"elevator", id, "wrong site"})
		return id
	}
	transfer := ship()
	l.must("miller", TakeIn{Site: "dock", Product: "wheat", Quantity: kg("1000"), Evidence: "W1"})
	require.Equal(t, "1000 in 2000", pool())
	l.must("miller", ConfirmReversal{"dock", transfer})
	require.Equal(t, "0 in 1000", pool())

	transfer = ship()
	lot := l.lots("dock", "wheat")[0]
	l.must("miller", Convert{Site: "dock", Recipe: "milling", Quantity: kg("500"), Lines: []LotLine{{lot, kg("250")}}, Outputs: []Output{{"flour", kg("360")}}})
	undo := l.consent("dock", "miller", l.last(Convert{}), nil)
	l.must("miller", undo)
	require.Equal(t, "1000 in 2000", pool(), "it never left the pool of this period")
	l.refuses([]refusal{{"half a tonne left at the average, and came back since", StockMovedOn, "miller", ConfirmReversal{"dock", transfer}, ""}})

	l.must("miller", Convert{Site: "dock", Recipe: "milling", Quantity: kg("500"), Lines: []LotLine{{lot, kg("250")}}, Outputs: []Output{{"bran", kg("140")}}})
	undo = l.consent("dock", "miller", l.last(Convert{}), func(c *ReversalConsent) { c.ID = "rc-2" })
	l.later("dock", "miller")
	require.Equal(t, Accepted, l.in("2027", "2026-10-01", "miller", undo).Code)
	require.Equal(t, "1000 in 2000", pool(), "brought back into the next period's")
	l.check()
}

func TestOnlyReceivedTransfersBetweenOrganisationsAreReversed(t *testing.T) {
	l, first, _ := stocked(t)
	within := TransferID(l.must("growers", Dispatch{Site: "elevator", To: "silo", Product: "wheat", Quantity: kg("10"), Lines: []LotLine{{first, kg("10")}}}).Subject)
	l.refuses([]refusal{{"still in transit", TransferResolved, "growers", ProposeReversal{"elevator", within, "r"}, ""}})
	l.must("growers", Receive{Site: "silo", Transfer: within, Quantity: kg("10")})
	l.refuses([]refusal{{"nobody else could confirm", NotReversible, "growers", ProposeReversal{"elevator", within, "r"}, ""}})
	credits := LotID(l.must("growers", Decouple{"elevator", "wheat", []LotLine{{first, kg("5000")}}}).Subject + "/1")
	before := l.balances()
	offered := TransferID(l.must("growers", TransferCredits{"elevator", "shop", "wheat", []LotLine{{credits, kg("5000")}}, ""}).Subject)
	l.must("brand", AcceptCredits{"shop", offered})
	l.must("brand", ProposeReversal{"shop", offered, "wrong buyer"})
	l.must("growers", ConfirmReversal{"elevator", offered})
	l.must("brand", CompleteReversal{"shop", offered})
	l.must("growers", CompleteReversal{"elevator", offered})
	require.Equal(t, before, l.balances(), "credits without material")
	l.refuses([]refusal{{"no way back to material", NotReversible, "growers", l.consent("elevator", "growers", l.last(Decouple{}), nil), ""}})
}

// Domain acceptance test AT-17 (Rainforest Alliance): a mix is reversed by the
// same holder if it was not sold onwards, and not after; and nothing is un-mixed
// but the whole mix. It takes a certifier's consent here.
func TestAMixIsReversedUnlessSoldOnwards(t *testing.T) {
	l := founded(t)
	l.must("growers", l.statement("s2", nil))
	one, two := l.as(IdentityPreserved, "s1", "1000", "T1"), l.as(IdentityPreserved, "s2", "2000", "T2")
	before := l.balances()
	mix := LotID(l.must("growers", Downgrade{Site: "elevator", Product: "wheat", Lines: []LotLine{{one, kg("1000")}, {two, kg("2000")}}, Model: Segregated}).Subject + "/1")
	require.Equal(t, "3000", l.lot(mix).Available().String())
	l.refuses([]refusal{{"un-mixed", CustodyModelRaised, "growers", Downgrade{Site: "elevator", Product: "wheat", Lines: []LotLine{{mix, kg("1000")}}, Model: Segregated}, ""}})
	undo := l.consent("elevator", "growers", l.last(Downgrade{}), nil)
	sold := TransferID(l.must("growers", Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1"), Lines: []LotLine{{mix, kg("1")}}}).Subject)
	l.refuses([]refusal{{"sold onwards", StockMovedOn, "growers", undo, "1"}})
	l.must("miller", Receive{Site: "mill", Transfer: sold, Quantity: kg("1")})
	l.must("miller", ProposeReversal{"mill", sold, "returned in the books"})
	l.must("growers", ConfirmReversal{"elevator", sold})
	l.must("miller", CompleteReversal{"mill", sold})
	l.must("growers", CompleteReversal{"elevator", sold})
	l.must("growers", undo)
	require.Equal(t, before, l.balances())
	require.Equal(t, IdentityPreserved, l.lot(one).Model)
	l.check()
}

func TestReverse(t *testing.T) {
	l, flour := milled(t)
	convert := l.last(Convert{})
	reverse := func(change func(*ReversalConsent)) Reverse { return l.consent("mill", "miller", convert, change) }
	altered := reverse(nil)
	altered.Consent.Envelope.Input += "A"
	l.must("miller", RegisterSite{"mill2", "Mill 2", "FR", "FRF2"})
	l.must("miller", OpenPeriod{"mill2", period, "2026-07-01", "2026-09-30"})
	l.refuses([]refusal{
		{"no reason", InvalidCommand, "miller", reverse(func(c *ReversalConsent) { c.Reason = "" }), ""},
		{"no such day", InvalidCommand, "miller", reverse(func(c *ReversalConsent) { c.Issued = "2026-02-30" }), ""},
		{"certifier unknown", NotFound, "miller", reverse(func(c *ReversalConsent) { c.Certifier = "stranger" }), ""},
		{"command unknown", NotFound, "miller", reverse(func(c *ReversalConsent) { c.Command = "none" }), ""},
		{"another's command", NotOwner, "growers", with(reverse(nil), func(b *Reverse) { b.Site = "elevator" }), ""},
		{"forged", SignatureInvalid, "miller", empty(t).consent("mill", "miller", convert, nil), ""},
		{"altered", SignatureInvalid, "miller", altered, ""},
		{"an introduction", NotReversible, "growers", l.consent("elevator", "growers", l.last(Introduce{}), nil), ""},
		{"half of a transfer", NotReversible, "miller", l.consent("mill", "miller", l.last(Receive{}), nil), ""},
		{"at another site", WrongSite, "miller", with(reverse(nil), func(b *Reverse) { b.Site = "mill2" }), ""},
	})
	claimed := ClaimID(l.must("miller", ClaimCredits{Site: "mill", Product: "flour", Lines: []LotLine{{flour, kg("28800")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}).Subject)
	l.refuses([]refusal{{"claimed", StockMovedOn, "miller", reverse(nil), "28800"}})
	claim := l.last(ClaimCredits{})
	result := l.must("miller", l.consent("mill", "miller", claim, nil))
	require.Equal(t, string(claimed), result.Subject)
	require.Equal(t, day, l.state[ClaimKey(claimed)].(Claim).Reversed, "the claim stays and says so")
	require.Equal(t, ReversalConsentID("rc-1"), l.state[ReversalKey("miller", claim)].(Reversal).Consent)
	require.Equal(t, "0.000", FormatGrams(l.check().Characteristics[l.lot(flour).Characteristics].Claimed))
	l.must("miller", reverse(nil))
	account := l.account("mill", "flour")
	require.True(t, account.Stock().IsZero())
	require.Equal(t, "50000", l.account("mill", "wheat").Stock().String())
	require.Equal(t, "40000", l.account("mill", "wheat").Credit().String())
	l.refuses([]refusal{
		{"reversed twice", AlreadyExists, "miller", reverse(nil), ""},
		{"the claim again", AlreadyExists, "miller", l.consent("mill", "miller", claim, nil), ""},
		{"a reversal", NotReversible, "miller", l.consent("mill", "miller", l.last(Reverse{}), nil), ""},
	})
}

// A conversion of undifferentiated material creates no lots that could tell that
// it was reversed before.
func TestAConversionWithoutCreditIsReversedOnce(t *testing.T) {
	l := founded(t)
	l.must("miller", TakeIn{Site: "mill", Product: "wheat", Quantity: kg("1000"), Evidence: "W1"})
	l.must("miller", Convert{Site: "mill", Recipe: "milling", Quantity: kg("400"), Outputs: []Output{{"flour", kg("288")}}})
	first := l.last(Convert{})
	l.must("miller", Convert{Site: "mill", Recipe: "milling", Quantity: kg("400"), Outputs: []Output{{"flour", kg("288")}}})
	l.must("miller", l.consent("mill", "miller", first, nil))
	l.refuses([]refusal{{"again, while there is flour", AlreadyExists, "miller", l.consent("mill", "miller", first, nil), ""}})
	require.Equal(t, "600", l.account("mill", "wheat").Stock().String())
	l.check()
}

// The recount knows a reversal from credit that leaves a claim: each row spoils
// the reversal of a claim, or what led to it.
func TestRecountAcceptsOnlyExactReversals(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(entries []Entry, reversal *Entry) []Entry
		finds string
	}{
		{"not of that claim", func(_ []Entry, e *Entry) []Entry { e.Record.Reverses = "none"; return nil }, "I14: nothing to reverse"},
		{"not called a reversal", func(_ []Entry, e *Entry) []Entry { e.Record.Reverses = ""; return nil }, "I6"},
		{"less than the whole", func(_ []Entry, e *Entry) []Entry {
			e.Record.Credits = append([]Posting{}, e.Record.Credits...)
			e.Record.Credits[0].Quantity = kg("1")
			return nil
		}, "I14: not the inverse"},
		{"with material", func(_ []Entry, e *Entry) []Entry {
			e.Record.Materials = []Material{{"mill", "flour", kg("1"), Quantity{}}}
			return nil
		}, "I14: not the inverse"},
		{"without the consent", func(_ []Entry, e *Entry) []Entry {
			body := e.Command.Body.(Reverse)
			body.Consent.Consent.Command = "other"
			e.Command.Body = body
			return nil
		}, "I14: nobody agreed"},
		{"twice", func(entries []Entry, e *Entry) []Entry { return append(entries, *e) }, "I14: miller/"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l, flour := milled(t)
			l.must("miller", ClaimCredits{Site: "mill", Product: "flour", Lines: []LotLine{{flour, kg("20000")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"})
			l.must("miller", l.consent("mill", "miller", l.last(ClaimCredits{}), nil))
			l.check()
			entries := append([]Entry{}, l.entries...)
			if longer := test.spoil(entries, &entries[len(entries)-1]); longer != nil {
				entries = longer
			}
			requireFinding(t, Recount(entries), test.finds)
		})
	}
}

func TestRecountFollowsTheReversalOfATransfer(t *testing.T) {
	for finds, left := range map[string]Body{
		"I14: growers confirms": ProposeReversal{},
		"I14: nobody agreed":    ConfirmReversal{},
	} {
		l, transfer, _ := received(t)
		l.must("miller", ProposeReversal{"mill", transfer, "r"})
		l.must("growers", ConfirmReversal{"elevator", transfer})
		l.must("miller", CompleteReversal{"mill", transfer})
		var entries []Entry
		for _, e := range l.entries {
			if e.Record.Type != left.Type() {
				entries = append(entries, e)
			}
		}
		requireFinding(t, Recount(entries), finds)
	}
}
