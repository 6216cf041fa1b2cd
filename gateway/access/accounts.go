package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/weighbridge/weighbridge/gateway/store"
)

// Options say how accounts are kept.
type Options struct {
	Log *slog.Logger
	// Idle and Absolute bound a session: how long it may be silent, and how long
	// it may last. Zero is IdleTime and AbsoluteTime.
	Idle, Absolute time.Duration
	// Organisation stands in the cookies' names: browsers do not keep the gateways
	// of one host apart by their ports.
	Organisation string
	// Secure marks cookies as for HTTPS only.
	Secure bool
	// Providers are whom people may sign in with beside this gateway.
	Providers []ProviderOptions
	// PublicURL is under which address browsers reach the gateway.
	PublicURL string
	// Now replaces the clock, in tests.
	Now func() time.Time
}

// What sessions last where nothing else was chosen.
const (
	IdleTime     = 2 * time.Hour
	AbsoluteTime = 12 * time.Hour
)

// Accounts are the people and machines that may use a gateway, and what they did.
type Accounts struct {
	Options
	store     *store.Store
	providers []*provider
	// numbering keeps the numbers of the activity log without gaps.
	numbering sync.Mutex
	// guessing makes a guess wait for the one before to be counted.
	guessing sync.Mutex
}

// Open reads and keeps accounts in a store.
func Open(ctx context.Context, s *store.Store, o Options) (*Accounts, error) {
	if o.Idle == 0 {
		o.Idle = IdleTime
	}
	if o.Absolute == 0 {
		o.Absolute = AbsoluteTime
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &Accounts{Options: o, store: s}
	for _, p := range o.Providers {
		one, err := newProvider(p)
		if err != nil {
			return nil, err
		}
		a.providers = append(a.providers, one)
	}
	if err := s.Migrate(ctx, "access", steps...); err != nil {
		return nil, err
	}
	return a, nil
}

// now is the time as the store keeps it.
func (a *Accounts) now() int64 { return a.Now().UnixMilli() }

func moment(milliseconds int64) time.Time {
	if milliseconds == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milliseconds).UTC()
}

// ErrRefused is wrapped by what the asker did wrong and may be told.
var ErrRefused = errors.New("refused")

// refusal is an ErrRefused with its words.
type refusal struct{ reason string }

// Error gives the reason.
func (r *refusal) Error() string { return r.reason }

// Unwrap says that it is a refusal.
func (r *refusal) Unwrap() error { return ErrRefused }

func refuse(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }
