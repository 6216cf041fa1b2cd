// Package picture lays out drawings of quantities: where the nodes and bands of
// a flow lie, and the points of a curve over time. It is pure: quantities in,
// coordinates out. Coordinates are whole tenths of a pixel, so that what is
// stacked never overlaps for want of a fraction.
package picture

import (
	"cmp"
	"math"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Tenths of a pixel.
const (
	nodeWidth = 120
	// slotHeight is the least room of a node, which its label needs, detailHeight
	// what a line more of it needs; gap is the room between two.
	slotHeight   = 320
	detailHeight = 140
	gap          = 80
	// fullHeight is how high the fullest column's nodes are together.
	fullHeight = 3600
	// columnRoom is the least room of a column; few of them share leastWidth, so
	// that a small picture is not drawn in large letters.
	columnRoom = 1600
	leastWidth = 10400
	labelRoom  = 1700
	margin     = 120
	letter     = 68
)

// Link is a band between two nodes, named by their position in the list of nodes.
type Link struct {
	From, To int
	// Total decides the width; Part is the attributed share of it.
	Total, Part massbalance.Quantity
}

// Node is a node of a flow. Last puts it into the last column.
type Node struct {
	Label, Detail string
	Last          bool
}

// Box is where a node lies. Label is what of the label has room.
type Box struct {
	Column, X, Y, Width, Height int
	Label, Detail               string
	// In and Out are what flows in and out.
	In, Out massbalance.Quantity
}

// Band is where a link lies: from its node's right side to the other's left,
// Height wide, of which the upper PartHeight is attributed.
type Band struct {
	X1, Y1, X2, Y2     int
	Height, PartHeight int
	// Back is set for a link against the columns' order.
	Back bool
}

// Layout is a flow laid out.
type Layout struct {
	Width, Height int
	Boxes         []Box
	Bands         []Band
}

// sankey is a layout in the making.
type sankey struct {
	nodes   []Node
	links   []Link
	boxes   []Box
	bands   []Band
	back    []bool
	columns [][]int
	most    massbalance.Quantity // of the fullest column
}

// Sankey lays a flow out: columns by the longest way from a beginning, in each
// column an order that avoids crossings where it easily can, heights in
// proportion to quantities, rounded down.
func Sankey(nodes []Node, links []Link) Layout {
	s := &sankey{nodes: nodes, links: links, boxes: make([]Box, len(nodes)), bands: make([]Band, len(links)), back: make([]bool, len(links))}
	s.sums()
	s.findBack()
	s.rank()
	s.size()
	s.order()
	height := s.place()
	s.route()
	width := 2*margin + max(len(s.columns)-1, 0)*s.room() + nodeWidth + labelRoom
	return Layout{Width: width, Height: height, Boxes: s.boxes, Bands: s.bands}
}

// room is that from one column to the next.
func (s *sankey) room() int {
	if len(s.columns) < 2 {
		return columnRoom
	}
	return max(columnRoom, (leastWidth-2*margin-nodeWidth-labelRoom)/(len(s.columns)-1))
}

func (s *sankey) sums() {
	for _, l := range s.links {
		s.boxes[l.From].Out = s.boxes[l.From].Out.Add(l.Total)
		s.boxes[l.To].In = s.boxes[l.To].In.Add(l.Total)
	}
}

// amount is the larger side of a node.
func (s *sankey) amount(node int) massbalance.Quantity {
	b := s.boxes[node]
	if b.In.Less(b.Out) {
		return b.Out
	}
	return b.In
}

// findBack marks the links that close a circle, so that the others have an order.
func (s *sankey) findBack() {
	const open, done = 1, 2
	state := make([]int, len(s.nodes))
	var visit func(int)
	visit = func(node int) {
		state[node] = open
		for i, l := range s.links {
			if l.From != node {
				continue
			}
			if state[l.To] == open {
				s.back[i] = true
			} else if state[l.To] == 0 {
				visit(l.To)
			}
		}
		state[node] = done
	}
	for node := range s.nodes {
		if state[node] == 0 && s.boxes[node].In.IsZero() {
			visit(node)
		}
	}
	for node := range s.nodes {
		if state[node] == 0 {
			visit(node)
		}
	}
}

// rank gives each node the column after all that flow into it.
func (s *sankey) rank() {
	for range s.nodes { // a longest way has fewer steps than there are nodes
		moved := false
		for i, l := range s.links {
			if after := s.boxes[l.From].Column + 1; !s.back[i] && s.boxes[l.To].Column < after {
				s.boxes[l.To].Column, moved = after, true
			}
		}
		if !moved {
			break
		}
	}
	last := 0
	for i := range s.boxes {
		last = max(last, s.boxes[i].Column)
	}
	for i := range s.boxes {
		if s.nodes[i].Last {
			s.boxes[i].Column = last
		} else if s.boxes[i].In.IsZero() {
			s.boxes[i].Column = s.beforeNext(i)
		}
	}
	s.columns = make([][]int, last+1)
	for i, b := range s.boxes {
		s.columns[b.Column] = append(s.columns[b.Column], i)
	}
}

// beforeNext puts a beginning close to what it flows into.
func (s *sankey) beforeNext(node int) int {
	column := math.MaxInt
	for i, l := range s.links {
		if l.From == node && !s.back[i] {
			column = min(column, s.boxes[l.To].Column-1)
		}
	}
	if column == math.MaxInt {
		return s.boxes[node].Column
	}
	return column
}

// size gives each node its height: its share of the fullest column's.
func (s *sankey) size() {
	for _, column := range s.columns {
		var sum massbalance.Quantity
		for _, node := range column {
			sum = sum.Add(s.amount(node))
		}
		if s.most.Less(sum) {
			s.most = sum
		}
	}
	for i := range s.boxes {
		s.boxes[i].Height = s.scale(s.amount(i))
		letters := (s.room() - nodeWidth - 100) / letter
		if s.boxes[i].Column == len(s.columns)-1 {
			letters = (columnRoom - nodeWidth - 100) / letter
		}
		s.boxes[i].Label, s.boxes[i].Detail = shortened(s.nodes[i].Label, letters), shortened(s.nodes[i].Detail, letters)
	}
}

// scale turns a quantity into a height, rounded down: the heights of parts never
// add up to more than the height of the whole.
func (s *sankey) scale(q massbalance.Quantity) int {
	return proportion(q, s.most, fullHeight)
}

// sweeps is how often the columns are put in order by their neighbours.
const sweeps = 8

// order sorts each column by the middle of its neighbours, forth and back.
func (s *sankey) order() {
	position := make([]float64, len(s.nodes))
	settle := func(column []int) {
		for i, node := range column {
			position[node] = float64(i) / float64(len(column))
		}
	}
	for _, column := range s.columns {
		slices.SortStableFunc(column, func(a, b int) int { return compareQuantities(s.amount(b), s.amount(a)) })
		settle(column)
	}
	for sweep := range sweeps {
		for i := range s.columns {
			column := s.columns[i]
			if sweep%2 == 1 {
				column = s.columns[len(s.columns)-1-i]
			}
			middle := map[int]float64{}
			for _, node := range column {
				middle[node] = s.middle(node, position)
			}
			slices.SortStableFunc(column, func(a, b int) int { return cmp.Compare(middle[a], middle[b]) })
			settle(column)
		}
	}
}

func compareQuantities(a, b massbalance.Quantity) int {
	switch {
	case a.Less(b):
		return -1
	case b.Less(a):
		return 1
	}
	return 0
}

// middle is where a node's neighbours are on average, by the bands' heights.
func (s *sankey) middle(node int, position []float64) float64 {
	sum, weight := 0.0, 0.0
	for _, l := range s.links {
		other := -1
		switch node {
		case l.From:
			other = l.To
		case l.To:
			other = l.From
		}
		if other >= 0 && other != node {
			w := float64(s.scale(l.Total) + 1)
			sum, weight = sum+w*position[other], weight+w
		}
	}
	if weight == 0 {
		return position[node]
	}
	return sum / weight
}

// place stacks the columns, each in the middle of the picture's height, and
// returns that height.
func (s *sankey) place() int {
	room := func(node int) int {
		least := slotHeight
		if s.nodes[node].Detail != "" {
			least += detailHeight
		}
		return max(s.boxes[node].Height, least)
	}
	highest := 0
	total := func(column []int) int {
		sum := gap * max(len(column)-1, 0)
		for _, node := range column {
			sum += room(node)
		}
		return sum
	}
	for _, column := range s.columns {
		highest = max(highest, total(column))
	}
	for c, column := range s.columns {
		y := margin + (highest-total(column))/2
		for _, node := range column {
			b := &s.boxes[node]
			b.X, b.Width = margin+c*s.room(), nodeWidth
			b.Y = y + (room(node)-b.Height)/2
			y += room(node) + gap
		}
	}
	return highest + 2*margin
}

// route stacks the bands at both sides of each node in the order of their other ends.
func (s *sankey) route() {
	for i, l := range s.links {
		b := &s.bands[i]
		b.Height, b.Back = s.scale(l.Total), s.back[i] || s.boxes[l.From].Column >= s.boxes[l.To].Column
		b.PartHeight = min(s.scale(l.Part), b.Height)
		b.X1, b.X2 = s.boxes[l.From].X+nodeWidth, s.boxes[l.To].X
	}
	for node := range s.nodes {
		s.stack(node, func(l Link) (int, int) { return l.From, l.To }, func(b *Band) *int { return &b.Y1 })
		s.stack(node, func(l Link) (int, int) { return l.To, l.From }, func(b *Band) *int { return &b.Y2 })
	}
}

func (s *sankey) stack(node int, ends func(Link) (near, far int), y func(*Band) *int) {
	var here []int
	for i, l := range s.links {
		if near, _ := ends(l); near == node {
			here = append(here, i)
		}
	}
	slices.SortStableFunc(here, func(a, b int) int {
		_, farA := ends(s.links[a])
		_, farB := ends(s.links[b])
		return cmp.Compare(s.boxes[farA].Y, s.boxes[farB].Y)
	})
	at := s.boxes[node].Y
	for _, i := range here {
		*y(&s.bands[i]) = at
		at += s.bands[i].Height
	}
}

// shortened keeps so many letters.
func shortened(label string, most int) string {
	letters := []rune(label)
	if len(letters) <= most {
		return label
	}
	return string(letters[:max(most-1, 0)]) + "…"
}
