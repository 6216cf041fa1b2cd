package picture

import (
	"math"
	"strings"
)

// Point is a place on the earth, in degrees.
type Point struct{ Longitude, Latitude float64 }

// Map is a part of the earth laid out on a drawing: a plain grid of degrees,
// with those of longitude shortened as they are at the middle. It is for
// orientation over a country or a continent.
type Map struct {
	Width, Height int
	west, north   float64
	// scale is tenths of a pixel for each degree of latitude, narrow the same of longitude.
	scale, narrow float64
}

// Tenths of a pixel, as for a flow.
const (
	mapWidth  = 11000
	mapHeight = 6200
	// leastSpan is how many degrees of latitude are shown at least.
	leastSpan = 3.2
	// mapMargin is the part of the drawing that is left free around the places.
	mapMargin = 0.16
)

// Around lays a map out that shows all of the points.
func Around(points []Point) Map {
	m := Map{Width: mapWidth, Height: mapHeight}
	low, high := Point{180, 90}, Point{-180, -90}
	for _, p := range points {
		low = Point{math.Min(low.Longitude, p.Longitude), math.Min(low.Latitude, p.Latitude)}
		high = Point{math.Max(high.Longitude, p.Longitude), math.Max(high.Latitude, p.Latitude)}
	}
	if len(points) == 0 {
		low, high = Point{-20, 0}, Point{40, 60}
	}
	middle := Point{(low.Longitude + high.Longitude) / 2, (low.Latitude + high.Latitude) / 2}
	shrink := math.Max(0.2, math.Cos(middle.Latitude*math.Pi/180))
	tall := math.Max(high.Latitude-low.Latitude, leastSpan) / (1 - 2*mapMargin)
	wide := math.Max(high.Longitude-low.Longitude, 0) * shrink / (1 - 2*mapMargin)
	m.scale = math.Min(mapHeight/tall, mapWidth/math.Max(wide, 0.1))
	m.narrow = m.scale * shrink
	m.west = middle.Longitude - mapWidth/m.narrow/2
	m.north = middle.Latitude + mapHeight/m.scale/2
	return m
}

// At is where a point lies.
func (m Map) At(p Point) (x, y int) {
	return int(math.Round((p.Longitude - m.west) * m.narrow)), int(math.Round((m.north - p.Latitude) * m.scale))
}

// Outline draws rings of land as one path, cut off a little beyond the drawing's
// edges. What lies outside of it is left out.
func (m Map) Outline(rings [][]Point) string {
	var b strings.Builder
	for _, ring := range rings {
		flat := make([][2]int, 0, len(ring))
		for _, p := range ring {
			x, y := m.At(p)
			flat = append(flat, [2]int{x, y})
		}
		for _, edge := range m.edges() {
			flat = cut(flat, edge)
		}
		write(&b, flat)
	}
	return b.String()
}

// edge is a border of the drawing: what lies on the wrong side of it is cut off.
type edge struct {
	axis, at int
	beyond   bool
}

func (m Map) edges() []edge {
	const over = 200
	return []edge{{0, -over, false}, {0, m.Width + over, true}, {1, -over, false}, {1, m.Height + over, true}}
}

func (e edge) inside(p [2]int) bool {
	if e.beyond {
		return p[e.axis] <= e.at
	}
	return p[e.axis] >= e.at
}

// cut keeps what of a ring lies inside of an edge (Sutherland and Hodgman).
func cut(ring [][2]int, e edge) [][2]int {
	var out [][2]int
	for i, p := range ring {
		before := ring[(i+len(ring)-1)%len(ring)]
		if e.inside(p) != e.inside(before) {
			out = append(out, e.crossing(before, p))
		}
		if e.inside(p) {
			out = append(out, p)
		}
	}
	return out
}

func (e edge) crossing(a, b [2]int) [2]int {
	other := 1 - e.axis
	share := float64(e.at-a[e.axis]) / float64(b[e.axis]-a[e.axis])
	var p [2]int
	p[e.axis], p[other] = e.at, a[other]+int(math.Round(share*float64(b[other]-a[other])))
	return p
}

// write adds a ring, without points that cannot be told from the one before.
func write(b *strings.Builder, ring [][2]int) {
	const least = 8
	if len(ring) < 3 {
		return
	}
	last := ring[0]
	b.WriteString("M" + Pixels(last[0]) + " " + Pixels(last[1]))
	for _, p := range ring[1:] {
		if dx, dy := p[0]-last[0], p[1]-last[1]; dx*dx+dy*dy < least*least {
			continue
		}
		b.WriteString("L" + Pixels(p[0]) + " " + Pixels(p[1]))
		last = p
	}
	b.WriteString("Z")
}

// Arc draws a bent line from one place to another, so that the way back lies beside it.
func Arc(x1, y1, x2, y2 int) string {
	dx, dy := float64(x2-x1), float64(y2-y1)
	cx, cy := float64(x1+x2)/2-dy*0.22, float64(y1+y2)/2+dx*0.22
	return "M" + Pixels(x1) + " " + Pixels(y1) + "Q" + Pixels(int(cx)) + " " + Pixels(int(cy)) + " " + Pixels(x2) + " " + Pixels(y2)
}
