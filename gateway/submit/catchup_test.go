package submit

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
)

// Where peers answered differently the next attempt comes as soon as those behind
// have the blocks of the others, and not by a clock.
func TestPeersThatLagAreWaitedFor(t *testing.T) {
	lag := mishap{propose: &failure{kind: lagging, detail: "payloads differ", differ: []string{"brand"}}}
	tests := map[string]struct {
		behind    map[string]uint64
		at, until time.Duration
	}{
		"another's peer is behind": {map[string]uint64{"brand": 4}, 4 * glance, 5 * glance},
		"the own peer is behind":   {map[string]uint64{"": 4}, 4 * glance, 5 * glance},
		"none is, any more":        {nil, shortestPause / 2, shortestPause},
		"one stands still":         {map[string]uint64{"brand": 5000}, longestPause, longestPause + 2*shortestPause},
		"whose peer is not known":  {map[string]uint64{"growers": 5000}, shortestPause / 2, shortestPause},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLedger(t, lag)
				l.behind = test.behind
				q := start(t, l, Limits{})
				began := time.Now()
				o := send(t, q, takeIn(t, "mill", "c1", "100"))[0]
				took := time.Since(began) - l.delay
				require.Equal(t, Valid, o.Stage, o.Detail)
				require.Equal(t, 2, l.proposals())
				require.GreaterOrEqual(t, took, test.at)
				require.LessOrEqual(t, took, test.until+10*time.Millisecond, "the commit is looked for so often")
			})
		})
	}
}

// The peer's gateway says whose peers answered differently.
func TestWhoAnsweredDifferently(t *testing.T) {
	for said, who := range map[string][]string{saysMismatch: {"MillCo"}, "connection refused": nil} {
		_, err := platformOf(t, &node{endorse: told(codes.Aborted, tooFewEndorsements, said, "connection refused", said)}).propose(t.Context(), []byte("[]"))
		require.Equal(t, who, differ(err), said)
	}
}
