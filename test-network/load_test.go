package testnetwork_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/network/consortium"
)

// loadOffset keeps the network under load off the others.
const loadOffset = 18000

// TestNothingIsLostUnderLoad lets two gateways of one organisation take tickets
// for one site while gateways, a peer and two of four orderers are killed. Every
// command that was answered with 202 must be on the ledger, once.
func TestNothingIsLostUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network")
	}
	network := ownNetwork(t, loadOffset)
	learn(t, network)
	foundMill(t, network)

	second := &twin{t: t, network: network, name: "second", port: 8151 + loadOffset}
	second.letIn()
	second.start()
	t.Cleanup(second.kill)
	load := &load{t: t, name: "t", site: "mill", gateways: []string{network.GatewayURL("miller"), second.url()}}
	end := load.begin()
	load.await(200)
	for round := range 3 {
		require.NoError(t, network.KillNode(t.Context(), "gateway.miller"))
		load.await(100) // the other one goes on
		require.NoError(t, network.StartNode(t.Context(), "gateway.miller"))
		t.Logf("round %d: %d commands taken", round, load.count())
	}
	second.kill()
	for _, node := range []string{"orderer.growers", "orderer.brand", "peer.brand"} {
		require.NoError(t, network.KillNode(t.Context(), node))
	}
	load.await(100) // nothing is ordered now, and all of it is taken
	for _, node := range []string{"orderer.growers", "orderer.brand", "peer.brand"} {
		require.NoError(t, network.StartNode(t.Context(), node))
	}
	second.start()
	load.await(100)
	end()
	load.check()
	second.kill()

	t.Run("two gateways share a database", func(t *testing.T) { gatewaysShareADatabase(t, network, loadOffset) })
	t.Run("a peer hangs, and lags", func(t *testing.T) { peerHangsAndLags(t, network) })
}

// foundMill makes a consortium with one open site, by a majority.
func foundMill(t *testing.T, network *consortium.Network) {
	var members []massbalance.Member
	for _, o := range network.Consortium.Trading() {
		members = append(members, massbalance.Member{Organisation: massbalance.OrganisationID(o.ID), Name: o.Name, Role: massbalance.Trading})
	}
	valid := func(org string, commands ...massbalance.Command) {
		for _, a := range settled(t, network.GatewayURL(org), commands...) {
			require.Equal(t, massbalance.Accepted, a.Code, a.Message)
		}
	}
	valid("miller", massbalance.Command{ID: "found", Body: massbalance.FoundConsortium{Members: members, Rules: massbalance.RulesVersion}})
	for _, org := range []string{"growers", "miller", "brand"} {
		valid(org, massbalance.Command{ID: "wheat", Body: massbalance.RegisterProduct{Product: massbalance.Product{ID: "wheat", Name: "Wheat"}}})
	}
	for _, site := range []massbalance.SiteID{"mill", "silo", "port"} {
		valid("miller",
			massbalance.Command{ID: massbalance.CommandID("site-" + site), Body: massbalance.RegisterSite{Site: site, Name: "Site", Country: "DE", Region: "DE-BB"}},
			massbalance.Command{ID: massbalance.CommandID("open-" + site), Body: massbalance.OpenPeriod{Site: site, Period: "2026", From: "2026-01-01", To: "2026-12-31"}})
	}
}

// twin is a further gateway of the miller's.
type twin struct {
	t       *testing.T
	network *consortium.Network
	name    string
	port    int
	// database is that of PostgreSQL which it shares; "" gives it its own files.
	database string
	command  *exec.Cmd
}

func (s *twin) url() string { return fmt.Sprintf("http://127.0.0.1:%d", s.port) }

func (s *twin) data() string {
	return filepath.Join(s.network.Layout.Organisation("miller").Root, s.name)
}

// environment is that of the gateway's program.
func (s *twin) environment() []string {
	if s.database == "" {
		return os.Environ()
	}
	return append(os.Environ(), "WEIGHBRIDGE_DATABASE="+s.database)
}

// letIn makes a token of this gateway's own: its store is another than that of
// the network's.
func (s *twin) letIn() {
	require.NoError(s.t, os.MkdirAll(s.data(), 0o700))
	layout, file := s.network.Layout.Organisation("miller"), filepath.Join(s.data(), "token")
	for _, arguments := range [][]string{{"approvals"}, {"add-token", "load", "--scope", "read,operate", "--file", file}} {
		arguments = append(append([]string{"accounts"}, arguments...), "--config", layout.GatewayConfig(), "--data", s.data())
		command := exec.Command(filepath.Join(s.network.Layout.Programs(), "gateway"), arguments...)
		command.Env = s.environment()
		output, err := command.CombinedOutput()
		require.NoError(s.t, err, "%s", output)
	}
	token, err := os.ReadFile(file)
	require.NoError(s.t, err)
	s.known(string(token))
}

func (s *twin) known(token string) {
	known.Store(fmt.Sprintf("127.0.0.1:%d", s.port), strings.TrimSpace(token))
}

func (s *twin) start() {
	layout := s.network.Layout.Organisation("miller")
	log, err := os.OpenFile(filepath.Join(s.network.Layout.Root, "logs", "gateway."+s.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(s.t, err)
	defer log.Close()
	s.command = exec.Command(filepath.Join(s.network.Layout.Programs(), "gateway"), "serve", "--config", layout.GatewayConfig(),
		"--listen", strings.TrimPrefix(s.url(), "http://"), "--members-listen", fmt.Sprintf("127.0.0.1:%d", s.port+100), "--data", s.data())
	s.command.Env = s.environment()
	s.command.Stdout, s.command.Stderr = log, log
	require.NoError(s.t, s.command.Start())
	require.Eventually(s.t, func() bool {
		response, err := http.Get(s.url() + "/readyz")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, time.Minute, 50*time.Millisecond)
}

func (s *twin) kill() {
	if s.command == nil {
		return
	}
	_ = s.command.Process.Signal(syscall.SIGKILL)
	_ = s.command.Wait()
	s.command = nil
}

// load is what is sent to a site, to whichever gateway answers.
type load struct {
	t          *testing.T
	name, site string
	gateways   []string

	mu    sync.Mutex
	taken []string
	// batches are where each answer said to look, by gateway.
	batches map[string][]string
}

// begin lets eight senders send until the function that it gives is called.
func (l *load) begin() (end func()) {
	ctx, stop := context.WithCancel(l.t.Context())
	var senders errgroup.Group
	for n := range 8 {
		senders.Go(func() error { return l.send(ctx, n) })
	}
	return func() {
		stop()
		require.NoError(l.t, senders.Wait())
	}
}

// send sends tickets in threes until ctx ends, to one gateway and the other in turn.
func (l *load) send(ctx context.Context, sender int) error {
	for n := 0; ctx.Err() == nil; n++ {
		var commands []massbalance.Command
		for i := range 3 {
			id := fmt.Sprintf("%s%d-%d-%d", l.name, sender, n, i)
			commands = append(commands, massbalance.Command{ID: massbalance.CommandID(id), Date: "2026-08-03", Period: "2026", Body: massbalance.TakeIn{
				Site: massbalance.SiteID(l.site), Product: "wheat", Quantity: massbalance.Kilograms(1), Supplier: "Farm", Evidence: massbalance.EvidenceID(id)}})
		}
		body, err := wire.Format(commands)
		if err != nil {
			return err
		}
		base := l.gateways[(sender+n)%len(l.gateways)]
		location, err := take(ctx, base, body)
		if err != nil {
			rest(ctx)
			continue // not taken, or not known: nothing is promised
		}
		l.note(base, location, commands)
		rest(ctx)
	}
	return nil
}

// rest keeps a sender to the pace of a busy weighbridge.
func rest(ctx context.Context) {
	select {
	case <-time.After(30 * time.Millisecond):
	case <-ctx.Done():
	}
}

// take sends commands without waiting for the ledger.
func take(ctx context.Context, base string, body []byte) (location string, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/v1/commands", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Prefer", "respond-async")
	response, err := asking.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		return "", fmt.Errorf("answered with %s", response.Status)
	}
	return response.Header.Get("Location"), nil
}

func (l *load) note(base, location string, commands []massbalance.Command) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range commands {
		l.taken = append(l.taken, string(c.ID))
	}
	if l.batches == nil {
		l.batches = map[string][]string{}
	}
	l.batches[base] = append(l.batches[base], location)
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.taken)
}

// await waits until so many more commands were taken.
func (l *load) await(more int) {
	l.t.Helper()
	before := l.count()
	require.Eventually(l.t, func() bool { return l.count() >= before+more }, 2*time.Minute, 20*time.Millisecond)
}

// check waits until everything is decided and compares it with the ledger.
func (l *load) check() {
	for base, batches := range l.batches {
		for _, location := range batches {
			require.Eventually(l.t, func() bool { return decided(l.t, base+location) }, 3*time.Minute, 100*time.Millisecond, location)
		}
	}
	base := l.gateways[0]
	recorded := records(l.t, base)
	for _, id := range l.taken {
		require.Equal(l.t, 1, recorded[id], "%s was taken", id)
	}
	tickets := 0
	for id := range recorded {
		if strings.HasPrefix(id, l.name) {
			tickets++
		}
	}
	// Each ticket is one kilogram: booked twice, the stock would be more.
	_, body := patient(l.t, base+"/api/v1/sites/"+l.site+"/accounts")
	var accounts struct{ Items []struct{ PhysicalIn string } }
	require.NoError(l.t, json.Unmarshal([]byte(body), &accounts), body)
	require.Len(l.t, accounts.Items, 1, body)
	var stock int
	_, err := fmt.Sscan(accounts.Items[0].PhysicalIn, &stock)
	require.NoError(l.t, err)
	require.Equal(l.t, tickets, stock)
	_, findings := patient(l.t, base+"/api/v1/findings")
	require.Contains(l.t, findings, `"items":[]`)
	l.t.Logf("%d commands taken, %d kg in stock", len(l.taken), stock)
}

// patient reads, and comes again where it is told to call less often.
func patient(t *testing.T, url string) (status int, body string) {
	require.Eventually(t, func() bool {
		status, _, body = get(t, url)
		return status != http.StatusTooManyRequests
	}, time.Minute, 100*time.Millisecond)
	return status, body
}

// records counts the records on the ledger by their commands.
func records(t *testing.T, base string) map[string]int {
	found := map[string]int{}
	for after := ""; ; {
		_, body := patient(t, base+"/api/v1/records?limit=500"+after)
		var page struct {
			Items []struct{ Record struct{ Command string } }
			Next  string
		}
		require.NoError(t, json.Unmarshal([]byte(body), &page), body)
		for _, item := range page.Items {
			found[item.Record.Command]++
		}
		if page.Next == "" {
			return found
		}
		after = "&after=" + page.Next
	}
}

// decided reports whether nothing of a batch is under way, and that all of it is valid.
func decided(t *testing.T, url string) bool {
	status, body := patient(t, url)
	require.Equal(t, http.StatusOK, status, body)
	if strings.Contains(body, `"stage":"taken"`) {
		return false
	}
	require.Equal(t, strings.Count(body, `"stage":`), strings.Count(body, `"stage":"valid"`), body)
	return true
}
