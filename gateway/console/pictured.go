package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// pictured is what stands around a picture of all sites: the periods to choose
// from, and its filters.
type pictured struct {
	titled
	filters
	Spans    []span
	From, To massbalance.Date
	// Query is what the page was asked with, for its table as a file.
	Query   string
	site    massbalance.SiteID
	product massbalance.ProductID
}

// span is a stretch of days to choose from.
type span struct {
	Name, Href string
	From, To   massbalance.Date
	Chosen     bool
}

func (l *lens) pictured(r *http.Request, title string) (pictured, error) {
	q := r.URL.Query()
	p := pictured{titled: titled{title}, From: massbalance.Date(q.Get("from")), To: massbalance.Date(q.Get("to")), site: massbalance.SiteID(q.Get("site")), product: massbalance.ProductID(q.Get("product"))}
	p.Action = r.URL.Path
	asked := url.Values{}
	for _, name := range []string{"site", "product", "from", "to"} {
		c, err := l.chooser(q, name)
		if err != nil {
			return p, err
		}
		p.Choosers = append(p.Choosers, c)
		if value := q.Get(name); value != "" {
			p.Any = true
			asked.Set(name, value)
		}
	}
	if p.Any {
		p.Query = asked.Encode() + "&"
	}
	periods, err := l.s.AllPeriods(readmodel.PeriodFilter{})
	p.Spans = spans(periods, p.From, p.To)
	for i := range p.Spans {
		p.Spans[i].Href = r.URL.Path + spanQuery(asked, p.Spans[i])
	}
	return p, err
}

// spanQuery is the query of a span, with the other filters as they are.
func spanQuery(asked url.Values, s span) string {
	q := url.Values{}
	for name, values := range asked {
		q[name] = values
	}
	q.Del("from")
	q.Del("to")
	if s.From != "" {
		q.Set("from", string(s.From))
		q.Set("to", string(s.To))
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// spans are the times of the sites' periods, each once, and all of the time.
func spans(periods []readmodel.Period, from, to massbalance.Date) []span {
	out := []span{{Name: "All of it", Chosen: from == "" && to == ""}}
	for _, p := range periods {
		if !slices.ContainsFunc(out, func(s span) bool { return s.From == p.From && s.To == p.To }) {
			out = append(out, span{Name: string(p.ID), From: p.From, To: p.To, Chosen: p.From == from && p.To == to})
		}
	}
	slices.SortStableFunc(out[1:], func(a, b span) int { return cmp.Compare(a.From, b.From) })
	return out
}

// keeps reports whether a flow touches a stock that is meant.
func (p pictured) keeps(f readmodel.FlowLink) bool {
	meant := func(end readmodel.FlowEnd) bool {
		return end.Kind == readmodel.FlowStock && (p.site == "" || end.Site == p.site) && (p.product == "" || end.Product == p.product)
	}
	return meant(f.From) || meant(f.To)
}

// meansMove reports whether what moved to or from sites is meant.
func (p pictured) meansMove(product massbalance.ProductID, sites ...massbalance.SiteID) bool {
	return (p.product == "" || product == p.product) && (p.site == "" || slices.Contains(sites, p.site))
}
