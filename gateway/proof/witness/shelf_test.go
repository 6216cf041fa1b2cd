package witness

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func TestTheShelfKeepsWhatIsAskedFor(t *testing.T) {
	s := newShelf()
	_, there := s.find("a", "note 1", noon, time.Hour)
	require.False(t, there)
	quarter := make([]byte, shelfBytes/4)
	for i, id := range []massbalance.ClaimID{"a", "b", "c", "d"} {
		at := noon.Add(time.Duration(i) * time.Second)
		s.put(id, shelved{file: quarter, signed: "note 1", made: at, used: at})
	}
	_, there = s.find("a", "note 2", noon.Add(29*time.Second), strangersAge)
	require.True(t, there, "it is young enough for a stranger")
	_, there = s.find("a", "note 2", noon.Add(29*time.Second), 0)
	require.False(t, there, "and too old for a member")
	_, there = s.find("a", "note 2", noon.Add(30*time.Second), strangersAge)
	require.False(t, there)
	_, there = s.find("a", "note 1", noon.Add(time.Hour), 0)
	require.True(t, there, "nothing is newer")

	s.put("e", shelved{file: quarter, signed: "note 1", made: noon, used: noon.Add(time.Hour)})
	_, there = s.find("b", "note 1", noon, 0)
	require.False(t, there, "nobody asked for it the longest")
	_, there = s.find("a", "note 1", noon, 0)
	require.True(t, there)
	s.put("f", shelved{file: make([]byte, shelfBytes+1)})
	require.Equal(t, shelfBytes, s.bytes)
	s.put("a", shelved{file: quarter[:1], signed: "note 2", made: noon, used: noon})
	require.Equal(t, shelfBytes-len(quarter)+1, s.bytes, "the newer file replaces the older one")
}

// However many ask, so many are made at a time, and each once for all who ask for it.
func TestTheShelfMakesSoManyAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		var mu sync.Mutex
		busy, most, made := 0, 0, 0
		hold := make(chan struct{})
		build := func(context.Context) ([]byte, error) {
			mu.Lock()
			busy++
			most, made = max(most, busy), made+1
			mu.Unlock()
			<-hold
			mu.Lock()
			busy--
			mu.Unlock()
			return []byte("file"), nil
		}
		results := make(chan error, 200)
		ask := func(name string) {
			file, err := s.make(t.Context(), name, build)
			if err == nil && string(file) != "file" {
				err = errors.New("another file")
			}
			results <- err
		}
		for i := range makers + mostWaiting {
			for range 10 {
				go ask(fmt.Sprint("claim ", i))
			}
		}
		synctest.Wait() // all of them wait by now
		require.Equal(t, makers, made)
		require.Len(t, s.waiting, makers+mostWaiting)
		_, err := s.make(t.Context(), "one more", build)
		require.ErrorIs(t, err, ErrBusy)

		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = s.make(gone, "claim 0", build)
		require.ErrorIs(t, err, context.Canceled, "who goes away does not wait")
		close(hold)
		for range 10 * (makers + mostWaiting) {
			require.NoError(t, <-results)
		}
		require.Equal(t, makers, most)
		require.Equal(t, makers+mostWaiting, made)
	})
}

func TestWhoComesTooSoonIsToldWhenToComeAgain(t *testing.T) {
	recorder := httptest.NewRecorder()
	(&Witness{}).failed(recorder, httptest.NewRequest(http.MethodGet, "/", nil), ErrBusy)
	require.Equal(t, http.StatusTooManyRequests, recorder.Code)
	require.Equal(t, "10", recorder.Header().Get("Retry-After"))
	require.Equal(t, "application/problem+json", recorder.Header().Get("Content-Type"))
}
