package console_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// A seller offers, a buyer haggles and the seller accepts; what is shipped under it
// is settled by both. Everything is done with a mouse and a keyboard.
func TestADealInABrowser(t *testing.T) {
	d := newDesks(t)
	growers, _ := d.of("growers")
	miller, _ := d.of("miller")
	p := newTab(t, browser(t), growers.url)
	p.open("/")
	p.click("Trade")
	p.sees("Nothing is offered yet")
	p.click("Make an offer")
	p.choose("site", "elevator")
	p.choose("source", "lots")
	p.fill("lots:growers/INT-4/1", "20000")
	p.choose("public", "some")
	p.do(chromedp.Click(field("to:miller")))
	p.until(`document.querySelector('[name="premium"]') && !document.querySelector(".htmx-request, .htmx-settling, .htmx-added")`, "terms, once a buyer is named")
	p.until(`document.querySelector('[name="model"]').value === "segregated" && document.querySelector('[name="loosest"]').value === "segregated"`, "what the lots suggest")
	p.choose("split", "months")
	p.until(`document.querySelector('[name="most:2026-10-01"]')`, "a field for each month")
	p.fill("most:2026-09-01", "12000", "most:2026-10-01", "12000", "least:2026-09-01", "10000", "least:2026-10-01", "8000", "premium", "44", "shortfall", "12")
	p.sees("The rules accept this")
	p.lookAt("path-offer")
	p.click("Make the offer")
	p.sees("Booked")

	p.url = miller.url // what is asked of another gateway is no complaint any more
	p.open("/")
	p.sees("Growers' Co-operative proposed terms")
	p.click("Propose other terms")
	p.fill("premium", "40", "note", "Before noon")
	p.sees("The rules accept this")
	p.click("Propose them")
	p.sees("Booked")
	p.url = growers.url
	p.open("/")
	p.click("Accept the terms")
	p.sees("Before noon")
	p.do(chromedp.Click(field("sure")))
	p.click("Accept: it binds both")
	p.sees("Booked")
	p.click("See what came of it")
	p.sees("Winter wheat from Growers' Co-operative for Oderbruch Mills")
	p.click("Dispatch a shipment")
	p.choose("site", "elevator")
	p.choose("to", "mill")
	p.fill("quantity", "13000", "lots:growers/INT-4/1", "13000")
	p.until(`document.querySelector("#h-lots .why")`, "more than the month has")
	requireAccessible(t, p.ctx, "a call-off that is refused", everyRule)
	p.fill("quantity", "12000", "lots:growers/INT-4/1", "12000")
	p.sees("12 000 kg of at most 12 000 kg")
	p.click("Dispatch it")
	p.sees("Booked")
}
