package consortium

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/weighbridge/weighbridge/network/administration"
	"github.com/weighbridge/weighbridge/network/topology"
)

// Deploy upgrades the chaincode of a running network to the program built from the working tree, or puts
// Options.FurtherChaincode beside it.
func Deploy(ctx context.Context, options Options) error {
	network, lock, err := locked(ctx, options)
	if err != nil {
		return err
	}
	defer network.Close()
	if further := options.FurtherChaincode; further != "" {
		// From here on everything is done as for the consortium's own chaincode.
		if err := network.Consortium.Beside(further); err != nil {
			return errors.Join(err, lock.Release())
		}
	}
	return errors.Join(network.deploy(ctx), lock.Release())
}

func (n *Network) deploy(ctx context.Context) error {
	if n.manifest == nil {
		return fmt.Errorf("%w in %s; `up` makes one and deploys the chaincode", ErrNoNetwork, n.Layout.Root)
	}
	for _, node := range append(n.Consortium.OrdererNodes(), n.Consortium.PeerNodes()...) {
		if _, running := n.processes.Running(node.Name()); !running {
			return fmt.Errorf("couldn't deploy, because %s isn't running; run `up` first", node.Name())
		}
	}
	chaincode := n.beginChaincode(ctx)
	if err := chaincode.wait(); err != nil {
		return err
	}
	committed, err := n.committed(ctx)
	if err != nil {
		return err
	}
	if committed.Version == chaincode.hash {
		n.report.say("the chaincode is deployed already: SHA-256 %s, sequence %d", committed.Version, committed.Sequence)
		return n.restrictWriters(ctx)
	}
	return n.report.perform(ctx, []step{
		{fmt.Sprintf("chaincode %s deployed as sequence %d", n.Consortium.Chaincode, committed.Sequence+1), func(ctx context.Context) error {
			return n.deployProgram(ctx, n.definition(chaincode.hash, committed.Sequence+1))
		}},
		{"chaincode answers on every peer", n.awaitChaincode},
		{"certification body read-only", n.restrictWriters},
	})
}

func (n *Network) definition(hash string, sequence int64) administration.Definition {
	return administration.Definition{Version: hash, Sequence: sequence, Policy: n.Consortium.ChaincodePolicy()}
}

// deployFirst deploys the chaincode on a channel that has none. An existing network keeps the version it agreed on: changing
// it is the organisations' decision, not a side effect of starting.
func (n *Network) deployFirst(ctx context.Context, chaincode *building) error {
	committed, err := n.committed(ctx)
	if err != nil {
		return err
	}
	if err := chaincode.wait(); err != nil {
		return err
	}
	if committed.Sequence == 0 {
		return n.deployProgram(ctx, n.definition(chaincode.hash, 1))
	}
	if committed.Version != chaincode.hash {
		n.report.say("! the working tree's chaincode (SHA-256 %s) isn't the deployed one (SHA-256 %s), which goes on running; `go run ./network deploy` upgrades it",
			chaincode.hash, committed.Version)
	}
	return nil
}

// committed asks the first trading organisation's peer.
func (n *Network) committed(ctx context.Context) (definition administration.Definition, err error) {
	err = n.everyOrganisation(ctx, n.Consortium.Trading()[:1], func(a *administration.Administrator, ctx context.Context) (err error) {
		definition, err = a.Committed(ctx)
		return err
	})
	return definition, err
}

// deployProgram is the chaincode lifecycle: give out, install, approve, commit.
func (n *Network) deployProgram(ctx context.Context, definition administration.Definition) error {
	if err := n.keepChaincode(definition.Version); err != nil {
		return err
	}
	packages, err := n.installEverywhere(ctx, definition.Version)
	if err != nil {
		return err
	}
	if err := n.setWriters(ctx, topology.ApprovingWriters); err != nil {
		return err
	}
	if err := n.approveEverywhere(ctx, definition, packages); err != nil {
		return err
	}
	return n.everyOrganisation(ctx, n.Consortium.Trading()[:1], func(a *administration.Administrator, ctx context.Context) error {
		committed, err := a.Committed(ctx)
		if err != nil || committed.Sequence == definition.Sequence {
			return err
		}
		return a.Commit(ctx, definition)
	})
}

// installEverywhere returns the package ID on each organisation's peer. A refusal by a peer is final, so nothing is polled.
func (n *Network) installEverywhere(ctx context.Context, hash string) (map[string]string, error) {
	var mutex sync.Mutex
	packages := map[string]string{}
	group, ctx := errgroup.WithContext(ctx)
	for _, organisation := range n.Consortium.Organisations {
		group.Go(func() error {
			packageID, err := n.InstallChaincode(ctx, organisation.ID, hash)
			mutex.Lock()
			defer mutex.Unlock()
			packages[organisation.ID] = packageID
			return err
		})
	}
	return packages, group.Wait()
}

// approveEverywhere has every organisation approve that hasn't yet, each asking its own peer.
func (n *Network) approveEverywhere(ctx context.Context, definition administration.Definition, packages map[string]string) error {
	return n.everyOrganisation(ctx, n.Consortium.Organisations, func(a *administration.Administrator, ctx context.Context) error {
		approvals, err := a.Approvals(ctx, definition)
		if err != nil || approvals[a.Organisation()] {
			return err
		}
		return a.Approve(ctx, definition, packages[a.Organisation()])
	})
}

// restrictWriters leaves only trading organisations among the writers and has the orderers prove it.
func (n *Network) restrictWriters(ctx context.Context) error {
	if err := n.setWriters(ctx, topology.TradingWriters); err != nil {
		return err
	}
	return n.everyOrganisation(ctx, n.Consortium.Certifiers(), (*administration.Administrator).CheckRefused)
}

// setWriters is signed by a majority of the trading organisations, as the channel's administrators' policy wants.
func (n *Network) setWriters(ctx context.Context, writers topology.Writers) error {
	var signers []*administration.Administrator
	for _, organisation := range n.Consortium.Trading()[:n.Consortium.Majority()] {
		administrator, err := n.Administrator(organisation.ID)
		if err != nil {
			return err
		}
		signers = append(signers, administrator)
	}
	return n.await(ctx, "writers of "+n.Consortium.Channel, func(ctx context.Context) error {
		_, err := signers[0].SetWriters(ctx, writers, signers)
		return err
	})
}

// Deployed is the chaincode a channel agreed on.
type Deployed struct {
	Version  string
	Sequence int64
}

// Deployed returns the chaincode the channel agreed on; its version is the SHA-256 of the program.
func (n *Network) Deployed(ctx context.Context) (Deployed, error) {
	definition, err := n.committed(ctx)
	return Deployed{definition.Version, definition.Sequence}, err
}
