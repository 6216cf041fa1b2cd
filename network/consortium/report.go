package consortium

import (
	"context"
	"fmt"
	"io"
	"sort"
	"sync"
	"time"
)

const (
	// quiet is how long a step may take before it says what it waits for, and repeat how often it says so again.
	quiet  = 2 * time.Second
	repeat = 10 * time.Second
)

// report prints steps with the time since the start.
type report struct {
	out     io.Writer
	started time.Time

	mutex    sync.Mutex
	awaiting map[string]string // what's missing, by who is waiting for it
}

func newReport(out io.Writer) *report {
	return &report{out: out, started: time.Now(), awaiting: map[string]string{}}
}

func (r *report) say(format string, arguments ...any) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	fmt.Fprintf(r.out, "%6.1f s  %s\n", time.Since(r.started).Seconds(), fmt.Sprintf(format, arguments...))
}

func (r *report) await(who, missing string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if missing == "" {
		delete(r.awaiting, who)
	} else {
		r.awaiting[who] = missing
	}
}

// sayAwaited prints what's missing, or the step's own name if nobody has said anything better.
func (r *report) sayAwaited(step string) {
	r.mutex.Lock()
	var missing []string
	for who, what := range r.awaiting {
		missing = append(missing, shortened(who+": "+what))
	}
	r.mutex.Unlock()
	sort.Strings(missing)
	if len(missing) == 0 {
		r.say("… not yet: %s", step)
	}
	for _, line := range missing {
		r.say("… not yet: %s", line)
	}
}

// shortened keeps a line on a screen; the error at the end of a failed wait has it in full.
func shortened(line string) string {
	const width = 160
	if runes := []rune(line); len(runes) > width {
		return string(runes[:width]) + "…"
	}
	return line
}

// step is one line of Up: what to do, and what holds afterwards.
type step struct {
	holds string
	run   func(context.Context) error
}

func (r *report) perform(ctx context.Context, steps []step) error {
	for _, step := range steps {
		if err := r.performOne(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) performOne(ctx context.Context, step step) error {
	watched := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(watched)
		timer := time.NewTimer(quiet)
		defer timer.Stop()
		for {
			select {
			case <-stop:
				return
			case <-timer.C:
				r.sayAwaited(step.holds)
				timer.Reset(repeat)
			}
		}
	}()
	err := step.run(ctx)
	close(stop)
	<-watched
	if err == nil {
		r.say("%s", step.holds)
	}
	return err
}
