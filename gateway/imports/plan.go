package imports

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/table"
)

// Kind is what the lines of a file are.
type Kind string

// The kinds of files.
const (
	Tickets     Kind = "tickets"
	Shipments   Kind = "shipments"
	Receipts    Kind = "receipts"
	Conversions Kind = "conversions"
)

// Kinds lists them.
var Kinds = []Kind{Tickets, Shipments, Receipts, Conversions}

// Request is a file with what there is to know about it.
type Request struct {
	Kind Kind
	// Site and Period are those of every line; empty, the lines say.
	Site   massbalance.SiteID
	Period massbalance.PeriodID
	// Model is the custody model of introductions that name none; empty, mass
	// balance: the loosest under which material moves.
	Model   massbalance.CustodyModel
	Reading table.Reading
	File    []byte
	// Suppliers is the second file of an import of tickets; it may be absent.
	Suppliers []byte
}

// Unreadable says that a file as a whole cannot be read.
type Unreadable struct{ Faults []table.Fault }

// Error gives the first fault.
func (u *Unreadable) Error() string { return u.Faults[0].Error() }

func unreadable(err error) error {
	return &Unreadable{[]table.Fault{{Line: 1, Message: err.Error()}}}
}

// planned is one line on its way: a command, or why there is none.
type planned struct {
	report  LineReport
	command massbalance.Command
	good    bool
}

// plan is a whole file as commands.
type plan struct {
	lines   []planned
	ignored []string
	// leftOut is the line of a row of sums at the end, 0 if there is none.
	leftOut int
	// malformed counts the lines that could not be read.
	malformed int
}

// planner makes a plan on one snapshot of the read model.
type planner struct {
	s            *readmodel.Snapshot
	organisation massbalance.OrganisationID
	request      Request
	suppliers    map[string]supplier
	statements   map[stock][]massbalance.Statement
	periods      map[massbalance.SiteID][]datedPeriod
	lots         map[stock][]massbalance.LotLine
	arriving     map[massbalance.SiteID][]massbalance.Transfer
	seen         map[massbalance.CommandID]int
	recipes      map[massbalance.RecipeID]massbalance.ProductID
}

type stock struct {
	site    massbalance.SiteID
	product massbalance.ProductID
}

type datedPeriod struct {
	id massbalance.PeriodID
	massbalance.Period
}

func newPlan(s *readmodel.Snapshot, org massbalance.OrganisationID, r Request) (*plan, error) {
	layout, ok := layouts[r.Kind]
	if !ok {
		return nil, unreadable(fmt.Errorf("there is no kind of import %q", r.Kind))
	}
	file, err := table.Read(r.File)
	if err != nil {
		return nil, unreadable(err)
	}
	found, faults := match(layout, file)
	if r.Kind == Tickets && !found.has("net") && !(found.has("gross") && found.has("tare")) {
		faults = append(faults, table.Fault{Line: 1, Column: "net", Message: "the column is missing, in kilograms; gross and tare would do"})
	}
	if len(faults) > 0 {
		return nil, &Unreadable{faults}
	}
	p := &planner{
		s: s, organisation: org, request: r, statements: map[stock][]massbalance.Statement{},
		periods: map[massbalance.SiteID][]datedPeriod{}, lots: map[stock][]massbalance.LotLine{},
		arriving: map[massbalance.SiteID][]massbalance.Transfer{}, seen: map[massbalance.CommandID]int{},
		recipes: map[massbalance.RecipeID]massbalance.ProductID{},
	}
	if err := p.readSuppliers(); err != nil {
		return nil, err
	}
	return p.plan(file, found)
}

func (p *planner) plan(file *table.Table, found columns) (*plan, error) {
	out, document := &plan{ignored: found.ignored}, layouts[p.request.Kind][0].name
	leftOut, fault := p.takeTotal(file, found)
	if out.leftOut = leftOut; fault != nil {
		out.leftOut = 0
		out.add(planned{report: LineReport{Line: fault.Line}}, fault)
	}
	for _, raw := range file.Lines {
		l := &line{Line: raw, columns: found, reading: p.request.Reading}
		if isTotal(l, document) {
			l.fail(document, "is a row of sums between the others; delete it")
			out.add(planned{report: LineReport{Line: raw.Number}}, l.fault)
			continue
		}
		one, err := p.line(l)
		if err != nil {
			return nil, fmt.Errorf("couldn't plan line %d: %w", raw.Number, err)
		}
		out.add(one, l.fault)
	}
	for _, fault := range file.Faults {
		out.add(planned{report: LineReport{Line: fault.Line}}, &fault)
	}
	slices.SortStableFunc(out.lines, func(a, b planned) int { return cmp.Compare(a.report.Line, b.report.Line) })
	if len(out.lines) == 0 {
		return nil, unreadable(errors.New("the file has a header and no lines below it"))
	}
	return out, nil
}

func (o *plan) add(one planned, fault *table.Fault) {
	if fault != nil {
		one.report.Outcome, one.report.Column, one.report.Message = Malformed, fault.Column, fault.Message
		one.good = false
		o.malformed++
	}
	o.lines = append(o.lines, one)
}

// line makes one line's command. What is wrong with the line stays in it; an
// error means that the read model could not be read.
func (p *planner) line(l *line) (planned, error) {
	makers := map[Kind]func(*line) (massbalance.Command, string, error){
		Tickets: p.ticket, Shipments: p.shipment, Receipts: p.receipt, Conversions: p.conversion,
	}
	c, document, err := makers[p.request.Kind](l)
	if err != nil {
		return planned{}, err
	}
	one := planned{report: LineReport{Line: l.Number, Document: document, Command: c.ID}, command: c}
	if l.fault != nil {
		return one, nil
	}
	if before, twice := p.seen[c.ID]; twice {
		l.fail("", "%s stands on line %d already", document, before)
		return one, nil
	}
	p.seen[c.ID] = l.Number
	if one.command.Period, err = p.period(massbalance.SiteOf(c.Body), c.Date); err != nil {
		return one, err
	}
	if err := wire.Seal(&one.command); err != nil {
		l.fail("", "%s", err)
		return one, nil
	}
	one.good, one.report.Type, one.report.What = true, c.Body.Type(), describe(c.Body)
	return one, nil
}

// site is the request's or the column's; where both are given they must agree.
func (p *planner) site(l *line, column string) massbalance.SiteID {
	named := massbalance.SiteID(l.optionalName(column))
	if named == "" && p.request.Site == "" {
		l.fail(column, "neither the line nor the import names the site")
	}
	if named != "" && p.request.Site != "" && named != p.request.Site {
		l.fail(column, "is %s, the import is for %s", named, p.request.Site)
	}
	return cmp.Or(p.request.Site, named)
}

// period finds the site's period that holds the date, so that a file means the
// same after its period was closed. Where none does, the rules refuse the open one.
func (p *planner) period(site massbalance.SiteID, date massbalance.Date) (massbalance.PeriodID, error) {
	if p.request.Period != "" {
		return p.request.Period, nil
	}
	known, ok := p.periods[site]
	if !ok {
		var err error
		if known, err = p.readPeriods(site); err != nil {
			return "", err
		}
		p.periods[site] = known
	}
	for _, period := range known {
		if period.From <= date && date <= period.To {
			return period.id, nil
		}
	}
	if len(known) > 0 {
		return known[0].id, nil
	}
	return "", nil
}

// readPeriods walks back from the site's open period, or from its last.
func (p *planner) readPeriods(site massbalance.SiteID) ([]datedPeriod, error) {
	head, err := get[massbalance.Head](p.s, massbalance.HeadKey(site))
	if err != nil {
		return nil, err
	}
	var all []datedPeriod
	for id := cmp.Or(head.Period, head.Last); id != ""; {
		period, err := get[massbalance.Period](p.s, massbalance.PeriodKey(site, id))
		if err != nil {
			return nil, err
		}
		all = append(all, datedPeriod{id, period})
		id = period.Previous
	}
	return all, nil
}

// get looks a value up; the zero value stands for none, which the rules then refuse.
func get[T massbalance.Value](s *readmodel.Snapshot, key massbalance.Key) (T, error) {
	v, err := readmodel.Need[T](s, key)
	var missing *readmodel.NotFound
	if errors.As(err, &missing) {
		err = nil
	}
	return v, err
}

// all reads a list to its end.
func all[T any](fetch func(readmodel.Page) (readmodel.Listing[T], error)) ([]T, error) {
	var items []T
	page := readmodel.Page{Limit: readmodel.MaxLimit}
	for {
		listing, err := fetch(page)
		if err != nil {
			return nil, err
		}
		items = append(items, listing.Items...)
		if page.After = listing.Next; page.After == 0 {
			return items, nil
		}
	}
}

// onLedger reports whether an organisation's command is on the ledger.
func onLedger(s *readmodel.Snapshot, org massbalance.OrganisationID, id massbalance.CommandID) (bool, error) {
	_, err := s.Command(org, id)
	var missing *readmodel.NotFound
	if errors.As(err, &missing) {
		return false, nil
	}
	return err == nil, err
}
