package submit

import (
	"context"
	"sync/atomic"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// form is what is known of how the ledger keeps values, and so of what its chaincode
// can read. That is settled when the consortium is founded, and asked until then.
type form struct{ settled, paged atomic.Bool }

// batch gives the bytes of a batch: packed where the ledger has pages. While nobody
// can say, it is as every chaincode can read it.
func (f *form) batch(ctx context.Context, p platform, commands []massbalance.Command) ([]byte, error) {
	if !f.settled.Load() {
		f.ask(ctx, p)
	}
	if f.paged.Load() {
		return wire.PackBatch(commands)
	}
	return wire.FormatBatch(commands)
}

func (f *form) ask(ctx context.Context, p platform) {
	value, err := p.consortium(ctx)
	if err != nil || len(value) == 0 {
		return
	}
	consortium, err := wire.ParseValue(massbalance.KindConsortium, value)
	if err != nil {
		return
	}
	f.paged.Store(wire.Paged(consortium, nil))
	f.settled.Store(true)
}

// plain reports whether the ledger is known to have no pages.
func (f *form) plain() bool { return f.settled.Load() && !f.paged.Load() }
