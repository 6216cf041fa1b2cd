package api_test

import (
	"crypto/ed25519"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/proof/witness"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/store"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
	"github.com/weighbridge/weighbridge/gateway/trade"
	"github.com/weighbridge/weighbridge/gateway/webhooks"
)

// gateway is a served interface over a real ledger in memory.
type gateway struct {
	t      *testing.T
	ledger *ledgertest.Ledger
	model  *readmodel.Model
	url    string
}

func serve(t *testing.T, change ...func(*api.Options)) gateway {
	t.Helper()
	ledger := ledgertest.New(t)
	ledger.Season()
	model := ledger.Model()
	o := api.Options{
		Organisation: ledgertest.Growers, Role: massbalance.Trading, Model: model,
		Submitter: ledgertest.Member{Ledger: ledger, Organisation: ledgertest.Growers},
		Status:    func() api.Status { return api.Status{Connected: true, Chain: uint64(len(ledger.Blocks()))} },
		Gate:      access.Local{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Wait: 50 * time.Millisecond,
	}
	own := storetest.Own(t)
	accounts, err := access.Open(t.Context(), own, access.Options{})
	require.NoError(t, err)
	o.Desk = &access.Desk{Accounts: accounts, Organisation: o.Organisation, Model: model, Next: o.Submitter, Log: o.Log}
	allow, err := webhooks.ParseAllow("127.0.0.1")
	require.NoError(t, err)
	o.Webhooks, err = webhooks.New(t.Context(), webhooks.Options{Organisation: o.Organisation, Model: model, Store: own, Log: o.Log, Allow: allow})
	require.NoError(t, err)
	log, err := witness.New(t.Context(), witness.Options{
		Organisation: o.Organisation, Model: model, Store: own, Log: o.Log, Others: map[massbalance.OrganisationID]string{ledgertest.Miller: "http://127.0.0.1:1"},
		Signer: &checkpoint.Signer{Organisation: o.Organisation, Private: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))},
	})
	require.NoError(t, err)
	log.Round(t.Context())
	o.Transparency = log
	var vault ledgertest.Vault
	keepBargain(t, &vault)
	o.Trade, err = trade.NewDesk(t.Context(), o.Organisation, vault.Of(o.Organisation), model, own)
	require.NoError(t, err)
	for _, c := range change {
		c(&o)
	}
	if o.Imports == nil {
		o.Imports = importer(t, own, o)
	}
	server := httptest.NewServer(api.New(o))
	t.Cleanup(server.Close)
	return gateway{t, ledger, model, server.URL}
}

// reply is an answer with its body read.
type reply struct {
	*http.Response
	body string
}

func (g gateway) do(method, path, body string, header ...string) reply {
	g.t.Helper()
	request, err := http.NewRequestWithContext(g.t.Context(), method, g.url+path, strings.NewReader(body))
	require.NoError(g.t, err)
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			request.Host = header[i+1]
			continue
		}
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(g.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(g.t, err)
	return reply{response, strings.TrimSpace(string(text))}
}

func (g gateway) get(path string) reply { g.t.Helper(); return g.do(http.MethodGet, path, "") }

func (g gateway) post(body string, header ...string) reply {
	g.t.Helper()
	return g.do(http.MethodPost, "/api/v1/commands", body, append([]string{"Content-Type", "application/json"}, header...)...)
}

// problem checks that the answer is one, of this status.
func (r reply) problem(t *testing.T, status int) map[string]any {
	t.Helper()
	require.Equal(t, status, r.StatusCode, r.body)
	require.Equal(t, "application/problem+json", r.Header.Get("Content-Type"))
	var p map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.body), &p))
	require.EqualValues(t, status, p["status"])
	require.NotEmpty(t, p["title"])
	require.NotEmpty(t, p["detail"])
	return p
}

// importer imports files for the interface.
func importer(t *testing.T, own *store.Store, o api.Options) *imports.Importer {
	t.Helper()
	opened, err := imports.Open(t.Context(), imports.Options{Organisation: o.Organisation, Model: o.Model, Submitter: o.Submitter, Store: own, Log: o.Log})
	require.NoError(t, err)
	t.Cleanup(opened.Close)
	return opened
}
