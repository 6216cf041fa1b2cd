package checkpoint_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
)

func sample() checkpoint.Text {
	return checkpoint.Text{Origin: checkpoint.Origin([32]byte{15, 60}), Size: 1843, Root: [32]byte{1}, Registered: 62, Register: [32]byte{2}}
}

func TestTextIsCanonical(t *testing.T) {
	text := sample().String()
	require.Equal(t, "weighbridge/0f3c0000000000000000000000000000\n1843\nAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nregister 62 AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", text)
	parsed, err := checkpoint.ParseText(text)
	require.NoError(t, err)
	require.Equal(t, sample(), parsed)
	for i := range text {
		bad := text[:i] + text[i+1:]
		if got, err := checkpoint.ParseText(bad); err == nil {
			require.NotEqual(t, sample(), got)
		}
	}
}

func TestTextsThatAreNone(t *testing.T) {
	for _, text := range []string{
		"", "a\n1\n\nregister 1 \n", "weighbridge/00\n01\nAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nregister 62 AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		"weighbridge/00\n-1\nAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nregister 62 AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		sample().String() + "more\n",
		strings.Replace(sample().String(), "1843", "9223372036854775807", 1), strings.Replace(sample().String(), "62", "4611686018427387905", 1),
	} {
		_, err := checkpoint.ParseText(text)
		require.Error(t, err, text)
	}
}

func FuzzParseText(f *testing.F) {
	f.Add(sample().String())
	f.Add("weighbridge/00\n1\n\nregister 1 \n")
	f.Fuzz(func(t *testing.T, text string) {
		if parsed, err := checkpoint.ParseText(text); err == nil {
			require.Equal(t, text, parsed.String())
		}
	})
}
