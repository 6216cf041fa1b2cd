package massbalance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// claimed claims 1 t of each of some lots of wheat at the elevator.
func (l *ledger) claimed(lots ...LotID) Claim {
	l.t.Helper()
	var lines []LotLine
	for _, id := range lots {
		lines = append(lines, LotLine{id, kg("1000")})
	}
	result := l.must("growers", ClaimCredits{Site: "elevator", Product: "wheat", Lines: lines, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"})
	return l.state[ClaimKey(ClaimID(result.Subject))].(Claim)
}

// A claim says by how much its wheat differs from the average: 400 − 294 kg CO2e
// per tonne, and the 30 kg that were removed are not netted with them.
func TestAClaimStatesItsDifferenceToTheAverage(t *testing.T) {
	l, first, second := stocked(t)
	high := l.emits("high", "5000", func(c *Carbon) { c.Fossil, c.LandUseChange = figure("0.4"), figure("0.100001") })
	require.Empty(t, l.claimed(first).Baselines, "none is adopted yet")
	average := Baseline{Product: "wheat", Region: "FRF2", Intensity: intensity("0.4"), Source: "national inventory 2024"}
	l.must("growers", RegisterBaseline{average})
	require.Empty(t, l.claimed(first).Baselines, "one of four is no majority")
	l.adopt(RegisterBaseline{average})
	elsewhere := average
	elsewhere.Region = "FRE1"
	l.adopt(RegisterBaseline{elsewhere})

	claim := l.claimed(first, high)
	require.Len(t, claim.Baselines, 2)
	low, more := claim.Baselines[0], claim.Baselines[1]
	require.Equal(t, first, low.Lot)
	require.Equal(t, "FRF2", low.Region)
	require.Equal(t, 1, low.Version)
	require.Equal(t, []string{"400", "294", "106", "0", "-30", "0"}, comparison(low))
	require.Equal(t, "-100.001", more.Difference.String(), "more than the average")

	average.Version, average.Intensity = 2, intensity("0.35")
	l.adopt(RegisterBaseline{average})
	next := l.claimed(second).Baselines[0]
	require.Equal(t, 2, next.Version)
	require.Equal(t, "56", next.Difference.String())
	require.Equal(t, low, l.state[ClaimKey(claim.ID)].(Claim).Baselines[0], "what was claimed stays as it was compared")
	l.check()

	claim.Baselines = append([]Comparison{}, claim.Baselines...)
	claim.Baselines[0].Difference = more.Difference
	l.state[ClaimKey(claim.ID)] = claim
	require.Contains(t, Recount(l.entries).CompareState(l.state)[0], "is not recounted")
	claim.Baselines = nil
	l.state[ClaimKey(claim.ID)] = claim
	require.Contains(t, Recount(l.entries).CompareState(l.state)[0], "claims compare 1 lines with an average, recounted 3")
}

func comparison(c Comparison) (figures []string) {
	for _, e := range []Emissions{c.Average, c.Emissions, c.Difference, c.Uptake, c.Removals, c.Leakage} {
		figures = append(figures, e.String())
	}
	return figures
}

func TestEmissionsAreReadExactly(t *testing.T) {
	for _, text := range []string{"0", "-30", "294000.000000001", "9999999999999999999999"} {
		e, err := ParseEmissions(text)
		require.NoError(t, err)
		require.Equal(t, text, e.String())
	}
	for _, text := range []string{"", "1e3", "+1", "0.0000000001", "99999999999999999999999"} {
		_, err := ParseEmissions(text)
		require.Error(t, err, text)
	}
}
