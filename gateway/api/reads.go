package api

import (
	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// registerReads adds everything that can be asked for. The rows name the paths;
// what they do is a line or two each, because the read model does the work.
func (s *server) registerReads() {
	s.registerRegister()
	s.registerSites()
	s.registerMovements()
	s.registerJournal()
	s.registerBooks()
	s.registerTraces()
	s.registerStandings()
	s.registerBaselines()
	s.registerGovernance()
	s.registerLimits()
	s.registerProjects()
	s.registerRecalls()
	s.registerRecallReach()
	s.registerCorrections()
	s.registerReports()
	s.registerTrade()
	s.registerHistories()
	s.registerEvents()
}

// registerRegister adds what belongs to no single member.
func (s *server) registerRegister() {
	registerOne(s, route{access.Read, "/api/v1/consortium", "get-consortium", "The members of the consortium"},
		func(snapshot *readmodel.Snapshot, _ *struct{}) (massbalance.Consortium, error) {
			return readmodel.Need[massbalance.Consortium](snapshot, massbalance.ConsortiumKey())
		})
	registerList(s, route{access.Read, "/api/v1/products", "list-products", "The products with their yield caps"},
		func(snapshot *readmodel.Snapshot, in *Paging) (readmodel.Listing[massbalance.Product], error) {
			return snapshot.Products(in.page())
		})
	registerList(s, route{access.Read, "/api/v1/recipes", "list-recipes", "The conversion recipes"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Input massbalance.ProductID `query:"input" doc:"Only recipes for this product."`
		}) (readmodel.Listing[massbalance.Recipe], error) {
			return snapshot.Recipes(in.Input, in.page())
		})
	registerList(s, route{access.Read, "/api/v1/certificates", "list-certificates", "The published certificates"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Sort      readmodel.Sort             `query:"sort" enum:"date" doc:"date is the last day of validity."`
			Holder    massbalance.OrganisationID `query:"holder" doc:"Only certificates of this organisation."`
			Certifier massbalance.OrganisationID `query:"certifier" doc:"Only certificates of this certifier."`
			Scheme    massbalance.SchemeID       `query:"scheme" doc:"Only certificates under this scheme."`
			On        massbalance.Date           `query:"on" format:"date" doc:"Only certificates whose validity contains this day, whatever their standing."`
		}) (readmodel.Listing[massbalance.Certificate], error) {
			return snapshot.CertificatesBy(readmodel.CertificateFilter{Holder: in.Holder, Certifier: in.Certifier, Scheme: in.Scheme, On: in.On}, in.by(in.Sort))
		})
	registerList(s, route{access.Read, "/api/v1/statements", "list-statements", "The verification statements and how much of each was introduced"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Sort      readmodel.Sort             `query:"sort" enum:"date" doc:"date is the day of issue."`
			Holder    massbalance.OrganisationID `query:"holder" doc:"Only statements for this organisation."`
			Site      massbalance.SiteID         `query:"site" doc:"Only statements for this site."`
			Product   massbalance.ProductID      `query:"product" doc:"Only statements for this product."`
			Certifier massbalance.OrganisationID `query:"certifier" doc:"Only statements of this certifier."`
			Scheme    massbalance.SchemeID       `query:"scheme" doc:"Only statements under this scheme."`
			Project   massbalance.ProjectID      `query:"project" doc:"Only statements of this insetting project."`
			Vintage   string                     `query:"vintage" pattern:"^[0-9]{4}$" doc:"Only statements of this harvest year."`
			Open      bool                       `query:"open" doc:"Only statements of which something may still be introduced."`
		}) (readmodel.Listing[massbalance.Verified], error) {
			return snapshot.Statements(readmodel.StatementFilter{
				Holder: in.Holder, Site: in.Site, Product: in.Product, Certifier: in.Certifier, Scheme: in.Scheme,
				Project: in.Project, Vintage: in.Vintage, Open: in.Open}, in.by(in.Sort))
		})
	registerOne(s, route{access.Read, "/api/v1/characteristics/{id}", "get-characteristics", "One set of specified characteristics"},
		func(snapshot *readmodel.Snapshot, in *struct {
			ID massbalance.CharacteristicsID `path:"id"`
		}) (massbalance.Characteristics, error) {
			return readmodel.Need[massbalance.Characteristics](snapshot, massbalance.CharacteristicsKey(in.ID))
		})
}

func (s *server) registerSites() {
	registerList(s, route{access.Read, "/api/v1/sites", "list-sites", "The sites"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Owner   massbalance.OrganisationID `query:"owner" doc:"Only sites of this organisation."`
			Country string                     `query:"country" pattern:"^[A-Z]{2}$" doc:"Only sites in this country (ISO 3166-1 alpha-2)."`
			Region  string                     `query:"region" doc:"Only sites in this region."`
		}) (readmodel.Listing[massbalance.Site], error) {
			return snapshot.SitesBy(readmodel.SiteFilter{Owner: in.Owner, Country: in.Country, Region: in.Region}, in.page())
		})
	registerOne(s, route{access.Read, "/api/v1/sites/{site}", "get-site", "A site with the state of its books"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Site massbalance.SiteID `path:"site"`
		}) (SiteBooks, error) {
			return siteBooks(snapshot, in.Site)
		})
	registerList(s, route{access.Read, "/api/v1/sites/{site}/accounts", "list-accounts", "A site's stock accounts"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Site massbalance.SiteID `path:"site"`
		}) (readmodel.Listing[StockAccount], error) {
			if _, err := readmodel.Need[massbalance.Site](snapshot, massbalance.SiteKey(in.Site)); err != nil {
				return readmodel.Listing[StockAccount]{}, err
			}
			accounts, err := snapshot.Accounts(in.Site, in.page())
			return mapped(accounts, stockAccount), err
		})
	registerList(s, route{access.Read, "/api/v1/stocks", "list-stocks", "The stock accounts of all sites"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Sort    readmodel.Sort             `query:"sort" enum:"product" doc:"What the list is sorted by."`
			Site    massbalance.SiteID         `query:"site" doc:"Only accounts of this site."`
			Product massbalance.ProductID      `query:"product" doc:"Only accounts of this product."`
			Owner   massbalance.OrganisationID `query:"owner" doc:"Only accounts at sites of this organisation."`
		}) (readmodel.Listing[StockAccount], error) {
			accounts, err := snapshot.AccountsBy(readmodel.AccountFilter{Site: in.Site, Product: in.Product, Owner: in.Owner}, in.by(in.Sort))
			return mapped(accounts, stockAccount), err
		})
}

func siteBooks(snapshot *readmodel.Snapshot, id massbalance.SiteID) (SiteBooks, error) {
	site, err := readmodel.Need[massbalance.Site](snapshot, massbalance.SiteKey(id))
	if err != nil {
		return SiteBooks{}, err
	}
	books := SiteBooks{ID: site.ID, Owner: site.Owner, Name: site.Name, Country: site.Country, Region: site.Region}
	if books.Head, err = readmodel.Need[massbalance.Head](snapshot, massbalance.HeadKey(id)); err != nil {
		return books, err
	}
	if open := books.Head.Period; open != "" {
		period, err := readmodel.Need[massbalance.Period](snapshot, massbalance.PeriodKey(id, open))
		if err != nil {
			return books, err
		}
		books.Period = &period
	}
	accounts, err := snapshot.AllAccounts(id)
	for _, a := range accounts {
		books.Accounts = append(books.Accounts, stockAccount(a))
	}
	return books, err
}

// Derived names what was made by a command: organisation/command.
type Derived struct {
	Organisation massbalance.OrganisationID `path:"organisation"`
	Command      massbalance.CommandID      `path:"command"`
}

func (in Derived) id() string { return string(in.Organisation) + "/" + string(in.Command) }
