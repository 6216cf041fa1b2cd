package consortium

import (
	"context"
	"sync"
	"time"

	"github.com/weighbridge/weighbridge/network/process"
	"github.com/weighbridge/weighbridge/network/topology"
)

// State is how a node is.
type State string

const (
	StateUp        State = "up"
	StateDown      State = "down"
	StateUnhealthy State = "unhealthy"
)

// NodeStatus is a line of the status table.
type NodeStatus struct {
	Name    string
	PID     int
	Address string
	State   State
	// Height is the number of blocks of a peer that's up.
	Height uint64
	// ResidentBytes is the memory the node occupies.
	ResidentBytes int64
}

// Status asks every node, all at once. Chaincodes are listed as nodes of their own, after the rest.
func (n *Network) Status(ctx context.Context) ([]NodeStatus, error) {
	nodes := n.Consortium.Nodes()
	statuses := make([]NodeStatus, len(nodes))
	var group sync.WaitGroup
	for i, node := range nodes {
		group.Go(func() { statuses[i] = n.statusOf(ctx, node) })
	}
	group.Wait()
	chaincodes, err := n.chaincodes()
	if err != nil {
		return nil, err
	}
	for _, organisation := range n.Consortium.Organisations {
		status := NodeStatus{Name: "chaincode." + organisation.ID, Address: organisation.Peer.ChaincodeAddress(), State: StateDown}
		for _, pid := range chaincodes[organisation.ID] {
			status.PID, status.State = pid, StateUp
			status.ResidentBytes, _ = process.ResidentBytes(pid)
		}
		statuses = append(statuses, status)
	}
	return statuses, nil
}

func (n *Network) statusOf(ctx context.Context, node topology.Node) NodeStatus {
	status := NodeStatus{Name: node.Name(), Address: node.Address(), State: StateDown}
	record, running := n.processes.Running(node.Name())
	if !running {
		return status
	}
	status.PID, status.State = record.PID, StateUnhealthy
	// A process that ends between these lines just has no memory to report.
	status.ResidentBytes, _ = process.ResidentBytes(record.PID)
	const timeout = 3 * time.Second
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if n.ready(node)(ctx) != nil {
		return status
	}
	status.State = StateUp
	if node.Kind != topology.KindPeer {
		return status
	}
	administrator, err := n.Administrator(node.Organisation.ID)
	if err == nil {
		status.Height, err = administrator.Height(ctx)
	}
	if err != nil {
		status.State = StateUnhealthy
	}
	return status
}
