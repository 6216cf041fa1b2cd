package api

import (
	"strconv"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// lotQuery is what lots can be asked for.
type lotQuery struct {
	Paging
	Sort            readmodel.Sort                `query:"sort" enum:"product,quantity" doc:"quantity is that with which a lot began."`
	Site            massbalance.SiteID            `query:"site" doc:"Only lots at this site."`
	Owner           massbalance.OrganisationID    `query:"owner" doc:"Only lots at sites of this organisation."`
	Product         massbalance.ProductID         `query:"product" doc:"Only lots of this product."`
	Model           massbalance.CustodyModel      `query:"model" enum:"identity_preserved,segregated,controlled_blending,mass_balance,book_and_claim" doc:"Only lots under this custody model."`
	Characteristics massbalance.CharacteristicsID `query:"characteristics" doc:"Only lots with exactly this set of characteristics."`
	Scheme          massbalance.SchemeID          `query:"scheme" doc:"Only lots whose characteristics are of this scheme."`
	Region          string                        `query:"region" doc:"Only lots from this region."`
	Vintage         string                        `query:"vintage" pattern:"^[0-9]{4}$" doc:"Only lots of this harvest year."`
	Project         massbalance.ProjectID         `query:"project" doc:"Only lots of this insetting project."`
	Certifier       massbalance.OrganisationID    `query:"certifier" doc:"Only lots with a single origin verified by this certifier."`
	Statement       massbalance.StatementID       `query:"statement" doc:"Only lots whose single origin is this statement."`
	Available       bool                          `query:"available" doc:"Only lots of which something is left."`
	Spent           bool                          `query:"spent" doc:"Only lots of which nothing is left."`
}

func (in *lotQuery) filter() readmodel.LotFilter {
	return readmodel.LotFilter{
		Site: in.Site, Owner: in.Owner, Product: in.Product, Model: in.Model, Characteristics: in.Characteristics,
		Scheme: in.Scheme, Region: in.Region, Vintage: in.Vintage, Project: in.Project,
		Certifier: in.Certifier, Statement: in.Statement, Available: in.Available, Spent: in.Spent,
	}
}

// Numbered names a lot: organisation/command/number.
type Numbered struct {
	Derived
	Number int `path:"number" minimum:"1"`
}

func (in *Numbered) lot() massbalance.LotID {
	return massbalance.LotID(in.id() + "/" + strconv.Itoa(in.Number))
}

func (s *server) registerMovements() {
	registerList(s, route{access.Read, "/api/v1/lots", "list-lots", "The lots"},
		func(snapshot *readmodel.Snapshot, in *lotQuery) (readmodel.Listing[LotBalance], error) {
			lots, err := snapshot.Lots(in.filter(), in.by(in.Sort))
			if err != nil {
				return readmodel.Listing[LotBalance]{}, err
			}
			return tried(lots, func(l massbalance.Lot) (LotBalance, error) { return lotBalance(snapshot, l) })
		})
	registerOne(s, route{access.Read, "/api/v1/lots/{organisation}/{command}/{number}", "get-lot", "One lot, by its ID"},
		func(snapshot *readmodel.Snapshot, in *Numbered) (LotBalance, error) {
			lot, err := readmodel.Need[massbalance.Lot](snapshot, massbalance.LotKey(in.lot()))
			if err != nil {
				return LotBalance{}, err
			}
			return lotBalance(snapshot, lot)
		})
	registerList(s, route{access.Read, "/api/v1/transfers", "list-transfers", "The transfers"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Sort         readmodel.Sort             `query:"sort" enum:"date,product" doc:"date is the day of dispatch."`
			Site         massbalance.SiteID         `query:"site" doc:"Only transfers from or to this site."`
			Organisation massbalance.OrganisationID `query:"organisation" doc:"Only transfers from or to this organisation."`
			Direction    string                     `query:"direction" enum:"in,out" doc:"Seen from the site or the organisation."`
			Status       string                     `query:"status" enum:"in_transit,received,rejected,returned,reversing,reversed" doc:"Only transfers at this status."`
			Product      massbalance.ProductID      `query:"product" doc:"Only transfers of this product."`
			From         massbalance.Date           `query:"from" format:"date" doc:"Only what was dispatched from this day on."`
			To           massbalance.Date           `query:"to" format:"date" doc:"Only what was dispatched up to this day."`
		}) (readmodel.Listing[massbalance.Transfer], error) {
			return snapshot.Transfers(readmodel.TransferFilter{
				Site: in.Site, Organisation: in.Organisation, Direction: readmodel.Direction(in.Direction),
				Status: massbalance.TransferStatus(in.Status), Product: in.Product, From: in.From, To: in.To}, in.by(in.Sort))
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
			Sort         readmodel.Sort             `query:"sort" enum:"date,product" doc:"date is the day of the claim."`
			Site         massbalance.SiteID         `query:"site" doc:"Only claims made at this site."`
			Organisation massbalance.OrganisationID `query:"organisation" doc:"Only claims of this organisation."`
			Product      massbalance.ProductID      `query:"product" doc:"Only claims on this product."`
			Model        massbalance.CustodyModel   `query:"model" enum:"identity_preserved,segregated,controlled_blending,mass_balance,book_and_claim" doc:"Only claims of which this is the loosest custody model."`
			Year         string                     `query:"year" pattern:"^[0-9]{4}$" doc:"Only claims for this reporting year."`
			Status       string                     `query:"status" enum:"standing,reversed" doc:"Only claims that stand, or that were reversed."`
			From         massbalance.Date           `query:"from" format:"date" doc:"Only claims from this day on."`
			To           massbalance.Date           `query:"to" format:"date" doc:"Only claims up to this day."`
		}) (readmodel.Listing[massbalance.Claim], error) {
			return snapshot.Claims(readmodel.ClaimFilter{
				Site: in.Site, Organisation: in.Organisation, Product: in.Product, Model: in.Model, Year: in.Year,
				Standing: in.Status == "standing", Reversed: in.Status == "reversed", From: in.From, To: in.To}, in.by(in.Sort))
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
			Sort         readmodel.Sort             `query:"sort" enum:"date" doc:"date is the business date."`
			Site         massbalance.SiteID         `query:"site" doc:"Only the journal of this site."`
			Period       massbalance.PeriodID       `query:"period" doc:"Only records of periods of this name."`
			Subject      string                     `query:"subject" doc:"Only records about this thing."`
			Organisation massbalance.OrganisationID `query:"organisation" doc:"Only records of this organisation."`
			Type         string                     `query:"type" doc:"Only records of this type of command."`
			From         massbalance.Date           `query:"from" format:"date" doc:"Only from this business date on."`
			To           massbalance.Date           `query:"to" format:"date" doc:"Only up to this business date."`
		}) (readmodel.Listing[PlacedRecord], error) {
			entries, err := snapshot.Entries(readmodel.EntryFilter{
				Site: in.Site, Organisation: in.Organisation, Type: in.Type, Period: in.Period, Subject: in.Subject, From: in.From, To: in.To}, in.by(in.Sort))
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
