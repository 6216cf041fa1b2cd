package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// told is a command of the story of examples.
type told struct {
	By      []massbalance.OrganisationID
	Command json.RawMessage
}

func story(t *testing.T) (all []told) {
	t.Helper()
	content, err := os.ReadFile("examples.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &all))
	return all
}

// play takes the ledger through the story: afterwards it has something of everything.
func play(t *testing.T, l *ledgertest.Ledger) {
	t.Helper()
	for _, step := range story(t) {
		command, err := wire.Decode[massbalance.Command](step.Command)
		require.NoError(t, err)
		if command.Body.Type() == (massbalance.FoundConsortium{}).Type() {
			continue // the season founded it
		}
		for _, by := range step.By {
			l.Must(by, command)
		}
	}
}

// Every example of a command in the description is accepted, in their order.
func TestTheExamplesOfCommandsWork(t *testing.T) {
	g := serve(t)
	shown := map[string]bool{}
	c := contractOf(t, g)
	for _, o := range c.operations() {
		if kind, ok := strings.CutPrefix(o.path, "/api/v1/commands/"); ok && o.method == "post" {
			if asMap(asMap(asMap(o.node["requestBody"])["content"])["application/json"])["example"] != nil {
				shown[kind] = true
			}
		}
	}
	for _, o := range c.operations() {
		if kind, ok := strings.CutPrefix(o.path, "/api/v1/commands/"); ok && o.method == "post" {
			require.True(t, shown[kind], "%s has no example", kind)
		}
	}
	played := map[string]bool{}
	for _, step := range story(t) {
		var head struct{ Type string }
		require.NoError(t, json.Unmarshal(step.Command, &head))
		require.NoError(t, c.valid("#/components/schemas/Command", step.Command), head.Type)
		played[head.Type] = true
	}
	require.Equal(t, shown, played)
	play(t, g.ledger)

	empty := ledgertest.New(t)
	founding, err := wire.Decode[massbalance.Command](story(t)[0].Command)
	require.NoError(t, err)
	empty.Must(ledgertest.Growers, founding)
}

// Every read answers with its example.
func TestTheExamplesOfReadsWork(t *testing.T) {
	g := serve(t)
	play(t, g.ledger)
	c := contractOf(t, g)
	for _, o := range c.operations() {
		if o.method != "get" || needsMore(o) {
			continue
		}
		status, err := c.call(t.Context(), g, o, c.example(t, g, o))
		require.NoError(t, err, o.String())
		require.Equal(t, http.StatusOK, status, o.String())
	}
}

// needsMore marks reads that are not shown whole: of what a gateway makes by
// itself, such as jobs, or of what no season has yet.
func needsMore(o operation) bool {
	parameters, _ := o.node["parameters"].([]any)
	for _, p := range parameters {
		if p := p.(map[string]any); p["in"] == "path" && p["example"] == nil {
			return true
		}
	}
	return false
}
