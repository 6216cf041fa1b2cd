package console_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// The filters of a picture leave out what does not touch what is meant, and stay
// as they are from one period to another and in the table as a file.
func TestPicturesAreFiltered(t *testing.T) {
	s := serve(t, "growers", season(t))
	page, _ := s.get("/flow?site=bakery", http.StatusOK)
	require.NotContains(t, text(page), "River elevator, Winter wheat", "the elevator's stock does not touch the bakery")
	require.Contains(t, page, `href="/flow?from=2026-07-01&amp;site=bakery&amp;to=2026-09-30"`)
	require.Contains(t, page, "?site=bakery&amp;export=flow.csv")
	file, _ := s.get("/flow?site=bakery&export=flow.csv", http.StatusOK)
	require.Contains(t, file, "Havel bakery")
	require.NotContains(t, file, "River elevator")
	page, _ = s.get("/map?product=wheat-flour", http.StatusOK)
	require.NotContains(t, text(page), "Brandenburg", "no farm grows flour")
}

// What was added up of one block is not added up again, and the next block's is.
func TestWhatWasAddedUpHoldsForOneBlock(t *testing.T) {
	d := newDesks(t)
	s, _ := d.of("certifier")
	page, _ := s.get("/flow", http.StatusOK)
	again, _ := s.get("/flow", http.StatusOK)
	require.Equal(t, page, again)
	first, _ := s.get("/audit?recount=now", http.StatusOK)
	d.ship("DSP-9")
	next, _ := s.get("/audit?recount=now", http.StatusOK)
	require.NotEqual(t, first, next)
	require.Contains(t, text(next), "0 findings; 0 differences in 6 stock accounts")
	page, _ = s.get("/flow", http.StatusOK)
	require.NotEqual(t, again, page)
}
