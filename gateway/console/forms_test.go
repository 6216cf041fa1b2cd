package console_test

import (
	"html"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/console"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// Every command of the rules has a form, or a reason why it has none.
func TestEveryCommandHasAForm(t *testing.T) {
	forms := console.Forms()
	for _, body := range massbalance.Bodies {
		name := body.Type()
		if reason, without := console.Formless[name]; without {
			require.NotEmpty(t, reason, name)
			require.Empty(t, forms[name], "%s has a form now, so it needs no reason", name)
			continue
		}
		require.NotEmpty(t, forms[name], "%s has neither a form nor a reason", name)
	}
}

// Flour that the brand claimed is reported by the mill for its own tier, over
// each of the ways that it took.
func TestATierReportsWhatItHandedOn(t *testing.T) {
	d := newDesks(t)
	miller, _ := d.of("miller")
	page, _ := miller.get("/claims/brand/CLM-1", http.StatusOK)
	link := html.UnescapeString(regexp.MustCompile(`/do/report-tier\?[^"]*`).FindString(page))
	require.NotEmpty(t, link, "the mill handed some of it on")
	page, values := miller.drawn(link)
	require.Contains(t, said(page), "12 000 kg of the claim", "two of its lots are in it")
	page, _ = miller.fill("/do/report-tier", values, "way", "brand/RCV-1/1 manufacturer/RCV-1/1 miller/CNV-1/1", "do", "draw")
	values = fields(page)
	require.Equal(t, "12000", values.Get("quantity"), "all of it came over one lot")
	page, _ = miller.fill("/do/report-tier", values, "quantity", "12000.001", "purpose", "Scope 3 category 10", "do", "try")
	require.Regexp(t, `(?s)id="h-quantity"><span class="why"`, page)
	require.Contains(t, miller.books("/do/report-tier", values, "quantity", "12000"), "Reported for a tier")
	brand, _ := d.of("brand")
	page, _ = brand.get("/claims/brand/CLM-1", http.StatusOK)
	require.NotContains(t, page, "/do/report-tier", "a claimant has reported it already")
}

// A claim that rests on a recalled statement is covered by other credit.
func TestARecalledClaimIsCovered(t *testing.T) {
	d := newDesks(t)
	d.ledger.Find("VS-2026-012", "forged weighbridge tickets")
	d.ledger.Must(ledgertest.Brand, massbalance.Command{ID: "TRACE", Body: massbalance.TraceRecall{
		Certifier: ledgertest.Certifier, Statement: "VS-2026-012", Claims: []massbalance.ClaimID{"brand/CLM-1"},
		Lots: []massbalance.LotID{"growers/INT-2/1", "miller/RCV-1/2", "miller/CNV-1/2", "manufacturer/RCV-1/2", "brand/RCV-1/2"}}})
	brand, _ := d.of("brand")
	page, _ := brand.get("/", http.StatusOK)
	require.Contains(t, said(page), "Cover a recalled claim 8 000.777 kg claimed for Morgenbrot rolls, 500 g rest on statement VS-2026-012")
	require.Contains(t, said(page), "are frozen: they rest on a recalled statement")
	link := html.UnescapeString(regexp.MustCompile(`/do/cover-recall\?[^"]*`).FindString(page))
	page, values := brand.drawn(link)
	require.Contains(t, said(page), "8 000.777 kg of it are still to be covered.")
	require.Equal(t, "8000.777", values.Get("attribute"), "what is due is proposed")
	page, _ = brand.fill("/do/cover-recall", values, "lots:brand/RCV-1/1", "6000", "do", "try")
	require.Contains(t, said(page), "The rules accept this")
	require.Contains(t, brand.books("/do/cover-recall", values), "Recall covered")
	page, _ = brand.get("/claims/brand/CLM-1", http.StatusOK)
	require.Contains(t, said(page), "2.00 t of this claim are not covered")
	growers, _ := d.of("growers")
	page, _ = growers.drawn("/do/cover-recall")
	require.NotContains(t, said(page), "Not possible now", "any member may put credit up")
}

// mixing adopts compound feed, made of wheat and bran in a proportion.
func mixing(t *testing.T, d *desks) {
	t.Helper()
	part := func(n, of int64) massbalance.Ratio {
		r, err := massbalance.NewRatio(n, of)
		require.NoError(t, err)
		return r
	}
	for _, body := range []massbalance.Body{
		massbalance.RegisterProduct{Product: massbalance.Product{ID: "feed", Name: "Compound feed"}},
		massbalance.RegisterRecipe{Recipe: massbalance.Recipe{
			ID: "mixing", Input: "wheat", Source: "Feed mill's formula", With: []massbalance.RecipeInput{{Product: "wheat-bran", Least: part(1, 10), Greatest: part(2, 5)}},
			Outputs: []massbalance.RecipeOutput{{Product: "feed", Factor: part(1, 1)}}}},
	} {
		for _, org := range []massbalance.OrganisationID{"growers", "miller", "manufacturer"} {
			d.ledger.Must(org, massbalance.Command{ID: massbalance.CommandID("MIX-" + body.Type()), Body: body})
		}
	}
}

func TestAConversionTakesCreditOfEachInput(t *testing.T) {
	d := newDesks(t)
	mixing(t, d)
	miller, _ := d.of("miller")
	page, values := miller.drawn("/do/convert?site=mill&recipe=mixing")
	require.Contains(t, said(page), "Lots attributed to Wheat bran", "a further input has lots of its own")
	page, _ = miller.fill("/do/convert", values, "quantity", "60000", "with:wheat-bran", "40000.001", "outputs:feed", "99000", "do", "")
	require.Contains(t, said(page), "takes at most 2/5 of the whole as wheat-bran Have 40 000 kg Need 40 000.001 kg", "the rules say it at the further inputs")
	values.Set("with:wheat-bran", "20000")
	values.Set("attribute:lots-wheat-bran", "10000")
	page, _ = miller.fill("/do/convert", values, "outputs:feed", "80000", "do", "spread:lots-wheat-bran")
	values = fields(page)
	require.Contains(t, said(page), "10 % to 40 % of all inputs")
	page, _ = miller.fill("/do/convert", values, "lots:miller/RCV-2/1", "26000", "do", "try")
	require.Contains(t, said(page), "The rules accept this")
	require.Contains(t, said(page), "New lots")
	page, _ = miller.fill("/do/convert", values, "emissions", "1200", "do", "try")
	require.Contains(t, said(page), "Say how the emissions were found out")
	require.Contains(t, miller.books("/do/convert", values, "method", "Meter readings"), "Converted")
}
