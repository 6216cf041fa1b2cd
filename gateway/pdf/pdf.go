package pdf

import (
	"bytes"
	_ "embed"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
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

// The typeface, with its licence beside it.
var (
	//go:embed fonts/DejaVuSansCondensed.ttf
	regular []byte
	//go:embed fonts/DejaVuSansCondensed-Bold.ttf
	bold []byte
)

const (
	family = "dejavu"
	// pointsPerEm is the size that widths are measured at.
	pointsPerEm = 1000
)

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

// begin makes an empty document with the typeface.
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
	text = printable(f, text)
	d.draw(func(out *fpdf.Fpdf) {
		out.SetFont(family, f.style(), f.Size)
		out.SetTextColor(f.Colour.parts())
		out.Text(x, y, text)
	})
}

// Right writes a line that ends at x.
func (d *Document) Right(x, y float64, f Font, text string) { d.Text(x-d.Measure(f, text), y, f, text) }

// Measure is how wide a text is.
func (d *Document) Measure(f Font, text string) float64 {
	d.ruler.SetFont(family, f.style(), pointsPerEm)
	return d.ruler.GetStringWidth(printable(f, text)) * f.Size / pointsPerEm
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

// Bytes gives the document. The same content gives the same bytes: there is no
// time of day in it.
func (d *Document) Bytes() ([]byte, error) {
	out := begin()
	out.SetCatalogSort(true)
	out.SetCreationDate(time.Unix(0, 0).UTC())
	out.SetModificationDate(time.Unix(0, 0).UTC())
	out.SetProducer("Weighbridge", true)
	out.SetTitle(d.title, true)
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

// face knows which letters a font has.
type face struct {
	parsed *sfnt.Font
	buffer sfnt.Buffer
	mu     sync.Mutex
}

var faces = map[bool]*face{false: parse(regular), true: parse(bold)}

func parse(font []byte) *face {
	parsed, err := sfnt.Parse(font)
	if err != nil {
		panic("the embedded font can't be read: " + err.Error())
	}
	return &face{parsed: parsed}
}

func (f *face) has(r rune) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	index, err := f.parsed.GlyphIndex(&f.buffer, r)
	return err == nil && index != 0
}

// printable is a text in letters that the font has: composed where it can be,
// and a question mark for a letter of a script that it lacks.
func printable(f Font, text string) string {
	return strings.Map(func(r rune) rune {
		if r > math.MaxUint16 || r != '\u200b' && !faces[f.Bold].has(r) {
			return '?'
		}
		return r
	}, norm.NFC.String(text))
}
