package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/peertest"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/store"
)

// running is a gateway at work in the test's process.
type running struct {
	t          *testing.T
	url, token string
	stop       context.CancelFunc
	// ended has serve's error.
	ended chan error
	log   *lockedBuffer
}

// lockedBuffer takes a log that is read meanwhile.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// configured makes the configuration of a gateway at a peer.
func configuredFor(t *testing.T, peer *peertest.Peer, change ...func(*config)) config {
	t.Helper()
	path := example(t, "127.0.0.1:8101", freePort(t), "127.0.0.1:7111", peer.Address())
	identity(t, filepath.Dir(path))
	peer.WriteAuthority(filepath.Join(filepath.Dir(path), "ca.pem"))
	c, err := readFile(path)
	require.NoError(t, err)
	c.LeastFree = 0    // the machine's disk is not what is tested
	c.Audit = auditOff // nobody signs this peer's blocks
	for _, f := range change {
		f(&c)
	}
	return c
}

// newToken makes a token before the gateway runs, as one would on its machine.
func newToken(t *testing.T, c config) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(c.Data, 0o700))
	own, err := store.Open(t.Context(), c.ownSource())
	require.NoError(t, err)
	defer own.Close()
	accounts, err := c.openAccounts(t.Context(), own, access.Options{})
	require.NoError(t, err)
	_, secret, err := accounts.AddToken(t.Context(), access.Token{
		Label: "test", Scopes: []access.Permission{access.Read, access.Operate, access.Observe}, Expires: time.Now().Add(time.Hour),
	})
	require.NoError(t, err)
	return secret
}

func start(t *testing.T, c config) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &running{t: t, url: "http://" + c.Listen, token: newToken(t, c), stop: stop, ended: make(chan error, 1), log: &lockedBuffer{}}
	go func() { r.ended <- serve(ctx, c, c.Log.open(r.log)) }()
	t.Cleanup(func() {
		if r.ended != nil {
			r.end()
		}
	})
	require.Eventually(t, func() bool { code, _ := r.get("/healthz"); return code == http.StatusOK }, 20*time.Second, 10*time.Millisecond)
	return r
}

// end stops the gateway and waits for it.
func (r *running) end() {
	r.t.Helper()
	r.stop()
	select {
	case err := <-r.ended:
		require.NoError(r.t, err)
	case <-time.After(40 * time.Second):
		r.t.Error("the gateway does not stop")
	}
	r.ended = nil
}

func (r *running) get(path string) (int, []byte) {
	request, err := http.NewRequest(http.MethodGet, r.url+path, nil)
	require.NoError(r.t, err)
	request.Header.Set("Authorization", "Bearer "+r.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, body
}

func (r *running) readiness() (int, api.Readiness) {
	code, body := r.get("/readyz")
	var out api.Readiness
	if code != 0 {
		require.NoError(r.t, json.Unmarshal(body, &out), "%s", body)
	}
	return code, out
}

// becomes waits until the gateway is ready, or until just these checks fail.
func (r *running) becomes(failing ...string) api.Readiness {
	r.t.Helper()
	var last api.Readiness
	defer func() {
		if r.t.Failed() {
			r.t.Logf("%+v\n%s", last, r.log.String())
		}
	}()
	require.Eventually(r.t, func() bool {
		code, out := r.readiness()
		last = out
		var names []string
		for _, c := range out.Checks {
			if !c.OK {
				names = append(names, c.Name)
			}
		}
		return slices.Equal(names, failing) && (len(failing) > 0) == (code == http.StatusServiceUnavailable) && out.Ready == (code == http.StatusOK)
	}, 30*time.Second, 50*time.Millisecond, "%v", failing)
	return last
}

// takeIn is a command that the season's elevator accepts.
func takeIn(id string) massbalance.Command {
	return ledgertest.Command(massbalance.CommandID(id), "2026-08-30", massbalance.TakeIn{
		Site: "elevator", Product: "wheat", Quantity: ledgertest.Kg("1"), Evidence: massbalance.EvidenceID("WB-" + id)})
}

// post sends a command and returns the status and the answer.
func (r *running) post(ctx context.Context, command massbalance.Command) (int, string) {
	body, err := wire.Format(command)
	require.NoError(r.t, err)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+"/api/v1/commands", bytes.NewReader(body))
	require.NoError(r.t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+r.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(answer)
}

func TestSaysThatItIsReadyAndWhyNot(t *testing.T) {
	peer := peertest.StartSeason(t)
	c := configuredFor(t, peer)
	r := start(t, c)
	ready := r.becomes()
	require.Equal(t, peer.Height(), ready.Blocks)
	require.Zero(t, ready.Findings, "the peer's blocks are what the rules give")

	peer.Stop()
	down := r.becomes("peer")
	require.NotEmpty(t, down.Reason)
	code, _ := r.get("/api/v1/sites")
	require.Equal(t, http.StatusOK, code, "reads go on")
	peer.Resume()
	r.becomes()

	release := lockDatabase(t, filepath.Join(c.Data, "own.db"))
	r.becomes("store")
	release()
	r.becomes()

	release = lockDatabase(t, filepath.Join(c.Data, "readmodel.db"))
	peer.Execute(ledgertest.Growers, takeIn("LOCKED"))
	behind := r.becomes("database")
	require.False(t, behind.CaughtUp, "the block that could not be written is missing")
	release()
	after := r.becomes()
	require.Equal(t, peer.Height(), after.Blocks)

	r.end()
	require.Contains(t, r.log.String(), "works again")
	c.LeastFree = 1 << 40
	start(t, c).becomes("disk")
}

func TestNothingAcknowledgedIsLostWhenItStops(t *testing.T) {
	peer := peertest.StartSeason(t)
	c := configuredFor(t, peer)
	r := start(t, c)
	r.becomes()
	var mu sync.Mutex
	acknowledged, refused := []string{}, 0
	enough := make(chan struct{})
	var senders sync.WaitGroup
	for sender := range 8 {
		senders.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("LOAD-%d-%d", sender, i)
				code, answer := r.post(t.Context(), takeIn(id))
				mu.Lock()
				if code == http.StatusOK && strings.Contains(answer, `"valid"`) {
					if acknowledged = append(acknowledged, id); len(acknowledged) == 100 {
						peer.Hold() // so that some are under way
						close(enough)
					}
				} else {
					refused++
				}
				mu.Unlock()
				if code != http.StatusOK {
					return
				}
			}
		})
	}
	<-enough
	r.stop()
	peer.Release()
	r.end()
	senders.Wait()
	require.GreaterOrEqual(t, len(acknowledged), 100)
	require.Positive(t, refused, "the gateway was stopped while it was asked")

	again := start(t, c)
	again.becomes()
	for _, id := range acknowledged {
		code, body := again.get("/api/v1/commands/growers/" + id)
		require.Equal(t, http.StatusOK, code, "%s: %s", id, body)
	}
}

func TestStopsListeningOnlyAfterItSaidSo(t *testing.T) {
	peer := peertest.StartSeason(t)
	r := start(t, configuredFor(t, peer, func(c *config) { c.Shutdown.Delay = 2 * time.Second }))
	r.becomes()
	r.stop()
	r.becomes("running")
	code, _ := r.post(t.Context(), takeIn("LATE"))
	require.Equal(t, http.StatusOK, code, "what still comes is served")
	r.end()
}

// A read model that is lost is folded anew from the peer's blocks.
func TestARebuiltReadModelIsIdentical(t *testing.T) {
	peer := peertest.StartSeason(t)
	c := configuredFor(t, peer)
	r := start(t, c)
	r.becomes()
	for i := range 30 {
		code, answer := r.post(t.Context(), takeIn(fmt.Sprintf("LIVE-%d", i)))
		require.Equal(t, http.StatusOK, code, answer)
	}
	r.end()
	live := dump(t, c)
	require.NoError(t, removeModel(c))
	r = start(t, c)
	r.becomes()
	r.end()
	require.Equal(t, live, dump(t, c))
}

func TestProgressIsReportedWhileFarBehind(t *testing.T) {
	var log bytes.Buffer
	var g progress
	began := time.Now().Add(-10 * time.Second)
	g.start(0, began)
	g.step(500, 1000, time.Now(), slog.New(slog.NewTextHandler(&log, nil)))
	require.Contains(t, log.String(), "blocks=500 of=1000")
	r := g.rebuild(1000)
	require.InDelta(t, 50, r.PerSecond, 5)
	require.InDelta(t, 10, r.SecondsLeft, 2)
	g.step(990, 1000, time.Now(), slog.New(slog.DiscardHandler))
	require.Nil(t, g.rebuild(1000))
}
