package console_test

import (
	"context"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// browser starts a real one, or skips the test where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("there is no browser on this machine")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()))
	allocator, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(stop)
	ctx, done := chromedp.NewContext(allocator)
	t.Cleanup(done)
	ctx, expire := context.WithTimeout(ctx, 6*time.Minute)
	t.Cleanup(expire)
	return ctx
}

// visit is one way to look at a page.
type visit struct {
	name, path, scheme string
	width              int64
}

// Pages render in a real browser in both colour schemes and on a phone: nothing
// is blocked by their own security policy, nothing is fetched from elsewhere and
// nothing is wider than the screen. With SCREENSHOTS set to a directory, the
// pictures are kept there.
func TestPagesInABrowser(t *testing.T) {
	ledger := season(t)
	growers, miller, brand := serve(t, "growers", ledger), serve(t, "miller", ledger), serve(t, "brand", ledger)
	certifier, empty := serve(t, "certifier", ledger), serve(t, "growers", nil)
	miller.problem = "This gateway is still reading the chain: 35 of 60 blocks."
	ctx := browser(t)
	for _, v := range []struct {
		visit
		served *served
	}{
		{visit{"site-light", "/sites/elevator", "light", 1280}, growers},
		{visit{"site-dark", "/sites/mill", "dark", 1280}, miller},
		{visit{"site-phone", "/sites/elevator", "light", 390}, growers},
		{visit{"overview-light", "/", "light", 1280}, growers},
		{visit{"overview-phone-dark", "/", "dark", 390}, miller},
		{visit{"claim-light", "/claims/brand/CLM-1", "light", 1280}, brand},
		{visit{"claim-dark", "/claims/brand/CLM-1", "dark", 1280}, brand},
		{visit{"claim-phone", "/claims/brand/CLM-1", "light", 390}, brand},
		{visit{"empty", "/", "light", 1280}, empty},
		{visit{"lot-light", "/lots/miller/CNV-1/1", "light", 1280}, miller},
		{visit{"lot-phone", "/lots/miller/CNV-1/1", "light", 390}, miller},
		{visit{"lots", "/lots", "light", 1280}, miller},
		{visit{"transfer-light", "/transfers/growers/DSP-1", "light", 1280}, growers},
		{visit{"transfers-phone", "/transfers", "dark", 390}, growers},
		{visit{"period-light", "/sites/mill/periods/2026-Q3", "light", 1280}, miller},
		{visit{"period-dark", "/sites/mill/periods/2026-Q3", "dark", 1280}, miller},
		{visit{"period-phone", "/sites/mill/periods/2026-Q3", "light", 390}, miller},
		{visit{"sites", "/sites", "light", 1280}, growers},
		{visit{"periods", "/periods", "light", 1280}, growers},
		{visit{"claims", "/claims", "dark", 1280}, brand},
		{visit{"certificates", "/certificates", "light", 1280}, growers},
		{visit{"certificate", "/certificates/certifier/CERT-2026-04", "light", 1280}, growers},
		{visit{"statements", "/statements", "light", 1280}, growers},
		{visit{"flow-light", "/flow", "light", 1280}, growers},
		{visit{"flow-dark", "/flow", "dark", 1280}, growers},
		{visit{"flow-phone", "/flow", "light", 390}, growers},
		{visit{"audit-light", "/audit?recount=now", "light", 1280}, certifier},
		{visit{"audit-phone", "/audit?recount=now", "dark", 390}, certifier},
		{visit{"register", "/register", "light", 1280}, certifier},
		{visit{"record", "/records/miller/CNV-1", "light", 1280}, certifier},
		{visit{"block", "/blocks/1", "dark", 1280}, certifier},
		{visit{"missing", "/sites/nowhere", "light", 1280}, growers},
	} {
		t.Run(v.name, func(t *testing.T) { look(t, ctx, v.served.url, v.visit) })
	}
}

func look(t *testing.T, parent context.Context, url string, v visit) {
	ctx, done := chromedp.NewContext(parent)
	defer done()
	var mu sync.Mutex
	var complaints []string
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if !strings.Contains(e.Entry.Text, "404 (Not Found)") {
				complaints = append(complaints, e.Entry.Text)
			}
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, url) && !strings.HasPrefix(e.Request.URL, "data:") { // the browser draws its own controls so
				complaints = append(complaints, "request to "+e.Request.URL)
			}
		}
	}))
	prepare(t, ctx, v)
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(v.width, 900), chromedp.Navigate(url+v.path)))
	heading, err := chromedp.Run(ctx, chromedp.Text("h1"))
	require.NoError(t, err)
	require.NotEmpty(t, heading)
	overflow, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > document.documentElement.clientWidth`))
	require.NoError(t, err)
	require.False(t, overflow, "the page is wider than the screen")
	requireAccessible(t, ctx)
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	require.NoError(t, err)
	mu.Lock()
	defer mu.Unlock()
	require.Empty(t, complaints)
	if dir := os.Getenv("SCREENSHOTS"); dir != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, v.name+".png"), picture, 0o600))
	}
}

// axe is the accessibility checker of Deque Systems, kept in testdata with its
// licence (MPL 2.0). It is no part of any program.
//
//go:embed testdata/axe/axe.min.js
var axe string

// requireAccessible lets axe-core look for violations of WCAG 2.2 A and AA and of its
// best practices, with what is folded away unfolded.
func requireAccessible(t *testing.T, ctx context.Context) {
	t.Helper()
	violations, err := chromedp.Run(ctx, chromedp.Evaluate[string](axe+`;
		document.querySelectorAll("details").forEach(d => d.open = true);
		axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => {
			document.querySelectorAll("details").forEach(d => d.open = false);
			return r.violations.map(v => v.id + ": " + v.help + "\n" + v.nodes.slice(0, 4).map(n => "    " + n.html.slice(0, 160) + " " + (n.any[0] || n.all[0] || n.none[0]).message).join("\n")).join("\n");
		})`, chromedp.EvalAwaitPromise))
	require.NoError(t, err)
	require.Empty(t, violations)
}

func prepare(t *testing.T, ctx context.Context, v visit) {
	t.Helper()
	_, err := chromedp.Call(ctx, log.Enable, cdp.Empty{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: v.scheme}}})
	require.NoError(t, err)
}
