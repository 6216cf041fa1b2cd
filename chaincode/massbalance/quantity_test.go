package massbalance_test

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

func TestParseQuantityRefusesWhatItWouldHaveToGuess(t *testing.T) {
	for _, text := range []string{"", "-1", "+1", "1e3", "1,5", "1.", ".5", "1.0001", "1 000", "NaN", "0x1", "1234567890123456", "١"} {
		_, err := ParseQuantity(text)
		require.Error(t, err, text)
	}
	for text, canonical := range map[string]string{"0": "0", "007": "7", "1.500": "1.5", "0.001": "0.001", "999999999999999.999": "999999999999999.999"} {
		q, err := ParseQuantity(text)
		require.NoError(t, err)
		require.Equal(t, canonical, q.String())
	}
	require.Equal(t, "0", Quantity{}.String(), "the zero value is 0 kg")
	require.True(t, Quantity{}.Equal(Kilograms(0)))
}

func TestRatio(t *testing.T) {
	for text, canonical := range map[string]string{"0.72": "18/25", "72/100": "18/25", "1": "1/1", "0": "0/1", "1/3": "1/3", "0.280": "7/25"} {
		require.Equal(t, canonical, ratio(text).String())
	}
	for _, text := range []string{"", "-1/2", "1/0", "1/-2", ".5", "1e2", "a", "0.1234567890", "99999999999999999999"} {
		_, err := ParseRatio(text)
		require.Error(t, err, text)
	}
	require.Equal(t, "0", Ratio{}.FloorOf(kg("5")).String(), "the zero value is 0")
}

// Published figures of domain acceptance tests: the cocoa bean equivalent of
// 100 t of powder at 82 % (UTZ, 2016) and ICO's green coffee equivalents.
func TestPublishedConversionFactors(t *testing.T) {
	require.Equal(t, "121951.219", kg("100000").ScaleFloor(kg("100"), kg("82")).String(), "AT-01: 121.95 t")
	require.Equal(t, "36585.365", kg("30000").ScaleFloor(kg("100"), kg("82")).String(), "AT-02: 36.59 t")
	require.Equal(t, "120", kg("60").ScaleFloor(kg("1"), kg("0.5")).String(), "AT-08: dried cherry")
	require.Equal(t, "75", kg("60").ScaleFloor(kg("1"), kg("0.8")).String(), "AT-08: parchment")
	require.Equal(t, "50.42", kg("60").ScaleFloor(kg("1"), kg("1.19")).String(), "AT-08: roasted")
	require.Equal(t, "72000", ratio("0.72").FloorOf(kg("100000")).String(), "AT-16: straight flour")
	require.Equal(t, "28000", ratio("0.28").FloorOf(kg("100000")).String(), "AT-16: bran and shorts")
}

// Quantities against whole grams in math/big.
func TestQuantityIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grams := rapid.Int64Range(0, 1_000_000_000_000)
		a, b, c := grams.Draw(t, "a"), grams.Draw(t, "b"), grams.Draw(t, "c")
		require.Equal(t, big.NewInt(a+b).String(), GramsOf(Grams(a).Add(Grams(b))).String())
		difference, ok := Grams(a).Sub(Grams(b))
		require.Equal(t, a >= b, ok)
		require.Equal(t, big.NewInt(max(a-b, 0)).String(), GramsOf(difference).String())
		require.Equal(t, a < b, Grams(a).Less(Grams(b)))
		if c > 0 {
			product := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
			require.Equal(t, product.Quo(product, big.NewInt(c)).String(), GramsOf(Grams(a).ScaleFloor(Grams(b), Grams(c))).String())
		}
		again, err := ParseQuantity(Grams(a).String())
		require.NoError(t, err)
		require.True(t, again.Equal(Grams(a)))
	})
}

func TestRatioRoundsDown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, d := rapid.Int64Range(0, 1_000_000).Draw(t, "n"), rapid.Int64Range(1, 1_000_000).Draw(t, "d")
		grams := rapid.Int64Range(0, 1_000_000_000_000).Draw(t, "grams")
		r, err := NewRatio(n, d)
		require.NoError(t, err)
		product := new(big.Int).Mul(big.NewInt(grams), big.NewInt(n))
		require.Equal(t, product.Quo(product, big.NewInt(d)).String(), GramsOf(r.FloorOf(Grams(grams))).String())
		again, err := ParseRatio(r.String())
		require.NoError(t, err)
		require.Equal(t, r, again)
	})
}

func TestFormatGrams(t *testing.T) {
	for grams, text := range map[int64]string{0: "0.000", 1: "0.001", 1000: "1.000", -5: "-0.005", 1234567: "1234.567"} {
		require.Equal(t, text, FormatGrams(big.NewInt(grams)))
	}
}

func TestCharacteristicsID(t *testing.T) {
	seen := map[CharacteristicsID]bool{characteristics().ID(): true}
	for _, change := range []func(*Characteristics){
		func(c *Characteristics) { c.Scheme = "other" },
		func(c *Characteristics) { c.Country = "DE" },
		func(c *Characteristics) { c.Region = "X" },
		func(c *Characteristics) { c.LandUnit = "X" },
		func(c *Characteristics) { c.Vintage = 2025 },
		func(c *Characteristics) { c.Practices = nil },
		func(c *Characteristics) { c.Practices = []string{"cover-crops no-till"} },
		func(c *Characteristics) { c.Carbon.Fossil.Intensity = intensity("0.295") },
		func(c *Characteristics) { c.Carbon.Fossil.Method = "other" },
		func(c *Characteristics) { c.Carbon.LandManagement = c.Carbon.Fossil; c.Carbon.Fossil = CarbonFigure{} },
		func(c *Characteristics) { c.Region = "FRF2\"\nland unit \"X" },
	} {
		c := characteristics()
		change(&c)
		require.False(t, seen[c.ID()], "%+v", c)
		seen[c.ID()] = true
	}
	c := characteristics()
	c.Carbon.Fossil.Intensity = intensity("0.2940")
	require.Equal(t, characteristics().ID(), c.ID(), "the same figure is the same set")
}

func TestIntensity(t *testing.T) {
	for _, text := range []string{"", "1e1", "1.0000001", "--1", "1000000"} {
		_, err := ParseIntensity(text)
		require.Error(t, err, text)
	}
	require.Equal(t, "8467.2", intensity("0.294").Emissions(kg("28800")).String())
}
