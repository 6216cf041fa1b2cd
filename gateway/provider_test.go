package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/weighbridge/weighbridge/gateway/access"
)

// directory is the provider's store of people, with the groups they are in.
type directory struct {
	*storage.Storage
	groups map[string][]string
}

// SetUserinfoFromToken adds the groups to what is said of somebody.
func (d *directory) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, token, subject, origin string) error {
	err := d.Storage.SetUserinfoFromToken(ctx, info, token, subject, origin)
	info.AppendClaims("groups", d.groups[subject])
	return err
}

// withProvider is a front whose people sign in with a real OpenID Connect
// provider, zitadel's, which runs on loopback.
func withProvider(t *testing.T) (*front, *directory) {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	people := &directory{storage.NewStorage(storage.NewUserStore(server.URL)), map[string][]string{"id1": {"mill", "clerks"}, "id2": {"visitors"}}}
	before := slog.Default()
	handler = exampleop.SetupServer(server.URL, people, slog.New(slog.NewTextHandler(io.Discard, nil)), false)
	t.Cleanup(func() { slog.SetDefault(before) })
	f := newFront(t, func(o *access.Options) {
		storage.RegisterClients(storage.WebClient("gateway", "shared", o.PublicURL+access.ProviderPath+"zitadel/back"))
		o.Providers = []access.ProviderOptions{{
			ID: "zitadel", Name: "the mill's directory", Issuer: server.URL, ClientID: "gateway", ClientSecret: "shared", Scopes: []string{"profile"},
			RolesClaim: "groups", Roles: map[string][]access.Role{"clerks": {access.Operator}, "heads": {access.Approver, access.Operator}},
		}}
	})
	return f, people
}

// browser follows redirects one by one, with cookies.
type browser struct {
	t *testing.T
	*http.Client
}

func newBrowser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{t, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) get(address string) (int, string, string) {
	b.t.Helper()
	return b.read(b.Get(address))
}

func (b *browser) read(response *http.Response, err error) (int, string, string) {
	b.t.Helper()
	require.NoError(b.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	location := ""
	if response.Header.Get("Location") != "" {
		to, err := response.Location()
		require.NoError(b.t, err)
		location = to.String()
	}
	return response.StatusCode, location, string(body)
}

// until goes from redirect to redirect as far as the gateway's own callback,
// signing in at the provider on the way.
func (b *browser) until(f *front, user string) (callback string) {
	b.t.Helper()
	status, next, _ := b.get(f.url + access.ProviderPath + "zitadel?to=/lots")
	require.Equal(b.t, http.StatusSeeOther, status)
	asked, err := url.Parse(next)
	require.NoError(b.t, err)
	require.Equal(b.t, "S256", asked.Query().Get("code_challenge_method"))
	require.NotEmpty(b.t, asked.Query().Get("nonce"))
	for !strings.HasPrefix(next, f.url) {
		at, err := url.Parse(next)
		require.NoError(b.t, err)
		if strings.HasPrefix(at.Path, "/login/") {
			form := url.Values{"username": {user}, "password": {"verysecure"}, "id": {at.Query().Get("authRequestID")}}
			_, next, _ = b.read(b.PostForm(at.Scheme+"://"+at.Host+at.Path, form))
		} else {
			_, next, _ = b.get(next)
		}
		require.NotEmpty(b.t, next)
	}
	return next
}

// signedIn is as whom the gateway knows the browser; "" is nobody.
func (b *browser) signedIn(f *front) string {
	b.t.Helper()
	status, _, body := b.get(f.url + "/api/v1/me")
	if status != http.StatusOK {
		return ""
	}
	var who me
	require.NoError(b.t, json.Unmarshal([]byte(body), &who))
	return who.Name
}

type me struct{ Name string }

func TestSignsInWithAProvider(t *testing.T) {
	f, people := withProvider(t)
	b := newBrowser(t)
	_, _, page := b.get(f.url + "/sign-in")
	require.Contains(t, page, "Sign in with the mill&#39;s directory")
	callback := b.until(f, "test-user@127.0.0.1")
	status, to, body := b.get(callback)
	require.Equal(t, http.StatusSeeOther, status, body)
	require.Equal(t, f.url+"/lots", to, "where they wanted to go")
	require.Equal(t, "test-user@127.0.0.1", b.signedIn(f))
	u, err := f.accounts.User(t.Context(), "test-user@127.0.0.1")
	require.NoError(t, err)
	require.Equal(t, []access.Role{access.Operator}, u.Roles)
	require.Equal(t, "Test User", u.FullName)
	require.ErrorIs(t, f.accounts.SetPassword(t.Context(), u.Name, phrase, ""), access.ErrRefused, "the provider has the password")

	status, _, _ = b.get(callback)
	require.NotEqual(t, http.StatusSeeOther, status, "an answer is used once")

	people.groups["id1"] = []string{"heads"}
	b.get(b.until(f, "test-user@127.0.0.1"))
	u, err = f.accounts.User(t.Context(), u.Name)
	require.NoError(t, err)
	require.Equal(t, []access.Role{access.Operator, access.Approver}, u.Roles, "the roles are what the provider says now")

	require.NoError(t, f.accounts.AddUser(t.Context(), access.User{Name: "root", Roles: []access.Role{access.Administrator}}))
	require.NoError(t, f.accounts.ChangeUser(t.Context(), access.User{Name: u.Name, Roles: u.Roles, Disabled: true}))
	again := newBrowser(t)
	status, _, body = again.get(again.until(f, "test-user@127.0.0.1"))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "is disabled here")
	require.Empty(t, again.signedIn(f))
}

func TestAProviderLetsInOnlyWhomItGivesARole(t *testing.T) {
	f, people := withProvider(t)
	b := newBrowser(t)
	status, _, body := b.get(b.until(f, "test-user2"))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "gives you no role here")
	require.Empty(t, b.signedIn(f))

	// A local account of the same name is somebody else's.
	people.groups["id2"] = []string{"clerks"}
	require.NoError(t, f.accounts.AddUser(t.Context(), access.User{Name: "test-user2", Roles: []access.Role{access.Administrator}}))
	status, _, body = b.get(b.until(f, "test-user2"))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "another user")
	require.Empty(t, b.signedIn(f))
}

// The answer of a provider counts only for the browser and the sign-in that it
// answers: each row changes one thing.
func TestAnAnswerBelongsToItsSignIn(t *testing.T) {
	f, _ := withProvider(t)
	change := func(address string, change func(url.Values)) string {
		u, err := url.Parse(address)
		require.NoError(t, err)
		query := u.Query()
		change(query)
		u.RawQuery = query.Encode()
		return u.String()
	}
	code := func(address string) string {
		u, err := url.Parse(address)
		require.NoError(t, err)
		return u.Query().Get("code")
	}
	for name, tamper := range map[string]func(b *browser, callback string) (int, string){
		"another state": func(b *browser, callback string) (int, string) {
			status, _, body := b.get(change(callback, func(q url.Values) { q.Set("state", "made-up") }))
			return status, body
		},
		"no state": func(b *browser, callback string) (int, string) {
			status, _, body := b.get(change(callback, func(q url.Values) { q.Del("state") }))
			return status, body
		},
		"another browser": func(b *browser, callback string) (int, string) {
			status, _, body := newBrowser(t).get(callback)
			return status, body
		},
		"a code of another sign-in, whose verifier this one does not have": func(b *browser, callback string) (int, string) {
			stolen := code(newBrowser(t).until(f, "test-user@127.0.0.1"))
			status, _, body := b.get(change(callback, func(q url.Values) { q.Set("code", stolen) }))
			return status, body
		},
		"an identity with another nonce": func(b *browser, callback string) (int, string) {
			var content string
			require.NoError(t, f.own.QueryRow(t.Context(), `SELECT content FROM tickets WHERE kind = 'flow' ORDER BY expires DESC LIMIT 1`).Scan(&content))
			var flow map[string]string
			require.NoError(t, json.Unmarshal([]byte(content), &flow))
			flow["Nonce"] = "another"
			changed, err := json.Marshal(flow)
			require.NoError(t, err)
			_, err = f.own.Exec(t.Context(), `UPDATE tickets SET content = ? WHERE kind = 'flow' AND content = ?`, string(changed), content)
			require.NoError(t, err)
			status, _, body := b.get(callback)
			return status, body
		},
		"another issuer": func(b *browser, callback string) (int, string) {
			status, _, body := b.get(change(callback, func(q url.Values) { q.Set("iss", "https://evil.example") }))
			return status, body
		},
		"an error": func(b *browser, callback string) (int, string) {
			status, _, body := b.get(change(callback, func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") }))
			return status, body
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.own.Exec(t.Context(), `DELETE FROM tickets`)
			require.NoError(t, err)
			b := newBrowser(t)
			status, body := tamper(b, b.until(f, "test-user@127.0.0.1"))
			require.Equal(t, http.StatusUnprocessableEntity, status, body)
			require.Empty(t, b.signedIn(f))
			users, err := f.accounts.Users(t.Context())
			require.NoError(t, err)
			require.Empty(t, users)
		})
	}
}

func TestAProviderThatIsAwayIsNoFailureOfOthers(t *testing.T) {
	f := newFront(t, func(o *access.Options) {
		o.Providers = []access.ProviderOptions{{ID: "away", Issuer: "http://127.0.0.1:1", ClientID: "x", RolesClaim: "groups", Roles: map[string][]access.Role{"g": {access.Viewer}}}}
	})
	status, _, _ := newBrowser(t).get(f.url + access.ProviderPath + "away")
	require.Equal(t, http.StatusServiceUnavailable, status)
	status, _, _ = newBrowser(t).get(f.url + access.ProviderPath + "unknown")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	status, _, _ = newBrowser(t).get(f.url + "/sign-in")
	require.Equal(t, http.StatusOK, status)
}
