package readmodel

import (
	"database/sql"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// LotFilter narrows a list of lots; what is empty does not narrow.
type LotFilter struct {
	Site    massbalance.SiteID
	Product massbalance.ProductID
	// Owner is the organisation at whose sites the lots are.
	Owner           massbalance.OrganisationID
	Model           massbalance.CustodyModel
	Characteristics massbalance.CharacteristicsID
	// Scheme, Region, Vintage and Project are those of the characteristics; the
	// vintage is text.
	Scheme  massbalance.SchemeID
	Region  string
	Vintage string
	Project massbalance.ProjectID
	// Certifier and Statement are those of lots with a single origin.
	Certifier massbalance.OrganisationID
	Statement massbalance.StatementID
	// Available leaves out lots that are spent, Spent those that are not.
	Available bool
	Spent     bool
}

// ofSet narrows to lots whose characteristics have a value in a column.
func ofSet(column, value string) condition {
	return condition{"t.characteristics IN (SELECT id FROM sets WHERE " + column + " = ?)", value}
}

// Lots lists lots in the order of their creation, or by product or by the
// quantity with which they began.
func (s *Snapshot) Lots(f LotFilter, p Page) (Listing[massbalance.Lot], error) {
	q := overState("lots",
		condition{"t.site = ?", string(f.Site)}, condition{"t.product = ?", string(f.Product)}, ofOwner(f.Owner),
		condition{"t.model = ?", string(f.Model)}, condition{"t.characteristics = ?", string(f.Characteristics)},
		ofSet("scheme", string(f.Scheme)), ofSet("region", f.Region), ofSet("vintage", f.Vintage), ofSet("project", string(f.Project)),
		condition{"t.certifier = ?", string(f.Certifier)}, condition{"t.statement = ?", string(f.Statement)},
		flag("t.available = ?", f.Available, "1"), flag("t.available = ?", f.Spent, "0"))
	return values[massbalance.Lot](s, q.sorted(map[Sort]string{ByProduct: "t.product", ByQuantity: "t.grams"}), p)
}

// Direction says which way a transfer goes, seen from a site or an organisation.
type Direction string

// In is towards the site and Out away from it.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// TransferFilter narrows a list of transfers; what is empty does not narrow.
// Direction has a meaning only beside a site or an organisation.
type TransferFilter struct {
	Site         massbalance.SiteID
	Organisation massbalance.OrganisationID
	Direction    Direction
	Status       massbalance.TransferStatus
	Product      massbalance.ProductID
	// From and To bound the day of dispatch.
	From, To massbalance.Date
	// Agreement is the one under which they were called off.
	Agreement massbalance.AgreementID
}

// ends narrows to one end of a transfer, or to either.
func (f TransferFilter) ends(sender, receiver, value string) condition {
	switch f.Direction {
	case In:
		return condition{"t." + receiver + " = ?", value}
	case Out:
		return condition{"t." + sender + " = ?", value}
	}
	return condition{"(t." + sender + " = ? OR t." + receiver + " = ?)", value}
}

// Transfers lists transfers in the order of their dispatch on the ledger, or by
// the day of dispatch.
func (s *Snapshot) Transfers(f TransferFilter, p Page) (Listing[massbalance.Transfer], error) {
	return values[massbalance.Transfer](s, overState("transfers",
		f.ends("sender", "receiver", string(f.Site)), f.ends("shipper", "consignee", string(f.Organisation)),
		condition{"t.status = ?", string(f.Status)}, condition{"t.product = ?", string(f.Product)},
		condition{"t.agreement = ?", string(f.Agreement)}, condition{"t.dispatched >= ?", string(f.From)}, condition{"t.dispatched <= ?", string(f.To)},
	).sorted(map[Sort]string{ByDate: "t.dispatched", ByProduct: "t.product"}), p)
}

// AllTransfers lists them to the end.
func (s *Snapshot) AllTransfers(f TransferFilter) ([]massbalance.Transfer, error) {
	return all(func(p Page) (Listing[massbalance.Transfer], error) { return s.Transfers(f, p) })
}

// ClaimFilter narrows a list of claims; what is empty does not narrow.
type ClaimFilter struct {
	Site         massbalance.SiteID
	Organisation massbalance.OrganisationID
	Product      massbalance.ProductID
	Model        massbalance.CustodyModel
	// Year is the reporting year as text.
	Year string
	// Standing leaves out claims that were reversed, Reversed those that were not.
	Standing bool
	Reversed bool
	// From and To bound the day of the claim.
	From, To massbalance.Date
}

// Claims lists claims in the order in which they were made, or by their day.
func (s *Snapshot) Claims(f ClaimFilter, p Page) (Listing[massbalance.Claim], error) {
	return values[massbalance.Claim](s, overState("claims",
		condition{"t.site = ?", string(f.Site)}, condition{"t.organisation = ?", string(f.Organisation)}, condition{"t.product = ?", string(f.Product)},
		condition{"t.model = ?", string(f.Model)}, condition{"t.year = ?", f.Year},
		flag("t.reversed = ?", f.Standing, "0"), flag("t.reversed = ?", f.Reversed, "1"),
		condition{"t.date >= ?", string(f.From)}, condition{"t.date <= ?", string(f.To)},
	).sorted(map[Sort]string{ByDate: "t.date", ByProduct: "t.product"}), p)
}

// AllClaims lists them to the end.
func (s *Snapshot) AllClaims(f ClaimFilter) ([]massbalance.Claim, error) {
	return all(func(p Page) (Listing[massbalance.Claim], error) { return s.Claims(f, p) })
}

// Period is a mass balance period with its names.
type Period struct {
	Site massbalance.SiteID
	ID   massbalance.PeriodID
	massbalance.Period
}

// PeriodFilter narrows a list of periods; what is empty does not narrow.
type PeriodFilter struct {
	Site massbalance.SiteID
	// Owner is the organisation whose sites are meant.
	Owner massbalance.OrganisationID
	// Open leaves out those that are closed, Closed those that are open.
	Open   bool
	Closed bool
	// On leaves out those that do not contain the day.
	On massbalance.Date
}

// Periods lists periods in the order in which they were opened, or by the day
// on which they begin.
func (s *Snapshot) Periods(f PeriodFilter, p Page) (Listing[Period], error) {
	q := overState("periods", condition{"t.site = ?", string(f.Site)}, ofOwner(f.Owner),
		flag("t.closed = ?", f.Open, "0"), flag("t.closed = ?", f.Closed, "1"),
		condition{"t.begins <= ? AND t.ends >= ?", string(f.On)}).sorted(map[Sort]string{ByDate: "t.begins"})
	return list(s, q, p, func(rows *sql.Rows) (uint64, Period, error) {
		key, position, period, err := stored[massbalance.Period](rows)
		return position, Period{massbalance.SiteID(key.A), massbalance.PeriodID(key.B), period}, err
	})
}

// AllPeriods lists them to the end.
func (s *Snapshot) AllPeriods(f PeriodFilter) ([]Period, error) {
	return all(func(p Page) (Listing[Period], error) { return s.Periods(f, p) })
}
