package imports

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/store"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// Outcome is what becomes, or would become, of a line.
type Outcome string

// A line is accepted, repeated or refused by the rules; malformed where it can't
// be read; waiting until it was sent; not sent where the run stopped before it;
// and unknown where it was sent and nobody can say.
const (
	Accepted  Outcome = "accepted"
	Repeated  Outcome = "repeated"
	Refused   Outcome = "refused"
	Malformed Outcome = "malformed"
	Waiting   Outcome = "waiting"
	NotSent   Outcome = "not_sent"
	Unknown   Outcome = "unknown"
)

// Outcomes lists them.
var Outcomes = []Outcome{Accepted, Repeated, Refused, Malformed, Waiting, NotSent, Unknown}

// LineReport is one line with what becomes of it.
type LineReport struct {
	Line     int
	Document string
	Outcome  Outcome
	// Column is where a malformed line is wrong.
	Column string
	// Code, Message and Figures are the rules' words.
	Code    massbalance.Code
	Message string
	Figures *massbalance.Figures
	// Command, Type and What say what the line was made into.
	Command     massbalance.CommandID
	Type        string
	What        string
	Transaction string
	Block       uint64
}

// Report is what becomes of a whole file.
type Report struct {
	Kind Kind
	// Accepted to Malformed count lines by their outcome.
	Accepted  int
	Repeated  int
	Refused   int
	Malformed int
	// IgnoredColumns mean nothing for this kind of file.
	IgnoredColumns []string
	// LeftOut is the line of a row of sums at the file's end, which says what the
	// lines above it add up to; 0 if there is none.
	LeftOut int
	Lines   []LineReport
}

func (p *plan) report(kind Kind) Report {
	r := Report{Kind: kind, IgnoredColumns: p.ignored, LeftOut: p.leftOut, Malformed: p.malformed, Lines: make([]LineReport, len(p.lines))}
	for i, one := range p.lines {
		r.Lines[i] = one.report
	}
	return r
}

// decided notes the rules' result on a line.
func (r *Report) decided(i int, result massbalance.Result) {
	l := &r.Lines[i]
	l.Code, l.Message, l.Figures, l.Transaction = result.Code, result.Message, result.Figures, result.Transaction
	switch {
	case result.Code != massbalance.Accepted:
		l.Outcome = Refused
	case result.Repeated:
		l.Outcome = Repeated
	default:
		l.Outcome = Accepted
	}
	r.count(l.Outcome)
}

// count counts a line with an outcome of the rules.
func (r *Report) count(o Outcome) {
	switch o {
	case Refused:
		r.Refused++
	case Repeated:
		r.Repeated++
	case Accepted:
		r.Accepted++
	}
}

// Submitter brings commands to the ledger; see package submit.
type Submitter interface {
	Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error)
}

// Model is the gateway's own copy of the ledger.
type Model interface {
	Read(ctx context.Context, look func(*readmodel.Snapshot) error) error
	Await(ctx context.Context, block uint64) error
}

// Options say for whom files are imported.
type Options struct {
	Organisation massbalance.OrganisationID
	Model        Model
	Submitter    Submitter
	// Store keeps the jobs; Carrier names this gateway among those that share it,
	// and stays the same when it is started again.
	Store   *store.Store
	Carrier string
	// Who writes down who hands in, and As puts that into a context again, so that
	// a job goes on in the same name; nil does neither.
	Who func(context.Context) []byte
	As  func(context.Context, []byte) context.Context
	// Ready reports whether the ledger can be reached; nil always does.
	Ready func() bool
	Log   *slog.Logger
}

// Importer imports files and keeps the last of its jobs.
type Importer struct {
	Options
	life  context.Context
	stop  context.CancelFunc
	works sync.WaitGroup

	mu      sync.Mutex
	running map[string]*sending
}

// Open makes an importer and brings the store's tables up to date. Resume goes on
// with what an earlier run left, and Close ends it.
func Open(ctx context.Context, o Options) (*Importer, error) {
	if o.Who == nil {
		o.Who = func(context.Context) []byte { return []byte{} }
	}
	if o.As == nil {
		o.As = func(ctx context.Context, _ []byte) context.Context { return ctx }
	}
	if o.Ready == nil {
		o.Ready = func() bool { return true }
	}
	if err := o.Store.Migrate(ctx, "imports", steps...); err != nil {
		return nil, fmt.Errorf("couldn't open the imports: %w", err)
	}
	i := &Importer{Options: o, running: map[string]*sending{}}
	i.life, i.stop = context.WithCancel(context.Background())
	return i, nil
}

// dryRun is the transaction of a dry run; it is in no block.
const dryRun = "dry-run"

// DryRun says what would become of each line and sends nothing. The report
// belongs to the height given.
func (i *Importer) DryRun(ctx context.Context, r Request) (report Report, next uint64, err error) {
	err = i.Model.Read(ctx, func(s *readmodel.Snapshot) error {
		next = s.Next
		p, err := newPlan(s, i.Organisation, r)
		if err != nil {
			return err
		}
		report = p.report(r.Kind)
		commands, at := p.commands()
		batch, err := massbalance.ExecuteBatch(s, massbalance.Tx{ID: dryRun, Organisation: i.Organisation}, commands)
		if err != nil {
			return fmt.Errorf("couldn't try the commands: %w", err)
		}
		for n, result := range batch.Results {
			if result.Transaction == dryRun {
				result.Transaction = ""
			}
			report.decided(at[n], result)
		}
		return nil
	})
	return report, next, err
}

// commands lists the commands of the lines that can be read, with the place of each.
func (p *plan) commands() (commands []massbalance.Command, at []int) {
	for i, one := range p.lines {
		if one.good {
			commands, at = append(commands, one.command), append(at, i)
		}
	}
	return commands, at
}

// MalformedFile says that a file was not sent, because some of its lines can't be read.
type MalformedFile struct{ Report Report }

// Error counts the lines.
func (m *MalformedFile) Error() string {
	return fmt.Sprintf("%d of %d lines can't be read; nothing was sent", m.Report.Malformed, len(m.Report.Lines))
}

// ErrBusy says that too many imports are running.
var ErrBusy = errors.New("too many imports are running; try again when one is done")
