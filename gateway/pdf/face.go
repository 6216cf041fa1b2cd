package pdf

import (
	_ "embed" // brings the typefaces
	"math"
	"strings"
	"sync"

	"github.com/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
)

// The typefaces, with their licences beside them.
var (
	//go:embed fonts/DejaVuSansCondensed.ttf
	regular []byte
	//go:embed fonts/DejaVuSansCondensed-Bold.ttf
	bold []byte
	//go:embed fonts/DroidSansFallback.ttf
	eastern []byte
)

const (
	family        = "dejavu"
	easternFamily = "droid"
	// pointsPerEm is the size that widths are measured at.
	pointsPerEm = 1000
)

// face knows which letters a font has.
type face struct {
	parsed *sfnt.Font
	buffer sfnt.Buffer
	mu     sync.Mutex
}

var (
	faces = map[bool]*face{false: parse(regular), true: parse(bold)}
	// east has Chinese, Japanese and Korean letters. It is parsed where it is first
	// needed, as it is much larger than the others.
	east = sync.OnceValue(func() *face { return parse(eastern) })
)

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

// stretch is a part of a line that is set in one typeface.
type stretch struct {
	eastern bool
	text    string
}

// stretches is a line in letters that the typefaces have, from left to right:
// composed where it can be, joined where letters join, turned round where they
// run from the right, and a question mark for a letter of a script that none has.
func stretches(f Font, line string) []stretch {
	var out []stretch
	var b strings.Builder
	now := false
	flush := func() {
		if b.Len() > 0 {
			out = append(out, stretch{now, b.String()})
			b.Reset()
		}
	}
	for _, r := range visual(norm.NFC.String(line)) {
		foreign := false
		switch {
		case r > math.MaxUint16:
			r = '?'
		case r == '\u200b' || faces[f.Bold].has(r):
		case east().has(r):
			foreign = true
		default:
			r = '?'
		}
		if foreign != now {
			flush()
			now = foreign
		}
		b.WriteRune(r)
	}
	flush()
	return out
}

// The eastern typeface has no bold: there it is set with a line around each letter.
const (
	filled      = 0
	outlined    = 2
	outlineOfEm = 0.03
)

// use makes a stretch's typeface the one that is written or measured with.
func (s stretch) use(out *fpdf.Fpdf, f Font, size float64) {
	if !s.eastern {
		out.SetFont(family, f.style(), size)
		return
	}
	out.AddUTF8FontFromBytes(easternFamily, "", eastern) // only the first time
	out.SetFont(easternFamily, "", size)
}

// write writes a stretch.
func (s stretch) write(out *fpdf.Fpdf, f Font, x, y float64) {
	s.use(out, f, f.Size)
	heavy := s.eastern && f.Bold
	if heavy {
		out.SetDrawColor(f.Colour.parts())
		out.SetLineWidth(f.Size * outlineOfEm)
		out.SetTextRenderingMode(outlined)
	}
	out.Text(x, y, s.text)
	if heavy {
		out.SetTextRenderingMode(filled)
	}
}
