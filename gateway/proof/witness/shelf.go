package witness

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// What the shelf of bundles holds and makes at most.
const (
	// shelfBytes bounds the files that are kept.
	shelfBytes = 64 << 20
	// makers is how many bundles are made at a time: each keeps a processor busy.
	makers = 2
	// mostWaiting is how many further ones may wait for that before callers are sent away.
	mostWaiting = 8
	// strangersAge is how old a file may be that is given to who has no seat here.
	strangersAge = 30 * time.Second
	// patience is how long a caller waits; the file is made on, for who asks again.
	patience = 30 * time.Second
	// comeAgain is when who was sent away may ask again.
	comeAgain = 10 * time.Second
)

// ErrBusy says that as many bundles as may be are being made already.
var ErrBusy = errors.New("as many bundles as the gateway makes at a time are being made; ask again in a moment")

// shelf keeps the latest bundles, so that a claim which many look at is proven
// once for each checkpoint, and lets only so many be made at a time.
type shelf struct {
	flights singleflight.Group
	slots   chan struct{}
	waiting chan struct{}

	mu    sync.Mutex
	files map[massbalance.ClaimID]shelved
	bytes int
}

// shelved is a bundle with the note that it stands under.
type shelved struct {
	file   []byte
	signed string
	made   time.Time
	used   time.Time
}

func newShelf() *shelf {
	return &shelf{slots: make(chan struct{}, makers), waiting: make(chan struct{}, makers+mostWaiting), files: map[massbalance.ClaimID]shelved{}}
}

// find gives a file that stands under this note, or is no older than an age.
func (s *shelf) find(id massbalance.ClaimID, signed string, now time.Time, age time.Duration) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, there := s.files[id]
	if !there || f.signed != signed && now.Sub(f.made) >= age {
		return nil, false
	}
	f.used = now
	s.files[id] = f
	return f.file, true
}

// put keeps a file, and drops those that nobody asked for the longest.
func (s *shelf) put(id massbalance.ClaimID, f shelved) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(f.file) > shelfBytes {
		return
	}
	s.drop(id)
	for s.bytes+len(f.file) > shelfBytes {
		var oldest massbalance.ClaimID
		for id, other := range s.files {
			if oldest == "" || other.used.Before(s.files[oldest].used) {
				oldest = id
			}
		}
		s.drop(oldest)
	}
	s.files[id] = f
	s.bytes += len(f.file)
}

func (s *shelf) drop(id massbalance.ClaimID) {
	s.bytes -= len(s.files[id].file)
	delete(s.files, id)
}

// make makes a file, once for all who ask for it meanwhile. Who stops waiting gets
// ErrBusy, and what was begun is finished for who comes next.
func (s *shelf) make(ctx context.Context, name string, build func(context.Context) ([]byte, error)) ([]byte, error) {
	done := s.flights.DoChan(name, func() (any, error) {
		select {
		case s.waiting <- struct{}{}:
		default:
			return nil, ErrBusy
		}
		defer func() { <-s.waiting }()
		s.slots <- struct{}{}
		defer func() { <-s.slots }()
		return build(context.WithoutCancel(ctx))
	})
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case result := <-done:
		file, _ := result.Val.([]byte)
		return file, result.Err
	case <-timer.C:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
