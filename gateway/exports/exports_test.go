package exports_test

import (
	"bytes"
	"math/big"
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
	"github.com/weighbridge/weighbridge/gateway/table"
)

func season(t *testing.T) (*ledgertest.Ledger, *readmodel.Model) {
	t.Helper()
	ledger := ledgertest.New(t)
	ledger.Season()
	model := ledger.Model()
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

func workbook(t *testing.T, m *readmodel.Model, site massbalance.SiteID, period massbalance.PeriodID) []table.Line {
	t.Helper()
	var out bytes.Buffer
	read(t, m, func(s *readmodel.Snapshot) error { return exports.Workbook(s, site, period, &out) })
	keep(t, string(site)+"-"+string(period)+".xlsx", out.Bytes())
	summary, _, err := table.Lines(out.Bytes())
	require.NoError(t, err)
	return summary
}

// row finds a line of the summary and gives its figures.
func row(t *testing.T, summary []table.Line, product, what string) []string {
	t.Helper()
	for _, line := range summary {
		if len(line.Cells) > 8 && line.Cells[0].Text == product && line.Cells[1].Text == what {
			var figures []string
			for _, c := range line.Cells[2:] {
				figures = append(figures, c.Text)
			}
			return figures
		}
	}
	t.Fatalf("no line for the %s of %s", what, product)
	return nil
}

// The workbook's figures are those of a recount that shares no code with it.
func TestTheWorkbookAgreesWithARecount(t *testing.T) {
	ledger, m := season(t)
	var entries []massbalance.Entry
	for _, b := range ledger.Blocks() {
		for _, tx := range b.Transactions {
			entries = append(entries, tx.Entries...)
		}
	}
	tally := massbalance.Recount(entries)
	require.Empty(t, tally.Findings)
	named := map[massbalance.ProductID]string{"wheat": "Winter wheat", "wheat-flour": "Wheat flour", "wheat-bran": "Wheat bran"}
	for id, account := range tally.Accounts {
		summary := workbook(t, m, id.Site, "2026-Q3")
		material := row(t, summary, named[id.Product], "Material")
		credit := row(t, summary, named[id.Product], "Credit")
		same := func(want *big.Int, got string) {
			t.Helper()
			q, err := massbalance.ParseQuantity(got)
			require.NoError(t, err)
			require.Equal(t, want, massbalance.GramsOf(q), "%s at %s", id.Product, id.Site)
		}
		for i, want := range []*big.Int{new(big.Int), account.In, account.Out} {
			same(want, material[i])
		}
		for i, want := range []*big.Int{new(big.Int), account.CreditIn, account.CreditOut} {
			same(want, credit[i])
		}
		same(account.Stock(), material[4])
		same(account.Credit(), credit[4])
		require.Equal(t, []string{material[4], "0"}, material[5:], "the account says the same")
		require.Equal(t, []string{credit[4], "0"}, credit[5:])
	}
}

func TestAPeriodBeginsWhereTheLastOneEnded(t *testing.T) {
	ledger, m := season(t)
	var balances []massbalance.AccountBalance
	read(t, m, func(s *readmodel.Snapshot) error {
		accounts, err := s.AllAccounts("elevator")
		for _, a := range accounts {
			balances = append(balances, massbalance.AccountBalance{Product: a.Product, Balance: a.Stock()})
		}
		return err
	})
	before := row(t, workbook(t, m, "elevator", "2026-Q3"), "Winter wheat", "Material")
	ledger.Must(ledgertest.Growers, ledgertest.Command("CLOSE", "2026-09-30", massbalance.ClosePeriod{Site: "elevator", Period: "2026-Q3", Balances: balances}))
	ledger.Must(ledgertest.Growers, ledgertest.Command("OPEN", "2026-10-01", massbalance.OpenPeriod{Site: "elevator", Period: "2026-Q4", From: "2026-10-01", To: "2026-12-31"}))
	load := ledgertest.Command("LATE", "2026-10-02", massbalance.TakeIn{Site: "elevator", Product: "wheat", Quantity: ledgertest.Kg("1000.125"), Supplier: "S", Evidence: "WB-LATE"})
	load.Period = "2026-Q4"
	ledger.Must(ledgertest.Growers, load)
	require.Equal(t, before, row(t, workbook(t, m, "elevator", "2026-Q3"), "Winter wheat", "Material"), "what was closed stays")
	after := row(t, workbook(t, m, "elevator", "2026-Q4"), "Winter wheat", "Material")
	require.Equal(t, before[4], after[0])
	require.Equal(t, []string{"1000.125", "0"}, after[1:3])
	require.Equal(t, "0", after[6])
	var out bytes.Buffer
	err := m.Read(t.Context(), func(s *readmodel.Snapshot) error { return exports.Workbook(s, "elevator", "1999", &out) })
	var missing *readmodel.NotFound
	require.ErrorAs(t, err, &missing)
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
		document, err := d.PDF("http://127.0.0.1:8101/api/v1/transfers/miller/DSP-1")
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
		document, err := exports.ClaimCertificate(s, "brand/CLM-1", "http://127.0.0.1:8104/api/v1/claims/brand/CLM-1")
		require.NoError(t, err)
		keep(t, "claim.pdf", document)
		require.True(t, bytes.HasSuffix(document, []byte("%%EOF\n")))
		again, err := exports.ClaimCertificate(s, "brand/CLM-1", "http://127.0.0.1:8104/api/v1/claims/brand/CLM-1")
		require.Equal(t, document, again, "the same claim gives the same bytes")
		return err
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
	sound, err := d.PDF("http://127.0.0.1/")
	require.NoError(t, err)
	require.False(t, strings.Contains(pdftest.Text(t, sound), "recalled"))
	d.Origins[0].Recalled = "finding F-1: invented harvest"
	recalled, err := d.PDF("http://127.0.0.1/")
	require.NoError(t, err)
	require.Contains(t, strings.Join(strings.Fields(pdftest.Text(t, recalled)), " "), "which is recalled by finding F-1:")
	keep(t, "recalled.pdf", recalled)
}
