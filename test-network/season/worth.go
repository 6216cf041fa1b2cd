package season

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Worth is what came of the season's trade, as the gateways' API tells it.
type Worth struct {
	Agreements []Agreed
	Open       []Deal
	Projects   []ProjectReport
	Scope3     Scope3
}

// Agreed is a deal that became an agreement, with what each period came to.
type Agreed struct {
	Deal    Deal
	Periods []Statement
}

// Statement is what a period of an agreement comes to; sums are of Currency.
type Statement struct {
	Period    int
	Minimum   massbalance.Quantity
	Carried   massbalance.Quantity
	Received  massbalance.Quantity
	Short     massbalance.Quantity
	Forward   massbalance.Quantity
	Charged   massbalance.Quantity
	Currency  string
	Premium   string
	Shortfall string
	Due       string
}

// ProjectReport is what an insetting project cost and who bought what came of it.
type ProjectReport struct {
	Project    massbalance.Project
	Introduced massbalance.Quantity
	Avoided    string
	PerTonne   string
	Parts      []struct {
		Organisation                                                                     massbalance.OrganisationID
		Funder                                                                           string
		Introduced, Received, PassedOn, Lost, Forfeited, Withdrawn, Bought, Unsold, Used massbalance.Quantity
		PerTonne                                                                         string
	}
}

// Scope3 is what the claimant reports of the goods that it bought in a year.
type Scope3 struct {
	Organisation massbalance.OrganisationID
	Year         int
	Lines        []Scope3Line
	Bought       massbalance.Quantity
	Claimed      massbalance.Quantity
	Total        CarbonMass
}

// Scope3Line is a part of the goods that counts in one way.
type Scope3Line struct {
	Product  massbalance.ProductID
	Supplier string
	Basis    string
	Quantity massbalance.Quantity
	Carbon   CarbonMass
}

// CarbonMass is in kilograms of CO2e, each figure by itself.
type CarbonMass struct {
	Emissions     decimal.Decimal
	LandUseChange decimal.Decimal
	Removals      decimal.Decimal
}

// worth reads what the trade came to: from the gateways of both parties, which
// must say the same to the byte, from the certifier's and from the claimant's.
func (p *Plan) worth(ctx context.Context, d *driver, report *Report) error {
	for _, deal := range p.Season.Deals {
		if deal.Accepted == "" {
			report.Worth.Open = append(report.Worth.Open, deal)
			continue
		}
		agreed, err := p.agreed(ctx, d, deal, report)
		if err != nil {
			return err
		}
		report.Worth.Agreements = append(report.Worth.Agreements, agreed)
	}
	for _, project := range p.Season.Projects {
		var r ProjectReport
		if err := d.gateways[p.Season.Certifier.ID].get(ctx, "/api/v1/projects/"+url.PathEscape(string(project.ID))+"/report", &r); err != nil {
			return err
		}
		report.Worth.Projects = append(report.Worth.Projects, r)
	}
	if len(p.Season.Claims) == 0 {
		return nil
	}
	claim := p.Season.Claims[0]
	claimant := p.Season.owner(claim.Site)
	return d.gateways[claimant].get(ctx, fmt.Sprintf("/api/v1/scope3/%s/%d/report", claimant, claim.ReportingYear), &report.Worth.Scope3)
}

// agreed asks both parties what each period of a deal comes to.
func (p *Plan) agreed(ctx context.Context, d *driver, deal Deal, report *Report) (Agreed, error) {
	agreed := Agreed{Deal: deal}
	for period := range deal.Commitment.Periods {
		path := statementPath(deal.Agreement(), period+1)
		seller, err := d.gateways[deal.Seller].text(ctx, path)
		if err != nil {
			return agreed, err
		}
		buyer, err := d.gateways[deal.Buyer].text(ctx, path)
		if err != nil {
			return agreed, err
		}
		if !bytes.Equal(seller, buyer) {
			report.Differences = append(report.Differences, fmt.Sprintf("%s and %s compute period %d of %s differently", deal.Seller, deal.Buyer, period+1, deal.Agreement()))
		}
		var s Statement
		if err := json.Unmarshal(seller, &s); err != nil {
			return agreed, fmt.Errorf("couldn't understand the statement of %s: %w", deal.Agreement(), err)
		}
		agreed.Periods = append(agreed.Periods, s)
	}
	settled, err := list[struct{ Agreed massbalance.Date }](ctx, d.gateways[p.Season.Certifier.ID], "/api/v1/settlements?agreement="+url.QueryEscape(string(deal.Agreement())))
	if err != nil {
		return agreed, err
	}
	n := 0
	for _, s := range settled {
		if s.Agreed != "" {
			n++
		}
	}
	if n != len(deal.Commitment.Periods) {
		report.Differences = append(report.Differences, fmt.Sprintf("of %s the ledger knows %d periods as settled, not %d", deal.Agreement(), n, len(deal.Commitment.Periods)))
	}
	return agreed, nil
}

// text reads a resource as it is.
func (g gateway) text(ctx context.Context, path string) ([]byte, error) {
	status, text, err := g.read(ctx, path)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("couldn't read %s from the gateway of %s: HTTP %d %.300s", path, g.organisation, status, text)
	}
	return text, err
}
