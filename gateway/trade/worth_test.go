package trade_test

import (
	"encoding/xml"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// delivered has 20 t of mass balance wheat agreed for August, 18 t of it shipped
// and 17.99 t received.
func delivered(t *testing.T) (*market, massbalance.AgreementID) {
	m := newMarket(t)
	for i, org := range []massbalance.OrganisationID{"growers", "miller", "manufacturer"} {
		require.Equal(t, massbalance.Accepted, m.send(org, "BASE-1", "2026-08-01", massbalance.RegisterBaseline{Baseline: massbalance.Baseline{
			Product: "wheat", Region: "DE-BB", Intensity: intensity("0.4"), Source: "test", Version: 1}}).Code, i)
	}
	agreement := m.signed()
	m.must("growers", "2026-08-03", massbalance.Introduce{Site: "elevator", Certifier: "certifier", Statement: "VS-2026-011", Quantity: kg("29400"), Model: massbalance.MassBalance, Evidence: "WB1"})
	lot := massbalance.LotID(fmt.Sprintf("growers/m%d/1", m.next))
	transfer := massbalance.TransferID(m.must("growers", "2026-08-05", massbalance.Dispatch{
		Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("18000"), Lines: []massbalance.LotLine{{Lot: lot, Quantity: kg("18000")}}, Agreement: agreement,
	}))
	m.must("miller", "2026-08-06", massbalance.Receive{Site: "mill", Transfer: transfer, Quantity: kg("17990"), Evidence: "WB2"})
	return m, agreement
}

// 17.99 t at 39.654321 are 713.38. At 0.276 against 0.4 they avoid 2,230.76 kg
// CO2e, so a tonne avoided costs 319.79.
func TestPremiumsOfBothSides(t *testing.T) {
	m, _ := delivered(t)
	for _, org := range []massbalance.OrganisationID{"growers", "miller"} {
		premiums, err := m.desks[org].Premiums(t.Context())
		require.NoError(t, err)
		require.Len(t, premiums, 1)
		require.Equal(t, trade.Premium{
			Product: "wheat", Model: massbalance.MassBalance, Region: "DE-BB", Year: 2026, Quarter: 3, Currency: "EUR", Sold: org == "growers",
			Quantity: premiums[0].Quantity, Paid: premiums[0].Paid, PerTonne: "39.65", Avoided: "2230.76", PerTonneCO2e: "319.79",
		}, premiums[0])
		require.Equal(t, []string{"17990", "713.38"}, []string{premiums[0].Quantity.String(), premiums[0].Paid.String()})
	}
	none, err := m.desks["brand"].Premiums(t.Context())
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestFulfilmentAsOfADay(t *testing.T) {
	m, _ := delivered(t)
	on := func(day massbalance.Date) trade.Fulfilment {
		all, err := m.desks["miller"].Fulfilments(t.Context(), day)
		require.NoError(t, err)
		require.Len(t, all, 1)
		return all[0]
	}
	require.Equal(t, []string{"0", "20000"}, []string{on("2026-07-31").Forecast.String(), on("2026-07-31").Shortfall.String()})
	require.Equal(t, "30000", on("2026-08-10").Forecast.String(), "55.8 t at this rate, but no more than may be called off")
	require.Equal(t, "18600", on("2026-08-30").Forecast.String(), "18 t in 30 of 31 days")
	require.Equal(t, "1400", on("2026-08-30").Shortfall.String())
	require.Equal(t, []string{"17990", "2010"}, []string{on("2026-09-01").Forecast.String(), on("2026-09-01").Shortfall.String()})
}

func TestUBL(t *testing.T) {
	m, agreement := delivered(t)
	s, err := m.desks["growers"].Statement(t.Context(), agreement, 1)
	require.NoError(t, err)
	name := func(id massbalance.OrganisationID) string { return "The " + string(id) }
	text, err := s.UBL("2026-09-01", name)
	require.NoError(t, err)
	type document struct {
		XMLName  xml.Name
		Type     string `xml:"InvoiceTypeCode"`
		Supplier string `xml:"AccountingSupplierParty>Party>PartyName>Name"`
		Payable  string `xml:"LegalMonetaryTotal>PayableAmount"`
		Lines    []struct {
			Amount   string `xml:"LineExtensionAmount"`
			Quantity string `xml:"InvoicedQuantity"`
			Credited string `xml:"CreditedQuantity"`
		} `xml:"InvoiceLine"`
		Back []struct {
			Amount string `xml:"LineExtensionAmount"`
		} `xml:"CreditNoteLine"`
	}
	var invoice document
	require.NoError(t, xml.Unmarshal(text, &invoice))
	require.Equal(t, "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2", invoice.XMLName.Space)
	require.Equal(t, []string{"380", "The growers", "703.33"}, []string{invoice.Type, invoice.Supplier, invoice.Payable})
	require.Len(t, invoice.Lines, 2)
	require.Equal(t, []string{"713.38", "17990", "-10.05"}, []string{invoice.Lines[0].Amount, invoice.Lines[0].Quantity, invoice.Lines[1].Amount})

	_, terms := agree(t, quarter(false), trade.Price{Currency: "EUR", PerTonne: money("40"), Shortfall: money("10")})
	_, digest, err := terms.Document()
	require.NoError(t, err)
	owed, err := trade.Settle(massbalance.Agreement{ID: "miller/a", Seller: "growers", Buyer: "miller", Commitment: terms.Commitment, Terms: digest}, terms, nil, 1)
	require.NoError(t, err)
	text, err = owed.UBL("2026-09-01", name)
	require.NoError(t, err)
	var note document
	require.NoError(t, xml.Unmarshal(text, &note))
	require.Equal(t, []string{"CreditNote", "300.00", "300.00"}, []string{note.XMLName.Local, note.Payable, note.Back[0].Amount})
}

// What a project cost is set against what came of it and who has it.
func TestProjectReport(t *testing.T) {
	m := newMarket(t)
	m.must("growers", "2026-08-01", massbalance.RegisterProject{Project: massbalance.Project{
		ID: "soil", Owner: "growers", Name: "Cover crops", Product: "wheat", Practice: "cover-crops", From: "2026-01-01", To: "2027-12-31",
		Funders:  []massbalance.Funder{{Name: "Morgenbrot", Share: whole(t)}},
		Expected: kg("400000"), Saving: intensity("0.1"), Method: "test", Spend: "5000", Currency: "EUR",
	}})
	m.ProjectHarvest("soil", "VS-2026-099")
	m.must("growers", "2026-08-03", massbalance.Introduce{Site: "elevator", Certifier: "certifier", Statement: "VS-2026-099", Quantity: kg("100000"), Model: massbalance.MassBalance, Evidence: "WB1"})
	lot := massbalance.LotID(fmt.Sprintf("growers/m%d/1", m.next))
	send := func(to massbalance.SiteID, quantity string) massbalance.TransferID {
		return massbalance.TransferID(m.must("growers", "2026-08-05", massbalance.Dispatch{
			Site: "elevator", To: to, Product: "wheat", Quantity: kg(quantity), Lines: []massbalance.LotLine{{Lot: lot, Quantity: kg(quantity)}},
		}))
	}
	m.must("brand", "2026-08-06", massbalance.Receive{Site: "brand-hub", Transfer: send("brand-hub", "40000"), Quantity: kg("40000"), Evidence: "WB2"})
	m.must("brand", "2026-08-07", massbalance.ClaimCredits{
		Site: "brand-hub", Product: "wheat", Lines: []massbalance.LotLine{{Lot: massbalance.LotID(fmt.Sprintf("brand/m%d/1", m.next)), Quantity: kg("30000")}},
		Beneficiary: "Rolls", ReportingYear: 2026, Purpose: "Scope 3"})
	send("mill", "5000")

	reports, err := m.desks["brand"].Projects(t.Context())
	require.NoError(t, err)
	require.Len(t, reports, 1)
	r := reports[0]
	require.Equal(t, []string{"100000", "10000", "500.00"}, []string{r.Introduced.String(), r.Avoided, r.PerTonne}, "5,000.00 for 10 t CO2e")
	type row struct {
		org, held, transit, claimed, avoided string
	}
	var rows []row
	for _, h := range r.Holders {
		rows = append(rows, row{string(h.Organisation), h.Held.String(), h.InTransit.String(), h.Claimed.String(), h.Avoided})
	}
	require.Equal(t, []row{
		{"brand", "10000", "0", "30000", "4000"},
		{"growers", "55000", "0", "0", "5500"},
		{"miller", "0", "5000", "0", "500"},
	}, rows)
	// Morgenbrot paid all of 5,000.00 and has 40 t of it, which avoid 4 t CO2e.
	require.Equal(t, []string{"Morgenbrot", "40000", "4000", "1250.00"}, []string{r.Parts[0].Funder, r.Parts[0].Bought.String(), r.Parts[0].Avoided, r.Parts[0].PerTonne})
	require.Empty(t, r.Parts[1].PerTonne, "it is no funder")
	require.Equal(t, []string{"45000", "55000"}, []string{r.Bought.String(), r.Unsold.String()})
}

func whole(t *testing.T) massbalance.Ratio {
	r, err := massbalance.NewRatio(1, 1)
	require.NoError(t, err)
	return r
}

// Premiums of two regions add up over both; of the one for which no average was
// adopted nothing is said of what a tonne avoided cost.
func TestPremiumsTogether(t *testing.T) {
	all := []trade.Premium{
		{Product: "wheat", Model: massbalance.MassBalance, Region: "DE-BB", Year: 2026, Quarter: 3, Currency: "EUR", Quantity: kg("10000"), Paid: money("400"), Avoided: "2000"},
		{Product: "wheat", Model: massbalance.MassBalance, Region: "DE-BB", Year: 2026, Quarter: 4, Currency: "EUR", Quantity: kg("20000"), Paid: money("900"), Avoided: "3000"},
		{Product: "wheat", Model: massbalance.MassBalance, Region: "PL-WP", Year: 2026, Quarter: 4, Currency: "EUR", Quantity: kg("30000"), Paid: money("600")},
		{Product: "wheat", Model: massbalance.Segregated, Region: "PL-WP", Year: 2026, Quarter: 4, Currency: "EUR", Quantity: kg("1000"), Paid: money("60")},
	}
	sums := trade.Together(all, func(p *trade.Premium) { p.Region, p.Year, p.Quarter = "", 0, 0 })
	require.Len(t, sums, 2)
	// 1,900 for 60 t; of these 1,300 avoided 5 t CO2e.
	require.Equal(t, []string{"60000", "1900.00", "31.67", "5000", "260.00"}, []string{sums[0].Quantity.String(), sums[0].Paid.String(), sums[0].PerTonne, sums[0].Avoided, sums[0].PerTonneCO2e})
	require.Equal(t, []string{"60.00", "", ""}, []string{sums[1].PerTonne, sums[1].Avoided, sums[1].PerTonneCO2e})
}

func TestAverageOfTheIndex(t *testing.T) {
	require.Equal(t, "41.67", trade.Average(massbalance.PremiumRound{Premium: "250000", Mass: kg("60000")}))
	require.Empty(t, trade.Average(massbalance.PremiumRound{Premium: "250000", Mass: kg("60000"), Void: true}))
	require.Empty(t, trade.Average(massbalance.PremiumRound{}))
}

// A buyer sees what it may still buy: offers that stand, with the price that was
// named to it, and what its agreements leave; nobody sees what is offered to others.
func TestWhatIsAvailable(t *testing.T) {
	m, agreement := delivered(t)
	p := proposal("44")
	p.Commitment.Specification.Intensity = nil
	facts := massbalance.OfferFacts{Product: "wheat", Model: massbalance.MassBalance, Quantity: kg("5000"), Certifier: "certifier", Statement: "VS-2026-011", Site: "elevator", From: "2026-08-01", To: "2026-08-31"}
	require.NoError(t, m.model.Read(t.Context(), func(s *readmodel.Snapshot) error {
		v, err := readmodel.Need[massbalance.Verified](s, massbalance.StatementKey("certifier", "VS-2026-011"))
		facts.Characteristics = []massbalance.CharacteristicsID{v.Statement.Characteristics.ID()}
		return err
	}))
	body, err := m.desks["growers"].Offer(t.Context(), "private", trade.Draft{Facts: &facts, Proposals: []trade.Proposal{p}, Expires: "2026-08-31"})
	require.NoError(t, err)
	require.Equal(t, massbalance.Accepted, m.send("growers", "private", "2026-08-10", body).Code)
	all, err := m.desks["miller"].Available(t.Context(), "2026-08-20")
	require.NoError(t, err)
	require.Len(t, all, 1, "of the agreement %s nothing says how much it may emit", agreement)
	require.Equal(t, []string{"growers/private", "5000", "0.276"}, []string{all[0].Name, all[0].Quantity.String(), all[0].Intensity.String()})
	premium, currency, named := all[0].Premium(kg("2500"))
	require.True(t, named)
	require.Equal(t, "110.00 EUR", premium.String()+" "+currency)
	all, err = m.desks["brand"].Available(t.Context(), "2026-08-20")
	require.NoError(t, err)
	require.Empty(t, all)
	all, err = m.desks["miller"].Available(t.Context(), "2026-09-20")
	require.NoError(t, err)
	require.Empty(t, all, "it expired")
}
