package pdf

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/go-pdf/fpdf"
)

// The size of a page, A4, in points. All positions are in points from the top left.
const (
	Width  = 595.28
	Height = 841.89
)

// Colour is 0xRRGGBB.
type Colour uint32

// Font is a face, a size and a colour.
type Font struct {
	Bold   bool
	Size   float64
	Colour Colour
}

// Document is a PDF being written. What is drawn is kept until the end, so that
// pages can be gone back to.
type Document struct {
	title string
	pages [][]func(*fpdf.Fpdf)
	now   int
	ruler *fpdf.Fpdf
}

// New begins a document; AddPage begins its first page.
func New(title string) *Document { return &Document{title: title, ruler: begin()} }

// begin makes an empty document with the usual typeface.
func begin() *fpdf.Fpdf {
	f := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: Width, Ht: Height}})
	f.AddUTF8FontFromBytes(family, "", regular)
	f.AddUTF8FontFromBytes(family, "B", bold)
	f.SetAutoPageBreak(false, 0)
	f.SetMargins(0, 0, 0)
	return f
}

// AddPage begins a page; what follows goes onto it.
func (d *Document) AddPage() {
	d.pages = append(d.pages, nil)
	d.now = len(d.pages) - 1
}

// Pages is how many there are.
func (d *Document) Pages() int { return len(d.pages) }

// Turn goes back to a page, counted from 0.
func (d *Document) Turn(page int) { d.now = page }

func (d *Document) draw(step func(*fpdf.Fpdf)) { d.pages[d.now] = append(d.pages[d.now], step) }

// Text writes a line whose baseline is at y.
func (d *Document) Text(x, y float64, f Font, text string) {
	parts := stretches(f, text)
	widths := make([]float64, len(parts))
	for i, part := range parts {
		widths[i] = d.measure(f, part)
	}
	d.draw(func(out *fpdf.Fpdf) {
		out.SetTextColor(f.Colour.parts())
		at := x
		for i, part := range parts {
			part.write(out, f, at, y)
			at += widths[i]
		}
	})
}

// Right writes a line that ends at x.
func (d *Document) Right(x, y float64, f Font, text string) { d.Text(x-d.Measure(f, text), y, f, text) }

// Measure is how wide a text is.
func (d *Document) Measure(f Font, text string) float64 {
	width := 0.0
	for _, part := range stretches(f, text) {
		width += d.measure(f, part)
	}
	return width
}

func (d *Document) measure(f Font, part stretch) float64 {
	part.use(d.ruler, f, pointsPerEm)
	return d.ruler.GetStringWidth(part.text) * f.Size / pointsPerEm
}

// Wrap breaks a text into lines of a width: at spaces, or within a word that is
// wider than a line.
func (d *Document) Wrap(f Font, width float64, text string) []string {
	var lines []string
	current := ""
	for _, word := range strings.Fields(text) {
		for {
			joined := strings.TrimSpace(current + " " + word)
			if d.Measure(f, joined) <= width {
				current = joined
				break
			}
			if current != "" {
				lines, current = append(lines, current), ""
				continue
			}
			n := d.fitting(f, width, word)
			lines, word = append(lines, word[:n]), word[n:]
		}
	}
	if current != "" {
		lines = append(lines, current)
	}
	return lines
}

// fitting is how many bytes of a word fit a line: one letter at least.
func (d *Document) fitting(f Font, width float64, word string) int {
	last := 0
	for i := range word {
		if i > 0 && (last == 0 || d.Measure(f, word[:i]) <= width) {
			last = i
		}
	}
	if last == 0 {
		return len(word)
	}
	return last
}

// Line draws a line.
func (d *Document) Line(x1, y1, x2, y2, thick float64, c Colour) {
	d.draw(func(out *fpdf.Fpdf) {
		out.SetDrawColor(c.parts())
		out.SetLineWidth(thick)
		out.Line(x1, y1, x2, y2)
	})
}

// Area fills a rectangle.
func (d *Document) Area(x, y, width, height float64, c Colour) {
	d.draw(func(out *fpdf.Fpdf) {
		out.SetFillColor(c.parts())
		out.Rect(x, y, width, height, "F")
	})
}

func (f Font) style() string {
	if f.Bold {
		return "B"
	}
	return ""
}

func (c Colour) parts() (r, g, b int) {
	return int(c >> 16 & 0xff), int(c >> 8 & 0xff), int(c & 0xff)
}

// basic is a text in letters that the library can write: those of Unicode's first
// plane, and none that is broken.
func basic(text string) string {
	return strings.Map(func(r rune) rune {
		if r > math.MaxUint16 {
			return '?'
		}
		return r
	}, text)
}

// Bytes gives the document. The same content gives the same bytes: there is no
// time of day in it.
func (d *Document) Bytes() ([]byte, error) {
	out := begin()
	out.SetCatalogSort(true)
	out.SetCreationDate(time.Unix(0, 0).UTC())
	out.SetModificationDate(time.Unix(0, 0).UTC())
	out.SetProducer("Weighbridge", true)
	out.SetTitle(basic(d.title), true)
	out.SetLang("en")
	for _, steps := range d.pages {
		out.AddPage()
		for _, step := range steps {
			step(out)
		}
	}
	var b bytes.Buffer
	if err := out.Output(&b); err != nil {
		return nil, fmt.Errorf("couldn't write the document %q: %w", d.title, err)
	}
	return b.Bytes(), nil
}
