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
	// Subject is what the record is about, whole.
	Subject string
	// From and To bound the business date.
	From, To massbalance.Date
}

// Entries lists the administrative records with their commands, by date that of
// the business.
func (s *Snapshot) Entries(f EntryFilter, p Page) (Listing[Entry], error) {
	return s.entries(p,
		condition{"t.site = ?", string(f.Site)}, condition{"t.organisation = ?", string(f.Organisation)}, condition{"t.type = ?", f.Type}, condition{"t.period = ?", string(f.Period)},
		condition{"t.date >= ?", string(f.From)}, condition{"t.date <> '' AND t.date <= ?", string(f.To)},
		condition{"t.subject = ?", f.Subject})
}

func (s *Snapshot) entries(p Page, where ...condition) (Listing[Entry], error) {
	return list(s, selection{columns: "t.position, t.block, t.content, t.record", from: "entries t", where: where, sorts: map[Sort]string{ByDate: "t.date"}}, p, scanEntry)
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
	q := selection{columns: `t.position, t.block, t."transaction", t.problem, t.key, t.expected, t.found`, from: "findings t"}
	return list(s, q, p, func(rows *sql.Rows) (uint64, Finding, error) {
		var f Finding
		err := rows.Scan(&f.Position, &f.Block, &f.Transaction, &f.Problem, &f.Key, &f.Expected, &f.Found)
		return f.Position, f, err
	})
}

// CountFindings counts all of them.
func (s *Snapshot) CountFindings() (n int, err error) {
	if err = s.queryRow(`SELECT count(*) FROM findings`).Scan(&n); err != nil {
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
	err := s.queryRow(`SELECT block, organisation, time, code FROM transactions WHERE id = ? ORDER BY code <> 'VALID', block, idx LIMIT 1`, id).
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
