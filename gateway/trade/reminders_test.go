package trade_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// reminded lists kinds, subjects and days left, as an organisation is reminded on a day.
func (m *market) reminded(org massbalance.OrganisationID, today massbalance.Date) (said []string) {
	m.t.Helper()
	all, err := m.desks[org].Reminders(m.t.Context(), today, 14)
	require.NoError(m.t, err)
	for _, r := range all {
		said = append(said, string(r.Kind)+": "+r.Text)
		require.NotContains(m.t, r.Text, "41")
	}
	return said
}

func TestWhatADayAsksFor(t *testing.T) {
	m := newMarket(t)
	facts := m.inStock()
	body, err := m.draft(facts)
	require.NoError(t, err)
	require.Equal(t, massbalance.Accepted, m.send("growers", "private", "2026-08-03", body).Code)

	waits := "answer_due: growers proposed terms that stand until 2026-08-31"
	require.Equal(t, []string{waits}, m.reminded("miller", "2026-08-04"))
	require.Empty(t, m.reminded("growers", "2026-08-16"), "15 days before the end")
	require.Equal(t, []string{"offer_ends: miller has not answered; the terms stand until 2026-08-31"}, m.reminded("growers", "2026-08-17"))
	require.Equal(t, []string{waits}, m.reminded("miller", "2026-08-31"), "on the last day")
	require.Empty(t, m.reminded("miller", "2026-09-01"), "the day after")
	require.Empty(t, m.reminded("brand", "2026-08-17"), "who is no party")

	m.must("growers", "2026-08-05", massbalance.Dispatch{
		Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("12000"), Lines: []massbalance.LotLine{{Lot: facts.Lots[0].Lot, Quantity: kg("12000")}},
	})
	require.Equal(t, []string{waits, "facts_differ: 1 of the facts offered do not hold any more; growers/m1/1: has less left: have 17400 kg, need 20000 kg"}, m.reminded("miller", "2026-08-06"))

	accept, err := m.desks["miller"].Accept(t.Context(), "growers/private", "miller")
	require.NoError(t, err)
	agreement := massbalance.AgreementID(m.must("miller", "2026-08-06", accept))
	require.Empty(t, m.reminded("miller", "2026-08-06"))
	m.must("growers", "2026-08-10", massbalance.Dispatch{
		Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("12000"), Lines: []massbalance.LotLine{{Lot: facts.Lots[0].Lot, Quantity: kg("12000")}}, Agreement: agreement,
	})
	ends := []string{
		"period_ends: period 1 ends on 2026-08-31; of 20000 kg to be delivered 8000 kg are not called off",
		"agreement_ends: the agreement ends on 2026-08-31",
	}
	for _, org := range []massbalance.OrganisationID{"growers", "miller"} {
		require.Equal(t, ends, m.reminded(org, "2026-08-20"))
		require.Equal(t, []string{"settlement_due: period 1 ended on 2026-08-31 and is not confirmed"}, m.reminded(org, "2026-09-01"))
	}
	m.settlesAndDisputes(agreement)
}

func (m *market) settlesAndDisputes(agreement massbalance.AgreementID) {
	m.t.Helper()
	m.must("growers", "2026-09-01", massbalance.ConfirmSettlement{Agreement: agreement, Period: 1, Statement: massbalance.Digest{1}})
	require.Empty(m.t, m.reminded("growers", "2026-09-02"), "it is the other's turn")
	m.must("miller", "2026-09-02", massbalance.ConfirmSettlement{Agreement: agreement, Period: 1, Statement: massbalance.Digest{2}})
	differs := "settlement_differs: period 1 is settled by neither: the parties computed different statements"
	require.Equal(m.t, []string{differs}, m.reminded("growers", "2026-09-03"))
	m.must("miller", "2026-09-03", massbalance.RaiseDispute{Agreement: agreement, Period: 1, Reason: "the weight"})
	require.Equal(m.t, []string{differs, "dispute_open: miller disputes period 1 since 2026-09-03"}, m.reminded("growers", "2026-09-04"))
	m.must("miller", "2026-09-04", massbalance.ConfirmSettlement{Agreement: agreement, Period: 1, Statement: massbalance.Digest{1}})
	m.must("miller", "2026-09-04", massbalance.ResolveDispute{Agreement: agreement, Period: 1, Resolution: "weighed again"})
	require.Empty(m.t, m.reminded("growers", "2026-09-05"))
}

// An offer to all that nobody took up ends, too.
func TestAnOfferToAllEnds(t *testing.T) {
	m := newMarket(t)
	m.must("growers", "2026-08-03", massbalance.MakeOffer{Facts: m.inStock(), Expires: "2026-08-31"})
	require.Equal(t, []string{"offer_ends: the offer to all stands until 2026-08-31"}, m.reminded("growers", "2026-08-17"))
	require.Empty(t, m.reminded("miller", "2026-08-17"))
	_, err := m.desks["growers"].Reminders(t.Context(), "tomorrow", 14)
	require.ErrorIs(t, err, trade.ErrUnusable)
}
