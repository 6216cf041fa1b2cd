package readmodel

import (
	"fmt"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// TransferTrace says where the credit attributed to a transfer came from.
type TransferTrace struct {
	Transfer massbalance.Transfer
	Sources
}

// TraceTransfer walks a transfer's lots back as Trace does a claim's.
func (s *Snapshot) TraceTransfer(id massbalance.TransferID) (TransferTrace, error) {
	transfer, err := Need[massbalance.Transfer](s, massbalance.TransferKey(id))
	if err != nil {
		return TransferTrace{}, err
	}
	var attributed massbalance.Quantity
	for _, line := range transfer.Lines {
		attributed = attributed.Add(line.Quantity)
	}
	sources, err := s.sources(attributed, transfer.Lines)
	if err != nil {
		return TransferTrace{}, fmt.Errorf("couldn't trace transfer %s: %w", id, err)
	}
	return TransferTrace{transfer, sources}, nil
}
