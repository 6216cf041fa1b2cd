package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// narrowed are the lists that people ask narrowed for, with a filter each that
// leaves something of the story and takes something away.
var narrowed = map[string]string{
	"sites": "owner=growers", "lots": "site=mill", "stocks": "owner=growers", "transfers": "direction=in&site=mill", "conversions": "site=mill", "periods": "site=mill",
	"certificates": "holder=growers", "statements": "certifier=certifier&vintage=2026&open=true", "claims": "organisation=brand", "records": "type=dispatch",
	"projects": "owner=brand", "proposals": "pending=true", "offers": "seller=growers", "agreements": "buyer=miller",
}

type listed struct {
	Items []json.RawMessage
	Next  string
}

func (g gateway) list(path, query string) listed {
	g.t.Helper()
	r := g.get(path + "?" + query)
	require.Equal(g.t, http.StatusOK, r.StatusCode, "%s?%s: %s", path, query, r.body)
	var page listed
	require.NoError(g.t, json.Unmarshal([]byte(r.body), &page))
	return page
}

// pages reads a list two at a time, with a block between any two pages.
func (g gateway) pages(path, query string) (all []string) {
	g.t.Helper()
	for after := ""; ; {
		page := g.list(path, query+"&limit=2&after="+url.QueryEscape(after))
		require.LessOrEqual(g.t, len(page.Items), 2)
		for _, item := range page.Items {
			all = append(all, string(item))
		}
		g.ledger.Add()
		if after = page.Next; after == "" {
			return all
		}
	}
}

// Of every list: its pages give what the whole does, in its order, by whatever it
// is sorted, from either end, while blocks come in.
func TestEveryListPagesAndSorts(t *testing.T) {
	g := serve(t)
	play(t, g.ledger)
	c := contractOf(t, g)
	lists := map[string]bool{}
	for _, o := range c.operations() {
		sorts, paged := sortsOf(o)
		if !paged || strings.HasPrefix(o.path, "/api/v1/activity") {
			continue
		}
		path, _, _ := strings.Cut(strings.TrimPrefix(c.example(t, g, o).URL.String(), g.url), "?")
		for _, sort := range append([]string{""}, sorts...) {
			query := "sort=" + sort
			if sort == "" {
				query = "order=oldest"
			}
			whole := g.list(path, query+"&limit=500")
			require.Empty(t, whole.Next, path)
			forward := g.pages(path, query)
			require.Len(t, forward, len(whole.Items), "%s?%s", path, query)
			for i, item := range whole.Items {
				require.Equal(t, string(item), forward[i], "%s?%s", path, query)
			}
			back := g.pages(path, strings.Replace(query, "order=oldest", "", 1)+"&order=newest")
			slices.Reverse(back)
			require.Equal(t, forward, back, "%s?%s", path, query)
		}
		lists[strings.TrimPrefix(o.path, "/api/v1/")] = true
	}
	require.Greater(t, len(lists), 30)
	for name := range narrowed {
		require.True(t, lists[name], "%s is no list", name)
	}
}

// sortsOf are what a list may be sorted by; false where an operation is no list.
func sortsOf(o operation) (sorts []string, paged bool) {
	parameters, _ := o.node["parameters"].([]any)
	for _, p := range parameters {
		p := p.(map[string]any)
		paged = paged || p["name"] == "after" && o.path != "/api/v1/events"
		if p["name"] == "sort" {
			for _, value := range asMap(p["schema"])["enum"].([]any) {
				sorts = append(sorts, fmt.Sprint(value))
			}
		}
	}
	return sorts, paged
}

// Each of them is narrowed by its filter to some, and what is left out is there
// without it.
func TestListsAreNarrowed(t *testing.T) {
	g := serve(t)
	play(t, g.ledger)
	for name, filter := range narrowed {
		path := "/api/v1/" + name
		some, whole := g.list(path, filter+"&limit=500"), g.list(path, "limit=500")
		require.NotEmpty(t, some.Items, name)
		require.Subset(t, whole.Items, some.Items, name)
		require.Equal(t, len(some.Items), len(g.pages(path, filter)), "%s in pages", name)
		none := g.list(path, strings.NewReplacer("growers", "nobody", "mill", "nowhere", "brand", "nobody", "miller", "nobody", "dispatch", "no_such", "certifier=certifier", "certifier=nobody").Replace(filter))
		if name != "proposals" { // its filter has no other value
			require.Empty(t, none.Items, name)
		}
	}
}
