package trade_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// inStock brings 29.4 t in and says what can be offered of it.
func (m *market) inStock() *massbalance.OfferFacts {
	m.t.Helper()
	m.must("growers", "2026-08-03", massbalance.Introduce{Site: "elevator", Certifier: "certifier", Statement: "VS-2026-011", Quantity: kg("29400"), Model: massbalance.MassBalance, Evidence: "WB1"})
	var lot massbalance.Lot
	require.NoError(m.t, m.model.Read(m.t.Context(), func(s *readmodel.Snapshot) error {
		lots, err := s.Lots(readmodel.LotFilter{}, readmodel.Page{Limit: 1})
		lot = lots.Items[0]
		return err
	}))
	return &massbalance.OfferFacts{
		Product: "wheat", Model: massbalance.MassBalance, Characteristics: []massbalance.CharacteristicsID{lot.Characteristics}, Quantity: kg("20000"),
		Lots: []massbalance.LotLine{{Lot: lot.ID, Quantity: kg("20000")}}, Site: "elevator", From: "2026-08-01", To: "2026-08-31",
	}
}

func (m *market) draft(facts *massbalance.OfferFacts) (massbalance.MakeOffer, error) {
	return m.desks["growers"].Offer(m.t.Context(), "private", trade.Draft{Facts: facts, Proposals: []trade.Proposal{proposal("41")}, Expires: "2026-08-31"})
}

// What is offered to one counterparty the rules never see, so the seller's own
// gateway refuses what its lots do not bear out, and says by how much.
func TestASellerOffersNoMoreThanItHas(t *testing.T) {
	m := newMarket(t)
	facts := m.inStock()
	for name, c := range map[string]struct {
		change  func(f *massbalance.OfferFacts)
		finding string
	}{
		"more than is left":  {func(f *massbalance.OfferFacts) { f.Lots[0].Quantity, f.Quantity = kg("30000"), kg("30000") }, "has less left: have 29400 kg, need 30000 kg"},
		"more than is named": {func(f *massbalance.OfferFacts) { f.Quantity = kg("20000.5") }, "the lots together: are less than what is offered: have 20000 kg, need 20000.5 kg"},
		"a better model":     {func(f *massbalance.OfferFacts) { f.Model = massbalance.Segregated }, "is mass_balance and cannot be sold as segregated"},
		"another product":    {func(f *massbalance.OfferFacts) { f.Product = "wheat-flour" }, "is of wheat of set"},
		"other figures":      {func(f *massbalance.OfferFacts) { f.Characteristics = []massbalance.CharacteristicsID{"nobody"} }, "nobody: is not on the ledger"},
		"another's site":     {func(f *massbalance.OfferFacts) { f.Site = "mill" }, "the place of delivery: is at site mill of miller, not of growers"},
		"a lot of nobody":    {func(f *massbalance.OfferFacts) { f.Lots[0].Lot = "growers/none/1" }, "growers/none/1: is not on the ledger"},
		"beyond a statement": {func(f *massbalance.OfferFacts) {
			f.Lots, f.Certifier, f.Statement, f.Quantity = nil, "certifier", "VS-2026-011", kg("370601")
		}, "VS-2026-011: has less left to be introduced: have 370600 kg, need 370601 kg"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := *facts
			changed.Lots = append([]massbalance.LotLine{}, facts.Lots...)
			c.change(&changed)
			_, err := m.draft(&changed)
			require.ErrorIs(t, err, trade.ErrFacts)
			require.ErrorIs(t, err, trade.ErrUnusable)
			require.ErrorContains(t, err, c.finding)
		})
	}
	_, err := m.draft(facts)
	require.NoError(t, err)
}

// The buyer's gateway holds the same facts against the ledger whenever it is
// asked: an offer reserves nothing. The offer sent again stays what it was.
func TestABuyerSeesWhatAnOfferNoLongerHolds(t *testing.T) {
	m := newMarket(t)
	facts := m.inStock()
	body, err := m.draft(facts)
	require.NoError(t, err)
	require.Equal(t, massbalance.Accepted, m.send("growers", "private", "2026-08-03", body).Code)

	report, err := m.desks["miller"].Facts(t.Context(), "growers/private", "miller")
	require.NoError(t, err)
	require.Equal(t, facts, report.Facts)
	require.Empty(t, report.Findings)

	m.must("growers", "2026-08-05", massbalance.Dispatch{
		Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("12000"), Lines: []massbalance.LotLine{{Lot: facts.Lots[0].Lot, Quantity: kg("12000")}},
	})
	for _, party := range []massbalance.OrganisationID{"miller", "growers"} {
		report, err = m.desks[party].Facts(t.Context(), "growers/private", "miller")
		require.NoError(t, err)
		require.Equal(t, []trade.FactFinding{{About: string(facts.Lots[0].Lot), Problem: "has less left", Have: kg("17400"), Need: kg("20000")}}, report.Findings)
	}
	again, err := m.draft(facts)
	require.NoError(t, err, "what is on the ledger already is only repeated")
	require.Equal(t, body, again)
	_, err = m.desks["brand"].Facts(t.Context(), "growers/private", "miller")
	require.ErrorIs(t, err, trade.ErrNotParty)
}
