package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/proof/leaf"
)

// World is a ledger in which nothing happened but what a bundle shows: the real
// rules decide over it. What is a sum over records that are not shown (stock
// accounts, heads of journals, pools of averages) or a matter between two parties
// (what a shipment calls off) is taken to allow whatever the rules ask for;
// everything else is only what the records made it.
type World struct {
	State massbalance.Memory
	// Read collects what the rules looked up, if it is set.
	Read map[massbalance.Key]bool
	// Look is told of each look-up before it is answered, if it is set.
	Look func(massbalance.Key)
	// Names are the lots on the way by their pseudonyms.
	Names map[string]massbalance.LotID

	command      massbalance.Command
	organisation massbalance.OrganisationID
	// earlier are the made-up periods before the first one shown, by site.
	earlier map[massbalance.Key]massbalance.Period
}

// NewWorld makes one in which nothing happened yet.
func NewWorld() *World {
	return &World{State: massbalance.Memory{}, Names: map[string]massbalance.LotID{}, earlier: map[massbalance.Key]massbalance.Period{}}
}

// plenty is more than anybody needs, and less than overflows when it is added to.
var plenty = massbalance.Kilograms(400_000_000_000_000)

// before names the period before the first that is shown of a site.
const before massbalance.PeriodID = "#before"

// Get answers the rules.
func (w *World) Get(key massbalance.Key) (massbalance.Value, error) {
	if w.Read != nil {
		w.Read[key] = true
	}
	if w.Look != nil {
		w.Look(key)
	}
	switch key.Kind {
	case massbalance.KindHead:
		return w.head(), nil
	case massbalance.KindAccount:
		return massbalance.Account{PhysicalIn: plenty, CreditIn: plenty}, nil
	case massbalance.KindPool:
		return massbalance.Pool{Period: w.command.Period, Material: plenty, Credit: plenty}, nil
	case massbalance.KindPeriod:
		if period, ok := w.earlier[key]; ok {
			return period, nil
		}
	case massbalance.KindMark:
		return w.mark(key), nil
	case massbalance.KindAgreement:
		return w.agreement(massbalance.AgreementID(key.A)), nil
	}
	return w.State[key], nil
}

// agreement is one that admits the shipment at hand, whatever it is of, and that
// some of it comes back. No claim rests on what two parties agreed, so a bundle
// shows no more of it than its name.
func (w *World) agreement(id massbalance.AgreementID) massbalance.Agreement {
	var to massbalance.SiteID
	var product massbalance.ProductID
	switch b := w.command.Body.(type) {
	case massbalance.Dispatch:
		to, product = b.To, b.Product
	case massbalance.TransferCredits:
		to, product = b.To, b.Product
	}
	buyer, _ := w.State[massbalance.SiteKey(to)].(massbalance.Site)
	always := massbalance.SupplyPeriod{From: "1900-01-01", To: "9999-12-31", Maximum: plenty.Add(plenty)}
	return massbalance.Agreement{
		ID: id, Seller: w.organisation, Buyer: buyer.Owner, Called: []massbalance.Quantity{plenty},
		Commitment: massbalance.Commitment{Product: product, Periods: []massbalance.SupplyPeriod{always}},
	}
}

// mark is what a claim lacks as its cover needs it. What it really lacks is the
// sum of traces in other people's lots; the register tells it, and who covered it.
func (w *World) mark(key massbalance.Key) massbalance.Value {
	cover, ok := w.command.Body.(massbalance.CoverRecall)
	if !ok || key != massbalance.MarkKey(cover.Claim) {
		return w.State[key]
	}
	return massbalance.Mark{Shares: []massbalance.MarkShare{{
		Certifier: cover.Certifier, Statement: cover.Statement, Quantity: plenty, Model: massbalance.BookAndClaim}}}
}

// head is a site's head as the command needs it: in its own period, or between two.
func (w *World) head() massbalance.Head {
	switch w.command.Body.(type) {
	case massbalance.OpenPeriod:
		return massbalance.Head{Last: before, Accounts: 1}
	case massbalance.ChooseScheme, massbalance.ChangeBalance:
		return massbalance.Head{Accounts: 1}
	}
	return massbalance.Head{Period: w.command.Period, Accounts: 1}
}

// Execute lets a leaf's command happen. The lots that it names must be on the
// way or described as siblings.
func (w *World) Execute(l Leaf) (massbalance.Outcome, error) {
	command, err := leaf.Rename(l.Core.Command, w.lot)
	if err != nil {
		return massbalance.Outcome{}, err
	}
	w.command, w.organisation = w.complete(command, l.Index), l.Core.Organisation
	w.prepare(l)
	outcome, err := massbalance.Execute(w, massbalance.Tx{ID: fmt.Sprintf("record-%d", l.Index), Organisation: l.Core.Organisation}, w.command)
	if err != nil {
		return outcome, err
	}
	w.State.Apply(outcome.Writes)
	return outcome, nil
}

// lot translates a pseudonym; a sibling keeps its own.
func (w *World) lot(id massbalance.LotID) (string, error) {
	if !strings.HasPrefix(string(id), leaf.Sign) {
		return "", fmt.Errorf("lot %q is not named by a pseudonym", id)
	}
	if known, ok := w.Names[string(id)]; ok {
		return string(known), nil
	}
	return string(id), nil
}

// complete gives a command the documents that are withheld and that its form asks
// for, and of a trace those lots that are on the way: what it finds in one lot
// depends on the lots that this was made of and on no other.
func (w *World) complete(c massbalance.Command, index int64) massbalance.Command {
	switch b := c.Body.(type) {
	case massbalance.Introduce:
		b.Evidence = massbalance.EvidenceID(fmt.Sprintf("withheld-%d", index))
		c.Body = b
	case massbalance.TraceRecall:
		b.Lots = slices.DeleteFunc(slices.Clone(b.Lots), func(id massbalance.LotID) bool { return strings.HasPrefix(string(id), leaf.Sign) })
		c.Body = b
	}
	return c
}

// prepare puts in what the command finds and the records do not show.
func (w *World) prepare(l Leaf) {
	if b, ok := w.command.Body.(massbalance.OpenPeriod); ok {
		eve := massbalance.Period{From: "1900-01-01", To: dayBefore(b.From), Closed: true}
		w.earlier[massbalance.PeriodKey(b.Site, before)] = eve
	}
	place := w.place()
	for _, s := range l.Siblings {
		w.sibling(l, s, place)
	}
}

func dayBefore(d massbalance.Date) massbalance.Date {
	day, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d // the rules refuse it
	}
	return massbalance.Date(day.AddDate(0, 0, -1).Format(time.DateOnly))
}

// place is where the material of the command comes from, as far as its lots on
// the way tell: siblings that left with them passed the same checks of origin.
func (w *World) place() (set massbalance.Characteristics) {
	set = massbalance.Characteristics{Country: "XX", Region: "X"}
	_, _ = leaf.Rename(w.command, func(id massbalance.LotID) (string, error) {
		if lot, ok := w.State[massbalance.LotKey(id)].(massbalance.Lot); ok {
			if known, ok := w.State[massbalance.CharacteristicsKey(lot.Characteristics)].(massbalance.Characteristics); ok {
				set = known
			}
		}
		return string(id), nil
	})
	return set
}

func (w *World) sibling(l Leaf, s Sibling, place massbalance.Characteristics) {
	if !strings.HasPrefix(string(s.Lot), leaf.Sign) {
		return // a lot that has a name is shown, not described
	}
	group := fmt.Sprintf("%s%d-%d", leaf.Sign, l.Index, s.Group)
	set := massbalance.Characteristics{Scheme: s.Scheme, Country: place.Country, Region: place.Region, Vintage: place.Vintage}
	lot := massbalance.Lot{
		ID: s.Lot, Site: massbalance.SiteOf(w.command.Body), Product: s.Product, Model: s.Model, Share: s.Share, Scheme: s.Used,
		Characteristics: massbalance.CharacteristicsID(group), Quantity: plenty,
	}
	if s.Origin > 0 {
		lot.Certifier, lot.Statement = massbalance.OrganisationID(leaf.Sign), massbalance.StatementID(fmt.Sprintf("%s%d-%d", leaf.Sign, l.Index, s.Origin))
	}
	w.State[massbalance.CharacteristicsKey(lot.Characteristics)] = set
	w.State[massbalance.LotKey(lot.ID)] = lot
}

// Created lists the lots that a command created.
func (w *World) Created(core leaf.Core, outcome massbalance.Outcome) []massbalance.Lot {
	lots := map[massbalance.LotID]massbalance.Lot{}
	for _, write := range outcome.Writes {
		if lot, ok := write.Value.(massbalance.Lot); ok {
			lots[lot.ID] = lot
		}
	}
	return leaf.CreatedBy(core.Organisation, core.Command.ID, lots)
}

// Run lets a leaf's command happen and holds the outcome against what the leaf
// says of it.
func (w *World) Run(l Leaf) (massbalance.Record, error) {
	outcome, err := w.Execute(l)
	var refusal *massbalance.Refusal
	if errors.As(err, &refusal) {
		return massbalance.Record{}, fmt.Errorf("the rules refuse it: %s: %s", refusal.Code, refusal.Message)
	}
	if err != nil {
		return massbalance.Record{}, err
	}
	record := outcome.Record
	if outcome.Repeated {
		return record, fmt.Errorf("it stands in the bundle twice")
	}
	if record.Rules != l.Core.Rules || record.Pending != l.Core.Pending {
		return record, fmt.Errorf("it was decided by version %d of the rules (pending: %v), executed again by %d (pending: %v)", l.Core.Rules, l.Core.Pending, record.Rules, record.Pending)
	}
	return record, w.open(l, w.Created(l.Core, outcome))
}

// Nested runs a leaf in the middle of another one's look-up.
func (w *World) Nested(l Leaf) (massbalance.Record, error) {
	command, organisation := w.command, w.organisation
	defer func() { w.command, w.organisation = command, organisation }()
	return w.Run(l)
}

// open finds the pseudonyms of the lots on the way again: each is a commitment to
// the whole lot, so what was computed here is what stands on the ledger.
func (w *World) open(l Leaf, created []massbalance.Lot) error {
	if len(created) != len(l.Core.Created) {
		return fmt.Errorf("it created %d lots, executed again %d", len(l.Core.Created), len(created))
	}
	last := 0
	for _, o := range l.Lots {
		if o.Number <= last || o.Number > len(created) {
			return fmt.Errorf("it opens lot %d of %d after lot %d", o.Number, len(created), last)
		}
		last = o.Number
		lot := created[o.Number-1]
		name, err := leaf.Pseudonym(o.Salt, lot)
		if err != nil {
			return err
		}
		if name != l.Core.Created[o.Number-1] {
			text, _ := wire.Format(lot)
			return fmt.Errorf("lot %s does not come out of it as it stands on the ledger; executed again it is %s", lot.ID, text)
		}
		for _, parent := range lot.Parents {
			if strings.HasPrefix(string(parent.Lot), leaf.Sign) {
				return fmt.Errorf("lot %s was made of a lot that is not shown", lot.ID)
			}
		}
		w.Names[name] = lot.ID
	}
	return nil
}
