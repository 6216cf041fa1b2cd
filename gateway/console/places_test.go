package console_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/console"
)

func TestAFileOfPlacesIsChecked(t *testing.T) {
	require.NoError(t, console.ReadPlaces([]byte(`{"features":[{"properties":{"site":"mill"},"geometry":{"type":"Point","coordinates":[14.2,52.8]}}]}`)))
	for _, bad := range []string{
		`{`, `{"features":[{"properties":{"site":"mill"},"geometry":{"type":"Polygon","coordinates":[]}}]}`,
		`{"features":[{"properties":{"site":"mill"},"geometry":{"type":"Point","coordinates":[14.2]}}]}`,
	} {
		require.ErrorContains(t, console.ReadPlaces([]byte(bad)), "couldn't read places", bad)
	}
}
