package console_test

import (
	"bytes"
	"encoding/csv"
	"html"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/console"
	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/store/storetest"
)

func serveImports(t *testing.T, org massbalance.OrganisationID) *served {
	t.Helper()
	ledger := season(t)
	model := ledger.Model()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	mux := access.NewMux()
	importer, err := imports.Open(t.Context(), imports.Options{
		Organisation: org, Model: model, Submitter: ledgertest.Member{Ledger: ledger, Organisation: org}, Store: storetest.Own(t), Log: log})
	require.NoError(t, err)
	t.Cleanup(importer.Close)
	console.New(console.Options{
		Organisation: org, Model: model, Problem: func() string { return "" }, Log: log, Imports: importer,
	}).Register(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &served{t: t, ledger: ledger, url: server.URL}
}

// send posts a form; a part whose name begins with @ is a file.
func (s *served) send(parts ...string) (string, *http.Response) {
	s.t.Helper()
	return s.sendTo("/import", parts...)
}

func (s *served) sendTo(path string, parts ...string) (string, *http.Response) {
	s.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i < len(parts); i += 2 {
		part, err := w.CreateFormField(parts[i])
		if name, file := strings.CutPrefix(parts[i], "@"); file {
			part, err = w.CreateFormFile(name, name+".csv")
		}
		require.NoError(s.t, err)
		_, err = io.WriteString(part, parts[i+1])
		require.NoError(s.t, err)
	}
	require.NoError(s.t, w.Close())
	response, err := http.Post(s.url+path, w.FormDataContentType(), &body)
	require.NoError(s.t, err)
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return string(page), response
}

// givesLines checks that a file has the fate of each of the loads.
func (s *served) givesLines(file string, _ *http.Response) {
	s.t.Helper()
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff"))).ReadAll()
	require.NoError(s.t, err, file)
	require.Len(s.t, rows, 4)
	require.Equal(s.t, []string{"Line", "Document", "What", "Outcome"}, rows[0])
	require.Contains(s.t, rows[1][3], "date_outside_period")
	require.Contains(s.t, rows[2][2], "introduce 24820 kg on statement VS-2026-011")
}

// hiddenFields are what the confirmation carries.
func hiddenFields(page string) (parts []string) {
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		parts = append(parts, m[1], html.UnescapeString(m[2]))
	}
	return parts
}

const loads = "ticket;date;supplier;product;net kg\nT-1;20.08.2026;VS-2026-011;wheat;24820\nT-2;20.08.2026;<b>Somebody</b>;wheat;14460\nT-3;20.12.2026;Somebody;wheat;1\n"

func TestAFileIsTriedThenSentAsItWasTried(t *testing.T) {
	s := serveImports(t, "growers")
	page, header := s.get("/import", http.StatusOK)
	require.Contains(t, header.Get("Content-Security-Policy"), "form-action 'self'")
	require.Contains(t, text(page), "Import")

	page, response := s.send("kind", "tickets", "site", "elevator", "@file", loads, "do", "try")
	require.Equal(t, http.StatusOK, response.StatusCode)
	for _, want := range []string{"introduce 24820 kg on statement VS-2026-011", "2 Accepted", "1 Refused", "date_outside_period", "Send 2 lines", "will be refused"} {
		require.Contains(t, text(page), want)
	}
	require.NotContains(t, page, "<b>Somebody")
	s.get("/api/none", http.StatusNotFound)

	s.givesLines(s.sendTo("/import?export=lines.csv", append(hiddenFields(page), "do", "try")...))

	done, response := s.send(append(hiddenFields(page), "do", "send")...)
	require.Equal(t, http.StatusOK, response.StatusCode, done)
	require.Contains(t, response.Request.URL.Path, "/import/")
	require.Eventually(t, func() bool {
		done, _ = s.get(response.Request.URL.Path, http.StatusOK)
		return strings.Contains(text(done), "Done")
	}, 10*time.Second, time.Millisecond)
	require.Contains(t, text(done), "3 of 3 lines sent")
	file, _ := s.get(response.Request.URL.Path+"?export=lines.csv", http.StatusOK)
	s.givesLines(file, nil)
	page, _ = s.send("kind", "tickets", "site", "elevator", "@file", loads, "do", "try")
	require.Contains(t, text(page), "on the ledger already")
	s.get("/import/none", http.StatusNotFound)
	s.get("/import", http.StatusOK)
}

func TestFilesThatCannotBeReadSayWhere(t *testing.T) {
	s := serveImports(t, "growers")
	page, _ := s.send("kind", "tickets", "site", "elevator", "@file", loads+"T-4;x;Somebody;wheat;1,000\n", "do", "send")
	require.Contains(t, text(page), "Correct the file first")
	require.Contains(t, text(page), "is not a date")
	page, _ = s.send("kind", "tickets", "@file", "a,b\n1,2\n")
	require.Contains(t, text(page), "line 1, ticket: the column is missing")
	page, _ = s.send("kind", "cheese", "@file", loads)
	require.Contains(t, text(page), "no kind of import")
	page, _ = s.send("kind", "tickets")
	require.Contains(t, text(page), "the file is empty")
	page, _ = s.send("kind", "tickets", "packed-file", "!!")
	require.Contains(t, text(page), "damaged")
	response, err := http.Post(s.url+"/import", "text/plain", strings.NewReader("x"))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}

func TestACertifierMayTryButNotSend(t *testing.T) {
	s := serveImports(t, "certifier")
	page, _ := s.get("/", http.StatusOK)
	require.NotContains(t, page, `href="/import"`)
	page, _ = s.send("kind", "tickets", "site", "elevator", "@file", loads, "do", "send")
	require.Contains(t, text(page), "submits nothing")
}

func TestTablesLinkToTheirFiles(t *testing.T) {
	s := serveImports(t, "growers")
	page, _ := s.get("/sites/mill", http.StatusOK)
	for _, want := range []string{
		"/api/v1/lots?site=mill&amp;available=true&amp;format=xlsx", "/api/v1/transfers?site=mill&amp;format=csv", "/api/v1/records?site=mill&amp;format=csv",
		"/api/v1/sites/mill/workbook",
	} {
		require.Contains(t, page, want)
	}
	for path, want := range map[string]string{
		"/claims/brand/CLM-1": "/api/v1/claims/brand/CLM-1/certificate", "/transfers/growers/DSP-1": "/api/v1/transfers/growers/DSP-1/declaration.pdf",
		"/sites/mill/periods/2026-Q3": "/api/v1/sites/mill/workbook?period=2026-Q3",
		"/lots":                       "/api/v1/lots?order=newest&amp;format=csv", "/transfers": "/api/v1/transfers?order=newest&amp;format=xlsx", "/claims": "/api/v1/claims?order=newest&amp;format=csv",
		"/statements": "/api/v1/statements?order=newest&amp;format=csv", "/certificates": "/api/v1/certificates?order=newest&amp;format=csv", "/sites": "/api/v1/sites?order=newest&amp;format=csv", "/audit": "/api/v1/records?order=newest&amp;format=csv",
	} {
		page, _ = s.get(path, http.StatusOK)
		require.Contains(t, page, want)
	}
}

// A page that failed once must not fail ever after.
func TestAMissingPageDoesNotSpoilTheNext(t *testing.T) {
	s := serveImports(t, "growers")
	s.get("/sites/none", http.StatusNotFound)
	page, _ := s.get("/sites/mill", http.StatusOK)
	require.Contains(t, page, "Oderbruch mill")
}

func TestTheImportPagesInABrowser(t *testing.T) {
	s := serveImports(t, "growers")
	ctx := browser(t)
	tried, _ := s.send("kind", "tickets", "site", "elevator", "@file", loads, "do", "try")
	_, response := s.send(append(hiddenFields(tried), "do", "send")...)
	job := response.Request.URL.Path
	require.Eventually(t, func() bool {
		page, _ := s.get(job, http.StatusOK)
		return strings.Contains(text(page), "Done")
	}, 10*time.Second, time.Millisecond)
	for _, v := range []visit{{"import", "/import", s}, {"import-job", job, s}} {
		t.Run(v.name, func(t *testing.T) {
			page := newTab(t, ctx, s.url)
			page.open(v.path)
			page.lookAt(v.name)
		})
	}
}
