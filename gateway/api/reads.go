package api

import (
	"strconv"

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
			Holder massbalance.OrganisationID `query:"holder" doc:"Only certificates of this organisation."`
		}) (readmodel.Listing[massbalance.Certificate], error) {
			return snapshot.Certificates(in.Holder, in.page())
		})
	registerList(s, route{access.Read, "/api/v1/statements", "list-statements", "The verification statements and how much of each was introduced"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Holder  massbalance.OrganisationID `query:"holder" doc:"Only statements for this organisation."`
			Site    massbalance.SiteID         `query:"site" doc:"Only statements for this site."`
			Product massbalance.ProductID      `query:"product" doc:"Only statements for this product."`
		}) (readmodel.Listing[massbalance.Verified], error) {
			return snapshot.Statements(readmodel.StatementFilter{Holder: in.Holder, Site: in.Site, Product: in.Product}, in.page())
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
			Owner massbalance.OrganisationID `query:"owner" doc:"Only sites of this organisation."`
		}) (readmodel.Listing[massbalance.Site], error) {
			return snapshot.Sites(in.Owner, in.page())
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

func (s *server) registerMovements() {
	registerList(s, route{access.Read, "/api/v1/lots", "list-lots", "The lots"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Site      massbalance.SiteID    `query:"site" doc:"Only lots at this site."`
			Product   massbalance.ProductID `query:"product" doc:"Only lots of this product."`
			Available bool                  `query:"available" doc:"Only lots of which something is left."`
		}) (readmodel.Listing[LotBalance], error) {
			lots, err := snapshot.Lots(readmodel.LotFilter{Site: in.Site, Product: in.Product, Available: in.Available}, in.page())
			return mapped(lots, lotBalance), err
		})
	registerOne(s, route{access.Read, "/api/v1/lots/{organisation}/{command}/{number}", "get-lot", "One lot, by its ID"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Derived
			Number int `path:"number"`
		}) (LotBalance, error) {
			id := massbalance.LotID(in.id() + "/" + strconv.Itoa(in.Number))
			lot, err := readmodel.Need[massbalance.Lot](snapshot, massbalance.LotKey(id))
			return lotBalance(lot), err
		})
	registerList(s, route{access.Read, "/api/v1/transfers", "list-transfers", "The transfers"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Site      massbalance.SiteID `query:"site" doc:"Only transfers from or to this site."`
			Direction string             `query:"direction" enum:"in,out" doc:"Seen from the site."`
			Status    string             `query:"status" enum:"in_transit,received,rejected,returned" doc:"Only transfers at this status."`
		}) (readmodel.Listing[massbalance.Transfer], error) {
			return snapshot.Transfers(readmodel.TransferFilter{
				Site: in.Site, Direction: readmodel.Direction(in.Direction), Status: massbalance.TransferStatus(in.Status)}, in.page())
		})
	registerOne(s, route{access.Read, "/api/v1/transfers/{organisation}/{command}", "get-transfer", "One transfer, by its ID"},
		func(snapshot *readmodel.Snapshot, in *Derived) (massbalance.Transfer, error) {
			return readmodel.Need[massbalance.Transfer](snapshot, massbalance.TransferKey(massbalance.TransferID(in.id())))
		})
	s.registerClaims()
}

func (s *server) registerClaims() {
	registerList(s, route{access.Read, "/api/v1/claims", "list-claims", "The claims"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Site         massbalance.SiteID         `query:"site" doc:"Only claims made at this site."`
			Organisation massbalance.OrganisationID `query:"organisation" doc:"Only claims of this organisation."`
			Product      massbalance.ProductID      `query:"product" doc:"Only claims on this product."`
		}) (readmodel.Listing[massbalance.Claim], error) {
			return snapshot.Claims(readmodel.ClaimFilter{Site: in.Site, Organisation: in.Organisation, Product: in.Product}, in.page())
		})
	registerOne(s, route{access.Read, "/api/v1/claims/{organisation}/{command}", "get-claim", "One claim, by its ID"},
		func(snapshot *readmodel.Snapshot, in *Derived) (massbalance.Claim, error) {
			return readmodel.Need[massbalance.Claim](snapshot, massbalance.ClaimKey(massbalance.ClaimID(in.id())))
		})
	registerOne(s, route{access.Read, "/api/v1/claims/{organisation}/{command}/origins", "get-claim-origins", "The verification statements that a claim rests on"},
		func(snapshot *readmodel.Snapshot, in *Derived) (ClaimOrigins, error) {
			trace, err := snapshot.Trace(massbalance.ClaimID(in.id()))
			return claimOrigins(trace), err
		})
}

func (s *server) registerJournal() {
	registerList(s, route{access.Read, "/api/v1/records", "list-records", "The administrative records with their commands, enough for a recount"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Site         massbalance.SiteID         `query:"site" doc:"Only the journal of this site."`
			Organisation massbalance.OrganisationID `query:"organisation" doc:"Only records of this organisation."`
			Type         string                     `query:"type" doc:"Only records of this type of command."`
			From         massbalance.Date           `query:"from" doc:"Only from this business date on."`
			To           massbalance.Date           `query:"to" doc:"Only up to this business date."`
		}) (readmodel.Listing[PlacedRecord], error) {
			entries, err := snapshot.Entries(readmodel.EntryFilter{
				Site: in.Site, Organisation: in.Organisation, Type: in.Type, From: in.From, To: in.To}, in.page())
			return mapped(entries, placedRecord), err
		})
	registerOne(s, route{access.Read, "/api/v1/commands/{organisation}/{command}", "get-command", "The record of an accepted command"},
		func(snapshot *readmodel.Snapshot, in *Derived) (PlacedRecord, error) {
			entry, err := snapshot.Command(in.Organisation, in.Command)
			return placedRecord(entry), err
		})
	registerList(s, route{access.Read, "/api/v1/findings", "list-findings", "Where the chain differs from what the rules give; a sound ledger has none"},
		func(snapshot *readmodel.Snapshot, in *Paging) (readmodel.Listing[readmodel.Finding], error) {
			return snapshot.Findings(in.page())
		})
}
