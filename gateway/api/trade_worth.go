package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/exports"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/scope3"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// What the organisation's own documents and the ledger say together.
type (
	// Premiums are those of the organisation's own agreements.
	Premiums struct{ Items []trade.Premium }
	// Fulfilments are the periods of the organisation's own agreements as of a day.
	Fulfilments struct {
		AsOf  massbalance.Date
		Items []trade.Fulfilment
	}
	// ProjectReports are those of all insetting projects.
	ProjectReports struct{ Items []trade.ProjectReport }
	// YearChange is what changed from the year before.
	YearChange struct {
		Organisation massbalance.OrganisationID
		Year         int
		Change       scope3.Change
	}
	// PlanRequest is a year with volume that might be bought: what stands on offer
	// to this organisation, or may still be called off, by its ID, and figures of
	// one's own. They are taken in their order, Offers first.
	PlanRequest struct {
		Offers  []PlanOffer
		Options []scope3.Option
		// AsOf is the day on which the offers must stand; "" is today in UTC.
		AsOf massbalance.Date
	}
	// PlanOffer is an offer or agreement and how much of it; no quantity means all.
	PlanOffer struct {
		ID       string
		Quantity massbalance.Quantity
	}
)

// registerWorth adds what trade is worth.
func (s *server) registerWorth() {
	registerKept(s, "/api/v1/trade/premiums", "get-own-premiums", "Premiums of the organisation's agreements by product, custody model, region and quarter, and what a tonne of CO2e avoided cost",
		func(ctx context.Context, desk *trade.Desk, _ *struct{}) (Premiums, error) {
			items, err := desk.Premiums(ctx)
			return Premiums{items}, err
		})
	registerKept(s, "/api/v1/trade/fulfilments", "get-fulfilments", "How far each period of the organisation's agreements is fulfilled, with a forecast",
		func(ctx context.Context, desk *trade.Desk, in *AsOf) (Fulfilments, error) {
			items, err := desk.Fulfilments(ctx, in.day())
			return Fulfilments{in.day(), items}, err
		})
	registerOne(s, route{access.Read, "/api/v1/projects/{project}/report", "get-project-report", "What an insetting project cost, what came of it and who has it"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Project massbalance.ProjectID `path:"project"`
		}) (trade.ProjectReport, error) {
			return trade.Project(snapshot, in.Project)
		})
	registerPaper(s, route{access.Read, "/api/v1/scope3/{organisation}/{year}/report.csv", "get-scope3-report-csv", "The lines of the scope 3 report as CSV"}, "text/csv", s.scope3CSV)
	registerStatementPaper(s, ".csv", "get-settlement-csv", "The settlement statement as CSV", "text/csv", statementCSV)
	registerStatementPaper(s, ".xml", "get-settlement-ubl", "The settlement statement as a UBL invoice or credit note", "application/xml", statementUBL)
	registerStatementPaper(s, ".pdf", "get-settlement-pdf", "The settlement statement with what both parties said of it, as PDF", pdfType,
		func(snapshot *readmodel.Snapshot, in *statementInput, statement trade.Statement) ([]byte, error) {
			return exports.Settlement(snapshot, statement, s.address(fmt.Sprintf("/agreements/%s/periods/%d", in.id(), in.Period)))
		})
	s.registerScope3()
}

type yearInput struct {
	Organisation massbalance.OrganisationID `path:"organisation"`
	Year         int                        `path:"year" minimum:"1900" maximum:"9999"`
}

func (s *server) registerScope3() {
	registerOne(s, route{access.Read, "/api/v1/scope3/{organisation}/{year}/report", "get-scope3-report", "What an organisation bought in a year: claimed volume at its figures, the rest at the residual or average"},
		func(snapshot *readmodel.Snapshot, in *yearInput) (scope3.Report, error) {
			return scope3.Make(snapshot, in.Organisation, in.Year)
		})
	registerOne(s, route{access.Read, "/api/v1/scope3/{organisation}/{year}/change", "get-scope3-change", "What changed from the year before, by volume, mix and supply"},
		func(snapshot *readmodel.Snapshot, in *yearInput) (YearChange, error) {
			out := YearChange{Organisation: in.Organisation, Year: in.Year}
			before, err := scope3.Make(snapshot, in.Organisation, in.Year-1)
			if err != nil {
				return out, err
			}
			after, err := scope3.Make(snapshot, in.Organisation, in.Year)
			out.Change = scope3.Compare(before, after)
			return out, err
		})
	registerPlan(s)
}

type statementInput struct {
	Derived
	Period int `path:"period" minimum:"1" maximum:"120"`
}

// registerStatementPaper adds a form of a settlement statement, all of which is
// true at one height.
func registerStatementPaper(s *server, suffix, id, summary, mediaType string, form func(*readmodel.Snapshot, *statementInput, trade.Statement) ([]byte, error)) {
	register(s, access.Read, huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: "/api/v1/trade/agreements/{organisation}/{command}/periods/{period}/statement" + suffix, Summary: summary, Tags: []string{"trade"},
		Responses: map[string]*huma.Response{
			"200": {Description: "The document.", Content: map[string]*huma.MediaType{mediaType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}},
		},
	}, func(ctx context.Context, in *statementInput) (*privatePaper, error) {
		if s.Trade == nil {
			return nil, problem(http.StatusForbidden, string(s.Organisation)+" does not trade")
		}
		out := &privatePaper{Type: mediaType, Disposition: fmt.Sprintf("attachment; filename=%q", fmt.Sprintf("settlement-%s-%s-%d%s", in.Organisation, in.Command, in.Period, suffix))}
		err := s.Model.Read(ctx, func(snapshot *readmodel.Snapshot) error {
			out.Height = height(snapshot.Next)
			statement, err := s.Trade.At(snapshot).Statement(ctx, massbalance.AgreementID(in.id()), in.Period)
			if err == nil {
				out.Body, err = form(snapshot, in, statement)
			}
			return err
		})
		if err != nil {
			return nil, s.tradeFailure(ctx, err)
		}
		return out, nil
	})
}

func statementCSV(_ *readmodel.Snapshot, _ *statementInput, s trade.Statement) ([]byte, error) {
	rows := [][]string{{"transfer", "received", "characteristics", "model", "quantity kg", "premium per t", "premium", "saving kg CO2e", "premium for saving", "currency"}}
	for _, l := range s.Lines {
		rows = append(rows, []string{string(l.Transfer), string(l.Received), string(l.Characteristics), string(l.Model), l.Quantity.String(), l.PerTonne.String(), l.Volume.String(), l.Saving.String(), l.Savings.String(), s.Currency})
	}
	for _, sum := range [][2]string{{"premium", s.Premium.String()}, {"shortfall", s.Shortfall.String()}, {"due", s.Due.String()}} {
		rows = append(rows, []string{sum[0], "", "", "", "", "", sum[1], "", "", s.Currency})
	}
	return writeCSV(rows)
}

func writeCSV(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("couldn't write a file: %w", err)
	}
	return b.Bytes(), nil
}

func statementUBL(snapshot *readmodel.Snapshot, _ *statementInput, statement trade.Statement) ([]byte, error) {
	consortium, err := readmodel.Need[massbalance.Consortium](snapshot, massbalance.ConsortiumKey())
	if err != nil {
		return nil, err
	}
	names := map[massbalance.OrganisationID]string{}
	for _, m := range consortium.Members {
		names[m.Organisation] = m.Name
	}
	today := massbalance.Date(time.Now().UTC().Format(time.DateOnly))
	return statement.UBL(today, func(id massbalance.OrganisationID) string { return names[id] })
}

func (s *server) scope3CSV(snapshot *readmodel.Snapshot, in *yearInput) (name string, content []byte, err error) {
	report, err := scope3.Make(snapshot, in.Organisation, in.Year)
	if err != nil {
		return "", nil, err
	}
	rows := [][]string{{
		"product", "supplier", "quantity kg", "basis", "region", "claim", "claimed as", "claimed kg", "custody model", "traceability", "factor kg CO2e/kg", "baseline version",
		"emissions kg CO2e", "fossil", "land management", "land management fossil", "land-use change", "biogenic non-CO2", "biogenic uptake", "removals", "land carbon leakage",
	}}
	for _, l := range report.Lines {
		factor, claimed := "", ""
		if l.Factor != nil {
			factor = l.Factor.String()
		}
		if l.Claim != "" {
			claimed = l.ClaimedQuantity.String()
		}
		c := l.Carbon
		rows = append(rows, []string{
			string(l.Product), l.Supplier, l.Quantity.String(), string(l.Basis), l.Region, string(l.Claim), string(l.As), claimed, string(l.Model), string(l.Traceability), factor, fmt.Sprint(l.Baseline),
			c.Emissions.String(), c.Fossil.String(), c.LandManagement.String(), c.LandManagementFossil.String(), c.LandUseChange.String(), c.BiogenicNonCO2.String(), c.BiogenicUptake.String(), c.Removals.String(), c.LandCarbonLeakage.String(),
		})
	}
	content, err = writeCSV(rows)
	return fmt.Sprintf("scope3-%s-%d.csv", in.Organisation, in.Year), content, err
}
