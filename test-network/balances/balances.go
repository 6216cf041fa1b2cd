// Package balances turns national food balances into ledger commands: each row
// of FAO's supply balances (one country, commodity and year) becomes a site's
// year. Inputs are taken in first, outputs are withdrawn in the file's order,
// and the period is closed on the balance that is left.
//
// A row whose outputs exceed its inputs is what a ledger that conserves mass has
// to refuse. Predict says at which output and by how much, with arithmetic of
// its own.
package balances

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Period is the period that a row's site has.
const Period massbalance.PeriodID = "year"

// Row is one country, commodity and year.
type Row struct {
	Line      int
	Area      string
	Commodity string
	Year      int
	// Inputs and Outputs are in the order in which they are booked; there are
	// none of 0 kg.
	Inputs  []Flow
	Outputs []Flow
}

// Flow is one element of a balance.
type Flow struct {
	Element  string
	Quantity massbalance.Quantity
}

var columns = []string{
	"area", "commodity", "year", "production_t", "import_t", "stock_withdrawal_t",
	"export_t", "feed_t", "food_t", "seed_t", "loss_t", "processed_t", "other_uses_t",
}

const stockColumn = 5

// Read reads the whole file; any malformed cell is an error that names its line.
func Read(r io.Reader) ([]Row, error) {
	lines := csv.NewReader(r)
	header, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("couldn't read balances: %w", err)
	}
	if strings.Join(header, ",") != strings.Join(columns, ",") {
		return nil, fmt.Errorf("couldn't read balances: the columns are %q, expected %q", header, columns)
	}
	var rows []Row
	for {
		record, err := lines.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("couldn't read balances: %w", err)
		}
		line, _ := lines.FieldPos(0)
		row, err := parse(record)
		if err != nil {
			return nil, fmt.Errorf("couldn't read balances, line %d: %w", line, err)
		}
		row.Line = line
		rows = append(rows, row)
	}
}

func parse(record []string) (Row, error) {
	year, err := strconv.Atoi(record[2])
	if err != nil {
		return Row{}, fmt.Errorf("year %q: %w", record[2], err)
	}
	row := Row{Area: record[0], Commodity: record[1], Year: year}
	var intoStock []Flow
	for i := 3; i < len(columns); i++ {
		magnitude, negative := strings.CutPrefix(record[i], "-")
		quantity, err := kilograms(magnitude)
		if err != nil {
			return Row{}, fmt.Errorf("%s: %w", columns[i], err)
		}
		if negative && i != stockColumn {
			return Row{}, fmt.Errorf("%s is %s t; only what goes into stock is negative", columns[i], record[i])
		}
		flow := Flow{strings.TrimSuffix(columns[i], "_t"), quantity}
		switch {
		case quantity.IsZero():
		case negative:
			intoStock = append(intoStock, flow)
		case i <= stockColumn:
			row.Inputs = append(row.Inputs, flow)
		default:
			row.Outputs = append(row.Outputs, flow)
		}
	}
	row.Outputs = append(row.Outputs, intoStock...)
	return row, nil
}

// kilograms moves the decimal point of tonnes with at most three decimals.
func kilograms(tonnes string) (massbalance.Quantity, error) {
	whole, fraction, _ := strings.Cut(tonnes, ".")
	if len(fraction) > 3 {
		return massbalance.Quantity{}, fmt.Errorf("%q t has more than three decimals", tonnes)
	}
	return massbalance.ParseQuantity(whole + (fraction + "000")[:3])
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

func name(text string) string {
	return strings.Trim(notInNames.ReplaceAllString(strings.ToLower(text), "-"), "-")
}

// Site names the row's site.
func (r Row) Site() massbalance.SiteID {
	return massbalance.SiteID(fmt.Sprintf("%s-%s-%d", name(r.Area), name(r.Commodity), r.Year))
}

// Product names the row's product.
func (r Row) Product() massbalance.ProductID { return massbalance.ProductID(name(r.Commodity)) }

// Commands gives the row's commands in order: the site, its period, the inputs,
// the outputs up to the one that must be refused, and the close if none must.
func (r Row) Commands() []massbalance.Command {
	site, product := r.Site(), r.Product()
	bodies := []massbalance.Body{
		massbalance.RegisterSite{Site: site, Name: fmt.Sprintf("%s, %s, %d", r.Area, r.Commodity, r.Year), Country: "XX", Region: name(r.Area)},
		massbalance.OpenPeriod{
			Site: site, Period: Period,
			From: massbalance.Date(fmt.Sprintf("%d-01-01", r.Year)), To: massbalance.Date(fmt.Sprintf("%d-12-31", r.Year)),
		},
	}
	for _, in := range r.Inputs {
		bodies = append(bodies, massbalance.TakeIn{
			Site: site, Product: product, Quantity: in.Quantity, Supplier: in.Element,
			Evidence: massbalance.EvidenceID(string(site) + "-" + in.Element),
		})
	}
	refused, _ := r.Predict()
	for i, out := range r.Outputs {
		bodies = append(bodies, massbalance.Withdraw{Site: site, Product: product, Quantity: out.Quantity, Purpose: out.Element})
		if i == refused {
			break
		}
	}
	if refused < 0 {
		bodies = append(bodies, r.closing())
	}
	commands := make([]massbalance.Command, 0, len(bodies))
	for i, body := range bodies {
		commands = append(commands, massbalance.Command{
			ID:   massbalance.CommandID(fmt.Sprintf("%s-%d", site, i)),
			Date: massbalance.Date(fmt.Sprintf("%d-12-31", r.Year)), Period: Period, Body: body,
		})
	}
	return commands
}

func (r Row) closing() massbalance.ClosePeriod {
	closing := massbalance.ClosePeriod{Site: r.Site(), Period: Period}
	if len(r.Inputs) == 0 {
		return closing
	}
	_, left := r.Predict()
	closing.Balances = []massbalance.AccountBalance{{Product: r.Product(), Balance: massbalance.Grams(left.Int64())}}
	return closing
}

// Predict sums the row up in whole grams: the index of the output that exceeds
// what is left, or −1, and what is left then, negative by the shortage.
func (r Row) Predict() (refused int, left *big.Int) {
	left = new(big.Int)
	for _, in := range r.Inputs {
		left.Add(left, massbalance.GramsOf(in.Quantity))
	}
	for i, out := range r.Outputs {
		if left.Sub(left, massbalance.GramsOf(out.Quantity)).Sign() < 0 {
			return i, left
		}
	}
	return -1, left
}
