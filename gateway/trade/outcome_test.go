package trade_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// funded has a project of the growers that the brand and the bakery pay for, a
// recipe for biscuits, and 100 t of the project's wheat.
func funded(t *testing.T) *market {
	m := newMarket(t)
	m.must("growers", "2026-08-01", massbalance.RegisterProject{Project: massbalance.Project{
		ID: "soil", Owner: "growers", Name: "Cover crops", Product: "wheat", Practice: "cover-crops", From: "2026-01-01", To: "2027-12-31",
		Funders:  []massbalance.Funder{{Name: "Morgenbrot", Share: part(t, 3, 5)}, {Name: "manufacturer", Share: part(t, 3, 10)}, {Name: "Rail fund", Share: part(t, 1, 10)}},
		Expected: kg("400000"), Saving: intensity("0.1"), Method: "test", Spend: "5000", Currency: "EUR",
	}})
	for _, org := range []massbalance.OrganisationID{"growers", "miller", "manufacturer"} {
		m.must(org, "2026-08-01", massbalance.RegisterProduct{Product: massbalance.Product{ID: "biscuit", Name: "Biscuit"}})
	}
	for _, org := range []massbalance.OrganisationID{"growers", "miller", "manufacturer"} {
		m.must(org, "2026-08-01", massbalance.RegisterRecipe{Recipe: massbalance.Recipe{ID: "baking", Input: "wheat-flour", Source: "test",
			Outputs: []massbalance.RecipeOutput{{Product: "biscuit", Factor: part(t, 9, 10)}}}})
	}
	m.ProjectHarvest("soil", "VS-2026-099")
	m.must("growers", "2026-08-03", massbalance.Introduce{Site: "elevator", Certifier: "certifier", Statement: "VS-2026-099", Quantity: kg("100000"), Model: massbalance.MassBalance, Evidence: "WB1"})
	return m
}

func part(t *testing.T, of, whole int64) massbalance.Ratio {
	r, err := massbalance.NewRatio(of, whole)
	require.NoError(t, err)
	return r
}

// made names a lot that the last command made.
func (m *market) made(org string, n int) massbalance.LotID {
	return massbalance.LotID(fmt.Sprintf("%s/m%d/%d", org, m.next, n))
}

// ship dispatches from a lot and receives what arrives; it names the new lot.
func (m *market) ship(from, to massbalance.OrganisationID, product massbalance.ProductID, lot massbalance.LotID, quantity, arrived string) massbalance.LotID {
	transfer := m.dispatch(from, to, product, lot, quantity)
	m.must(to, "2026-08-10", massbalance.Receive{Site: sites[to], Transfer: transfer, Quantity: kg(arrived), Evidence: massbalance.EvidenceID(fmt.Sprint("R", m.next))})
	return m.made(string(to), 1)
}

func (m *market) dispatch(from, to massbalance.OrganisationID, product massbalance.ProductID, lot massbalance.LotID, quantity string) massbalance.TransferID {
	return massbalance.TransferID(m.must(from, "2026-08-09", massbalance.Dispatch{
		Site: sites[from], To: sites[to], Product: product, Quantity: kg(quantity), Lines: []massbalance.LotLine{{Lot: lot, Quantity: kg(quantity)}}}))
}

var sites = map[massbalance.OrganisationID]massbalance.SiteID{"growers": "elevator", "miller": "mill", "manufacturer": "bakery", "brand": "brand-hub"}

func (m *market) report() (r trade.ProjectReport) {
	require.NoError(m.t, m.model.Read(m.t.Context(), func(s *readmodel.Snapshot) (err error) {
		r, err = trade.Project(s, "soil")
		return err
	}))
	return r
}

// conserved holds what is reported against what came in and what lies in lots.
func (m *market) conserved(r trade.ProjectReport) {
	m.t.Helper()
	require.Equal(m.t, r.Introduced.String(), massbalance.Sum(r.Bought, r.Unsold, r.Used, r.Lost, r.Forfeited, r.Withdrawn).String())
	for _, p := range r.Parts {
		has := massbalance.Sum(p.Bought, p.Unsold, p.Used)
		for _, h := range r.Holders {
			if h.Organisation == p.Organisation {
				has, _ = has.Sub(h.InTransit)
			}
		}
		require.Equal(m.t, p.Introduced.Add(p.Received).String(), massbalance.Sum(has, p.PassedOn, p.Lost, p.Forfeited, p.Withdrawn).String(), p.Organisation)
	}
	require.NoError(m.t, m.model.Read(m.t.Context(), func(s *readmodel.Snapshot) error {
		lots, err := s.Lots(readmodel.LotFilter{Project: "soil"}, readmodel.Page{Limit: readmodel.MaxLimit})
		var inLots, held massbalance.Quantity
		for _, lot := range lots.Items {
			inLots = inLots.Add(lot.Available())
		}
		for _, h := range r.Holders {
			held = held.Add(h.Held)
		}
		require.Equal(m.t, inLots.String(), held.String())
		return err
	}))
}

// Growers sell wheat to the miller, the miller flour to the bakery, the bakery
// biscuits and flour to the brand, which claims. Each bought what of the wheat's
// outcome came to it and stayed, whatever it is in by now.
func TestFundersBuyTheOutcomeInWhateverProduct(t *testing.T) {
	m := funded(t)
	harvest := m.made("growers", 1)
	wheat := m.ship("growers", "miller", "wheat", harvest, "60000", "59900")
	m.must("miller", "2026-08-11", massbalance.Convert{Site: "mill", Recipe: "milling", Quantity: kg("50000"), Lines: []massbalance.LotLine{{Lot: wheat, Quantity: kg("50000")}},
		Outputs: []massbalance.Output{{Product: "wheat-flour", Quantity: kg("35000")}, {Product: "wheat-bran", Quantity: kg("13000")}}})
	flour, bran := m.made("miller", 1), m.made("miller", 2)
	m.must("miller", "2026-08-12", massbalance.Cancel{Site: "mill", Product: "wheat-bran", Lines: []massbalance.LotLine{{Lot: bran, Quantity: kg("1000")}}, Reason: "Feed"})
	flour = m.ship("miller", "manufacturer", "wheat-flour", flour, "30000", "30000")
	m.must("manufacturer", "2026-08-12", massbalance.Convert{Site: "bakery", Recipe: "baking", Quantity: kg("20000"), Lines: []massbalance.LotLine{{Lot: flour, Quantity: kg("20000")}},
		Outputs: []massbalance.Output{{Product: "biscuit", Quantity: kg("18000")}}})
	biscuit := m.made("manufacturer", 1)
	m.ship("manufacturer", "brand", "wheat-flour", flour, "4000", "4000")
	biscuit = m.ship("manufacturer", "brand", "biscuit", biscuit, "15000", "15000")
	m.must("brand", "2026-08-14", massbalance.ClaimCredits{Site: "brand-hub", Product: "biscuit", Lines: []massbalance.LotLine{{Lot: biscuit, Quantity: kg("12000")}},
		Beneficiary: "Biscuits", ReportingYear: 2026, Purpose: "Scope 3"})
	rejected := m.dispatch("growers", "brand", "wheat", harvest, "5000")
	m.must("brand", "2026-08-15", massbalance.Reject{Site: "brand-hub", Transfer: rejected, Reason: "Moisture"})

	r := m.report()
	type row struct{ org, funder, received, passedOn, bought, unsold, lost, withdrawn, avoided, perTonne string }
	var rows []row
	for _, p := range r.Parts {
		rows = append(rows, row{string(p.Organisation), p.Funder, p.Received.String(), p.PassedOn.String(), p.Bought.String(), p.Unsold.String(), p.Lost.String(), p.Withdrawn.String(), p.Avoided, p.PerTonne})
	}
	require.Equal(t, []row{
		// 60 % of 5,000.00 for 19 t that avoid 1.9 t CO2e.
		{"brand", "Morgenbrot", "19000", "0", "19000", "0", "0", "0", "1900", "1578.95"},
		{"growers", "", "0", "65000", "0", "40000", "0", "0", "0", ""},
		// 30 % for 9 t that avoid 0.9 t CO2e: 30 t came, 2 t were lost, 19 t were sold on.
		{"manufacturer", "manufacturer", "30000", "19000", "9000", "0", "2000", "0", "900", "1666.67"},
		{"miller", "", "60000", "30000", "26900", "0", "2100", "1000", "2690", ""},
	}, rows)
	require.Equal(t, []string{"54900", "40000", "0", "4100", "0", "1000"}, []string{r.Bought.String(), r.Unsold.String(), r.Used.String(), r.Lost.String(), r.Forfeited.String(), r.Withdrawn.String()})
	m.conserved(r)
	var holds []string
	for _, h := range r.Holders {
		if h.Organisation == "brand" || h.Organisation == "growers" {
			holds = append(holds, fmt.Sprint(h.Organisation, " ", h.Product, " ", h.Held, " ", h.InTransit, " ", h.Claimed, " ", h.Avoided))
		}
	}
	require.Equal(t, []string{"brand biscuit 3000 0 12000 1500", "brand wheat-flour 4000 0 0 400", "growers wheat 35000 5000 0 4000"}, holds)
}

// Two grams of two farms of which one gram arrives leave no lot: rounded down,
// neither has any. The project's is named as lost.
func TestWhatIsLostToTheLastGram(t *testing.T) {
	m := funded(t)
	harvest := m.made("growers", 1)
	m.must("growers", "2026-08-03", massbalance.Introduce{Site: "elevator", Certifier: "certifier", Statement: "VS-2026-012", Quantity: kg("1"), Model: massbalance.MassBalance, Evidence: "WB2"})
	lines := []massbalance.LotLine{{Lot: harvest, Quantity: kg("0.001")}, {Lot: m.made("growers", 1), Quantity: kg("0.001")}}
	transfer := massbalance.TransferID(m.must("growers", "2026-08-09", massbalance.Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("0.002"), Lines: lines}))
	m.must("miller", "2026-08-10", massbalance.Receive{Site: "mill", Transfer: transfer, Quantity: kg("0.001"), Evidence: "R1"})
	r := m.report()
	require.Equal(t, []string{"0.001", "0", "99999.999"}, []string{r.Lost.String(), r.Bought.String(), r.Unsold.String()})
	m.conserved(r)
}

// A funder that has nothing yet is listed; what an organisation brought in and
// claims itself is nobody's purchase.
func TestWhatIsClaimedByWhoeverBroughtItIn(t *testing.T) {
	m := funded(t)
	m.must("growers", "2026-08-14", massbalance.ClaimCredits{Site: "elevator", Product: "wheat", Lines: []massbalance.LotLine{{Lot: m.made("growers", 1), Quantity: kg("10000")}},
		Beneficiary: "Own seed", ReportingYear: 2026, Purpose: "Scope 3"})
	r := m.report()
	require.Equal(t, []string{"0", "90000", "10000"}, []string{r.Bought.String(), r.Unsold.String(), r.Used.String()})
	require.Len(t, r.Parts, 3)
	require.Equal(t, []string{"Morgenbrot", "0", ""}, []string{r.Parts[0].Funder, r.Parts[0].Avoided, r.Parts[0].PerTonne})
	m.conserved(r)
}

// Whatever happens, with odd weights, rejections, returns and reversals, each gram
// that came in is somewhere, once.
func TestAProjectsOutcomeIsConserved(t *testing.T) {
	for seed := range uint64(4) {
		m := funded(t)
		w := &wander{market: m, random: rand.New(rand.NewPCG(seed, 7))} //nolint:gosec // a test's histories are to be the same again
		for range 70 {
			w.step()
		}
		require.Greater(t, w.accepted, 30)
		m.conserved(m.report())
	}
}

// wander makes a random history; what the rules refuse did not happen.
type wander struct {
	*market
	random   *rand.Rand
	accepted int
}

func (w *wander) try(org massbalance.OrganisationID, body massbalance.Body) {
	w.next++
	if w.send(org, massbalance.CommandID(fmt.Sprintf("m%d", w.next)), "2026-08-20", body).Code == massbalance.Accepted {
		w.accepted++
	}
}

func (w *wander) step() {
	var lots []massbalance.Lot
	var transfers []massbalance.Transfer
	owner := map[massbalance.SiteID]massbalance.OrganisationID{"elevator": "growers", "silo-north": "growers", "mill": "miller", "bakery": "manufacturer", "brand-hub": "brand"}
	require.NoError(w.t, w.model.Read(w.t.Context(), func(s *readmodel.Snapshot) error {
		page, err := s.Lots(readmodel.LotFilter{Project: "soil", Available: true}, readmodel.Page{Limit: readmodel.MaxLimit})
		lots = page.Items
		if err == nil {
			transfers, err = s.AllTransfers(readmodel.TransferFilter{})
		}
		return err
	}))
	if len(transfers) > 0 && w.random.IntN(2) == 0 {
		w.carryOn(transfers[w.random.IntN(len(transfers))])
		return
	}
	if len(lots) == 0 {
		return
	}
	lot := lots[w.random.IntN(len(lots))]
	w.use(lot, owner[lot.Site])
}

// carryOn takes the next step of a transfer.
func (w *wander) carryOn(t massbalance.Transfer) {
	evidence := massbalance.EvidenceID(fmt.Sprint("E", w.next))
	short := t.Quantity.ScaleFloor(ledgertest.Kg(fmt.Sprint(900+w.random.IntN(101))), ledgertest.Kg("1000"))
	switch {
	case t.Status == massbalance.InTransit && w.random.IntN(4) == 0:
		w.try(t.Receiver, massbalance.Reject{Site: t.To, Transfer: t.ID, Reason: "Moisture"})
	case t.Status == massbalance.InTransit:
		w.try(t.Receiver, massbalance.Receive{Site: t.To, Transfer: t.ID, Quantity: short, Evidence: evidence})
	case t.Status == massbalance.Rejected:
		w.try(t.Sender, massbalance.Return{Site: t.From, Transfer: t.ID, Quantity: short, Evidence: evidence})
	case t.Status == massbalance.Received && t.Reversal == nil:
		w.try(t.Sender, massbalance.ProposeReversal{Site: t.From, Transfer: t.ID, Reason: "Wrong lorry"})
	case t.Status == massbalance.Received:
		w.try(t.Receiver, massbalance.ConfirmReversal{Site: t.To, Transfer: t.ID})
	case t.Status == massbalance.Reversing:
		w.try(t.Sender, massbalance.CompleteReversal{Site: t.From, Transfer: t.ID})
	}
}

// use ships, converts, claims or cancels an odd part of a lot.
func (w *wander) use(lot massbalance.Lot, by massbalance.OrganisationID) {
	odd := lot.Available().ScaleFloor(ledgertest.Kg(fmt.Sprint(1+w.random.IntN(996))), ledgertest.Kg("997"))
	lines := []massbalance.LotLine{{Lot: lot.ID, Quantity: odd}}
	out := func(part, whole string) massbalance.Quantity {
		return odd.ScaleFloor(ledgertest.Kg(part), ledgertest.Kg(whole))
	}
	switch n := w.random.IntN(10); {
	case n < 4:
		all := []massbalance.SiteID{"elevator", "silo-north", "mill", "bakery", "brand-hub"}
		w.try(by, massbalance.Dispatch{Site: lot.Site, To: all[w.random.IntN(len(all))], Product: lot.Product, Quantity: odd, Lines: lines})
	case n < 8 && lot.Product == "wheat":
		w.try(by, massbalance.Convert{Site: lot.Site, Recipe: "milling", Quantity: odd, Lines: lines,
			Outputs: []massbalance.Output{{Product: "wheat-flour", Quantity: out("701", "1000")}, {Product: "wheat-bran", Quantity: out("27", "100")}}})
	case n < 8 && lot.Product == "wheat-flour":
		w.try(by, massbalance.Convert{Site: lot.Site, Recipe: "baking", Quantity: odd, Lines: lines, Outputs: []massbalance.Output{{Product: "biscuit", Quantity: out("887", "1000")}}})
	case n == 8:
		w.try(by, massbalance.Cancel{Site: lot.Site, Product: lot.Product, Lines: lines, Reason: "Given up"})
	default:
		w.try(by, massbalance.ClaimCredits{Site: lot.Site, Product: lot.Product, Lines: lines, Beneficiary: "Test", ReportingYear: 2026, Purpose: "Scope 3"})
	}
}
