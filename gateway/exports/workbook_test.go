package exports_test

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/exports"
	"github.com/weighbridge/weighbridge/gateway/pdf/pdftest"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// book is a workbook as an auditor opens it.
type book struct {
	t *testing.T
	*excelize.File
}

func workbook(t *testing.T, m *readmodel.Model, site massbalance.SiteID, period massbalance.PeriodID) book {
	t.Helper()
	var out bytes.Buffer
	read(t, m, func(s *readmodel.Snapshot) error { return exports.Workbook(s, site, period, &out) })
	keep(t, string(site)+"-"+string(period)+".xlsx", out.Bytes())
	f, err := excelize.OpenReader(bytes.NewReader(out.Bytes()), excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return book{t, f}
}

func (b book) rows(sheet string) [][]string {
	b.t.Helper()
	rows, err := b.GetRows(sheet)
	require.NoError(b.t, err, sheet)
	return rows
}

// find gives the first row of a sheet that begins so.
func (b book) find(sheet string, begins ...string) []string {
	b.t.Helper()
	for _, row := range b.rows(sheet) {
		if len(row) >= len(begins) && slices.Equal(row[:len(begins)], begins) {
			return row
		}
	}
	b.t.Fatalf("no line %v in %s", begins, sheet)
	return nil
}

// text is all that a sheet says.
func (b book) text(sheet string) string {
	var all []string
	for _, row := range b.rows(sheet) {
		all = append(all, strings.Join(row, " | "))
	}
	return strings.Join(all, "\n")
}

func grams(t *testing.T, text string) *big.Int {
	t.Helper()
	q, err := massbalance.ParseQuantity(text)
	require.NoError(t, err, "%q", text)
	return massbalance.GramsOf(q)
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
		b := workbook(t, m, id.Site, "2026-Q3")
		material, credit := b.find("Reconciliation", named[id.Product], "Material"), b.find("Reconciliation", named[id.Product], "Credit")
		for i, want := range map[int]*big.Int{2: new(big.Int), 3: account.In, 5: account.Out, 7: account.Stock(), 8: account.Stock(), 9: new(big.Int), 10: account.Stock()} {
			require.Zero(t, want.Cmp(grams(t, material[i])), "%s at %s, column %d: %s", id.Product, id.Site, i, material[i])
		}
		for i, want := range map[int]*big.Int{2: new(big.Int), 3: account.CreditIn, 5: account.CreditOut, 6: new(big.Int), 7: account.Credit(), 8: account.Credit(), 9: new(big.Int), 10: account.Credit()} {
			require.Zero(t, want.Cmp(grams(t, credit[i])), "%s at %s, column %d: %s", id.Product, id.Site, i, credit[i])
		}
		require.Equal(t, "agrees", material[11])
	}
}

// What a spreadsheet works out from the formulas is what was stored with them.
func TestEveryFormulaGivesTheStoredValue(t *testing.T) {
	_, m := season(t)
	formulas := 0
	for _, site := range []massbalance.SiteID{"elevator", "mill", "bakery", "brand-hub"} {
		b := workbook(t, m, site, "2026-Q3")
		for _, sheet := range b.GetSheetList() {
			for i, row := range b.rows(sheet) {
				for j := range row {
					cell, err := excelize.CoordinatesToCellName(j+1, i+1)
					require.NoError(t, err)
					formula, err := b.GetCellFormula(sheet, cell)
					require.NoError(t, err)
					if formula == "" {
						continue
					}
					formulas++
					worked, err := b.CalcCellValue(sheet, cell)
					require.NoError(t, err, "%s!%s =%s", sheet, cell, formula)
					require.True(t, same(row[j], worked), "%s!%s =%s gives %s, stored is %s", sheet, cell, formula, worked, row[j])
				}
			}
		}
	}
	require.Greater(t, formulas, 100)
}

// same compares as far as a spreadsheet's numbers reach.
func same(stored, worked string) bool {
	a, _, errA := big.ParseFloat(stored, 10, 64, big.ToNearestEven)
	b, _, errB := big.ParseFloat(worked, 10, 64, big.ToNearestEven)
	if errA != nil || errB != nil {
		return stored == worked
	}
	difference := new(big.Float).Sub(a, b)
	return difference.Abs(difference).Cmp(big.NewFloat(1e-6)) < 0
}

func TestTheWorkbookSaysWhatACertifierLooksFor(t *testing.T) {
	ledger, m := season(t)
	ledger.Declare("SUS-1", massbalance.Suspended, "2026-09-10", "Major non-conformity")
	ledger.Declare("REI-1", massbalance.Reinstated, "2026-09-20", "Corrected")
	b := workbook(t, m, "elevator", "2026-Q3")
	require.Equal(t, []string{"Cover", "Certificates", "Opening balance", "Inputs", "Conversions", "Outputs", "Movements", "Losses and expiry",
		"Closing balance", "Reconciliation", "Claims", "Corrections", "Characteristics", "Signatures"}, b.GetSheetList())
	guide, err := os.ReadFile("../../docs/papers.md")
	require.NoError(t, err)
	for _, sheet := range b.GetSheetList() {
		require.Contains(t, string(guide), "\n| "+sheet+" | ", "docs/papers.md says what is there")
	}
	cover := b.text("Cover")
	for _, want := range []string{
		"Growers' Co-operative (growers)", "River elevator (elevator)", "2026-07-01", "credit method", "segregated, mass balance", "CERT-2026-04 | Certification Body | REGEN-PLUS",
		"valid, reinstated on 2026-09-20", "True at block", "Hash of that block (SHA-256) | " + blockHash(t, m), "differences 0.000 kg", "Postal address | not recorded",
	} {
		require.Contains(t, cover, want)
	}
	require.Contains(t, b.text("Certificates"), "SUS-1 | suspended")
	inputs := b.text("Inputs")
	require.Contains(t, inputs, "introduce | WB-INT-1 | Hof Lindenau | DE-BB | CERT-2026-04 of Certification Body | statement VS-2026-011 | Winter wheat | 29400 | 29400")
	require.Contains(t, inputs, "take in | WB-TAKE-1 | Members without verification |  | none: undifferentiated |  | Winter wheat | 240000 |  | 240000")
	require.Contains(t, b.text("Outputs"), "CMR-DSP-1 | Oderbruch Mills | Oderbruch mill | none on the ledger | growers/DSP-1 | Winter wheat | 180000 | 29400 |  |  | 360 | segregated | C1")
	require.Contains(t, b.text("Characteristics"), "C1 | REGEN-PLUS | DE | DE-BB | not recorded | 2026 | cover-crops, no-till | 0.182 | 0.094 | not recorded")
	require.Contains(t, b.text("Signatures"), "Audited by, certification body")

	mill := workbook(t, m, "mill", "2026-Q3")
	require.Contains(t, mill.text("Inputs"), "WB-5501, CMR-DSP-1 | Growers' Co-operative | River elevator | CERT-2026-04 of Certification Body | growers/DSP-1")
	require.Contains(t, mill.text("Conversions"), "Straight flour, 72 % extraction | Winter wheat | 250000 | Wheat flour | 179120 | 0.72 | 180000 | 0.71648 | yes")
	require.Contains(t, mill.text("Losses and expiry"), "not passed on by the conversion")
	require.Contains(t, workbook(t, m, "brand-hub", "2026-Q3").text("Claims"), "brand/CLM-1 | Wheat flour | 20000.777 | Morgenbrot rolls, 500 g | 2026")
}

func blockHash(t *testing.T, m *readmodel.Model) string {
	head, err := m.Head(t.Context())
	require.NoError(t, err)
	return hex.EncodeToString(head[:])
}

// Each record that moved something stands on one of the sheets that show what
// moved, and on the sheet of all movements.
func TestNoRecordIsLeftOut(t *testing.T) {
	_, m := season(t)
	for _, site := range []massbalance.SiteID{"elevator", "mill", "bakery", "brand-hub"} {
		b := workbook(t, m, site, "2026-Q3")
		shown, moved := map[string]bool{}, map[string]bool{}
		for _, sheet := range []string{"Inputs", "Outputs", "Conversions", "Claims", "Corrections"} {
			for _, row := range b.rows(sheet) {
				shown[row0(row)] = true
			}
		}
		read(t, m, func(s *readmodel.Snapshot) error {
			listing, err := s.Entries(readmodel.EntryFilter{Site: site}, readmodel.Page{Limit: readmodel.MaxLimit})
			for _, e := range listing.Items {
				if len(e.Record.Materials)+len(e.Record.Credits) > 0 {
					moved[new(big.Int).SetUint64(e.Record.Sequence).String()] = true
				}
			}
			return err
		})
		require.NotEmpty(t, moved)
		movements := b.text("Movements")
		for sequence := range moved {
			require.True(t, shown[sequence], "record %s of %s", sequence, site)
			require.Contains(t, movements, "\n"+sequence+" | ")
		}
	}
}

func row0(row []string) string {
	if len(row) == 0 {
		return ""
	}
	return row[0]
}

// close closes the elevator's period with a count, and opens the next.
func closeElevator(t *testing.T, ledger *ledgertest.Ledger, m *readmodel.Model, counted massbalance.Quantity) {
	t.Helper()
	var balances []massbalance.AccountBalance
	read(t, m, func(s *readmodel.Snapshot) error {
		accounts, err := s.AllAccounts("elevator")
		for _, a := range accounts {
			balances = append(balances, massbalance.AccountBalance{Product: a.Product, Balance: a.Stock()})
		}
		return err
	})
	ledger.Must(ledgertest.Growers, ledgertest.Command("CLOSE", "2026-09-30", massbalance.ClosePeriod{
		Site: "elevator", Period: "2026-Q3", Balances: balances, Counts: []massbalance.AccountBalance{{Product: "wheat", Balance: counted}}}))
	ledger.Must(ledgertest.Growers, ledgertest.Command("OPEN", "2026-10-01", massbalance.OpenPeriod{Site: "elevator", Period: "2026-Q4", From: "2026-10-01", To: "2026-12-31"}))
}

func TestAPeriodBeginsWhereTheLastOneEnded(t *testing.T) {
	ledger, m := season(t)
	book := workbook(t, m, "elevator", "2026-Q3").find("Reconciliation", "Winter wheat", "Material")[8]
	counted := ledgertest.Kg("319000")
	closeElevator(t, ledger, m, counted)
	load := ledgertest.Command("LATE", "2026-10-02", massbalance.TakeIn{Site: "elevator", Product: "wheat", Quantity: ledgertest.Kg("1000.125"), Supplier: "S", Evidence: "WB-LATE"})
	load.Period = "2026-Q4"
	ledger.Must(ledgertest.Growers, load)

	closed := workbook(t, m, "elevator", "2026-Q3")
	material := closed.find("Reconciliation", "Winter wheat", "Material")
	missing := new(big.Int).Sub(grams(t, book), massbalance.GramsOf(counted))
	require.Equal(t, 1, missing.Sign())
	require.Zero(t, missing.Cmp(grams(t, material[6])), "what the count found missing: %s", material[6])
	require.Equal(t, []string{"319000", "319000", "0", "319000", "agrees"}, material[7:12])
	physical := closed.find("Reconciliation", "Winter wheat", "Material", book)
	require.Equal(t, "319000", physical[3])
	require.Contains(t, physical[11], "missing at the count and booked out as loss")
	require.Contains(t, closed.text("Cover"), "closed by record no.")
	require.Contains(t, closed.text("Cover"), "SHA-256 ")
	require.Contains(t, closed.text("Losses and expiry"), "close period | stock count | Winter wheat |  |  | "+massbalance.FormatGrams(missing))
	require.NotContains(t, closed.text("Inputs"), "WB-LATE", "what was closed stays")

	next := workbook(t, m, "elevator", "2026-Q4")
	after := next.find("Reconciliation", "Winter wheat", "Material")
	require.Equal(t, []string{"319000", "1000.125", "0", "0", "0", "320000.125", "320000.125", "0"}, after[2:10])
	require.Equal(t, after[2], next.find("Opening balance", "Winter wheat")[2])
	require.Equal(t, closed.find("Closing balance", "Total")[2:3], next.find("Opening balance", "Total")[2:3], "the lots carried in are the lots carried over")

	var out bytes.Buffer
	err := m.Read(t.Context(), func(s *readmodel.Snapshot) error { return exports.Workbook(s, "elevator", "1999", &out) })
	var none *readmodel.NotFound
	require.ErrorAs(t, err, &none)
	require.Zero(t, out.Len(), "nothing of a workbook that fails is sent")
}

func TestARecallStandsInTheWorkbook(t *testing.T) {
	ledger, m := season(t)
	ledger.Find("VS-2026-011", "invented harvest")
	require.Contains(t, workbook(t, m, "elevator", "2026-Q3").text("Claims"), "FF-VS-2026-011 | VS-2026-011 | Certification Body")
}

// The workbook opens, whole and without a faulty formula, in another program than
// the library that wrote it. Where that program is not
// installed the test is left out, in continuous integration as well: it is as
// large as everything else that is tested here.
func TestTheWorkbookOpensInLibreOffice(t *testing.T) {
	if testing.Short() {
		t.Skip("starts LibreOffice")
	}
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice is not installed: apt install libreoffice-calc-nogui")
	}
	_, m := season(t)
	dir := t.TempDir()
	var out bytes.Buffer
	read(t, m, func(s *readmodel.Snapshot) error { return exports.Workbook(s, "mill", "2026-Q3", &out) })
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mill.xlsx"), out.Bytes(), 0o600))
	command := exec.CommandContext(t.Context(), office, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", "pdf", "--outdir", dir, filepath.Join(dir, "mill.xlsx"))
	said, err := command.CombinedOutput()
	require.NoError(t, err, "%s", said)
	printed, err := os.ReadFile(filepath.Join(dir, "mill.pdf"))
	require.NoError(t, err, "%s", said)
	text := pdftest.Text(t, printed)
	for _, want := range []string{"Mass balance record", "299,680.000", "180,000.000", "Audited by, certification body", "Page 14 of 14"} {
		require.Contains(t, text, want)
	}
	require.NotRegexp(t, `#(REF|NAME|VALUE|DIV)|Err:5`, text)
}
