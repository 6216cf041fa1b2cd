package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// offered makes an offer of 20 t of the growers' segregated wheat to the mill with the
// form, and gives where it stands.
func (d *desks) offered(growers *served, more ...string) string {
	d.t.Helper()
	_, values := growers.drawn("/do/offer?site=elevator&source=lots&product=wheat")
	page, _ := growers.fill("/do/offer", values, "lots:growers/INT-4/1", "20000", "public", "some", "to:miller", "yes", "do", "draw")
	values = boxed(page)
	require.Equal(d.t, "segregated", values.Get("model"), "as the lots are")
	require.Equal(d.t, "20000", values.Get("most:2026-09-01"), "all of it is proposed")
	require.Equal(d.t, "DE-BB", values.Get("regions"), "as the lots are")
	values.Set("premium", "41.5")
	values.Set("shortfall", "12")
	growers.books("/do/offer", values, more...)
	page, _ = growers.get("/offers", http.StatusOK)
	return regexp.MustCompile(`/offers/growers/[^"]+`).FindString(page)
}

// boxed are the values of a form with the boxes that are ticked.
func boxed(page string) url.Values {
	values := fields(page)
	for _, m := range regexp.MustCompile(`<input type="checkbox" name="([^"]*)" value="([^"]*)" checked`).FindAllStringSubmatch(page, -1) {
		values.Set(m[1], m[2])
	}
	for _, m := range regexp.MustCompile(`(?s)<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>`).FindAllStringSubmatch(page, -1) {
		values.Set(m[1], m[2])
	}
	return values
}

// From an offer over other terms to an agreement, each step with its form; what a
// price is, a third member's console does not show.
func TestTwoMembersComeToTerms(t *testing.T) {
	d := newDesks(t)
	growers, through := d.of("growers")
	miller, _ := d.of("miller")
	bakery, _ := d.of("manufacturer")
	at := d.offered(growers)
	require.Equal(t, 1, through.sent)

	page, _ := miller.get(at, http.StatusOK)
	for _, want := range []string{"20.00 t of Winter wheat", "Your turn", "41.50\u202fEUR", "Owed per tonne of shortfall 12.00\u202fEUR", "Segregated or stricter", "at most 0.276 kg CO₂e per kg", "REGEN-PLUS", "growers/INT-4/1"} {
		require.Contains(t, text(page), want)
	}
	today, _ := miller.get("/offers", http.StatusOK)
	require.Contains(t, said(today), "Answer it")
	page, values := miller.drawn("/do/counter-offer?" + query(at) + "&buyer=miller")
	require.Contains(t, text(page), "41.50\u202fEUR", "the terms on the table stand above")
	require.Equal(t, "41.50", values.Get("premium"))
	values = boxed(page)
	page, _ = miller.fill("/do/counter-offer", values, "premium", "39,25", "note", "Morning deliveries", "do", "try")
	require.Contains(t, said(page), "The rules accept this")
	require.Contains(t, said(page), "Growers' Co-operative gets terms that only it and you can read.")
	require.Contains(t, miller.books("/do/counter-offer", boxed(page)), "Other terms proposed")

	page, _ = growers.get(at, http.StatusOK)
	require.Regexp(t, `39\.25.*Morning deliveries.*39\.25.*41\.50`, text(page), "the latest round stands first")
	page, values = growers.drawn("/do/accept-offer?" + query(at) + "&buyer=miller")
	require.Contains(t, said(page), "An agreement comes of it, which Growers' Co-operative and Oderbruch Mills both signed.")
	require.Contains(t, growers.books("/do/accept-offer", values, "sure", "yes"), "Terms accepted")
	page, _ = growers.get(at, http.StatusOK)
	require.Contains(t, text(page), "Agreed")

	page, _ = bakery.get(at, http.StatusOK)
	require.Contains(t, text(page), "only they can read")
	for _, path := range []string{at, "/offers"} {
		page, _ = bakery.get(path, http.StatusOK)
		for _, never := range []string{"39.25", "41.50", "Morning", "growers/INT-4/1"} {
			require.NotContains(t, page, never)
		}
	}
	page, _ = bakery.drawn("/do/accept-offer?" + query(at) + "&buyer=miller")
	require.Contains(t, text(page), "These terms cannot be accepted")
}

// query is what a form about the offer at a path is asked with.
func query(at string) string { return "offer=" + at[len("/offers/"):] }

func TestOffersEnd(t *testing.T) {
	d := newDesks(t)
	growers, _ := d.of("growers")
	miller, _ := d.of("miller")
	declined, withdrawn, expired := d.offered(growers), "", ""
	_, values := miller.drawn("/do/decline-offer?" + query(declined) + "&buyer=miller")
	require.Contains(t, miller.books("/do/decline-offer", values), "Declined")
	withdrawn = d.offered(growers)
	_, values = growers.drawn("/do/withdraw-offer?" + query(withdrawn))
	require.Contains(t, growers.books("/do/withdraw-offer", values), "Offer withdrawn")
	expired = d.offered(growers)
	d.today = d.today.AddDate(0, 0, 30)
	for at, state := range map[string]string{declined: "Declined", withdrawn: "Withdrawn", expired: "Expired"} {
		page, _ := miller.get(at, http.StatusOK)
		require.Contains(t, text(page), state, at)
		require.NotContains(t, page, "/do/", "nothing is to be done about it")
	}
	page, _ := miller.get("/offers?state=open", http.StatusOK)
	require.Contains(t, text(page), "No offer is like that.")
	page, _ = miller.get("/offers?state=over&whose=to-us", http.StatusOK)
	require.Contains(t, page, expired)
	page, values = miller.drawn("/do/accept-offer?" + query(expired) + "&buyer=miller")
	require.Contains(t, said(page), "The rules refuse this")
	require.Contains(t, said(page), "expires on 2026-09-15")
	_ = values
}

// An offer to all shows its facts to everybody, and whoever is interested proposes a price.
func TestAnOfferToAll(t *testing.T) {
	d := newDesks(t)
	growers, _ := d.of("growers")
	bakery, _ := d.of("manufacturer")
	certifier, _ := d.of("certifier")
	page, values := growers.drawn("/do/offer?site=elevator&source=forecast&statement=certifier/VS-2026-012")
	require.Contains(t, said(page), "Verification statement")
	page, _ = growers.fill("/do/offer", values, "quantity", "300000", "model", "mass_balance", "public", "all", "do", "try")
	require.Regexp(t, `(?s)id="h-quantity"><span class="why".*?Have.*?287.?319.*?Need.*?300.?000`, page, "more than the statement leaves")
	require.Contains(t, growers.books("/do/offer", values, "quantity", "100000"), "Offered")
	page, _ = bakery.get("/offers", http.StatusOK)
	require.Contains(t, said(page), "all members Winter wheat Mass balance 100 000")
	at := regexp.MustCompile(`/offers/growers/[^"]+`).FindString(page)
	page, _ = certifier.get(at, http.StatusOK)
	require.Contains(t, said(page), "a forecast within VS-2026-012")
	page, _ = bakery.get(at, http.StatusOK)
	require.Contains(t, said(page), "Propose other terms")
	page, _ = bakery.drawn("/do/counter-offer?" + query(at) + "&buyer=manufacturer")
	values = boxed(page)
	require.Equal(t, "0.294", values.Get("intensity"))
	require.Contains(t, bakery.books("/do/counter-offer", values, "premium", "30"), "Other terms proposed")
	page, _ = growers.get("/offers", http.StatusOK)
	require.Contains(t, said(page), "Your turn")
	file := growers.fetch("/offers?export=offers.csv", "text/csv")
	require.Contains(t, file, "100000")
	growers.fetch("/offers?export=offers.xlsx", "spreadsheetml")
}

// A private offer of more than the statement leaves is refused where the volume
// stands, with the figures, and not beside the price.
func TestAPrivateOfferOfTooMuch(t *testing.T) {
	d := newDesks(t)
	growers, through := d.of("growers")
	_, values := growers.drawn("/do/offer?site=elevator&source=forecast&statement=certifier/VS-2026-012")
	page, _ := growers.fill("/do/offer", values, "quantity", "300000", "model", "mass_balance", "public", "some", "to:miller", "yes", "do", "draw")
	page, _ = growers.fill("/do/offer", boxed(page), "premium", "30", "do", "try")
	require.Regexp(t, `id="h-quantity"><span class="why"[^>]*>[^<]*VS-2026-012: has less left to be introduced: have 287319.5 kg, need 300000 kg`, page)
	require.NotContains(t, page, `id="h-currency"><span class="why"`)
	require.Zero(t, through.sent)
	page, _ = growers.fill("/do/offer", boxed(page), "quantity", "100000", "least:2026-09-01", "100000", "most:2026-09-01", "100000", "do", "try")
	require.Contains(t, said(page), "The rules accept this")
}

// Both parties' pages of an offer hold what it states against the seller's books
// as they are now; nobody else's does, and nothing is held once it is over.
func TestAnOffersPageHoldsItsFacts(t *testing.T) {
	d := newDesks(t)
	growers, _ := d.of("growers")
	miller, _ := d.of("miller")
	bakery, _ := d.of("manufacturer")
	at := d.offered(growers)
	page, _ := miller.get(at, http.StatusOK)
	require.Contains(t, said(page), "What it states is what the seller's books say now")
	_, values := growers.drawn("/do/dispatch?site=elevator&product=wheat")
	growers.books("/do/dispatch", values, "to", "mill", "quantity", "50000", "lots:growers/INT-4/1", "50000", "document", "CMR-9")
	for _, party := range []*served{growers, miller} {
		page, _ = party.get(at, http.StatusOK)
		require.Contains(t, said(page), "growers/INT-4/1 has less left 6 300 20 000")
		require.NotContains(t, said(page), "say now")
	}
	page, _ = bakery.get(at, http.StatusOK)
	require.NotContains(t, said(page), "has less left")
	d.today = d.today.AddDate(0, 0, 30)
	page, _ = miller.get(at, http.StatusOK)
	require.NotContains(t, said(page), "has less left", "it expired")
}

// agreed brings an offer of 20 t to an agreement, and gives its ID.
func (d *desks) agreed(growers, miller *served) string {
	d.t.Helper()
	at := d.offered(growers)
	_, values := miller.drawn("/do/accept-offer?" + query(at) + "&buyer=miller")
	miller.books("/do/accept-offer", values, "sure", "yes")
	page, _ := miller.get(at, http.StatusOK)
	found := regexp.MustCompile(`/agreements/(miller/[^"]+)`).FindStringSubmatch(page)
	require.NotNil(d.t, found)
	return found[1]
}

// delivered calls 18 t of it off; 17.99 t are received.
func (d *desks) delivered(growers, miller *served, agreement string) {
	d.t.Helper()
	page, values := growers.drawn("/do/dispatch?site=elevator&product=wheat&agreement=" + agreement)
	require.Contains(d.t, said(page), "20 000 kg left until 2026-10-31")
	record := growers.books("/do/dispatch", values, "to", "mill", "quantity", "18000", "lots:growers/INT-4/1", "18000", "document", "CMR 88")
	transfer := regexp.MustCompile(`growers/dispatch-2026-09-01-\w+`).FindString(record)
	_, values = miller.drawn("/do/receive?transfer=" + transfer)
	miller.books("/do/receive", values, "quantity", "17990", "evidence", "WB-88")
}

// A call-off is held against the agreement, its receipt is settled by both, and
// both see that it is the same.
func TestAnAgreementIsCalledOffAndSettled(t *testing.T) {
	d := newDesks(t)
	growers, _ := d.of("growers")
	miller, _ := d.of("miller")
	bakery, _ := d.of("manufacturer")
	agreement := d.agreed(growers, miller)
	_, values := growers.drawn("/do/dispatch?site=elevator&product=wheat&agreement=" + agreement)
	page, _ := growers.fill("/do/dispatch", values, "to", "mill", "quantity", "21000", "lots:growers/INT-4/1", "21000", "do", "try")
	require.Regexp(t, `(?s)id="h-lots"><span class="why".*?Have.*?20.?000.*?Need.*?21.?000`, page, "more than is agreed")
	page, _ = growers.fill("/do/dispatch", values, "quantity", "1000", "lots:growers/INT-4/1", "", "lots:growers/INT-3/1", "1000", "do", "try")
	require.Regexp(t, `(?s)id="h-lots"><span class="why"[^>]*>.*would go under mass_balance, agreed is segregated or better`, page, "off specification")
	page, _ = growers.fill("/do/dispatch", values, "to", "bakery", "lots:growers/INT-3/1", "", "lots:growers/INT-4/1", "1000", "do", "try")
	require.Regexp(t, `(?s)id="h-agreement"><span class="why"[^>]*>.*is between growers and miller, not between growers and manufacturer`, page)
	d.delivered(growers, miller, agreement)

	page, _ = growers.get("/agreements/"+agreement, http.StatusOK)
	require.Contains(t, said(page), "1 2026-09-01 to 2026-10-31 20 000 20 000 18 000 17 990", "due, most, called off, received")
	period := "/agreements/" + agreement + "/periods/1"
	d.today = d.today.AddDate(0, 2, 1)
	page, _ = growers.get("/agreements?state=unsettled&whose=sold", http.StatusOK)
	require.Contains(t, said(page), "17 990 2 010 Over0 of 1 settled")
	for _, side := range []*served{growers, miller} {
		page, _ = side.get(period, http.StatusOK)
		// 17.99 t at 41.50 are 746.585, rounded to the even 746.58; 2.01 t short at 12.00 are 24.12.
		for _, want := range []string{"722.46 EUR", "746.58", "24.12", "Oderbruch Mills owes Growers' Co-operative", "2 010 kg", "Neither side has confirmed"} {
			require.Contains(t, strings.ReplaceAll(said(page), "\u00a0", " "), want)
		}
	}
	page, _ = growers.get(period, http.StatusOK)
	for _, m := range regexp.MustCompile(`href="(/(?:records|transfers)/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		growers.get(m[1], http.StatusOK)
	}
	page, values = growers.drawn("/do/confirm-settlement?agreement=" + agreement + "&period=1")
	require.Contains(t, said(page), "Due: 722.46 EUR")
	require.Contains(t, said(page), "It is settled once it computes the same.")
	growers.books("/do/confirm-settlement", values)
	page, _ = miller.get("/", http.StatusOK)
	require.Contains(t, said(page), "Confirm the statement")
	_, values = miller.drawn("/do/confirm-settlement?agreement=" + agreement + "&period=1")
	miller.books("/do/confirm-settlement", values)
	for _, side := range []*served{growers, miller} {
		page, _ = side.get(period, http.StatusOK)
		require.Contains(t, said(page), "both sides computed the same statement, byte for byte")
		require.Equal(t, 2, strings.Count(said(page), "the same bytes"))
	}
	for _, suffix := range []string{".pdf", ".csv", ".xml"} {
		require.NotEmpty(t, growers.fetch("/api/v1/trade"+period+"/statement"+suffix, ""))
		bakery.get("/api/v1/trade"+period+"/statement"+suffix, http.StatusForbidden)
	}
	page, _ = bakery.get(period, http.StatusOK)
	require.Contains(t, said(page), "only the two parties can compute")
	require.NotContains(t, page, "722.46")
	require.NotContains(t, page, "/do/", "nothing is to be done about others' agreements")
}

func TestADisputeIsARecord(t *testing.T) {
	d := newDesks(t)
	growers, _ := d.of("growers")
	miller, _ := d.of("miller")
	bakery, _ := d.of("manufacturer")
	agreement := d.agreed(growers, miller)
	d.delivered(growers, miller, agreement)
	period := "/agreements/" + agreement + "/periods/1"
	about := "?agreement=" + agreement + "&period=1"
	_, values := miller.drawn("/do/raise-dispute" + about)
	require.Contains(t, miller.books("/do/raise-dispute", values, "reason", "Ten kilograms were wet"), "Dispute raised")
	page, _ := bakery.get(period, http.StatusOK)
	require.Contains(t, said(page), "Open Oderbruch Mills on 2026-09-01 : Ten kilograms were wet")
	page, _ = growers.get("/", http.StatusOK)
	require.Contains(t, said(page), "In dispute")
	page, _ = miller.fill("/do/raise-dispute", url.Values{"agreement": {agreement}, "period": {"1"}, "reason": {"Again"}, "date": {"2026-09-01"}}, "do", "try")
	require.Contains(t, said(page), "has a dispute about period 1")
	_, values = miller.drawn("/do/resolve-dispute" + about)
	require.Contains(t, miller.books("/do/resolve-dispute", values, "resolution", "Weighed again"), "Dispute resolved")
	page, _ = growers.get(period, http.StatusOK)
	require.Contains(t, said(page), "Resolved: Weighed again")
	growers.get("/agreements/"+agreement+"/periods/2", http.StatusNotFound)
	growers.get("/agreements/a/b", http.StatusNotFound)
}
