package bench

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The growth itself is for a quiet machine; here it has to come to its end.
func TestGrowth(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	var out bytes.Buffer
	require.NoError(t, Growth(t.Context(), t.TempDir(), []int{400}, &out))
	require.Equal(t, 2+6, strings.Count(strings.TrimSpace(out.String()), "\n")+1, out.String())
	require.Contains(t, out.String(), "10000")
}
