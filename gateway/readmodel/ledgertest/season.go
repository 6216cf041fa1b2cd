package ledgertest

import (
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// The members of the consortium that Found makes.
const (
	Growers      massbalance.OrganisationID = "growers"
	Miller       massbalance.OrganisationID = "miller"
	Manufacturer massbalance.OrganisationID = "manufacturer"
	Brand        massbalance.OrganisationID = "brand"
	Certifier    massbalance.OrganisationID = "certifier"
)

// Kg reads a quantity.
func Kg(text string) massbalance.Quantity {
	q, err := massbalance.ParseQuantity(text)
	if err != nil {
		panic(err)
	}
	return q
}

// Command makes a command of the season's period.
func Command(id massbalance.CommandID, date massbalance.Date, body massbalance.Body) massbalance.Command {
	return massbalance.Command{ID: id, Date: date, Period: "2026-Q3", By: "clerk", Body: body}
}

func register(id massbalance.CommandID, body massbalance.Body) massbalance.Command {
	return massbalance.Command{ID: id, Body: body}
}

// Found makes the consortium, its register and one site for each trading member.
func (l *Ledger) Found() {
	l.Must(Growers, register("FOUND", massbalance.FoundConsortium{Members: []massbalance.Member{
		{Organisation: Growers, Name: "Growers' Co-operative", Role: massbalance.Trading},
		{Organisation: Miller, Name: "Oderbruch Mills", Role: massbalance.Trading},
		{Organisation: Manufacturer, Name: "Havel Bakeries", Role: massbalance.Trading},
		{Organisation: Brand, Name: "Morgenbrot", Role: massbalance.Trading},
		{Organisation: Certifier, Name: "Certification Body", Role: massbalance.Certification},
	}}))
	point, err := wire.PublicKey(&l.key.PublicKey)
	require.NoError(l.t, err)
	for _, org := range []massbalance.OrganisationID{Growers, Miller, Manufacturer} {
		l.Must(org,
			register("REG-1", massbalance.RegisterProduct{Product: massbalance.Product{ID: "wheat", Name: "Winter wheat", YieldCaps: []massbalance.YieldCap{
				{Region: "DE-BB", PerHectare: Kg("9000"), Source: "State statistics office, highest district mean of ten years"}}}}),
			register("REG-2", massbalance.RegisterProduct{Product: massbalance.Product{ID: "wheat-flour", Name: "Wheat flour"}}),
			register("REG-3", massbalance.RegisterProduct{Product: massbalance.Product{ID: "wheat-bran", Name: "Wheat bran"}}),
			register("REG-4", massbalance.RegisterCertifier{Certifier: massbalance.Certifier{ID: Certifier, Keys: []massbalance.SigningKey{{ID: "2026-1", Point: point}}}}),
		)
	}
	for _, org := range []massbalance.OrganisationID{Growers, Miller, Manufacturer} {
		l.Must(org, register("REG-5", massbalance.RegisterRecipe{Recipe: massbalance.Recipe{
			ID: "milling", Input: "wheat", Source: "Straight flour, 72 % extraction", Outputs: []massbalance.RecipeOutput{
				{Product: "wheat-flour", Factor: ratio(18, 25)}, {Product: "wheat-bran", Factor: ratio(7, 25)}}}}))
	}
	l.site(Growers, "elevator", "River elevator")
	l.site(Growers, "silo-north", "Silo North")
	l.site(Miller, "mill", "Oderbruch mill")
	l.site(Manufacturer, "bakery", "Havel bakery")
	l.site(Brand, "brand-hub", "Berlin distribution hub")
}

func ratio(numerator, denominator int64) massbalance.Ratio {
	r, err := massbalance.NewRatio(numerator, denominator)
	if err != nil {
		panic(err)
	}
	return r
}

func (l *Ledger) site(org massbalance.OrganisationID, id massbalance.SiteID, name string) {
	l.Must(org,
		register(massbalance.CommandID("SITE-"+id), massbalance.RegisterSite{Site: id, Name: name, Country: "DE", Region: "DE-BB"}),
		register(massbalance.CommandID("OPEN-"+id), massbalance.OpenPeriod{Site: id, Period: "2026-Q3", From: "2026-07-01", To: "2026-09-30"}))
}

// farm is one producer whose harvest was verified.
type farm struct {
	statement        massbalance.StatementID
	producer, fossil string
	land, removals   string
	practices        []string
}

var farms = []farm{
	{"VS-2026-011", "Hof Lindenau", "0.182", "0.094", "-0.031", []string{"cover-crops", "no-till"}},
	{"VS-2026-012", "Gut Seeberg", "0.205", "0.089", "0", []string{"reduced-tillage"}},
	{"VS-2026-013", "Agrargenossenschaft Neuland", "0.211", "0.121", "0", nil},
}

// Documents publishes a certificate and the farms' verification statements.
func (l *Ledger) Documents() {
	certificate, err := wire.SignCertificate(massbalance.Certificate{
		ID: "CERT-2026-04", Certifier: Certifier, Scheme: "REGEN-PLUS", Holder: Growers, Sites: []massbalance.SiteID{"elevator"},
		Products: []massbalance.ProductID{"wheat"}, ValidFrom: "2026-01-01", ValidTo: "2026-12-31",
	}, "2026-1", l.key)
	require.NoError(l.t, err)
	l.Must(Growers, register("CERT-1", massbalance.PublishCertificate{Document: certificate}))
	for _, f := range farms {
		statement, err := wire.SignStatement(massbalance.Statement{
			ID: f.statement, Certifier: Certifier, Certificate: "CERT-2026-04", Holder: Growers, Site: "elevator", Producer: f.producer,
			Product: "wheat", Quantity: Kg("400000"), Area: area("64.5"), Characteristics: f.characteristics(), Issued: "2026-07-20",
		}, "2026-1", l.key)
		require.NoError(l.t, err)
		l.Must(Growers, register(massbalance.CommandID("ST-"+f.statement), massbalance.PublishStatement{Document: statement}))
	}
}

// Declare publishes a declaration on the season's certificate.
func (l *Ledger) Declare(id massbalance.StandingID, kind massbalance.StandingKind, effective massbalance.Date, reason string) {
	standing, err := wire.SignStanding(massbalance.Standing{
		ID: id, Certifier: Certifier, Certificate: "CERT-2026-04", Kind: kind, Effective: effective, Reason: reason, Issued: effective,
	}, "2026-1", l.key)
	require.NoError(l.t, err)
	l.Must(Miller, register(massbalance.CommandID(id), massbalance.PublishStanding{Document: standing}))
}

func area(text string) massbalance.Hectares {
	h, err := massbalance.ParseHectares(text)
	if err != nil {
		panic(err)
	}
	return h
}

func figure(text, method string) massbalance.CarbonFigure {
	i, err := massbalance.ParseIntensity(text)
	if err != nil {
		panic(err)
	}
	if i.Sign() == 0 {
		method = ""
	}
	return massbalance.CarbonFigure{Intensity: i, Method: method}
}

func (f farm) characteristics() massbalance.Characteristics {
	return massbalance.Characteristics{
		Scheme: "REGEN-PLUS", Country: "DE", Region: "DE-BB", Vintage: 2026, Practices: f.practices,
		Carbon: massbalance.Carbon{
			Fossil:         figure(f.fossil, "PACT v3, primary data"),
			LandManagement: figure(f.land, "IPCC 2019 tier 2"),
			Removals:       figure(f.removals, "Soil sampling 0-30 cm, VM0042"),
		},
	}
}

// Season founds the consortium and moves a harvest from three farms through the
// mill and the bakery to the brand, which claims part of it. Some of it is still
// on its way at the end, some was rejected, much is undifferentiated.
func (l *Ledger) Season() {
	l.Found()
	l.Documents()
	l.Harvest()
}

// Harvest is the season after its documents are published.
func (l *Ledger) Harvest() {
	l.harvest()
	l.milling()
	l.Baking()
}

func (l *Ledger) harvest() {
	introduce := func(id massbalance.CommandID, date massbalance.Date, s massbalance.StatementID, kg string, m massbalance.CustodyModel) {
		l.Must(Growers, Command(id, date, massbalance.Introduce{
			Site: "elevator", Certifier: Certifier, Statement: s, Quantity: Kg(kg), Model: m, Evidence: massbalance.EvidenceID("WB-" + id)}))
	}
	introduce("INT-1", "2026-08-03", "VS-2026-011", "29400", massbalance.Segregated)
	introduce("INT-2", "2026-08-03", "VS-2026-012", "112680.5", massbalance.Segregated)
	introduce("INT-3", "2026-08-04", "VS-2026-013", "86240.125", massbalance.MassBalance)
	introduce("INT-4", "2026-08-05", "VS-2026-011", "141300", massbalance.Segregated)
	l.Must(Growers, Command("TAKE-1", "2026-08-05", massbalance.TakeIn{
		Site: "elevator", Product: "wheat", Quantity: Kg("240000"), Supplier: "Members without verification", Evidence: "WB-TAKE-1"}))
	l.dispatch(Growers, "DSP-1", "2026-08-07", "elevator", "mill", "wheat", "180000",
		line("growers/INT-1/1", "29400"), line("growers/INT-2/1", "100000"))
	l.dispatch(Growers, "DSP-2", "2026-08-10", "elevator", "mill", "wheat", "60000", line("growers/INT-4/1", "60000"))
	l.dispatch(Growers, "DSP-3", "2026-08-12", "elevator", "mill", "wheat", "24500.5", line("growers/INT-3/1", "24500.5"))
	l.dispatch(Growers, "DSP-4", "2026-08-14", "elevator", "mill", "wheat", "25000", line("growers/INT-4/1", "25000"))
}

func line(lot massbalance.LotID, kg string) massbalance.LotLine {
	return massbalance.LotLine{Lot: lot, Quantity: Kg(kg)}
}

func (l *Ledger) dispatch(org massbalance.OrganisationID, id massbalance.CommandID, date massbalance.Date, from, to massbalance.SiteID, product massbalance.ProductID, kg string, lines ...massbalance.LotLine) {
	l.Must(org, Command(id, date, massbalance.Dispatch{
		Site: from, To: to, Product: product, Quantity: Kg(kg), Lines: lines, Documents: []massbalance.EvidenceID{massbalance.EvidenceID("CMR-" + id)}}))
}

func (l *Ledger) milling() {
	l.Must(Miller, Command("RCV-1", "2026-08-08", massbalance.Receive{Site: "mill", Transfer: "growers/DSP-1", Quantity: Kg("179640"), Evidence: "WB-5501"}))
	l.Must(Miller, Command("RCV-2", "2026-08-11", massbalance.Receive{Site: "mill", Transfer: "growers/DSP-2", Quantity: Kg("60040"), Evidence: "WB-5502"}))
	l.Must(Miller, Command("REJ-1", "2026-08-13", massbalance.Reject{Site: "mill", Transfer: "growers/DSP-3", Reason: "Moisture 16.2 %"}))
	l.Must(Miller, Command("TAKE-1", "2026-08-13", massbalance.TakeIn{Site: "mill", Product: "wheat", Quantity: Kg("310000"), Supplier: "Spot market", Evidence: "WB-5503"}))
	l.Must(Miller, Command("CNV-1", "2026-08-17", massbalance.Convert{
		Site: "mill", Recipe: "milling", Quantity: Kg("250000"),
		Lines:   []massbalance.LotLine{line("miller/RCV-1/1", "29400"), line("miller/RCV-1/2", "100000"), line("miller/RCV-2/1", "33333.333")},
		Outputs: []massbalance.Output{{Product: "wheat-flour", Quantity: Kg("179120")}, {Product: "wheat-bran", Quantity: Kg("69400")}},
	}))
	l.dispatch(Miller, "DSP-1", "2026-08-19", "mill", "bakery", "wheat-flour", "120000",
		line("miller/CNV-1/1", "21000"), line("miller/CNV-1/2", "60000"))
}

// Baking is the last part of the season.
func (l *Ledger) Baking() {
	l.Must(Manufacturer, Command("RCV-1", "2026-08-20", massbalance.Receive{Site: "bakery", Transfer: "miller/DSP-1", Quantity: Kg("119880"), Evidence: "WB-77"}))
	l.dispatch(Manufacturer, "DSP-1", "2026-08-24", "bakery", "brand-hub", "wheat-flour", "50000",
		line("manufacturer/RCV-1/1", "18000"), line("manufacturer/RCV-1/2", "27000.001"))
	l.Must(Brand, Command("RCV-1", "2026-08-25", massbalance.Receive{Site: "brand-hub", Transfer: "manufacturer/DSP-1", Quantity: Kg("50000"), Evidence: "WB-9"}))
	l.Must(Brand, Command("CLM-1", "2026-08-31", massbalance.ClaimCredits{
		Site: "brand-hub", Product: "wheat-flour", Lines: []massbalance.LotLine{line("brand/RCV-1/1", "12000"), line("brand/RCV-1/2", "8000.777")},
		Beneficiary: "Morgenbrot rolls, 500 g", ReportingYear: 2026, Purpose: "Scope 3 category 1, FLAG inventory"}))
}

// Find publishes the certifier's finding that a statement rests on fraud.
func (l *Ledger) Find(statement massbalance.StatementID, reason string) {
	finding, err := wire.SignFinding(massbalance.FraudFinding{
		ID: massbalance.FindingID("FF-" + statement), Certifier: Certifier, Statement: statement, Reason: reason, Issued: "2026-09-01",
	}, "2026-1", l.key)
	require.NoError(l.t, err)
	l.Must(Miller, register(massbalance.CommandID("FF-"+statement), massbalance.PublishFinding{Document: finding}))
}

// Statement makes the command that publishes a verification statement of a farm
// whose fossil emissions are as given, beside those of Documents.
func (l *Ledger) Statement(id massbalance.StatementID, producer, fossil string) massbalance.Command {
	f := farm{statement: id, producer: producer, fossil: fossil, land: "0.09", removals: "0"}
	signed, err := wire.SignStatement(massbalance.Statement{
		ID: id, Certifier: Certifier, Certificate: "CERT-2026-04", Holder: Growers, Site: "elevator", Producer: producer,
		Product: "wheat", Quantity: Kg("400000"), Area: area("64.5"), Characteristics: f.characteristics(), Issued: "2026-07-20",
	}, "2026-1", l.key)
	require.NoError(l.t, err)
	return register(massbalance.CommandID("ST-"+id), massbalance.PublishStatement{Document: signed})
}

// ProjectHarvest publishes a verification statement of wheat that came of a project.
func (l *Ledger) ProjectHarvest(project massbalance.ProjectID, id massbalance.StatementID) {
	set := farms[0].characteristics()
	set.Project = project
	statement, err := wire.SignStatement(massbalance.Statement{
		ID: id, Certifier: Certifier, Certificate: "CERT-2026-04", Holder: Growers, Site: "elevator", Producer: farms[0].producer,
		Product: "wheat", Quantity: Kg("400000"), Area: area("64.5"), Characteristics: set, Issued: "2026-07-20",
	}, "2026-1", l.key)
	require.NoError(l.t, err)
	l.Must(Growers, register(massbalance.CommandID("ST-"+id), massbalance.PublishStatement{Document: statement}))
}
