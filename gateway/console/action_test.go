package console_test

import (
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/console"
	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/replay"
	"github.com/weighbridge/weighbridge/gateway/store"
	"github.com/weighbridge/weighbridge/gateway/submit"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// desks are the consoles of all members over one ledger, each of which books for
// its own.
type desks struct {
	t      *testing.T
	ledger *ledgertest.Ledger
	models []*readmodel.Model
	today  time.Time
	// vault is the private data of all members' peers.
	vault *ledgertest.Vault
}

func newDesks(t *testing.T) *desks {
	return &desks{t: t, ledger: season(t), today: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC), vault: &ledgertest.Vault{}}
}

// on are the same consoles on another day.
func (d *desks) on(day time.Time) *desks {
	other := *d
	other.today, other.models = day, nil
	return &other
}

// hurdle stands between a form and the ledger where a test wants it.
type hurdle struct {
	console.Submitter
	outcome *submit.Outcome
	sent    int
}

func (h *hurdle) Submit(ctx context.Context, commands []massbalance.Command) ([]submit.Outcome, error) {
	h.sent++
	if h.outcome != nil {
		return []submit.Outcome{*h.outcome}, nil
	}
	return h.Submitter.Submit(ctx, commands)
}

// kim is whoever calls in these tests.
type kim struct{}

func (kim) Actor(*http.Request) (access.Actor, error) {
	return access.Actor{Name: "Kim", Roles: access.Roles}, nil
}

func (kim) Still(context.Context, access.Actor, access.Permission) (bool, error) { return true, nil }

// of serves a member's console on the day given, with what it sends through.
func (d *desks) of(org massbalance.OrganisationID, change ...func(*console.Options, *api.Options)) (*served, *hurdle) {
	d.t.Helper()
	model, err := readmodel.Open(d.t.TempDir())
	require.NoError(d.t, err)
	d.t.Cleanup(func() { _ = model.Close() })
	d.models = append(d.models, model)
	d.ledger.Follow(func(b replay.Block) {
		for _, m := range d.models {
			if b.Number >= m.Next() {
				require.NoError(d.t, m.Apply(d.t.Context(), b))
			}
		}
	})
	h := &hurdle{Submitter: ledgertest.Member{Ledger: d.ledger, Organisation: org}}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	role := massbalance.Trading
	if org == ledgertest.Certifier {
		role = massbalance.Certification
	}
	stopping, stop := context.WithCancel(context.Background())
	if d.vault == nil {
		d.vault = &ledgertest.Vault{}
	}
	own, err := store.Open(d.t.Context(), "sqlite:"+filepath.Join(d.t.TempDir(), "own.db"))
	require.NoError(d.t, err)
	d.t.Cleanup(func() { _ = own.Close() })
	importer, err := imports.Open(d.t.Context(), imports.Options{Organisation: org, Model: model, Submitter: h, Store: own, Log: log})
	require.NoError(d.t, err)
	d.t.Cleanup(importer.Close)
	trading, err := trade.NewDesk(d.t.Context(), org, d.vault.Of(org), model, own)
	require.NoError(d.t, err)
	o := console.Options{
		Organisation: org, Model: model, Problem: func() string { return "" }, Log: log, Submitter: h, Imports: importer, Trade: trading,
		Now: func() time.Time { return d.today },
	}
	around := api.Options{
		Organisation: org, Role: role, Model: model, Submitter: h, Imports: importer, Trade: trading, Log: log, Stopping: stopping,
		Status: func() api.Status { return api.Status{Connected: true, Chain: uint64(len(d.ledger.Blocks()))} }, Gate: kim{},
	}
	for _, c := range change {
		c(&o, &around)
	}
	around.Pages = console.New(o)
	handler := api.New(around)
	server := httptest.NewServer(handler)
	d.t.Cleanup(func() { stop(); server.Close() })
	return &served{t: d.t, ledger: d.ledger, url: server.URL, routes: handler.Routes}, h
}

// ship sends flour from the bakery to the brand.
func (d *desks) ship(id massbalance.CommandID) {
	d.ledger.Must("manufacturer", ledgertest.Command(id, "2026-08-25", massbalance.Dispatch{
		Site: "bakery", To: "brand-hub", Product: "wheat-flour", Quantity: ledgertest.Kg("5000"), Lines: []massbalance.LotLine{{Lot: "manufacturer/RCV-1/1", Quantity: ledgertest.Kg("10")}}}))
}

// drawn draws a form and gives its page and the values that stand in it.
func (s *served) drawn(path string) (string, url.Values) {
	s.t.Helper()
	page, _ := s.get(path, http.StatusOK)
	return page, fields(page)
}

// fields are what a browser would send of a form.
func fields(page string) url.Values {
	values := url.Values{}
	for _, m := range regexp.MustCompile(`<input [^>]*name="([^"]*)"[^>]*>`).FindAllStringSubmatch(page, -1) {
		value := regexp.MustCompile(`value="([^"]*)"`).FindStringSubmatch(m[0])
		if value != nil && !strings.Contains(m[0], `type="checkbox"`) {
			values.Set(html.UnescapeString(m[1]), html.UnescapeString(value[1]))
		}
	}
	for _, m := range regexp.MustCompile(`(?s)<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>`).FindAllStringSubmatch(page, -1) {
		if chosen := regexp.MustCompile(`value="([^"]*)" selected`).FindStringSubmatch(m[2]); chosen != nil {
			values.Set(m[1], html.UnescapeString(chosen[1]))
		}
	}
	return values
}

// fill posts a form with further values; "do" says with which button.
func (s *served) fill(path string, values url.Values, more ...string) (string, *http.Response) {
	s.t.Helper()
	for i := 0; i < len(more); i += 2 {
		values.Set(more[i], more[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.PostForm(s.url+path, values)
	require.NoError(s.t, err)
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return string(page), response
}

// said is what of a page can be read, with plain spaces between thousands.
func said(page string) string { return strings.ReplaceAll(text(page), "\u202f", " ") }

// books sends a form and reads the record that it leads to.
func (s *served) books(path string, values url.Values, more ...string) string {
	s.t.Helper()
	page, response := s.fill(path, values, append(more, "do", "send")...)
	require.Equal(s.t, http.StatusSeeOther, response.StatusCode, "%s", said(page))
	record, _ := s.get(response.Header.Get("Location"), http.StatusOK)
	return said(record)
}

func TestALoadIsBookedInOnce(t *testing.T) {
	d := newDesks(t)
	growers, through := d.of("growers")
	page, values := growers.drawn("/do/intake?site=elevator")
	require.Contains(t, said(page), "VS-2026-012, Gut Seeberg, Winter wheat: 287 319.5 kg left")
	require.Equal(t, "2026-09-01", values.Get("date"), "today lies in the open period")
	page, _ = growers.fill("/do/intake", values, "statement", "certifier/VS-2026-012", "do", "draw")
	values = fields(page)
	page, _ = growers.fill("/do/intake", values, "evidence", "WB 7/81", "model", "segregated", "gross", "41 820", "tare", "15820,5", "do", "try")
	require.Contains(t, said(page), "Gross less tare: 25 999.5 kg")
	require.Contains(t, said(page), "The rules accept this")
	require.Contains(t, said(page), "Stock 320 120.125 +25 999.5 346 119.625 Credit 130 720.125 +25 999.5 156 719.625", "stock and credit as they would stand")
	require.Zero(t, through.sent, "nothing was sent")
	record := growers.books("/do/intake", values)
	require.Contains(t, record, "Introduced")
	require.Contains(t, record, "Given by Kim")
	require.Contains(t, record, "Booked")
	growers.books("/do/intake", values) // a double click
	account, _ := growers.get("/sites/elevator", http.StatusOK)
	require.Contains(t, said(account), "346 119.625 kg")
	page, _ = growers.fill("/do/intake", values, "gross", "40000", "do", "send")
	require.Contains(t, said(page), "This form was sent before, with other content")
}

func TestARefusalStandsAtItsFieldWithItsFigures(t *testing.T) {
	d := newDesks(t)
	growers, through := d.of("growers")
	_, values := growers.drawn("/do/intake?site=elevator&statement=certifier/VS-2026-011")
	page, _ := growers.fill("/do/intake", values, "evidence", "WB-1", "model", "segregated", "quantity", "300000", "do", "send")
	require.Zero(t, through.sent-1)
	require.Regexp(t, `(?s)id="h-quantity">.*?Have.*?229.?300.*?Need.*?300.?000.*?Short.*?70.?700`, page)
	require.Contains(t, page, `value="300000"`, "what was typed stays")
	page, _ = growers.fill("/do/intake", values, "evidence", "WB-INT-1", "quantity", "1000", "do", "try")
	require.Regexp(t, `(?s)id="h-evidence"><span class="why"`, page)
	page, _ = growers.fill("/do/intake", values, "evidence", "", "quantity", "12.345.67", "do", "send")
	require.Equal(t, 2, strings.Count(page, `aria-invalid="true"`), "the missing ticket and the doubtful weight")
	require.Equal(t, 1, through.sent, "an incomplete form is not sent")
}

func TestAStageThatIsNoResultSaysWhatItMeans(t *testing.T) {
	d := newDesks(t)
	miller, through := d.of("miller")
	_, values := miller.drawn("/do/receive?transfer=growers/DSP-4")
	values.Set("quantity", "24990")
	values.Set("evidence", "WB-77")
	for stage, says := range map[submit.Stage]string{
		submit.Unknown: "nobody can say yet", submit.NotEndorsed: "Not enough members", submit.Mismatch: "different answers",
		submit.NotSubmitted: "did not reach the ledger", submit.Invalid: "took no effect", submit.Held: "Waiting for a second person", submit.Forbidden: "may not give this command",
	} {
		through.outcome = &submit.Outcome{Stage: stage, Detail: "the peer's words"}
		page, response := miller.fill("/do/receive", values, "do", "send")
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Contains(t, said(page), says)
		require.Contains(t, said(page), "the peer's words")
		require.Equal(t, values.Get("command"), fields(page).Get("command"), "the same command may be sent again")
	}
	through.outcome = nil
	require.Contains(t, miller.books("/do/receive", values), "Received")
}

// A day at the mill, each step with the form for it.
func TestADayAtTheMill(t *testing.T) {
	d := newDesks(t)
	miller, _ := d.of("miller")
	growers, _ := d.of("growers")
	bakery, _ := d.of("manufacturer")
	page, values := miller.drawn("/do/receive?transfer=growers/DSP-4")
	require.Contains(t, said(page), "25 000 kg Winter wheat from River elevator to Oderbruch mill")
	page, _ = miller.fill("/do/receive", values, "quantity", "24 950", "evidence", "WB-5600", "do", "try")
	require.Contains(t, said(page), "50 kg less than was dispatched (−0.2 %)")
	miller.books("/do/receive", values)
	_, values = growers.drawn("/do/return?transfer=growers/DSP-3")
	require.Contains(t, growers.books("/do/return", values, "quantity", "24500.5", "evidence", "WB-5601"), "Returned")

	_, values = miller.drawn("/do/convert?site=mill&recipe=milling")
	page, _ = miller.fill("/do/convert", values, "quantity", "100000", "attribute", "40000", "do", "spread")
	values = fields(page)
	require.Equal(t, "26666.667", values.Get("lots:miller/RCV-2/1"), "the oldest lot first")
	page, _ = miller.fill("/do/convert", values, "outputs:wheat-flour", "72000.001", "outputs:wheat-bran", "27000", "do", "try")
	require.Regexp(t, `(?s)id="h-outputs"><span class="why"`, page, "the recipe gives 72 %% at most")
	page, _ = miller.fill("/do/convert", values, "outputs:wheat-flour", "72000", "do", "try")
	require.Contains(t, said(page), "The rules accept this")
	require.Contains(t, miller.books("/do/convert", values), "Converted")

	_, values = miller.drawn("/do/dispatch?site=mill&product=wheat-flour")
	page, _ = miller.fill("/do/dispatch", values, "to", "bakery", "quantity", "20000", "document", "CMR 9", "attribute", "15000", "do", "spread")
	record := miller.books("/do/dispatch", fields(page))
	require.Contains(t, record, "Dispatched")
	transfer := regexp.MustCompile(`miller/dispatch-2026-09-01-\w+`).FindString(record)
	_, values = bakery.drawn("/do/reject?transfer=" + transfer)
	require.Contains(t, bakery.books("/do/reject", values, "reason", "Wet"), "Rejected")
}

func TestAPeriodClosesAndTheNextOpens(t *testing.T) {
	d := newDesks(t)
	miller, _ := d.of("miller")
	page, values := miller.drawn("/do/close-period?site=mill")
	require.Contains(t, said(page), "2026-Q3 of Oderbruch mill, 2026-07-01 to 2026-09-30.")
	page, _ = miller.fill("/do/close-period", values, "counts:wheat", "299000", "do", "")
	require.Contains(t, said(page), "The rules accept this", "what comes of it is shown before the box is ticked")
	require.Contains(t, said(page), "kg Stock Credit Forfeited Winter wheat 299 000 26 666.667 – Wheat bran 69 400 45 174.773", "and what is carried over")
	page, _ = miller.fill("/do/close-period", values, "do", "send")
	require.Contains(t, said(page), "Tick it to go on")
	require.Contains(t, miller.books("/do/close-period", values, "sure", "yes"), "Period closed")
	_, values = miller.drawn("/do/open-period?site=mill")
	require.Equal(t, "2026-10-01", values.Get("from"))
	require.Equal(t, "2026-12-31", values.Get("to"))
	require.Equal(t, "2026-Q4", values.Get("period"))
	require.Contains(t, miller.books("/do/open-period", values), "Period opened")
}

func TestAClaimShowsItsStatementBeforeItIsMade(t *testing.T) {
	d := newDesks(t)
	brand, _ := d.of("brand")
	_, values := brand.drawn("/do/claim?site=brand-hub&product=wheat-flour")
	require.Equal(t, "2026", values.Get("year"))
	page, _ := brand.fill("/do/claim", values, "beneficiary", "Rolls", "purpose", "Scope 3 category 1", "attribute", "1000", "do", "spread")
	values = fields(page)
	page, _ = brand.fill("/do/claim", values, "do", "try")
	for _, want := range []string{"What the claim says", "it need not physically contain it", "Scope 3 statement", "Removals −", "used up by the claim"} {
		require.Contains(t, said(page), want)
	}
	require.Contains(t, brand.books("/do/claim", values), "Claimed")
}

func TestCreditsPartFromTheirMaterialAndTravel(t *testing.T) {
	d := newDesks(t)
	bakery, _ := d.of("manufacturer")
	brand, _ := d.of("brand")
	spread := func(s *served, action, query, kg string, more ...string) string {
		_, values := s.drawn("/do/" + action + "?" + query)
		page, _ := s.fill("/do/"+action, values, append(more, "attribute", kg, "do", "spread")...)
		return s.books("/do/"+action, fields(page))
	}
	require.Contains(t, spread(bakery, "decouple", "site=bakery&product=wheat-flour", "5000"), "Decoupled")
	record := spread(bakery, "transfer-credits", "site=bakery&product=wheat-flour", "5000", "to", "brand-hub")
	transfer := regexp.MustCompile(`manufacturer/transfer-credits-2026-09-01-\w+`).FindString(record)
	_, values := brand.drawn("/do/accept-credits?transfer=" + transfer)
	require.Contains(t, brand.books("/do/accept-credits", values), "Credits accepted")
	growers, _ := d.of("growers")
	require.Contains(t, spread(growers, "downgrade", "site=elevator&product=wheat&model=mass_balance", "2000"), "Stepped down")
	require.Contains(t, spread(bakery, "cancel", "site=bakery&product=wheat-flour", "1000", "reason", "Spoilt"), "Cancelled")
	_, values = bakery.drawn("/do/withdraw?site=bakery&product=wheat-flour")
	require.Contains(t, bakery.books("/do/withdraw", values, "quantity", "10", "purpose", "Samples"), "Withdrawn")
}

func TestATransferIsReversedByBoth(t *testing.T) {
	d := newDesks(t)
	brand, _ := d.of("brand")
	bakery, _ := d.of("manufacturer")
	d.ledger.Must("manufacturer", ledgertest.Command("DSP-9", "2026-08-25", massbalance.Dispatch{Site: "bakery", To: "brand-hub", Product: "wheat-flour", Quantity: ledgertest.Kg("500")}))
	d.ledger.Must("brand", ledgertest.Command("RCV-9", "2026-08-26", massbalance.Receive{Site: "brand-hub", Transfer: "manufacturer/DSP-9", Quantity: ledgertest.Kg("500"), Evidence: "WB-99"}))
	_, values := brand.drawn("/do/propose-reversal?transfer=manufacturer/DSP-9")
	brand.books("/do/propose-reversal", values, "reason", "Wrong customer")
	page, values := bakery.drawn("/do/confirm-reversal?transfer=manufacturer/DSP-9")
	require.Contains(t, said(page), "Morgenbrot asked on 2026-09-01 to reverse it: Wrong customer.")
	bakery.books("/do/confirm-reversal", values)
	for _, half := range []*served{brand, bakery} {
		_, values = half.drawn("/do/complete-reversal?transfer=manufacturer/DSP-9")
		require.Contains(t, half.books("/do/complete-reversal", values), "Reversal completed")
	}
}

func TestACertificationBodyBooksNothing(t *testing.T) {
	d := newDesks(t)
	certifier, through := d.of("certifier")
	page, _ := certifier.get("/do", http.StatusOK)
	require.Contains(t, said(page), "Nothing is booked here")
	_, values := certifier.drawn("/do/register-site")
	page, _ = certifier.fill("/do/register-site", values, "site", "x", "name", "X", "country", "DE", "region", "DE-BB", "do", "send")
	require.NotContains(t, said(page), "The rules accept this")
	require.Zero(t, through.sent)
}

// A form that is being filled in asks for what the rules say, and gets the parts
// of the page that change.
func TestTheRulesAnswerWhileAFormIsFilledIn(t *testing.T) {
	d := newDesks(t)
	miller, through := d.of("miller")
	_, values := miller.drawn("/do/convert?site=mill&recipe=milling")
	for name, value := range map[string]string{"quantity": "1000", "outputs:wheat-flour": "900"} {
		values.Set(name, value)
	}
	request, err := http.NewRequest(http.MethodPost, miller.url+"/do/convert", strings.NewReader(values.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("HX-Request", "true")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	page := string(body)
	require.NotContains(t, page, "<html")
	require.Contains(t, page, `id="said"`)
	require.Regexp(t, `(?s)id="h-outputs" hx-swap-oob="true"><span class="why"`, page)
	require.Zero(t, through.sent)
}
