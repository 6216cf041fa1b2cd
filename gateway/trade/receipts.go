package trade

import (
	"fmt"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// Receipts reads the deliveries under an agreement that were received and not
// reversed since. What arrived of each set stands in the receiver's own record.
func Receipts(s *readmodel.Snapshot, id massbalance.AgreementID) ([]Receipt, error) {
	transfers, err := s.AllTransfers(readmodel.TransferFilter{Agreement: id, Status: massbalance.Received})
	if err != nil {
		return nil, err
	}
	receipts := make([]Receipt, 0, len(transfers))
	for _, t := range transfers {
		r, err := receiptOf(s, t)
		if err != nil {
			return nil, fmt.Errorf("couldn't read how transfer %s was received: %w", t.ID, err)
		}
		receipts = append(receipts, r)
	}
	return receipts, nil
}

func receiptOf(s *readmodel.Snapshot, t massbalance.Transfer) (Receipt, error) {
	r := Receipt{Transfer: t.ID, Dispatched: t.Dispatched, Received: t.Resolved}
	if len(t.Lines) > 0 {
		r.Model = t.Lines[0].Model
	}
	entry, err := s.Command(t.Receiver, t.Receipt)
	if err != nil {
		return r, err
	}
	at := map[massbalance.CharacteristicsID]int{}
	for _, p := range entry.Record.Credits {
		if p.From.Kind != massbalance.HolderTransfer || p.To.Kind != massbalance.HolderLot {
			continue
		}
		i, known := at[p.Characteristics]
		if !known {
			set, err := readmodel.Need[massbalance.Characteristics](s, massbalance.CharacteristicsKey(p.Characteristics))
			if err != nil {
				return r, err
			}
			i = len(r.Parts)
			at[p.Characteristics], r.Parts = i, append(r.Parts, Part{Characteristics: p.Characteristics, Carbon: set.Carbon})
		}
		r.Parts[i].Quantity = r.Parts[i].Quantity.Add(p.Quantity)
	}
	return r, nil
}
