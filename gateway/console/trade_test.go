package console_test

import (
	"net/http"
	"net/url"
	"regexp"
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
