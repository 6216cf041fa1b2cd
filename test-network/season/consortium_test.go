package season_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	neturl "net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// consortium is a ledger in memory behind the real interface of each
// organisation's gateway, on a wire that may be made to fail.
type consortium struct {
	t      *testing.T
	ledger *ledgertest.Ledger
	// faulty makes one answer in three go wrong, in turn in each of the ways in
	// which a real gateway's may.
	faulty bool

	mu     sync.Mutex
	posts  int
	gets   int
	asked  int
	faults map[string]int
	// tamper changes what the accounts' list says on its way out.
	tamper func(text []byte) []byte
}

func newConsortium(t *testing.T) *consortium {
	return &consortium{t: t, ledger: ledgertest.New(t), faults: map[string]int{}}
}

// state folds the chain so far.
func (c *consortium) state() massbalance.Memory {
	state := massbalance.Memory{}
	for _, b := range c.ledger.Blocks() {
		for _, tx := range b.Transactions {
			state.Apply(tx.Writes)
		}
	}
	return state
}

// entries counts the records of the chain so far.
func (c *consortium) entries() (n int) {
	for _, b := range c.ledger.Blocks() {
		for _, tx := range b.Transactions {
			n += len(tx.Entries)
		}
	}
	return n
}

// gateways starts a server per organisation.
func (c *consortium) gateways(members []massbalance.Member) map[string]string {
	urls, vault, model := map[string]string{}, &ledgertest.Vault{}, c.ledger.Model()
	for _, m := range members {
		desk, err := trade.NewDesk(c.t.Context(), m.Organisation, vault.Of(m.Organisation), model, storetest.Own(c.t))
		require.NoError(c.t, err)
		plenty := access.Rate{PerSecond: 1e6, Burst: 1e6}
		handler := api.New(api.Options{
			Organisation: m.Organisation, Role: m.Role, Model: model, Trade: desk, Gate: access.Local{}, Known: plenty, Unknown: plenty,
			Submitter: ledgertest.Member{Ledger: c.ledger, Organisation: m.Organisation},
			Status:    func() api.Status { return api.Status{Connected: true, Chain: uint64(len(c.ledger.Blocks()))} },
			Log:       slog.New(slog.NewTextHandler(io.Discard, nil)), Wait: 50 * time.Millisecond,
		})
		server := httptest.NewServer(c.failing(m.Organisation, c.cutting(c.tampering(handler))))
		c.t.Cleanup(server.Close)
		urls[string(m.Organisation)] = server.URL
	}
	return urls
}

func (c *consortium) tampering(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.tamper == nil || !strings.HasSuffix(r.URL.Path, "/accounts") {
			next.ServeHTTP(w, r)
			return
		}
		said := httptest.NewRecorder()
		next.ServeHTTP(said, r)
		w.WriteHeader(said.Code)
		_, _ = w.Write(c.tamper(said.Body.Bytes()))
	})
}

// lying starts a server that repeats what a gateway says, but for one thing.
func (c *consortium) lying(url, truth, said string) string {
	base, err := neturl.Parse(url)
	require.NoError(c.t, err)
	proxy := httputil.NewSingleHostReverseProxy(base)
	proxy.ModifyResponse = func(r *http.Response) error {
		text, err := io.ReadAll(r.Body)
		text = bytes.ReplaceAll(text, []byte(truth), []byte(said))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
		r.Header.Set("Content-Length", strconv.Itoa(len(text)))
		return err
	}
	server := httptest.NewServer(proxy)
	c.t.Cleanup(server.Close)
	return server.URL
}

// failing answers one request that changes something in three with a fault, if
// the gateways are faulty.
func (c *consortium) failing(org massbalance.OrganisationID, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !c.faulty {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // The driver hung up, as it does in all lanes once one has failed.
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if r.URL.Path != "/api/v1/commands" {
			c.failTrade(w, r, next)
			return
		}
		if body[0] != '[' {
			body = append(append([]byte{'['}, body...), ']')
		}
		commands, err := wire.Decode[[]massbalance.Command](body)
		require.NoError(c.t, err)
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.fail(w, org, commands) {
			next.ServeHTTP(w, r)
		}
	})
}

// failTrade breaks connections around a request of which the gateway makes a command.
func (c *consortium) failTrade(w http.ResponseWriter, r *http.Request, next http.Handler) {
	c.mu.Lock()
	c.asked++
	turn := c.asked % 3
	c.faults["trade cut off"]++
	c.mu.Unlock()
	switch turn {
	case 0:
		panic(http.ErrAbortHandler)
	case 1:
		next.ServeHTTP(httptest.NewRecorder(), r)
		hangUp(w)
	}
	next.ServeHTTP(w, r)
}

// cutting breaks the connection of one read in three, if the gateways are faulty.
func (c *consortium) cutting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && c.cut() {
			hangUp(w)
		}
		next.ServeHTTP(w, r)
	})
}

// hangUp breaks the connection in the middle of an answer.
func hangUp(w http.ResponseWriter) {
	_, _ = w.Write([]byte("{"))
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func (c *consortium) cut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gets++
	if !c.faulty || c.gets%3 > 0 {
		return false
	}
	c.faults["cut off while reading"]++
	return true
}

type answered struct {
	Command     massbalance.CommandID
	Stage       string
	Code        massbalance.Code
	Message     string
	Figures     *massbalance.Figures
	Repeated    bool
	Transaction string
	Block       uint64
}

type problem struct {
	Title   string
	Status  int
	Detail  string
	Command massbalance.CommandID
	Stage   string
	Code    massbalance.Code
	Message string
	Figures *massbalance.Figures
	Results []answered
}

// fail answers with a fault, now and then: nothing happened, it happened and
// nobody can tell, half of it happened, a peer lags behind, or the connection
// breaks instead of an answer.
func (c *consortium) fail(w http.ResponseWriter, org massbalance.OrganisationID, commands []massbalance.Command) bool {
	c.posts++
	if c.posts%3 > 0 {
		return false
	}
	switch c.posts / 3 % 6 {
	case 0:
		c.faults["nothing happened"]++
		c.write(w, http.StatusServiceUnavailable, problem{Title: "Service Unavailable", Status: 503, Stage: "endorsement_mismatch"})
	case 1:
		c.faults["failed but committed"]++
		c.execute(org, commands)
		c.write(w, http.StatusServiceUnavailable, problem{Title: "Service Unavailable", Status: 503, Stage: "unknown"})
	case 2:
		c.faults["half of it happened"]++
		half := (len(commands) + 1) / 2
		results := c.execute(org, commands[:half])
		for _, command := range commands[half:] {
			results = append(results, answered{Command: command.ID, Stage: "invalid", Message: "MVCC_READ_CONFLICT"})
		}
		c.write(w, http.StatusServiceUnavailable, problem{Title: "Service Unavailable", Status: 503, Results: results})
	case 3:
		c.faults["cut off before it happened"]++
		panic(http.ErrAbortHandler)
	case 4:
		c.faults["cut off after it happened"]++
		c.execute(org, commands)
		hangUp(w)
	default:
		c.faults["the peer lags"]++
		c.write(w, http.StatusUnprocessableEntity, problem{Title: "Refused", Status: 422, Command: commands[0].ID, Stage: "refused", Code: massbalance.NotFound, Message: "there is no transfer yet"})
	}
	return true
}

func (c *consortium) execute(org massbalance.OrganisationID, commands []massbalance.Command) []answered {
	for i := range commands {
		require.NoError(c.t, wire.Seal(&commands[i]))
	}
	block, err := c.ledger.Execute(org, commands...)
	require.NoError(c.t, err)
	var all []answered
	for _, r := range block.Transactions[0].Results {
		stage := "valid"
		if r.Code != massbalance.Accepted {
			stage = "refused"
		}
		all = append(all, answered{Command: r.Command, Stage: stage, Code: r.Code, Message: r.Message, Figures: r.Figures, Repeated: r.Repeated, Transaction: r.Transaction, Block: block.Number})
	}
	return all
}

func (c *consortium) write(w http.ResponseWriter, status int, value any) {
	data, err := wire.Format(value)
	require.NoError(c.t, err)
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

// only keeps the lines that contain the text.
func only(text, word string) string {
	var kept []string
	for _, line := range strings.Split(text, "\n") {
		if strings.Contains(line, word) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}
