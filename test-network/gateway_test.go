package testnetwork_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/network/consortium"
	"github.com/weighbridge/weighbridge/test-network/balances"
)

// tokens says with what each gateway is called, by its host and port.
type tokens struct{ sync.Map }

var known tokens

// asking calls every gateway that known knows with its token.
var asking = &http.Client{Transport: &known}

func (k *tokens) RoundTrip(r *http.Request) (*http.Response, error) {
	if token, ok := k.Load(r.URL.Host); ok {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+token.(string))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// learn reads the tokens of a network's gateways.
func learn(t *testing.T, network *consortium.Network) map[string]string {
	t.Helper()
	byOrganisation := map[string]string{}
	for _, organisation := range network.Consortium.Organisations {
		token, err := network.GatewayToken(organisation.ID)
		require.NoError(t, err)
		base, err := url.Parse(network.GatewayURL(organisation.ID))
		require.NoError(t, err)
		known.Store(base.Host, token)
		byOrganisation[organisation.ID] = token
	}
	return byOrganisation
}

// answer is one command's part of a gateway's answer, or a problem.
type answer struct {
	Command  string
	Stage    string
	Code     massbalance.Code
	Message  string
	Detail   string
	Repeated bool
	Figures  *struct{ Have, Need, Short string }
}

// post sends a body to a gateway's commands and reads the answer into v.
func post(t *testing.T, base, body string, v any) int {
	t.Helper()
	response, err := asking.Post(base+"/api/v1/commands", "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer response.Body.Close()
	require.NoError(t, json.NewDecoder(response.Body).Decode(v))
	return response.StatusCode
}

func get(t *testing.T, url string) (int, http.Header, string) {
	t.Helper()
	response, err := asking.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, response.Header, string(body)
}

// settled sends commands until each has an outcome that is an answer of the
// rules: peers that lag or are away are no answer.
func settled(t *testing.T, base string, commands ...massbalance.Command) []answer {
	t.Helper()
	body, err := wire.Format(commands)
	require.NoError(t, err)
	var answers []answer
	require.Eventually(t, func() bool {
		response, err := asking.Post(base+"/api/v1/commands", "application/json", bytes.NewReader(body))
		if err != nil {
			return false
		}
		defer response.Body.Close()
		answers = nil
		if json.NewDecoder(response.Body).Decode(&answers) != nil || len(answers) != len(commands) {
			return false
		}
		for _, a := range answers {
			if a.Stage != "valid" && a.Stage != "refused" {
				return false
			}
		}
		return true
	}, time.Minute, 100*time.Millisecond)
	return answers
}

func apiAnswers(t *testing.T, network *consortium.Network) {
	growers := network.GatewayURL("growers")
	var a answer
	require.Equal(t, http.StatusBadRequest, post(t, growers, `{"id":"x","type":"take_in","body":{"quantity":"1,5"}}`, &a))
	require.Contains(t, a.Detail, "quantity")
	require.Equal(t, http.StatusBadRequest, post(t, growers, `{"id":"x","id":"y"}`, &a))
	require.Equal(t, http.StatusUnprocessableEntity, post(t, growers, `{"id":"api-1","type":"withdraw","date":"2025-11-03","period":"2025-Q4","body":{"site":"elevator-ely","product":"wheat","quantity":"250000.001","purpose":"test"}}`, &a))
	require.Equal(t, massbalance.InsufficientStock, a.Code)
	require.Equal(t, "0.001", a.Figures.Short)

	status, header, body := get(t, growers+"/api/v1/sites")
	require.Equal(t, http.StatusOK, status)
	require.NotEmpty(t, header.Get("Weighbridge-Height"))
	require.Contains(t, body, "elevator-ely")
	strangers, err := http.Get(growers + "/api/v1/sites")
	require.NoError(t, err)
	require.NoError(t, strangers.Body.Close())
	require.Equal(t, http.StatusUnauthorized, strangers.StatusCode, "without a token")
	foreign, err := http.NewRequest(http.MethodGet, growers+"/api/v1/sites", nil)
	require.NoError(t, err)
	token, err := network.GatewayToken("miller")
	require.NoError(t, err)
	foreign.Header.Set("Authorization", "Bearer "+token)
	refused, err := http.DefaultClient.Do(foreign)
	require.NoError(t, err)
	require.NoError(t, refused.Body.Close())
	require.Equal(t, http.StatusUnauthorized, refused.StatusCode, "with another organisation's token")
	_, _, body = get(t, growers+"/api/v1/records?limit=1&order=newest")
	require.Contains(t, body, `"by":"token network"`, "who gave a command stands on the ledger")

	status, header, _ = get(t, growers+"/api/v1/lots/none/none/1")
	require.Equal(t, http.StatusNotFound, status)
	require.Contains(t, header.Get("Content-Type"), "application/problem+json")
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/openapi.json"} {
		status, _, _ := get(t, growers+path)
		require.Equal(t, http.StatusOK, status, path)
	}
}

// balancesOfACountry runs FAO's balances of Ghana through the network: each row
// is one request, and so one transaction, of the miller's gateway.
func balancesOfACountry(t *testing.T, network *consortium.Network) {
	file, err := os.Open(filepath.Join("..", "..", "shared", "data", "fao_balances.csv"))
	if os.IsNotExist(err) {
		t.Skip("FAO balances are not there: this test runs where they are")
	}
	require.NoError(t, err)
	defer file.Close()
	all, err := balances.Read(file)
	require.NoError(t, err)
	var rows []balances.Row
	products := map[massbalance.ProductID]bool{"wheat": true} // the season has it
	for _, row := range all {
		if row.Area != "Ghana" {
			continue
		}
		rows = append(rows, row)
		if !products[row.Product()] {
			products[row.Product()] = true
			for _, org := range []string{"growers", "miller", "brand"} {
				settled(t, network.GatewayURL(org), massbalance.Command{
					ID: massbalance.CommandID("fao-" + row.Product()), Body: massbalance.RegisterProduct{Product: massbalance.Product{ID: row.Product(), Name: row.Commodity}},
				})
			}
		}
	}
	var group errgroup.Group
	group.SetLimit(16)
	var mutex sync.Mutex
	refusals := 0
	for _, row := range rows {
		group.Go(func() error {
			if checkRow(t, row, settled(t, network.GatewayURL("miller"), row.Commands()...)) {
				mutex.Lock()
				defer mutex.Unlock()
				refusals++
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	t.Logf("%d rows of Ghana, %d of them refused", len(rows), refusals)
	require.Positive(t, refusals)
}

// checkRow compares a row's answers with the prediction; true if it was refused.
func checkRow(t *testing.T, row balances.Row, answers []answer) bool {
	refused, left := row.Predict()
	for i, a := range answers {
		if refused < 0 || i < len(answers)-1 {
			require.Equal(t, massbalance.Accepted, a.Code, "line %d: %s", row.Line, a.Message)
			continue
		}
		require.Equal(t, massbalance.InsufficientStock, a.Code, "line %d: %s", row.Line, a.Message)
		short, err := massbalance.ParseQuantity(a.Figures.Short)
		require.NoError(t, err)
		require.Equal(t, new(big.Int).Neg(left).String(), massbalance.GramsOf(short).String(), "line %d", row.Line)
	}
	return refused >= 0
}

// gatewayOutlivesItsPeer kills the miller's peer under its gateway: the gateway
// says that it is not ready, others go on, and it catches up by itself.
func gatewayOutlivesItsPeer(t *testing.T, network *consortium.Network) {
	ready := func() bool {
		response, err := http.Get(network.GatewayURL("miller") + "/readyz")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	}
	take := func(id, site string) massbalance.Command {
		return massbalance.Command{ID: massbalance.CommandID(id), Date: "2025-11-03", Period: "2025-Q4", Body: massbalance.TakeIn{
			Site: massbalance.SiteID(site), Product: "wheat", Quantity: massbalance.Kilograms(1), Evidence: massbalance.EvidenceID(id),
		}}
	}
	withdraw := func(id, site string) massbalance.Command {
		c := take(id, site)
		c.Body = massbalance.Withdraw{Site: massbalance.SiteID(site), Product: "wheat", Quantity: massbalance.Kilograms(1), Purpose: "undo"}
		return c
	}
	require.Eventually(t, ready, time.Minute, 50*time.Millisecond)
	require.NoError(t, network.KillNode(t.Context(), "peer.miller"))
	require.Eventually(t, func() bool { return !ready() }, time.Minute, 50*time.Millisecond)
	for _, a := range settled(t, network.GatewayURL("growers"), take("outlive-1", "elevator-ely"), withdraw("outlive-2", "elevator-ely")) {
		require.Equal(t, massbalance.Accepted, a.Code, a.Message)
	}
	require.NoError(t, network.StartNode(t.Context(), "peer.miller"))
	require.Eventually(t, ready, time.Minute, 50*time.Millisecond)
	require.Eventually(t, func() bool {
		status, _, _ := get(t, network.GatewayURL("miller")+"/api/v1/commands/growers/outlive-2")
		return status == http.StatusOK
	}, time.Minute, 50*time.Millisecond)
	for _, a := range settled(t, network.GatewayURL("miller"), take("outlive-3", "mill-newark"), withdraw("outlive-4", "mill-newark")) {
		require.Equal(t, massbalance.Accepted, a.Code, a.Message)
	}
}

// readModelIsFoldedAgain deletes the brand's database: what the gateway folds
// from the blocks gives the same answers.
func readModelIsFoldedAgain(t *testing.T, network *consortium.Network) {
	base := network.GatewayURL("brand")
	reads := []string{"/api/v1/sites", "/api/v1/lots?limit=500", "/api/v1/transfers?limit=500", "/api/v1/claims", "/api/v1/records?limit=500", "/api/v1/claims/brand/CL-2025-03/origins"}
	read := func() []string {
		var all []string
		for _, path := range reads {
			status, _, body := get(t, base+path)
			require.Equal(t, http.StatusOK, status, "%s: %s", path, body)
			all = append(all, body)
		}
		return all
	}
	before := read()
	require.NoError(t, network.StopNode(t.Context(), "gateway.brand"))
	databases, err := filepath.Glob(filepath.Join(network.Layout.Root, "organisations", "brand", "gateway", "data", "readmodel*"))
	require.NoError(t, err)
	require.NotEmpty(t, databases)
	for _, path := range databases {
		require.NoError(t, os.RemoveAll(path))
	}
	require.NoError(t, network.StartNode(t.Context(), "gateway.brand"))
	require.Equal(t, before, read())
}
