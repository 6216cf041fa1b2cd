package testnetwork_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/network/consortium"
)

// reach is a gateway's answer on a recalled statement.
type reach struct {
	Recall                                     struct{ Frozen, Claimed string }
	Lots, Claims, UntracedLots, UntracedClaims []string
	Refused                                    []string
}

func fetch(t *testing.T, url string, v any) int {
	t.Helper()
	status, _, body := get(t, url)
	require.NoError(t, json.Unmarshal([]byte(body), v), body)
	return status
}

// largestLot finds the largest open lot of a site.
func largestLot(t *testing.T, base, site string) (id, product string) {
	var lots struct {
		Items []struct{ ID, Product, Available string }
	}
	require.Equal(t, http.StatusOK, fetch(t, base+"/api/v1/lots?available=true&limit=500&site="+site, &lots))
	require.NotEmpty(t, lots.Items)
	largest := lots.Items[0]
	for _, lot := range lots.Items {
		if quantity(t, largest.Available).Less(quantity(t, lot.Available)) {
			largest = lot
		}
	}
	return largest.ID, largest.Product
}

func quantity(t *testing.T, text string) massbalance.Quantity {
	q, err := massbalance.ParseQuantity(text)
	require.NoError(t, err)
	return q
}

// mostlyFrom finds the statement that the largest open lot of a site rests on most.
func mostlyFrom(t *testing.T, base, site string) massbalance.StatementID {
	lot, _ := largestLot(t, base, site)
	var origins struct {
		Origins []struct {
			Statement massbalance.StatementID
			Quantity  string
		}
	}
	require.Equal(t, http.StatusOK, fetch(t, base+"/api/v1/lots/"+lot+"/origins", &origins))
	require.NotEmpty(t, origins.Origins)
	most := origins.Origins[0]
	for _, o := range origins.Origins {
		if quantity(t, most.Quantity).Less(quantity(t, o.Quantity)) {
			most = o
		}
	}
	return most.Statement
}

// recallTracesItself adopts a finding against a statement on which much of the
// mill's stock rests, and does nothing more: the gateways find what rests on it,
// through the mill's pool to a claim, every gateway shows the same, and what is
// frozen stays.
func recallTracesItself(t *testing.T, network *consortium.Network) {
	statement := mostlyFrom(t, network.GatewayURL("miller"), "mill-newark")
	path := "/api/v1/recalls/certifier/" + string(statement) + "/reach"
	finding := massbalance.AdoptFinding{Finding: massbalance.FraudFinding{
		ID: "FF-1", Certifier: "certifier", Statement: statement, Reason: "the field is a car park", Issued: "2025-11-20",
	}}
	for _, org := range []string{"growers", "miller", "brand"} {
		for _, a := range settled(t, network.GatewayURL(org), massbalance.Command{ID: "finding-1", Body: finding}) {
			require.Equal(t, massbalance.Accepted, a.Code, a.Message)
		}
	}
	began := time.Now()
	var found reach
	for _, org := range network.Consortium.Organisations {
		require.Eventually(t, func() bool {
			found = reach{}
			status := fetch(t, network.GatewayURL(org.ID)+path, &found)
			return status == http.StatusOK && len(found.UntracedLots)+len(found.UntracedClaims) == 0
		}, time.Minute, 50*time.Millisecond, org.ID)
	}
	t.Logf("%d lots and %d claims were traced in %s", len(found.Lots), len(found.Claims), time.Since(began).Round(time.Millisecond))
	require.Empty(t, found.Refused)
	require.Greater(t, len(found.Lots), 3)
	require.Contains(t, found.Claims, staleClaim)
	frozen, err := massbalance.ParseQuantity(found.Recall.Frozen)
	require.NoError(t, err)
	require.False(t, frozen.Less(massbalance.Kilograms(1000)), found.Recall.Frozen)
	t.Logf("of statement %s %s kg are frozen, %s kg are to be covered", statement, found.Recall.Frozen, found.Recall.Claimed)
	_, _, page := get(t, network.GatewayURL("certifier")+"/audit")
	require.Contains(t, page, "the field is a car park")
	require.NotContains(t, page, "are not traced yet")

	spent := 0
	for i, id := range found.Lots {
		var lot struct{ Site, Product, Available string }
		require.Equal(t, http.StatusOK, fetch(t, network.GatewayURL("brand")+"/api/v1/lots/"+id, &lot))
		var site struct{ Owner string }
		require.Equal(t, http.StatusOK, fetch(t, network.GatewayURL("brand")+"/api/v1/sites/"+lot.Site, &site))
		left, err := massbalance.ParseQuantity(lot.Available)
		require.NoError(t, err)
		if left.IsZero() {
			continue
		}
		for _, a := range settled(t, network.GatewayURL(site.Owner), massbalance.Command{
			ID: massbalance.CommandID(fmt.Sprintf("spend-%d", i)), Date: "2025-11-20", Period: "2025-Q4", Body: massbalance.Withdraw{
				Site: massbalance.SiteID(lot.Site), Product: massbalance.ProductID(lot.Product), Quantity: left, Purpose: "test",
				Lines: []massbalance.LotLine{{Lot: massbalance.LotID(id), Quantity: left}}},
		}) {
			require.Equal(t, massbalance.Recalled, a.Code, "%s: %s", id, a.Message)
		}
		spent++
	}
	require.Positive(t, spent)
}

// staleClaim is the mill's, on its largest lot.
const staleClaim = "miller/stale"

// stale is what a claim was proven by before something happened to it.
type stale struct {
	trust checkpoint.Trust
	said  string
}

// newStale has the mill claim some of its largest lot, and an outsider verify that.
func newStale(t *testing.T, network *consortium.Network, trust checkpoint.Trust) *stale {
	base := network.GatewayURL("miller")
	lot, product := largestLot(t, base, "mill-newark")
	for _, a := range settled(t, base, massbalance.Command{ID: "stale", Date: "2025-11-20", Period: "2025-Q4", Body: massbalance.ClaimCredits{
		Site: "mill-newark", Product: massbalance.ProductID(product), Lines: []massbalance.LotLine{{Lot: massbalance.LotID(lot), Quantity: massbalance.Kilograms(10)}},
		Beneficiary: "Stale loaf", ReportingYear: 2025, Purpose: "scope 3"}}) {
		require.Equal(t, massbalance.Accepted, a.Code, a.Message)
	}
	s := &stale{trust: trust}
	s.said = s.await(t, network, "none of the farms' statements behind it is recalled")
	return s
}

// await verifies fresh bundles of the claim until one says what is wanted.
func (s *stale) await(t *testing.T, network *consortium.Network, wanted string) (said string) {
	require.Eventually(t, func() bool {
		_, _, file := get(t, network.GatewayURL("growers")+"/api/v1/claims/"+staleClaim+"/bundle")
		said, _ = verified(t, network, s.trust, s.trust.Threshold, file)
		return strings.Contains(said, wanted)
	}, time.Minute, 200*time.Millisecond, wanted)
	return said
}

// saysItsHeight compares what was proven before a recall with what is proven now:
// each says for which block it holds.
func (s *stale) saysItsHeight(t *testing.T, network *consortium.Network) {
	height := func(said string) int {
		found := regexp.MustCompile(`As of block (\d+) of the ledger`).FindStringSubmatch(said)
		require.Len(t, found, 2, said)
		n, err := strconv.Atoi(found[1])
		require.NoError(t, err)
		return n
	}
	fresh := s.await(t, network, "RECALLED by finding FF-1")
	require.Contains(t, fresh, "VERIFIED, BUT THE CLAIM DOES NOT STAND")
	require.NotContains(t, s.said, "DOES NOT STAND")
	require.Greater(t, height(fresh), height(s.said))
}
