package console

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strconv"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// auditPage is every record of every site, and what a recount of them gives.
type auditPage struct {
	listing
	Entries  []entryRow
	Findings []readmodel.Finding
	Recalls  []recallRow
	Recount  *recount
}

func (l *lens) auditPage(r *http.Request) (any, error) {
	around, err := l.listing(r, "Audit", "/api/v1/records", "site", "organisation", "type", "period", "subject", "from", "to", "dates-by")
	page := auditPage{listing: around}
	if err != nil {
		return page, err
	}
	entries, err := l.s.Entries(readmodel.EntryFilter{
		Site: massbalance.SiteID(page.get("site")), Organisation: massbalance.OrganisationID(page.get("organisation")), Type: page.get("type"),
		Period: massbalance.PeriodID(page.get("period")), Subject: page.get("subject"), From: massbalance.Date(page.get("from")), To: massbalance.Date(page.get("to"))}, page.asked)
	if err != nil {
		return page, err
	}
	page.seen(entries.Next, entries.NextValue)
	page.Entries = l.entryRows(entries.Items)
	findings, err := l.s.Findings(readmodel.Page{Newest: true})
	if page.Findings = findings.Items; err != nil {
		return page, err
	}
	if page.Recalls, err = l.recalls(); err != nil || page.get("recount") == "" {
		return page, err
	}
	page.Recount, err = remembered(l, "recount", l.recount)
	return page, err
}

func typeChoices() []choice {
	var choices []choice
	for _, body := range massbalance.Bodies {
		choices = append(choices, choice{Value: body.Type(), Name: verb(body.Type())})
	}
	slices.SortFunc(choices, func(a, b choice) int { return cmp.Compare(a.Name, b.Name) })
	return choices
}

// recount is the whole ledger added up again from its records.
type recount struct {
	Entries     int
	Findings    []string
	Rows        []recountRow
	Accounts    int
	Differences []string
}

// recountRow is where the credit of one set of characteristics is, in kilograms.
type recountRow struct {
	Traits                                                              traits
	Introduced, Available, InTransit, Claimed, Cancelled, Expired, Loss string
	Frozen, Difference                                                  string
}

// recount adds everything up with code that shares no arithmetic with the rules.
func (l *lens) recount() (*recount, error) {
	entries, err := l.allEntries()
	if err != nil {
		return nil, err
	}
	tally := massbalance.Recount(entries)
	out := &recount{Entries: tally.Entries, Findings: tally.Findings}
	for _, id := range slices.Sorted(maps.Keys(tally.Characteristics)) {
		of := tally.Characteristics[id]
		t, err := l.traits(id)
		if err != nil {
			return nil, err
		}
		out.Rows = append(out.Rows, recountRow{
			t, grams(of.Introduced), grams(of.Available), grams(of.InTransit), grams(of.Claimed), grams(of.Cancelled), grams(of.Expired), grams(of.Loss),
			grams(of.Frozen), grams(new(big.Int).Sub(of.Introduced, of.Total())),
		})
	}
	return out, l.compareAccounts(tally, out)
}

func (l *lens) allEntries() ([]massbalance.Entry, error) {
	var entries []massbalance.Entry
	page := readmodel.Page{Limit: readmodel.MaxLimit}
	for {
		listing, err := l.s.Entries(readmodel.EntryFilter{}, page)
		if err != nil {
			return nil, err
		}
		for _, e := range listing.Items {
			entries = append(entries, e.Entry)
		}
		if page.After = listing.Next; page.After == 0 {
			return entries, nil
		}
	}
}

// compareAccounts holds the stock accounts against the recount.
func (l *lens) compareAccounts(tally *massbalance.Tally, out *recount) error {
	for id, counted := range tally.Accounts {
		account, err := find[massbalance.Account](l, massbalance.AccountKey(id.Site, id.Product))
		if err != nil {
			return err
		}
		out.Accounts++
		for _, side := range []struct {
			name   string
			stored massbalance.Quantity
			grams  *big.Int
		}{
			{"material in", account.PhysicalIn, counted.In}, {"material out", account.PhysicalOut, counted.Out},
			{"credit in", account.CreditIn, counted.CreditIn}, {"credit out", account.CreditOut, counted.CreditOut},
		} {
			if massbalance.GramsOf(side.stored).Cmp(side.grams) != 0 {
				out.Differences = append(out.Differences, side.name+" of "+string(id.Product)+" at "+string(id.Site)+": booked "+
					side.stored.String()+" kg, recounted "+massbalance.FormatGrams(side.grams)+" kg")
			}
		}
	}
	slices.Sort(out.Differences)
	return nil
}

// grams writes whole grams as kilograms, grouped, without a fraction of zero.
func grams(n *big.Int) string {
	if n.Sign() < 0 {
		return "−" + grams(new(big.Int).Neg(n))
	}
	q, err := massbalance.ParseQuantity(massbalance.FormatGrams(n))
	if err != nil {
		return massbalance.FormatGrams(n)
	}
	f := kilograms(q)
	return f.Whole + f.Fraction
}

// recordPage is one administrative record with every field of it and the command as it was sent.
type recordPage struct {
	titled
	entryRow
	Owner string
	Time  string
	Code  string
	// Sent is the command as it was sent, Kept the record that it left.
	Sent, Kept string
	// Done is the action whose form was just sent, nil else.
	Done *action
}

func (l *lens) recordPage(org massbalance.OrganisationID, id massbalance.CommandID, done string) (any, error) {
	entry, err := l.s.Command(org, id)
	if err != nil {
		return nil, err
	}
	page := recordPage{titled: titled{"Record " + string(org) + "/" + string(id)}, entryRow: l.entryRows([]readmodel.Entry{entry})[0], Owner: l.memberName(org)}
	if a, ok := actionNamed(done); ok {
		page.Done = &a
	}
	if page.Sent, err = readable(entry.Command); err != nil {
		return page, err
	}
	if page.Kept, err = readable(entry.Record); err != nil {
		return page, err
	}
	transaction, err := l.s.Transaction(entry.Record.Transaction)
	page.Time, page.Code = transaction.Time.UTC().Format("2006-01-02 15:04:05 UTC"), transaction.Code
	return page, err
}

// readable is the ledger's own form of a value with line breaks.
func readable(value any) (string, error) {
	text, err := wire.Format(value)
	if err != nil {
		return "", err
	}
	var indented bytes.Buffer
	err = json.Indent(&indented, text, "", "  ")
	return indented.String(), err
}

// blockPage is a block with what it recorded.
type blockPage struct {
	titled
	Number         uint64
	Before, After  bool
	Previous, Next uint64
	Entries        []entryRow
}

func (l *lens) blockPage(number string) (any, error) {
	n, err := strconv.ParseUint(number, 10, 63)
	if err != nil {
		return nil, &readmodel.NotFound{Kind: "block", Name: number}
	}
	blocks, err := l.s.Blocks(n, 1)
	if err != nil {
		return nil, err
	}
	if len(blocks) == 0 {
		return nil, &readmodel.NotFound{Kind: "block", Name: number}
	}
	return blockPage{
		titled: titled{"Block " + number}, Number: n, Before: n > 0, After: n+1 < l.s.Next, Previous: n - min(n, 1), Next: n + 1,
		Entries: l.entryRows(blocks[0].Entries),
	}, nil
}
