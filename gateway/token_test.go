//go:build pkcs11

package main

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/keys/softhsmtest"
	"github.com/weighbridge/weighbridge/gateway/peertest"
)

// A peer takes what a token has signed.
func TestAGatewaySignsWithATokenTagged(t *testing.T) {
	peer := peertest.StartSeason(t)
	token := softhsmtest.New(t)
	c := configuredFor(t, peer, func(c *config) {
		token.Import(filepath.Join(filepath.Dir(c.Identity.Key), "key.pem"), "c0ffee")
		c.Identity.Key = ""
		c.Identity.PKCS11 = pkcs11Config{Library: token.Library, Token: token.Label, KeyID: "c0ffee", PIN: token.PIN}
	})
	r := start(t, c)
	r.becomes()
	for _, id := range []string{"T-1", "T-2", "T-3", "T-4", "T-5", "T-6"} {
		code, answer := r.post(t.Context(), takeIn(id))
		require.Equal(t, http.StatusOK, code, answer)
	}
	r.end()
	require.NotContains(t, r.log.String(), token.PIN)
}
