// Package pdf writes documents of text, lines and areas as PDF 1.4. Text is set
// in Helvetica, which every reader has, so nothing is embedded. Western and
// Central European letters are encoded as they are; a letter of another script
// cannot be set in this face and is shown as a question mark, which is why a
// document that must hold such names is given as data too.
package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
	"unicode/utf16"
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

// Document is a PDF being written.
type Document struct {
	title string
	pages []*strings.Builder
	now   *strings.Builder
	code  encoding
}

// New begins a document; AddPage begins its first page.
func New(title string) *Document { return &Document{title: title, code: newEncoding()} }

// AddPage begins a page; what follows goes onto it.
func (d *Document) AddPage() {
	d.now = &strings.Builder{}
	d.pages = append(d.pages, d.now)
}

// Pages is how many there are.
func (d *Document) Pages() int { return len(d.pages) }

// Turn goes back to a page, counted from 0.
func (d *Document) Turn(page int) { d.now = d.pages[page] }

// Text writes a line whose baseline is at y.
func (d *Document) Text(x, y float64, f Font, text string) {
	face := "F1"
	if f.Bold {
		face = "F2"
	}
	fmt.Fprintf(d.now, "BT %s rg /%s %.2f Tf %.2f %.2f Td (%s) Tj ET\n", f.Colour, face, f.Size, x, Height-y, escape(d.code.encode(text)))
}

// Right writes a line that ends at x.
func (d *Document) Right(x, y float64, f Font, text string) { d.Text(x-d.Measure(f, text), y, f, text) }

// Measure is how wide a text is.
func (d *Document) Measure(f Font, text string) float64 {
	widths := &regularWidths
	if f.Bold {
		widths = &boldWidths
	}
	sum := 0
	for _, c := range d.code.encode(text) {
		sum += widths[d.code.metric(c)-firstCode]
	}
	return float64(sum) * f.Size / 1000
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
	fmt.Fprintf(d.now, "%s RG %.2f w %.2f %.2f m %.2f %.2f l S\n", c, thick, x1, Height-y1, x2, Height-y2)
}

// Area fills a rectangle.
func (d *Document) Area(x, y, width, height float64, c Colour) {
	fmt.Fprintf(d.now, "%s rg %.2f %.2f %.2f %.2f re f\n", c, x, Height-y-height, width, height)
}

// String gives the colour's components from 0 to 1.
func (c Colour) String() string {
	return fmt.Sprintf("%.3f %.3f %.3f", float64(c>>16&0xff)/255, float64(c>>8&0xff)/255, float64(c&0xff)/255)
}

func escape(text []byte) string {
	var b strings.Builder
	for _, c := range text {
		switch {
		case c == '(' || c == ')' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < 32 || c > 126:
			fmt.Fprintf(&b, "\\%03o", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Numbers of the objects that every document has.
const (
	catalogObject = 1 + iota
	pagesObject
	regularObject
	boldObject
	infoObject
	firstPageObject
)

// Bytes gives the document. The same content gives the same bytes: there is no
// time of day in it.
func (d *Document) Bytes() ([]byte, error) {
	var kids strings.Builder
	for i := range d.pages {
		fmt.Fprintf(&kids, "%d 0 R ", firstPageObject+2*i)
	}
	font := func(name string) string {
		return fmt.Sprintf("<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding << /Type /Encoding /BaseEncoding /WinAnsiEncoding %s >> >>", name, d.code.differences())
	}
	objects := []string{
		fmt.Sprintf("<< /Type /Catalog /Pages %d 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>", pagesObject),
		fmt.Sprintf("<< /Type /Pages /Kids [ %s] /Count %d >>", kids.String(), len(d.pages)),
		font("Helvetica"), font("Helvetica-Bold"),
		fmt.Sprintf("<< /Title <%s> /Producer (Weighbridge) >>", utf16Hex(d.title)),
	}
	for i, page := range d.pages {
		content, err := packed(page.String())
		if err != nil {
			return nil, fmt.Errorf("couldn't pack page %d: %w", i+1, err)
		}
		objects = append(objects,
			fmt.Sprintf("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %.2f %.2f] /Resources << /Font << /F1 %d 0 R /F2 %d 0 R >> >> /Contents %d 0 R >>",
				pagesObject, Width, Height, regularObject, boldObject, firstPageObject+2*i+1),
			fmt.Sprintf("<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream", len(content), content))
	}
	return assemble(objects), nil
}

func packed(content string) (string, error) {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write([]byte(content)); err != nil {
		return "", err
	}
	err := w.Close()
	return b.String(), err
}

// assemble numbers the objects and adds the table of where each begins.
func assemble(objects []string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	offsets := make([]int, len(objects))
	for i, object := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, catalogObject, infoObject, start)
	return b.Bytes()
}

func utf16Hex(text string) string {
	var b strings.Builder
	b.WriteString("FEFF")
	for _, unit := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, "%04X", unit)
	}
	return b.String()
}
