package massbalance

import (
	"bytes"
	"fmt"
	"math/big"
	"math/bits"
	"regexp"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

const (
	quantityDigits  = 15 // before the decimal point: less than a trillion tonnes
	quantityPlaces  = 3  // whole grams
	hectareDigits   = 9
	hectarePlaces   = 4 // whole square metres
	unitsPerHectare = 10_000
	intensityDigits = 6
	intensityPlaces = 6 // milligrams of CO2e per kilogram
)

var (
	intensityForm = regexp.MustCompile(`^-?[0-9]{1,6}(\.[0-9]{1,6})?$`)
	emissionsForm = regexp.MustCompile(`^-?[0-9]{1,22}(\.[0-9]{1,9})?$`)
	decimalForm   = regexp.MustCompile(`^([0-9]{1,9})\.([0-9]{1,9})$`)
	fractionForm  = regexp.MustCompile(`^([0-9]{1,19})/([0-9]{1,19})$`)
)

// Quantity is a mass in kilograms: a decimal with at most three places (whole
// grams) that is never negative. The zero value is 0 kg.
type Quantity struct{ grams natural }

// ParseQuantity reads kilograms such as "29400" or "29400.125". Signs,
// exponents, separators and more than three decimals are refused: a quantity
// that had to be guessed or rounded on entry is worth nothing to an auditor.
func ParseQuantity(text string) (Quantity, error) {
	grams, ok := parseUnits([]byte(text), quantityDigits, quantityPlaces)
	if !ok {
		return Quantity{}, fmt.Errorf("%q is not a quantity in kilograms with at most %d decimals", text, quantityPlaces)
	}
	return Quantity{grams}, nil
}

// parseUnits reads a decimal of at most so many digits and places, which together
// fit into 64 bits, and gives it in units of the last place.
func parseUnits(text []byte, most, places int) (natural, bool) {
	whole, part, pointed := bytes.Cut(text, []byte{'.'})
	units, ok := digits(0, whole, most)
	if ok && pointed {
		units, ok = digits(units, part, places)
	}
	for range places - len(part) {
		units *= 10
	}
	return natural{small: units}, ok
}

// digits appends the digits of a text, one at least and not more than so many, to
// a number.
func digits(n uint64, text []byte, most int) (uint64, bool) {
	if len(text) == 0 || len(text) > most {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

const (
	gramsPerKg = 1000
	tooLarge   = 1_000_000_000_000_000 * gramsPerKg // quantityDigits
)

// Fits reports whether the quantity has a form that ParseQuantity reads. Sums
// may outgrow it: what is kept is checked, for a state that cannot be read
// again would be lost.
func (q Quantity) Fits() bool { return q.grams.large == nil && q.grams.small < tooLarge }

// Kilograms makes a quantity of whole kilograms; a negative n gives zero.
func Kilograms(n int64) Quantity {
	grams, _ := natural{small: uint64(max(n, 0))}.scale(natural{small: gramsPerKg}, natural{small: 1})
	return Quantity{grams}
}

// Grams makes a quantity of whole grams; a negative n gives zero.
func Grams(n int64) Quantity { return Quantity{natural{small: uint64(max(n, 0))}} }

// Add returns q + other, exactly.
func (q Quantity) Add(other Quantity) Quantity { return Quantity{q.grams.plus(other.grams)} }

// Sub returns q − other and true, or zero and false where other exceeds q.
func (q Quantity) Sub(other Quantity) (Quantity, bool) {
	if q.Less(other) {
		return Quantity{}, false
	}
	return Quantity{q.grams.minus(other.grams)}, true
}

// Shortage returns how much more than q is needed to reach need; zero if none is.
func (q Quantity) Shortage(need Quantity) Quantity {
	short, _ := need.Sub(q)
	return short
}

// Less reports q < other.
func (q Quantity) Less(other Quantity) bool { return q.grams.compare(other.grams) < 0 }

// Equal reports whether both are the same number of grams.
func (q Quantity) Equal(other Quantity) bool { return q.grams.compare(other.grams) == 0 }

// IsZero reports whether q is 0 kg.
func (q Quantity) IsZero() bool { return q.grams.isZero() }

// Min returns the smaller of both.
func (q Quantity) Min(other Quantity) Quantity {
	if other.Less(q) {
		return other
	}
	return q
}

// ScaleCeil returns q × part ÷ whole, rounded up to the gram: for what must
// never be understated. A zero whole gives zero.
func (q Quantity) ScaleCeil(part, whole Quantity) Quantity {
	if whole.IsZero() {
		return Quantity{}
	}
	quotient, rest := q.grams.scale(part.grams, whole.grams)
	if rest {
		quotient = quotient.plus(natural{small: 1})
	}
	return Quantity{quotient}
}

// ScaleFloor returns q × part ÷ whole, rounded down to the gram. The
// multiplication comes first, so nothing but the last gram is lost. A zero
// whole gives zero.
func (q Quantity) ScaleFloor(part, whole Quantity) Quantity {
	if whole.IsZero() {
		return Quantity{}
	}
	quotient, _ := q.grams.scale(part.grams, whole.grams)
	return Quantity{quotient}
}

// String gives kilograms in canonical form: no exponent, no trailing zeros.
func (q Quantity) String() string { return string(q.grams.append(nil, quantityPlaces)) }

// MarshalText is AppendText to nothing.
func (q Quantity) MarshalText() ([]byte, error) { return q.AppendText(nil) }

// AppendText appends the canonical form, or fails where it could not be read again.
func (q Quantity) AppendText(b []byte) ([]byte, error) {
	if !q.Fits() {
		return b, fmt.Errorf("%s kg is more than a quantity can be", q)
	}
	return q.grams.append(b, quantityPlaces), nil
}

// UnmarshalText reads what ParseQuantity reads.
func (q *Quantity) UnmarshalText(text []byte) (err error) {
	var ok bool
	if q.grams, ok = parseUnits(text, quantityDigits, quantityPlaces); !ok {
		_, err = ParseQuantity(string(text))
	}
	return err
}

func (q Quantity) rat() *big.Rat { return q.grams.over(gramsPerKg) }

func (q Quantity) decimal() decimal.Decimal { return q.grams.decimal(quantityPlaces) }

// Sum adds quantities.
func Sum(quantities ...Quantity) Quantity {
	var total Quantity
	for _, q := range quantities {
		total = total.Add(q)
	}
	return total
}

// Ratio is an exact non-negative fraction in lowest terms. The zero value is 0.
type Ratio struct{ numerator, denominator int64 }

// NewRatio makes numerator/denominator; the denominator must be positive and
// the numerator not negative.
func NewRatio(numerator, denominator int64) (Ratio, error) {
	if numerator < 0 || denominator <= 0 {
		return Ratio{}, fmt.Errorf("%d/%d is not a ratio: the numerator may not be negative, the denominator must be positive", numerator, denominator)
	}
	divisor := new(big.Int).GCD(nil, nil, big.NewInt(numerator), big.NewInt(denominator)).Int64()
	return Ratio{numerator / divisor, denominator / divisor}, nil
}

// ParseRatio reads "18/25", "0.72" or "1", all exactly.
func ParseRatio(text string) (Ratio, error) {
	if m := fractionForm.FindStringSubmatch(text); m != nil {
		return ratioOf(text, m[1], m[2])
	}
	if m := decimalForm.FindStringSubmatch(text); m != nil {
		return ratioOf(text, m[1]+m[2], "1"+strings.Repeat("0", len(m[2])))
	}
	return ratioOf(text, text, "1")
}

func ratioOf(text, numerator, denominator string) (Ratio, error) {
	n, err := strconv.ParseUint(numerator, 10, 63)
	if err != nil {
		return Ratio{}, fmt.Errorf("%q is not a ratio such as 18/25 or 0.72", text)
	}
	d, err := strconv.ParseUint(denominator, 10, 63)
	if err != nil {
		return Ratio{}, fmt.Errorf("%q is not a ratio such as 18/25 or 0.72", text)
	}
	return NewRatio(int64(n), int64(d))
}

// RatioOf returns part/whole exactly, or an error where it has no 64-bit form.
func RatioOf(part, whole Quantity) (Ratio, error) {
	numerator, denominator := part.grams.big(), whole.grams.big()
	if !numerator.IsInt64() || !denominator.IsInt64() {
		return Ratio{}, fmt.Errorf("%s kg / %s kg is too fine to be held exactly", part, whole)
	}
	return NewRatio(numerator.Int64(), denominator.Int64())
}

// FloorOf returns q × r rounded down to the gram.
func (r Ratio) FloorOf(q Quantity) Quantity {
	quotient, _ := q.grams.scale(natural{small: uint64(r.numerator)}, natural{small: uint64(r.den())})
	return Quantity{quotient}
}

// CeilOf returns q × r rounded up to the gram: what is at least needed.
func (r Ratio) CeilOf(q Quantity) Quantity { return ceilGrams(r.of(q)) }

// CeilInput returns q ÷ r rounded up to the gram: the input that yields q at a
// factor of r. A factor of 0 yields nothing, of whatever input; the result is 0.
func (r Ratio) CeilInput(q Quantity) Quantity { return ceilGrams(r.per(q)) }

// per returns q ÷ r exactly, in kilograms; 0 where r is 0.
func (r Ratio) per(q Quantity) *big.Rat {
	if r.IsZero() {
		return new(big.Rat)
	}
	return Ratio{r.den(), r.numerator}.of(q)
}

// of returns q × r exactly, in kilograms.
func (r Ratio) of(q Quantity) *big.Rat { return new(big.Rat).Mul(q.rat(), r.rat()) }

// floorGrams and ceilGrams turn exact kilograms, not negative, into a quantity.
func floorGrams(kg *big.Rat) Quantity {
	return Quantity{naturalOf(floorOf(kg, quantityPlaces))}
}
func ceilGrams(kg *big.Rat) Quantity {
	return Quantity{naturalOf(ceilOf(kg, quantityPlaces))}
}

// floorOf returns the greatest whole number of units of 10^-places that is no
// more than x, ceilOf the least that is no less.
func floorOf(x *big.Rat, places int64) *big.Int {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(places), nil)
	scaled := new(big.Int).Mul(x.Num(), unit)
	return scaled.Div(scaled, x.Denom()) // Euclidean; the denominator is positive, so it floors
}

func ceilOf(x *big.Rat, places int64) *big.Int {
	down := floorOf(new(big.Rat).Neg(x), places)
	return down.Neg(down)
}

// Plus returns r + other, or an error where the sum has no exact 64-bit form.
func (r Ratio) Plus(other Ratio) (Ratio, error) {
	sum := new(big.Rat).Add(r.rat(), other.rat())
	if !sum.Num().IsInt64() || !sum.Denom().IsInt64() {
		return Ratio{}, fmt.Errorf("%s + %s is too fine to be held exactly", r, other)
	}
	return NewRatio(sum.Num().Int64(), sum.Denom().Int64())
}

// Exceeds reports r > other.
func (r Ratio) Exceeds(other Ratio) bool {
	high, low := bits.Mul64(uint64(r.numerator), uint64(other.den()))
	otherHigh, otherLow := bits.Mul64(uint64(other.numerator), uint64(r.den()))
	return high > otherHigh || high == otherHigh && low > otherLow
}

// IsZero reports whether r is 0.
func (r Ratio) IsZero() bool { return r.numerator == 0 }

// String gives "numerator/denominator" in lowest terms.
func (r Ratio) String() string { return fmt.Sprintf("%d/%d", r.numerator, r.den()) }

// MarshalText gives the canonical form.
func (r Ratio) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what ParseRatio reads.
func (r *Ratio) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRatio(string(text))
	return err
}

// den makes the zero Ratio behave as 0/1.
func (r Ratio) den() int64 { return max(r.denominator, 1) }

func (r Ratio) rat() *big.Rat { return big.NewRat(r.numerator, r.den()) }

// Hectares is an area with at most four decimals (whole square metres), never negative.
type Hectares struct{ units natural }

// ParseHectares reads hectares such as "112.5".
func ParseHectares(text string) (Hectares, error) {
	units, ok := parseUnits([]byte(text), hectareDigits, hectarePlaces)
	if !ok {
		return Hectares{}, fmt.Errorf("%q is not an area in hectares with at most %d decimals", text, hectarePlaces)
	}
	return Hectares{units}, nil
}

// Add returns h + other, exactly.
func (h Hectares) Add(other Hectares) Hectares { return Hectares{h.units.plus(other.units)} }

// Less reports h < other.
func (h Hectares) Less(other Hectares) bool { return h.units.compare(other.units) < 0 }

// Equal reports whether both are the same area.
func (h Hectares) Equal(other Hectares) bool { return h.units.compare(other.units) == 0 }

// FloorYield returns the harvest of the area at so many kilograms per hectare,
// rounded down to the gram.
func (h Hectares) FloorYield(perHectare Quantity) Quantity {
	grams, _ := h.units.scale(perHectare.grams, natural{small: unitsPerHectare})
	return Quantity{grams}
}

// IsZero reports whether the area is nothing.
func (h Hectares) IsZero() bool { return h.units.isZero() }

// String gives hectares in canonical form.
func (h Hectares) String() string { return string(h.units.append(nil, hectarePlaces)) }

// MarshalText gives the canonical form.
func (h Hectares) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what ParseHectares reads.
func (h *Hectares) UnmarshalText(text []byte) (err error) {
	*h, err = ParseHectares(string(text))
	return err
}

// Intensity is kilograms of CO2 equivalent per kilogram of product, with at
// most six decimals; it may be negative (removals, biogenic uptake).
type Intensity struct{ perKg decimal.Decimal }

// ParseIntensity reads kg CO2e per kg such as "0.294" or "-0.03".
func ParseIntensity(text string) (Intensity, error) {
	if !intensityForm.MatchString(text) {
		return Intensity{}, fmt.Errorf("%q is not kg CO2e per kg with at most %d decimals", text, intensityPlaces)
	}
	perKg, err := decimal.NewFromString(text)
	if err != nil {
		return Intensity{}, fmt.Errorf("couldn't read intensity %q: %w", text, err)
	}
	return Intensity{perKg}, nil
}

// ceilIntensity rounds exact kg CO2e per kg up to six decimals, so that no
// emission is understated and no removal overstated; false where the result
// could not be read again.
func ceilIntensity(perKg *big.Rat) (Intensity, bool) {
	i := Intensity{decimal.NewFromBigInt(ceilOf(perKg, intensityPlaces), -intensityPlaces)}
	return i, i.perKg.Abs().LessThan(decimal.New(1, intensityDigits))
}

// of returns the emissions of a quantity exactly, in kilograms of CO2e.
func (i Intensity) of(q Quantity) *big.Rat { return new(big.Rat).Mul(i.perKg.Rat(), q.rat()) }

// Sign is −1, 0 or +1.
func (i Intensity) Sign() int { return i.perKg.Sign() }

// Emissions returns kilograms of CO2e of a quantity, exactly (nine decimals at most).
func (i Intensity) Emissions(q Quantity) decimal.Decimal { return i.perKg.Mul(q.decimal()) }

// String gives the canonical form.
func (i Intensity) String() string { return i.perKg.String() }

// MarshalText gives the canonical form.
func (i Intensity) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads what ParseIntensity reads.
func (i *Intensity) UnmarshalText(text []byte) (err error) {
	*i, err = ParseIntensity(string(text))
	return err
}
