package api_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheDocumentationNeedsNothingFromElsewhere(t *testing.T) {
	g := serve(t)
	page := g.get("/docs")
	require.Equal(t, http.StatusOK, page.StatusCode, page.body)
	require.Equal(t, "text/html; charset=utf-8", page.Header.Get("Content-Type"))
	policy := page.Header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe")
	require.NotRegexp(t, `(?i)<script|\son[a-z]+=|style=|src=|href="(https?:)?//`, page.body, "no script, no style in the page, nothing from elsewhere")
	require.Equal(t, "text/css; charset=utf-8", g.get("/docs.css").Header.Get("Content-Type"))
	require.NotRegexp(t, `url\(|@import`, g.get("/docs.css").body)
	for _, o := range contractOf(t, g).operations() {
		require.Contains(t, page.body, "<code>"+o.path+"</code>")
	}
	ids := map[string]bool{}
	for _, id := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page.body, -1) {
		require.False(t, ids[id[1]], "two have the id %s", id[1])
		ids[id[1]] = true
	}
	for _, link := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page.body, -1) {
		require.True(t, ids[link[1]], "nothing is at #%s", link[1])
	}
}

// The links that the page shows lead to answers.
func TestTheDocumentationsLinksWork(t *testing.T) {
	g := serve(t)
	play(t, g.ledger)
	links := regexp.MustCompile(`Try: <a href="([^"]+)"`).FindAllStringSubmatch(g.get("/docs").body, -1)
	require.Greater(t, len(links), 40)
	for _, link := range links {
		if link[1] != "/api/v1/events" { // which has no end
			require.Equal(t, http.StatusOK, g.get(link[1]).StatusCode, link[1])
		}
	}
}
