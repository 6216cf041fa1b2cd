//go:build pkcs11

package keys_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/keys"
	"github.com/weighbridge/weighbridge/gateway/keys/softhsmtest"
)

func TestATokensKeySignsTagged(t *testing.T) {
	dir, key := pair(t)
	token := softhsmtest.New(t)
	token.Import(filepath.Join(dir, "key.pem"), "c0ffee")
	o := keys.Options{Certificate: filepath.Join(dir, "cert.pem"), Library: token.Library, Token: token.Label, PIN: token.PIN, KeyID: "c0ffee"}
	k, err := keys.Open(o)
	require.NoError(t, err)
	var together sync.WaitGroup
	for range 4 {
		together.Go(func() { signs(t, k, &key.PublicKey) })
	}
	together.Wait()
	require.NoError(t, k.Close())
	signs(t, k, &key.PublicKey) // a session that ended is begun again
	require.NoError(t, k.Close())

	other, _ := pair(t)
	for problem, change := range map[string]func(*keys.Options){
		"CKR_PIN_INCORRECT":                 func(o *keys.Options) { o.PIN = "0000" },
		"could not find token with label x": func(o *keys.Options) { o.Token = "x" },
		"Object not found":                  func(o *keys.Options) { o.KeyID = "beef" },
		"is not hexadecimal":                func(o *keys.Options) { o.KeyID = "coffee" },
		"couldn't use the library":          func(o *keys.Options) { o.Library = "/nonexistent.so" },
		"it is not that of the certificate": func(o *keys.Options) { o.Certificate = filepath.Join(other, "cert.pem") },
	} {
		wrong := o
		change(&wrong)
		_, err := keys.Open(wrong)
		require.ErrorContains(t, err, problem)
		require.NotContains(t, err.Error(), o.PIN)
	}
	_ = os.Remove(filepath.Join(dir, "key.pem"))
	k, err = keys.Open(o)
	require.NoError(t, err, "no file is needed")
	require.NoError(t, k.Close())
}
