package bench

import (
	"hash/maphash"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/block"
)

// lots counts the lots of a ledger by their keys, of which it keeps 64 bits of a
// hash: of a million, two are taken for one with a chance of 1 in 40 million.
type lots struct {
	chaincode string
	seed      maphash.Seed
	seen      map[uint64]struct{}
}

// lotPrefix is what the keys of lots, and of nothing else, begin with, see
// wire.FormatKey.
const lotPrefix = string(massbalance.KindLot) + ":"

func newLots(chaincode string) *lots {
	return &lots{chaincode: chaincode, seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}}
}

func (l *lots) take(b block.Block) {
	for _, tx := range b.Transactions {
		if tx.Chaincode != l.chaincode || !tx.Valid() {
			continue
		}
		for _, w := range tx.Writes {
			if !strings.HasPrefix(w.Key, lotPrefix) && !wire.IsPage(w.Key) {
				continue
			}
			values, _ := wire.Values(w.Key, w.Value) // what is no page has no lots: they will be missing
			for _, v := range values {
				if strings.HasPrefix(v.Key, lotPrefix) {
					l.seen[maphash.String(l.seed, v.Key)] = struct{}{}
				}
			}
		}
	}
}
