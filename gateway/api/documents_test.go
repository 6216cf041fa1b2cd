package api_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/pdf/pdftest"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/table"
)

const xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// lists are all lists of the description, with a filter where one is needed.
func lists(t *testing.T) (paths []string) {
	d, _ := openAPI(t)
	for path, methods := range d.Paths {
		if get := string(methods["get"]); strings.Contains(get, `"text/csv"`) && strings.Contains(get, `"application/json"`) {
			paths = append(paths, strings.NewReplacer("{site}", "mill", "{organisation}", "growers", "{command}", "INT-1", "{number}", "1").Replace(path))
		}
	}
	require.Greater(t, len(paths), 9)
	return paths
}

// Every list can be had as a file in both forms, and both hold the same.
func TestEveryListIsAFileToo(t *testing.T) {
	g := serve(t)
	for _, path := range lists(t) {
		text := g.get(path + "?format=csv")
		require.Equal(t, http.StatusOK, text.StatusCode, "%s: %s", path, text.body)
		require.Equal(t, "text/csv; charset=utf-8", text.Header.Get("Content-Type"))
		require.Contains(t, text.Header.Get("Content-Disposition"), ".csv")
		require.NotEmpty(t, text.Header.Get("Weighbridge-Height"))
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text.body, "\ufeff"))).ReadAll()
		require.NoError(t, err, path)
		require.Equal(t, text.body, g.do(http.MethodGet, path, "", "Accept", "text/csv").body)
		book := g.get(path + "?format=xlsx")
		require.Equal(t, xlsx, book.Header.Get("Content-Type"))
		require.Equal(t, xlsx, g.do(http.MethodGet, path, "", "Accept", xlsx).Header.Get("Content-Type"))
		lines, _, err := table.Lines([]byte(book.body))
		require.NoError(t, err, path)
		require.Len(t, lines, len(rows), path)
		require.Equal(t, "application/json", g.get(path+"?format=json").Header.Get("Content-Type"))
	}
	g.get("/api/v1/lots?format=pdf").problem(t, http.StatusUnprocessableEntity)
}

func TestAFileHoldsTheWholeListAndExactFigures(t *testing.T) {
	g := serve(t)
	for i := range 12 {
		require.Equal(t, http.StatusOK, g.post(takeIn("MANY-"+string(rune('a'+i)), "1.001")).StatusCode)
	}
	rows, err := csv.NewReader(strings.NewReader(g.get("/api/v1/records?format=csv&limit=3").body)).ReadAll()
	require.NoError(t, err)
	require.Greater(t, len(rows), 40, "a limit is for pages")
	file := g.get("/api/v1/lots?site=elevator&available=true&format=csv").body
	require.Contains(t, file, "86240.125")
	require.Contains(t, strings.SplitN(file, "\n", 2)[0], "lot,site,product,characteristics,model,quantity kg")
	require.Contains(t, g.get("/api/v1/transfers?format=csv").body, "growers/INT-1/1=29400; growers/INT-2/1=100000")
}

// A list of what is on its way, filled in at the scale, is a list of receipts.
func TestAnExportedTransferListImportsAsReceipts(t *testing.T) {
	g := serve(t, func(o *api.Options) { o.Organisation = ledgertest.Miller })
	exported := g.get("/api/v1/transfers?site=mill&direction=in&status=in_transit&format=csv").body
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(exported, "\ufeff"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 2)
	rows[0], rows[1] = append(rows[0], "date"), append(rows[1], "2026-08-15")
	for i, column := range rows[0] {
		if column == "arrived kg" {
			rows[1][i] = "24990"
		}
	}
	var file strings.Builder
	require.NoError(t, csv.NewWriter(&file).WriteAll(rows))
	r := g.upload("kind=receipts&site=mill&dryRun=true", file.String())
	require.Equal(t, http.StatusOK, r.StatusCode, r.body)
	require.Contains(t, r.body, "receive 24990 kg of transfer growers/DSP-4")
	require.Contains(t, r.body, `"outcome":"`+string(imports.Accepted)+`"`)
}

func TestDocumentsAreServed(t *testing.T) {
	g := serve(t)
	for path, want := range map[string][2]string{
		"/api/v1/sites/mill/workbook":                    {xlsx, "mass-balance-mill-2026-Q3.xlsx"},
		"/api/v1/sites/mill/workbook?period=2026-Q3":     {xlsx, "mass-balance-mill-2026-Q3.xlsx"},
		"/api/v1/claims/brand/CLM-1/certificate":         {"application/pdf", "claim-brand-CLM-1.pdf"},
		"/api/v1/transfers/miller/DSP-1/declaration.pdf": {"application/pdf", "declaration-miller-DSP-1.pdf"},
	} {
		r := g.get(path)
		require.Equal(t, http.StatusOK, r.StatusCode, "%s: %s", path, r.body)
		require.Equal(t, want[0], r.Header.Get("Content-Type"))
		require.Contains(t, r.Header.Get("Content-Disposition"), want[1])
		require.NotEmpty(t, r.Header.Get("Weighbridge-Height"))
	}
	fields := g.get("/api/v1/transfers/miller/DSP-1/declaration.csv")
	require.Contains(t, fields.Header.Get("Content-Disposition"), "declaration-miller-DSP-1.csv")
	require.Contains(t, fields.body, "Invoice,not recorded,")
	declaration := g.get("/api/v1/transfers/miller/DSP-1/declaration")
	require.Contains(t, declaration.body, `"attributed":"81000","undifferentiated":"39000"`)
	for _, path := range []string{"/sites/none/workbook", "/sites/mill/workbook?period=none", "/claims/brand/none/certificate", "/transfers/miller/none/declaration", "/transfers/miller/none/declaration.pdf", "/transfers/miller/none/declaration.csv"} {
		g.get("/api/v1"+path).problem(t, http.StatusNotFound)
	}
}

// The code of a document leads to the public address, whatever name it was asked
// for by, and the document says so where there is none.
func TestDocumentsLeadToThePublicAddress(t *testing.T) {
	g := serve(t, func(o *api.Options) {
		o.PublicURL, o.ListensOn = "https://weighbridge.mill.example/", "http://127.0.0.1:8101"
	})
	text := strings.Join(strings.Fields(pdftest.Text(t, []byte(g.get("/api/v1/claims/brand/CLM-1/certificate").body))), " ")
	require.Contains(t, text, "https://weighbridge.mill.example/claims/brand/CLM-1/bundle:")
	require.NotContains(t, text, "127.0.0.1")
	g = serve(t, func(o *api.Options) { o.ListensOn = "http://127.0.0.1:8101" })
	text = strings.Join(strings.Fields(pdftest.Text(t, []byte(g.get("/api/v1/transfers/miller/DSP-1/declaration.pdf").body))), " ")
	require.Contains(t, text, "http://127.0.0.1:8101/api/v1/transfers/miller/DSP-1/declaration,")
	require.Contains(t, text, "setting publicURL")
}

// A file holds the whole list whatever page was asked for, the same whenever it
// is asked for at the same height.
func TestEveryFileIsCompleteAndStable(t *testing.T) {
	g := serve(t)
	play(t, g.ledger)
	for _, path := range lists(t) {
		var items int
		for query := "?limit=2"; query != ""; {
			var page struct {
				Items []json.RawMessage
				Next  string
			}
			r := g.get(path + query)
			require.NoError(t, json.Unmarshal([]byte(r.body), &page), "%s: %s", path, r.body)
			items += len(page.Items)
			if query = ""; page.Next != "" {
				query = "?limit=2&after=" + url.QueryEscape(page.Next)
			}
		}
		file := g.get(path + "?format=csv&limit=2").body
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff"))).ReadAll()
		require.NoError(t, err, path)
		require.Len(t, rows, items+1, path)
		require.Equal(t, file, g.get(path+"?format=csv").body, path)
		require.Equal(t, http.StatusOK, g.get(path+"?format=xlsx").StatusCode, path)
	}
}

// What a stranger wrote into a field runs in nobody's spreadsheet.
func TestNoFileRunsWhatSomebodyWrote(t *testing.T) {
	g := serve(t)
	for i, supplier := range []string{`=HYPERLINK("http://evil.example","x")`, "+1+1", "-1+1", "@SUM(A1)"} {
		body := strings.Replace(takeIn(fmt.Sprintf("EVIL-%d", i), "1"), `"body":{`, `"body":{"supplier":`+strconv.Quote(supplier)+`,`, 1)
		require.Equal(t, http.StatusOK, g.post(body).StatusCode)
	}
	file := g.get("/api/v1/records?format=csv").body
	require.Contains(t, file, "HYPERLINK", "it is in the file")
	cells, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff"))).ReadAll()
	require.NoError(t, err)
	for _, row := range cells {
		for _, cell := range row {
			require.NotRegexp(t, `^([=@\t\r]|[+-][^0-9.]|[+-][0-9.]*[^0-9.])`, cell)
		}
	}
	book, err := excelize.OpenReader(strings.NewReader(g.get("/api/v1/records?format=xlsx").body))
	require.NoError(t, err)
	defer book.Close()
	sheet := book.GetSheetList()[0]
	rows, err := book.GetRows(sheet)
	require.NoError(t, err)
	for i, row := range rows {
		for j := range row {
			at, err := excelize.CoordinatesToCellName(j+1, i+1)
			require.NoError(t, err)
			formula, err := book.GetCellFormula(sheet, at)
			require.NoError(t, err)
			require.Empty(t, formula)
		}
	}
}
