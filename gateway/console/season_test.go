package console_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	harvest "github.com/weighbridge/weighbridge/test-network/season"
)

// The pages on a whole season: farms, a thousand tickets, two periods. Only the
// network is missing. The pictures in docs are made here.
func TestPagesOfAWholeSeason(t *testing.T) {
	ctx := browser(t)
	d := &desks{t: t, ledger: ledgertest.New(t), today: time.Date(2025, 12, 22, 8, 0, 0, 0, time.UTC)}
	urls := map[string]string{}
	for _, org := range []massbalance.OrganisationID{"growers", "miller", "manufacturer", "brand", "certifier"} {
		s, _ := d.of(org)
		urls[string(org)] = s.url
	}
	_, err := harvest.Run(t.Context(), harvest.Options{Gateways: urls})
	require.NoError(t, err)
	for _, v := range []struct {
		name, org, path string
		height          int64
	}{
		{"season-today", "miller", "/", 1000}, {"season-map", "miller", "/map", 960}, {"season-flow", "miller", "/flow", 960},
		{"season-time", "miller", "/sites/mill-newark/time", 1000}, {"season-audit", "certifier", "/audit?recount=now", 1000}, {"season-statements", "growers", "/statements", 1000},
		{"season-intake", "growers", "/do/intake?site=elevator-ely&statement=certifier/VS-2025-F-001&quantity=90000&evidence=WB-77001&model=mass_balance", 1000},
		{"season-convert", "miller", "/do/convert?site=mill-newark&recipe=milling&quantity=20000&outputs:flour=14200&outputs:bran=5500", 1000},
		{"season-claim", "brand", "/do/claim?site=depot-daventry&product=biscuit&beneficiary=Oat+biscuits&purpose=Scope+3+category+1", 1000},
		{"season-close", "miller", "/do/close-period?site=mill-newark", 1000}, {"season-lots", "miller", "/lots", 1000},
	} {
		t.Run(v.name, func(t *testing.T) {
			page := newTab(t, ctx, urls[v.org])
			page.open(v.path)
			page.lookAt(v.name)
			page.do(chromedp.EmulateViewport(1280, v.height))
			if dir := os.Getenv("SCREENSHOTS"); dir != "" {
				picture, err := chromedp.Run(page.ctx, chromedp.CaptureScreenshot())
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(dir, v.name+"-window.png"), picture, 0o600))
			}
		})
	}
}
