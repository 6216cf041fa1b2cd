package main

import (
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// The other members' gateways reach this one over TLS, know it by its own
// organisation's authority and by no other, and get what is public.
func TestTheOtherMembersReachTheLogOverTLS(t *testing.T) {
	f := newFront(t)
	own, foreign := t.TempDir(), t.TempDir()
	issue(t, own, 1)
	issue(t, foreign, 2)
	c := membersConfig{Listen: freePort(t), Certificate: filepath.Join(own, "tls.pem"), Key: filepath.Join(own, "tls-key.pem")}
	require.NoError(t, c.check())
	listener, err := c.listen(slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	server := f.process.membersServer(f.handler)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })

	_, token := f.token("", f.clock.Add(time.Hour), access.Scopes...)
	get := func(authority, path string) (int, string, error) {
		caller := membersConfig{Authorities: []string{"growers=" + filepath.Join(authority, "tls.pem"), "miller=" + filepath.Join(own, "tls.pem")}}
		require.NoError(t, checkAuthorities(caller.Authorities[0]))
		client, err := caller.client(map[massbalance.OrganisationID]string{ledgertest.Growers: "https://" + c.Listen, ledgertest.Miller: "https://127.0.0.1:1"})
		require.NoError(t, err)
		request, err := http.NewRequest(http.MethodGet, "https://"+c.Listen+path, nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := client.Do(request)
		if err != nil {
			return 0, "", err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(body), nil
	}
	status, body, err := get(own, "/api/v1/log/key")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, `"organisation":"growers"`)
	status, _, err = get(own, "/healthz")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	for path, want := range map[string]int{
		"/api/v1/log/alarms": http.StatusUnauthorized, "/api/v1/sites": http.StatusNotFound, "/": http.StatusNotFound, "/metrics": http.StatusNotFound, "/sign-in": http.StatusNotFound,
	} {
		status, body, err := get(own, path)
		require.NoError(t, err)
		require.Equal(t, want, status, "%s: %s", path, body)
	}
	_, _, err = get(foreign, "/api/v1/log/key")
	require.ErrorContains(t, err, "unknown authority", "another member's authority vouches for nobody here")
}

func TestMembersAreConfiguredWhole(t *testing.T) {
	for _, broken := range []membersConfig{{Listen: "127.0.0.1:1"}, {Certificate: "c"}, {Key: "k"}, {Certificate: "c", Key: "k"}, {Listen: "127.0.0.1:1", Key: "k"}} {
		require.ErrorContains(t, broken.check(), "given together")
	}
	require.NoError(t, membersConfig{}.check())
	require.ErrorContains(t, checkAuthorities("miller"), "as in miller=")
	require.ErrorContains(t, checkAuthorities("miller=/nowhere"), "couldn't read a member's TLS authority")
}
