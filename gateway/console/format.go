package console

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/console/picture"
)

// narrow is the narrow no-break space that ISO 80000 puts between thousands; it
// can't be mistaken for a decimal sign in any country.
const narrow = "\u202f"

var functions = template.FuncMap{
	"px": picture.Pixels, "half": func(n int) int { return n / 2 }, "plus": func(a, b int) int { return a + b }, "minus": func(a, b, c int) int { return a - b - c }, "verb": verb,
	"kindName": kindName, "caption": func(title, note string) [2]string { return [2]string{title, note} },
	"kg": kilograms, "big": headline, "count": func(n int) string { return grouped(decimal.NewFromInt(int64(n)).String()) },
	"when": when,
	"sum":  sum, "money": amountOf, "co2": emitted,
	"query":   func(q string) template.URL { return template.URL(q) }, //nolint:gosec // written by the pages, which escape
	"named":   func(name string, rows any) namedRows { return namedRows{name, rows} },
	"most":    func(f *field, r amountRow) mostOf { return mostOf{f.Kind, r} },
	"place":   func(i int) string { return fmt.Sprintf("row %d", i+1) },
	"command": commandName, "browser": browserName,
	"slug":  func(a action) string { return a.Name },
	"model": modelName, "modelShort": modelShort, "status": statusName, "ends": func(end string, rows []transferRow) transferTable { return transferTable{end, rows} },
}

// mostOf is a row with the kind of its field, for what it may have at most.
type mostOf struct {
	Kind string
	Row  amountRow
}

// namedRows are a table's rows with the name by which it is asked for as a file.
type namedRows struct {
	Name string
	Rows any
}

// figure is a quantity in kilograms, its fraction apart so that a column lines
// up at the decimal sign; Padding is what an exact gram would have beyond it.
type figure struct{ Whole, Fraction, Padding string }

const fractionPlaces = 3

func kilograms(q massbalance.Quantity) figure {
	whole, fraction, _ := strings.Cut(q.String(), ".")
	f := figure{Whole: grouped(whole), Padding: strings.Repeat("0", fractionPlaces-len(fraction))}
	if fraction != "" {
		f.Fraction = "." + fraction
	} else {
		f.Padding = "." + f.Padding
	}
	return f
}

// grouped puts a space between thousands.
func grouped(digits string) string {
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(narrow)
		}
		b.WriteRune(d)
	}
	return b.String()
}

// amount is a figure to be read from afar.
type amount struct{ Value, Unit string }

var oneTonne = massbalance.Kilograms(1000)

// headline gives tonnes rounded to two places, or, below one tonne, exact kilograms.
func headline(q massbalance.Quantity) amount {
	if q.Less(oneTonne) {
		f := kilograms(q)
		return amount{f.Whole + f.Fraction, "kg"}
	}
	whole, fraction, _ := strings.Cut(decimalOf(q).Shift(-3).StringFixed(2), ".")
	return amount{grouped(whole) + "." + fraction, "t"}
}

func decimalOf(q massbalance.Quantity) decimal.Decimal {
	d, err := decimal.NewFromString(q.String())
	if err != nil {
		panic(err) // a quantity's text is a decimal
	}
	return d
}

// percent gives part ÷ whole in per cent, rounded to so many places; 0 of nothing.
func percent(part, whole massbalance.Quantity, places int32) string {
	if whole.IsZero() {
		return "0"
	}
	return decimalOf(part).Mul(decimal.NewFromInt(100)).DivRound(decimalOf(whole), places).String()
}

var modelNames = map[massbalance.CustodyModel][2]string{
	massbalance.IdentityPreserved:  {"Identity preserved", "ip"},
	massbalance.Segregated:         {"Segregated", "sg"},
	massbalance.ControlledBlending: {"Controlled blending", "cb"},
	massbalance.MassBalance:        {"Mass balance", "mb"},
	massbalance.BookAndClaim:       {"Book and claim", "bc"},
}

func modelName(m massbalance.CustodyModel) string { return modelNames[m][0] }

// modelShort is the model's style class.
func modelShort(m massbalance.CustodyModel) string { return modelNames[m][1] }

func statusName(s massbalance.TransferStatus) string {
	return map[massbalance.TransferStatus]string{
		massbalance.InTransit: "In transit", massbalance.Received: "Received",
		massbalance.Rejected: "Rejected", massbalance.Returned: "Returned",
		massbalance.Reversing: "Being reversed", massbalance.Reversed: "Reversed",
	}[s]
}

// kindName says where credit went.
func kindName(kind massbalance.HolderKind) string {
	if name, ok := map[massbalance.HolderKind]string{
		massbalance.HolderTransfer: "Transfer", massbalance.HolderConversion: "Next lots", massbalance.HolderClaim: "Claim", massbalance.HolderLot: "Lot",
		massbalance.HolderCancelled: "Cancelled", massbalance.HolderLoss: "Loss", massbalance.HolderExpired: "Expired",
	}[kind]; ok {
		return name
	}
	return string(kind)
}
