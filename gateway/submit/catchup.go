package submit

import (
	"context"
	"sync"
	"time"
)

const (
	// glance is how often a peer that is behind is asked for its height again, and
	// asking how long it may take to answer.
	glance = 25 * time.Millisecond
	asking = time.Second
)

// rest waits before the next attempt: for the peers that are behind, where that
// is the reason for it, else for a moment.
func (r *runner) rest(ctx context.Context, end ending, n int) error {
	if end.again == peersLag && len(end.differ) > 0 && r.catchUp(ctx, end.differ) {
		return ctx.Err()
	}
	return wait(ctx, end.pause(n))
}

// catchUp waits until the own peer and those that answered otherwise have the
// same blocks, as far as the highest of them had them at first. It is false where
// it waited for nothing, because none was behind, or in vain: a peer that cannot
// be asked, or stands still, may be passed by at the next attempt, which asks the
// peers of other organisations.
func (r *runner) catchUp(ctx context.Context, organisations []string) bool {
	ctx, cancel := context.WithTimeout(ctx, longestPause)
	defer cancel()
	asked := append([]string{""}, organisations...)
	heights := r.heights(ctx, asked)
	var highest uint64
	for _, height := range heights {
		highest = max(highest, height)
	}
	waited := false
	for {
		var behind []string
		for i, height := range heights {
			if height < highest {
				behind = append(behind, asked[i])
			}
		}
		if len(behind) == 0 {
			return waited
		}
		waited = true
		if wait(ctx, glance) != nil {
			return false
		}
		asked, heights = behind, r.heights(ctx, behind)
	}
}

// heights asks all at once; one that does not answer has 0.
func (r *runner) heights(ctx context.Context, organisations []string) []uint64 {
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	heights := make([]uint64, len(organisations))
	var questions sync.WaitGroup
	for i, organisation := range organisations {
		questions.Go(func() {
			if height, err := r.platform.height(ctx, organisation); err == nil {
				heights[i] = height
			}
		})
	}
	questions.Wait()
	return heights
}
