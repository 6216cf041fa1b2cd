package exports

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
	"rsc.io/qr"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/pdf"
)

// The page: margins, and the colours of the console on paper.
const (
	left   = 56.0
	right  = pdf.Width - 56.0
	bottom = pdf.Height - 72.0
	wide   = right - left

	ink    pdf.Colour = 0x18211c
	muted  pdf.Colour = 0x59655e
	accent pdf.Colour = 0x14593f
	soft   pdf.Colour = 0xe1f0e7
	rule   pdf.Colour = 0xd9d7ce
	wrong  pdf.Colour = 0x98231b
	alarm  pdf.Colour = 0xfbe6e3

	paperWhite pdf.Colour = 0xffffff
)

var (
	body    = pdf.Font{Size: 9.5, Colour: ink}
	strong  = pdf.Font{Size: 9.5, Colour: ink, Bold: true}
	small   = pdf.Font{Size: 7.5, Colour: muted}
	label   = pdf.Font{Size: 8, Colour: muted}
	heading = pdf.Font{Size: 12, Colour: accent, Bold: true}
)

// shares are coloured bars in this order.
var barColours = []pdf.Colour{0x1f7a53, 0xc08a2b, 0x4a7fb0, 0x9a5f8a, 0x7d8b3a, 0x8a6d5a}

// Address is where the code on a paper leads.
type Address struct {
	URL string
	// Local is set where nobody told the gateway under which name it is reached,
	// so that the address leads nowhere from another machine. The paper says so.
	Local bool
}

// head is what a paper says on every page.
type head struct {
	title, kind string
	height      uint64
	address     Address
	// void says in a word why the paper is worth nothing, "" where it stands.
	void string
}

// paper is a document being set from top to bottom.
type paper struct {
	head
	d *pdf.Document
	y float64
}

func newPaper(h head) *paper {
	p := &paper{head: h, d: pdf.New(h.title)}
	p.page()
	return p
}

// page begins a page with its head.
func (p *paper) page() {
	p.d.AddPage()
	if p.void == "" {
		p.d.Area(0, 0, pdf.Width, 8, accent)
	} else { // on every page, so that none is shown without it
		p.d.Area(0, 0, pdf.Width, 26, wrong)
		p.d.Text(left, 17.5, pdf.Font{Size: 12, Bold: true, Colour: paperWhite}, p.void)
	}
	p.d.Text(left, 44, pdf.Font{Size: 11, Bold: true, Colour: accent}, "Weighbridge")
	p.d.Right(right, 44, pdf.Font{Size: 9.5, Colour: muted}, p.kind)
	p.d.Line(left, 54, right, 54, 0.7, rule)
	p.y = 84
}

// room begins a new page where so much does not fit any more.
func (p *paper) room(height float64) {
	if p.y+height > bottom {
		p.page()
	}
}

// headline is what the document is about, to be read from afar.
func (p *paper) headline(q massbalance.Quantity, product, number string) {
	const side = 86.0
	p.code(right-side+8, p.y-24, side)
	p.d.Text(left, p.y, label, number)
	p.y += 30
	big := pdf.Font{Size: 27, Bold: true, Colour: ink}
	for _, text := range p.d.Wrap(big, wide-side-12, tonnes(q)+" of "+product) {
		p.d.Text(left, p.y, big, text)
		p.y += 30
	}
	p.y -= 12
	p.d.Text(left, p.y, pdf.Font{Size: 9.5, Colour: muted}, "Exactly "+weight(q))
	p.y += 26
}

// warning sets what nobody may overlook.
func (p *paper) warning(text string) {
	face := pdf.Font{Size: 10, Bold: true, Colour: wrong}
	lines := p.d.Wrap(face, wide-24, text)
	height := 14 + 14*float64(len(lines))
	p.room(height)
	p.d.Area(left, p.y-12, wide, height, alarm)
	for i, line := range lines {
		p.d.Text(left+12, p.y+4+14*float64(i), face, line)
	}
	p.y += height + 12
}

// recalls warns of statements that no longer stand.
func (p *paper) recalls(origins []DeclarationOrigin) {
	for _, o := range origins {
		if o.Recalled != "" {
			p.warning(fmt.Sprintf("%s kg rest on statement %s of %s, which is recalled by %s.", figure(o.Quantity), o.Statement, o.CertifierName, o.Recalled))
		}
	}
}

func weight(q massbalance.Quantity) string {
	if q.IsZero() {
		return "–"
	}
	return figure(q) + " kg"
}

// figure puts a space between thousands.
func figure(q massbalance.Quantity) string {
	whole, fraction, _ := strings.Cut(q.String(), ".")
	var b strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteRune(' ')
		}
		b.WriteRune(digit)
	}
	if fraction != "" {
		b.WriteString("." + fraction)
	}
	return b.String()
}

// figureOf is the figure of whole grams.
func figureOf(grams *big.Int) string {
	q, err := massbalance.ParseQuantity(decimal.NewFromBigInt(grams, -3).String())
	if err != nil {
		return massbalance.FormatGrams(grams) // less than nothing
	}
	return figure(q)
}

func tonnes(q massbalance.Quantity) string {
	d := decimalOf(q)
	if d.LessThan(decimal.NewFromInt(1000)) {
		return figure(q) + " kg"
	}
	whole, fraction, _ := strings.Cut(d.Shift(-3).StringFixed(2), ".")
	grouped, err := massbalance.ParseQuantity(whole)
	if err != nil {
		return figure(q) + " kg"
	}
	return figure(grouped) + "." + fraction + " t"
}

func decimalOf(q massbalance.Quantity) decimal.Decimal {
	d, err := decimal.NewFromString(q.String())
	if err != nil {
		panic(err) // a quantity's text is a decimal
	}
	return d
}

// facts sets pairs of a name and a text in two columns.
func (p *paper) facts(pairs [][2]string) {
	const gap = 24.0
	column := (wide - gap) / 2
	for i := 0; i < len(pairs); i += 2 {
		var lines [2][]string
		for j := range min(2, len(pairs)-i) {
			lines[j] = p.d.Wrap(strong, column, orNone(pairs[i+j][1]))
		}
		height := 16 + 12*float64(max(len(lines[0]), len(lines[1])))
		p.room(height)
		for j := range min(2, len(pairs)-i) {
			x := left + float64(j)*(column+gap)
			p.d.Line(x, p.y-10, x+column, p.y-10, 0.5, rule)
			p.d.Text(x, p.y+1, label, pairs[i+j][0])
			for k, text := range lines[j] {
				p.d.Text(x, p.y+14+12*float64(k), strong, text)
			}
		}
		p.y += height + 8
	}
	p.y += 6
}

func (p *paper) title(text string, needs float64) {
	p.room(needs + 28)
	p.y += 12
	p.d.Text(left, p.y, heading, text)
	p.y += 18
}

// share is a part of the whole with one model and one set of characteristics.
type share struct {
	quantity massbalance.Quantity
	model    massbalance.CustodyModel
	scheme   massbalance.SchemeID
	massbalance.Characteristics
}

// characteristics sets what may be said under each custody model, and below it
// each set with its carbon figures side by side, never netted.
func (p *paper) characteristics(shares []share) {
	if len(shares) == 0 {
		return
	}
	p.title("Specified characteristics", 130)
	shares = merged(shares)
	for _, model := range massbalance.CustodyModels {
		var under []share
		var sum massbalance.Quantity
		for _, s := range shares {
			if s.model == model {
				under, sum = append(under, s), sum.Add(s.quantity)
			}
		}
		if len(under) == 0 {
			continue
		}
		p.wording(model, sum)
		for _, s := range under {
			p.set(s)
		}
	}
	p.d.Text(left, p.y-4, small, "kg CO2e per kg of material as verified at the farm. Removals and biogenic uptake are never set off against emissions.")
	p.y += 12
}

// wording is a model with what may be said of the product under it.
func (p *paper) wording(model massbalance.CustodyModel, sum massbalance.Quantity) {
	lines := p.d.Wrap(body, wide-24, model.Wording())
	height := 26 + 13*float64(len(lines))
	p.room(height + 90)
	p.d.Area(left, p.y-8, wide, height, soft)
	p.d.Text(left+12, p.y+8, strong, capital(spoken(string(model)))+" (ISO 22095)")
	p.d.Right(right-12, p.y+8, strong, weight(sum))
	for i, text := range lines {
		p.d.Text(left+12, p.y+23+13*float64(i), body, text)
	}
	p.y += height + 12
}

// merged adds up parts that say the same.
func merged(shares []share) []share {
	var out []share
	at := map[string]int{}
	for _, s := range shares {
		key := string(s.ID()) + string(s.model) + string(s.scheme)
		if i, known := at[key]; known {
			out[i].quantity = out[i].quantity.Add(s.quantity)
			continue
		}
		at[key] = len(out)
		out = append(out, s)
	}
	return out
}

func (p *paper) set(s share) {
	p.room(86)
	scheme := s.scheme
	if scheme == "" {
		scheme = s.Scheme
	}
	place := s.Region + ", " + s.Country
	if s.LandUnit != "" {
		place = s.LandUnit + ", " + place
	}
	about := fmt.Sprintf("%s · %s · harvest %d", scheme, place, s.Vintage)
	if len(s.Practices) > 0 {
		about += " · " + strings.Join(s.Practices, ", ")
	}
	p.d.Right(right, p.y, strong, weight(s.quantity))
	for _, text := range p.d.Wrap(strong, wide-100, about) {
		p.d.Text(left, p.y, strong, text)
		p.y += 13
	}
	p.carbon(s.Carbon)
}

// carbon sets the six figures in a row, each with its method below.
func (p *paper) carbon(c massbalance.Carbon) {
	const columns = 6
	column := wide / columns
	p.y += 6
	deepest := 0
	for i, f := range []struct {
		name string
		massbalance.CarbonFigure
	}{
		{"Fossil", c.Fossil}, {"Land management", c.LandManagement}, {"Land-use change", c.LandUseChange},
		{"Biogenic non-CO2", c.BiogenicNonCO2}, {"Biogenic uptake", c.BiogenicUptake}, {"Removals", c.Removals},
	} {
		x := left + float64(i)*column
		p.d.Text(x, p.y, label, f.name)
		p.d.Text(x, p.y+14, pdf.Font{Size: 11, Bold: true, Colour: ink}, strings.Replace(f.Intensity.String(), "-", "−", 1))
		method := p.d.Wrap(small, column-8, f.Method)
		for k, text := range method {
			p.d.Text(x, p.y+25+9*float64(k), small, text)
		}
		deepest = max(deepest, len(method))
	}
	p.y += 38 + 9*float64(deepest)
}

func capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// origins sets the farms with their shares.
func (p *paper) origins(origins []DeclarationOrigin, whole, rounding massbalance.Quantity) {
	if len(origins) == 0 {
		return
	}
	p.title("Farms behind it", 90)
	x := left
	for i, o := range origins {
		width := wide * fraction(o.Quantity, whole)
		p.d.Area(x, p.y-6, width, 9, barColours[i%len(barColours)])
		x += width
	}
	p.y += 20
	p.originHead()
	for i, o := range origins {
		if p.y+26 > bottom {
			p.page()
			p.originHead()
		}
		p.origin(i, o, whole)
	}
	if !rounding.IsZero() {
		p.d.Text(left+14, p.y, label, "Rounding: each share is rounded down to the gram")
		p.d.Right(right-44, p.y, body, figure(rounding))
		p.y += 16
	}
	p.d.Line(left, p.y-9, right, p.y-9, 1, ink)
	p.d.Text(left+14, p.y+4, strong, "Total")
	p.d.Right(right-44, p.y+4, strong, figure(whole))
	p.d.Right(right, p.y+4, strong, "100")
	p.y += 26
}

// Where the columns of the table of origins begin.
const (
	cameInAt   = left + 170
	verifiedAt = left + 260
)

func (p *paper) originHead() {
	p.d.Text(left+14, p.y, label, "Producer")
	p.d.Text(cameInAt, p.y, label, "Came in as")
	p.d.Text(verifiedAt, p.y, label, "Verified by")
	p.d.Right(right-44, p.y, label, "Share, kg")
	p.d.Right(right, p.y, label, "%")
	p.d.Line(left, p.y+5, right, p.y+5, 0.7, rule)
	p.y += 18
}

func (p *paper) origin(i int, o DeclarationOrigin, whole massbalance.Quantity) {
	p.d.Area(left, p.y-7, 8, 8, barColours[i%len(barColours)])
	p.d.Text(left+14, p.y, strong, p.cut(strong, 150, o.Producer))
	p.d.Text(left+14, p.y+10, small, o.Region+", "+o.Country+", harvest "+strconv.Itoa(o.Vintage))
	p.d.Text(cameInAt, p.y, body, p.cut(body, 84, o.RawMaterial))
	p.d.Text(verifiedAt, p.y, body, p.cut(body, 130, o.CertifierName))
	p.d.Text(verifiedAt, p.y+10, small, p.cut(small, 130, string(o.Statement)+", "+string(o.Certificate)))
	p.d.Right(right-44, p.y, body, figure(o.Quantity))
	p.d.Right(right, p.y, body, percent(o.Quantity, whole))
	p.y += 26
}

// cut shortens a text to a width, and shows that it did.
func (p *paper) cut(f pdf.Font, width float64, text string) string {
	if p.d.Measure(f, text) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 1 && p.d.Measure(f, string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

func percent(part, whole massbalance.Quantity) string {
	if whole.IsZero() {
		return "0"
	}
	return decimalOf(part).Mul(decimal.NewFromInt(100)).DivRound(decimalOf(whole), 1).StringFixed(1)
}

// fraction is for drawing only.
func fraction(part, whole massbalance.Quantity) float64 {
	if whole.IsZero() {
		return 0
	}
	return decimalOf(part).DivRound(decimalOf(whole), 6).InexactFloat64()
}

// ledger sets where the record stands, and says where the code leads.
func (p *paper) ledger(pairs [][2]string, leads string) {
	p.title("On the ledger", 120)
	p.y += 4
	p.facts(pairs)
	p.y -= 4
	said := fmt.Sprintf(leads, p.address.URL) + " This paper repeats the ledger; it proves nothing by itself."
	if p.address.Local {
		said += " The gateway that made it was not told its public address (setting publicURL): the code works on that gateway's own machine only."
	}
	for _, text := range p.d.Wrap(small, wide, said) {
		p.d.Text(left, p.y, small, text)
		p.y += 10
	}
}

// code draws the address as a QR code, with the quiet zone that scanners need.
func (p *paper) code(x, y, side float64) {
	code, err := qr.Encode(p.address.URL, qr.M)
	if err != nil {
		return // too long for a code; the address stands beside it
	}
	const quiet = 4
	dot := side / float64(code.Size+2*quiet)
	for row := range code.Size {
		for column := 0; column < code.Size; column++ {
			length := 0
			for column+length < code.Size && code.Black(column+length, row) {
				length++
			}
			if length > 0 {
				p.d.Area(x+dot*float64(column+quiet), y+dot*float64(row+quiet), dot*float64(length), dot, ink)
				column += length
			}
		}
	}
}

// bytes adds the feet, which need the number of pages, and ends the document.
func (p *paper) bytes() ([]byte, error) {
	for i := range p.d.Pages() {
		p.d.Turn(i)
		y := pdf.Height - 40
		p.d.Line(left, y-14, right, y-14, 0.5, rule)
		p.d.Text(left, y, small, fmt.Sprintf("True at block %d of the consortium's ledger, as replayed and checked by this gateway.", p.height))
		p.d.Right(right, y, small, fmt.Sprintf("Page %d of %d", i+1, p.d.Pages()))
	}
	return p.d.Bytes()
}
