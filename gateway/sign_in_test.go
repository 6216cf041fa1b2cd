package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/store"
)

// The first people and machines are let in from the gateway's own machine.
func TestLetsTheFirstIn(t *testing.T) {
	path := example(t)
	file := filepath.Join(t.TempDir(), "token")
	accounts := func(args ...string) string {
		out, err := run(t, append(append([]string{"accounts"}, args...), "--config", path)...)
		require.NoError(t, err, out)
		return strings.TrimSpace(out)
	}
	for range 2 {
		accounts("add-user", "root", "--if-absent", "--as", "operator,administrator")
	}
	_, err := run(t, "accounts", "add-user", "root", "--config", path)
	require.ErrorContains(t, err, "already")
	accounts("approvals")
	accounts("add-token", "network", "--scope", "read,operate,observe", "--file", file)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	link := accounts("sign-in-link", "root")
	require.True(t, strings.HasPrefix(link, "http://127.0.0.1:8101/sign-in/link?link="), link)

	c, err := readFile(path)
	require.NoError(t, err)
	own, err := store.Open(t.Context(), c.ownSource())
	require.NoError(t, err)
	defer own.Close()
	opened, err := c.openAccounts(t.Context(), own, access.Options{})
	require.NoError(t, err)
	types, err := opened.HeldTypes(t.Context())
	require.NoError(t, err)
	require.Empty(t, types)
	token, err := os.ReadFile(file)
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	actor, err := opened.Actor(r)
	require.NoError(t, err)
	require.Equal(t, "token network", actor.Name)
	require.True(t, actor.May(access.Operate))
	require.False(t, actor.May(access.Administer))
	address, err := url.Parse(link)
	require.NoError(t, err)
	require.NoError(t, opened.FollowLink(httptest.NewRecorder(), r, address.Query().Get("link")))
	acts, err := opened.Activity(t.Context(), access.ActivityFilter{Limit: 1, Action: "user added"})
	require.NoError(t, err)
	require.Equal(t, "command line", acts[0].Actor)
}
