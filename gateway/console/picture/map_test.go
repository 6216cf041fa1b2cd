package picture_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/weighbridge/weighbridge/gateway/console/picture"
)

// Whatever the places, all of them lie on the drawing, north is up and east is right.
func TestAMapShowsAllPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) picture.Point {
			return picture.Point{Longitude: rapid.Float64Range(-170, 170).Draw(t, "longitude"), Latitude: rapid.Float64Range(-75, 75).Draw(t, "latitude")}
		}), 1, 9).Draw(t, "points")
		m := picture.Around(points)
		for _, a := range points {
			x, y := m.At(a)
			require.True(t, x >= 0 && x <= m.Width && y >= 0 && y <= m.Height, "%v lies at %d, %d", a, x, y)
			for _, b := range points {
				if u, v := m.At(b); a.Longitude < b.Longitude-0.5 || a.Latitude > b.Latitude+0.5 {
					require.True(t, a.Longitude >= b.Longitude-0.5 || x < u)
					require.True(t, a.Latitude <= b.Latitude+0.5 || y < v)
				}
			}
		}
	})
}

// Land is cut off at the edges: what is far away is not drawn, what reaches over
// an edge is drawn to it.
func TestLandIsCutOff(t *testing.T) {
	m := picture.Around([]picture.Point{{Longitude: 0, Latitude: 52}, {Longitude: 2, Latitude: 54}})
	square := func(west, south, east, north float64) []picture.Point {
		return []picture.Point{{Longitude: west, Latitude: south}, {Longitude: east, Latitude: south}, {Longitude: east, Latitude: north}, {Longitude: west, Latitude: north}}
	}
	require.Empty(t, m.Outline([][]picture.Point{square(60, 10, 70, 20)}))
	require.Equal(t, "M-20 -20L-20 640L1120 640L1120 -20Z", m.Outline([][]picture.Point{square(-100, 20, 100, 80)}), "a land all around")
	require.NotEmpty(t, m.Outline([][]picture.Point{square(0.5, 52.5, 1, 53)}))
}
