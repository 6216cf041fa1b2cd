package access_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/access"
)

// The table once more, written the other way round.
func TestWhoHoldsWhat(t *testing.T) {
	const viewer, operator, approver, administrator, auditor = access.Viewer, access.Operator, access.Approver, access.Administrator, access.Auditor
	all := access.Roles
	for permission, roles := range map[access.Permission][]access.Role{
		access.Public: all, access.SignedIn: all, access.Read: all,
		access.Operate:    {operator},
		access.Approve:    {approver},
		access.Administer: {administrator},
		access.Audit:      {administrator, auditor},
		access.Observe:    {administrator, auditor},
	} {
		for _, role := range []access.Role{viewer, operator, approver, administrator, auditor} {
			actor := access.Actor{Name: "somebody", Roles: []access.Role{role}}
			require.Equal(t, slices.Contains(roles, role), actor.May(permission), "%s: %s", role, permission)
		}
		require.Equal(t, permission == access.Public, access.Nobody.May(permission), permission)
	}
}

func TestARouteMustSayWhoMayCallIt(t *testing.T) {
	mux := access.NewMux()
	require.Panics(t, func() { mux.HandleFunc("", "GET /open", http.NotFound) })
	require.Panics(t, func() { mux.HandleFunc("everyone", "GET /open", http.NotFound) })
	mux.HandleFunc(access.Read, "GET /books/{book}", http.NotFound)
	mux.Plain().HandleFunc("GET /hidden", http.NotFound)

	_, who, ok := mux.Match(httptest.NewRequest(http.MethodGet, "/books/7", nil))
	require.True(t, ok)
	require.Equal(t, access.Read, who)
	_, _, ok = mux.Match(httptest.NewRequest(http.MethodGet, "/hidden", nil))
	require.False(t, ok, "what was never declared is nobody's")
	_, _, ok = mux.Match(httptest.NewRequest(http.MethodPost, "/books/7", nil))
	require.False(t, ok)
}
