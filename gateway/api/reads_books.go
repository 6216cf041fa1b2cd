package api

import (
	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// registerBooks adds periods, conversions and the flow of quantities.
func (s *server) registerBooks() {
	registerList(s, route{access.Read, "/api/v1/periods", "list-periods", "The mass balance periods of all sites"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Sort   readmodel.Sort             `query:"sort" enum:"date" doc:"date is the first day."`
			Site   massbalance.SiteID         `query:"site" doc:"Only periods of this site."`
			Owner  massbalance.OrganisationID `query:"owner" doc:"Only periods of sites of this organisation."`
			Open   bool                       `query:"open" doc:"Only periods that are not closed."`
			Closed bool                       `query:"closed" doc:"Only periods that are closed."`
			On     massbalance.Date           `query:"on" format:"date" doc:"Only periods that contain this day."`
		}) (readmodel.Listing[PeriodOverview], error) {
			periods, err := snapshot.Periods(readmodel.PeriodFilter{Site: in.Site, Owner: in.Owner, Open: in.Open, Closed: in.Closed, On: in.On}, in.by(in.Sort))
			return mapped(periods, periodOverview), err
		})
	registerOne(s, route{access.Read, "/api/v1/sites/{site}/periods/{period}", "get-period", "The book of one period: opening, in, out and closing of each product"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Site   massbalance.SiteID   `path:"site"`
			Period massbalance.PeriodID `path:"period"`
		}) (PeriodBook, error) {
			book, err := snapshot.Book(in.Site, in.Period)
			return periodBook(book), err
		})
	registerList(s, route{access.Read, "/api/v1/conversions", "list-conversions", "The conversions"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Sort         readmodel.Sort             `query:"sort" enum:"date" doc:"date is the business date."`
			Site         massbalance.SiteID         `query:"site" doc:"Only conversions at this site."`
			Period       massbalance.PeriodID       `query:"period" doc:"Only conversions in periods of this name."`
			Organisation massbalance.OrganisationID `query:"organisation" doc:"Only conversions of this organisation."`
			From         massbalance.Date           `query:"from" format:"date" doc:"Only from this business date on."`
			To           massbalance.Date           `query:"to" format:"date" doc:"Only up to this business date."`
		}) (readmodel.Listing[Conversion], error) {
			entries, err := snapshot.Entries(readmodel.EntryFilter{
				Site: in.Site, Organisation: in.Organisation, Type: massbalance.Convert{}.Type(), Period: in.Period, From: in.From, To: in.To}, in.by(in.Sort))
			return mapped(entries, conversion), err
		})
	registerOne(s, route{access.Read, "/api/v1/conversions/{organisation}/{command}", "get-conversion", "One conversion, by its ID"},
		func(snapshot *readmodel.Snapshot, in *Derived) (Conversion, error) {
			entry, err := snapshot.Command(in.Organisation, in.Command)
			if err == nil && entry.Record.Type != (massbalance.Convert{}).Type() {
				err = &readmodel.NotFound{Kind: "conversion", Name: in.id()}
			}
			return conversion(entry), err
		})
	registerOne(s, route{access.Read, "/api/v1/flow", "get-flow", "What flowed between suppliers, stocks, claims and losses in a span of days"},
		func(snapshot *readmodel.Snapshot, in *struct {
			From massbalance.Date `query:"from" format:"date" doc:"The first business date; from the beginning if absent."`
			To   massbalance.Date `query:"to" format:"date" doc:"The last business date; to the end if absent."`
		}) (readmodel.Flow, error) {
			return snapshot.Flow(in.From, in.To)
		})
}

// registerTraces adds what came of lots and what they came of.
func (s *server) registerTraces() {
	registerOne(s, route{access.Read, "/api/v1/lots/{organisation}/{command}/{number}/origins", "get-lot-origins", "The verification statements that a lot rests on"},
		func(snapshot *readmodel.Snapshot, in *Numbered) (LotOrigins, error) {
			trace, err := snapshot.TraceLot(in.lot())
			return lotOrigins(trace), err
		})
	registerOne(s, route{access.Read, "/api/v1/lots/{organisation}/{command}/{number}/descendants", "get-lot-descendants", "What became of a lot: the lots, transfers and claims that rest on it"},
		func(snapshot *readmodel.Snapshot, in *Numbered) (LotDescendants, error) {
			descendants, err := snapshot.Descend(in.lot())
			return lotDescendants(descendants), err
		})
	registerList(s, route{access.Read, "/api/v1/lots/{organisation}/{command}/{number}/records", "list-lot-records", "The records that moved credit into a lot or out of it"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Numbered
			Paging
		}) (readmodel.Listing[PlacedRecord], error) {
			entries, err := snapshot.History(readmodel.Holder(massbalance.HolderLot, string(in.lot())), in.page())
			return mapped(entries, placedRecord), err
		})
}

// registerStandings adds what certifiers declared and what the members decide.
func (s *server) registerStandings() {
	registerOne(s, route{access.Read, "/api/v1/certificates/{certifier}/{certificate}", "get-certificate", "A certificate with its standing: every suspension, reinstatement and withdrawal"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Certifier   massbalance.OrganisationID `path:"certifier"`
			Certificate massbalance.CertificateID  `path:"certificate"`
		}) (out CertificateStanding, err error) {
			if out.Certificate, err = readmodel.Need[massbalance.Certificate](snapshot, massbalance.CertificateKey(in.Certifier, in.Certificate)); err != nil {
				return out, err
			}
			out.Standings, err = snapshot.Standings(in.Certifier, in.Certificate)
			return out, err
		})
	registerList(s, route{access.Read, "/api/v1/coverage", "list-coverage", "Which certificates name which site under which scheme"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Site massbalance.SiteID `query:"site" doc:"Only this site's."`
		}) (readmodel.Listing[SiteCoverage], error) {
			coverage, err := snapshot.Coverages(in.Site, in.page())
			return mapped(coverage, siteCoverage), err
		})
	registerOne(s, route{access.Read, "/api/v1/statements/{certifier}/{statement}", "get-statement", "One verification statement and how much of it was introduced"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Certifier massbalance.OrganisationID `path:"certifier"`
			Statement massbalance.StatementID    `path:"statement"`
		}) (massbalance.Verified, error) {
			return readmodel.Need[massbalance.Verified](snapshot, massbalance.StatementKey(in.Certifier, in.Statement))
		})
	registerList(s, route{access.Read, "/api/v1/proposals", "list-proposals", "What was asked for of the common register, by whom, and who is missing"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Pending bool `query:"pending" doc:"Only what was not adopted yet."`
		}) (readmodel.Listing[RegisterProposal], error) {
			consortium, err := snapshot.Get(massbalance.ConsortiumKey())
			if err != nil {
				return readmodel.Listing[RegisterProposal]{}, err
			}
			members, _ := consortium.(massbalance.Consortium)
			proposals, err := snapshot.Proposals(in.Pending, in.page())
			return mapped(proposals, registerProposal(members)), err
		})
}
