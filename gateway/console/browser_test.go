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
		require.Empty(t, os.Getenv("CI_REQUIRE"), "there is no browser here, which this test needs")
		t.Skip("there is no browser on this machine")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()))
	allocator, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(stop)
	ctx, done := chromedp.NewContext(allocator)
	t.Cleanup(done)
	ctx, expire := context.WithTimeout(ctx, 9*time.Minute)
	t.Cleanup(expire)
	_, err := chromedp.Run(ctx, chromedp.Evaluate[int]("1")) // starts it, for tabs that are opened side by side
	require.NoError(t, err)
	return ctx
}

// looks are the ways to look at each page.
var looks = []struct {
	name, scheme string
	width        int64
	rules        string
}{
	{"light", "light", 1280, everyRule},
	{"dark", "dark", 1280, `{runOnly: ["color-contrast", "link-in-text-block"]}`},
	{"phone", "light", 360, everyRule},
}

const everyRule = `{runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}`

// tab is a tab of the browser that notes what the page does wrong.
type tab struct {
	t   *testing.T
	ctx context.Context
	url string
	// allowed is what a page that was refused makes the browser say.
	allowed string

	mu         sync.Mutex
	complaints []string
}

func newTab(t *testing.T, parent context.Context, url string) *tab {
	t.Helper()
	ctx, done := chromedp.NewContext(parent)
	t.Cleanup(done)
	p := &tab{t: t, ctx: ctx, url: url}
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if !p.expects(e.Entry.Text) {
				p.complain(e.Entry.Text)
			}
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, url) && !strings.HasPrefix(e.Request.URL, "data:") { // the browser draws its own controls so
				p.complain("request to " + e.Request.URL)
			}
		}
	}))
	_, err := chromedp.Call(ctx, log.Enable, cdp.Empty{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	return p
}

// expects reports whether the browser may say something: of a page that is not
// there, of one that was refused, of a sign-out, and of a test that types faster
// than a person.
func (p *tab) expects(said string) bool {
	for _, always := range []string{"404 (Not Found)", "Autofocus processing was blocked", "Clear-Site-Data"} {
		if strings.Contains(said, always) {
			return true
		}
	}
	return p.allowed != "" && strings.Contains(said, p.allowed)
}

// tooWide names what reaches beyond the screen where the page can be moved sideways.
const tooWide = `(() => {
	const room = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth <= room) return "";
	return [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > room && !e.closest("nav")).slice(-3).map(e => e.outerHTML.slice(0, 200)).join("\n") || "the page: " + [...document.querySelectorAll("body *")].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.tagName + "." + e.className).join(" ");
})()`

func (p *tab) complain(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, what)
}

func (p *tab) open(path string) {
	p.t.Helper()
	require.NoError(p.t, chromedp.Do(p.ctx, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(p.url+path)))
	heading, err := chromedp.Run(p.ctx, chromedp.Text("h1"))
	require.NoError(p.t, err)
	require.NotEmpty(p.t, heading)
}

// lookAt holds the page as it stands to all rules, in each way to look at it.
func (p *tab) lookAt(name string) {
	p.t.Helper()
	for _, l := range looks {
		_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme}}})
		require.NoError(p.t, err)
		require.NoError(p.t, chromedp.Do(p.ctx, chromedp.EmulateViewport(l.width, 900)))
		wide, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](tooWide))
		require.NoError(p.t, err)
		open, err := chromedp.Run(p.ctx, chromedp.Evaluate[int](`[...document.querySelectorAll("[hidden]")].filter(e => e.offsetParent !== null).length`))
		require.NoError(p.t, err)
		require.Zero(p.t, open, "%s shows what is hidden: %s", name, l.name)
		require.Empty(p.t, wide, "%s is wider than the screen: %s", name, l.name)
		requireAccessible(p.t, p.ctx, name+", "+l.name, l.rules)
		if dir := os.Getenv("SCREENSHOTS"); dir != "" {
			picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
			require.NoError(p.t, err)
			require.NoError(p.t, os.WriteFile(filepath.Join(dir, name+"-"+l.name+".png"), picture, 0o600))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Empty(p.t, p.complaints)
}

// axe is the accessibility checker of Deque Systems, kept in testdata with its
// licence (MPL 2.0). It is no part of any program.
//
//go:embed testdata/axe/axe.min.js
var axe string

// requireAccessible lets axe-core look for violations of WCAG 2.2 A and AA and of its
// best practices, with what is folded away unfolded.
func requireAccessible(t *testing.T, ctx context.Context, where, rules string) {
	t.Helper()
	violations, err := chromedp.Run(ctx, chromedp.Evaluate[string](axe+`;
		document.querySelectorAll("details").forEach(d => d.open = true);
		axe.run(document, `+rules+`).then(r => {
			document.querySelectorAll("details").forEach(d => d.open = false);
			return r.violations.map(v => v.id + ": " + v.help + "\n" + v.nodes.slice(0, 4).map(n => "    " + n.html.slice(0, 160) + " " + (n.any[0] || n.all[0] || n.none[0]).message).join("\n")).join("\n");
		})`, chromedp.EvalAwaitPromise))
	require.NoError(t, err)
	require.Empty(t, violations, where)
}
