package console_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// flourAverage adopts an average for flour.
func (d *desks) flourAverage() {
	d.t.Helper()
	intensity, err := massbalance.ParseIntensity("0.5")
	require.NoError(d.t, err)
	for _, org := range []massbalance.OrganisationID{"growers", "miller", "manufacturer"} {
		d.ledger.Must(org, ledgertest.Command("BASE-2", "2026-08-01", massbalance.RegisterBaseline{Baseline: massbalance.Baseline{
			Product: "wheat-flour", Region: "DE-BB", Intensity: intensity, Source: "test", Version: 1}}))
	}
}

// later brings 10 t of flour to the brand in the year after, once the books of both are there.
func (d *desks) later(bakery, brand *served) {
	d.t.Helper()
	for range 2 {
		for site, s := range map[string]*served{"bakery": bakery, "brand-hub": brand} {
			_, values := s.drawn("/do/close-period?site=" + site)
			s.books("/do/close-period", values, "sure", "yes")
			_, values = s.drawn("/do/open-period?site=" + site)
			s.books("/do/open-period", values)
		}
	}
	d.ledger.Must("manufacturer", massbalance.Command{ID: "DSP-27", Date: "2027-01-10", Period: "2027-Q1", Body: massbalance.Dispatch{Site: "bakery", To: "brand-hub", Product: "wheat-flour", Quantity: ledgertest.Kg("10000")}})
	d.ledger.Must("brand", massbalance.Command{ID: "RCV-27", Date: "2027-01-11", Period: "2027-Q1", Body: massbalance.Receive{Site: "brand-hub", Transfer: "manufacturer/DSP-27", Quantity: ledgertest.Kg("10000"), Evidence: "WB-27"}})
}

// The year of a brand: claimed volume at its own figures, the rest at what the
// members adopted, what changed, and each figure's way to where it comes from.
func TestTheYearOfABrand(t *testing.T) {
	d := newDesks(t)
	brand, _ := d.of("brand")
	page, _ := brand.get("/scope3?year=2024", http.StatusOK)
	require.Contains(t, said(page), "Nothing was bought in 2024")
	page, _ = brand.get("/scope3", http.StatusOK)
	require.Contains(t, said(page), "without a factor that the members adopted")
	d.flourAverage()
	page, _ = brand.get("/scope3", http.StatusOK)
	for _, want := range []string{"purchased goods of Morgenbrot in 2026", "Claimed: its own figures brand/CLM-1 proof", "Land-use change", "Removalsnot set off against emissions", "Mass balance", "Nothing was bought in 2025, so there is no year to compare with."} {
		require.Contains(t, said(page), want)
	}
	require.Contains(t, page, `href="/api/v1/claims/brand/CLM-1/bundle"`)
	bakery, _ := d.of("manufacturer")
	d.later(bakery, brand)
	page, _ = brand.get("/scope3?year=2027", http.StatusOK)
	// Nothing is claimed for that year: 10 t at the average of 0.5.
	for _, want := range []string{"purchased goods of Morgenbrot in 2027", "5.00 t CO₂e", "Adopted average0.5 kg CO₂e/kg (version 1) deliveries", "From 2026 to 2027", "VolumeMore or less bought", "2027What was bought in this year 5.00"} {
		require.Contains(t, said(page), want)
	}
	certifier, _ := d.of("certifier")
	page, _ = certifier.get("/scope3?organisation=brand", http.StatusOK)
	require.Contains(t, said(page), "purchased goods of Morgenbrot in 2027")
	require.Contains(t, said(page), "A member plans its own year")
	file := brand.fetch("/scope3?organisation=brand&year=2026&export=goods.csv", "text/csv")
	require.Contains(t, file, "Claimed: its own figures")
	brand.fetch("/scope3?organisation=brand&year=2026&export=figures.xlsx", "spreadsheetml")
	brand.fetch("/api/v1/scope3/brand/2026/report.csv", "text/csv")
}

// Without a year the page opens at the last one that has something to report, and
// at this one only where there is nothing; a claim is proposed for its own date's year.
func TestTheYearThatNobodyAskedForIsTheLastWithFigures(t *testing.T) {
	d := newDesks(t)
	years := d.on(d.today.AddDate(2, 0, 0))
	brand, _ := years.of("brand")
	page, _ := brand.get("/scope3", http.StatusOK)
	require.Contains(t, said(page), "purchased goods of Morgenbrot in 2026")
	require.Contains(t, said(page), "brand/CLM-1")
	page, _ = brand.get("/scope3?organisation=miller&year=soon", http.StatusOK)
	require.Contains(t, said(page), "purchased goods of Oderbruch Mills in 2026", "what it took in and received counts, too")
	page, _ = brand.get("/scope3?organisation=certifier", http.StatusOK)
	require.Contains(t, said(page), "Nothing was bought in 2028")
	page, _ = brand.get("/scope3?year=2028", http.StatusOK)
	require.Contains(t, said(page), "Nothing was bought in 2028", "it may still be asked for")
	_, values := brand.drawn("/do/claim?site=brand-hub&product=wheat-flour")
	require.Equal(t, []string{"2026-09-30", "2026"}, []string{values.Get("date"), values.Get("year")})
}

// What is on offer can be tried: what the year would come to, and what a tonne
// avoided would cost.
func TestAYearIsPlannedFromOffers(t *testing.T) {
	d := newDesks(t)
	d.flourAverage()
	bakery, _ := d.of("manufacturer")
	brand, _ := d.of("brand")
	d.ship("DSP-9")
	d.ledger.Must("brand", ledgertest.Command("RCV-9", "2026-08-26", massbalance.Receive{Site: "brand-hub", Transfer: "manufacturer/DSP-9", Quantity: ledgertest.Kg("5000"), Evidence: "WB-90"}))
	page, _ := brand.get("/scope3", http.StatusOK)
	require.Contains(t, said(page), "Nothing is on offer to you now")
	_, values := bakery.drawn("/do/offer?site=bakery&source=lots&product=wheat-flour")
	page, _ = bakery.fill("/do/offer", values, "lots:manufacturer/RCV-1/2", "4000", "public", "some", "to:brand", "yes", "do", "draw")
	bakery.books("/do/offer", boxed(page), "premium", "30")
	page, _ = brand.get("/scope3", http.StatusOK)
	require.Contains(t, said(page), "30.00 EUR per tas on the table")
	values = fields(page)
	page, _ = brand.fill("/scope3", values)
	require.Contains(t, said(page), "Nothing is chosen yet")
	for name := range values {
		if name[:3] == "kg:" {
			values.Set("take:"+name[3:], "yes")
		}
	}
	page, response := brand.fill("/scope3", values)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Regexp(t, `[0-9.]+ t CO₂e instead of [0-9.]+: [0-9.]+ t avoided`, said(page))
	require.Regexp(t, `Havel Bakeries Wheat flour 4 000 [0-9.]+ [0-9.]+ EUR`, said(page), "what is used, avoided, and the cost of a tonne")
	file, response := brand.fill("/scope3?export=plan.csv", values)
	require.Equal(t, "text/csv; charset=utf-8", response.Header.Get("Content-Type"))
	require.Regexp(t, `(?m)^Havel Bakeries,Wheat flour,4000,[0-9.]+,[0-9.]+.EUR`, file)
	for name := range values {
		if name[:3] == "kg:" {
			values.Set(name, "4.000,5,1")
		}
	}
	page, _ = brand.fill("/scope3", values)
	require.Contains(t, page, `class="why" role="alert"`)
}
