package picture

import (
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Chart draws curves over the same steps on one scale.
type Chart struct {
	Width, Height int
	// Curves are the points of each, and Areas the same closed at the foot.
	Curves, Areas []string
	// Ticks are the lines across with their quantities.
	Ticks []Tick
	// X is where each step stands, and where the last one ends.
	X []int
	// top is the quantity of the uppermost tick.
	top massbalance.Quantity
}

// Day is where a day of a span stands.
func (c Chart) Day(day, span int) int {
	return chartLeft + (chartWidth-chartLeft-chartTop)*min(day, span)/max(span, 1)
}

// Level is how high a quantity stands; one beyond the scale stands at its top.
func (c Chart) Level(q massbalance.Quantity) int {
	floor := chartHeight - chartFoot
	return floor - min(proportion(q, c.top, floor-chartTop), floor-chartTop)
}

// Tick is a line across.
type Tick struct {
	Y        int
	Quantity massbalance.Quantity
}

// Tenths of a pixel, as for a flow.
const (
	chartWidth  = 11000
	chartHeight = 2600
	chartLeft   = 900
	chartFoot   = 300
	chartTop    = 120
)

// Curves lays curves out over steps that are at so many days of a span; all have
// as many quantities as there are steps. A balance stays as it was until it
// changes, so the curves are stairs, and the last step is drawn for a day.
func Curves(span int, at []int, curves ...[]massbalance.Quantity) Chart {
	c := Chart{Width: chartWidth, Height: chartHeight}
	var most massbalance.Quantity
	for _, curve := range curves {
		for _, q := range curve {
			if most.Less(q) {
				most = q
			}
		}
	}
	top := roundUp(most)
	floor := chartHeight - chartFoot
	y := func(q massbalance.Quantity) int { return floor - proportion(q, top, floor-chartTop) }
	c.top = top
	x := func(day int) int { return c.Day(day, span) }
	for _, day := range at {
		c.X = append(c.X, x(day))
	}
	if len(at) > 0 {
		c.X = append(c.X, x(at[len(at)-1]+1))
	}
	for _, curve := range curves {
		line := stairs(c.X, curve, y)
		c.Curves = append(c.Curves, line)
		c.Areas = append(c.Areas, area(line, c.X, floor))
	}
	const ticks = 4
	for i := range ticks + 1 {
		part := massbalance.Kilograms(int64(i))
		q := top.ScaleFloor(part, massbalance.Kilograms(ticks))
		c.Ticks = append(c.Ticks, Tick{y(q), q})
	}
	return c
}

func stairs(x []int, curve []massbalance.Quantity, y func(massbalance.Quantity) int) string {
	var b strings.Builder
	for i, q := range curve {
		if i == 0 {
			b.WriteString("M" + Pixels(x[0]) + " " + Pixels(y(q)))
			continue
		}
		b.WriteString("H" + Pixels(x[i]) + "V" + Pixels(y(q)))
	}
	if len(x) > 0 {
		b.WriteString("H" + Pixels(x[len(x)-1]))
	}
	return b.String()
}

func area(line string, x []int, floor int) string {
	if len(x) == 0 {
		return ""
	}
	return line + "V" + Pixels(floor) + "H" + Pixels(x[0]) + "Z"
}

// roundUp gives 1, 2, 4 or 8 times a power of ten, so that quarters of it are round.
func roundUp(q massbalance.Quantity) massbalance.Quantity {
	for step := int64(1); step < 1e15; step *= 10 {
		for _, times := range []int64{1, 2, 4, 8} {
			if top := massbalance.Kilograms(step * times); !top.Less(q) {
				return top
			}
		}
	}
	return q
}

func proportion(part, whole massbalance.Quantity, units int) int {
	if whole.IsZero() {
		return 0
	}
	quotient, _ := decimal.RequireFromString(part.String()).Mul(decimal.NewFromInt(int64(units))).
		QuoRem(decimal.RequireFromString(whole.String()), 0)
	return int(quotient.IntPart())
}

// Pixels writes tenths of a pixel.
func Pixels(tenths int) string {
	return strings.TrimSuffix(strconv.FormatFloat(float64(tenths)/10, 'f', 1, 64), ".0")
}

// Path draws a band as a filled shape between two heights of it.
func (b Band) Path(from, to int) string {
	bend := (b.X2 - b.X1) / 2
	if b.Back {
		bend = columnRoom / 3
	}
	x1, x2, c1, c2 := Pixels(b.X1), Pixels(b.X2), Pixels(b.X1+bend), Pixels(b.X2-bend)
	y1, y2, z1, z2 := Pixels(b.Y1+from), Pixels(b.Y2+from), Pixels(b.Y1+to), Pixels(b.Y2+to)
	return "M" + x1 + " " + y1 + "C" + c1 + " " + y1 + " " + c2 + " " + y2 + " " + x2 + " " + y2 +
		"V" + z2 + "C" + c2 + " " + z2 + " " + c1 + " " + z1 + " " + x1 + " " + z1 + "Z"
}
