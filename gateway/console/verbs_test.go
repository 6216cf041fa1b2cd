package console_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/console"
)

// A record says in words what was done, whatever was.
func TestEveryCommandHasItsWords(t *testing.T) {
	for _, body := range massbalance.Bodies {
		require.NotEmpty(t, console.Verbs[body.Type()], body.Type())
	}
}
