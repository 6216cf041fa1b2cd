package main

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/access"
)

// caller is somebody who sends requests.
type caller struct {
	name   string
	may    func(access.Permission) bool
	cookie *http.Cookie
	token  string
}

// letThrough stands for a route's own 403, which is no word of the guard's: a
// route may know of more that somebody may not, such as another's contract.
const letThrough = 0

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// ask sends an empty request to a pattern, as a program or as a person's browser.
func (f *front) ask(pattern string, c caller, browser bool) (int, http.Header) {
	f.t.Helper()
	method, path, _ := strings.Cut(pattern, " ")
	if path == "" {
		method, path = http.MethodGet, "/nothing-is-here"
	}
	path = strings.ReplaceAll(path, "{$}", "")
	path = wildcard.ReplaceAllString(path, "none")
	request, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, strings.NewReader(""))
	require.NoError(f.t, err)
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if browser {
		request.Header.Set("Accept", "text/html")
	}
	if c.cookie != nil {
		request.AddCookie(c.cookie)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: 10 * time.Second}
	response, err := client.Do(request)
	require.NoError(f.t, err)
	defer response.Body.Close() // a stream does not end by itself
	if response.StatusCode == http.StatusForbidden {
		body, err := io.ReadAll(response.Body)
		require.NoError(f.t, err)
		if !strings.Contains(string(body), "this needs the permission") {
			return letThrough, response.Header
		}
	}
	return response.StatusCode, response.Header
}

// callers are everybody who matters: each role alone, and everybody who is
// nobody, in every way that one can be.
func (f *front) callers() (known, nobody []caller) {
	hour := f.clock.Add(time.Hour)
	for _, role := range access.Roles {
		known = append(known, caller{name: string(role), cookie: f.user(string(role), role), may: role.Holds})
		_, secret := f.token(string(role), hour, access.Scopes...)
		known = append(known, caller{name: "token of the " + string(role), token: secret, may: func(p access.Permission) bool {
			return role.Holds(p) && p != access.SignedIn && p != access.Approve
		}})
	}
	for _, scope := range access.Scopes {
		_, secret := f.token("", hour, scope)
		known = append(known, caller{name: "token for " + string(scope), token: secret, may: func(p access.Permission) bool { return p == scope }})
	}
	over := f.user("over", access.Roles...)
	require.NoError(f.t, f.accounts.EndSessions(f.t.Context(), "over", ""))
	disabled := f.user("disabled", access.Roles...)
	require.NoError(f.t, f.accounts.ChangeUser(f.t.Context(), access.User{Name: "disabled", Roles: access.Roles, Disabled: true}))
	id, revoked := f.token("", hour, access.Scopes...)
	require.NoError(f.t, f.accounts.RevokeToken(f.t.Context(), id, ""))
	_, ofDisabled := f.token("disabled", hour, access.Scopes...)
	other := newFront(f.t)
	_, foreign := other.token("", hour, access.Scopes...)
	nobody = []caller{
		{name: "anonymous"}, {name: "session that ended", cookie: over}, {name: "session of a disabled user", cookie: disabled},
		{name: "session of another organisation", cookie: other.user("root", access.Roles...)}, {name: "revoked token", token: revoked},
		{name: "token of a disabled user", token: ofDisabled}, {name: "token of another organisation", token: foreign}, {name: "no token", token: "weighbridge_made-up"},
	}
	return known, nobody
}

// The table of who may call what, held for every route of the running handler
// and everybody: whoever may is let through to the route, which then answers
// what it will; whoever may not gets 403, and who is nobody 401 or the way to
// the sign-in, whatever the route is.
func TestEveryRouteLetsInWhomTheTableSays(t *testing.T) {
	f := newFront(t)
	known, nobody := f.callers()
	patterns := f.handler.Routes.Patterns()
	require.Greater(t, len(patterns), 100)
	for _, pattern := range patterns {
		if pattern == "POST /sign-out" {
			continue // it ends the callers' sessions: see below
		}
		who := f.handler.Routes.Who(pattern)
		for _, c := range known {
			status, _ := f.ask(pattern, c, false)
			if who == access.Public || c.may(who) {
				require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, denied(pattern, status), "%s by %s", pattern, c.name)
			} else {
				require.Equal(t, http.StatusForbidden, status, "%s by %s", pattern, c.name)
			}
		}
		for _, c := range nobody {
			status, header := f.ask(pattern, c, false)
			if who == access.Public {
				require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, denied(pattern, status), "%s by %s", pattern, c.name)
				continue
			}
			require.Equal(t, http.StatusUnauthorized, status, "%s by %s", pattern, c.name)
			require.NotEmpty(t, header.Get("WWW-Authenticate"))
			if strings.HasPrefix(pattern, "GET /") && !strings.HasPrefix(pattern, "GET /api/") {
				status, header = f.ask(pattern, c, true)
				require.Equal(t, http.StatusSeeOther, status, "%s by %s in a browser", pattern, c.name)
				require.True(t, strings.HasPrefix(header.Get("Location"), "/sign-in?to="), header.Get("Location"))
			}
		}
	}
	for _, c := range nobody {
		status, _ := f.ask("POST /sign-out", c, false)
		require.Equal(t, http.StatusUnauthorized, status)
	}
	for _, c := range known {
		status, _ := f.ask("POST /sign-out", c, false)
		require.Equal(t, map[bool]int{true: http.StatusSeeOther, false: http.StatusForbidden}[c.may(access.SignedIn)], status, c.name)
	}
}

// denied is a status that says that somebody may not. The sign-in says so itself
// to whoever brings no right password.
func denied(pattern string, status int) int {
	if pattern == "POST /sign-in" && status == http.StatusUnauthorized {
		return 0
	}
	return status
}

// A session that nobody used for too long is over on every route.
func TestSessionsEndEverywhere(t *testing.T) {
	f := newFront(t)
	cookie := f.user("root", access.Roles...)
	status, _ := f.ask("GET /account", caller{cookie: cookie}, false)
	require.Equal(t, http.StatusOK, status)
	f.clock = f.clock.Add(3 * time.Hour)
	for _, pattern := range f.handler.Routes.Patterns() {
		if f.handler.Routes.Who(pattern) != access.Public {
			status, _ := f.ask(pattern, caller{cookie: cookie}, false)
			require.Equal(t, http.StatusUnauthorized, status, pattern)
		}
	}
}

// What changes something is not taken from another site's page, nor with a
// cookie and without a word of where it came from.
func TestForgedRequestsAreRefused(t *testing.T) {
	f := newFront(t)
	cookie := f.user("root", access.Roles...)
	for _, row := range []struct {
		headers map[string]string
		status  int
	}{
		{map[string]string{"Sec-Fetch-Site": "cross-site"}, http.StatusForbidden},
		{map[string]string{"Sec-Fetch-Site": "same-site"}, http.StatusForbidden},
		{map[string]string{"Origin": "https://evil.example"}, http.StatusForbidden},
		{map[string]string{"Origin": "null"}, http.StatusForbidden},
		{nil, http.StatusForbidden},
		{map[string]string{"Sec-Fetch-Site": "same-origin"}, http.StatusOK},
		{map[string]string{"Origin": f.url}, http.StatusOK},
	} {
		request, err := http.NewRequest(http.MethodPost, f.url+"/account", strings.NewReader("do=end-all"))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.AddCookie(cookie)
		for name, value := range row.headers {
			request.Header.Set(name, value)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, row.status, response.StatusCode, row.headers)
	}
}

// A page that is asked for without being signed in says nothing of the ledger.
func TestTheSignInPageSaysNothingOfTheLedger(t *testing.T) {
	f := newFront(t)
	response, err := http.Get(f.url + "/sign-in")
	require.NoError(t, err)
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NotContains(t, string(page), "block")
	require.NotContains(t, string(page), "elevator")
	policy := response.Header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe-inline")
}

// The table of docs/access.md is what the code says. To make it anew:
// go test ./gateway -run WhoMayCallWhat -update
func TestWhoMayCallWhatIsDocumented(t *testing.T) {
	f := newFront(t)
	var b strings.Builder
	b.WriteString("| route | permission |")
	for _, role := range access.Roles {
		fmt.Fprintf(&b, " %s |", role)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(access.Roles)) + "\n")
	for _, pattern := range f.handler.Routes.Patterns() {
		who := f.handler.Routes.Who(pattern)
		fmt.Fprintf(&b, "| `%s` | %s |", pattern, who)
		for _, role := range access.Roles {
			fmt.Fprintf(&b, " %s |", map[bool]string{true: "yes", false: ""}[role.Holds(who)])
		}
		b.WriteString("\n")
	}
	documented(t, "../docs/access.md", "routes", b.String())
}
