package submit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// seen is a ledger that keeps what it is sent, and tells of its consortium once it may.
type seen struct {
	*ledger
	mu     sync.Mutex
	sent   [][]byte
	asked  int
	silent bool
}

func (s *seen) propose(ctx context.Context, batch []byte) (endorsed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, batch)
	return s.ledger.propose(ctx, batch)
}

func (s *seen) consortium(ctx context.Context) ([]byte, error) {
	s.asked++
	if s.silent {
		return nil, errors.New("the peer is away")
	}
	return s.ledger.consortium(ctx)
}

// Batches are packed on ledgers whose chaincode is sure to read that, and neither on
// others nor while nobody can say.
func TestBatchesArePackedWhereTheChaincodeReadsThat(t *testing.T) {
	for _, c := range []struct {
		rules  int
		silent bool
		first  byte
		asked  int
	}{{4, false, '[', 1}, {massbalance.RulesVersion, false, 0x1f, 1}, {massbalance.RulesVersion, true, '[', 2}} {
		t.Run(fmt.Sprintf("rules %d, silent %t", c.rules, c.silent), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &seen{ledger: newLedgerUnder(t, c.rules), silent: c.silent}
				q := start(t, l, Limits{})
				for n := range 2 {
					var commands []massbalance.Command
					for i := range 20 {
						commands = append(commands, takeIn(t, "mill", fmt.Sprintf("c%d", 100*n+i), "1"))
					}
					for _, o := range send(t, q, commands...) {
						require.Equal(t, Valid, o.Stage)
						require.Equal(t, massbalance.Accepted, o.Result.Code)
						require.NotEmpty(t, o.Result.Command)
					}
				}
				require.Len(t, l.sent, 2)
				for _, batch := range l.sent {
					require.Equal(t, c.first, batch[0])
				}
				require.Equal(t, c.asked, l.asked, "it is settled for ever")
				require.Equal(t, c.rules < 5, q.form.plain())
			})
		})
	}
}
