package console

import (
	"cmp"
	"maps"
	"math"
	"net/http"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/console/picture"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// mapPage shows where verified harvests came from and where they went.
type mapPage struct {
	pictured
	Map   picture.Map
	Land  string
	Spots []spot
	Arcs  []arc
	// Unplaced are sites and regions of which no place is known.
	Unplaced []string
}

// spot is a site, or a region in which verified material grew.
type spot struct {
	Name, Detail, Class, Href string
	X, Y, Radius              int
	// Farms counts the statements of a region, In what came from there or into the site.
	Farms int
	In    massbalance.Quantity
	// Left is set where the label stands left of the spot.
	Left  bool
	point picture.Point
	known map[massbalance.StatementID]bool
}

// arc is what went from one spot to another.
type arc struct {
	From, To             string
	Path, Class          string
	Width                int
	Material, Attributed massbalance.Quantity
	Shipments            int
	from, to             string
}

// cartography puts the map's parts together.
type cartography struct {
	*lens
	of    pictured
	atlas atlas
	spots map[string]*spot
	arcs  map[[2]string]*arc
	gone  map[string]bool
}

func (l *lens) mapPage(c *Console, r *http.Request) (any, error) {
	around, err := l.pictured(r, "Map")
	page := mapPage{pictured: around}
	if err != nil {
		return page, err
	}
	m := &cartography{lens: l, of: around, spots: map[string]*spot{}, arcs: map[[2]string]*arc{}, gone: map[string]bool{}}
	if m.atlas, err = c.places(); err != nil {
		return page, err
	}
	for kind, add := range map[string]func(readmodel.Entry) error{massbalance.Introduce{}.Type(): m.introduced, massbalance.Dispatch{}.Type(): m.dispatched} {
		if err := m.each(readmodel.EntryFilter{Type: kind, From: page.From, To: page.To}, add); err != nil {
			return page, err
		}
	}
	page.Unplaced = slices.Sorted(maps.Keys(m.gone))
	return page, m.draw(&page)
}

func (l *lens) each(f readmodel.EntryFilter, visit func(readmodel.Entry) error) error {
	p := readmodel.Page{Limit: readmodel.MaxLimit}
	for {
		entries, err := l.s.Entries(f, p)
		if err != nil {
			return err
		}
		for _, e := range entries.Items {
			if err := visit(e); err != nil {
				return err
			}
		}
		if p.After = entries.Next; p.After == 0 {
			return nil
		}
	}
}

// introduced books a load from the region where it grew to the site.
func (m *cartography) introduced(e readmodel.Entry) error {
	body, ok := e.Command.Body.(massbalance.Introduce)
	if !ok {
		return nil
	}
	v, err := find[massbalance.Verified](m.lens, massbalance.StatementKey(body.Certifier, body.Statement))
	if err != nil {
		return err
	}
	if !m.of.meansMove(v.Statement.Product, body.Site) {
		return nil
	}
	grown := v.Statement.Characteristics
	from, ok := m.spot("", grown.Region, grown.Country)
	if !ok {
		return nil
	}
	from.Farms += map[bool]int{false: 1}[from.known[v.Statement.ID]]
	from.known[v.Statement.ID] = true
	var taken massbalance.Quantity
	for _, material := range e.Record.Materials {
		taken = taken.Add(material.In)
	}
	from.In = from.In.Add(taken)
	return m.moved("region "+grown.Region, body.Site, taken, taken)
}

// dispatched books a shipment from site to site.
func (m *cartography) dispatched(e readmodel.Entry) error {
	body, ok := e.Command.Body.(massbalance.Dispatch)
	if !ok {
		return nil
	}
	if !m.of.meansMove(body.Product, body.Site, body.To) {
		return nil
	}
	var attributed massbalance.Quantity
	for _, line := range body.Lines {
		attributed = attributed.Add(line.Quantity)
	}
	site, err := find[massbalance.Site](m.lens, massbalance.SiteKey(body.Site))
	if _, ok := m.spot(site.ID, site.Region, site.Country); err != nil || !ok {
		return err
	}
	return m.moved("site "+string(body.Site), body.To, body.Quantity, attributed)
}

func (m *cartography) moved(from string, to massbalance.SiteID, material, attributed massbalance.Quantity) error {
	site, err := find[massbalance.Site](m.lens, massbalance.SiteKey(to))
	if err != nil {
		return err
	}
	end, ok := m.spot(site.ID, site.Region, site.Country)
	if !ok {
		return nil
	}
	end.In = end.In.Add(material)
	key := [2]string{from, "site " + string(to)}
	a := m.arcs[key]
	if a == nil {
		a = &arc{from: from, to: key[1]}
		m.arcs[key] = a
	}
	a.Material, a.Attributed = a.Material.Add(material), a.Attributed.Add(attributed)
	a.Shipments++
	return nil
}

// spot finds where a site, or a region, lies.
func (m *cartography) spot(site massbalance.SiteID, region, country string) (*spot, bool) {
	key, name := "region "+region, region
	if site != "" {
		key, name = "site "+string(site), m.siteName(site)
	}
	if s, ok := m.spots[key]; ok {
		return s, true
	}
	p, ok := m.atlas.find(site, region, country)
	if !ok {
		m.gone[name] = true
		return nil, false
	}
	s := &spot{Name: cmp.Or(p.Name, region), Class: "origin", point: p.Point, known: map[massbalance.StatementID]bool{}}
	if site != "" {
		s.Name, s.Class, s.Href = name, "place", "/sites/"+string(site)
		of, err := find[massbalance.Site](m.lens, massbalance.SiteKey(site))
		if err != nil {
			return nil, false
		}
		s.Detail = m.memberName(of.Owner)
		if of.Owner == m.organisation {
			s.Class += " own"
		}
	}
	m.spots[key] = s
	return s, true
}

// draw lays everything out. What lies at the same place is moved apart.
func (m *cartography) draw(page *mapPage) error {
	keys := slices.Sorted(maps.Keys(m.spots))
	var points []picture.Point
	for _, key := range keys {
		points = append(points, m.spots[key].point)
	}
	page.Map = picture.Around(points)
	rings, err := land()
	if err != nil {
		return err
	}
	page.Land = page.Map.Outline(rings)
	m.place(page.Map, keys)
	for _, key := range keys {
		page.Spots = append(page.Spots, *m.spots[key])
	}
	var most massbalance.Quantity
	for _, a := range m.arcs {
		most = larger(most, a.Material)
	}
	for _, a := range m.arcs {
		from, to := m.spots[a.from], m.spots[a.to]
		a.From, a.To, a.Path = from.Name, to.Name, picture.Arc(from.X, from.Y, to.X, to.Y)
		a.Width = 15 + share(a.Material, most, 110)
		a.Class = "undifferentiated"
		if a.Class = "attributed"; a.Attributed.IsZero() {
			a.Class = "undifferentiated"
		}
		page.Arcs = append(page.Arcs, *a)
	}
	slices.SortFunc(page.Arcs, func(a, b arc) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	return nil
}

// share is a part in whole units, rounded.
func share(part, whole massbalance.Quantity, units int64) int {
	if whole.IsZero() {
		return 0
	}
	return int(decimalOf(part).Mul(decimalOf(massbalance.Kilograms(units))).DivRound(decimalOf(whole), 0).IntPart())
}

const (
	// ring is how far the first ring of other places lies from the place itself,
	// in tenths of a pixel; there are so many rings with so many turns each.
	ring  = 640
	rings = 5
	turns = 16
	// letterWidth and the two heights are the room that a label takes.
	letterWidth, labelAbove, labelBelow = 72, 190, 230
)

// box is what a spot and its label cover.
type box struct{ x1, y1, x2, y2 int }

func (s *spot) box() box {
	wide := letterWidth * max(len([]rune(s.Name)), 14)
	b := box{s.X - s.Radius - 40, s.Y - max(s.Radius, labelAbove), s.X + s.Radius + 60 + wide, s.Y + max(s.Radius, labelBelow)}
	if s.Left {
		b.x1, b.x2 = s.X-s.Radius-60-wide, s.X+s.Radius+40
	}
	return b
}

func (b box) over(o box) bool { return b.x1 < o.x2 && o.x1 < b.x2 && b.y1 < o.y2 && o.y1 < b.y2 }

// place sets the spots down one by one, and moves one that would lie on another,
// or on its label, around its place until it is free.
func (m *cartography) place(on picture.Map, keys []string) {
	var most massbalance.Quantity
	for _, s := range m.spots {
		if s.Href == "" {
			most = larger(most, s.In)
		}
	}
	var set []box
	for _, key := range keys {
		s := m.spots[key]
		s.Radius = 60
		if s.Href == "" {
			s.Radius = 80 + share(s.In, most, 140)
		}
		s.settle(on, set)
		set = append(set, s.box())
	}
}

// settle finds the nearest free place, trying each with its label at either side.
func (s *spot) settle(on picture.Map, set []box) {
	x, y := on.At(s.point)
	free := func() bool {
		b := s.box()
		return b.x1 > 0 && b.x2 < on.Width && !slices.ContainsFunc(set, b.over)
	}
	for far := range rings + 1 {
		for turn := range turns {
			angle := float64(turn) * 2 * math.Pi / turns
			s.X, s.Y = x+int(float64(far*ring)*math.Cos(angle)), y+int(float64(far*ring)*math.Sin(angle))
			for _, s.Left = range []bool{false, true} {
				if free() {
					return
				}
			}
		}
	}
	s.X, s.Y, s.Left = x, y, false
}
