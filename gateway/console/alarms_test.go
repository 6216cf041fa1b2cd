package console_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/console"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/proof/witness"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
)

// split is the miller's console after its gateway compared its log with that of the
// brand, which shows another ledger.
func split(t *testing.T) *served {
	t.Helper()
	signers := map[massbalance.OrganisationID]*checkpoint.Signer{}
	for _, org := range []massbalance.OrganisationID{ledgertest.Miller, ledgertest.Brand} {
		seed := sha256.Sum256([]byte(org))
		signers[org] = &checkpoint.Signer{Organisation: org, Private: ed25519.NewKeyFromSeed(seed[:])}
	}
	forked := func(kg string) *ledgertest.Ledger {
		l := ledgertest.New(t)
		l.Found()
		for org, signer := range signers {
			for _, voter := range []massbalance.OrganisationID{ledgertest.Growers, ledgertest.Miller, ledgertest.Manufacturer} {
				l.Must(voter, massbalance.Command{ID: massbalance.CommandID("COS-" + org), Body: massbalance.RegisterCosigner{
					Cosigner: massbalance.Cosigner{Organisation: org, Key: massbalance.LogKey(signer.Public()), Version: 1}}})
			}
		}
		l.Must(ledgertest.Miller, ledgertest.Command("T-1", "2026-08-01", massbalance.TakeIn{Site: "mill", Product: "wheat", Quantity: ledgertest.Kg(kg), Supplier: "S", Evidence: "WB-1"}))
		return l
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	of := func(org massbalance.OrganisationID, l *ledgertest.Ledger, others map[massbalance.OrganisationID]string) *witness.Witness {
		model, err := readmodel.Open(t.TempDir())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, model.Close()) })
		for _, b := range l.Blocks() {
			require.NoError(t, model.Apply(t.Context(), b))
		}
		w, err := witness.New(t.Context(), witness.Options{Organisation: org, Model: model, Store: storetest.Own(t), Signer: signers[org], Others: others, Log: log})
		require.NoError(t, err)
		return w
	}
	mux := access.NewMux()
	of(ledgertest.Brand, forked("2000"), nil).Register(mux)
	brand := httptest.NewServer(mux)
	t.Cleanup(brand.Close)
	ours := forked("1000")
	miller := of(ledgertest.Miller, ours, map[massbalance.OrganisationID]string{ledgertest.Brand: brand.URL, ledgertest.Growers: "http://127.0.0.1:1"})
	miller.Round(t.Context())
	return serve(t, "miller", ours, func(o *console.Options) { o.Logs = miller })
}

// The alarms' page shows both sides of a split view with what differs, whose
// cosignatures are refused, and whose gateway could not be asked; every page warns.
func TestAlarmsShowBothSides(t *testing.T) {
	s := split(t)
	page, _ := s.get("/alarms", http.StatusOK)
	shown := text(page)
	for _, want := range []string{
		"Split view: Morgenbrot and this gateway show different logs", "This gateway weighbridge/00000000000000000000000000000000", "Signatures",
		"Morgenbrothttp://127.0.0.1", "refused 0 0 contradicts ours", "couldn't be compared: ", "What differs is marked", "do not count: it has no key on the ledger", "connection refused", "0 findings",
	} {
		require.Contains(t, shown, want)
	}
	require.Regexp(t, `<mark>[A-Za-z0-9/&#;]+=</mark>`, page)
	require.NotContains(t, page, "Take note", "who is no administrator reads")
	home, _ := s.get("/sites", http.StatusOK)
	require.Contains(t, text(home), "Logs contradict each other. The log of brand contradicts ours (split view, at record 33). Show both sides")

	quiet, _ := serve(t, "miller", season(t)).get("/alarms", http.StatusOK)
	require.Contains(t, text(quiet), "0 open alarms: no log was compared with this gateway's yet")
	require.Contains(t, text(quiet), "No other organisation's gateway is named in the settings")
}
