package main

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/access"
)

// listen opens the stream of events as somebody and reads its first line.
func (f *front) listen(c caller) *bufio.Scanner {
	f.t.Helper()
	request, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, f.url+"/api/v1/events", nil)
	require.NoError(f.t, err)
	if c.cookie != nil {
		request.AddCookie(c.cookie)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(f.t, err)
	f.t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(f.t, http.StatusOK, response.StatusCode)
	lines := bufio.NewScanner(response.Body)
	require.True(f.t, lines.Scan())
	return lines
}

// blocksOf are the events that a stream still brings until it ends, or until one
// of them came where it goes on.
func blocksOf(lines *bufio.Scanner, goesOn bool) (n int) {
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event: block") {
			if n++; goesOn {
				return n
			}
		}
	}
	return n
}

// A stream that somebody listens to ends with what let them in: they learn
// nothing of the next block.
func TestAStreamEndsWithTheSessionOrTheToken(t *testing.T) {
	for name, end := range map[string]func(f *front, user string, token string){
		"signed out": func(f *front, user, _ string) { require.NoError(t, f.accounts.EndSessions(t.Context(), user, "")) },
		"too long":   func(f *front, _, _ string) { f.clock = f.clock.Add(13 * time.Hour) },
		"disabled": func(f *front, user, _ string) {
			f.change(user, access.User{Disabled: true, Roles: []access.Role{access.Viewer}})
		},
		"revoked": func(f *front, _, id string) { require.NoError(t, f.accounts.RevokeToken(t.Context(), id, "")) },
		"owner disabled": func(f *front, user, _ string) {
			f.change(user, access.User{Disabled: true, Roles: []access.Role{access.Viewer}})
		},
		"expired": func(f *front, _, _ string) { f.clock = f.clock.Add(2 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newConsortium(t)
			f := c.front("growers", nil)
			cookie := f.user("anna", access.Viewer)
			id, secret := f.token("anna", f.clock.Add(time.Hour), access.Read)
			listener := caller{cookie: cookie}
			if name == "revoked" || name == "owner disabled" || name == "expired" {
				listener = caller{token: secret}
			}
			other := f.user("ben", access.Administrator)
			ends, stays := f.listen(listener), f.listen(caller{cookie: other})
			c.Add()
			require.Equal(t, 1, blocksOf(ends, true))
			require.Equal(t, 1, blocksOf(stays, true))
			end(f, "anna", id)
			c.Add()
			require.Zero(t, blocksOf(ends, false))
			require.NoError(t, ends.Err(), "it ends as a stream ends")
			if name != "too long" && name != "expired" { // then the other one's session is over, too
				require.Equal(t, 1, blocksOf(stays, true))
			}
		})
	}
}

func (f *front) change(name string, u access.User) {
	f.t.Helper()
	u.Name = name
	require.NoError(f.t, f.accounts.ChangeUser(f.t.Context(), u))
}
