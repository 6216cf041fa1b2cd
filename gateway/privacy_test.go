package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// names are what the wildcards of a route stand for, by the part of the path
// before them: things of the season, and of the bargain that struck makes.
var names = map[string][]string{
	"baselines": {"wheat", "DE-BB"}, "blocks": {"1"}, "certificates": {"certifier", "CERT-2026-04"}, "certifiers": {"certifier"},
	"characteristics": {"af6e3ad08fb450259baf9728d681241c67cfe1fd1e6748fde41d4305f4604a87"}, "claims": {"brand", "CLM-1"}, "commands": {"growers", "INT-1"},
	"conversions": {"miller", "CNV-1"}, "do": {"take-in"}, "lots": {"growers", "INT-4", "1"}, "periods": {"2026-Q3"}, "products": {"wheat"}, "profiles": {"REGEN-PLUS"},
	"recalls": {"certifier", "VS-2026-013"}, "recipes": {"milling"}, "records": {"growers", "BARGAIN"}, "scope3": {"brand", "2026"}, "sites": {"elevator"},
	"statements": {"certifier", "VS-2026-011"}, "transfers": {"growers", "DSP-1"}, "checkpoints": {"1"}, "tile": {"0/000"},
}

// fill puts names into a route's wildcards. Periods of agreements are numbered.
func fill(pattern string, extra map[string][]string) string {
	parts := strings.Split(strings.ReplaceAll(pattern, "{$}", ""), "/")
	var next []string
	for i, part := range parts {
		switch {
		case !strings.HasPrefix(part, "{"):
			if next = extra[part]; next == nil {
				next = names[part]
			}
			if part == "periods" && strings.Contains(pattern, "/agreements/") {
				next = []string{"1"}
			}
		case len(next) > 0:
			parts[i], next = next[0], next[1:]
		default:
			parts[i] = "none"
		}
	}
	return strings.Join(parts, "/")
}

// send sends a request with a token or a cookie and returns the answer.
func (f *front) send(method, path, body string, c caller) (int, string) {
	f.t.Helper()
	request, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, strings.NewReader(body))
	require.NoError(f.t, err)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if c.cookie != nil {
		request.AddCookie(c.cookie)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(f.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(f.t, err)
	return response.StatusCode, string(answer)
}

func formatted(t *testing.T, value any) string {
	t.Helper()
	written, err := wire.Format(value)
	require.NoError(t, err)
	return string(written)
}

// everythingRead asks for every route that is read, as somebody, and hands over
// each answer. The stream of events has no end; it says what records do.
func (f *front) everythingRead(c caller, extra map[string][]string, look func(pattern string, status int, body string)) {
	f.t.Helper()
	for _, pattern := range f.handler.Routes.Patterns() {
		path, ok := strings.CutPrefix(pattern, "GET ")
		if !ok || path == "/api/v1/events" || strings.HasPrefix(path, "/sign-in/") {
			continue
		}
		status, body := f.send(http.MethodGet, fill(path, extra), "", c)
		require.Less(f.t, status, 500, "%s: %s", pattern, body)
		look(pattern, status, body)
	}
}

// What two members agreed on.
const (
	secretPrice = "44.123456"
	secretNote  = "between the two of us"
)

// struck is a bargain between the growers and the miller, made at their gateways.
func (c *consortium) struck(growers, miller caller, at *front, other *front) (agreement, digest string) {
	c.t.Helper()
	price, err := trade.ParseMoney(secretPrice)
	require.NoError(c.t, err)
	offer := api.OfferRequest{ID: "BARGAIN", Date: "2026-08-03", Offer: trade.Draft{Expires: "2026-08-31", Proposals: []trade.Proposal{{
		Buyer: ledgertest.Miller, Note: secretNote, Price: trade.Price{Currency: "EUR", PerTonne: price},
		Commitment: massbalance.Commitment{
			Product: "wheat", Specification: massbalance.Specification{Model: massbalance.MassBalance},
			Periods: []massbalance.SupplyPeriod{{From: "2026-08-01", To: "2026-08-31", Minimum: ledgertest.Kg("0"), Maximum: ledgertest.Kg("30000")}},
		},
	}}}}
	status, body := at.send(http.MethodPost, "/api/v1/trade/offers", formatted(c.t, offer), growers)
	require.Equal(c.t, http.StatusOK, status, body)
	status, body = other.send(http.MethodPost, "/api/v1/trade/acceptances",
		formatted(c.t, api.AcceptanceRequest{ID: "DEAL", Date: "2026-08-04", Offer: "growers/BARGAIN", Buyer: ledgertest.Miller}), miller)
	require.Equal(c.t, http.StatusOK, status, body)
	_, body = other.send(http.MethodGet, "/api/v1/agreements", "", miller)
	var list struct{ Items []struct{ ID, Terms string } }
	require.NoError(c.t, json.Unmarshal([]byte(body), &list))
	require.Len(c.t, list.Items, 1)
	return list.Items[0].ID, list.Items[0].Terms
}

// What two members agreed on is shown by their two gateways, and by no route of
// anybody else's, whoever asks there.
func TestNobodySeesWhatOthersAgreedOn(t *testing.T) {
	c := newConsortium(t)
	fronts, callers := map[massbalance.OrganisationID]*front{}, map[massbalance.OrganisationID]caller{}
	for _, org := range []massbalance.OrganisationID{ledgertest.Growers, ledgertest.Miller, ledgertest.Brand, ledgertest.Certifier} {
		fronts[org] = c.front(org, nil)
		callers[org] = caller{cookie: fronts[org].user("all", access.Roles...)}
	}
	agreement, digest := c.struck(callers[ledgertest.Growers], callers[ledgertest.Miller], fronts[ledgertest.Growers], fronts[ledgertest.Miller])
	extra := map[string][]string{"terms": {digest}, "agreements": strings.Split(agreement, "/")}
	for org, f := range fronts {
		shown := map[string]bool{}
		f.everythingRead(callers[org], extra, func(pattern string, _ int, body string) {
			if strings.Contains(body, secretPrice) || strings.Contains(body, secretNote) {
				shown[pattern] = true
			}
		})
		if org == ledgertest.Growers || org == ledgertest.Miller {
			require.True(t, shown["GET /api/v1/trade/terms/{digest}"], "%s: %v", org, shown)
		} else {
			require.Empty(t, shown, "%s is no party", org)
		}
	}
}

// No route, asked by whoever may do everything, shows what lets somebody in.
func TestNoRouteShowsASecret(t *testing.T) {
	f := newFront(t)
	root := caller{cookie: f.user("root", access.Roles...)}
	ctx := access.With(t.Context(), access.Actor{Name: "root", User: "root"})
	require.NoError(t, f.accounts.AddUser(ctx, access.User{Name: "anna", Roles: []access.Role{access.Operator}}))
	_, token := f.token("anna", f.clock.Add(time.Hour), access.Read)
	status, body := f.send(http.MethodPost, "/api/v1/webhooks", `{"url":"https://erp.example/hooks"}`, root)
	require.Equal(t, http.StatusCreated, status, body)
	var hook struct{ ID, Secret string }
	require.NoError(t, json.Unmarshal([]byte(body), &hook))
	require.NotEmpty(t, hook.Secret)
	_, link := f.send(http.MethodPost, "/api/v1/users/anna/sign-in-link", "", root)
	var signIn struct{ Path string }
	require.NoError(t, json.Unmarshal([]byte(link), &signIn))
	_, ticket, _ := strings.Cut(signIn.Path, "=")
	require.NotEmpty(t, ticket)
	secrets := map[string]string{"token": token, "webhook": hook.Secret, "session": root.cookie.Value, "sign-in link": ticket, "password": "$argon2id$"}
	f.everythingRead(root, map[string][]string{"webhooks": {hook.ID}}, func(pattern string, _ int, body string) {
		for what, secret := range secrets {
			require.NotContains(t, body, secret, "%s shows a %s", pattern, what)
		}
	})
}

// Somebody without the role sees their own tokens and nobody else's, nor what
// others did.
func TestPeopleSeeTheirOwn(t *testing.T) {
	f := newFront(t)
	anna, ben := caller{cookie: f.user("anna", access.Viewer)}, caller{cookie: f.user("ben", access.Operator)}
	id, _ := f.token("ben", f.clock.Add(time.Hour), access.Read)
	mine, _ := f.token("anna", f.clock.Add(time.Hour), access.Read)
	f.everythingRead(anna, nil, func(pattern string, status int, body string) {
		if status == http.StatusOK {
			require.NotContains(t, body, id, "%s shows ben's token", pattern)
		}
	})
	_, page := f.send(http.MethodGet, "/account", "", anna)
	require.Contains(t, page, mine)
	_, page = f.send(http.MethodGet, "/account", "", ben)
	require.Contains(t, page, id)
	require.NotContains(t, page, mine)
}

// Whoever imports a file, or has one imported by a token, stands in each command
// that came of it.
func TestWhoImportedStandsOnTheLedger(t *testing.T) {
	c := newConsortium(t)
	f := c.front(ledgertest.Growers, nil)
	anna := caller{cookie: f.user("anna", access.Operator)}
	_, machine := f.token("anna", f.clock.Add(time.Hour), access.Read, access.Operate)
	for who, want := range map[string]caller{"anna": anna, "anna by token machine": {token: machine}} {
		ticket := "I-" + strings.ReplaceAll(who, " ", "-")
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"/api/v1/imports?kind=tickets&site=elevator",
			strings.NewReader("ticket,date,supplier,product,net kg\n"+ticket+",2026-08-20,Somebody,wheat,1000\n"))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "text/csv")
		request.Header.Set("Sec-Fetch-Site", "same-origin")
		if want.cookie != nil {
			request.AddCookie(want.cookie)
		} else {
			request.Header.Set("Authorization", "Bearer "+want.token)
		}
		response, err := http.DefaultTransport.RoundTrip(request)
		require.NoError(t, err)
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusAccepted, response.StatusCode, "%s", answer)
		require.Eventually(t, func() bool {
			status, body := f.send(http.MethodGet, "/api/v1/commands/growers/"+ticket, "", anna)
			return status == http.StatusOK && strings.Contains(body, `"by":"`+who+`"`)
		}, 10*time.Second, 10*time.Millisecond, who)
	}
}
