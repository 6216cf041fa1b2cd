package testnetwork_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/weighbridge/weighbridge/gateway/keys/softhsmtest"
	"github.com/weighbridge/weighbridge/gateway/store/postgrestest"
	"github.com/weighbridge/weighbridge/network/consortium"
	"github.com/weighbridge/weighbridge/network/topology"
	"github.com/weighbridge/weighbridge/test-network/season"
)

// TestAMemberWithPostgreSQLAndAToken runs a gateway as a member that outgrew the
// defaults does: everything in PostgreSQL, the signing key in a PKCS#11 token, on
// a real network. A clerk takes a delivery from intake to claim at the command
// line, and another program is told of it by webhooks although the gateway is
// killed in between.
func TestAMemberWithPostgreSQLAndAToken(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network and builds a gateway with cgo")
	}
	needs(t, "gcc", "softhsm2-util")
	server := postgrestest.Start(t)
	network := ownNetwork(t, 20000)
	seasons := season.Options{Gateways: gateways(network), Tokens: learn(t, network)}
	report, err := season.Run(t.Context(), seasons)
	require.NoError(t, err)
	t.Run("members cosign each other's log over TLS", func(t *testing.T) { membersCosign(t, network, seasons, string(report.Claims[0].Claim.ID)) })

	m := newMember(t, network, server.Database("miller"))
	m.start()
	t.Run("both gateways of the miller say the same", m.saysTheSame)
	hear := newReceiver(t)
	hook := m.subscribe(hear.url)
	hear.fail()
	m.story()
	hear.awaitFailures(2)
	m.kill()
	m.claim() // at the miller's other gateway, meanwhile
	hear.work(hook)
	m.start()
	hear.await("miller/CLI-ARRIVED", "miller/CLI-CLAIM")
	t.Run("both gateways of the miller still say the same", m.saysTheSame)
	require.NoFileExists(t, filepath.Join(m.folder, "data", "own.db"), "all of it is in PostgreSQL")
	require.NotContains(t, m.log(), "271828", "a PIN is never logged")
}

// membersCosign has the members adopt the keys of their logs, and waits until
// every gateway has read and cosigned every other's.
func membersCosign(t *testing.T, network *consortium.Network, options season.Options, claim string) {
	loaded, err := season.Load(season.Files())
	require.NoError(t, err)
	plan, err := season.NewPlan(loaded)
	require.NoError(t, err)
	require.NoError(t, plan.Vouch(t.Context(), options, claim))
	for _, of := range network.Consortium.Organisations {
		for _, by := range network.Consortium.Organisations {
			if of.ID == by.ID {
				continue
			}
			cosigned := regexp.MustCompile(`weighbridge_log_cosigned_records\{cosigner="` + by.ID + `"\} [1-9]`)
			require.Eventually(t, func() bool {
				_, _, metrics := get(t, network.GatewayURL(of.ID)+"/metrics")
				return cosigned.MatchString(metrics)
			}, 2*time.Minute, 200*time.Millisecond, "%s has no cosignature of %s", of.ID, by.ID)
		}
	}
	for _, organisation := range network.Consortium.Organisations {
		config, err := os.ReadFile(network.Layout.Organisation(organisation.ID).GatewayConfig())
		require.NoError(t, err)
		require.NotContains(t, string(config), "=http://", "nothing between members goes in the clear")
	}
}

// needs skips a test whose programs are missing, but not in continuous integration.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI_REQUIRE") != "" {
				t.Fatalf("%s is not installed", program)
			}
			t.Skipf("%s is not installed: apt install gcc libc6-dev softhsm2", program)
		}
	}
}

// member is a second gateway of the miller's, with tools of its own.
type member struct {
	t               *testing.T
	network         *consortium.Network
	folder, program string
	config, url     string
	command         *exec.Cmd
}

// newMember writes the settings of the miller's gateway anew, for a gateway that
// keeps everything in a database and has its key in a token.
func newMember(t *testing.T, network *consortium.Network, database string) *member {
	t.Helper()
	m := &member{t: t, network: network, folder: t.TempDir(), url: "http://127.0.0.1:28161"}
	m.program, m.config = filepath.Join(m.folder, "gateway"), filepath.Join(m.folder, "gateway.yaml")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-tags", "pkcs11", "-o", m.program, "./gateway")
	build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=1")
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)

	layout := network.Layout.Organisation("miller")
	holder := layout.Holder(topology.HolderGateway)
	token := softhsmtest.New(t)
	token.Import(holder.Key(), "c0ffee")
	content, err := os.ReadFile(layout.GatewayConfig())
	require.NoError(t, err)
	settings := map[string]any{}
	require.NoError(t, yaml.Unmarshal(content, &settings))
	settings["listen"], settings["data"], settings["database"] = strings.TrimPrefix(m.url, "http://"), filepath.Join(m.folder, "data"), database
	settings["identity"] = map[string]any{"certificate": holder.Certificate(), "pkcs11": map[string]any{"library": token.Library, "token": token.Label, "keyId": "c0ffee", "pin": token.PIN}}
	settings["members"].(map[string]any)["listen"] = "127.0.0.1:28261"
	settings["webhooks"] = map[string]any{"allow": "127.0.0.1"}
	written, err := yaml.Marshal(settings)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(m.config, written, 0o600))
	m.must("", "config", "check", "--config", m.config)
	m.must("", "accounts", "approvals", "--config", m.config)
	m.must("", "accounts", "add-token", "clerk", "--scope", "read,operate,administer,observe", "--file", m.tokenFile(), "--config", m.config)
	t.Cleanup(m.kill)
	return m
}

func (m *member) tokenFile() string { return filepath.Join(m.folder, "token") }

// must runs the program and returns what it printed.
func (m *member) must(in string, arguments ...string) string {
	m.t.Helper()
	out, err := m.run(in, m.url, m.tokenFile(), arguments...)
	require.NoError(m.t, err, "gateway %s:\n%s", strings.Join(arguments, " "), out)
	return out
}

func (m *member) run(in, gateway, token string, arguments ...string) (string, error) {
	command := exec.CommandContext(m.t.Context(), m.program, arguments...)
	command.Stdin = strings.NewReader(in)
	command.Env = append(os.Environ(), "WEIGHBRIDGE_GATEWAY="+gateway, "WEIGHBRIDGE_TOKEN_FILE="+token)
	var out, complaint bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaint
	err := command.Run()
	return out.String() + complaint.String(), err
}

// of runs the program at another gateway.
func (m *member) of(org, in string, arguments ...string) string {
	m.t.Helper()
	out, err := m.run(in, m.network.GatewayURL(org), m.network.Layout.Organisation(org).GatewayToken(), arguments...)
	require.NoError(m.t, err, "gateway %s:\n%s", strings.Join(arguments, " "), out)
	return out
}

func (m *member) start() {
	m.t.Helper()
	log, err := os.OpenFile(filepath.Join(m.network.Layout.Root, "logs", "gateway.member.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(m.t, err)
	defer log.Close()
	m.command = exec.Command(m.program, "serve", "--config", m.config)
	m.command.Stdout, m.command.Stderr = log, log
	require.NoError(m.t, m.command.Start())
	require.Eventually(m.t, func() bool {
		response, err := http.Get(m.url + "/readyz")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, 2*time.Minute, 50*time.Millisecond, "%s", m.log())
}

func (m *member) log() string {
	content, err := os.ReadFile(filepath.Join(m.network.Layout.Root, "logs", "gateway.member.log"))
	require.NoError(m.t, err)
	return string(content)
}

// kill ends it as a power cut does.
func (m *member) kill() {
	if m.command != nil {
		_ = m.command.Process.Signal(syscall.SIGKILL)
		_ = m.command.Wait()
		m.command = nil
	}
}

// saysTheSame compares what PostgreSQL holds with what SQLite does at the
// miller's first gateway: every list, to its end, at one height.
func (m *member) saysTheSame(t *testing.T) {
	for _, list := range []string{"sites", "stocks", "lots", "transfers", "conversions", "periods", "claims", "certificates", "statements", "proposals", "records", "coverage"} {
		require.Eventually(t, func() bool {
			return m.of("miller", "", "get", list, "--all", "-o", "json") == m.must("", "get", list, "--all", "-o", "json")
		}, 30*time.Second, 100*time.Millisecond, list)
	}
}

// story is a delivery from intake to receipt, given at the command line.
func (m *member) story() {
	t := m.t
	require.Contains(t, m.must("", "--help"), "completion")
	require.Contains(t, m.must("", "completion", "bash"), "__start_gateway")
	require.Contains(t, m.must("", "__complete", "get", "lots", "--site", "mill"), "mill-newark", "it completes with what is on the ledger")

	ticket := `{"id":"CLI-INTAKE","type":"take_in","date":"2025-11-03","period":"2025-Q4","body":{"site":"elevator-ely","product":"wheat","quantity":"18020.5","evidence":"CLI-WB-1"}}`
	require.Regexp(t, `(?m)^CLI-INTAKE +valid +accepted`, m.of("growers", ticket, "send", "-"))
	require.Contains(t, m.of("growers", ticket, "send", "-", "-o", "json"), `"repeated":true`, "sent again it changes nothing")
	lot := m.lot()
	shipment := fmt.Sprintf(`{"id":"CLI-SHIP","type":"dispatch","date":"2025-11-03","period":"2025-Q4","body":{"site":"elevator-ely","to":"mill-newark","product":"wheat","quantity":"2000","lines":[{"lot":%q,"quantity":"1000"}]}}`, lot)
	require.Regexp(t, `(?m)^CLI-SHIP +valid +accepted`, m.of("growers", shipment, "send", "-"))
	require.Eventually(t, func() bool {
		return strings.Contains(m.must("", "get", "transfers", "--site", "mill-newark", "--direction", "in", "--status", "in_transit"), "growers/CLI-SHIP")
	}, time.Minute, 100*time.Millisecond)
	receipt := `{"id":"CLI-ARRIVED","type":"receive","date":"2025-11-04","period":"2025-Q4","body":{"site":"mill-newark","transfer":"growers/CLI-SHIP","quantity":"1990","evidence":"CLI-WB-2"}}`
	require.Regexp(t, `(?m)^CLI-ARRIVED +valid +accepted`, m.must(receipt, "send", "-"))
	var got struct{ Status, Received string }
	require.NoError(t, json.Unmarshal([]byte(m.must("", "get", "transfer", "growers/CLI-SHIP", "-o", "json")), &got))
	require.Equal(t, "received", got.Status)
	require.Contains(t, m.must("", "get", "records", "--type", "receive", "--order", "newest", "--limit", "1", "-o", "csv"), ",token clerk,", "who gave it stands on the ledger")
	out, err := m.run(strings.Replace(receipt, "1990", "1", 1), m.url, m.tokenFile(), "send", "-")
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 3, exit.ExitCode(), out)
	require.Contains(t, out, "command_id_reused")
}

// lot is one of the growers' at Ely with a tonne left.
func (m *member) lot() string {
	for line := range strings.Lines(m.of("growers", "", "get", "lots", "--site", "elevator-ely", "--product", "wheat", "--available", "--all", "-o", "json")) {
		var lot struct{ ID, Usable string }
		require.NoError(m.t, json.Unmarshal([]byte(line), &lot))
		if len(lot.Usable) > 4 || strings.Contains(lot.Usable, ".") && len(lot.Usable) > 8 {
			return lot.ID
		}
	}
	m.t.Fatal("the growers have no lot with a tonne left")
	return ""
}

// claim claims what arrived, at the miller's first gateway.
func (m *member) claim() {
	t := m.t
	var lot struct{ ID string }
	require.NoError(t, json.Unmarshal([]byte(strings.Split(m.of("miller", "", "get", "lot", "miller/CLI-ARRIVED/1", "-o", "json"), "\n")[0]), &lot))
	claim := fmt.Sprintf(`{"id":"CLI-CLAIM","type":"claim","date":"2025-11-05","period":"2025-Q4","body":{"site":"mill-newark","product":"wheat","lines":[{"lot":%q,"quantity":"500"}],"beneficiary":"Mill shop","reportingYear":2025,"purpose":"scope 3"}}`, lot.ID)
	require.Regexp(t, `(?m)^CLI-CLAIM +valid +accepted`, m.of("miller", claim, "send", "-"))
	require.Contains(t, m.of("miller", "", "get", "claims", "--organisation", "miller"), "miller/CLI-CLAIM")
	require.Contains(t, m.of("miller", "", "trace", "claim", "miller/CLI-CLAIM"), "VS-", "it leads back to statements")
}

// subscribe makes a webhook and returns its secret.
func (m *member) subscribe(url string) (secret string) {
	var made struct{ ID, Secret string }
	out := m.must("", "webhooks", "create", "--url", url, "--types", "receive,claim", "-o", "json")
	require.NoError(m.t, json.Unmarshal([]byte(out), &made), out)
	require.NotEmpty(m.t, made.Secret)
	return made.Secret
}

// receiver is another program, which is told by webhooks.
type receiver struct {
	t   *testing.T
	url string

	mu       sync.Mutex
	failing  bool
	failures int
	secret   string
	heard    []string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *receiver) fail() { r.mu.Lock(); defer r.mu.Unlock(); r.failing = true }

func (r *receiver) work(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failing, r.secret = false, secret
}

// ServeHTTP takes a delivery as docs/api.md has it.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	var event struct {
		Data struct{ Organisation, Command string }
	}
	if r.failing || err != nil || json.Unmarshal(body, &event) != nil {
		r.failures++
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", request.Header.Get("webhook-id"), request.Header.Get("webhook-timestamp"), body)
	if err != nil || !strings.Contains(request.Header.Get("webhook-signature"), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil))) {
		r.heard = append(r.heard, "not signed by the gateway")
		return
	}
	if name := event.Data.Organisation + "/" + event.Data.Command; len(r.heard) == 0 || r.heard[len(r.heard)-1] != name {
		r.heard = append(r.heard, name) // at least once is what is promised
	}
}

func (r *receiver) awaitFailures(n int) {
	require.Eventually(r.t, func() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.failures >= n }, time.Minute, 50*time.Millisecond)
}

// await waits until just these records were heard of, in their order.
func (r *receiver) await(names ...string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.heard) >= len(names) }, 2*time.Minute, 50*time.Millisecond)
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Equal(r.t, names, r.heard)
}
