package webhooks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/store"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
	"github.com/weighbridge/weighbridge/gateway/webhooks"
)

// receiver is a real program that listens, and that can be told to misbehave.
type receiver struct {
	t      *testing.T
	server *httptest.Server
	secret string

	mu     sync.Mutex
	answer func(http.ResponseWriter, *http.Request)
	got    []received
}

type received struct {
	id       string
	position uint64
	kind     string
}

func listen(t *testing.T) *receiver {
	r := &receiver{t: t, answer: func(http.ResponseWriter, *http.Request) {}}
	r.server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.server.Close)
	return r
}

// serve checks the signature with what the receiver was told, and keeps what
// came before it answers as it was told to.
func (r *receiver) serve(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return
	}
	id, timestamp := request.Header.Get("webhook-id"), request.Header.Get("webhook-timestamp")
	r.mu.Lock()
	secret, answer := r.secret, r.answer
	r.mu.Unlock()
	want, err := webhooks.Sign(secret, id, timestamp, body)
	if err != nil || want != request.Header.Get("webhook-signature") {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var event struct {
		Type string
		Data struct{ Position uint64 }
	}
	if json.Unmarshal(body, &event) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	r.got = append(r.got, received{id, event.Data.Position, event.Type})
	r.mu.Unlock()
	answer(w, request)
}

func (r *receiver) behave(answer func(http.ResponseWriter, *http.Request)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *receiver) seen() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// places are those that came, each once, in the order in which they first did.
func (r *receiver) places() (places []uint64) {
	for _, one := range r.seen() {
		if !slices.Contains(places, one.position) {
			places = append(places, one.position)
		}
	}
	return places
}

func (r *receiver) await(n int) {
	r.t.Helper()
	require.Eventually(r.t, func() bool { return len(r.places()) >= n }, 30*time.Second, 5*time.Millisecond, "%d came", len(r.places()))
}

// house is a gateway's own data and its ledger, which outlive the gateway.
type house struct {
	t      *testing.T
	ledger *ledgertest.Ledger
	model  *readmodel.Model
	own    *store.Store
	taken  int
}

func newHouse(t *testing.T) *house {
	ledger := ledgertest.New(t)
	ledger.Season()
	model, own := ledger.Model(), storetest.Own(t)
	return &house{t: t, ledger: ledger, model: model, own: own}
}

// record commits something; each is a record of its own.
func (h *house) record(n int) {
	for range n {
		h.taken++
		id := fmt.Sprintf("HOOK-%d", h.taken)
		h.ledger.Must(ledgertest.Growers, ledgertest.Command(massbalance.CommandID(id), "2026-08-30", massbalance.TakeIn{
			Site: "elevator", Product: "wheat", Quantity: ledgertest.Kg("1"), Supplier: "S", Evidence: massbalance.EvidenceID(id)}))
	}
}

// start runs a gateway's hub until stop is called, which waits for its end.
func (h *house) start(change ...func(*webhooks.Options)) (hub *webhooks.Hub, stop func()) {
	allow, err := webhooks.ParseAllow("127.0.0.0/8, ::1")
	require.NoError(h.t, err)
	o := webhooks.Options{
		Organisation: ledgertest.Growers, Model: h.model, Store: h.own, Log: slog.New(slog.DiscardHandler), Allow: allow,
		FirstWait: time.Millisecond, Timeout: 200 * time.Millisecond, MaxAttempts: 3,
	}
	for _, c := range change {
		c(&o)
	}
	hub, err = webhooks.New(h.t.Context(), o)
	require.NoError(h.t, err)
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan struct{})
	go func() { hub.Run(ctx); close(ended) }()
	stop = func() { cancel(); <-ended }
	h.t.Cleanup(stop)
	return hub, stop
}

func (h *house) subscribe(hub *webhooks.Hub, r *receiver, types ...string) webhooks.Subscription {
	s, secret, err := hub.Subscribe(h.t.Context(), r.server.URL, types, "clerk")
	require.NoError(h.t, err)
	r.mu.Lock()
	r.secret = secret
	r.mu.Unlock()
	return s
}

func fail(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }

func TestRecordsComeInOrderAndOnlyThoseAskedFor(t *testing.T) {
	h, all, some := newHouse(t), listen(t), listen(t)
	hub, _ := h.start()
	h.subscribe(hub, all)
	h.subscribe(hub, some, "withdraw")
	h.record(3)
	h.ledger.Must(ledgertest.Growers, ledgertest.Command("OUT-1", "2026-08-30", massbalance.Withdraw{Site: "elevator", Product: "wheat", Quantity: ledgertest.Kg("1"), Purpose: "sold"}))
	all.await(4)
	some.await(1)
	require.True(t, slices.IsSorted(all.places()))
	require.Equal(t, "record.withdraw", some.seen()[0].kind)
	require.Equal(t, all.places()[3], some.places()[0])
	require.Len(t, all.seen(), 4, "what was there before is not sent")
}

// A receiver that fails and then hangs holds up nobody else; after it recovers,
// and the gateway was started again in between, it has had everything in order.
func TestNothingIsLostOverFailuresAndARestart(t *testing.T) {
	h, bad, good := newHouse(t), listen(t), listen(t)
	patient := func(o *webhooks.Options) { o.MaxAttempts = 1000 }
	hub, stop := h.start(patient)
	s := h.subscribe(hub, bad)
	h.subscribe(hub, good)
	bad.behave(fail)
	h.record(3)
	good.await(3)
	require.Eventually(t, func() bool { return len(bad.seen()) >= 3 }, 10*time.Second, time.Millisecond, "it is tried again")
	require.Len(t, bad.places(), 1, "what comes later waits")
	bad.behave(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	h.record(2)
	good.await(5)
	require.Eventually(t, func() bool {
		now, err := hub.Subscription(t.Context(), s.ID)
		return err == nil && now.Problem == "did not answer in time"
	}, 10*time.Second, time.Millisecond)
	stop()

	h.record(2)
	bad.behave(func(http.ResponseWriter, *http.Request) {})
	hub, _ = h.start(patient)
	bad.await(7)
	good.await(7)
	require.Equal(t, good.places(), bad.places())
	require.True(t, slices.IsSorted(bad.places()))
	ids := map[uint64]string{}
	for _, one := range bad.seen() {
		require.Contains(t, []string{"", one.id}, ids[one.position], "a record keeps its ID")
		ids[one.position] = one.id
	}
	require.Eventually(t, func() bool {
		now, err := hub.Subscription(t.Context(), s.ID)
		return err == nil && now.Place == bad.places()[6] && now.Attempts == 0 && now.Problem == ""
	}, 10*time.Second, time.Millisecond)
}

func TestDeadLettersAreKeptAndSentAgainByHand(t *testing.T) {
	h, r := newHouse(t), listen(t)
	hub, _ := h.start()
	s := h.subscribe(hub, r)
	r.behave(fail)
	h.record(1)
	letters := func() (all []webhooks.Letter) {
		all, err := hub.Letters(t.Context(), s.ID)
		require.NoError(t, err)
		return all
	}
	require.Eventually(t, func() bool { return len(letters()) == 1 }, 10*time.Second, time.Millisecond)
	require.Len(t, r.seen(), 3, "as often as was said")
	letter := letters()[0]
	require.Contains(t, letter.Problem, "500")
	d, err := hub.Redeliver(t.Context(), s.ID, letter.ID)
	require.NoError(t, err)
	require.Equal(t, 500, d.Status)
	require.Len(t, letters(), 1)
	r.behave(func(http.ResponseWriter, *http.Request) {})
	d, err = hub.Redeliver(t.Context(), s.ID, letter.ID)
	require.NoError(t, err)
	require.True(t, d.Delivered)
	require.Empty(t, letters())
	_, err = hub.Redeliver(t.Context(), s.ID, letter.ID)
	require.ErrorIs(t, err, webhooks.ErrUnknown)
	h.record(1)
	r.await(2)
}

func TestWhoFailsOnIsDisabledAndGoesOnWhenEnabled(t *testing.T) {
	h, r, gone := newHouse(t), listen(t), listen(t)
	hub, _ := h.start()
	s, left := h.subscribe(hub, r), h.subscribe(hub, gone)
	r.behave(fail)
	gone.behave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	h.record(webhooks.DeadInRow + 2)
	disabled := func(id string) func() bool {
		return func() bool {
			now, err := hub.Subscription(t.Context(), id)
			return err == nil && now.Disabled
		}
	}
	require.Eventually(t, disabled(s.ID), 20*time.Second, time.Millisecond)
	require.Eventually(t, disabled(left.ID), 20*time.Second, time.Millisecond)
	require.Len(t, gone.seen(), 1)
	now, err := hub.Subscription(t.Context(), s.ID)
	require.NoError(t, err)
	require.Contains(t, now.Problem, "in a row became dead letters")
	require.Len(t, r.places(), webhooks.DeadInRow)
	r.behave(func(http.ResponseWriter, *http.Request) {})
	now, err = hub.Enable(t.Context(), s.ID)
	require.NoError(t, err)
	require.False(t, now.Disabled)
	r.await(webhooks.DeadInRow + 2)
	require.NoError(t, hub.Remove(t.Context(), s.ID))
	_, err = hub.Subscription(t.Context(), s.ID)
	require.ErrorIs(t, err, webhooks.ErrUnknown)
}

// However soon after it was disabled a subscription is enabled, it is served again.
func TestWhatIsEnabledAtOnceGoesOn(t *testing.T) {
	h := newHouse(t)
	hub, _ := h.start()
	var group errgroup.Group
	for range 8 {
		r := listen(t)
		r.behave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
		s := h.subscribe(hub, r)
		group.Go(func() error {
			for round := range 25 {
				for end := time.Now().Add(10 * time.Second); !s.Disabled; {
					var err error
					if s, err = hub.Subscription(t.Context(), s.ID); err != nil {
						return err
					}
					if time.Now().After(end) {
						return fmt.Errorf("nothing came after it was enabled for the %d. time", round)
					}
				}
				var err error
				if s, err = hub.Enable(t.Context(), s.ID); err != nil {
					return err
				}
			}
			return nil
		})
	}
	h.record(1)
	require.NoError(t, group.Wait())
}

// Whatever a name resolves to, nothing is sent inside unless that was allowed.
func TestNothingIsSentInside(t *testing.T) {
	h, r := newHouse(t), listen(t)
	hub, _ := h.start(func(o *webhooks.Options) { o.Allow = nil })
	s := h.subscribe(hub, r)
	d, err := hub.Test(t.Context(), s.ID)
	require.NoError(t, err)
	require.False(t, d.Delivered)
	require.Contains(t, d.Problem, "without TLS")
	for _, address := range []string{"https://127.0.0.1:1", "https://localhost:1", "https://[::1]:1", "https://169.254.169.254/latest", "https://10.0.0.1", "https://192.168.1.1",
		"https://0.0.0.0:1", "https://[::ffff:127.0.0.1]:1", "https://100.64.0.1", "https://[fe80::1]:1", "https://[fd00::1]", "https://[64:ff9b::7f00:1]"} {
		inside, _, err := hub.Subscribe(t.Context(), address, nil, "clerk")
		require.NoError(t, err)
		d, err := hub.Test(t.Context(), inside.ID)
		require.NoError(t, err)
		require.False(t, d.Delivered)
		require.Contains(t, d.Problem, "an address inside", address)
	}
	require.Empty(t, r.seen())
	for _, address := range []string{"ftp://example.org", "https://user:pw@example.org", "example.org", "https://", "javascript:alert(1)", "https://example.org/#x"} {
		_, _, err := hub.Subscribe(t.Context(), address, nil, "clerk")
		var invalid *webhooks.Invalid
		require.ErrorAs(t, err, &invalid, address)
	}
	_, _, err = hub.Subscribe(t.Context(), "https://example.org", []string{"dance"}, "clerk")
	require.ErrorContains(t, err, "there is no command")
}

// Redirects could lead inside, so they are failures.
func TestRedirectsAreNotFollowed(t *testing.T) {
	h, r, target := newHouse(t), listen(t), listen(t)
	hub, _ := h.start()
	s := h.subscribe(hub, r)
	r.behave(func(w http.ResponseWriter, request *http.Request) {
		http.Redirect(w, request, target.server.URL, http.StatusTemporaryRedirect)
	})
	d, err := hub.Test(t.Context(), s.ID)
	require.NoError(t, err)
	require.Equal(t, http.StatusTemporaryRedirect, d.Status)
	require.False(t, d.Delivered)
	require.Equal(t, "webhook.test", r.seen()[0].kind)
	require.Empty(t, target.seen())
}

// The example of the Standard Webhooks specification.
func TestTheSignatureIsThatOfTheStandard(t *testing.T) {
	signature, err := webhooks.Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	require.NoError(t, err)
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature)
}

func TestAllowListsAreRead(t *testing.T) {
	allow, err := webhooks.ParseAllow(" 127.0.0.1, 10.1.2.3/16,,::1 ")
	require.NoError(t, err)
	require.Equal(t, "[127.0.0.1/32 10.1.0.0/16 ::1/128]", fmt.Sprint(allow))
	_, err = webhooks.ParseAllow("10.0.0")
	require.ErrorContains(t, err, `"10.0.0"`)
}

// What a day asks for is sent to those that asked for it, until it was taken once.
func TestRemindersAreSentUntilTheyAreTaken(t *testing.T) {
	h, asked, other := newHouse(t), listen(t), listen(t)
	hub, _ := h.start()
	h.subscribe(hub, asked, webhooks.ReminderType)
	h.subscribe(hub, other)
	reminders := []webhooks.Reminder{
		{Key: "answer_due growers/O-1", Kind: "answer_due", Subject: "growers/O-1", Due: "2026-08-31", Text: "terms wait"},
		{Key: "period_ends growers/A-1 1", Kind: "period_ends", Subject: "growers/A-1", Period: 1, Due: "2026-08-31", Quantity: ledgertest.Kg("8000"), Text: "a period ends"},
	}
	asked.behave(fail)
	require.NoError(t, hub.Remind(t.Context(), reminders))
	asked.behave(func(http.ResponseWriter, *http.Request) {})
	require.NoError(t, hub.Remind(t.Context(), reminders))
	require.NoError(t, hub.Remind(t.Context(), reminders))
	got := asked.seen()
	require.Len(t, got, 4, "each failed once and was taken once")
	require.Equal(t, got[:2], got[2:], "with the same IDs")
	require.NotEqual(t, got[0].id, got[1].id)
	require.Equal(t, webhooks.ReminderType, got[0].kind)
	require.Empty(t, other.seen(), "who asked for no type is told of records")

	restarted, _ := h.start()
	require.NoError(t, restarted.Remind(t.Context(), reminders))
	require.Len(t, asked.seen(), 4, "nor again after a restart")
}
