package console_test

import (
	"testing"
)

// The pages of trade in a real browser: both sides, a third member, a certifier,
// and before anything was traded.
func TestPagesOfTradeInABrowser(t *testing.T) {
	ctx := browser(t)
	d := newDesks(t)
	growers, _ := d.of("growers")
	miller, _ := d.of("miller")
	bakery, _ := d.of("manufacturer")
	empty, _ := newDesks(t).of("growers")
	agreement := d.agreed(growers, miller)
	d.delivered(growers, miller, agreement)
	about := "?agreement=" + agreement + "&period=1"
	_, values := miller.drawn("/do/raise-dispute" + about)
	miller.books("/do/raise-dispute", values, "reason", "Ten kilograms were wet, see WB-88")
	at := d.offered(growers)
	over, _ := d.on(d.today.AddDate(0, 2, 1)).of("growers")
	for _, v := range []visit{
		{"offers-empty", "/offers", empty}, {"offers", "/offers", miller}, {"offer", at, miller}, {"offer-others", at, bakery},
		{"do-offer", "/do/offer?site=elevator&source=lots&product=wheat&lots:growers/INT-4/1=20000&public=some&to:miller=yes&premium=41.5&shortfall=12", growers},
		{"do-counter", "/do/counter-offer?" + query(at) + "&buyer=miller", miller}, {"do-accept", "/do/accept-offer?" + query(at) + "&buyer=miller", miller},
		{"agreements-empty", "/agreements", empty}, {"agreements", "/agreements", growers}, {"agreement", "/agreements/" + agreement, growers}, {"agreement-others", "/agreements/" + agreement, bakery},
		{"settlement", "/agreements/" + agreement + "/periods/1", over}, {"settlement-others", "/agreements/" + agreement + "/periods/1", bakery},
		{"do-call-off", "/do/dispatch?site=elevator&product=wheat&to=mill&quantity=3000&agreement=" + agreement + "&lots:growers/INT-4/1=3000", growers},
		{"do-confirm", "/do/confirm-settlement" + about, over}, {"do-dispute", "/do/raise-dispute" + about, growers}, {"today", "/", miller},
	} {
		t.Run(v.name, func(t *testing.T) {
			page := newTab(t, ctx, v.served.url)
			page.open(v.path)
			page.lookAt("trade-" + v.name)
		})
	}
}

// What is made of trade: worth, projects and the form of one.
func TestPagesOfWorthInABrowser(t *testing.T) {
	ctx := browser(t)
	d := newDesks(t)
	d.baseline(t)
	growers, _ := d.of("growers")
	miller, _ := d.of("miller")
	certifier, _ := d.of("certifier")
	empty, _ := newDesks(t).of("growers")
	agreement := d.settled(growers, miller, "a")
	about := "?agreement=" + agreement + "&period=1"
	d.project(growers)
	d.ledger.ProjectHarvest("soil", "VS-2026-099")
	_, values := growers.drawn("/do/intake?site=elevator&statement=certifier/VS-2026-099")
	growers.books("/do/intake", values, "evidence", "WB-700", "model", "mass_balance", "quantity", "100000")
	for _, v := range []visit{
		{"worth-empty", "/worth", empty}, {"worth", "/worth", growers}, {"worth-certifier", "/worth", certifier}, {"do-contribute", "/do/contribute-premium" + about, growers},
		{"projects-empty", "/projects", empty}, {"projects", "/projects", miller}, {"project", "/projects/soil", growers}, {"do-project", "/do/register-project", growers},
		{"book", "/do", growers},
	} {
		t.Run(v.name, func(t *testing.T) {
			page := newTab(t, ctx, v.served.url)
			page.open(v.path)
			page.lookAt("trade-" + v.name)
		})
	}
}

// The brand's year, before anything was bought, with one year to compare with, and
// as it is planned.
func TestPagesOfScope3InABrowser(t *testing.T) {
	ctx := browser(t)
	d := newDesks(t)
	d.flourAverage()
	bakery, _ := d.of("manufacturer")
	brand, _ := d.of("brand")
	_, values := bakery.drawn("/do/offer?site=bakery&source=lots&product=wheat-flour")
	page, _ := bakery.fill("/do/offer", values, "lots:manufacturer/RCV-1/2", "4000", "public", "some", "to:brand", "yes", "do", "draw")
	bakery.books("/do/offer", boxed(page), "premium", "30", "expires", "2027-03-31")
	_, values = bakery.drawn("/do/offer?site=bakery&source=lots&product=wheat-flour")
	page, _ = bakery.fill("/do/offer", values, "lots:manufacturer/RCV-1/1", "3000", "public", "all", "do", "draw")
	bakery.books("/do/offer", boxed(page), "expires", "2027-03-31")
	p := newTab(t, ctx, brand.url)
	p.open("/scope3")
	p.lookAt("scope3")
	p.until(`[...document.querySelectorAll('.plan [type="checkbox"]')].map(box => box.click()).length === 2`, "two offers to choose from")
	p.click("See the year with it")
	p.sees("t avoided")
	p.lookAt("scope3-planned")
	d.later(bakery, brand)
	for name, path := range map[string]string{"scope3-change": "/scope3?year=2027", "scope3-empty": "/scope3?year=2020", "scope3-others": "/scope3?organisation=manufacturer&year=2026"} {
		p.open(path)
		p.lookAt(name)
	}
}
