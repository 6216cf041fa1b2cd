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
	at := d.offered(growers)
	for _, v := range []visit{
		{"offers-empty", "/offers", empty}, {"offers", "/offers", miller}, {"offer", at, miller}, {"offer-others", at, bakery},
		{"do-offer", "/do/offer?site=elevator&source=lots&product=wheat&lots:growers/INT-4/1=20000&public=some&to:miller=yes&premium=41.5&shortfall=12", growers},
		{"do-counter", "/do/counter-offer?" + query(at) + "&buyer=miller", miller}, {"do-accept", "/do/accept-offer?" + query(at) + "&buyer=miller", miller},
	} {
		t.Run(v.name, func(t *testing.T) {
			page := newTab(t, ctx, v.served.url)
			page.open(v.path)
			page.lookAt("trade-" + v.name)
		})
	}
}
