//go:build !js

package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/proof"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/proof/witness"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
)

// files are what a reader has on disk.
type files struct{ page, pageWithTrust, bundle, recalled, spoilt, trust, otherTrust string }

var members = []massbalance.OrganisationID{ledgertest.Growers, ledgertest.Miller, ledgertest.Certifier}

func key(org massbalance.OrganisationID) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(org))
	return ed25519.NewKeyFromSeed(seed[:])
}

func prepare(t *testing.T) files {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		return path
	}
	ledger := ledgertest.New(t)
	ledger.Season()
	f := files{page: filepath.Join(dir, "verifier.html"), pageWithTrust: filepath.Join(dir, "own.html")}
	good := bundle(t, ledger)
	f.bundle = write("claim.bundle", good)
	ledger.Find("VS-2026-011", "The fields were never sown")
	f.recalled = write("recalled.bundle", bundle(t, ledger))
	good[len(good)/2] ^= 1
	f.spoilt = write("spoilt.bundle", good)
	trust := checkpoint.Trust{Origin: checkpoint.Origin([32]byte{}), Threshold: 3}
	for _, org := range members {
		trust.Organisations = append(trust.Organisations, checkpoint.Organisation{
			Organisation: org, Name: string(org), Keys: []string{checkpoint.FormatKey(key(org).Public().(ed25519.PublicKey))}})
	}
	data, err := trust.Format()
	require.NoError(t, err)
	f.trust = write("consortium.json", data)
	f.otherTrust = write("other.json", []byte(strings.Replace(string(data), "0000", "1111", 1)))
	require.NoError(t, build(f.page, ""))
	require.NoError(t, build(f.pageWithTrust, f.trust))
	return f
}

func bundle(t *testing.T, ledger *ledgertest.Ledger) (file []byte) {
	model, err := readmodel.Open(t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, model.Close()) }()
	for _, b := range ledger.Blocks() {
		require.NoError(t, model.Apply(t.Context(), b))
	}
	require.NoError(t, model.Read(t.Context(), func(s *readmodel.Snapshot) error {
		size, err := s.LogSize()
		require.NoError(t, err)
		raw, _, err := s.LogText(size)
		require.NoError(t, err)
		text, err := checkpoint.ParseText(raw)
		require.NoError(t, err)
		var lines []string
		for _, org := range members {
			lines = append(lines, checkpoint.Signer{Organisation: org, Private: key(org)}.Sign(text, time.Unix(1795000000, 0)))
		}
		b, err := proof.Build(s, "brand/CLM-1", checkpoint.Note(text, lines...), members)
		require.NoError(t, err)
		file, err = b.Write()
		return err
	}))
	return file
}

// browser starts a real one that has no network, or skips the test where there
// is none; in CI there must be one.
func browser(t *testing.T) context.Context {
	if testing.Short() {
		t.Skip("builds for browsers and starts one")
	}
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" && os.Getenv("CI_REQUIRE") != "" {
		t.Fatal("there is no browser on this machine")
	}
	if program == "" {
		t.Skip("there is no browser on this machine (apt install chromium)")
	}
	allocator, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()),
		append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()))...)
	t.Cleanup(stop)
	ctx, done := chromedp.NewContext(allocator)
	t.Cleanup(done)
	ctx, expire := context.WithTimeout(ctx, 6*time.Minute)
	t.Cleanup(expire)
	return ctx
}

// opened is the verifier in a tab.
type opened struct {
	t   *testing.T
	ctx context.Context
}

// The page works from disk with the network off: it says what is right and what
// is wrong, draws the way, and every look of it is accessible. With SCREENSHOTS
// set to a directory, the pictures are kept there.
func TestThePageFromDisk(t *testing.T) {
	p := &opened{t, browser(t)}
	f := prepare(t)
	p.cutOff()
	require.NoError(t, chromedp.Do(p.ctx, chromedp.Navigate("file://"+f.page)))
	p.await("Choose a claim bundle and a trust file.")
	p.choose("#bundle", f.bundle)
	p.await("without it nothing can be believed")
	p.choose("#trust", f.trust)
	text := p.await("The claim is proven")
	for _, want := range []string{"20000.777 kg of Wheat flour", "Hof Lindenau", "3 of the 3 organisations", "As of block"} {
		require.Contains(t, text, want)
	}
	require.Positive(t, p.count("svg rect"))
	p.look("verified")

	p.choose("#bundle", f.recalled)
	text = p.await("Verified, but the claim does not stand")
	require.Contains(t, text, "RECALLED by finding")
	require.Contains(t, text, "12000 kg of it rest on statement VS-2026-011 of Certification Body (certifier), which was recalled on 2026-09-01: The fields were never sown.")
	p.look("recalled")
	p.choose("#bundle", f.spoilt)
	require.Contains(t, p.await("Not verified"), "nothing of it is shown")
	require.Zero(t, p.count("svg rect"), "nothing of it is shown")
	p.look("spoilt")
	p.choose("#bundle", f.bundle)
	p.await("The claim is proven")
	p.choose("#trust", f.otherTrust)
	p.await("Not verified")

	require.NoError(t, chromedp.Do(p.ctx, chromedp.Navigate("file://"+f.pageWithTrust)))
	p.await("Choose a claim bundle.")
	p.drop(f.bundle)
	p.await("The claim is proven")
}

// The page works as a gateway serves it, too, whose answers forbid pages
// everything that they do not ask for, and is not signed in there.
func TestThePageFromAGateway(t *testing.T) {
	p := &opened{t, browser(t)}
	f := prepare(t)
	ledger := ledgertest.New(t)
	w, err := witness.New(t.Context(), witness.Options{
		Organisation: ledgertest.Growers, Model: ledger.Model(), Store: storetest.Own(t), Verifier: f.page, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	handler := api.New(api.Options{Organisation: ledgertest.Growers, Model: ledger.Model(), Gate: access.Local{}, Log: slog.New(slog.DiscardHandler)})
	w.Register(handler.Routes)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	require.NoError(t, chromedp.Do(p.ctx, chromedp.Navigate(server.URL+"/verifier")))
	p.await("Choose a claim bundle and a trust file.")
	p.choose("#bundle", f.bundle)
	p.choose("#trust", f.trust)
	p.await("The claim is proven")
	origin, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("origin"))
	require.NoError(t, err)
	require.Equal(t, "null", origin, "it has an origin of its own")
}

// cutOff takes the network away, and makes sure that it is gone: not even a server
// on this machine, which answered before, is heard.
func (p *opened) cutOff() {
	p.t.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	p.t.Cleanup(server.Close)
	require.NoError(p.t, chromedp.Do(p.ctx, chromedp.Navigate(server.URL)))
	_, err := chromedp.Call(p.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: true, DownloadThroughput: -1, UploadThroughput: -1}}})
	require.NoError(p.t, err)
	require.ErrorContains(p.t, chromedp.Do(p.ctx, chromedp.Navigate(server.URL)), "ERR_INTERNET_DISCONNECTED")
}

func (p *opened) choose(input, path string) {
	p.t.Helper()
	require.NoError(p.t, chromedp.Do(p.ctx, chromedp.SetUploadFiles(input, []string{path})))
}

// drop lets go of a file over the page, as a person does.
func (p *opened) drop(path string) {
	data, err := os.ReadFile(path)
	require.NoError(p.t, err)
	require.NoError(p.t, chromedp.Do(p.ctx, chromedp.Evaluate[chromedp.Void](`{
		const carried = new DataTransfer();
		carried.items.add(new File([Uint8Array.from(atob("`+base64.StdEncoding.EncodeToString(data)+`"), c => c.charCodeAt(0))], "claim.bundle"));
		dispatchEvent(new DragEvent("drop", { dataTransfer: carried }));
	}`)))
}

// await waits until the page says something and returns all its text.
func (p *opened) await(wanted string) (text string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		var err error
		text, err = chromedp.Run(p.ctx, chromedp.Text("main"))
		return err == nil && strings.Contains(text, wanted)
	}, time.Minute, 50*time.Millisecond, wanted)
	return text
}

func (p *opened) count(selector string) int {
	n, err := chromedp.Run(p.ctx, chromedp.Evaluate[int](`document.querySelectorAll("`+selector+`").length`))
	require.NoError(p.t, err)
	return n
}

// look holds the page to axe-core in both colour schemes and on a phone.
func (p *opened) look(name string) {
	p.t.Helper()
	axe, err := os.ReadFile("../../console/testdata/axe/axe.min.js")
	require.NoError(p.t, err)
	for _, view := range []struct {
		name, scheme string
		width        int64
	}{{"light", "light", 1280}, {"dark", "dark", 1280}, {"phone", "light", 360}} {
		_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: view.scheme}}})
		require.NoError(p.t, err)
		require.NoError(p.t, chromedp.Do(p.ctx, chromedp.EmulateViewport(view.width, 900)))
		violations, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](string(axe)+`;
			axe.run(document).then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html.slice(0, 160)).join(" ")).join("\n"))`, chromedp.EvalAwaitPromise))
		require.NoError(p.t, err)
		require.Empty(p.t, violations, "%s, %s", name, view.name)
		wide, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > document.documentElement.clientWidth`))
		require.NoError(p.t, err)
		require.False(p.t, wide, "%s, %s: something is wider than the screen", name, view.name)
		if dir := os.Getenv("SCREENSHOTS"); dir != "" {
			picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
			require.NoError(p.t, err)
			require.NoError(p.t, os.WriteFile(filepath.Join(dir, "verifier-"+name+"-"+view.name+".png"), picture, 0o600))
		}
	}
}
