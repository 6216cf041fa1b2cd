package pdf

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
)

// Capitals stand for letters that run from the right, as in Unicode Standard Annex 9.
func TestLinesAreSeenAsTheStandardSays(t *testing.T) {
	hebrew := func(text string) string {
		out := []rune(text)
		for i, r := range out {
			if r >= 'A' && r <= 'Z' {
				out[i] = 'א' + r - 'A'
			}
		}
		return string(out)
	}
	for line, want := range map[string]string{
		"car means CAR.":         "car means RAC.",
		"CAR MEANS car.":         ".car SNAEM RAC",
		"MILL 2026":              "2026 LLIM",
		"mill MILL 100 t":        "mill 100 LLIM t",
		"MILL 1.250 kg OF WHEAT": "TAEHW FO 1.250 kg LLIM",
		"mill (MILL) works":      "mill (LLIM) works",
		"100 t":                  "100 t",
		"":                       "",
	} {
		require.Equal(t, hebrew(want), visual(hebrew(line)), line)
	}
}

func TestArabicLettersJoin(t *testing.T) {
	require.Equal(t, "\ufee3\ufec4\ufea4\ufee8\ufe94", joined("مطحنة"), "begin, middle, middle, middle, end")
	require.Equal(t, "\ufeb3\ufefc\ufee1", joined("سلام"), "lam and alef become one, after which nothing joins")
	require.Equal(t, "\ufea9\ufe8d\ufead", joined("دار"), "these join to the right only")
	require.Equal(t, "\ufe91\u064e\ufe8e\ufe8f", joined("بَاب"), "a mark parts nothing")
	require.Equal(t, "\ufb58\ufeea", joined("په"), "Persian letters, too")
	require.Equal(t, "abc 12", joined("abc 12"))
	require.Equal(t, "مطحنة", norm.NFKC.String(joined("مطحنة")))
}
