package console

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// listRows is how many rows a page of a list shows.
const listRows = 50

// listing is what stands around every list: its filters, the way to its next
// page, and where all of it is as a file, with the same filters.
type listing struct {
	titled
	filters
	Next, First string
	Files       string
	// Acts is set where whoever looks may book something.
	Acts bool

	asked readmodel.Page
	query url.Values
	path  string
}

// listing reads a list's parameters and makes its filters, by name. Files is
// where the interface for programs has the list; it knows the filters by the same names.
func (l *lens) listing(r *http.Request, title, files string, names ...string) (listing, error) {
	q := r.URL.Query()
	page := listing{titled: titled{title}, Acts: l.acts, query: q, path: r.URL.Path}
	page.asked = asked(q)
	page.Action = r.URL.Path
	api := url.Values{"order": {"newest"}}
	for _, name := range names {
		c, err := l.chooser(q, name)
		if err != nil {
			return page, err
		}
		page.Choosers = append(page.Choosers, c)
		if value := q.Get(name); value != "" {
			page.Any = true
			api.Set(name, value)
		}
	}
	if page.asked.By != "" {
		api.Set("sort", string(page.asked.By))
	}
	if !page.asked.Newest {
		api.Set("order", "oldest")
	}
	api.Del(orderName)
	page.Files = files + "?" + api.Encode() + "&"
	return page, nil
}

// asked reads where a list begins and how it is sorted; the newest stand first,
// or the greatest.
func asked(q url.Values) readmodel.Page {
	after, _ := strconv.ParseUint(q.Get("after"), 10, 63) // what is no position is the beginning
	p := readmodel.Page{After: after, AfterValue: q.Get("value"), Limit: listRows, Newest: true}
	for name, of := range orders {
		if q.Get(orderName) == name {
			p.By, p.Newest = of.by, of.newest
		}
	}
	return p
}

// orderName is the parameter that says in which order a list stands.
const orderName = "by"

// orders are the orders beside that of the ledger with the newest first.
var orders = map[string]struct {
	name   string
	by     readmodel.Sort
	newest bool
}{
	"oldest": {"Oldest first", "", false}, "date": {"By date, latest first", readmodel.ByDate, true}, "earliest": {"By date, earliest first", readmodel.ByDate, false},
	"product": {"By product", readmodel.ByProduct, false}, "quantity": {"By quantity, greatest first", readmodel.ByQuantity, true},
}

func orderChoices(names ...string) []choice {
	var choices []choice
	for _, name := range names {
		choices = append(choices, choice{Value: name, Name: orders[name].name})
	}
	return choices
}

// seen notes what of a list was read, for the way on.
func (p *listing) seen(next uint64, value string) {
	query := url.Values{}
	for name, values := range p.query {
		if name != "after" && name != "value" {
			query[name] = values
		}
	}
	if p.query.Has("after") {
		p.First = p.path + "?" + query.Encode()
	}
	if next > 0 {
		query.Set("after", strconv.FormatUint(next, 10))
		if value != "" {
			query.Set("value", value)
		}
		p.Next = p.path + "?" + query.Encode()
	}
}

// get is what was chosen of a filter.
func (p listing) get(name string) string { return p.query.Get(name) }

// choice is an entry of a list to choose from.
type choice struct {
	Value, Name string
	Chosen      bool
}

// chooser is a filter: a list to choose from, a date, or a word.
type chooser struct {
	Name, Label string
	Choices     []choice
	// Value is set for a date or a word.
	Value string
	Date  bool
}

// filters stand above a list.
type filters struct {
	Action   string
	Choosers []chooser
	Any      bool
}

func choose(query url.Values, name, label, all string, choices []choice) chooser {
	c := chooser{Name: name, Label: label, Choices: []choice{{Name: all}}}
	for _, one := range choices {
		one.Chosen = one.Value == query.Get(name)
		c.Choices = append(c.Choices, one)
	}
	return c
}

// fixed are the filters whose choices are always the same.
var fixed = map[string]struct {
	label, all string
	choices    []choice
}{
	"available": {"Left", "Spent or not", []choice{{Value: "true", Name: "Something left"}}},
	"open":      {"State", "All", []choice{{Value: "true", Name: "Open"}}},
	"direction": {"Direction", "In and out", []choice{{Value: "in", Name: "To the site"}, {Value: "out", Name: "From the site"}}},
	"pending":   {"State", "All", []choice{{Value: "true", Name: "Not adopted yet"}}},
}

// chooser makes the filter of a name.
func (l *lens) chooser(q url.Values, name string) (chooser, error) {
	if f, ok := fixed[name]; ok {
		return choose(q, name, f.label, f.all, f.choices), nil
	}
	var choices []choice
	var err error
	label, all := "Site", "All sites"
	switch name {
	case "site":
		choices, err = l.siteChoices()
	case "product":
		label, all = "Product", "All products"
		choices, err = l.productChoices()
	case "organisation", "holder", "owner":
		label, all = map[string]string{"organisation": "Organisation", "holder": "Holder", "owner": "Owner"}[name], "All"
		choices, err = l.memberChoices()
	case "type":
		label, all, choices = "Type", "All", typeChoices()
	case "status":
		label, all, choices = "Status", "All", transferStates()
	case "model":
		label, all = "Custody model", "All"
		for _, m := range massbalance.CustodyModels {
			choices = append(choices, choice{Value: string(m), Name: modelName(m)})
		}
	case "from", "to":
		return chooser{Name: name, Label: map[string]string{"from": "From", "to": "To"}[name], Date: true, Value: q.Get(name)}, nil
	case "lots-by", "moves-by", "dates-by", "ledger-by":
		label, all = "Order", "Newest first"
		choices = orderChoices(map[string][]string{
			"lots-by": {"oldest", "product", "quantity"}, "moves-by": {"oldest", "date", "earliest", "product"},
			"dates-by": {"oldest", "date", "earliest"}, "ledger-by": {"oldest"},
		}[name]...)
		name = orderName
	default:
		return chooser{Name: name, Label: fieldLabels[name], Value: q.Get(name)}, nil
	}
	return choose(q, name, label, all, choices), err
}

// fieldLabels are the filters that take a word.
var fieldLabels = map[string]string{"year": "Reporting year", "subject": "Subject", "period": "Period", "vintage": "Harvest year"}

func transferStates() []choice {
	var states []choice
	for _, s := range []massbalance.TransferStatus{massbalance.InTransit, massbalance.Received, massbalance.Rejected, massbalance.Returned, massbalance.Reversing, massbalance.Reversed} {
		states = append(states, choice{Value: string(s), Name: statusName(s)})
	}
	return states
}

func (l *lens) siteChoices() ([]choice, error) {
	sites, err := l.s.Sites("", readmodel.Page{Limit: readmodel.MaxLimit})
	var choices []choice
	for _, s := range sites.Items {
		choices = append(choices, choice{Value: string(s.ID), Name: s.Name})
	}
	return choices, err
}

func (l *lens) productChoices() ([]choice, error) {
	products, err := l.s.Products(readmodel.Page{Limit: readmodel.MaxLimit})
	var choices []choice
	for _, p := range products.Items {
		choices = append(choices, choice{Value: string(p.ID), Name: p.Name})
	}
	return choices, err
}

func (l *lens) memberChoices() ([]choice, error) {
	consortium, err := find[massbalance.Consortium](l, massbalance.ConsortiumKey())
	var choices []choice
	for _, m := range consortium.Members {
		choices = append(choices, choice{Value: string(m.Organisation), Name: m.Name})
	}
	return choices, err
}
