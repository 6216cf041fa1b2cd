package console_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// pagesMost bounds what is read of a console: forms lead on to forms.
const pagesMost = 250

// everyPage reads all pages that can be reached from the first one, and what they
// give as files.
func (s *served) everyPage() map[string]string {
	s.t.Helper()
	link := regexp.MustCompile(`href="([/?][^"#]*)"`)
	client := &http.Client{Timeout: 20 * time.Second}
	pages := map[string]string{}
	for queue := []string{"/"}; len(queue) > 0 && len(pages) < pagesMost; queue = queue[1:] {
		at := queue[0]
		if _, seen := pages[at]; seen || at == "/api/v1/events" || // which never ends
			strings.HasPrefix(at, "/docs") || strings.HasPrefix(at, "/assets/") || strings.Contains(at, ".xlsx") || strings.Contains(at, "format=xlsx") {
			continue
		}
		response, err := client.Get(s.url + at)
		require.NoError(s.t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(s.t, err)
		require.NoError(s.t, response.Body.Close())
		pages[at] = string(body)
		if strings.HasPrefix(at, "/api/") {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(pages[at], -1) {
			to := strings.ReplaceAll(m[1], "&amp;", "&")
			if strings.HasPrefix(to, "?") {
				to = strings.Split(at, "?")[0] + to
			}
			queue = append(queue, to)
		}
	}
	return pages
}

// Whoever is no party finds no price, sum or note of a deal on any page of its own
// gateway, nor in any file that a page gives; the parties find each of them.
func TestNoPageTellsOthersAPrice(t *testing.T) {
	d := newDesks(t)
	d.baseline(t)
	growers, _ := d.of("growers")
	miller, _ := d.of("miller")
	at := d.offered(growers, "premium", "43.2171", "shortfall", "13.1191", "note", "Mornings only please")
	_, values := miller.drawn("/do/accept-offer?" + query(at) + "&buyer=miller")
	miller.books("/do/accept-offer", values, "sure", "yes")
	page, _ := miller.get(at, http.StatusOK)
	agreement := regexp.MustCompile(`/agreements/(miller/[^"]+)`).FindStringSubmatch(page)[1]
	d.delivered(growers, miller, agreement)
	for _, side := range []*served{growers, miller} {
		_, values = side.drawn("/do/confirm-settlement?agreement=" + agreement + "&period=1")
		side.books("/do/confirm-settlement", values, "date", "2026-11-02")
	}
	// 17.99 t at 43.2171 are 777.48; 2.01 t short at 13.1191 are 26.37.
	secrets := []string{"43.2171", "13.1191", "Mornings", "777.48", "26.37", "751.11"}
	var told strings.Builder
	for _, text := range growers.everyPage() {
		told.WriteString(text)
	}
	for _, secret := range secrets {
		require.Contains(t, told.String(), secret, "its own people see it")
	}
	for _, other := range []string{"manufacturer", "brand", "certifier"} {
		s, _ := d.of(organisation(other))
		pages := s.everyPage()
		require.Greater(t, len(pages), 100)
		require.Contains(t, pages, "/agreements/"+agreement+"/periods/1")
		for path, text := range pages {
			for _, secret := range secrets {
				require.NotContains(t, text, secret, "%s of %s", path, other)
			}
		}
	}
}
