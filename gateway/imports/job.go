package imports

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

const (
	// jobsKept bounds the jobs that are remembered, jobsRunning those at work.
	jobsKept    = 32
	jobsRunning = 4
	// chunk is how many lines are sent at once: progress shows between, and the
	// queue keeps room for others.
	chunk = 100
	// awaitRead bounds how long a job's end waits for this gateway's own reads.
	awaitRead = 10 * time.Second
)

// State is where a job stands.
type State string

// A job runs, is done, or stopped because the ledger could not be reached; then
// the same file may be imported again.
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

// Start checks a file as a whole and begins to send it. The job goes on when
// ctx ends.
func (i *Importer) Start(ctx context.Context, r Request) (Job, error) {
	var p *plan
	err := i.Model.Read(ctx, func(s *readmodel.Snapshot) (err error) {
		p, err = newPlan(s, i.Organisation, r)
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
	job := &Job{ID: newID(), State: Running, Total: len(p.lines), Report: report}
	begun, err := i.keep(job)
	if err == nil {
		go i.run(context.WithoutCancel(ctx), job, p)
	}
	return begun, err
}

func newID() string {
	var id [12]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// keep remembers a job and forgets the oldest that is over.
func (i *Importer) keep(job *Job) (Job, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	running := 0
	for _, j := range i.jobs {
		if j.State == Running {
			running++
		}
	}
	if running >= jobsRunning {
		return Job{}, ErrBusy
	}
	i.jobs = append(i.jobs, job)
	if len(i.jobs) > jobsKept {
		oldest := slices.IndexFunc(i.jobs, func(j *Job) bool { return j.State != Running })
		i.jobs = slices.Delete(i.jobs, oldest, oldest+1)
	}
	return job.copied(), nil
}

// Job gives a job as it stands.
func (i *Importer) Job(id string) (Job, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, j := range i.jobs {
		if j.ID == id {
			return j.copied(), true
		}
	}
	return Job{}, false
}

func (j *Job) copied() Job {
	out := *j
	out.Report.Lines = slices.Clone(j.Report.Lines)
	return out
}

// run sends the lines in their order, a chunk at a time. A line without a
// definite result ends it: later lines may rest on it.
func (i *Importer) run(ctx context.Context, job *Job, p *plan) {
	commands, _ := p.commands()
	var last uint64
	for from := 0; from < len(commands); from += chunk {
		to := min(from+chunk, len(commands))
		outcomes, err := i.Submitter.Submit(ctx, commands[from:to])
		if err != nil {
			i.Log.LogAttrs(ctx, slog.LevelWarn, "couldn't send lines of an import", slog.String("job", job.ID), slog.Any("error", err))
			i.stop(job, from, "the gateway took no more commands")
			return
		}
		if block, ok := i.note(job, from, outcomes); !ok {
			i.stop(job, to, "the ledger gave no definite result; import the same file again")
			return
		} else if block > last {
			last = block
		}
	}
	if last > 0 {
		waiting, cancel := context.WithTimeout(ctx, awaitRead)
		_ = i.Model.Await(waiting, last) // who then reads too early sees the height
		cancel()
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	job.State = Done
}

// note files a chunk's outcomes; ok is false where one is not definite.
func (i *Importer) note(job *Job, from int, outcomes []submit.Outcome) (last uint64, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	ok = true
	for n, o := range outcomes {
		line := &job.Report.Lines[from+n]
		line.Block, last = o.Block, max(last, o.Block)
		switch o.Stage {
		case submit.Valid, submit.Refused:
			job.Report.decided(from+n, o.Result)
		case submit.Unknown:
			line.Outcome, line.Message, ok = Unknown, o.Detail, false
		default:
			line.Outcome, line.Message, ok = NotSent, o.Detail, false
		}
		if line.Transaction == "" {
			line.Transaction = o.Transaction
		}
		job.Sent++
	}
	return last, ok
}

func (i *Importer) stop(job *Job, from int, reason string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n := from; n < len(job.Report.Lines); n++ {
		job.Report.Lines[n].Outcome = NotSent
	}
	job.State, job.Reason = Stopped, reason
}
