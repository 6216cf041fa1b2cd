package console_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/console"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
)

func organisation(name string) massbalance.OrganisationID { return massbalance.OrganisationID(name) }

const passphrase = "a few words in a row"

// staffed is the miller's gateway with its people: root may do everything, and
// withdrawals wait for a second person.
func (d *desks) staffed() (*served, *access.Accounts) {
	d.t.Helper()
	accounts, err := access.Open(d.t.Context(), storetest.Own(d.t), access.Options{Organisation: "miller"})
	require.NoError(d.t, err)
	s, _ := d.of("miller", func(o *console.Options, a *api.Options) {
		desk := &access.Desk{Accounts: accounts, Organisation: o.Organisation, Model: o.Model, Next: o.Submitter, Log: o.Log}
		o.Desk, o.Submitter, a.Desk, a.Submitter, a.Gate = desk, desk, desk, desk, accounts
	})
	require.NoError(d.t, accounts.HoldTypes(d.t.Context(), []string{massbalance.Withdraw{}.Type()}))
	for name, roles := range map[string][]access.Role{"root": access.Roles, "ben": {access.Operator}} {
		require.NoError(d.t, accounts.AddUser(d.t.Context(), access.User{Name: name, FullName: "A person", Roles: roles}))
		require.NoError(d.t, accounts.SetPassword(d.t.Context(), name, passphrase, ""))
	}
	return s, accounts
}

// asks sends a form as a browser in which somebody is signed in would.
func (s *served) asks(client *http.Client, path string, values url.Values) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(values.Encode()))
	require.NoError(s.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := client.Do(request)
	require.NoError(s.t, err)
	require.NoError(s.t, response.Body.Close())
	require.Equal(s.t, http.StatusOK, response.StatusCode, path)
}

// Somebody signs in, sees the pages of people, sets a second factor and signs in
// with it; what another person asked for waits for them.
func TestPagesOfPeopleInABrowser(t *testing.T) {
	ctx := browser(t)
	s, accounts := newDesks(t).staffed()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	ben := &http.Client{Jar: jar}
	s.asks(ben, "/sign-in", url.Values{"user": {"ben"}, "password": {passphrase}, "to": {"/"}})
	s.asks(ben, "/do/withdraw", url.Values{"site": {"mill"}, "product": {"wheat-bran"}, "quantity": {"1000"}, "purpose": {"Feed"}, "date": {"2026-09-01"}, "command": {"WD-BEN"}, "do": {"send"}})
	_, _, err = accounts.AddToken(t.Context(), access.Token{Label: "scale", Scopes: []access.Permission{access.Read, access.Operate}, Sites: []massbalance.SiteID{"mill"}, Expires: time.Now().AddDate(1, 0, 0)})
	require.NoError(t, err)

	p := newTab(t, ctx, s.url)
	p.allowed = "401 (Unauthorized)"
	p.open("/sign-in")
	p.lookAt("sign-in")
	p.fill("user", "root", "password", "not this one")
	p.click("Sign in")
	p.sees("That is not right")
	p.lookAt("sign-in-refused")
	p.fill("password", passphrase)
	p.click("Sign in")
	p.sees("1 command waits for a second person")
	for _, page := range signedIn {
		if page.name == "sign-in" {
			continue
		}
		p.open(page.path)
		p.lookAt(page.name)
	}
	p.secondFactor()
}

// secondFactor sets one on the account's page and signs in with it.
func (p *tab) secondFactor() {
	p.t.Helper()
	p.open("/account")
	p.click("Set one up")
	p.sees("Scan this with an authenticator app")
	p.lookAt("account-second-factor")
	secret, err := chromedp.Run(p.ctx, chromedp.Text(`p.id`))
	require.NoError(p.t, err)
	code, err := totp.GenerateCode(secret, time.Now())
	require.NoError(p.t, err)
	p.fill("code", code)
	p.click("Set the second factor")
	p.sees("Recovery codes")
	p.lookAt("account-recovery-codes")
	recovery, err := chromedp.Run(p.ctx, chromedp.Text(`.codes li`))
	require.NoError(p.t, err)
	p.do(chromedp.Click(`.me button`))
	p.sees("Password")
	p.fill("user", "root", "password", passphrase)
	p.click("Sign in")
	p.sees("One more step")
	p.lookAt("sign-in-code")
	p.fill("code", recovery)
	p.click("Go on")
	p.sees("Needs you")
}
