package journal

import (
	"context"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

const (
	// chunk is how many commands are sent on together.
	chunk = 500
	// passes is how often a command may be passed over before it is given up.
	passes = 8

	shortestPause = 200 * time.Millisecond
	longestPause  = 15 * time.Second
)

// work sends what waits in a lane, in its order, until it is empty.
func (j *Journal) work(l *lane) {
	pause := shortestPause
	for {
		items := j.front(l)
		if items == nil {
			return
		}
		commands := make([]massbalance.Command, len(items))
		for i, it := range items {
			commands[i] = it.command
		}
		outcomes, err := j.Next.Submit(submit.As(j.life, "journal "+l.id.caller), commands)
		if j.life.Err() != nil {
			return // what became of them is asked again after the next start
		}
		progressed := false
		if err == nil {
			progressed, err = j.decide(l, items, outcomes)
		}
		if progressed {
			pause = shortestPause
			continue
		}
		j.Log.Warn("commands that were taken are not decided yet", "site", l.id.site, "commands", len(items), "detail", detail(outcomes), "error", err)
		rest(j.life, pause)
		pause = min(2*pause, longestPause)
	}
}

// front is what goes next; without anything the lane ends.
func (j *Journal) front(l *lane) []*item {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(l.waiting) == 0 || j.life.Err() != nil {
		delete(j.lanes, l.id)
		return nil
	}
	return append([]*item{}, l.waiting[:min(chunk, len(l.waiting))]...)
}

// decide writes down what was decided and takes it out of the lane. It tells
// whether anything was.
func (j *Journal) decide(l *lane, items []*item, outcomes []submit.Outcome) (bool, error) {
	var ended []*item
	var ends []submit.Outcome
	settled := func(i int) {
		ended, ends = append(ended, items[i]), append(ends, outcomes[i])
	}
	for i, o := range outcomes {
		if o.Stage == submit.Valid || o.Stage == submit.Refused {
			settled(i)
		}
	}
	if len(ended) > 0 {
		for i, o := range outcomes {
			if o.Stage == submit.Valid || o.Stage == submit.Refused {
				continue
			}
			// It may have taken effect where the outcome is unknown: that is asked on.
			if items[i].passed++; items[i].passed >= passes && o.Stage != submit.Unknown {
				settled(i)
			}
		}
	}
	if len(ended) == 0 {
		return false, nil
	}
	if err := j.close(j.life, ended, ends); err != nil {
		return false, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	gone := map[*item]bool{}
	for _, it := range ended {
		gone[it] = true
	}
	var left []*item
	for _, it := range l.waiting {
		if !gone[it] {
			left = append(left, it)
		}
	}
	l.waiting, j.taken = left, j.taken-len(ended)
	return true, nil
}

func detail(outcomes []submit.Outcome) string {
	for _, o := range outcomes {
		if o.Detail != "" {
			return o.Detail
		}
	}
	return ""
}

func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
