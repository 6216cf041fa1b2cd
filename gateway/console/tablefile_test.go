package console_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/table"
)

// Each page that shows a table gives all of it as CSV and as XLSX, and both have
// the same.
func TestEveryTableIsAFileToo(t *testing.T) {
	d := newDesks(t)
	s, _ := d.of("miller")
	link := regexp.MustCompile(`href="([^"]*(?:export=[^"]*\.csv|format=csv))"`)
	seen := map[string]bool{}
	for _, p := range append(pages, page("/"), page("/lots/miller/RCV-1/1")) {
		body, _ := s.get(p.path, http.StatusOK)
		tables := strings.Count(body, `<table class="rows`)
		links := link.FindAllStringSubmatch(body, -1)
		require.LessOrEqual(t, tables, len(links)+strings.Count(p.path, "/sites/mill")*4, "%s has %d tables and %d files", p.path, tables, len(links))
		for _, m := range links {
			path := strings.ReplaceAll(m[1], "&amp;", "&")
			if strings.HasPrefix(path, "?") {
				path = strings.Split(p.path, "?")[0] + path
			}
			if !seen[path] {
				seen[path] = true
				s.requireFile(path)
			}
		}
	}
	require.Greater(t, len(seen), 35)
}

func page(path string) (p struct {
	path, heading string
	shown         []string
}) {
	p.path = path
	return p
}

func (s *served) requireFile(path string) {
	s.t.Helper()
	text := s.fetch(path, "text/csv")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	require.NoError(s.t, err, path)
	require.NotEmpty(s.t, rows, path)
	book := s.fetch(strings.NewReplacer(".csv", ".xlsx", "format=csv", "format=xlsx").Replace(path), "spreadsheetml")
	read, err := table.Read([]byte(book))
	require.NoError(s.t, err, path)
	require.Len(s.t, read.Lines, len(rows)-1, path)
}

func (s *served) fetch(path, kind string) string {
	s.t.Helper()
	response, err := http.Get(s.url + path)
	require.NoError(s.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, response.StatusCode, "%s: %s", path, body)
	require.Contains(s.t, response.Header.Get("Content-Type"), kind, path)
	return string(body)
}

func TestATableAsAFileHasItsFigures(t *testing.T) {
	d := newDesks(t)
	s, _ := d.of("miller")
	file := s.fetch("/audit?recount=now&export=recount.csv", "text/csv")
	require.Contains(t, file, "Characteristics,Introduced,Available,In transit,Claimed,Cancelled,Expired,Loss,Frozen,Difference")
	require.Contains(t, file, ",86240.125,61739.625,24500.5,0,0,0,0,0,0")
	file = s.fetch("/sites/mill/periods/2026-Q3?export=book.csv", "text/csv")
	require.Regexp(t, `(?m)^Wheat bran.*,Material,0,69400,0,69400`, file)
	require.Regexp(t, `(?m)^Wheat bran.*,Credit,0,`, file, "a product's name stands in both of its rows")
	s.get("/audit?export=none.csv", http.StatusNotFound)
	s.get("/audit?recount=now&export=recount.pdf", http.StatusNotFound)
	require.True(t, bytes.HasPrefix([]byte(s.fetch("/register?export=members.xlsx", "spreadsheetml")), []byte("PK")))
}

// Lists narrow, stand in the order that was asked for, and join up over pages.
func TestListsNarrowAndSort(t *testing.T) {
	d := newDesks(t)
	s, _ := d.of("miller")
	order := func(path string, ids ...string) {
		t.Helper()
		body, _ := s.get(path, http.StatusOK)
		at := -1
		for _, id := range ids {
			next := strings.Index(body, "/"+id+`">`)
			require.Greater(t, next, at, "%s: %s", path, id)
			at = next
		}
	}
	order("/transfers?by=date", "growers/DSP-4", "growers/DSP-3", "growers/DSP-2", "growers/DSP-1")
	order("/transfers?by=earliest", "growers/DSP-1", "growers/DSP-2", "miller/DSP-1")
	order("/lots?by=quantity&site=mill", "miller/RCV-1/2", "miller/RCV-2/1", "miller/RCV-1/1")
	body, _ := s.get("/transfers?from=2026-08-12&to=2026-08-12", http.StatusOK)
	require.Contains(t, body, "growers/DSP-3")
	require.NotContains(t, body, `"/transfers/growers/DSP-2"`)
	require.Contains(t, body, "/api/v1/transfers?from=2026-08-12&amp;order=newest&amp;to=2026-08-12&amp;format=csv", "the file is narrowed as the page is")
	body, _ = s.get("/audit?subject=growers/DSP-3", http.StatusOK)
	require.Equal(t, 2, strings.Count(body, `class="a-what"`), "its dispatch and its rejection")
}

// Every table that a page works out, or that a list of the interface holds, has a link to it as a file.
func TestEveryTableHasAFile(t *testing.T) {
	templates, err := filepath.Glob("templates/*.html")
	require.NoError(t, err)
	var all strings.Builder
	for _, file := range templates {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Write(content)
	}
	text := all.String()
	tables := regexp.MustCompile(`<table [^>]*id="t-([a-z0-9]+)"`).FindAllStringSubmatchIndex(text, -1)
	require.Greater(t, len(tables), 20)
	for _, at := range tables {
		name, after := text[at[2]:at[3]], text[at[1]:]
		after, _, _ = strings.Cut(after, "<table ")
		linked := strings.Contains(after, `template "files"`) || strings.Contains(text, `caption "`+name+`"`) || strings.Contains(text, "export="+name+".csv")
		require.True(t, linked, "table %s", name)
	}
}
