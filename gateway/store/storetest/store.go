// Package storetest gives a test a store of its own.
package storetest

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/store"
)

// Own opens an empty store on SQLite that ends with the test.
func Own(t testing.TB) *store.Store {
	t.Helper()
	own, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "own.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, own.Close()) })
	return own
}
