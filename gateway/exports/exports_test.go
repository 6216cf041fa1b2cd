package exports_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/exports"
	"github.com/weighbridge/weighbridge/gateway/pdf/pdftest"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/replay"
	"github.com/weighbridge/weighbridge/gateway/table"
)

func season(t *testing.T) (*ledgertest.Ledger, *readmodel.Model) {
	t.Helper()
	ledger := ledgertest.New(t)
	ledger.Season()
	model, err := readmodel.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, model.Close()) })
	ledger.Follow(func(b replay.Block) {
		b.Hash = sha256.Sum256([]byte{byte(b.Number)}) // the test's ledger has no blocks to hash
		require.NoError(t, model.Apply(t.Context(), b))
	})
	return ledger, model
}

func read(t *testing.T, m *readmodel.Model, look func(*readmodel.Snapshot) error) {
	t.Helper()
	require.NoError(t, m.Read(t.Context(), look))
}

// keep leaves a document where it can be looked at.
func keep(t *testing.T, name string, content []byte) {
	if dir := os.Getenv("KEEP_DOCUMENTS"); dir != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
}

func TestTheDeclarationOfATransfer(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) error {
		d, err := exports.NewDeclaration(s, "miller/DSP-1")
		require.NoError(t, err)
		require.Equal(t, []any{"Wheat flour", "120000", "81000", "39000"}, []any{d.ProductDescription, d.Quantity.String(), d.Attributed.String(), d.Undifferentiated.String()})
		require.Equal(t, massbalance.SiteID("mill"), d.LastProcessingSite)
		require.Equal(t, []any{"Oderbruch Mills", "Havel Bakeries"}, []any{d.Supplier.Name, d.Customer.Name})
		require.NotEmpty(t, d.Lines[0].Wording)
		sum := d.Rounding
		for _, o := range d.Origins {
			require.NotEmpty(t, o.Certificate)
			sum = sum.Add(o.Quantity)
		}
		require.Equal(t, d.Attributed.String(), sum.String())
		document, err := d.PDF(exports.Address{URL: "http://127.0.0.1:8101/api/v1/transfers/miller/DSP-1"})
		require.True(t, bytes.HasPrefix(document, []byte("%PDF-1.")))
		keep(t, "declaration.pdf", document)
		first, err2 := exports.NewDeclaration(s, "growers/DSP-2")
		require.NoError(t, err2)
		require.Empty(t, first.LastProcessingSite)
		return err
	})
}

func TestTheCertificateOfAClaim(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) error {
		document, err := exports.ClaimCertificate(s, "brand/CLM-1", exports.Address{URL: "http://127.0.0.1:8104/api/v1/claims/brand/CLM-1"})
		require.NoError(t, err)
		keep(t, "claim.pdf", document)
		require.True(t, bytes.HasSuffix(document, []byte("%%EOF\n")))
		again, err := exports.ClaimCertificate(s, "brand/CLM-1", exports.Address{URL: "http://127.0.0.1:8104/api/v1/claims/brand/CLM-1"})
		require.Equal(t, document, again, "the same claim gives the same bytes")
		return err
	})
}

// The fields that standards of the field list for a declaration (RSB PRO-20-001
// Annex I as given by BOOST, UNTP, PACT), with what the season's second shipment
// says to each. What the ledger can't know is said to be not recorded.
func TestADeclarationHasEveryField(t *testing.T) {
	_, m := season(t)
	var d exports.Declaration
	read(t, m, func(s *readmodel.Snapshot) (err error) {
		d, err = exports.NewDeclaration(s, "miller/DSP-1")
		return err
	})
	want := [][2]string{
		{"Document number", "miller/DSP-1"}, {"Status", "received 2026-08-20"}, {"Batches", "miller/CNV-1/1; miller/CNV-1/2"}, {"Product", "Wheat flour"},
		{"Raw material", "Winter wheat"}, {"Specification of the raw material", "not recorded"},
		{"Country of origin", "DE"}, {"Region of origin", "DE-BB"}, {"Land unit", "not recorded"},
		{"Quantity", "120000 kg"}, {"Quantity with characteristics", "81000 kg"}, {"Date of shipment", "2026-08-19"}, {"Date of acquisition", "2026-08-20"},
		{"Supplier", "Oderbruch Mills (miller), Oderbruch mill (mill), DE-BB, DE"}, {"Supplier's postal address", "not recorded"},
		{"Customer", "Havel Bakeries (manufacturer), Havel bakery (bakery), DE-BB, DE"}, {"Customer's postal address", "not recorded"},
		{"Last processing site", "mill"}, {"Scheme", "REGEN-PLUS"}, {"Sustainability claim", massbalance.MassBalance.Wording()}, {"Practices", "cover-crops, no-till; reduced-tillage"},
		{"Supplier's certificate", "not recorded"}, {"Supplier's certification body", "not recorded"}, {"Producers' certificates", "CERT-2026-04 of Certification Body"},
		{"Custody model used by the supplier", "mass balance"}, {"Greenhouse gas intensity", ""}, {"Greenhouse gas method", ""}, {"Figures on merging", "keep separate"},
		{"Delivery notes", "CMR-DSP-1"}, {"Invoice", "not recorded"}, {"Mass balance period", "2026-Q3"},
		{"Conversion factors", "milling version 1: wheat to wheat-flour at most 18/25 (Straight flour, 72 % extraction)"},
		{"Preceding documents", "growers/DSP-1, growers/DSP-2"},
	}
	fields := d.Fields()
	require.Len(t, fields, len(want))
	guide, err := os.ReadFile("../../docs/papers.md")
	require.NoError(t, err)
	for i, f := range fields {
		require.Contains(t, string(guide), f.Name, "docs/papers.md says where it comes from")
		require.Equal(t, want[i][0], f.Name)
		require.NotEmpty(t, f.From, f.Name)
		if want[i][1] != "" {
			require.Equal(t, want[i][1], f.Value, f.Name)
		}
	}
	require.Contains(t, fields[25].Value, "fossil 0.182, land management 0.094, land-use change 0,")
	require.Contains(t, fields[25].Value, "removals -0.031")
	require.Contains(t, fields[26].Value, "PACT v3, primary data")

	document, err := d.PDF(exports.Address{URL: "http://127.0.0.1/"})
	require.NoError(t, err)
	text := strings.Join(strings.Fields(pdftest.Text(t, document)), " ")
	var file bytes.Buffer
	require.NoError(t, d.CSV(&file))
	lines, _, err := table.Lines(file.Bytes())
	require.NoError(t, err)
	require.Len(t, lines, len(fields)+2)
	for i, f := range fields {
		require.Contains(t, text, f.Name, "on the paper, too")
		require.Equal(t, []string{f.Name, strings.TrimSpace(f.Value)}, []string{lines[i+1].Cells[0].Text, lines[i+1].Cells[1].Text})
	}

	read(t, m, func(s *readmodel.Snapshot) (err error) {
		d, err = exports.NewDeclaration(s, "growers/DSP-2")
		return err
	})
	require.Equal(t, "CERT-2026-04, valid", d.Fields()[21].Value)
	require.Equal(t, "not recorded", d.Fields()[17].Value, "it was never converted")
	require.Equal(t, "not recorded", d.Fields()[32].Value, "nothing precedes a harvest but its statement")
}

func TestAClaimThatNoLongerStandsSaysSoOnEveryPage(t *testing.T) {
	ledger, m := season(t)
	certificate := func() string {
		var document []byte
		read(t, m, func(s *readmodel.Snapshot) (err error) {
			document, err = exports.ClaimCertificate(s, "brand/CLM-1", exports.Address{URL: "https://weighbridge.example/claims/brand/CLM-1/bundle"})
			return err
		})
		keep(t, "claim-void.pdf", document)
		return pdftest.Text(t, document)
	}
	sound := certificate()
	require.NotContains(t, sound, "RECALLED")
	require.NotContains(t, sound, "publicURL")
	ledger.Find("VS-2026-011", "invented harvest")
	trace := massbalance.TraceRecall{Certifier: ledgertest.Certifier, Statement: "VS-2026-011"}
	read(t, m, func(s *readmodel.Snapshot) error {
		reach, err := s.Reach(ledgertest.Certifier, "VS-2026-011")
		trace.Claims = reach.Untraced.Claims
		for _, id := range reach.Lots {
			if lot, err := readmodel.Need[massbalance.Lot](s, massbalance.LotKey(id)); err == nil && lot.Statement == "" {
				trace.Lots = append(trace.Lots, id)
			}
		}
		trace.Claims = reach.Claims
		return err
	})
	ledger.Must(ledgertest.Miller, ledgertest.Command("TRACE", "2026-09-02", trace))
	recalled := certificate()
	pages := strings.Split(strings.TrimSuffix(recalled, "\f"), "\f")
	for _, page := range pages {
		require.Contains(t, page, "RECALLED IN PART OR WHOLE")
	}
	require.Contains(t, strings.Join(strings.Fields(recalled), " "), "kg of this claim rest on recalled statements (VS-2026-011); 0 kg of that were covered")
}

func TestAPaperSaysWhereItsCodeLeadsOnlyLocally(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) error {
		document, err := exports.ClaimCertificate(s, "brand/CLM-1", exports.Address{URL: "http://127.0.0.1:8104/claims/brand/CLM-1/bundle", Local: true})
		require.NoError(t, err)
		require.Contains(t, strings.Join(strings.Fields(pdftest.Text(t, document)), " "), "not told its public address (setting publicURL)")
		return nil
	})
}

func TestADocumentSaysWhatNoLongerStands(t *testing.T) {
	_, m := season(t)
	var d exports.Declaration
	read(t, m, func(s *readmodel.Snapshot) (err error) {
		d, err = exports.NewDeclaration(s, "miller/DSP-1")
		return err
	})
	require.Empty(t, d.Origins[0].Recalled)
	sound, err := d.PDF(exports.Address{URL: "http://127.0.0.1/"})
	require.NoError(t, err)
	require.False(t, strings.Contains(pdftest.Text(t, sound), "recalled"))
	d.Origins[0].Recalled = "finding F-1: invented harvest"
	recalled, err := d.PDF(exports.Address{URL: "http://127.0.0.1/"})
	require.NoError(t, err)
	require.Contains(t, strings.Join(strings.Fields(pdftest.Text(t, recalled)), " "), "which is recalled by finding F-1:")
	keep(t, "recalled.pdf", recalled)
}
