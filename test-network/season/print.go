package season

import (
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// sheet is a table for people: the first columns hold names and stand left, the
// others hold figures and stand right.
type sheet struct {
	title string
	names int
	rows  [][]string
}

func (s *sheet) row(cells ...string) { s.rows = append(s.rows, cells) }

func (s *sheet) print(out io.Writer) {
	var widths []int
	for _, row := range s.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	fmt.Fprintf(out, "\n%s\n", s.title)
	for _, row := range s.rows {
		var b strings.Builder
		for i, cell := range row {
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < s.names {
				cell += padding
			} else {
				cell = padding + cell
			}
			b.WriteString("  " + cell)
		}
		fmt.Fprintln(out, strings.TrimRight(b.String(), " "))
	}
}

// printSeason says what is about to be driven.
func (p *Plan) printSeason(out io.Writer) {
	s := p.Season
	var total, certified massbalance.Quantity
	for _, t := range s.Tickets {
		total = total.Add(t.Net)
		if _, ok := s.farm(t.Supplier); ok {
			certified = certified.Add(t.Net)
		}
	}
	fmt.Fprintf(out, "A season: %d certified farms and %d other suppliers, %s weighbridge tickets of %s kg, %s kg of them on verification statements;\n",
		len(s.Farms), len(s.Suppliers), count(len(s.Tickets)), kg(total), kg(certified))
	fmt.Fprintf(out, "%d shipments, %d conversions, %d withdrawals, %d claims, %d offers: %s commands, each through its own organisation's gateway.\n\n",
		len(s.Shipments), len(s.Conversions), len(s.Withdrawals), len(s.Claims), len(s.Deals), count(p.Commands()))
}

func printRefusals(out io.Writer, refused []Refused) {
	fmt.Fprintf(out, "\nWhat must fail\n")
	for _, r := range refused {
		code, message := string(r.Answer.Code), r.Answer.Message
		if code == "" {
			code = r.Answer.Stage
		}
		if r.Answer.Figures != nil {
			code += ": " + figures(r.Answer.Figures)
			_, message, _ = strings.Cut(message, " short: ")
		}
		fmt.Fprintf(out, "  %s, as %s (HTTP %d)\n      %s\n      %s\n", r.Refusal.Title, r.Refusal.Organisation, r.Answer.Status, code, message)
		if problem := r.Refusal.compare(r.Answer); problem != "" {
			fmt.Fprintf(out, "      ! not as rehearsed: %s\n", problem)
		}
	}
}

func (p *Plan) printResult(out io.Writer, r *Report) {
	p.printAccounts(out, r)
	p.printClaims(out, r)
	p.printOrigins(out, r)
	printWorth(out, r.Worth)
	p.printRecount(out, r)
	fmt.Fprintf(out, "\n%s commands accepted (%s of them repeated), %d attempts refused, in %.1f s.\n",
		count(r.Commands), count(r.Repeated), len(r.Refusals), r.Took.Seconds())
}

func (p *Plan) printAccounts(out io.Writer, r *Report) {
	s := sheet{title: "Sites: what came in, what went out, what is left (kg)", names: 2}
	s.row("site", "product", "in", "out", "left", "credit in", "credit out", "credit left")
	for _, a := range r.Accounts {
		account := a.account()
		s.row(string(a.Site), string(a.Product), exact(a.PhysicalIn), exact(a.PhysicalOut), exact(account.Stock()),
			exact(a.CreditIn), exact(a.CreditOut), exact(account.Credit()))
	}
	s.print(out)
}

// exact writes a quantity to the gram, so that columns align at the point.
func exact(q massbalance.Quantity) string { return grams(massbalance.GramsOf(q)) }

// printClaims gives each claim with its carbon figures side by side, never netted.
func (p *Plan) printClaims(out io.Writer, r *Report) {
	s := sheet{title: "Claims (kg of product; kg of CO2e, each figure by itself)", names: 4}
	s.row("claim", "product", "characteristics", "model", "year", "claimed", "fossil", "biogenic non-CO2", "removals", "farms")
	for _, c := range r.Claims {
		for _, part := range p.claimSets(c.Claim) {
			carbon := part.set.Characteristics.Carbon
			s.row(string(c.Claim.ID), string(c.Claim.Product), part.set.Name, string(part.model), strconv.Itoa(c.Claim.ReportingYear), kg(part.quantity),
				emissions(carbon.Fossil, part.quantity), emissions(carbon.BiogenicNonCO2, part.quantity), emissions(carbon.Removals, part.quantity),
				strconv.Itoa(len(c.Origins)))
		}
	}
	s.print(out)
}

func emissions(f massbalance.CarbonFigure, q massbalance.Quantity) string {
	return thousands(f.Intensity.Emissions(q).String())
}

// claimSet is the part of a claim that has one set of characteristics.
type claimSet struct {
	set      Set
	model    massbalance.CustodyModel
	quantity massbalance.Quantity
}

func (p *Plan) claimSets(c massbalance.Claim) []claimSet {
	var all []claimSet
next:
	for _, line := range c.Lines {
		for i := range all {
			if all[i].set.Characteristics.ID() == line.Characteristics && all[i].model == line.Model {
				all[i].quantity = all[i].quantity.Add(line.Quantity)
				continue next
			}
		}
		all = append(all, claimSet{p.setOf(line.Characteristics), line.Model, line.Quantity})
	}
	return all
}

// setOf names characteristics; those that the season does not know go by their hash.
func (p *Plan) setOf(id massbalance.CharacteristicsID) Set {
	for _, set := range p.Season.Sets {
		if set.Characteristics.ID() == id {
			return set
		}
	}
	return Set{Name: string(id)}
}

func (p *Plan) printOrigins(out io.Writer, r *Report) {
	s := sheet{title: "The farms behind the claims, with their shares (kg of the claimed product)", names: 4}
	s.row("claim", "farm", "region", "statement", "hectares", "share")
	for _, c := range r.Claims {
		for _, o := range c.Origins {
			farm := p.farmOf(o.Statement)
			s.row(string(c.Claim.ID), o.Producer, farm.Region, string(o.Statement), farm.Hectares.String(), exact(o.Quantity))
		}
		s.row(string(c.Claim.ID), "(rounded down along the way)", "", "", "", exact(c.Rounding))
	}
	s.print(out)
}

func (p *Plan) farmOf(statement massbalance.StatementID) Farm {
	for _, f := range p.Season.Farms {
		if f.Statement == statement {
			return f
		}
	}
	return Farm{}
}

func (p *Plan) printRecount(out io.Writer, r *Report) {
	s := sheet{title: fmt.Sprintf("Recount from the %s records of the certifier's gateway (kg)", count(r.Records)), names: 1}
	s.row("characteristics", "introduced", "available", "in transit", "claimed", "cancelled", "lost", "difference")
	for _, id := range sorted(r.Recount.Characteristics) {
		c := r.Recount.Characteristics[id]
		s.row(p.setOf(id).Name, grams(c.Introduced), grams(c.Available), grams(c.InTransit), grams(c.Claimed),
			grams(c.Cancelled), grams(c.Loss), grams(new(big.Int).Sub(c.Introduced, c.Total())))
	}
	s.print(out)
	fmt.Fprintf(out, "  %d accounts compared with the recount, to the gram. Findings: %d. Differences: %d.\n",
		len(r.Accounts), len(r.Recount.Findings), len(r.Differences))
	for _, finding := range slices.Concat(r.Recount.Findings, r.Differences) {
		fmt.Fprintf(out, "  ! %s\n", finding)
	}
}
