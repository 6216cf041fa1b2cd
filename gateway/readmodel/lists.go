package readmodel

import (
	"database/sql"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// flag is a condition on a column of 0 and 1, which applies where it is wanted.
func flag(sql string, wanted bool, value string) condition {
	if !wanted {
		value = ""
	}
	return condition{sql, value}
}

// SiteFilter narrows a list of sites; what is empty does not narrow.
type SiteFilter struct {
	Owner   massbalance.OrganisationID
	Country string
	Region  string
}

// Sites lists sites; owner "" means all.
func (s *Snapshot) Sites(owner massbalance.OrganisationID, p Page) (Listing[massbalance.Site], error) {
	return s.SitesBy(SiteFilter{Owner: owner}, p)
}

// SitesBy lists sites.
func (s *Snapshot) SitesBy(f SiteFilter, p Page) (Listing[massbalance.Site], error) {
	return values[massbalance.Site](s, overState("sites",
		condition{"t.owner = ?", string(f.Owner)}, condition{"t.country = ?", f.Country}, condition{"t.region = ?", f.Region}), p)
}

// Products lists the register's products.
func (s *Snapshot) Products(p Page) (Listing[massbalance.Product], error) {
	return values[massbalance.Product](s, overState("products"), p)
}

// Recipes lists the register's conversion recipes; input "" means all.
func (s *Snapshot) Recipes(input massbalance.ProductID, p Page) (Listing[massbalance.Recipe], error) {
	return values[massbalance.Recipe](s, overState("recipes", condition{"t.input = ?", string(input)}), p)
}

// CertificateFilter narrows a list of certificates; what is empty does not narrow.
type CertificateFilter struct {
	Holder    massbalance.OrganisationID
	Certifier massbalance.OrganisationID
	Scheme    massbalance.SchemeID
	// On leaves out those whose validity does not contain the day. It says
	// nothing of their standing.
	On massbalance.Date
}

// Certificates lists published certificates; holder "" means all.
func (s *Snapshot) Certificates(holder massbalance.OrganisationID, p Page) (Listing[massbalance.Certificate], error) {
	return s.CertificatesBy(CertificateFilter{Holder: holder}, p)
}

// CertificatesBy lists published certificates, by date that of their end.
func (s *Snapshot) CertificatesBy(f CertificateFilter, p Page) (Listing[massbalance.Certificate], error) {
	return values[massbalance.Certificate](s, overState("certificates",
		condition{"t.holder = ?", string(f.Holder)}, condition{"t.certifier = ?", string(f.Certifier)}, condition{"t.scheme = ?", string(f.Scheme)},
		condition{"t.begins <= ? AND t.ends >= ?", string(f.On)}).sorted(map[Sort]string{ByDate: "t.ends"}), p)
}

// StatementFilter narrows a list of verification statements; what is empty does not narrow.
type StatementFilter struct {
	Holder    massbalance.OrganisationID
	Site      massbalance.SiteID
	Product   massbalance.ProductID
	Certifier massbalance.OrganisationID
	Scheme    massbalance.SchemeID
	Project   massbalance.ProjectID
	// Vintage is the harvest year as text.
	Vintage string
	// Open leaves out those of which everything was introduced.
	Open bool
}

// Statements lists published verification statements with what was introduced
// of each, by date that of their issue.
func (s *Snapshot) Statements(f StatementFilter, p Page) (Listing[massbalance.Verified], error) {
	return values[massbalance.Verified](s, overState("statements",
		condition{"t.holder = ?", string(f.Holder)}, condition{"t.site = ?", string(f.Site)}, condition{"t.product = ?", string(f.Product)},
		condition{"t.certifier = ?", string(f.Certifier)}, condition{"t.scheme = ?", string(f.Scheme)}, condition{"t.project = ?", string(f.Project)},
		condition{"t.vintage = ?", f.Vintage}, flag("t.available = ?", f.Open, "1")).sorted(map[Sort]string{ByDate: "t.issued"}), p)
}

// Account is a stock account with the names of its site and product.
type Account struct {
	Site    massbalance.SiteID
	Product massbalance.ProductID
	massbalance.Account
}

// AccountFilter narrows a list of stock accounts; what is empty does not narrow.
type AccountFilter struct {
	Site    massbalance.SiteID
	Product massbalance.ProductID
	// Owner is the organisation whose sites are meant.
	Owner massbalance.OrganisationID
}

// ofOwner narrows to the sites of an organisation.
func ofOwner(owner massbalance.OrganisationID) condition {
	return condition{"t.site IN (SELECT id FROM sites WHERE owner = ?)", string(owner)}
}

// Accounts lists a site's stock accounts, one per product.
func (s *Snapshot) Accounts(site massbalance.SiteID, p Page) (Listing[Account], error) {
	return s.AccountsBy(AccountFilter{Site: site}, p)
}

// AccountsBy lists stock accounts, of all sites where the filter names none.
func (s *Snapshot) AccountsBy(f AccountFilter, p Page) (Listing[Account], error) {
	q := overState("accounts", condition{"t.site = ?", string(f.Site)}, condition{"t.product = ?", string(f.Product)}, ofOwner(f.Owner))
	return list(s, q.sorted(map[Sort]string{ByProduct: "t.product"}), p, func(rows *sql.Rows) (uint64, Account, error) {
		key, position, account, err := stored[massbalance.Account](rows)
		return position, Account{massbalance.SiteID(key.A), massbalance.ProductID(key.B), account}, err
	})
}

// AllAccounts lists them to the end.
func (s *Snapshot) AllAccounts(site massbalance.SiteID) ([]Account, error) {
	return all(func(p Page) (Listing[Account], error) { return s.Accounts(site, p) })
}
