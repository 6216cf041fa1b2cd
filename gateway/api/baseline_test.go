package api_test

import (
	"math/big"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// What nobody claimed has the residual: the region's emissions less those of
// what was claimed, spread over the rest.
func TestUnclaimedOutputHasTheResidual(t *testing.T) {
	g := serve(t)
	average, err := massbalance.ParseIntensity("0.5")
	require.NoError(t, err)
	for _, org := range []massbalance.OrganisationID{ledgertest.Growers, ledgertest.Miller, ledgertest.Brand} {
		g.ledger.Must(org, ledgertest.Command("BASE-1", "2026-08-31", massbalance.RegisterBaseline{Baseline: massbalance.Baseline{
			Product: "wheat-flour", Region: "DE-BB", Intensity: average, Source: "test"}}))
	}
	const path = "/api/v1/baselines/wheat-flour/DE-BB?total=100000"
	answer := func(query string) api.BaselineResidual {
		r := g.get(path + query)
		require.Equal(t, http.StatusOK, r.StatusCode, r.body)
		decoded, err := wire.Decode[api.BaselineResidual]([]byte(r.body))
		require.NoError(t, err)
		return decoded
	}
	claim, err := wire.Decode[massbalance.Claim]([]byte(g.get("/api/v1/claims/brand/CLM-1").body))
	require.NoError(t, err)
	left, emissions := big.NewRat(100_000, 1), big.NewRat(50_000, 1)
	for _, line := range claim.Lines {
		set, err := wire.Decode[massbalance.Characteristics]([]byte(g.get("/api/v1/characteristics/" + string(line.Characteristics)).body))
		require.NoError(t, err)
		quantity, _ := new(big.Rat).SetString(line.Quantity.String())
		perKg, _ := new(big.Rat).SetString(set.Carbon.ExcludingUptake().String())
		left.Sub(left, quantity)
		emissions.Sub(emissions, perKg.Mul(perKg, quantity))
	}
	got := answer("")
	require.Equal(t, "20000.777", got.Claimed.String())
	require.Equal(t, left.FloatString(3), got.Unclaimed.String())
	exact := new(big.Rat).Quo(emissions, left)
	residual, ok := new(big.Rat).SetString(got.Residual.String())
	require.True(t, ok)
	require.GreaterOrEqual(t, residual.Cmp(exact), 0, "rounded up")
	require.Negative(t, residual.Sub(residual, exact).Cmp(big.NewRat(1, 1_000_000)), "at six decimals")
	require.Positive(t, exact.Cmp(big.NewRat(1, 2)), "claims of less than the average raise what is left")

	none := answer("&year=2025")
	require.Equal(t, "0", none.Claimed.String())
	require.Equal(t, "0.5", none.Residual.String(), "without claims the residual is the average")

	r := g.get("/api/v1/baselines/wheat-flour/DE-BB?total=20000")
	require.NotContains(t, r.body, "residual", "more was claimed than there is")
	require.Equal(t, http.StatusNotFound, g.get("/api/v1/baselines/wheat-flour/FR-01?total=1").StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, g.get("/api/v1/baselines/wheat-flour/DE-BB?total=1,5").StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, g.get("/api/v1/baselines/wheat-flour/DE-BB").StatusCode)
}
