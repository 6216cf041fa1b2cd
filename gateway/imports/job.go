package imports

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

const (
	// jobsKept bounds the jobs that are remembered, jobsRunning those at work.
	jobsKept    = 100
	jobsRunning = 4
	// chunk is how many lines are sent at once: progress shows between, and the
	// queue keeps room for others.
	chunk = 100
	// awaitRead bounds how long a job's end waits for this gateway's own reads.
	awaitRead = 10 * time.Second
	// readyEvery is how often it is asked whether the ledger can be reached,
	// before jobs of an earlier run of the gateway go on.
	readyEvery = 500 * time.Millisecond
)

// State is where a job stands.
type State string

// A job runs, is done, or stopped because the ledger could not be reached; then
// the same file may be imported again. A job that runs goes on when the gateway
// is started again.
const (
	Running State = "running"
	Done    State = "done"
	Stopped State = "stopped"
)

// States lists them.
var States = []State{Running, Done, Stopped}

// Job is an import under way or over.
type Job struct {
	ID    string
	State State
	// Sent of Total lines have an outcome.
	Sent  int
	Total int
	// Reason says why the job stopped.
	Reason string
	Report Report
}

// sending is a job at work: beside what is shown of it, what is still to be sent.
type sending struct {
	Job
	commands []massbalance.Command
	// there says of each line whether its command was on the ledger when the job
	// began: what a job finds there later it put there itself, in a run of the
	// gateway that ended before it could note that.
	there []bool
}

// Start checks a file as a whole and begins to send it. The job goes on when
// ctx ends, and when the gateway is started again.
func (i *Importer) Start(ctx context.Context, r Request) (Job, error) {
	var p *plan
	job := &sending{}
	err := i.Model.Read(ctx, func(s *readmodel.Snapshot) (err error) {
		if p, err = newPlan(s, i.Organisation, r); err != nil {
			return err
		}
		job.commands, _ = p.commands()
		job.there, err = i.known(s, job.commands)
		return err
	})
	if err != nil {
		return Job{}, err
	}
	report := p.report(r.Kind)
	if p.malformed > 0 {
		return Job{}, &MalformedFile{report}
	}
	for n := range report.Lines {
		report.Lines[n].Outcome = Waiting
	}
	job.Job = Job{ID: newID(), State: Running, Total: len(p.lines), Report: report}
	if err := i.begin(ctx, job); err != nil {
		return Job{}, err
	}
	begun := job.copied() // before it is worked on
	i.works.Go(func() { i.run(ctx, job) })
	return begun, nil
}

func (i *Importer) known(s *readmodel.Snapshot, commands []massbalance.Command) ([]bool, error) {
	there := make([]bool, len(commands))
	for n, c := range commands {
		ok, err := onLedger(s, i.Organisation, c.ID)
		if err != nil {
			return nil, fmt.Errorf("couldn't look up command %s: %w", c.ID, err)
		}
		there[n] = ok
	}
	return there, nil
}

func newID() string {
	var id [12]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// begin writes a job down, so that from here on it is not lost, and takes it up.
func (i *Importer) begin(ctx context.Context, job *sending) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.running) >= jobsRunning {
		return ErrBusy
	}
	if err := i.write(ctx, job); err != nil {
		return err
	}
	i.running[job.ID] = job
	return nil
}

// Job gives a job as it stands, or an *readmodel.NotFound.
func (i *Importer) Job(ctx context.Context, id string) (Job, error) {
	i.mu.Lock()
	if job, ok := i.running[id]; ok {
		defer i.mu.Unlock()
		return job.copied(), nil
	}
	i.mu.Unlock()
	job, err := i.read(ctx, id)
	if err != nil {
		return Job{}, err
	}
	return job.Job, nil
}

func (s *sending) copied() Job {
	out := s.Job
	out.Report.Lines = slices.Clone(s.Report.Lines)
	return out
}

// run sends the lines in their order, a chunk at a time. A line without a
// definite result ends it: later lines may rest on it. Where the gateway is
// stopped meanwhile, the job stays as it was last written down.
func (i *Importer) run(asked context.Context, job *sending) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(asked))
	defer cancel()
	defer context.AfterFunc(i.life, cancel)()
	var last uint64
	for from := job.Sent; from < len(job.commands); from = job.Sent {
		to := min(from+chunk, len(job.commands))
		outcomes, err := i.Submitter.Submit(ctx, job.commands[from:to])
		if i.life.Err() != nil {
			return // whatever came of it is found on the ledger by the next run
		}
		if err != nil {
			i.Log.LogAttrs(ctx, slog.LevelWarn, "couldn't send lines of an import", slog.String("job", job.ID), slog.Any("error", err))
			i.end(ctx, job, Stopped, "the gateway took no more commands")
			return
		}
		block, definite := i.note(ctx, job, from, outcomes)
		if last = max(last, block); !definite {
			i.end(ctx, job, Stopped, "the ledger gave no definite result; import the same file again")
			return
		}
	}
	if last > 0 {
		waiting, cancel := context.WithTimeout(ctx, awaitRead)
		_ = i.Model.Await(waiting, last) // who then reads too early sees the height
		cancel()
	}
	i.end(ctx, job, Done, "")
}

// note files a chunk's outcomes; definite is false where one is not.
func (i *Importer) note(ctx context.Context, job *sending, from int, outcomes []submit.Outcome) (last uint64, definite bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	definite = true
	for n, o := range outcomes {
		line := &job.Report.Lines[from+n]
		line.Block, last = o.Block, max(last, o.Block)
		switch o.Stage {
		case submit.Valid, submit.Refused:
			o.Result.Repeated = o.Result.Repeated && job.there[from+n]
			job.Report.decided(from+n, o.Result)
		case submit.Unknown:
			line.Outcome, line.Message, definite = Unknown, o.Detail, false
		default:
			line.Outcome, line.Message, definite = NotSent, o.Detail, false
		}
		if line.Transaction == "" {
			line.Transaction = o.Transaction
		}
		job.Sent++
	}
	i.save(ctx, job, from, from+len(outcomes))
	return last, definite
}

// end closes a job. Lines that were not sent say so.
func (i *Importer) end(ctx context.Context, job *sending, state State, reason string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	from := job.Sent
	for n := from; n < len(job.Report.Lines); n++ {
		job.Report.Lines[n].Outcome = NotSent
	}
	job.State, job.Reason = state, reason
	i.save(ctx, job, from, len(job.Report.Lines))
	delete(i.running, job.ID)
}

// save writes down what changed. Where that fails, the job is sent again by the
// next run of the gateway, which changes nothing on the ledger.
func (i *Importer) save(ctx context.Context, job *sending, from, to int) {
	if err := i.update(ctx, job, from, to); err != nil {
		i.Log.LogAttrs(ctx, slog.LevelError, "couldn't write down how far an import is", slog.String("job", job.ID), slog.Any("error", err))
	}
}

// Resume goes on with the jobs that this gateway had taken when it ended, as soon
// as the ledger can be reached. It returns when they are taken up, or ctx ends.
func (i *Importer) Resume(ctx context.Context) {
	jobs, err := i.unfinished(ctx)
	if err != nil {
		i.Log.LogAttrs(ctx, slog.LevelError, "couldn't go on with imports", slog.Any("error", err))
		return
	}
	ticker := time.NewTicker(readyEvery)
	defer ticker.Stop()
	for len(jobs) > 0 && !i.Ready() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
	for _, job := range jobs {
		i.mu.Lock()
		i.running[job.ID] = job.sending
		i.mu.Unlock()
		i.Log.LogAttrs(ctx, slog.LevelInfo, "going on with an import", slog.String("job", job.ID), slog.Int("sent", job.Sent), slog.Int("lines", job.Total))
		i.works.Go(func() { i.run(i.As(ctx, job.who), job.sending) })
	}
}

// Close lets what is being sent come to its end and leaves the rest to the next
// run of the gateway.
func (i *Importer) Close() {
	i.stop()
	i.works.Wait()
}
