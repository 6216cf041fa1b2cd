package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/block"
	"github.com/weighbridge/weighbridge/gateway/journal"
	"github.com/weighbridge/weighbridge/gateway/proof/witness"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/store"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
	"github.com/weighbridge/weighbridge/gateway/trade"
	"github.com/weighbridge/weighbridge/gateway/webhooks"
)

// consortium is a ledger in memory, with the private data of its members. They
// share a read model: what is on the ledger all can read anyway.
type consortium struct {
	*ledgertest.Ledger
	t     *testing.T
	model *readmodel.Model
	vault ledgertest.Vault
}

// newConsortium is one at the end of a season.
func newConsortium(t *testing.T) *consortium {
	t.Helper()
	c := &consortium{Ledger: ledgertest.New(t), t: t}
	c.Season()
	c.model = c.Model()
	return c
}

// front is all that a gateway serves, made as serve makes it, over a ledger in
// memory, with its accounts.
type front struct {
	t        *testing.T
	process  *process
	accounts *access.Accounts
	handler  *api.Handler
	own      *store.Store
	url      string
	clock    time.Time
}

const phrase = "a few words in a row"

// newFront is the growers' gateway.
func newFront(t *testing.T, change ...func(*access.Options)) *front {
	t.Helper()
	return newConsortium(t).front(ledgertest.Growers, nil, change...)
}

// front opens a member's gateway. configure, unless nil, changes its settings.
func (c *consortium) front(org massbalance.OrganisationID, configure func(*config), change ...func(*access.Options)) *front {
	t := c.t
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	settings := config{Organisation: org, Role: massbalance.Trading, Data: t.TempDir(), Limits: limitsConfig{1e6, 1e6, 1e6, 1e6}}
	if org == ledgertest.Certifier {
		settings.Role = massbalance.Certification
	}
	if configure != nil {
		configure(&settings)
	}
	own := storetest.Own(t)
	p := &process{
		config: settings, log: log, model: c.model, own: own, follower: block.NewFollower(nil), metrics: prometheus.NewRegistry(),
		health: health{standby: true, chain: uint64(len(c.Blocks()))},
	}
	var err error
	p.journal, err = journal.Open(t.Context(), journal.Options{Store: own, Next: ledgertest.Member{Ledger: c.Ledger, Organisation: org}, Carrier: string(org), Log: log})
	require.NoError(t, err)
	t.Cleanup(p.journal.Close)
	p.trade, err = trade.NewDesk(t.Context(), org, c.vault.Of(org), c.model, own)
	require.NoError(t, err)
	p.webhooks, err = webhooks.New(t.Context(), webhooks.Options{Organisation: org, Model: c.model, Store: own, Log: log})
	require.NoError(t, err)
	p.witness, err = witness.New(t.Context(), witness.Options{Organisation: org, Model: c.model, Store: own, Metrics: p.metrics, Log: log})
	require.NoError(t, err)
	return p.front(t, change...)
}

// front serves what the process serves.
func (p *process) front(t *testing.T, change ...func(*access.Options)) *front {
	t.Helper()
	f := &front{t: t, process: p, own: p.own, clock: time.Now()}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.handler.ServeHTTP(w, r) }))
	f.url = "http://" + server.Listener.Addr().String()
	o := access.Options{Organisation: string(p.config.Organisation), PublicURL: f.url, Now: func() time.Time { return f.clock }}
	for _, c := range change {
		c(&o)
	}
	var err error
	f.accounts, err = access.Open(t.Context(), p.own, o)
	require.NoError(t, err)
	p.desk = &access.Desk{Accounts: f.accounts, Organisation: p.config.Organisation, Model: p.model, Next: p.journal, Log: p.log}
	require.NoError(t, p.openImports(t.Context()))
	t.Cleanup(p.imports.Close)
	stopping, stop := context.WithCancel(context.Background())
	f.handler = p.handler(stopping)
	server.Start()
	t.Cleanup(func() { stop(); server.Close() })
	return f
}

// session signs somebody in by a link.
func (f *front) session(user string) *http.Cookie {
	f.t.Helper()
	link, err := f.accounts.SignInLink(f.t.Context(), user)
	require.NoError(f.t, err)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get(f.url + link)
	require.NoError(f.t, err)
	require.NoError(f.t, response.Body.Close())
	require.Equal(f.t, http.StatusSeeOther, response.StatusCode)
	require.Len(f.t, response.Cookies(), 1)
	return response.Cookies()[0]
}

func (f *front) user(name string, roles ...access.Role) *http.Cookie {
	f.t.Helper()
	require.NoError(f.t, f.accounts.AddUser(f.t.Context(), access.User{Name: name, Roles: roles}))
	return f.session(name)
}

func (f *front) token(owner string, expires time.Time, scopes ...access.Permission) (string, string) {
	f.t.Helper()
	t, secret, err := f.accounts.AddToken(f.t.Context(), access.Token{Label: "machine", Owner: owner, Scopes: scopes, Expires: expires})
	require.NoError(f.t, err)
	return t.ID, secret
}
