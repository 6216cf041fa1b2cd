package picture_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/console/picture"
)

// flows draws any graph, circles included.
func flows(t *rapid.T) ([]picture.Node, []picture.Link) {
	nodes := make([]picture.Node, rapid.IntRange(1, 14).Draw(t, "nodes"))
	for i := range nodes {
		nodes[i] = picture.Node{Label: rapid.StringN(0, 60, -1).Draw(t, "label"), Detail: rapid.StringN(0, 60, -1).Draw(t, "detail"), Last: rapid.Bool().Draw(t, "last")}
	}
	links := make([]picture.Link, rapid.IntRange(0, 30).Draw(t, "links"))
	for i := range links {
		total := massbalance.Grams(rapid.Int64Range(0, 1e13).Draw(t, "total"))
		links[i] = picture.Link{
			From: rapid.IntRange(0, len(nodes)-1).Draw(t, "from"), To: rapid.IntRange(0, len(nodes)-1).Draw(t, "to"),
			Total: total, Part: total.ScaleFloor(massbalance.Kilograms(rapid.Int64Range(0, 4).Draw(t, "part")), massbalance.Kilograms(4)),
		}
	}
	return nodes, links
}

func TestAnyFlowIsLaidOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes, links := flows(t)
		l := picture.Sankey(nodes, links)
		requireInside(t, l)
		requireApart(t, l)
		requireProportional(t, l, links)
		requireStacked(t, l, links)
		require.Equal(t, l, picture.Sankey(nodes, links), "the same flow gives the same picture")
	})
}

// Boxes and their labels, of about 7 pixels a letter, lie inside of the picture.
func requireInside(t require.TestingT, l picture.Layout) {
	for _, b := range l.Boxes {
		require.GreaterOrEqual(t, b.X, 0)
		require.GreaterOrEqual(t, b.Y, 0)
		require.LessOrEqual(t, b.Y+b.Height, l.Height)
		require.LessOrEqual(t, b.X+b.Width+60+68*max(len([]rune(b.Label)), len([]rune(b.Detail))), l.Width, b.Label)
	}
}

// No two nodes of a column overlap, and there is room for each one's label.
func requireApart(t require.TestingT, l picture.Layout) {
	for i, a := range l.Boxes {
		for _, b := range l.Boxes[i+1:] {
			if a.Column != b.Column {
				require.NotEqual(t, a.X, b.X)
				continue
			}
			middleA, middleB := a.Y+a.Height/2, b.Y+b.Height/2
			require.GreaterOrEqual(t, max(middleA-middleB, middleB-middleA), 320, "labels overlap")
			require.True(t, a.Y+a.Height <= b.Y || b.Y+b.Height <= a.Y, "boxes overlap")
		}
	}
}

// Heights are in proportion to quantities, rounded down by less than one unit.
func requireProportional(t require.TestingT, l picture.Layout, links []picture.Link) {
	for i, band := range l.Bands {
		for j, other := range l.Bands {
			if links[i].Total.Less(links[j].Total) {
				require.LessOrEqual(t, band.Height, other.Height)
			}
		}
		require.LessOrEqual(t, band.PartHeight, band.Height)
	}
}

// At each node, the bands of a side lie one under the other inside of the node:
// what flows is what the node shows, to less than a unit for each band.
func requireStacked(t require.TestingT, l picture.Layout, links []picture.Link) {
	for node, box := range l.Boxes {
		for _, side := range []struct {
			of func(picture.Link) int
			y  func(picture.Band) int
			q  massbalance.Quantity
		}{
			{func(k picture.Link) int { return k.From }, func(b picture.Band) int { return b.Y1 }, box.Out},
			{func(k picture.Link) int { return k.To }, func(b picture.Band) int { return b.Y2 }, box.In},
		} {
			var sum massbalance.Quantity
			height, count := 0, 0
			for i, link := range links {
				if side.of(link) != node {
					continue
				}
				sum, height, count = sum.Add(link.Total), height+l.Bands[i].Height, count+1
				require.GreaterOrEqual(t, side.y(l.Bands[i]), box.Y)
				require.LessOrEqual(t, side.y(l.Bands[i])+l.Bands[i].Height, box.Y+box.Height)
			}
			require.True(t, sum.Equal(side.q), "conserved to the gram")
			require.LessOrEqual(t, height, box.Height)
			if larger := box.In.Less(box.Out) == sum.Equal(box.Out); larger && count > 0 && !box.In.Equal(box.Out) {
				require.LessOrEqual(t, box.Height-height, count, "the larger side fills the node")
			}
		}
	}
}

func TestColumnsFollowTheFlow(t *testing.T) {
	kg := massbalance.Kilograms
	l := picture.Sankey([]picture.Node{{Label: "farms"}, {Label: "elevator"}, {Label: "mill"}, {Label: "claims", Last: true}, {Label: "loss", Last: true}},
		[]picture.Link{{0, 1, kg(100), kg(40)}, {1, 2, kg(90), kg(40)}, {1, 4, kg(10), kg(0)}, {2, 3, kg(40), kg(40)}, {2, 4, kg(50), kg(0)}})
	var columns []int
	for _, b := range l.Boxes {
		columns = append(columns, b.Column)
	}
	require.Equal(t, []int{0, 1, 2, 3, 3}, columns)
	for _, b := range l.Bands {
		require.False(t, b.Back)
	}
	require.Equal(t, 2*l.Bands[0].PartHeight, l.Bands[0].Height*4/5)
}

func TestCurvesStandOnOneScale(t *testing.T) {
	kg := massbalance.Kilograms
	c := picture.Curves(10, []int{0, 5, 9}, []massbalance.Quantity{kg(0), kg(30), kg(60)}, []massbalance.Quantity{kg(0), kg(10), kg(70)})
	require.Len(t, c.Curves, 2)
	require.Len(t, c.X, 4)
	require.Equal(t, 10880, c.X[3], "the last day ends with the span")
	require.Equal(t, "80", c.Ticks[len(c.Ticks)-1].Quantity.String())
	require.True(t, strings.HasPrefix(c.Curves[0], "M90 230"), c.Curves[0])
	require.True(t, strings.HasSuffix(c.Areas[1], "Z"))
	require.Empty(t, picture.Curves(0, nil).Curves)
	require.NotPanics(t, func() { picture.Curves(0, []int{3}, []massbalance.Quantity{kg(5)}) })
}
