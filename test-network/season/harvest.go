package season

import (
	"cmp"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// event is something that happened at a site on a day. make gives its command
// when its turn has come, for only then is it known which lots there are.
type event struct {
	date massbalance.Date
	// rank orders the events of a day: in before processing before out.
	rank  int
	site  massbalance.SiteID
	after Ref
	make  func() (massbalance.Command, error)
	// ask, if given, is what a gateway is asked instead of being sent the command.
	ask func(massbalance.Command) *Request
}

// Ranks of events within a day.
const (
	intake = iota
	arrival
	processing
	trading
	departure
	leaving
	claiming
)

// harvest rehearses the year in the order of its days. Each site is a lane of
// its own; a receipt waits for its dispatch. In the end every site stands in
// the last period and has closed those before it.
func (r *rehearsal) harvest() ([]Phase, error) {
	lanes := map[massbalance.SiteID]*Lane{}
	for _, site := range r.season.Sites {
		lanes[site.Site] = &Lane{Organisation: site.Owner, Site: site.Site}
	}
	events := slices.Concat(r.intakes(), r.shipments(), r.conversions(), r.deals(), r.leavings())
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Or(cmp.Compare(a.date, b.date), cmp.Compare(a.rank, b.rank)) })
	for _, e := range events {
		if err := r.happen(lanes[e.site], e); err != nil {
			return nil, err
		}
	}
	phase := Phase{Name: "the season"}
	for _, site := range r.season.Sites {
		last := r.season.Periods[len(r.season.Periods)-1]
		if err := r.rollTo(lanes[site.Site], last.Period); err != nil {
			return nil, err
		}
		phase.Lanes = append(phase.Lanes, *lanes[site.Site])
	}
	return []Phase{phase}, nil
}

func (r *rehearsal) happen(lane *Lane, e event) error {
	period, _ := r.season.period(e.date)
	if err := r.rollTo(lane, period.Period); err != nil {
		return err
	}
	c, err := e.make()
	if err != nil {
		return err
	}
	c.Date, c.Period = e.date, period.Period
	if c, err = r.accept(lane.Organisation, c); err != nil {
		return err
	}
	step := Step{Command: c, After: e.after}
	if e.ask != nil {
		step.Request = e.ask(c)
	}
	lane.Steps = append(lane.Steps, step)
	return nil
}

func (r *rehearsal) rollTo(lane *Lane, period massbalance.PeriodID) error {
	commands, err := r.roll(lane.Site, period)
	if err != nil {
		return err
	}
	for _, c := range commands {
		if c, err = r.accept(lane.Organisation, c); err != nil {
			return err
		}
		lane.Steps = append(lane.Steps, Step{Command: c})
	}
	return nil
}

// intakes turns tickets into commands named by the ticket: a certified farm's
// load is introduced on its statement, any other is taken in without credit.
func (r *rehearsal) intakes() []event {
	var events []event
	for _, t := range r.season.Tickets {
		events = append(events, event{date: t.Date, rank: intake, site: t.Site, make: func() (massbalance.Command, error) {
			c := massbalance.Command{ID: massbalance.CommandID(t.Number), By: "weighbridge"}
			farm, certified := r.season.farm(t.Supplier)
			if !certified {
				c.Body = massbalance.TakeIn{Site: t.Site, Product: t.Product, Quantity: t.Net, Supplier: t.Supplier, Evidence: t.Number}
				return c, nil
			}
			c.Body = massbalance.Introduce{
				Site: t.Site, Certifier: r.season.Certifier.ID, Statement: farm.Statement, Quantity: t.Net,
				Model: r.model(farm), Evidence: t.Number,
			}
			return c, nil
		}})
	}
	return events
}

// keptApart is the practice whose grain Driffield stores in a silo of its own;
// everywhere else certified and other grain share silos.
const (
	keptApart   = "regenerative"
	keptApartAt = "elevator-driffield"
)

func (r *rehearsal) model(f Farm) massbalance.CustodyModel {
	if f.Practice == keptApart && f.Elevator == keptApartAt {
		return massbalance.Segregated
	}
	return massbalance.MassBalance
}

func dispatchID(s Shipment) massbalance.CommandID {
	return massbalance.CommandID("dispatch-" + s.ID)
}

func receiptID(s Shipment) massbalance.CommandID {
	return massbalance.CommandID("receive-" + s.ID)
}

func transferID(sender massbalance.OrganisationID, s Shipment) massbalance.TransferID {
	return massbalance.TransferID(string(sender) + "/" + string(dispatchID(s)))
}

func (r *rehearsal) shipments() []event {
	var events []event
	for _, s := range r.season.Shipments {
		sender := r.season.owner(s.From)
		var agreement massbalance.AgreementID
		var agreed Ref
		if deal, under := r.season.deal(s.Deal); under {
			agreement, agreed = deal.Agreement(), deal.acceptance()
		}
		events = append(events, event{date: s.Dispatched, rank: departure, site: s.From, after: agreed, make: func() (massbalance.Command, error) {
			lines, err := r.pick(s.From, s.Product, s.Attributed)
			return massbalance.Command{ID: dispatchID(s), By: "logistics", Body: massbalance.Dispatch{
				Site: s.From, To: s.To, Product: s.Product, Quantity: s.Quantity, Lines: lines, Documents: []massbalance.EvidenceID{s.Waybill}, Agreement: agreement,
			}}, err
		}}, event{date: s.Received, rank: arrival, site: s.To, after: Ref{sender, dispatchID(s)}, make: func() (massbalance.Command, error) {
			return massbalance.Command{ID: receiptID(s), By: "weighbridge", Body: massbalance.Receive{
				Site: s.To, Transfer: transferID(sender, s), Quantity: s.Arrived, Evidence: s.Waybill,
			}}, nil
		}})
	}
	return events
}

func (r *rehearsal) conversions() []event {
	var events []event
	for _, c := range r.season.Conversions {
		events = append(events, event{date: c.Date, rank: processing, site: c.Site, make: func() (massbalance.Command, error) {
			recipe, _ := r.season.recipe(c.Recipe)
			lines, err := r.pick(c.Site, recipe.Input, c.Attributed)
			return massbalance.Command{ID: massbalance.CommandID(c.ID), By: "production", Body: massbalance.Convert{
				Site: c.Site, Recipe: c.Recipe, Quantity: c.Input, Lines: lines, Outputs: c.Outputs,
			}}, err
		}})
	}
	return events
}

// leavings are withdrawals and claims: what ends here.
func (r *rehearsal) leavings() []event {
	var events []event
	for _, w := range r.season.Withdrawals {
		events = append(events, event{date: w.Date, rank: leaving, site: w.Site, make: func() (massbalance.Command, error) {
			lines, err := r.pick(w.Site, w.Product, w.Cancelled)
			return massbalance.Command{ID: massbalance.CommandID(w.ID), By: "sales", Body: massbalance.Withdraw{
				Site: w.Site, Product: w.Product, Quantity: w.Quantity, Lines: lines, Purpose: w.Purpose,
			}}, err
		}})
	}
	for _, c := range r.season.Claims {
		events = append(events, event{date: c.Date, rank: claiming, site: c.Site, make: func() (massbalance.Command, error) {
			lines, err := r.pick(c.Site, c.Product, c.Claimed)
			return massbalance.Command{ID: massbalance.CommandID(c.ID), By: "sustainability", Body: massbalance.ClaimCredits{
				Site: c.Site, Product: c.Product, Lines: lines, Beneficiary: c.Beneficiary, ReportingYear: c.ReportingYear, Purpose: c.Purpose,
			}}, err
		}})
	}
	return events
}
