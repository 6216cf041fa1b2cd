package season

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Options say where the season is driven and how.
type Options struct {
	// Gateways holds the base URL of each organisation's gateway, such as
	// http://127.0.0.1:8101. All members are needed.
	Gateways map[string]string
	// Tokens holds what each gateway is called with; those that ask for none need none.
	Tokens map[string]string
	// Out gets the progress and the tables; nil discards them.
	Out io.Writer
	// Client is for gateways that need one of their own; nil means a plain one.
	Client *http.Client
	// Batch bounds how many commands go in one request; 0 means 100.
	Batch int
	// Patience bounds how long to try without any progress; 0 means a minute.
	Patience time.Duration
}

func (o Options) complete() Options {
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 2 * time.Minute}
	}
	if o.Batch <= 0 {
		o.Batch = 100
	}
	if o.Patience <= 0 {
		o.Patience = time.Minute
	}
	return o
}

// Report is what came of a run.
type Report struct {
	// Commands were accepted, Repeated of them by an earlier run already.
	Commands int
	Repeated int
	Refusals []Refused
	Accounts []Account
	Claims   []ClaimOrigins
	// Recount adds the ledger up from the records that the certifier's gateway
	// gives, Records of them. Differences lists where accounts, claims or
	// origins differ from it; a sound ledger has none.
	Recount     *massbalance.Tally
	Records     int
	Differences []string
	// Worth is what the season's trade came to.
	Worth Worth
	Took  time.Duration
}

// Refused is an attempt and the answer to it.
type Refused struct {
	Refusal Refusal
	Answer  Answer
}

// Run drives the embedded season through the gateways: see [Plan.Run].
func Run(ctx context.Context, options Options) (*Report, error) {
	s, err := Load(Files())
	if err != nil {
		return nil, err
	}
	p, err := NewPlan(s)
	if err != nil {
		return nil, err
	}
	return p.Run(ctx, options)
}

// ErrNotSound says that the gateways' answers contradict the rehearsal or each other.
var ErrNotSound = errors.New("the ledger does not say what it should")

// Run sends every command through its own organisation's gateway, then what
// must be refused, then reads the result back from the certifier's gateway and
// recounts it, and what trade came to from the parties' gateways. It prints progress and tables on the way. Running it again on
// the same network changes nothing.
//
// It fails with the report and ErrNotSound where an answer is not the
// rehearsed one or the recount finds a difference.
func (p *Plan) Run(ctx context.Context, options Options) (*Report, error) {
	options = options.complete()
	began := time.Now()
	d := &driver{
		options: options, gateways: map[massbalance.OrganisationID]gateway{},
		progress: &progress{out: options.Out, start: began}, done: map[Ref]chan struct{}{},
	}
	for _, member := range p.Season.Members {
		base := options.Gateways[string(member.Organisation)]
		if base == "" {
			return nil, fmt.Errorf("couldn't find the gateway of %s: no address was given", member.Organisation)
		}
		d.gateways[member.Organisation] = gateway{member.Organisation, strings.TrimSuffix(base, "/"), options.Tokens[string(member.Organisation)], options.Client, options.Patience}
	}
	p.printSeason(options.Out)
	for _, phase := range p.Phases {
		if err := d.phase(ctx, phase); err != nil {
			return nil, fmt.Errorf("couldn't drive the season through %s: %w", phase.Name, err)
		}
	}
	report := &Report{Commands: p.Commands(), Repeated: d.repeated}
	if err := p.refuse(ctx, d, report); err != nil {
		return report, err
	}
	if err := p.read(ctx, d, report); err != nil {
		return report, err
	}
	if err := p.worth(ctx, d, report); err != nil {
		return report, err
	}
	report.Took = time.Since(began)
	p.printResult(options.Out, report)
	if n := len(report.Differences) + len(report.Recount.Findings); n > 0 {
		return report, fmt.Errorf("%w: %d differences, the first: %s", ErrNotSound, n, append(report.Differences, report.Recount.Findings...)[0])
	}
	return report, nil
}

// refuse tries what must fail and compares code and figures with the rehearsal.
func (p *Plan) refuse(ctx context.Context, d *driver, report *Report) error {
	for _, refusal := range p.Refusals {
		answer, err := d.definite(ctx, refusal)
		if err != nil {
			return fmt.Errorf("couldn't try to %s: %w", refusal.Title, err)
		}
		report.Refusals = append(report.Refusals, Refused{refusal, answer})
		if problem := refusal.compare(answer); problem != "" {
			report.Differences = append(report.Differences, refusal.Title+": "+problem)
		}
	}
	printRefusals(d.options.Out, report.Refusals)
	return nil
}

// definite asks until the rules, or the gateway itself, have decided. An answer
// that a peer behind the others may give is asked for again.
func (d *driver) definite(ctx context.Context, refusal Refusal) (Answer, error) {
	deadline := time.Now().Add(d.options.Patience)
	for {
		answers, err := d.gateways[refusal.Organisation].send(ctx, []massbalance.Command{refusal.Command})
		late := time.Now().After(deadline)
		if err == nil && (answers[0].decided() && !refusal.early(answers[0]) || late) {
			return answers[0], nil
		}
		if ctx.Err() != nil {
			return Answer{}, ctx.Err()
		}
		if late {
			return Answer{}, err
		}
		if err := pause(ctx, firstPause); err != nil {
			return Answer{}, err
		}
	}
}

// early reports whether the answer may come from a peer that has not seen yet
// what the attempt is about.
func (r Refusal) early(a Answer) bool {
	return a.Code != r.Result.Code && slices.Contains(perhapsLate, a.Code)
}

// compare says where an answer is not the rehearsed refusal, or "".
func (r Refusal) compare(a Answer) string {
	if r.Gateway {
		if a.Status == http.StatusForbidden && a.Stage == stageNotSubmitted {
			return ""
		}
		return "expected the gateway to submit nothing (403), got " + a.String()
	}
	if a.Code != r.Result.Code {
		return fmt.Sprintf("expected %s, got %s", r.Result.Code, a)
	}
	if figures(a.Figures) != figures(r.Result.Figures) {
		return fmt.Sprintf("expected %s, got %s", figures(r.Result.Figures), figures(a.Figures))
	}
	return ""
}

// figures compares and prints the numbers of a refusal, "" where it has none.
func figures(f *massbalance.Figures) string {
	if f == nil {
		return ""
	}
	return fmt.Sprintf("have %s kg, need %s kg, %s kg short", kg(f.Have), kg(f.Need), kg(f.Short))
}

// kg writes a quantity with thousands separators.
func kg(q massbalance.Quantity) string { return thousands(q.String()) }

// grams writes whole grams as kilograms with three decimals and separators.
func grams(n *big.Int) string { return thousands(massbalance.FormatGrams(n)) }

// thousands puts commas into the whole part of a decimal.
func thousands(text string) string {
	whole, fraction, decimal := strings.Cut(text, ".")
	sign, digits := "", whole
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if decimal {
		digits += "." + fraction
	}
	return sign + digits
}

// sorted lists a map's keys in order.
func sorted[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
