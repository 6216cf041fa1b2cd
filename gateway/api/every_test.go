package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// answered is what an operation's example was answered with.
func (c *contract) answered(t *testing.T, g gateway, o operation, header ...string) reply {
	t.Helper()
	request := c.example(t, g, o)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	defer response.Body.Close()
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		return reply{response, ""} // it has no end
	}
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, c.check(o, response.StatusCode, response.Header, body), o.String())
	return reply{response, string(body)}
}

// Every answer says at which height it is true: of every operation, with its
// example, and without what it needs, and where there is nothing at all.
func TestEveryAnswerSaysItsHeight(t *testing.T) {
	g := serve(t, withJournal(t))
	play(t, g.ledger)
	c := contractOf(t, g)
	for _, o := range c.operations() {
		if !strings.HasPrefix(o.path, "/api/v1/") {
			continue
		}
		for status, response := range asMap(o.node["responses"]) {
			require.Contains(t, asMap(asMap(response)["headers"]), "Weighbridge-Height", "%s %s", o, status)
		}
		r := c.answered(t, g, o)
		require.True(t, number(r.Header.Get("Weighbridge-Height")), "%s answers %d without a height", o, r.StatusCode)
		require.Len(t, r.Header.Values("Weighbridge-Height"), 1, o.String())
		bare := g.do(strings.ToUpper(o.method), strings.NewReplacer("{", "", "}", "").Replace(o.path)+"?no=such", "")
		require.GreaterOrEqual(t, bare.StatusCode, 400, o.String())
		require.True(t, number(bare.Header.Get("Weighbridge-Height")), "%s answers %d without a height", o, bare.StatusCode)
	}
	nothing := g.get("/api/v1/nothing")
	nothing.problem(t, http.StatusNotFound)
	require.True(t, number(nothing.Header.Get("Weighbridge-Height")))
}

// notOfTheLedgerAlone are the reads whose answers do not follow from the height:
// they are of the gateway's own data, or of documents in a peer's private data,
// which come without a block. These have no ETag.
var notOfTheLedgerAlone = []string{
	"/api/v1/activity", "/api/v1/log/", "/api/v1/claims/{organisation}/{command}/bundle", "/api/v1/approval-rules", "/api/v1/approvals", "/api/v1/batches/", "/api/v1/events", "/api/v1/imports/", "/api/v1/me", "/api/v1/tokens",
	"/api/v1/trade/", "/api/v1/users", "/api/v1/webhooks",
}

// Every read of the ledger has an ETag: with it, nothing is sent twice, until
// the next block.
func TestEveryReadOfTheLedgerHasAnETag(t *testing.T) {
	g := serve(t, withJournal(t))
	play(t, g.ledger)
	c := contractOf(t, g)
	tags := map[string]string{}
	var tagged []operation
	for _, o := range c.operations() {
		if o.method != "get" || !strings.HasPrefix(o.path, "/api/v1/") || begins(o.path, notOfTheLedgerAlone) {
			continue
		}
		r := c.answered(t, g, o)
		require.Equal(t, http.StatusOK, r.StatusCode, "%s has no example: %s", o, r.body)
		tag := r.Header.Get("ETag")
		require.NotEmpty(t, tag, o.String())
		again := c.answered(t, g, o, "If-None-Match", tag)
		require.Equal(t, http.StatusNotModified, again.StatusCode, o.String())
		require.Equal(t, r.Header.Get("Weighbridge-Height"), again.Header.Get("Weighbridge-Height"), o.String())
		for other, its := range tags {
			require.NotEqual(t, its, tag, "%s and %s", o, other)
		}
		tags[o.String()], tagged = tag, append(tagged, o)
	}
	require.Greater(t, len(tagged), 50)
	g.ledger.Add()
	for _, o := range tagged {
		require.Equal(t, http.StatusOK, c.answered(t, g, o, "If-None-Match", tags[o.String()]).StatusCode, "%s at another height", o)
	}
}

func begins(path string, beginnings []string) bool {
	for _, b := range beginnings {
		if strings.HasPrefix(path, b) {
			return true
		}
	}
	return false
}

// Whatever takes commands answers 202 with where to look to who does not wait,
// and what stands there is decided in the end.
func TestEveryCommandIsTakenFromWhoDoesNotWait(t *testing.T) {
	g := serve(t, withJournal(t))
	c := contractOf(t, g)
	taken := 0
	for _, o := range c.operations() {
		request := c.example(t, g, o)
		if responses := asMap(o.node["responses"]); responses["202"] == nil || request.ContentLength == 0 || o.path == "/api/v1/imports" {
			continue
		}
		r := c.answered(t, g, o, "Prefer", "respond-async")
		require.Equal(t, http.StatusAccepted, r.StatusCode, "%s: %s", o, r.body)
		require.Equal(t, "respond-async", r.Header.Get("Preference-Applied"), o.String())
		require.Eventually(t, func() bool {
			look := g.get(r.Header.Get("Location"))
			require.Equal(t, http.StatusOK, look.StatusCode, look.body)
			return strings.Contains(look.body, `"underWay":0`) || !strings.Contains(look.body, `"stage":"taken"`)
		}, 10*time.Second, 10*time.Millisecond, o.String())
		taken++
	}
	require.GreaterOrEqual(t, taken, 45)
}
