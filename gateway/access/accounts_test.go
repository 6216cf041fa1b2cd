package access_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/store"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
)

// house is a gateway's accounts with a clock that a test moves.
type house struct {
	*access.Accounts
	t     *testing.T
	clock time.Time
	store *store.Store
}

const password = "a few words in a row"

func open(t *testing.T, change ...func(*access.Options)) *house {
	t.Helper()
	h := &house{t: t, clock: time.Date(2026, 8, 3, 9, 0, 0, 0, time.UTC), store: storetest.Own(t)}
	o := access.Options{Now: func() time.Time { return h.clock }}
	for _, c := range change {
		c(&o)
	}
	var err error
	h.Accounts, err = access.Open(t.Context(), h.store, o)
	require.NoError(t, err)
	return h
}

// user adds somebody with a password.
func (h *house) user(name string, roles ...access.Role) {
	h.t.Helper()
	require.NoError(h.t, h.AddUser(h.t.Context(), access.User{Name: name, Roles: roles}))
	require.NoError(h.t, h.SetPassword(h.t.Context(), name, password, ""))
}

// visit is a browser's request.
func visit(cookies []*http.Cookie, address string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/sign-in", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r.WithContext(access.With(r.Context(), access.Actor{Address: address}))
}

// signIn signs in with a password and returns what the browser then holds.
func (h *house) signIn(name, password string) ([]*http.Cookie, string, error) {
	w := httptest.NewRecorder()
	ticket, err := h.SignIn(w, visit(nil, "192.0.2.7"), name, password)
	return w.Result().Cookies(), ticket, err
}

// who is whom the accounts take a browser for.
func (h *house) who(cookies []*http.Cookie) access.Actor {
	h.t.Helper()
	actor, err := h.Actor(visit(cookies, "192.0.2.7"))
	require.NoError(h.t, err)
	return actor
}

func (h *house) mustSignIn(name string) []*http.Cookie {
	h.t.Helper()
	cookies, ticket, err := h.signIn(name, password)
	require.NoError(h.t, err)
	require.Empty(h.t, ticket)
	require.Len(h.t, cookies, 1)
	return cookies
}

func TestSignsInWithAPassword(t *testing.T) {
	h := open(t)
	h.user("anna", access.Operator)
	for _, wrong := range [][2]string{{"anna", "something else entirely"}, {"nobody", password}, {"", ""}, {"anna", ""}, {"anna", strings.Repeat("x", 300)}} {
		_, _, err := h.signIn(wrong[0], wrong[1])
		require.ErrorIs(t, err, access.ErrWrong, wrong)
	}
	cookies := h.mustSignIn("anna")
	require.True(t, cookies[0].HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, cookies[0].SameSite)
	require.Equal(t, "/", cookies[0].Path)
	require.Equal(t, "anna", h.who(cookies).Name)
	require.True(t, h.who(cookies).May(access.Operate))
	require.Equal(t, access.Nobody, h.who(nil))
	require.Equal(t, access.Nobody, h.who([]*http.Cookie{{Name: cookies[0].Name, Value: "made up"}}))

	var kept string
	require.NoError(t, h.store.QueryRow(t.Context(), `SELECT hash FROM sessions`).Scan(&kept))
	require.NotContains(t, cookies[0].Value, kept, "what the store has is not what the browser has")
	require.NoError(t, h.store.QueryRow(t.Context(), `SELECT password FROM users`).Scan(&kept))
	require.True(t, strings.HasPrefix(kept, "$argon2id$v=19$"), kept)
}

func TestCookiesOfHTTPSAreSecure(t *testing.T) {
	h := open(t, func(o *access.Options) { o.Secure, o.Organisation = true, "mill" })
	h.user("anna", access.Viewer)
	cookie := h.mustSignIn("anna")[0]
	require.True(t, cookie.Secure)
	require.Equal(t, "__Host-weighbridge-mill", cookie.Name)
}

func TestSessionsEnd(t *testing.T) {
	h := open(t)
	h.user("anna", access.Viewer)
	begun := h.clock
	cookies := h.mustSignIn("anna")
	for h.clock.Sub(begun) < 11*time.Hour { // in use every hour
		h.clock = h.clock.Add(time.Hour)
		require.Equal(t, "anna", h.who(cookies).Name, h.clock)
	}
	h.clock = begun.Add(12*time.Hour + time.Second)
	require.Equal(t, access.Nobody, h.who(cookies), "it lasts so long and no longer")

	cookies = h.mustSignIn("anna")
	h.clock = h.clock.Add(2*time.Hour + time.Second)
	require.Equal(t, access.Nobody, h.who(cookies), "nobody used it")
}

// What a browser held before is worth nothing after somebody signed in with it.
func TestSessionsCannotBeFixed(t *testing.T) {
	h := open(t)
	h.user("anna", access.Viewer)
	h.user("eve", access.Viewer)
	planted := h.mustSignIn("eve")
	w := httptest.NewRecorder()
	_, err := h.SignIn(w, visit(planted, ""), "anna", password)
	require.NoError(t, err)
	fresh := w.Result().Cookies()
	require.NotEqual(t, planted[0].Value, fresh[0].Value)
	require.Equal(t, "anna", h.who(fresh).Name)
	require.Equal(t, access.Nobody, h.who(planted))
}

func TestChangesHoldAtOnce(t *testing.T) {
	h := open(t)
	h.user("root", access.Administrator)
	h.user("anna", access.Operator)
	cookies := h.mustSignIn("anna")
	change := func(u access.User) { require.NoError(t, h.ChangeUser(t.Context(), u)) }
	change(access.User{Name: "anna", Roles: []access.Role{access.Viewer}})
	require.False(t, h.who(cookies).May(access.Operate))
	require.True(t, h.who(cookies).May(access.Read))
	change(access.User{Name: "anna", Roles: []access.Role{access.Operator}, Disabled: true})
	require.Equal(t, access.Nobody, h.who(cookies))
	_, _, err := h.signIn("anna", password)
	require.ErrorIs(t, err, access.ErrWrong)
	change(access.User{Name: "anna", Roles: []access.Role{access.Operator}})
	require.Equal(t, access.Nobody, h.who(cookies), "sessions that ended do not begin again")
}

func TestSomebodyRemainsAdministrator(t *testing.T) {
	h := open(t)
	h.user("root", access.Administrator, access.Operator)
	require.ErrorIs(t, h.ChangeUser(t.Context(), access.User{Name: "root", Roles: []access.Role{access.Operator}}), access.ErrRefused)
	require.ErrorIs(t, h.ChangeUser(t.Context(), access.User{Name: "root", Roles: []access.Role{access.Administrator}, Disabled: true}), access.ErrRefused)
	h.user("second", access.Administrator)
	require.NoError(t, h.ChangeUser(t.Context(), access.User{Name: "root", Roles: []access.Role{access.Operator}}))
}

func TestANewPasswordEndsOtherSessions(t *testing.T) {
	h := open(t)
	h.user("anna", access.Viewer)
	mine, stolen := h.mustSignIn("anna"), h.mustSignIn("anna")
	ctx := access.With(t.Context(), h.who(mine))
	require.ErrorIs(t, h.ChangePassword(ctx, "anna", "not the old one", "quite another phrase", access.From(ctx).Session), access.ErrWrong)
	require.NoError(t, h.ChangePassword(ctx, "anna", password, "quite another phrase", access.From(ctx).Session))
	require.Equal(t, "anna", h.who(mine).Name)
	require.Equal(t, access.Nobody, h.who(stolen))
	sessions, err := h.Sessions(ctx, "anna")
	require.NoError(t, err)
	require.Len(t, sessions, 1)
	require.True(t, sessions[0].Current)
	require.NoError(t, h.EndSessions(ctx, "anna", ""))
	require.Equal(t, access.Nobody, h.who(mine))
}

func TestWeakPasswords(t *testing.T) {
	h := open(t)
	h.user("gertrude", access.Viewer)
	for _, weak := range []string{"", "short", "eleven char", "aaaaaaaaaaaaaaaa", "abababababababab", "my name is Gertrude", "passwordpassword1", "Weighbridge!", "Administrator123",
		"new\nline in the middle", strings.Repeat("long ", 60)} {
		var reason *access.WeakPassword
		require.ErrorAs(t, h.SetPassword(t.Context(), "gertrude", weak, ""), &reason, weak)
	}
	for _, good := range []string{"twelve chars", "Größe und Maß 7", "correct horse battery"} {
		require.NoError(t, h.SetPassword(t.Context(), "gertrude", good, ""), good)
		_, _, err := h.signIn("gertrude", good)
		require.NoError(t, err)
	}
	_, _, err := h.signIn("gertrude", "correct horse batter\u0079")
	require.NoError(t, err)
}

// Guessing slows down, for the account from wherever, and for the address at
// whichever account; who is signed in notices nothing.
func TestGuessingSlowsDown(t *testing.T) {
	h := open(t)
	h.user("anna", access.Viewer)
	cookies := h.mustSignIn("anna")
	for range 5 {
		_, _, err := h.signIn("anna", "a wrong guess")
		require.ErrorIs(t, err, access.ErrWrong)
	}
	var wait *access.TooManyFailures
	_, _, err := h.signIn("anna", password)
	require.ErrorAs(t, err, &wait, "the right one does not get through either")
	require.LessOrEqual(t, wait.After, 30*time.Second)
	require.Equal(t, "anna", h.who(cookies).Name)
	h.clock = h.clock.Add(31 * time.Second)
	_, _, err = h.signIn("anna", "a wrong guess")
	require.ErrorIs(t, err, access.ErrWrong)
	h.clock = h.clock.Add(31 * time.Second)
	_, _, err = h.signIn("anna", password)
	require.ErrorAs(t, err, &wait, "the wait doubles")
	h.clock = h.clock.Add(30 * time.Second)
	h.mustSignIn("anna")
	_, _, err = h.signIn("anna", "a wrong guess")
	require.ErrorIs(t, err, access.ErrWrong, "a right one begins anew")

	for i := range 30 {
		_, _, err = h.signIn("user"+string(rune('a'+i)), "a wrong guess")
	}
	require.ErrorAs(t, err, &wait, "one address")
	w := httptest.NewRecorder()
	_, err = h.SignIn(w, visit(nil, "192.0.2.99"), "anna", password)
	require.NoError(t, err, "another address is another matter")
}

func TestSecondFactor(t *testing.T) {
	h := open(t)
	h.user("anna", access.Viewer)
	mine := h.mustSignIn("anna")
	ctx := access.With(t.Context(), h.who(mine))
	uri, secret, err := h.BeginSecondFactor(ctx, "anna", "Mill")
	require.NoError(t, err)
	require.Contains(t, uri, "otpauth://totp/Mill:anna")
	h.mustSignIn("anna") // it does not count yet
	code := func() string {
		c, err := totp.GenerateCode(secret, h.clock)
		require.NoError(t, err)
		return c
	}
	_, err = h.ConfirmSecondFactor(ctx, "anna", "000000")
	require.ErrorIs(t, err, access.ErrWrong)
	recovery, err := h.ConfirmSecondFactor(ctx, "anna", code())
	require.NoError(t, err)
	require.Len(t, recovery, 10)

	second := func(code string) error {
		cookies, ticket, err := h.signIn("anna", password)
		require.NoError(t, err)
		require.Empty(t, cookies, "the password alone signs nobody in")
		w := httptest.NewRecorder()
		if err := h.SignInCode(w, visit(nil, ""), ticket, code); err != nil {
			require.Empty(t, w.Result().Cookies())
			return err
		}
		require.Equal(t, "anna", h.who(w.Result().Cookies()).Name)
		require.Error(t, h.SignInCode(httptest.NewRecorder(), visit(nil, ""), ticket, code), "a ticket is used once")
		return nil
	}
	require.ErrorIs(t, second(code()), access.ErrWrong, "the code that confirmed is used up")
	h.clock = h.clock.Add(30 * time.Second)
	used := code()
	require.NoError(t, second(used))
	require.ErrorIs(t, second(used), access.ErrWrong, "replayed")
	h.clock = h.clock.Add(30 * time.Second)
	require.ErrorIs(t, second(used), access.ErrWrong, "replayed within the skew")
	require.NoError(t, second(code()))
	require.NoError(t, second(recovery[3]))
	require.ErrorIs(t, second(recovery[3]), access.ErrWrong, "a recovery code is used once")
	require.NoError(t, second(strings.ToUpper(recovery[4])))

	h.clock = h.clock.Add(5 * time.Minute)
	require.ErrorIs(t, h.RemoveSecondFactor(ctx, "anna", "000000"), access.ErrWrong)
	require.NoError(t, h.RemoveSecondFactor(ctx, "anna", code()))
	h.mustSignIn("anna")
}

// That somebody has the password must not give them unlimited codes.
func TestCodesAreGuessedSlowly(t *testing.T) {
	h := open(t)
	h.user("anna", access.Viewer)
	_, secret, err := h.BeginSecondFactor(t.Context(), "anna", "Mill")
	require.NoError(t, err)
	code, err := totp.GenerateCode(secret, h.clock)
	require.NoError(t, err)
	_, err = h.ConfirmSecondFactor(t.Context(), "anna", code)
	require.NoError(t, err)
	var wait *access.TooManyFailures
	for range 6 {
		_, ticket, failed := h.signIn("anna", password)
		require.NoError(t, failed)
		err = h.SignInCode(httptest.NewRecorder(), visit(nil, ""), ticket, "123456")
	}
	require.ErrorAs(t, err, &wait)
}

func TestSignInLinks(t *testing.T) {
	h := open(t)
	require.NoError(t, h.AddUser(t.Context(), access.User{Name: "anna", Roles: []access.Role{access.Viewer}}))
	follow := func(link string) ([]*http.Cookie, error) {
		u, err := url.Parse(link)
		require.NoError(t, err)
		w := httptest.NewRecorder()
		err = h.FollowLink(w, visit(nil, ""), u.Query().Get("link"))
		return w.Result().Cookies(), err
	}
	link, err := h.SignInLink(t.Context(), "anna")
	require.NoError(t, err)
	cookies, err := follow(link)
	require.NoError(t, err)
	require.Equal(t, "anna", h.who(cookies).Name)
	_, err = follow(link)
	require.ErrorIs(t, err, access.ErrRefused, "once")
	link, err = h.SignInLink(t.Context(), "anna")
	require.NoError(t, err)
	h.clock = h.clock.Add(11 * time.Minute)
	_, err = follow(link)
	require.ErrorIs(t, err, access.ErrRefused, "not for long")
	_, err = h.SignInLink(t.Context(), "nobody")
	require.ErrorIs(t, err, access.ErrRefused)
}

func (h *house) byToken(secret string) (access.Actor, error) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	return h.Actor(r)
}

func TestTokens(t *testing.T) {
	h := open(t)
	h.user("root", access.Administrator)
	h.user("anna", access.Operator)
	ctx := access.With(t.Context(), access.Actor{Name: "root", User: "root"})
	year := h.clock.AddDate(1, 0, 0)
	for _, bad := range []access.Token{
		{Label: "", Scopes: []access.Permission{access.Read}, Expires: year},
		{Label: "erp", Expires: year},
		{Label: "erp", Scopes: []access.Permission{access.Approve}, Expires: year},
		{Label: "erp", Scopes: []access.Permission{access.Read}, Expires: h.clock},
		{Label: "erp", Scopes: []access.Permission{access.Read}, Expires: year.AddDate(1, 0, 0)},
	} {
		_, _, err := h.AddToken(ctx, bad)
		require.ErrorIs(t, err, access.ErrRefused, bad)
	}
	machine, secret, err := h.AddToken(ctx, access.Token{Label: "erp", Scopes: []access.Permission{access.Read, access.Operate}, Expires: year})
	require.NoError(t, err)
	actor, err := h.byToken(secret)
	require.NoError(t, err)
	require.Equal(t, []string{"root"}, actor.Persons, "who made it stands behind it")
	for permission, may := range map[access.Permission]bool{access.Read: true, access.Operate: true, access.Administer: false, access.Approve: false, access.SignedIn: false, access.Observe: false} {
		require.Equal(t, may, actor.May(permission), permission)
	}
	var rows int
	require.NoError(t, h.store.QueryRow(t.Context(), `SELECT COUNT(*) FROM tokens WHERE hash = ?`, secret).Scan(&rows))
	require.Zero(t, rows, "the secret is kept nowhere")

	_, own, err := h.AddToken(ctx, access.Token{Label: "script", Owner: "anna", Scopes: []access.Permission{access.Operate, access.Administer}, Expires: year})
	require.NoError(t, err)
	actor, err = h.byToken(own)
	require.NoError(t, err)
	require.True(t, actor.May(access.Operate))
	require.False(t, actor.May(access.Administer), "its owner may not")
	require.NoError(t, h.ChangeUser(ctx, access.User{Name: "anna", Roles: []access.Role{access.Viewer}}))
	actor, err = h.byToken(own)
	require.NoError(t, err)
	require.False(t, actor.May(access.Operate), "nor any more")
	require.NoError(t, h.ChangeUser(ctx, access.User{Name: "anna", Roles: []access.Role{access.Operator}, Disabled: true}))
	_, err = h.byToken(own)
	require.ErrorIs(t, err, access.ErrBadToken)

	require.NoError(t, h.RevokeToken(ctx, machine.ID, ""))
	for _, bad := range []string{secret, "", "made up", strings.TrimPrefix(secret, "weighbridge_")} {
		_, err = h.byToken(bad)
		require.ErrorIs(t, err, access.ErrBadToken, bad)
	}
	_, short, err := h.AddToken(ctx, access.Token{Label: "short", Scopes: []access.Permission{access.Read}, Expires: h.clock.Add(time.Hour)})
	require.NoError(t, err)
	h.clock = h.clock.Add(time.Hour)
	_, err = h.byToken(short)
	require.ErrorIs(t, err, access.ErrBadToken, "expired")
}

// A request is judged by the authorisation it brings, not by what else it has.
func TestABadTokenIsNotMadeGoodByACookie(t *testing.T) {
	h := open(t)
	h.user("anna", access.Operator)
	for _, header := range []string{"Bearer nothing", "Basic YW5uYTpwYXNzd29yZA==", "Bearer"} {
		r := visit(h.mustSignIn("anna"), "")
		r.Header.Set("Authorization", header)
		_, err := h.Actor(r)
		require.ErrorIs(t, err, access.ErrBadToken, header)
	}
}

func TestActivityIsWrittenDown(t *testing.T) {
	h := open(t)
	h.user("anna", access.Operator)
	_, _, err := h.signIn("anna", "a wrong guess")
	require.Error(t, err)
	h.mustSignIn("anna")
	acts, err := h.Activity(context.Background(), access.ActivityFilter{Limit: 10})
	require.NoError(t, err)
	require.Len(t, acts, 4)
	require.Equal(t, access.Act{Number: 4, At: h.clock, Actor: "anna", Address: "192.0.2.7", Action: "signed in", Subject: "password", Outcome: "done"}, acts[0])
	require.Contains(t, acts[1].Outcome, "refused")
	require.Equal(t, `"anna"`, acts[1].Actor)
	acts, err = h.Activity(context.Background(), access.ActivityFilter{Before: 2, Limit: 10})
	require.NoError(t, err)
	require.Len(t, acts, 1)
	require.Equal(t, "user added", acts[0].Action)
}

func TestGoesOnOnlyHere(t *testing.T) {
	for path, want := range map[string]string{
		"/lots?site=M": "/lots?site=M", "/": "/", "": "/", "//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/",
		"/%2f/evil": "/%2f/evil", "evil": "/", "/a\r\nb": "/", "/sign-in/link?link=x": "/", "javascript:alert(1)": "/",
	} {
		require.Equal(t, want, access.Here(path), path)
	}
}
