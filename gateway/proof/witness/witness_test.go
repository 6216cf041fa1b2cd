package witness_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/proof/verify"
	"github.com/weighbridge/weighbridge/gateway/proof/witness"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/replay"
	"github.com/weighbridge/weighbridge/gateway/store"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
)

var organisations = []massbalance.OrganisationID{ledgertest.Growers, ledgertest.Miller, ledgertest.Manufacturer, ledgertest.Brand, ledgertest.Certifier}

const claim massbalance.ClaimID = "brand/CLM-1"

func signer(org massbalance.OrganisationID, version byte) *checkpoint.Signer {
	seed := sha256.Sum256(append([]byte(org), version))
	return &checkpoint.Signer{Organisation: org, Private: ed25519.NewKeyFromSeed(seed[:])}
}

// gateway is one organisation's copy of a ledger with its witness, served over HTTP.
type gateway struct {
	t       *testing.T
	org     massbalance.OrganisationID
	model   *readmodel.Model
	own     *store.Store
	witness *witness.Witness
	metrics *prometheus.Registry
	url     string
	now     time.Time
}

func start(t *testing.T, org massbalance.OrganisationID) *gateway {
	g := &gateway{t: t, org: org, now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}
	g.own = storetest.Own(t)
	g.rebuild(nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux := access.NewMux()
		g.witness.Register(mux)
		actor, err := access.Local{}.Actor(r)
		if err == nil && r.Header.Get("Stranger") == "" {
			r = r.WithContext(access.With(r.Context(), actor))
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

// rebuild makes the copy of the ledger anew; what is the gateway's own stays.
func (g *gateway) rebuild(blocks []replay.Block) {
	var err error
	g.model, err = readmodel.Open(g.t.TempDir())
	require.NoError(g.t, err)
	model := g.model
	g.t.Cleanup(func() { require.NoError(g.t, model.Close()) })
	g.reopen(1, nil)
	g.read(blocks)
}

// reopen makes the witness anew, as a restart does.
func (g *gateway) reopen(version byte, others map[massbalance.OrganisationID]string) {
	g.metrics = prometheus.NewRegistry()
	var err error
	g.witness, err = witness.New(g.t.Context(), witness.Options{
		Organisation: g.org, Model: g.model, Store: g.own, Signer: signer(g.org, version), Others: others, Metrics: g.metrics,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: func() time.Time { return g.now },
	})
	require.NoError(g.t, err)
}

func (g *gateway) read(blocks []replay.Block) {
	for _, b := range blocks {
		require.NoError(g.t, g.model.Apply(g.t.Context(), b))
	}
}

func (g *gateway) get(path string, stranger bool) (int, string) {
	request, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, g.url+path, nil)
	require.NoError(g.t, err)
	if stranger {
		request.Header.Set("Stranger", "1")
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(g.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(g.t, err)
	return response.StatusCode, string(body)
}

func (g *gateway) must(path string) string {
	g.t.Helper()
	status, body := g.get(path, false)
	require.Equal(g.t, http.StatusOK, status, body)
	return body
}

// keys lets the members of a ledger adopt everybody's key.
func keys(l *ledgertest.Ledger) {
	for _, org := range organisations {
		adopt(l, org, 1)
	}
}

func adopt(l *ledgertest.Ledger, org massbalance.OrganisationID, version byte) {
	for _, voter := range organisations[:3] {
		l.Must(voter, massbalance.Command{ID: massbalance.CommandID(fmt.Sprintf("COS-%s-%d", org, version)), Body: massbalance.RegisterCosigner{
			Cosigner: massbalance.Cosigner{Organisation: org, Key: massbalance.LogKey(signer(org, version).Public()), Version: int(version)}}})
	}
}

// consortium is one gateway for each member, all of the same ledger.
func consortium(t *testing.T) (*ledgertest.Ledger, map[massbalance.OrganisationID]*gateway) {
	l := ledgertest.New(t)
	l.Found()
	l.Documents()
	keys(l)
	gateways := map[massbalance.OrganisationID]*gateway{}
	for _, org := range organisations {
		gateways[org] = start(t, org)
		gateways[org].read(l.Blocks())
	}
	connect(gateways)
	return l, gateways
}

func connect(gateways map[massbalance.OrganisationID]*gateway) {
	for org, g := range gateways {
		others := map[massbalance.OrganisationID]string{}
		for other, to := range gateways {
			if other != org {
				others[other] = to.url
			}
		}
		g.reopen(1, others)
	}
}

func trust(threshold int) checkpoint.Trust {
	t := checkpoint.Trust{Origin: checkpoint.Origin([32]byte{}), Threshold: threshold}
	for _, org := range organisations {
		t.Organisations = append(t.Organisations, checkpoint.Organisation{Organisation: org, Name: string(org), Keys: []string{checkpoint.FormatKey(signer(org, 1).Public())}})
	}
	return t
}

func alarms(t *testing.T, g *gateway) []witness.Alarm {
	all, err := g.witness.Alarms(t.Context())
	require.NoError(t, err)
	return all
}

// Five gateways of one ledger cosign each other's checkpoints in one round, and a
// stranger verifies a published claim with nothing but their keys.
func TestFiveGatewaysVouchForEachOther(t *testing.T) {
	l, gateways := consortium(t)
	l.Harvest()
	for _, g := range gateways {
		g.read(l.Blocks())
	}
	for _, g := range gateways {
		g.witness.Round(t.Context())
		require.Empty(t, alarms(t, g))
	}
	brand := gateways[ledgertest.Brand]
	status, body := brand.get("/claims/brand/CLM-1/bundle", true)
	require.Equal(t, http.StatusNotFound, status, body)
	response, err := http.Post(brand.url+"/api/v1/claims/brand/CLM-1/publish", "", nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	status, body = brand.get("/claims/brand/CLM-1/bundle", true)
	require.Equal(t, http.StatusOK, status, body)
	s, err := verify.File([]byte(body), trust(5))
	require.NoError(t, err)
	require.Len(t, s.Vouchers, 5)
	require.Equal(t, brand.now, s.Since())

	status, body = gateways[ledgertest.Miller].get("/claims/brand/CLM-1/bundle", true)
	require.Equal(t, http.StatusNotFound, status, body)
	require.Error(t, gateways[ledgertest.Miller].witness.Publish(t.Context(), claim, "m"), "only the claimant publishes")
}

// Two gateways are shown two ledgers that agree up to a point: both see it at the
// first comparison, keep both sides signed, and count nothing of the other.
func TestASplitViewRaisesTheAlarmOnBothSides(t *testing.T) {
	one, other := ledgertest.New(t), ledgertest.New(t)
	for _, l := range []*ledgertest.Ledger{one, other} {
		l.Found()
		keys(l)
	}
	one.Must(ledgertest.Miller, takeIn("T-1", "1000"))
	other.Must(ledgertest.Miller, takeIn("T-1", "2000"))
	miller, brand := start(t, ledgertest.Miller), start(t, ledgertest.Brand)
	miller.read(one.Blocks())
	brand.read(other.Blocks())
	connect(map[massbalance.OrganisationID]*gateway{ledgertest.Miller: miller, ledgertest.Brand: brand})
	for _, side := range []*gateway{miller, brand} {
		for range 2 {
			side.witness.Round(t.Context())
		}
		all := alarms(t, side)
		require.Len(t, all, 1, "one contradiction is one alarm")
		require.Equal(t, witness.SplitView, all[0].Problem)
		require.NotEqual(t, side.org, all[0].Organisation)
		ours, err := checkpoint.ParseText(all[0].Ours)
		require.NoError(t, err)
		theirs, cosignatures, _, err := checkpoint.Open(all[0].Theirs, key(all[0].Organisation))
		require.NoError(t, err)
		require.Len(t, cosignatures, 1, "what they signed is evidence")
		require.Equal(t, ours.Size, theirs.Size)
		require.NotEqual(t, ours.Root, theirs.Root)
		require.Contains(t, side.witness.Problem(t.Context()), "contradicts ours")
		require.Equal(t, 1.0, gauge(t, side, "weighbridge_log_alarms"))
		note := side.must("/api/v1/log/checkpoint")
		_, who, _, err := checkpoint.Open(note, trustKeys(t))
		require.NoError(t, err)
		require.Len(t, who, 1, "nothing of the other is counted")

		require.NoError(t, side.witness.Note(t.Context(), all[0].ID))
		require.Empty(t, side.witness.Problem(t.Context()))
		require.Zero(t, gauge(t, side, "weighbridge_log_alarms"))
	}
	require.Contains(t, miller.must("/api/v1/log/alarms"), `"problem":"split_view"`)
}

func takeIn(id massbalance.CommandID, kg string) massbalance.Command {
	return ledgertest.Command(id, "2026-08-05", massbalance.TakeIn{Site: "mill", Product: "wheat", Quantity: ledgertest.Kg(kg), Supplier: "S", Evidence: massbalance.EvidenceID(id)})
}

func key(org massbalance.OrganisationID) []checkpoint.Key {
	return []checkpoint.Key{{Organisation: org, Public: signer(org, 1).Public()}}
}

func trustKeys(t *testing.T) []checkpoint.Key {
	keys, err := trust(1).Keys()
	require.NoError(t, err)
	return keys
}

func gauge(t *testing.T, g *gateway, name string) float64 {
	families, err := g.metrics.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("there is no metric %s", name)
	return testutil.ToFloat64(nil)
}

// A gateway whose copy of the ledger is made anew from other blocks signs nothing
// that contradicts what it vouched for, and says so.
func TestNobodySignsTwoStates(t *testing.T) {
	one, other := ledgertest.New(t), ledgertest.New(t)
	for _, l := range []*ledgertest.Ledger{one, other} {
		l.Found()
		keys(l)
	}
	g := start(t, ledgertest.Miller)
	short := one.Blocks()
	one.Must(ledgertest.Miller, takeIn("T-1", "1000"))
	g.read(one.Blocks())
	note := g.must("/api/v1/log/checkpoint")

	g.rebuild(short)
	status, body := g.get("/api/v1/log/checkpoint", false)
	require.Equal(t, http.StatusServiceUnavailable, status, body)
	require.Empty(t, alarms(t, g), "to be behind is no contradiction")
	g.read(one.Blocks())
	require.Equal(t, note, g.must("/api/v1/log/checkpoint"), "the same blocks give the same signature again")

	other.Must(ledgertest.Miller, takeIn("T-1", "2000"))
	other.Must(ledgertest.Miller, takeIn("T-2", "1"))
	g.rebuild(other.Blocks())
	status, body = g.get("/api/v1/log/checkpoint", false)
	require.Equal(t, http.StatusConflict, status, body)
	require.Len(t, alarms(t, g), 1)
	require.Equal(t, witness.Contradiction, alarms(t, g)[0].Problem)
	require.Contains(t, g.witness.Problem(t.Context()), "refuses to sign")
}

// A log that is cut off below what its owner signed is seen, also by gateways that
// have come no further themselves; one that goes on otherwise as well.
func TestATruncatedLogAndOneThatTurnedElsewhere(t *testing.T) {
	l, gateways := consortium(t)
	miller, brand := gateways[ledgertest.Miller], gateways[ledgertest.Brand]
	short := l.Blocks()
	l.Must(ledgertest.Miller, takeIn("T-1", "1000"))
	l.Must(ledgertest.Miller, takeIn("T-2", "1000"))
	miller.read(l.Blocks())
	brand.witness.Round(t.Context())
	require.Empty(t, alarms(t, brand), "the miller is ahead, no more")

	liar := start(t, ledgertest.Miller)
	liar.read(short)
	brand.reopen(1, map[massbalance.OrganisationID]string{ledgertest.Miller: liar.url})
	brand.witness.Round(t.Context())
	require.Len(t, alarms(t, brand), 1)
	require.Equal(t, witness.Truncated, alarms(t, brand)[0].Problem)

	elsewhere := ledgertest.New(t)
	elsewhere.Found()
	elsewhere.Documents()
	keys(elsewhere)
	for i := range 4 {
		elsewhere.Must(ledgertest.Miller, takeIn(massbalance.CommandID(fmt.Sprintf("T-%d", i+1)), "7"))
	}
	turned := start(t, ledgertest.Miller)
	turned.read(elsewhere.Blocks())
	manufacturer := gateways[ledgertest.Manufacturer]
	manufacturer.witness.Round(t.Context()) // sees the honest miller, two records ahead of itself
	manufacturer.reopen(1, map[massbalance.OrganisationID]string{ledgertest.Miller: turned.url})
	manufacturer.witness.Round(t.Context())
	require.Len(t, alarms(t, manufacturer), 1)
	require.Equal(t, witness.NotExtension, alarms(t, manufacturer)[0].Problem)
}

// A signature with a key that is not the organisation's on the ledger counts
// for nothing, and neither does one in another's name.
func TestOnlyRegisteredKeysCount(t *testing.T) {
	l, gateways := consortium(t)
	miller, brand := gateways[ledgertest.Miller], gateways[ledgertest.Brand]
	miller.reopen(2, nil)
	brand.witness.Round(t.Context())
	_, who, _, err := checkpoint.Open(brand.must("/api/v1/log/checkpoint"), trustKeys(t))
	require.NoError(t, err)
	require.Len(t, who, 4)
	adopt(l, ledgertest.Miller, 2)
	for _, g := range gateways {
		g.read(l.Blocks())
	}
	brand.witness.Round(t.Context())
	_, who, unknown, err := checkpoint.Open(brand.must("/api/v1/log/checkpoint"), trustKeys(t))
	require.NoError(t, err)
	require.Len(t, who, 4, "readers with the old key do not count the new one")
	require.Equal(t, []string{"miller"}, unknown)
}

// The log is served as C2SP tlog-tiles has it: from tiles alone every record is
// proven, and proofs of inclusion and consistency hold.
func TestTilesAndProofs(t *testing.T) {
	l, gateways := consortium(t)
	l.Harvest()
	brand := gateways[ledgertest.Brand]
	brand.read(l.Blocks())
	text, _, err := checkpoint.Split(brand.must("/api/v1/log/checkpoint"))
	require.NoError(t, err)
	reader := tlog.TileHashReader(tlog.Tree{N: text.Size, Hash: text.Root}, tiles{brand})
	entries := brand.must(fmt.Sprintf("/api/v1/log/tile/entries/000.p/%d", text.Size))
	for i := range text.Size {
		n := binary.BigEndian.Uint16([]byte(entries))
		data := entries[2 : 2+n]
		entries = entries[2+n:]
		require.True(t, strings.HasPrefix(data, "weighbridge record v1\n"))
		proof, err := tlog.ProveRecord(text.Size, i, reader)
		require.NoError(t, err)
		require.NoError(t, tlog.CheckRecord(proof, text.Size, text.Root, i, tlog.RecordHash([]byte(data))))
		var served struct{ Proof tlog.RecordProof }
		require.NoError(t, json.Unmarshal([]byte(brand.must(fmt.Sprintf("/api/v1/log/proof/inclusion?leaf=%d&size=%d", i, text.Size))), &served))
		require.Equal(t, proof, served.Proof)
	}
	require.Empty(t, entries)
	for path, status := range map[string]int{
		"/tile/0/x072/x057/x594/x037/x927/936.p/1": 404, "/tile/entries/x072/x057/x594/x037/x927/936.p/1": 404, "/tile/8/000": 404, "/tile/6/000.p/255": 404,
		"/tile/0/001": 404, "/tile/0/x": 422, "/tile/entries/000": 404, "/proof/inclusion?leaf=9999&size=10": 404, "/proof/consistency?from=0&to=1": 404,
		"/proof/inclusion?leaf=01&size=10": 422, "/proof/inclusion?leaf=1&size=10&no=such": 422, "/checkpoints/x": 422, "/checkpoints/999999": 404,
	} {
		got, body := brand.get("/api/v1/log"+path, true)
		require.Equal(t, status, got, "%s: %s", path, body)
	}
	var known struct{ Organisation, Key, Registered, Origin string }
	require.NoError(t, json.Unmarshal([]byte(brand.must("/api/v1/log/key")), &known))
	require.Equal(t, known.Registered, known.Key)
	require.Equal(t, text.Origin, known.Origin)
}

type tiles struct{ *gateway }

func (g tiles) Height() int { return 8 }

func (g tiles) ReadTiles(wanted []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range wanted {
		data = append(data, []byte(g.must("/api/v1/log/"+strings.Replace(tile.Path(), "tile/8/", "tile/", 1))))
	}
	return data, nil
}

func (g tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// The witness stops with its context.
func TestRunEnds(t *testing.T) {
	_, gateways := consortium(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { gateways[ledgertest.Brand].witness.Run(ctx); close(done) }()
	cancel()
	<-done
}

// A stranger gets a file of half a minute ago rather than have one made for each
// block; a member always gets the latest.
func TestBundlesAreMadeOnceForACheckpoint(t *testing.T) {
	l, gateways := consortium(t)
	l.Harvest()
	for _, g := range gateways {
		g.read(l.Blocks())
	}
	brand := gateways[ledgertest.Brand]
	round := func() {
		for range 2 {
			for _, g := range gateways {
				g.witness.Round(t.Context())
			}
		}
	}
	round()
	require.NoError(t, brand.witness.Publish(t.Context(), claim, "anna"))
	path := "/claims/" + string(claim) + "/bundle"
	fetch := func(stranger bool) verify.Statement {
		status, body := brand.get(path, stranger)
		require.Equal(t, http.StatusOK, status, body)
		s, err := verify.File([]byte(body), trust(3))
		require.NoError(t, err)
		return s
	}
	first := fetch(true)
	before := len(l.Blocks())
	l.Must(ledgertest.Miller, takeIn("T-NEW", "7"))
	for _, g := range gateways {
		g.read(l.Blocks()[before:])
	}
	round()
	require.Equal(t, first.Height, fetch(true).Height)
	require.Equal(t, first.Height+1, fetch(false).Height)
	require.Equal(t, first.Height+1, fetch(true).Height, "what was made for a member is there for all")
}

// A gateway whose peer gives it nothing new learns from the others that there is.
func TestBlocksThatAreWithheldShow(t *testing.T) {
	l, gateways := consortium(t)
	brand, miller := gateways[ledgertest.Brand], gateways[ledgertest.Miller]
	brand.witness.Round(t.Context())
	require.Empty(t, brand.witness.Withheld())

	adopt(l, ledgertest.Growers, 2)
	blocks := l.Blocks()
	miller.read(blocks)
	miller.witness.Round(t.Context())
	brand.witness.Round(t.Context())
	require.Empty(t, brand.witness.Withheld(), "a block may take its time")
	brand.now = brand.now.Add(time.Minute)
	brand.witness.Round(t.Context())
	require.Contains(t, brand.witness.Withheld(), "The log of miller has")
	require.Empty(t, brand.witness.Problem(t.Context()), "nobody contradicts anybody")
	require.Empty(t, miller.witness.Withheld())

	brand.read(blocks[:len(blocks)-1])
	brand.witness.Round(t.Context())
	require.Empty(t, brand.witness.Withheld(), "it comes after")
	brand.read(blocks)
	brand.now = brand.now.Add(time.Hour)
	brand.witness.Round(t.Context())
	require.Empty(t, brand.witness.Withheld())
}
