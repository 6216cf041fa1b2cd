package console

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/console/picture"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// sankeyPicture is a flow as it is drawn, and the same as a table.
type sankeyPicture struct {
	picture.Layout
	Nodes []sankeyNode
	Links []sankeyLink
	// Query is what the page was asked with, for its table as a file.
	Query string
}

// sankeyNode is a node in the picture.
type sankeyNode struct {
	picture.Box
	Name, Class, Href string
	Amount            massbalance.Quantity
}

// sankeyLink is a band in the picture and a row in the table.
type sankeyLink struct {
	picture.Band
	From, To                          string
	Material, Attributed, Undifferent massbalance.Quantity
	Part, Rest, PartClass             string
}

// flowEnds names the ends of flows that are no stocks.
var flowEnds = map[readmodel.FlowKind]string{
	readmodel.FlowVerified: "Verified harvest", readmodel.FlowOpening: "Stock before", readmodel.FlowArriving: "On the way before",
	readmodel.FlowClaims: "Claims", readmodel.FlowWithdraw: "Withdrawn", readmodel.FlowLoss: "Processing loss", readmodel.FlowTransit: "On the way",
	readmodel.FlowClosing: "Stock at the end", readmodel.FlowWeights: "Weight differences", readmodel.FlowLater: "Booked in another order",
	readmodel.FlowReversed: "Reversals", readmodel.FlowClose: "Expired or counted", readmodel.FlowOther: "Other",
}

// flowLasts are the ends that only take.
var flowLasts = []readmodel.FlowKind{readmodel.FlowClaims, readmodel.FlowWithdraw, readmodel.FlowLoss, readmodel.FlowTransit, readmodel.FlowClosing}

// drawing puts a picture together.
type drawing struct {
	l     *lens
	index map[readmodel.FlowEnd]int
	ends  []readmodel.FlowEnd
	nodes []picture.Node
	links []readmodel.FlowLink
}

func (l *lens) drawing() *drawing { return &drawing{l: l, index: map[readmodel.FlowEnd]int{}} }

// node finds an end's node. What both gives and takes beyond the stocks has one
// node for each, so that the picture has no circle through it.
func (d *drawing) node(end readmodel.FlowEnd, last bool) int {
	key := end
	if last && end.Kind != readmodel.FlowStock {
		key.Name += "\x00to"
	}
	if i, ok := d.index[key]; ok {
		return i
	}
	d.index[key] = len(d.ends)
	d.ends = append(d.ends, end)
	d.nodes = append(d.nodes, picture.Node{Label: d.label(end), Detail: d.detail(end), Last: last && end.Kind != readmodel.FlowStock})
	return len(d.ends) - 1
}

func (d *drawing) label(end readmodel.FlowEnd) string {
	switch {
	case end.Kind == readmodel.FlowStock:
		return d.l.siteName(end.Site)
	case end.Name != "":
		return end.Name
	}
	return cmp.Or(flowEnds[end.Kind], string(end.Kind))
}

// detail is the product of a stock.
func (d *drawing) detail(end readmodel.FlowEnd) string {
	if end.Kind != readmodel.FlowStock {
		return ""
	}
	return d.l.productName(end.Product)
}

// name is a node's name in the table.
func (d *drawing) name(end readmodel.FlowEnd) string {
	if end.Product != "" {
		return d.label(end) + ", " + d.l.productName(end.Product)
	}
	return d.label(end)
}

func larger(a, b massbalance.Quantity) massbalance.Quantity {
	if a.Less(b) {
		return b
	}
	return a
}

func (d *drawing) draw() *sankeyPicture {
	links := make([]picture.Link, 0, len(d.links))
	for _, f := range d.links {
		total := larger(f.Material, f.Credit)
		links = append(links, picture.Link{From: d.node(f.From, false), To: d.node(f.To, true), Total: total, Part: f.Credit})
	}
	p := &sankeyPicture{Layout: picture.Sankey(d.nodes, links)}
	for i, box := range p.Boxes {
		end := d.ends[i]
		n := sankeyNode{Box: box, Name: d.name(end), Class: "n-" + string(end.Kind), Amount: larger(box.In, box.Out)}
		if end.Kind == readmodel.FlowStock {
			n.Href = "/sites/" + string(end.Site)
		}
		p.Nodes = append(p.Nodes, n)
	}
	for i, band := range p.Bands {
		p.Links = append(p.Links, d.link(d.links[i], band))
	}
	return p
}

// thinnest is the least height of a band that can be seen, in tenths of a pixel.
const thinnest = 6

func (d *drawing) link(f readmodel.FlowLink, band picture.Band) sankeyLink {
	link := sankeyLink{Band: band, From: d.name(f.From), To: d.name(f.To), Material: f.Material, Attributed: f.Credit, PartClass: "credit"}
	link.Undifferent, _ = f.Material.Sub(f.Credit)
	if f.Material.Less(f.Credit) {
		link.PartClass = "alone"
	}
	if !f.Credit.IsZero() {
		link.Part = band.Path(0, max(band.PartHeight, thinnest))
	}
	if !link.Undifferent.IsZero() {
		link.Rest = band.Path(band.PartHeight, max(band.Height, band.PartHeight+thinnest))
	}
	return link
}

// supplierRows is how many suppliers are drawn each for itself.
const supplierRows = 6

// gathered draws the smaller suppliers as one.
func gathered(links []readmodel.FlowLink) []readmodel.FlowLink {
	amounts := map[string]massbalance.Quantity{}
	for _, f := range links {
		if f.From.Kind == readmodel.FlowSupplier {
			amounts[f.From.Name] = amounts[f.From.Name].Add(f.Material)
		}
	}
	names := make([]string, 0, len(amounts))
	for name := range amounts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if amounts[a].Equal(amounts[b]) {
			return cmp.Compare(a, b)
		}
		if amounts[b].Less(amounts[a]) {
			return -1
		}
		return 1
	})
	if len(names) <= supplierRows {
		return links
	}
	return merged(links, func(end readmodel.FlowEnd) readmodel.FlowEnd {
		if end.Kind == readmodel.FlowSupplier && !slices.Contains(names[:supplierRows-1], end.Name) {
			end.Name = "Other suppliers"
		}
		return end
	})
}

// merged renames ends and adds up the links that have the same ones then.
func merged(links []readmodel.FlowLink, name func(readmodel.FlowEnd) readmodel.FlowEnd) []readmodel.FlowLink {
	var out []readmodel.FlowLink
	at := map[[2]readmodel.FlowEnd]int{}
	for _, f := range links {
		f.From, f.To = name(f.From), name(f.To)
		key := [2]readmodel.FlowEnd{f.From, f.To}
		if i, ok := at[key]; ok {
			out[i].Material, out[i].Credit = out[i].Material.Add(f.Material), out[i].Credit.Add(f.Credit)
			continue
		}
		at[key] = len(out)
		out = append(out, f)
	}
	return out
}

// flowPage is what flowed in a span of days.
type flowPage struct {
	pictured
	Entries int
	Picture *sankeyPicture
}

func (l *lens) flowPage(r *http.Request) (any, error) {
	around, err := l.pictured(r, "Flow")
	page := flowPage{pictured: around}
	if err != nil {
		return page, err
	}
	flow, err := remembered(l, "flow "+string(page.From)+" "+string(page.To), func() (readmodel.Flow, error) { return l.s.Flow(page.From, page.To) })
	if err != nil {
		return page, err
	}
	page.Entries = flow.Entries
	links := slices.Clone(flow.Links)
	if page.site != "" || page.product != "" {
		links = slices.DeleteFunc(links, func(f readmodel.FlowLink) bool { return !page.keeps(f) })
	}
	if len(links) > 0 {
		d := l.drawing()
		d.links = gathered(links)
		page.Picture = d.draw()
		page.Picture.Query = page.Query
	}
	return page, nil
}

// sourcesPicture draws the way from farms to a claim or a lot. Lots of a product
// at a site are one node.
func (l *lens) sourcesPicture(s readmodel.Sources, end readmodel.FlowEnd, name string) (*sankeyPicture, error) {
	if len(s.Path) < 2 && len(s.Origins) < 2 {
		return nil, nil
	}
	d := l.drawing()
	at := map[massbalance.LotID]readmodel.FlowEnd{}
	given := map[massbalance.LotID]massbalance.Quantity{}
	for _, step := range s.Path {
		at[step.Lot.ID] = readmodel.FlowEnd{Kind: readmodel.FlowStock, Site: step.Lot.Site, Product: step.Lot.Product}
	}
	producers := map[massbalance.StatementID]string{}
	for _, o := range s.Origins {
		producers[o.Statement.ID] = o.Statement.Producer
	}
	var links []readmodel.FlowLink
	add := func(from, to readmodel.FlowEnd, q massbalance.Quantity) {
		if from != to && !q.IsZero() {
			links = append(links, readmodel.FlowLink{From: from, To: to, Material: q, Credit: q})
		}
	}
	for _, step := range s.Path {
		if len(step.Parents) == 0 {
			add(readmodel.FlowEnd{Kind: readmodel.FlowVerified, Name: cmp.Or(producers[step.Lot.Statement], string(step.Lot.Statement))}, at[step.Lot.ID], step.Share)
		}
		for _, parent := range step.Parents {
			add(at[parent.Lot], at[step.Lot.ID], parent.Quantity)
			given[parent.Lot] = given[parent.Lot].Add(parent.Quantity)
		}
	}
	end.Name = name
	end.Kind = readmodel.FlowClaims
	for _, step := range s.Path {
		rest, _ := step.Share.Sub(given[step.Lot.ID])
		add(at[step.Lot.ID], end, rest)
	}
	d.links = merged(links, func(end readmodel.FlowEnd) readmodel.FlowEnd { return end })
	return d.draw(), nil
}
