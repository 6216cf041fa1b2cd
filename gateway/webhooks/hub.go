package webhooks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/store"
)

const (
	// Timeout is how long a receiver may take to answer.
	Timeout = 15 * time.Second
	// MaxAttempts of a record are made before it becomes a dead letter: with the
	// waits between, about nine hours.
	MaxAttempts = 16
	// DeadInRow dead letters in a row disable a subscription.
	DeadInRow = 5
	// firstWait is how long after the first failure the second attempt is made;
	// the wait doubles up to longestWait.
	firstWait   = time.Second
	longestWait = time.Hour
	// pageSize is how many records are read at once.
	pageSize = 200
	// troubleWait is how long to wait where the gateway's own data can't be read.
	troubleWait = 5 * time.Second
)

// Model is the gateway's own copy of the ledger.
type Model interface {
	Read(ctx context.Context, look func(*readmodel.Snapshot) error) error
	Await(ctx context.Context, block uint64) error
	Next() uint64
}

// Options say for whom records are sent.
type Options struct {
	Organisation massbalance.OrganisationID
	Model        Model
	Store        *store.Store
	Log          *slog.Logger
	// Allow are addresses inside to which may be sent, without TLS too.
	Allow []netip.Prefix
	// Registerer takes the metrics; nil keeps them nowhere.
	Registerer prometheus.Registerer
	// FirstWait, Timeout and MaxAttempts replace the usual where they are set.
	FirstWait   time.Duration
	Timeout     time.Duration
	MaxAttempts int
}

// Hub keeps the subscriptions and, while Run runs, delivers to them.
type Hub struct {
	organisation massbalance.OrganisationID
	model        Model
	store        *store.Store
	log          *slog.Logger
	client       *http.Client
	deliveries   *prometheus.CounterVec
	firstWait    time.Duration
	timeout      time.Duration
	attempts     int
	now          func() time.Time

	mu sync.Mutex
	// wake is closed and replaced each time subscriptions change.
	wake chan struct{}
}

// New makes the tables and the hub.
func New(ctx context.Context, o Options) (*Hub, error) {
	if err := o.Store.Migrate(ctx, "webhooks", schema...); err != nil {
		return nil, err
	}
	h := &Hub{
		organisation: o.Organisation, model: o.Model, store: o.Store, log: o.Log, client: client(o.Allow), now: time.Now,
		firstWait: o.FirstWait, timeout: o.Timeout, attempts: o.MaxAttempts, wake: make(chan struct{}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "weighbridge_webhook_deliveries_total", Help: "Attempts to deliver to webhooks, by whether they were delivered."}, []string{"delivered"}),
	}
	if h.firstWait == 0 {
		h.firstWait = firstWait
	}
	if h.timeout == 0 {
		h.timeout = Timeout
	}
	if h.attempts == 0 {
		h.attempts = MaxAttempts
	}
	if o.Registerer != nil {
		if err := o.Registerer.Register(h.deliveries); err != nil {
			return nil, fmt.Errorf("couldn't count deliveries: %w", err)
		}
	}
	return h, nil
}

// ParseAllow reads an allow-list: addresses and networks with commas between.
func ParseAllow(text string) (allow []netip.Prefix, err error) {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			address, notAddress := netip.ParseAddr(part)
			if notAddress != nil {
				return nil, fmt.Errorf("%q is neither an address nor a network such as 10.1.0.0/16", part)
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		allow = append(allow, prefix.Masked())
	}
	return allow, nil
}

func (h *Hub) changed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.wake)
	h.wake = make(chan struct{})
}

func (h *Hub) change() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.wake
}

// end is the place and the block of the last record.
func (h *Hub) end(ctx context.Context) (place, height uint64, err error) {
	err = h.model.Read(ctx, func(s *readmodel.Snapshot) error {
		last, err := s.Entries(readmodel.EntryFilter{}, readmodel.Page{Limit: 1, Newest: true})
		if err == nil && len(last.Items) > 0 {
			place, height = last.Items[0].Position, last.Items[0].Block
		}
		return err
	})
	return place, height, err
}

// Run delivers until ctx ends; what is under way then is sent again the next time.
func (h *Hub) Run(ctx context.Context) {
	running := map[string]*service{}
	var group sync.WaitGroup
	defer group.Wait()
	for ctx.Err() == nil {
		change := h.change()
		all, err := h.Subscriptions(ctx)
		if err != nil {
			h.trouble(ctx, "couldn't read the webhooks", err)
			continue
		}
		for id, r := range running {
			if !slices.ContainsFunc(all, func(s Subscription) bool { return s.ID == id && !s.Disabled }) {
				r.cancel()
			}
			if r.over.Load() {
				delete(running, id)
			}
		}
		for _, s := range all {
			if running[s.ID] == nil && !s.Disabled {
				running[s.ID] = h.begin(ctx, &group, s.ID)
			}
		}
		select {
		case <-change:
		case <-ctx.Done():
		}
	}
}

// service is what delivers to one subscription. Whoever enables a subscription may
// do so before Run saw that it was disabled, but after the service did and ended:
// so a service says itself when it is over, and until then no second one begins.
type service struct {
	cancel context.CancelFunc
	over   atomic.Bool
}

func (h *Hub) begin(ctx context.Context, group *sync.WaitGroup, id string) *service {
	ctx, cancel := context.WithCancel(ctx)
	r := &service{cancel: cancel}
	group.Go(func() {
		h.serve(ctx, id)
		cancel()
		r.over.Store(true)
		h.changed()
	})
	return r
}

// trouble notes that the gateway's own data can't be had, and waits.
func (h *Hub) trouble(ctx context.Context, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	h.log.LogAttrs(ctx, slog.LevelError, what, slog.Any("error", err))
	h.pause(ctx, troubleWait)
}

func (h *Hub) pause(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// serve delivers to one subscription, record by record.
func (h *Hub) serve(ctx context.Context, id string) {
	for ctx.Err() == nil {
		s, err := h.Subscription(ctx, id)
		if errors.Is(err, ErrUnknown) || err == nil && s.Disabled {
			return
		}
		if err == nil {
			h.pause(ctx, max(0, s.Retry.Sub(h.now())))
			err = h.next(ctx, s)
		}
		if err != nil {
			h.trouble(ctx, "couldn't serve a webhook", err)
		}
	}
}

// next delivers the next record of a subscription, or waits for one.
func (h *Hub) next(ctx context.Context, s Subscription) error {
	if ctx.Err() != nil {
		return nil
	}
	var blocks uint64
	var page readmodel.Listing[readmodel.Entry]
	err := h.model.Read(ctx, func(snapshot *readmodel.Snapshot) (err error) {
		blocks = snapshot.Next
		page, err = snapshot.Entries(readmodel.EntryFilter{}, readmodel.Page{After: s.Place, Limit: pageSize})
		return err
	})
	if err != nil {
		return err
	}
	wanted := slices.IndexFunc(page.Items, func(e readmodel.Entry) bool {
		return len(s.Types) == 0 || slices.Contains(s.Types, e.Record.Type)
	})
	switch {
	case wanted >= 0:
		return h.deliver(ctx, s, page.Items[wanted])
	case len(page.Items) > 0:
		last := page.Items[len(page.Items)-1]
		return h.passed(ctx, s.ID, last)
	}
	_ = h.model.Await(ctx, blocks) // it ends with the context, if not with a block
	return nil
}

// passed notes that a subscription is done with everything up to an entry.
func (h *Hub) passed(ctx context.Context, id string, e readmodel.Entry) error {
	_, err := h.store.Exec(ctx, `UPDATE webhooks SET place = ?, height = ?, attempts = 0, retry = 0 WHERE id = ?`, int64(e.Position), int64(e.Block), id) //nolint:gosec // places are small
	return err
}

// deliver makes one attempt and notes what became of it. A stop of the gateway
// in between sends the record again: at least once.
func (h *Hub) deliver(ctx context.Context, s Subscription, e readmodel.Entry) error {
	kind, body, err := h.event(e)
	if err != nil {
		return err
	}
	id := fmt.Sprintf("%s.%d", s.ID, e.Position)
	d := h.post(ctx, s, id, body)
	switch {
	case d.Delivered:
		if _, err := h.store.Exec(ctx, `UPDATE webhooks SET dead = 0, problem = '' WHERE id = ?`, s.ID); err != nil {
			return err
		}
		return h.passed(ctx, s.ID, e)
	case ctx.Err() != nil:
		return nil
	case d.Status == http.StatusGone:
		return h.disable(ctx, s, "the receiver answered 410: it wants no more")
	case s.Attempts+1 >= h.attempts:
		return h.bury(ctx, s, e, Letter{ID: id, Webhook: s.ID, Place: e.Position, Type: kind, Body: string(body), Problem: d.Problem})
	}
	_, err = h.store.Exec(ctx, `UPDATE webhooks SET attempts = ?, retry = ?, problem = ? WHERE id = ?`,
		s.Attempts+1, h.now().Add(h.wait(s.Attempts)).UnixMilli(), d.Problem, s.ID)
	return err
}

// wait is how long after so many failed attempts the next one is made.
func (h *Hub) wait(failed int) time.Duration {
	wait := h.firstWait
	for range failed {
		if wait *= 2; wait >= longestWait {
			wait = longestWait
			break
		}
	}
	return wait/2 + rand.N(wait/2+1) //nolint:gosec // spreads load, protects nothing
}

// bury files a dead letter and goes on behind it.
func (h *Hub) bury(ctx context.Context, s Subscription, e readmodel.Entry, l Letter) error {
	err := h.store.Within(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO webhook_letters (id, webhook, place, type, body, problem, died) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
			l.ID, l.Webhook, int64(l.Place), l.Type, l.Body, l.Problem, h.now().UnixMilli()); err != nil { //nolint:gosec // places are small
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE webhooks SET place = ?, height = ?, attempts = 0, retry = 0, problem = ?, dead = dead + 1 WHERE id = ?`,
			int64(e.Position), int64(e.Block), l.Problem, s.ID) //nolint:gosec // places are small
		return err
	})
	if err != nil {
		return err
	}
	h.log.LogAttrs(ctx, slog.LevelWarn, "a webhook's delivery became a dead letter", slog.String("webhook", s.ID), slog.String("letter", l.ID), slog.String("problem", l.Problem))
	if s.DeadInRow+1 >= DeadInRow {
		return h.disable(ctx, s, fmt.Sprintf("%d deliveries in a row became dead letters; the last one: %s", s.DeadInRow+1, l.Problem))
	}
	return nil
}

func (h *Hub) disable(ctx context.Context, s Subscription, why string) error {
	if _, err := h.store.Exec(ctx, `UPDATE webhooks SET disabled = 1, problem = ? WHERE id = ?`, why, s.ID); err != nil {
		return err
	}
	h.log.LogAttrs(ctx, slog.LevelWarn, "a webhook was disabled", slog.String("webhook", s.ID), slog.String("url", s.URL), slog.String("why", why))
	h.changed()
	return nil
}
