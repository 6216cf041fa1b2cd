package trade_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// market is a ledger with a desk for each trading member, over one read model:
// what is on the ledger all can read anyway.
type market struct {
	*ledgertest.Ledger
	t     *testing.T
	model *readmodel.Model
	desks map[massbalance.OrganisationID]*trade.Desk
	next  int
}

func newMarket(t *testing.T) *market {
	m := &market{Ledger: ledgertest.New(t), t: t, desks: map[massbalance.OrganisationID]*trade.Desk{}}
	m.model = m.Model()
	var vault ledgertest.Vault
	for _, org := range []massbalance.OrganisationID{"growers", "miller", "manufacturer", "brand"} {
		desk, err := trade.NewDesk(t.Context(), org, vault.Of(org), m.model, storetest.Own(t))
		require.NoError(t, err)
		m.desks[org] = desk
	}
	m.Found()
	m.Documents()
	return m
}

// send sends a body on a day and gives its result.
func (m *market) send(org massbalance.OrganisationID, id massbalance.CommandID, date massbalance.Date, body massbalance.Body) massbalance.Result {
	m.t.Helper()
	command := ledgertest.Command(id, date, body)
	require.NoError(m.t, wire.Seal(&command))
	block, err := m.Execute(org, command)
	require.NoError(m.t, err)
	return block.Transactions[0].Results[0]
}

func (m *market) must(org massbalance.OrganisationID, date massbalance.Date, body massbalance.Body) string {
	m.t.Helper()
	m.next++
	result := m.send(org, massbalance.CommandID(fmt.Sprintf("m%d", m.next)), date, body)
	require.Equal(m.t, massbalance.Accepted, result.Code, result.Message)
	return result.Subject
}

// proposal is 20 t in August at a premium per tonne.
func proposal(premium string) trade.Proposal {
	return trade.Proposal{
		Buyer: "miller", Price: trade.Price{Currency: "EUR", PerTonne: money(premium), Shortfall: money("5")},
		Commitment: massbalance.Commitment{
			Product: "wheat", Specification: massbalance.Specification{Model: massbalance.MassBalance},
			Periods: []massbalance.SupplyPeriod{{From: "2026-08-01", To: "2026-08-31", Minimum: kg("20000"), Maximum: kg("30000")}},
		},
	}
}

// signed goes from an offer over a counter-offer to an agreement.
func (m *market) signed() massbalance.AgreementID {
	m.t.Helper()
	ctx, growers, miller := m.t.Context(), m.desks["growers"], m.desks["miller"]
	id := massbalance.CommandID(fmt.Sprintf("offer%d", m.next))
	body, err := growers.Offer(ctx, id, trade.Draft{Proposals: []trade.Proposal{proposal("44.123456")}, Expires: "2026-08-31"})
	require.NoError(m.t, err)
	again, err := growers.Offer(ctx, id, trade.Draft{Proposals: []trade.Proposal{proposal("44.123456")}, Expires: "2026-08-31"})
	require.NoError(m.t, err)
	require.Equal(m.t, body, again, "sent again, a command has the content that it had")
	require.Equal(m.t, massbalance.Accepted, m.send("growers", id, "2026-08-03", body).Code)
	offer := massbalance.OfferID("growers/" + id)

	m.next++
	counter, err := miller.Counter(ctx, massbalance.CommandID(fmt.Sprintf("m%d", m.next+1)), offer, 1, proposal("39.654321"), "2026-08-31")
	require.NoError(m.t, err)
	m.must("miller", "2026-08-03", counter)
	_, err = m.desks["miller"].Accept(ctx, offer, "miller")
	require.ErrorIs(m.t, err, trade.ErrUnanswered, "its own terms")
	_, err = m.desks["brand"].Accept(ctx, offer, "miller")
	require.ErrorIs(m.t, err, trade.ErrNotKept, "a third party")
	accept, err := growers.Accept(ctx, offer, "miller")
	require.NoError(m.t, err)
	return massbalance.AgreementID(m.must("growers", "2026-08-04", accept))
}

func TestFromAnOfferToASettledPeriod(t *testing.T) {
	m := newMarket(t)
	agreement := m.signed()
	m.must("growers", "2026-08-03", massbalance.Introduce{Site: "elevator", Certifier: "certifier", Statement: "VS-2026-011", Quantity: kg("29400"), Model: massbalance.Segregated, Evidence: "WB1"})
	lot := massbalance.LotID(fmt.Sprintf("growers/m%d/1", m.next))
	transfer := massbalance.TransferID(m.must("growers", "2026-08-05", massbalance.Dispatch{
		Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("18000"), Lines: []massbalance.LotLine{{Lot: lot, Quantity: kg("18000")}}, Agreement: agreement,
	}))
	m.must("miller", "2026-08-06", massbalance.Receive{Site: "mill", Transfer: transfer, Quantity: kg("17990"), Evidence: "WB2"})

	// 17.99 t at 39.654321 are 713.38; 2.01 t short of 20 at 5.00 are 10.05.
	ours, err := m.desks["growers"].Statement(t.Context(), agreement, 1)
	require.NoError(t, err)
	theirs, err := m.desks["miller"].Statement(t.Context(), agreement, 1)
	require.NoError(t, err)
	require.Equal(t, ours, theirs)
	require.Equal(t, []string{"17990", "713.38", "10.05", "703.33"}, []string{ours.Received.String(), ours.Premium.String(), ours.Shortfall.String(), ours.Due.String()})
	_, err = m.desks["brand"].Statement(t.Context(), agreement, 1)
	require.ErrorIs(t, err, trade.ErrNotParty)

	for _, org := range []massbalance.OrganisationID{"growers", "miller"} {
		body, err := m.desks[org].Confirm(t.Context(), agreement, 1)
		require.NoError(t, err)
		m.must(org, "2026-09-01", body)
	}
	require.NoError(t, m.model.Read(t.Context(), func(s *readmodel.Snapshot) error {
		settlement, err := readmodel.Need[massbalance.Settlement](s, massbalance.SettlementKey(agreement, 1))
		require.EqualValues(t, "2026-09-01", settlement.Agreed)
		return err
	}))
	m.tellsNobody("44.123456", "39.654321", "713.38", "703.33")
}

// tellsNobody looks for figures in everything that all can read.
func (m *market) tellsNobody(figures ...string) {
	for _, b := range m.Blocks() {
		for _, tx := range b.Transactions {
			var said strings.Builder
			for _, e := range tx.Entries {
				for _, v := range []any{e.Command, e.Record} {
					text, err := wire.Format(v)
					require.NoError(m.t, err)
					said.Write(text)
				}
			}
			for _, w := range tx.Writes {
				text, err := wire.FormatValue(w.Value)
				require.NoError(m.t, err)
				said.Write(text)
			}
			for _, figure := range figures {
				require.NotContains(m.t, said.String(), figure)
			}
		}
	}
}

// Five agreements' premiums go into the index; its figure is their average, and
// before the last sum there is none.
func TestTheIndexOfFivePremiums(t *testing.T) {
	m := newMarket(t)
	var cents int64
	for i := range 5 {
		agreement := m.signed()
		m.must("growers", "2026-08-03", massbalance.Introduce{Site: "elevator", Certifier: "certifier", Statement: "VS-2026-011", Quantity: kg("20000"), Model: massbalance.MassBalance, Evidence: massbalance.EvidenceID(fmt.Sprint("WB", i))})
		lot := massbalance.LotID(fmt.Sprintf("growers/m%d/1", m.next))
		transfer := massbalance.TransferID(m.must("growers", "2026-08-05", massbalance.Dispatch{
			Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("20000"), Lines: []massbalance.LotLine{{Lot: lot, Quantity: kg(fmt.Sprint(10000 + 1000*i))}}, Agreement: agreement,
		}))
		m.must("miller", "2026-08-06", massbalance.Receive{Site: "mill", Transfer: transfer, Quantity: kg("20000"), Evidence: massbalance.EvidenceID(fmt.Sprint("RC", i))})
		for _, org := range []massbalance.OrganisationID{"growers", "miller"} {
			body, err := m.desks[org].Confirm(t.Context(), agreement, 1)
			require.NoError(t, err)
			m.must(org, "2026-09-01", body)
		}
		statement, err := m.desks["growers"].Statement(t.Context(), agreement, 1)
		require.NoError(t, err)
		cents += statement.Premium.Cents()
		contribution, err := m.desks["growers"].Contribute(t.Context(), agreement, 1)
		require.NoError(t, err)
		again, err := m.desks["growers"].Contribute(t.Context(), agreement, 1)
		require.NoError(t, err)
		require.Equal(t, contribution, again)
		m.must("growers", "2026-09-02", contribution)
	}
	index := massbalance.PremiumIndex{Product: "wheat", Model: massbalance.MassBalance, Currency: "EUR", Year: 2026, Quarter: 3}
	for _, org := range []massbalance.OrganisationID{"growers", "miller", "manufacturer", "brand"} {
		body, err := m.desks[org].Sum(t.Context(), index)
		require.NoError(t, err)
		m.must(org, "2026-09-03", body)
	}
	require.NoError(t, m.model.Read(t.Context(), func(s *readmodel.Snapshot) error {
		round, err := readmodel.Need[massbalance.PremiumRound](s, massbalance.PremiumKey(index))
		require.Equal(t, fmt.Sprint(cents), round.Premium)
		require.Equal(t, "60000", round.Mass.String())
		return err
	}))
	m.tellsNobody("39.654321")
}

// People write sums as they like; a document has one form only.
func TestSumsAreReadAsPeopleWriteThem(t *testing.T) {
	for text, written := range map[string]string{"0": "0.00", "41.5": "41.50", "-3": "-3.00", "0.123456": "0.123456"} {
		var m trade.Money
		require.NoError(t, m.UnmarshalText([]byte(text)))
		require.Equal(t, written, m.String())
	}
	terms := trade.Terms{Salt: trade.NewSalt(), Seller: "growers", Buyer: "miller", Price: trade.Price{Currency: "EUR", PerTonne: money("41.5")}}
	document, _, err := terms.Document()
	require.NoError(t, err)
	_, err = trade.ReadTerms([]byte(strings.Replace(string(document), `"41.50"`, `"41.5"`, 1)))
	require.ErrorContains(t, err, "canonical")
}
