package season_test

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// consortium is a ledger in memory behind one fake gateway per organisation.
// It answers as gateway/api does, faults included.
type consortium struct {
	t *testing.T
	// faulty makes one answer in three go wrong, in turn in each of the ways in
	// which a real gateway's may.
	faulty bool
	posts  int
	gets   int

	mu      sync.Mutex
	state   massbalance.Memory
	entries []massbalance.Entry
	faults  map[string]int
	// tamper changes an account on its way out.
	tamper func(*massbalance.Account)
}

func newConsortium(t *testing.T) *consortium {
	return &consortium{t: t, state: massbalance.Memory{}, faults: map[string]int{}}
}

// gateways starts a server per organisation.
func (c *consortium) gateways(members []massbalance.Member) map[string]string {
	urls := map[string]string{}
	for _, m := range members {
		mux := http.NewServeMux()
		mux.HandleFunc("POST /api/v1/commands", func(w http.ResponseWriter, r *http.Request) { c.post(w, r, m) })
		mux.HandleFunc("GET /api/v1/records", c.records)
		mux.HandleFunc("GET /api/v1/sites", c.sites)
		mux.HandleFunc("GET /api/v1/sites/{site}/accounts", c.accounts)
		mux.HandleFunc("GET /api/v1/claims", c.claims)
		mux.HandleFunc("GET /api/v1/claims/{organisation}/{command}/origins", c.origins)
		server := httptest.NewServer(c.cutting(mux))
		c.t.Cleanup(server.Close)
		urls[string(m.Organisation)] = server.URL
	}
	return urls
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

func (c *consortium) post(w http.ResponseWriter, r *http.Request, m massbalance.Member) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // The driver hung up, as it does in all lanes once one has failed.
	}
	one := body[0] != '['
	if one {
		body = append(append([]byte{'['}, body...), ']')
	}
	commands, err := wire.Decode[[]massbalance.Command](body)
	require.NoError(c.t, err)
	if m.Role == massbalance.Certification {
		c.write(w, http.StatusForbidden, problem{Title: "Forbidden", Status: 403, Detail: "reads everything and submits nothing", Stage: "not_submitted"})
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail(w, m.Organisation, commands) {
		return
	}
	results := c.execute(m.Organisation, commands)
	switch {
	case !one:
		c.write(w, http.StatusOK, results)
	case results[0].Code != massbalance.Accepted:
		a := results[0]
		c.write(w, http.StatusUnprocessableEntity, problem{Title: "Refused", Status: 422, Detail: a.Message, Command: a.Command, Stage: a.Stage, Code: a.Code, Message: a.Message, Figures: a.Figures})
	default:
		c.write(w, http.StatusOK, results[0])
	}
}

// fail answers with a fault, now and then: nothing happened, it happened and
// nobody can tell, half of it happened, a peer lags behind, or the connection
// breaks instead of an answer.
func (c *consortium) fail(w http.ResponseWriter, org massbalance.OrganisationID, commands []massbalance.Command) bool {
	c.posts++
	if !c.faulty || c.posts%3 > 0 {
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
	block := uint64(len(c.entries) + 1)
	batch, err := massbalance.ExecuteBatch(c.state, massbalance.Tx{ID: "tx-" + strconv.FormatUint(block, 10), Organisation: org}, commands)
	require.NoError(c.t, err)
	c.state.Apply(batch.Writes)
	for _, record := range batch.Records {
		c.entries = append(c.entries, massbalance.Entry{Block: block, Command: commands[record.Index], Record: record.Record})
	}
	var all []answered
	for _, r := range batch.Results {
		stage := "valid"
		if r.Code != massbalance.Accepted {
			stage = "refused"
		}
		all = append(all, answered{Command: r.Command, Stage: stage, Code: r.Code, Message: r.Message, Figures: r.Figures, Repeated: r.Repeated, Transaction: r.Transaction, Block: block})
	}
	return all
}

func (c *consortium) write(w http.ResponseWriter, status int, value any) {
	data, err := wire.Format(value)
	require.NoError(c.t, err)
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

// page writes a list in the API's form.
func page[T any](c *consortium, w http.ResponseWriter, items []T, next string) {
	texts := make([]json.RawMessage, 0, len(items))
	for _, item := range items {
		data, err := wire.Format(item)
		require.NoError(c.t, err)
		texts = append(texts, data)
	}
	body := map[string]any{"items": texts}
	if next != "" {
		body["next"] = next
	}
	_ = json.NewEncoder(w).Encode(body) // The driver may have hung up.
}

func (c *consortium) records(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	type placed struct {
		Position    uint64
		Block       uint64
		Transaction string
		Command     massbalance.Command
		Record      massbalance.Record
	}
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	require.NoError(c.t, err)
	var items []placed
	for i := after; i < len(c.entries) && len(items) < limit; i++ {
		e := c.entries[i]
		items = append(items, placed{uint64(i + 1), e.Block, e.Record.Transaction, e.Command, e.Record})
	}
	next := ""
	if after+len(items) < len(c.entries) {
		next = strconv.Itoa(after + len(items))
	}
	page(c, w, items, next)
}

// states lists the state's values of one type whose key passes.
func states[T massbalance.Value](c *consortium, keep func(massbalance.Key) bool) (keys []massbalance.Key, values []T) {
	for key, value := range c.state {
		if _, ok := value.(T); ok && keep(key) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b massbalance.Key) int { return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B)) })
	for _, key := range keys {
		values = append(values, c.state[key].(T))
	}
	return keys, values
}

func (c *consortium) sites(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, sites := states[massbalance.Site](c, func(massbalance.Key) bool { return true })
	page(c, w, sites, "")
}

func (c *consortium) accounts(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	type stock struct {
		Site                                                   massbalance.SiteID
		Product                                                massbalance.ProductID
		PhysicalIn, PhysicalOut, CreditIn, CreditOut, Somewhat massbalance.Quantity
	}
	keys, accounts := states[massbalance.Account](c, func(k massbalance.Key) bool { return k.A == r.PathValue("site") })
	var items []stock
	for i, a := range accounts {
		if c.tamper != nil {
			c.tamper(&a)
		}
		items = append(items, stock{massbalance.SiteID(keys[i].A), massbalance.ProductID(keys[i].B), a.PhysicalIn, a.PhysicalOut, a.CreditIn, a.CreditOut, a.Stock()})
	}
	page(c, w, items, "")
}

func (c *consortium) claims(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, claims := states[massbalance.Claim](c, func(massbalance.Key) bool { return true })
	page(c, w, claims, "")
}

type origin struct {
	Quantity  massbalance.Quantity
	Producer  string
	Statement massbalance.StatementID
}

// origins traces a claim back, each lot's share among its parents in proportion.
func (c *consortium) origins(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	claim := c.state[massbalance.ClaimKey(massbalance.ClaimID(r.PathValue("organisation")+"/"+r.PathValue("command")))].(massbalance.Claim)
	shares := map[massbalance.StatementID]massbalance.Quantity{}
	var trace func(id massbalance.LotID, share massbalance.Quantity)
	trace = func(id massbalance.LotID, share massbalance.Quantity) {
		lot := c.state[massbalance.LotKey(id)].(massbalance.Lot)
		if lot.Statement != "" {
			shares[lot.Statement] = shares[lot.Statement].Add(share)
			return
		}
		var whole massbalance.Quantity
		for _, parent := range lot.Parents {
			whole = whole.Add(parent.Quantity)
		}
		for _, parent := range lot.Parents {
			trace(parent.Lot, share.ScaleFloor(parent.Quantity, whole))
		}
	}
	for _, line := range claim.Lines {
		trace(line.Lot, line.Quantity)
	}
	answer := struct {
		Claim    massbalance.ClaimID
		Origins  []origin
		Rounding massbalance.Quantity
	}{Claim: claim.ID, Rounding: claim.Quantity}
	for id, share := range shares {
		verified := c.state[massbalance.StatementKey("certifier", id)].(massbalance.Verified)
		answer.Origins = append(answer.Origins, origin{share, verified.Statement.Producer, id})
		answer.Rounding, _ = answer.Rounding.Sub(share)
	}
	c.write(w, http.StatusOK, answer)
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
