package testnetwork_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/network/consortium"
)

// consoleInABrowser opens the consoles that the demo leaves behind in a real
// Chromium. Pictures go to the folder in SCREENSHOTS, if that is set.
func consoleInABrowser(t *testing.T, network *consortium.Network) {
	program, err := exec.LookPath("chromium")
	if err != nil {
		require.Empty(t, os.Getenv("CI_REQUIRE"), "there is no Chromium here, which this test needs")
		t.Skip("there is no Chromium here: install it to run this test")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 900))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	defer stop()
	ctx, done := chromedp.NewContext(allocator)
	defer done()
	ctx, expire := context.WithTimeout(ctx, 2*time.Minute)
	defer expire()

	see := func(url string) string {
		require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(url)))
		text, err := chromedp.Run(ctx, chromedp.Text("main"))
		require.NoError(t, err)
		return text
	}
	keep := func(name string) {
		picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		require.NoError(t, err)
		if folder := os.Getenv("SCREENSHOTS"); folder != "" {
			require.NoError(t, os.WriteFile(filepath.Join(folder, name), picture, 0o600))
		}
	}
	require.Contains(t, see(network.GatewayURL("miller")), "Sign in")
	for _, member := range network.Consortium.Organisations {
		organisation := member.ID
		link, err := network.SignInLink(t.Context(), organisation)
		require.NoError(t, err)
		require.NotContains(t, see(link), "Sign in")
	}
	require.Contains(t, see(network.GatewayURL("miller")), "Newark mill")
	_, err = chromedp.RunResponse(ctx, chromedp.Click(`main a[href="/sites/mill-newark"]`))
	require.NoError(t, err)
	site, err := chromedp.Run(ctx, chromedp.Text("main"))
	require.NoError(t, err)
	require.Contains(t, site, "Open lots")
	require.Contains(t, site, "White wheat flour")
	require.Contains(t, site, "Mass balance")
	keep("console.png")
	claim := see(network.GatewayURL("brand") + "/claims/brand/CL-2025-03")
	require.Contains(t, claim, "Drove End Farm", "the claim leads back to its farms")
	require.Contains(t, claim, "VS-2025-F-004")
	keep("claim.png")
	require.Contains(t, see(network.GatewayURL("growers")+"/map"), "East Anglia")
	keep("map.png")

	// A load is booked in by a form, over the same way as the season was.
	form := see(network.GatewayURL("growers") + "/do/intake?site=elevator-driffield&statement=none&product=wheat&supplier=Spot+market&evidence=WB-BROWSER-1&quantity=1000")
	require.Contains(t, form, "The rules accept this")
	keep("intake.png")
	require.NoError(t, chromedp.Do(ctx, chromedp.Click(`button.send`), chromedp.WaitVisible(`.said.good[role="status"]`)))
	record, err := chromedp.Run(ctx, chromedp.Text("main"))
	require.NoError(t, err)
	require.Contains(t, record, "Booked")
	require.Contains(t, record, "Taken in")
}
