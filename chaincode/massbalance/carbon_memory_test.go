package massbalance

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever merges in the transaction that made a set has its figures in memory, everybody
// else reads them: both must come to the same set.
func TestMergesDoNotDependOnMemory(t *testing.T) {
	figure := func(text string) CarbonFigure {
		intensity, err := ParseIntensity(text)
		require.NoError(t, err)
		return CarbonFigure{intensity, "ISO 14067"}
	}
	a := Carbon{Fossil: figure("0.2"), LandManagement: figure("0.1")}
	read := Carbon{Fossil: figure("0.2"), LandManagement: figure("0.3")}
	kept := Carbon{Fossil: a.Fossil, LandManagement: read.LandManagement}
	read.Removals, kept.Removals = CarbonFigure{}, CarbonFigure{} // never written, and what reading gives of it:
	read.Removals.Intensity, a.Removals.Intensity = figure("0").Intensity, figure("0").Intensity
	for _, how := range []CarbonMerge{CarbonHighest, CarbonWeightedMean} {
		one, err := merge([]share{{Kilograms(1), a}, {Kilograms(2), read}}, how)
		require.NoError(t, err)
		a.Removals = kept.Removals
		other, err := merge([]share{{Kilograms(1), a}, {Kilograms(2), kept}}, how)
		require.NoError(t, err)
		require.Equal(t, Characteristics{Carbon: one}.ID(), Characteristics{Carbon: other}.ID(), how)
		require.Equal(t, "0.2", one.Fossil.Intensity.String())
	}
}
