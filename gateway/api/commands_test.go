package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

func takeIn(id, kg string) string {
	return fmt.Sprintf(`{"type":"take_in","id":%q,"date":"2026-08-20","period":"2026-Q3",
		"body":{"site":"silo-north","product":"wheat","quantity":%q,"evidence":"WB-%s"}}`, id, kg, id)
}

func results(t *testing.T, r reply) []api.Result {
	t.Helper()
	require.Equal(t, http.StatusOK, r.StatusCode, r.body)
	list, err := wire.Decode[[]api.Result]([]byte(r.body))
	require.NoError(t, err)
	return list
}

func TestOneCommandIsAcceptedAndReadAtOnce(t *testing.T) {
	g := serve(t)
	r := g.post(takeIn("T-1", "1250.500"))
	require.Equal(t, http.StatusOK, r.StatusCode, r.body)
	got, err := wire.Decode[api.Result]([]byte(r.body))
	require.NoError(t, err)
	require.Equal(t, submit.Valid, got.Stage)
	require.Equal(t, massbalance.Accepted, got.Code)
	require.EqualValues(t, 3, got.Sequence)
	require.Equal(t, fmt.Sprint(got.Block), r.Header.Get("Weighbridge-Height"))

	record, err := wire.Decode[api.PlacedRecord]([]byte(g.get("/api/v1/commands/growers/T-1").body))
	require.NoError(t, err)
	require.Equal(t, got.Transaction, record.Transaction)
	require.Contains(t, g.get("/api/v1/sites/silo-north").body, `"stock":"1250.5"`)

	again, err := wire.Decode[api.Result]([]byte(g.post(takeIn("T-1", "1250.500")).body))
	require.NoError(t, err)
	require.True(t, again.Repeated)
	require.Equal(t, massbalance.CommandID("T-1"), again.Command)
	require.Contains(t, g.get("/api/v1/sites/silo-north").body, `"stock":"1250.5"`, "twice the same command is once")
}

func TestARefusalSaysWhyWithFigures(t *testing.T) {
	g := serve(t)
	p := g.post(`{"id":"D-9","type":"dispatch","date":"2026-08-20","period":"2026-Q3","body":{"site":"elevator","to":"mill",
		"product":"wheat","quantity":"60000","lines":[{"lot":"growers/INT-4/1","quantity":"60000"}]}}`).problem(t, http.StatusUnprocessableEntity)
	require.Equal(t, "insufficient_credit", p["code"])
	require.Equal(t, map[string]any{"have": "56300", "need": "60000", "short": "3700"}, p["figures"])
	require.Contains(t, p["message"], "growers/INT-4/1")
	require.Equal(t, "urn:weighbridge:refusal:insufficient_credit", p["type"])
	require.Equal(t, "D-9", p["command"])
}

func TestAnArrayHasAResultForEachCommand(t *testing.T) {
	g := serve(t)
	list := results(t, g.post("["+takeIn("A", "1")+","+takeIn("B", "0")+","+takeIn("C", "2")+"]"))
	require.Len(t, list, 3)
	require.Equal(t, massbalance.Accepted, list[0].Code)
	require.Equal(t, massbalance.InvalidCommand, list[1].Code)
	require.Contains(t, list[1].Message, "quantity")
	require.Equal(t, massbalance.Accepted, list[2].Code)
	require.Len(t, results(t, g.post("["+takeIn("A", "1")+"]")), 1, "an array of one is answered as an array")
}

func TestUnreadableBodiesNameTheFieldAndSendNothing(t *testing.T) {
	g := serve(t)
	before := g.model.Next()
	good := takeIn("OK", "1")
	for body, location := range map[string]string{
		``:                                   "",
		`{`:                                  "body",
		`"x"`:                                "body",
		`{"id":"x"}`:                         "body.type",
		`{"id":"x","type":"dance"}`:          "body.type",
		`{"id":"x","type":"take_in"}`:        "body",
		`{"id":"x","id":"y"}`:                "body.id",
		strings.Replace(good, `"1"`, `1`, 1): "body.body.quantity",
		"[" + good + "," + strings.Replace(good, `"1"`, `"1e3"`, 1) + "]": "body[1].body.quantity",
		strings.Replace(good, `"evidence"`, `"evidense"`, 1):              "body.body.evidense",
		good + "x": "body",
		"[]":       "",
		"[" + strings.Repeat(good+",", 500) + good + "]": "",
	} {
		p := g.post(body).problem(t, http.StatusBadRequest)
		require.NotContains(t, p["detail"], "massbalance.", "no Go types outside")
		if location != "" {
			require.Equal(t, location, p["errors"].([]any)[0].(map[string]any)["location"], body)
		}
	}
	g.post(strings.Repeat(" ", 4<<20)+good).problem(t, http.StatusRequestEntityTooLarge)
	g.do(http.MethodPost, "/api/v1/commands", good, "Content-Type", "text/plain").problem(t, http.StatusUnsupportedMediaType)
	require.Equal(t, before, g.model.Next())
	require.Equal(t, http.StatusNotFound, g.get("/api/v1/commands/growers/OK").StatusCode)
}

// answers is a submitter whose network is out of order in one way or another:
// the stages that a real one reports, without the wait for its time-outs.
type answers struct {
	outcomes []submit.Outcome
	err      error
}

func (a answers) Submit(context.Context, []massbalance.Command) ([]submit.Outcome, error) {
	return a.outcomes, a.err
}

func TestWithoutADefiniteResultTheStageSaysHowFarItCame(t *testing.T) {
	for _, stage := range []submit.Stage{submit.NotEndorsed, submit.Mismatch, submit.NotSubmitted, submit.Unknown, submit.Invalid} {
		g := serve(t, func(o *api.Options) {
			o.Submitter = answers{outcomes: []submit.Outcome{{Stage: stage, Detail: "no orderer answers"}}}
		})
		r := g.post(takeIn("X", "1"))
		p := r.problem(t, http.StatusServiceUnavailable)
		require.Equal(t, string(stage), p["stage"])
		require.Contains(t, p["detail"], "no orderer answers")
		require.NotEmpty(t, r.Header.Get("Retry-After"))
		require.NotContains(t, p, "results")
	}
	mixed := serve(t, func(o *api.Options) {
		o.Submitter = answers{outcomes: []submit.Outcome{
			{Stage: submit.Valid, Result: massbalance.Result{Command: "A", Code: massbalance.Accepted}}, {Stage: submit.Unknown}}}
	})
	p := mixed.post("["+takeIn("A", "1")+","+takeIn("B", "1")+"]").problem(t, http.StatusServiceUnavailable)
	require.Len(t, p["results"], 2)
	require.Equal(t, "B", p["command"])

	broken := serve(t, func(o *api.Options) { o.Submitter = answers{err: errors.New("secret inside")} })
	p = broken.post(takeIn("A", "1")).problem(t, http.StatusServiceUnavailable)
	require.Equal(t, "not_submitted", p["stage"])
	require.NotContains(t, fmt.Sprint(p), "secret")
	busy := serve(t, func(o *api.Options) {
		o.Submitter = answers{err: fmt.Errorf("couldn't: %w", &submit.BusyError{Waiting: 20_000, Limit: 20_000, Again: 6500 * time.Millisecond})}
	})
	r := busy.post(takeIn("A", "1"))
	require.Contains(t, r.problem(t, http.StatusTooManyRequests)["detail"], "20000, of at most 20000")
	require.Equal(t, "7", r.Header.Get("Retry-After"))
}

func TestACertificationBodyMayNotSubmit(t *testing.T) {
	g := serve(t, func(o *api.Options) { o.Role, o.Organisation = massbalance.Certification, "certifier" })
	p := g.post(takeIn("X", "1")).problem(t, http.StatusForbidden)
	require.Equal(t, "not_submitted", p["stage"])
	forbidden := serve(t, func(o *api.Options) {
		o.Submitter = answers{outcomes: []submit.Outcome{{Stage: submit.NotSubmitted, Detail: "orderer: FORBIDDEN"}}}
	})
	forbidden.post(takeIn("X", "1")).problem(t, http.StatusForbidden)
}

// A block that this gateway has not seen yet does not keep the answer for ever.
func TestTheWaitForReadsIsBounded(t *testing.T) {
	g := serve(t, func(o *api.Options) {
		o.Submitter = answers{outcomes: []submit.Outcome{{Stage: submit.Valid, Block: 9999, Result: massbalance.Result{Code: massbalance.Accepted}}}}
	})
	r := g.post(takeIn("X", "1"))
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.Equal(t, fmt.Sprint(g.model.Next()-1), r.Header.Get("Weighbridge-Height"))
	require.True(t, json.Valid([]byte(r.body)))
}

// A command has the same effect at its own address as at the common one, and is
// the same command there.
func TestACommandsOwnAddress(t *testing.T) {
	g := serve(t)
	typed := func(kind, body string) reply {
		return g.do(http.MethodPost, "/api/v1/commands/"+kind, body, "Content-Type", "application/json")
	}
	const content = `"date":"2026-08-20","period":"2026-Q3","body":{"site":"silo-north","product":"wheat","quantity":"7","evidence":"E-7"}`
	first, err := wire.Decode[api.Result]([]byte(typed("take_in", `{"id":"OWN",`+content+`} `).body))
	require.NoError(t, err)
	require.Equal(t, massbalance.Accepted, first.Code)
	again, err := wire.Decode[api.Result]([]byte(g.post(`{"id":"OWN","type":"take_in",` + content + `}`).body))
	require.NoError(t, err)
	require.True(t, again.Repeated, "same ID and content, whichever way they came")
	for _, kind := range []string{"OWN", "OWN2"} {
		require.Equal(t, http.StatusOK, typed("take_in", `{"id":"`+kind+`","type":"take_in",`+strings.ReplaceAll(content, "E-7", "E-"+map[string]string{"OWN": "7", "OWN2": "8"}[kind])+`}`).StatusCode)
	}
	p := typed("dispatch", `{"id":"OWN",`+content+`}`).problem(t, http.StatusBadRequest)
	require.Equal(t, "body.body.quantity", typedFault(typed("take_in", `{"id":"X",`+strings.Replace(content, `"7"`, `7`, 1)+`}`).problem(t, http.StatusBadRequest)))
	require.Equal(t, "body.body.evidence", typedFault(p), "a dispatch has documents, not evidence")
	require.Equal(t, "body.type", typedFault(typed("take_in", `{"id":"X","type":"dispatch",`+content+`}`).problem(t, http.StatusBadRequest)))
	require.Equal(t, "body.type", typedFault(typed("take_in", `{"id":"X","type":"take_in","type":"take_in",`+content+`}`).problem(t, http.StatusBadRequest)))
	require.Equal(t, "body", typedFault(typed("take_in", `{}`).problem(t, http.StatusBadRequest)))
	require.Equal(t, "body", typedFault(typed("take_in", `[{"id":"X",`+content+`}]`).problem(t, http.StatusBadRequest)), "one at a time")
	refused := typed("take_in", `{"id":"OWN3",`+strings.Replace(content, "silo-north", "mill", 1)+`}`).problem(t, http.StatusUnprocessableEntity)
	require.NotEmpty(t, refused["code"])
	typed("dance", `{}`).problem(t, http.StatusNotFound)
}

func typedFault(p map[string]any) string {
	return p["errors"].([]any)[0].(map[string]any)["location"].(string)
}
