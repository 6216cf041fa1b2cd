package readmodel

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

// Sites lists sites; owner "" means all.
func (s *Snapshot) Sites(owner massbalance.OrganisationID, p Page) (Listing[massbalance.Site], error) {
	return values[massbalance.Site](s, overState("sites", condition{"t.owner = ?", string(owner)}), p)
}

// Products lists the register's products.
func (s *Snapshot) Products(p Page) (Listing[massbalance.Product], error) {
	return values[massbalance.Product](s, overState("products"), p)
}

// Recipes lists the register's conversion recipes; input "" means all.
func (s *Snapshot) Recipes(input massbalance.ProductID, p Page) (Listing[massbalance.Recipe], error) {
	return values[massbalance.Recipe](s, overState("recipes", condition{"t.input = ?", string(input)}), p)
}

// Certificates lists published certificates; holder "" means all.
func (s *Snapshot) Certificates(holder massbalance.OrganisationID, p Page) (Listing[massbalance.Certificate], error) {
	return values[massbalance.Certificate](s, overState("certificates", condition{"t.holder = ?", string(holder)}), p)
}

// StatementFilter narrows a list of verification statements; what is empty does not narrow.
type StatementFilter struct {
	Holder  massbalance.OrganisationID
	Site    massbalance.SiteID
	Product massbalance.ProductID
}

// Statements lists published verification statements with what was introduced of each.
func (s *Snapshot) Statements(f StatementFilter, p Page) (Listing[massbalance.Verified], error) {
	return values[massbalance.Verified](s, overState("statements",
		condition{"t.holder = ?", string(f.Holder)}, condition{"t.site = ?", string(f.Site)}, condition{"t.product = ?", string(f.Product)}), p)
}

// Account is a stock account with the names of its site and product.
type Account struct {
	Site    massbalance.SiteID
	Product massbalance.ProductID
	massbalance.Account
}

// Accounts lists a site's stock accounts, one per product.
func (s *Snapshot) Accounts(site massbalance.SiteID, p Page) (Listing[Account], error) {
	return list(s, overState("accounts", condition{"t.site = ?", string(site)}), p, func(rows *sql.Rows) (uint64, Account, error) {
		key, position, account, err := stored[massbalance.Account](rows)
		return position, Account{massbalance.SiteID(key.A), massbalance.ProductID(key.B), account}, err
	})
}

// AllAccounts lists them to the end.
func (s *Snapshot) AllAccounts(site massbalance.SiteID) ([]Account, error) {
	return all(func(p Page) (Listing[Account], error) { return s.Accounts(site, p) })
}

// LotFilter narrows a list of lots; what is empty does not narrow.
type LotFilter struct {
	Site    massbalance.SiteID
	Product massbalance.ProductID
	// Available leaves out lots that are spent.
	Available bool
}

// Lots lists lots in the order of their creation.
func (s *Snapshot) Lots(f LotFilter, p Page) (Listing[massbalance.Lot], error) {
	available := condition{sql: "t.available = ?"}
	if f.Available {
		available.arg = "1"
	}
	return values[massbalance.Lot](s, overState("lots",
		condition{"t.site = ?", string(f.Site)}, condition{"t.product = ?", string(f.Product)}, available), p)
}

// Direction says which way a transfer goes, seen from a site.
type Direction string

// In is towards the site and Out away from it.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// TransferFilter narrows a list of transfers; what is empty does not narrow.
// Direction has a meaning only beside a site.
type TransferFilter struct {
	Site      massbalance.SiteID
	Direction Direction
	Status    massbalance.TransferStatus
}

// Transfers lists transfers in the order of their dispatch.
func (s *Snapshot) Transfers(f TransferFilter, p Page) (Listing[massbalance.Transfer], error) {
	site := condition{"(t.sender = ? OR t.receiver = ?)", string(f.Site)}
	switch f.Direction {
	case In:
		site.sql = "t.receiver = ?"
	case Out:
		site.sql = "t.sender = ?"
	}
	return values[massbalance.Transfer](s, overState("transfers", site, condition{"t.status = ?", string(f.Status)}), p)
}

// ClaimFilter narrows a list of claims; what is empty does not narrow.
type ClaimFilter struct {
	Site         massbalance.SiteID
	Organisation massbalance.OrganisationID
	Product      massbalance.ProductID
}

// Claims lists claims in the order in which they were made.
func (s *Snapshot) Claims(f ClaimFilter, p Page) (Listing[massbalance.Claim], error) {
	return values[massbalance.Claim](s, overState("claims",
		condition{"t.site = ?", string(f.Site)}, condition{"t.organisation = ?", string(f.Organisation)}, condition{"t.product = ?", string(f.Product)}), p)
}

// Entry is an entry of the journal with its place in the list of all entries,
// which is the same in every gateway.
type Entry struct {
	Position uint64
	massbalance.Entry
}

// EntryFilter narrows a list of entries; what is empty does not narrow.
type EntryFilter struct {
	Site         massbalance.SiteID
	Organisation massbalance.OrganisationID
	Type         string
	Period       massbalance.PeriodID
	// From and To bound the business date.
	From, To massbalance.Date
}

// Entries lists the administrative records with their commands.
func (s *Snapshot) Entries(f EntryFilter, p Page) (Listing[Entry], error) {
	return s.entries(p,
		condition{"t.site = ?", string(f.Site)}, condition{"t.organisation = ?", string(f.Organisation)}, condition{"t.type = ?", f.Type}, condition{"t.period = ?", string(f.Period)},
		condition{"t.date >= ?", string(f.From)}, condition{"t.date <> '' AND t.date <= ?", string(f.To)})
}

func (s *Snapshot) entries(p Page, where ...condition) (Listing[Entry], error) {
	return list(s, selection{"t.position, t.block, t.content, t.record", "entries t", where}, p, scanEntry)
}

func scanEntry(rows *sql.Rows) (uint64, Entry, error) {
	var e Entry
	var command, record []byte
	if err := rows.Scan(&e.Position, &e.Block, &command, &record); err != nil {
		return 0, e, err
	}
	var err error
	if e.Command, err = wire.Decode[massbalance.Command](command); err != nil {
		return 0, e, err
	}
	e.Record, err = wire.Decode[massbalance.Record](record)
	return e.Position, e, err
}

// Command finds the entry of an accepted command. A command that was refused,
// or never arrived, left none.
func (s *Snapshot) Command(org massbalance.OrganisationID, id massbalance.CommandID) (Entry, error) {
	found, err := s.entries(Page{Limit: 1}, condition{"t.organisation = ?", string(org)}, condition{"t.command = ?", string(id)})
	if err != nil {
		return Entry{}, err
	}
	if len(found.Items) == 0 {
		return Entry{}, &NotFound{"accepted command", string(id) + " of " + string(org)}
	}
	return found.Items[0], nil
}

// Finding is a difference between the chain and the rules.
type Finding struct {
	Position    uint64
	Block       uint64
	Transaction string
	Problem     replay.Problem
	Key         string
	Expected    string
	Found       string
}

// Findings lists differences between what the chain says and what the rules
// give. A sound ledger has none.
func (s *Snapshot) Findings(p Page) (Listing[Finding], error) {
	q := selection{`t.position, t.block, t."transaction", t.problem, t.key, t.expected, t.found`, "findings t", nil}
	return list(s, q, p, func(rows *sql.Rows) (uint64, Finding, error) {
		var f Finding
		err := rows.Scan(&f.Position, &f.Block, &f.Transaction, &f.Problem, &f.Key, &f.Expected, &f.Found)
		return f.Position, f, err
	})
}

// CountFindings counts all of them.
func (s *Snapshot) CountFindings() (n int, err error) {
	if err = s.tx.QueryRowContext(s.ctx, `SELECT count(*) FROM findings`).Scan(&n); err != nil {
		return 0, fmt.Errorf("couldn't count the findings: %w", err)
	}
	return n, nil
}

// Transaction is what became of one transaction of the chaincode.
type Transaction struct {
	ID           string
	Block        uint64
	Organisation massbalance.OrganisationID
	Time         time.Time
	// Code is the peer's validation code.
	Code string
}

// Transaction finds a transaction. An ID takes effect once at most, but invalid
// transactions may repeat it; the one that took effect counts.
func (s *Snapshot) Transaction(id string) (Transaction, error) {
	t := Transaction{ID: id}
	var at string
	err := s.tx.QueryRowContext(s.ctx, `SELECT block, organisation, time, code FROM transactions WHERE id = ? ORDER BY code <> 'VALID', block, idx LIMIT 1`, id).
		Scan(&t.Block, &t.Organisation, &at, &t.Code)
	if errors.Is(err, sql.ErrNoRows) {
		return t, &NotFound{"transaction", id}
	}
	if err == nil {
		t.Time, err = time.Parse(time.RFC3339Nano, at)
	}
	if err != nil {
		return t, fmt.Errorf("couldn't read transaction %s: %w", id, err)
	}
	return t, nil
}
