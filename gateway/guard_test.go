package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// ownPolicy are the routes whose pages say themselves what they may: the page
// that verifies claims runs the script that it brings, in a sandbox.
var ownPolicy = map[string]bool{"GET /verifier": true}

// Every answer keeps browsers from guessing its type, from framing it, from
// keeping it for others and from telling elsewhere where somebody was, and lets
// pages load nothing that is not the gateway's own.
func TestEveryAnswerIsProtected(t *testing.T) {
	c := newConsortium(t)
	for _, secure := range []bool{false, true} {
		f := c.front(ledgertest.Growers, func(settings *config) {
			if secure {
				settings.PublicURL = "https://weighbridge.example"
			}
		})
		root := caller{cookie: f.user("root", access.Roles...)}
		for _, who := range []caller{root, {}} {
			for _, pattern := range f.handler.Routes.Patterns() {
				if pattern == "POST /sign-out" {
					continue
				}
				_, h := f.ask(pattern, who, true)
				require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), pattern)
				require.NotEmpty(t, h.Get("Cache-Control"), pattern)
				require.NotEmpty(t, h.Get("Referrer-Policy"), pattern)
				require.Equal(t, "DENY", h.Get("X-Frame-Options"), pattern)
				policy := h.Get("Content-Security-Policy")
				require.Contains(t, policy, "default-src 'none'", pattern)
				require.Contains(t, policy, "frame-ancestors 'none'", pattern)
				require.Contains(t, policy, "base-uri 'none'", pattern)
				if !ownPolicy[pattern] {
					require.NotContains(t, policy, "unsafe", pattern)
				}
				require.NotContains(t, policy, "http:", pattern)
				require.NotContains(t, policy, "*", pattern)
				require.Equal(t, secure, h.Get("Strict-Transport-Security") != "", pattern)
			}
		}
	}
}

// Whatever changes something is refused where it comes from a foreign page, and
// where nothing says where it came from but a cookie came with it.
func TestEveryChangeIsKeptFromForeignPages(t *testing.T) {
	f := newFront(t)
	cookie := f.user("root", access.Roles...)
	changes := 0
	for _, pattern := range f.handler.Routes.Patterns() {
		method, path, _ := strings.Cut(pattern, " ")
		if path == "" || method == http.MethodGet {
			continue
		}
		changes++
		for name, headers := range map[string]map[string]string{
			"another site": {"Sec-Fetch-Site": "cross-site"}, "a neighbour": {"Sec-Fetch-Site": "same-site"},
			"another origin": {"Origin": "https://evil.example"}, "nowhere": {},
		} {
			request, err := http.NewRequestWithContext(t.Context(), method, f.url+fill(path, nil), strings.NewReader(""))
			require.NoError(t, err)
			request.AddCookie(cookie)
			for key, value := range headers {
				request.Header.Set(key, value)
			}
			response, err := http.DefaultTransport.RoundTrip(request)
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			if name == "nowhere" && f.handler.Routes.Who(pattern) == access.Public {
				require.Less(t, response.StatusCode, 500, pattern)
				continue // it takes no session; there is nothing to ride on
			}
			require.Equal(t, http.StatusForbidden, response.StatusCode, "%s from %s: %s", pattern, name, body)
		}
	}
	require.Greater(t, changes, 60)
	status, _ := f.send(http.MethodGet, "/account", "", caller{cookie: cookie})
	require.Equal(t, http.StatusOK, status, "nobody was signed out")
}

// Whoever calls too often is told so on every route, and when to come again;
// others are not kept waiting by them.
func TestEveryRouteIsLimited(t *testing.T) {
	c := newConsortium(t)
	f := c.front(ledgertest.Growers, func(settings *config) { settings.Limits = limitsConfig{1, 1, 1, 1} })
	_, machine := f.token("", f.clock.Add(time.Hour), access.Scopes...)
	hasty := caller{token: machine}
	for _, who := range []caller{hasty, {}} {
		for _, pattern := range f.handler.Routes.Patterns() {
			var status int
			var h http.Header
			for range 3 { // one a second passes
				if status, h = f.ask(pattern, who, false); status == http.StatusTooManyRequests {
					break
				}
			}
			require.Equal(t, http.StatusTooManyRequests, status, pattern)
			after, err := strconv.Atoi(h.Get("Retry-After"))
			require.NoError(t, err, pattern)
			require.Positive(t, after)
		}
	}
	_, other := f.token("", f.clock.Add(time.Hour), access.Read)
	status, _ := f.send(http.MethodGet, "/api/v1/sites", "", caller{token: other})
	require.Equal(t, http.StatusOK, status, "another token of the same address has its own measure")
}

// endless is a body without an end, which counts what is read of it.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += int64(len(p))
	return len(p), nil
}

// No route reads a body to an end that it does not have: of who did not sign in
// not more than 64 KiB, of others not more than the largest import.
func TestEveryBodyIsBounded(t *testing.T) {
	f := newFront(t)
	_, machine := f.token("", f.clock.Add(time.Hour), access.Scopes...)
	person := f.user("root", access.Roles...)
	const publicMost, most = 65 << 10, 67 << 20
	for _, pattern := range f.handler.Routes.Patterns() {
		method, path, _ := strings.Cut(pattern, " ")
		if path == "" || method == http.MethodGet || pattern == "POST /sign-out" {
			continue
		}
		kind := "application/json"
		if !strings.HasPrefix(path, "/api/") {
			kind = "application/x-www-form-urlencoded"
		}
		body := &endless{}
		request := httptest.NewRequest(method, fill(path, nil), body)
		request.Host, request.ContentLength = "localhost", -1
		request.Header.Set("Content-Type", kind)
		request.Header.Set("Sec-Fetch-Site", "same-origin")
		if strings.HasPrefix(path, "/api/") && f.handler.Routes.Who(pattern) != access.Approve {
			request.Header.Set("Authorization", "Bearer "+machine)
		} else {
			request.AddCookie(person)
		}
		recorder := httptest.NewRecorder()
		f.handler.ServeHTTP(recorder, request.WithContext(t.Context()))
		limit := int64(most)
		if f.handler.Routes.Who(pattern) == access.Public {
			limit = publicMost
		}
		require.LessOrEqual(t, body.read, limit, pattern)
		require.Less(t, recorder.Code, 500, "%s: %s", pattern, recorder.Body)
		if strings.HasPrefix(path, "/api/v1/commands") {
			require.Equal(t, http.StatusRequestEntityTooLarge, recorder.Code, pattern)
			require.Less(t, body.read, int64(5<<20), pattern)
		}
	}
}
