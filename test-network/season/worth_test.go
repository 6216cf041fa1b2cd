package season_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/test-network/season"
)

// The season's trade comes to what its shipments and prices say, counted here by
// hand: what a kilogram saves is 0.13152 kg of CO2e.
func TestWhatTheTradeCameTo(t *testing.T) {
	plan := rehearsed(t)
	c := newConsortium(t)
	var out bytes.Buffer
	report, err := plan.Run(t.Context(), season.Options{Gateways: c.gateways(plan.Season.Members), Out: &out})
	require.NoError(t, err)
	w := report.Worth

	require.Len(t, w.Agreements, 2)
	var said [][]string
	for _, a := range w.Agreements {
		for _, p := range a.Periods {
			said = append(said, []string{p.Carried.String(), p.Received.String(), p.Short.String(), p.Forward.String(), p.Charged.String(), p.Premium, p.Shortfall, p.Due})
		}
	}
	require.Equal(t, [][]string{
		// 511.541 t × 11.00 + 67,277.87232 kg × 0.04; 88,459 kg short of 600 t are carried on.
		{"0", "511541", "88459", "88459", "0", "8318.06", "0.00", "8318.06"},
		// 622.132 t and 507.35 t, which make good what was carried in.
		{"88459", "1129482", "0", "0", "0", "18366.28", "0.00", "18366.28"},
		// 597.174 t and 553.98 t; nothing can be carried on, so 48.846 t × 6.00 are owed.
		{"0", "1151154", "48846", "0", "48846", "18718.68", "293.08", "18425.60"},
		// 159.03 t × 18.50, as countered.
		{"0", "159030", "0", "0", "0", "2942.06", "0.00", "2942.06"},
	}, said)
	require.Len(t, w.Open, 1)
	require.Contains(t, out.String(), "manufacturer/OF-2025-03 waits for an answer")

	require.Len(t, w.Projects, 1)
	require.Equal(t, "4086400", w.Projects[0].Introduced.String())
	require.Equal(t, "537443.328", w.Projects[0].Avoided, "4,086,400 kg × 0.13152")
	require.Equal(t, "133.24", w.Projects[0].PerTonne, "71,607.90 / 537.443328")
	var funders [][]string
	all := massbalance.Quantity{}
	for _, o := range w.Projects[0].Parts {
		all = massbalance.Sum(all, o.Bought, o.Unsold, o.Used, o.Lost, o.Forfeited, o.Withdrawn)
		if o.Funder != "" {
			funders = append(funders, []string{string(o.Organisation), o.Bought.String(), o.PerTonne})
		}
	}
	require.Equal(t, [][]string{{"brand", "1191560", "274.16"}, {"miller", "962314.048", "226.31"}}, funders, "the brand's is in biscuits and flour")
	require.Equal(t, "4086400", all.String(), "each gram is somewhere, once")

	require.Equal(t, massbalance.OrganisationID("brand"), w.Scope3.Organisation)
	require.Equal(t, "7948374", w.Scope3.Bought.String(), "6,959,895 kg of biscuits and 988,479 kg of flour came in")
	require.Equal(t, "6362000", w.Scope3.Claimed.String(), "what the eight claims add up to")
}

// A gateway that computes something else than the other party's is found out.
func TestRunFindsAStatementThatDiffers(t *testing.T) {
	plan := rehearsed(t)
	c := newConsortium(t)
	urls := c.gateways(plan.Season.Members)
	urls["miller"] = c.lying(urls["miller"], `"due":"8318.06"`, `"due":"8318.05"`)
	report, err := plan.Run(t.Context(), season.Options{Gateways: urls})
	require.ErrorIs(t, err, season.ErrNotSound)
	require.Equal(t, []string{"growers and miller compute period 1 of growers/OF-2025-01-accepted differently"}, report.Differences)
}
