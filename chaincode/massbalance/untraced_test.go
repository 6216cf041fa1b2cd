package massbalance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// What FindUntraced announces is what TraceRecall then finds, and after it there
// is nothing more; lots that have nothing to do with the statement are passed over.
func TestUntracedIsWhatTracingFinds(t *testing.T) {
	l := pool(t)
	other := LotID(l.must("growers", with(introduce("5", "T3"), func(b *Introduce) { b.Statement = "s2" })).Subject)
	_, err := FindUntraced(l.state, "certifier", "s1", []LotID{l.farm}, nil)
	require.ErrorContains(t, err, "there is no recall", "nobody found anything yet")
	l.must("brand", l.finding("f1", nil))

	lots, claims := []LotID{other, l.farm, l.wheat, l.flour, l.bran, l.bakery}, []ClaimID{l.claim}
	announced, err := FindUntraced(l.state, "certifier", "s1", lots, claims)
	require.NoError(t, err)
	require.Equal(t, lots[1:], announced.Lots, "the spent lot too: the others are proven by it")
	require.Equal(t, claims, announced.Claims)
	require.Empty(t, announced.Refused)
	trace := traces("s1", announced.Lots...)
	trace.Claims = announced.Claims
	l.must("brand", trace)
	require.Equal(t, l.recall("s1").Frozen, announced.Frozen)
	require.Equal(t, l.recall("s1").Claimed, announced.Claimed)

	again, err := FindUntraced(l.state, "certifier", "s1", lots, claims)
	require.NoError(t, err)
	require.True(t, again.Empty())
	l.check()
}

// A lot that was traced before its parents is untraced again once they were.
func TestUntracedAfterALaterTrace(t *testing.T) {
	l := pool(t)
	l.must("brand", l.finding("f1", nil))
	l.must("brand", traces("s1", l.wheat))
	found, err := FindUntraced(l.state, "certifier", "s1", []LotID{l.flour, l.bran, l.bakery}, []ClaimID{l.claim})
	require.NoError(t, err)
	require.Len(t, found.Lots, 3)
	require.Equal(t, "1500", found.Claimed.String())
	_, err = FindUntraced(l.state, "certifier", "s1", []LotID{"none"}, nil)
	require.NoError(t, err)
}

// What cannot be traced is said, and does not hide the rest.
func TestUntracedTellsWhatIsRefused(t *testing.T) {
	l := pool(t)
	l.must("brand", l.finding("f1", nil))
	found, err := FindUntraced(l.state, "certifier", "s1", []LotID{"none", l.farm}, []ClaimID{"none"})
	require.NoError(t, err)
	require.Equal(t, []LotID{l.farm}, found.Lots)
	require.Len(t, found.Refused, 2)
	require.Equal(t, NotFound, found.Refused[0].Code)
}
