package readmodel

import (
	"cmp"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Flow is what moved in the consortium in a span of days, as a graph: from
// verified harvests and suppliers through the sites' stocks to claims, losses
// and what is left. At every stock, what flows in is what flows out, to the
// gram, of material and of credit alike.
type Flow struct {
	From, To massbalance.Date
	// Entries is how many entries were added up.
	Entries int
	Links   []FlowLink
}

// FlowKind is the kind of an end of a flow.
type FlowKind string

// FlowStock is a product's stock at a site; the others are where flows begin or end.
const (
	FlowVerified FlowKind = "verified"
	FlowSupplier FlowKind = "supplier"
	FlowOpening  FlowKind = "opening"
	FlowArriving FlowKind = "arriving"
	FlowStock    FlowKind = "stock"
	FlowClaims   FlowKind = "claims"
	FlowWithdraw FlowKind = "withdrawn"
	FlowLoss     FlowKind = "loss"
	FlowTransit  FlowKind = "in_transit"
	FlowClosing  FlowKind = "closing"
	FlowWeights  FlowKind = "weight_difference"
	FlowLater    FlowKind = "booked_later"
	FlowReversed FlowKind = "reversed"
	FlowClose    FlowKind = "close"
	FlowOther    FlowKind = "other"
)

// FlowEnd is one end of a flow. Site is set for stocks, Product for stocks and
// for what begins as a product, Name for suppliers.
type FlowEnd struct {
	Kind    FlowKind
	Site    massbalance.SiteID
	Product massbalance.ProductID
	Name    string
}

// FlowLink is what flowed from one end to another. Where Credit is more than
// Material, credit moved without material.
type FlowLink struct {
	From, To         FlowEnd
	Material, Credit massbalance.Quantity
}

// Flow adds the entries up whose business date lies in a span of days; "" does
// not bound it. Product "" means all.
func (s *Snapshot) Flow(from, to massbalance.Date) (Flow, error) {
	f := newFlow(from, to)
	page := Page{Limit: MaxLimit}
	for {
		entries, err := s.Entries(EntryFilter{}, page)
		if err != nil {
			return Flow{}, err
		}
		for _, e := range entries.Items {
			f.entry(e.Entry)
		}
		if entries.Next == 0 {
			return f.close(), nil
		}
		page.After = entries.Next
	}
}

// stock names a stock account.
type stock struct {
	site    massbalance.SiteID
	product massbalance.ProductID
}

func (k stock) end() FlowEnd { return FlowEnd{Kind: FlowStock, Site: k.site, Product: k.product} }

// amounts are material and credit that move together.
type amounts struct{ material, credit massbalance.Quantity }

func (a amounts) add(b amounts) amounts {
	return amounts{a.material.Add(b.material), a.credit.Add(b.credit)}
}

// less is what is left of a after b; what b has more is in over.
func (a amounts) less(b amounts) (rest, over amounts) {
	rest.material, _ = a.material.Sub(b.material)
	rest.credit, _ = a.credit.Sub(b.credit)
	return rest, amounts{a.material.Shortage(b.material), a.credit.Shortage(b.credit)}
}

func (a amounts) min(b amounts) amounts {
	return amounts{a.material.Min(b.material), a.credit.Min(b.credit)}
}

// flowing is a flow while it is added up.
type flowing struct {
	Flow
	links map[[2]FlowEnd]amounts
	// These are what came to and left each stock before and in the span.
	openingIn, openingOut, in, out map[stock]amounts
	onTheWay                       map[string]onTheWay
	// ends are the last days of the sites' open periods.
	ends map[massbalance.SiteID]massbalance.Date
}

// onTheWay is a transfer that was dispatched and not resolved.
type onTheWay struct {
	from stock
	amounts
}

func newFlow(from, to massbalance.Date) *flowing {
	return &flowing{
		Flow: Flow{From: from, To: to}, links: map[[2]FlowEnd]amounts{}, onTheWay: map[string]onTheWay{},
		ends: map[massbalance.SiteID]massbalance.Date{}, openingIn: map[stock]amounts{}, openingOut: map[stock]amounts{}, in: map[stock]amounts{}, out: map[stock]amounts{},
	}
}

func (f *flowing) link(from, to FlowEnd, a amounts) {
	if from != to && !(a.material.IsZero() && a.credit.IsZero()) {
		f.links[[2]FlowEnd{from, to}] = f.links[[2]FlowEnd{from, to}].add(a)
	}
}

// movement is what one entry did to stocks: what came in and what went out of each.
type movement struct{ in, out map[stock]amounts }

func movementOf(r massbalance.Record) movement {
	m := movement{map[stock]amounts{}, map[stock]amounts{}}
	for _, p := range r.Materials {
		put(m.in, stock{p.Site, p.Product}, amounts{material: p.In})
		put(m.out, stock{p.Site, p.Product}, amounts{material: p.Out})
	}
	for _, p := range r.Credits {
		if p.From.Kind == massbalance.HolderLot {
			put(m.out, stock{p.From.Site, p.From.Product}, amounts{credit: p.Quantity})
		}
		if p.To.Kind == massbalance.HolderLot {
			put(m.in, stock{p.To.Site, p.To.Product}, amounts{credit: p.Quantity})
		}
	}
	return m
}

// put adds to a stock; what is nothing leaves no trace.
func put(to map[stock]amounts, k stock, a amounts) {
	if !a.material.IsZero() || !a.credit.IsZero() {
		to[k] = to[k].add(a)
	}
}

func addAll(to, from map[stock]amounts) {
	for k, a := range from {
		to[k] = to[k].add(a)
	}
}

// entry adds one entry up. What is dated before the span makes the opening.
func (f *flowing) entry(e massbalance.Entry) {
	r := e.Record
	if open, ok := e.Command.Body.(massbalance.OpenPeriod); ok {
		f.ends[r.Site] = open.To
	}
	r.Date = cmp.Or(r.Date, f.ends[r.Site]) // a close is dated by its period
	if f.To != "" && r.Date > f.To || len(r.Materials)+len(r.Credits) == 0 {
		return
	}
	m := movementOf(r)
	if r.Date < f.From {
		addAll(f.openingIn, m.in)
		addAll(f.openingOut, m.out)
		return
	}
	f.Entries++
	addAll(f.in, m.in)
	addAll(f.out, m.out)
	f.linkEntry(e, m)
}

// close adds what the stocks began and ended with, and sorts.
func (f *flowing) close() Flow {
	for id := range f.onTheWay {
		t := f.onTheWay[id]
		f.link(t.from.end(), FlowEnd{Kind: FlowTransit}, t.amounts)
	}
	seen := map[stock]bool{}
	for _, of := range []map[stock]amounts{f.openingIn, f.openingOut, f.in, f.out} {
		for k := range of {
			seen[k] = true
		}
	}
	for k := range seen {
		opening, early := f.openingIn[k].less(f.openingOut[k])
		f.link(FlowEnd{Kind: FlowOpening}, k.end(), opening)
		f.link(k.end(), FlowEnd{Kind: FlowLater}, early)
		closing, late := opening.add(f.in[k]).less(early.add(f.out[k]))
		f.link(k.end(), FlowEnd{Kind: FlowClosing}, closing)
		f.link(FlowEnd{Kind: FlowLater}, k.end(), late)
	}
	for ends, a := range f.links {
		f.Links = append(f.Links, FlowLink{ends[0], ends[1], a.material, a.credit})
	}
	slices.SortFunc(f.Links, func(a, b FlowLink) int {
		return cmp.Or(compareEnds(a.From, b.From), compareEnds(a.To, b.To))
	})
	return f.Flow
}

func compareEnds(a, b FlowEnd) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Site, b.Site), cmp.Compare(a.Product, b.Product), cmp.Compare(a.Name, b.Name))
}
