package console_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// click follows a link or presses a button by what it says. Where the page was
// replaced between the look and the click, nothing was clicked, and it looks again.
func (p *tab) click(says string) {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		p.until(fmt.Sprintf(`(() => {
			const one = [...document.querySelectorAll("main a, main button, nav a")].find(e => e.textContent.trim() === %q);
			if (!one || document.readyState !== "complete") return false;
			one.setAttribute("data-clicked", "yes");
			return true;
		})()`, says), "something to click that says "+says)
		err := p.try(chromedp.Click(`[data-clicked]`))
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "Could not find node") || time.Now().After(deadline) {
			require.NoError(p.t, err, says)
		}
	}
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	require.NoError(p.t, p.try(steps...))
}

func (p *tab) try(steps ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	return chromedp.Do(ctx, steps...)
}

// field finds an input, a list or a box by its name.
func field(name string) string { return fmt.Sprintf(`[name="%s"]`, name) }

// fill types into fields, as a person would: what stood there is replaced.
func (p *tab) fill(values ...string) {
	p.t.Helper()
	for i := 0; i < len(values); i += 2 {
		p.until(fmt.Sprintf(`(() => { const one = document.querySelector('[name="%s"]'); if (one) { one.focus(); one.select(); } return one; })()`, values[i]), "a field "+values[i])
		p.do(chromedp.SendKeys(field(values[i]), values[i+1]))
	}
}

// choose takes an entry of a list. Where the form is drawn anew for it, that is waited for.
func (p *tab) choose(name, value string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`(() => {
		const list = document.querySelector('[name="%s"]');
		if (document.readyState !== "complete" || !list || ![...list.options].some(o => o.value === %q)) return false;
		list.value = %q;
		list.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`, name, value, value), "the choice of "+value)
	p.until(fmt.Sprintf(`document.querySelector('[name="%s"]').value === %q && !document.querySelector(".htmx-request")`, name, value), "the form after "+value)
}

// sees waits until the page says something.
func (p *tab) sees(what string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`document.body.innerText.replace(/\u202f/g, " ").includes(%q)`, what), what)
}

func (p *tab) until(condition, what string) {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		yes, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("Boolean("+condition+")"))
		if err == nil && yes { // a page that is being loaded answers nothing
			return
		}
		if time.Now().After(deadline) {
			page, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.querySelector("main").innerText`))
			require.Fail(p.t, "the page never had: "+what, page)
		}
	}
}

// A stock controller at the mill takes a shipment in, mills, ships and closes
// the period, with a mouse and a keyboard and nothing else.
func TestAStockControllersDay(t *testing.T) {
	d := newDesks(t)
	mill, _ := d.of("miller")
	p := newTab(t, browser(t), mill.url)
	p.open("/")
	p.click("Receive a shipment")
	p.fill("quantity", "24950")
	p.sees("50 kg less than was dispatched")
	p.fill("evidence", "WB 5600")
	p.sees("The rules accept this")
	p.lookAt("path-receive")
	p.click("Receive it")
	p.sees("Booked")
	p.lookAt("path-received")

	p.click("Book")
	p.click("Convert material")
	p.fill("quantity", "100000", "outputs:wheat-flour", "73000")
	p.sees("The rules refuse this")
	p.until(`document.querySelector("#h-outputs .why")`, "the refusal at its field")
	p.lookAt("path-convert-refused")
	p.fill("outputs:wheat-flour", "71500", "attribute", "30000")
	p.click("of the oldest lots")
	p.until(`document.querySelector('[name="lots:miller/RCV-2/1"]').value === "26666.667"`, "the oldest lots")
	p.sees("The rules accept this")
	p.lookAt("path-convert")
	p.click("Book the conversion")
	p.sees("Booked")

	p.click("Book")
	p.click("Dispatch a shipment")
	p.choose("product", "wheat-flour")
	p.choose("to", "bakery")
	p.fill("quantity", "24000", "document", "CMR-77", "attribute", "20000")
	p.click("of the oldest lots")
	p.sees("of credit goes with the shipment")
	p.click("Dispatch it")
	p.sees("Booked")

	p.click("Book")
	p.click("Close a period")
	p.fill("counts:wheat", "224000")
	p.do(chromedp.Click(field("sure")))
	p.sees("The rules accept this")
	p.lookAt("path-close")
	p.click("Close it for ever")
	p.sees("Period closed")
	p.click("Today")
	p.sees("has no open period, so nothing can be booked there")
	p.click("Open a period")
	p.click("Open it")
	p.sees("Period opened")
}

// A clerk of the co-operative brings a load in; a ticket counts once.
func TestAClerkTakesALoadIn(t *testing.T) {
	d := newDesks(t)
	growers, through := d.of("growers")
	p := newTab(t, browser(t), growers.url)
	p.open("/do/intake")
	p.choose("site", "elevator")
	p.choose("statement", "certifier/VS-2026-012")
	p.fill("evidence", "WB-INT-1", "gross", "41820", "tare", "15820")
	p.choose("model", "segregated")
	p.sees("Gross less tare: 26 000 kg")
	p.until(`document.querySelector("#h-evidence .why")`, "the ticket was used before")
	p.fill("evidence", "WB-9001")
	p.sees("The rules accept this")
	p.lookAt("path-intake")
	p.click("Book it in")
	p.sees("Booked")
	require.Equal(t, 1, through.sent)
	p.sees("Kim")
}

// A brand receives flour and claims it; what the claim says stands there first.
func TestABrandReceivesAndClaims(t *testing.T) {
	d := newDesks(t)
	brand, _ := d.of("brand")
	d.ship("DSP-9")
	p := newTab(t, browser(t), brand.url)
	p.open("/")
	p.click("Receive a shipment")
	p.fill("quantity", "5000", "evidence", "WB-31")
	p.sees("The rules accept this")
	p.click("Receive it")
	p.sees("Booked")
	p.open("/do/claim?site=brand-hub&product=wheat-flour")
	p.fill("beneficiary", "Morgenbrot rolls", "purpose", "Scope 3 category 1", "attribute", "3000")
	p.click("of the oldest lots")
	p.sees("What the claim says")
	p.lookAt("path-claim")
	p.click("Claim for good")
	p.sees("Booked")
	p.click("See what came of it")
	p.sees("Back to the farms")
}

// A certifier's auditor reads, filters, recounts and takes the records away.
func TestAnAuditorReadsAndExports(t *testing.T) {
	d := newDesks(t)
	certifier, _ := d.of("certifier")
	p := newTab(t, browser(t), certifier.url)
	p.open("/")
	p.click("Audit")
	p.choose("type", "convert")
	p.click("Show")
	p.until(`document.querySelectorAll(".journal tbody tr").length === 1`, "one conversion")
	p.lookAt("path-audit-filtered")
	p.click("CNV-1")
	p.sees("The command as it was sent")
	p.open("/audit")
	p.click("Recount now")
	p.sees("0 differences in 6 stock accounts")
	p.until(`document.readyState === "complete"`, "the journal below, with its file")
	file, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`fetch([...document.querySelectorAll(".files a")].pop().previousElementSibling.href).then(r => r.text())`, chromedp.EvalAwaitPromise))
	require.NoError(t, err)
	require.Contains(t, file, "CNV-1")
}

// What others book shows while a page is open.
func TestAPageSaysThatTheLedgerWentOn(t *testing.T) {
	d := newDesks(t)
	mill, _ := d.of("miller")
	p := newTab(t, browser(t), mill.url)
	p.open("/")
	p.until(`performance.getEntriesByName(location.origin + "/api/v1/events").length || document.readyState === "complete"`, "the page")
	require.Eventually(t, func() bool {
		d.ship(massbalance.CommandID(fmt.Sprintf("DSP-%d", len(d.ledger.Blocks()))))
		shown, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](`!document.querySelector("[data-live]").hidden`))
		return err == nil && shown
	}, 20*time.Second, 200*time.Millisecond)
	p.lookAt("path-news")
}

// A form that gets no answer says so, until it gets one.
func TestAFormSaysThatNobodyAnswers(t *testing.T) {
	d := newDesks(t)
	mill, _ := d.of("miller")
	p := newTab(t, browser(t), mill.url)
	p.allowed = "ERR_INTERNET_DISCONNECTED"
	p.open("/do/receive?transfer=growers/DSP-4")
	offline := func(is bool) {
		_, err := chromedp.Call(p.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{Offline: is, DownloadThroughput: -1, UploadThroughput: -1}}})
		require.NoError(t, err)
	}
	shown := func(is bool) {
		p.until(fmt.Sprintf(`(getComputedStyle(document.getElementById("unheard")).display !== "none") === %v`, is), "the note that nobody answered")
	}
	shown(false)
	offline(true)
	p.fill("quantity", "24950")
	shown(true)
	offline(false)
	p.fill("quantity", "24940")
	p.sees("60 kg less than was dispatched")
	shown(false)
}

// A member proposes the next version of a product by fields, another one votes.
func TestMembersDecideByFields(t *testing.T) {
	d := newDesks(t)
	growers, _ := d.of("growers")
	mill, _ := d.of("miller")
	ctx := browser(t)
	p := newTab(t, ctx, growers.url)
	p.open("/register")
	p.click("Propose a change")
	p.choose("type", "register_product")
	p.choose("entry", "wheat")
	p.sees("It would change nothing yet but the version.")
	p.fill("caps.1.region", "DE-ST", "caps.1.kg", "8800", "caps.1.source", "State statistics office")
	p.sees("product › yield caps › DE-ST › per hectare")
	p.lookAt("path-propose")
	p.click("Ask for it")
	p.sees("waits for the other members")
	v := newTab(t, ctx, mill.url)
	v.open("/")
	v.click("Vote for a proposal")
	v.sees("product › yield caps › DE-ST › per hectare")
	v.lookAt("path-vote")
	v.do(chromedp.Click(field("sure")))
	v.click("Ask for it too")
	v.sees("Booked")
}
