package consortium

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/weighbridge/weighbridge/network/administration"
	"github.com/weighbridge/weighbridge/network/artifacts"
	"github.com/weighbridge/weighbridge/network/identity"
	"github.com/weighbridge/weighbridge/network/toolchain"
	"github.com/weighbridge/weighbridge/network/topology"
)

// Up makes the network of a state folder run, from whatever state it's in.
func Up(ctx context.Context, options Options) (*Network, error) {
	network, lock, err := locked(ctx, options)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(network.up(ctx), lock.Release()); err != nil {
		network.Close()
		return nil, err
	}
	return network, nil
}

func (n *Network) up(ctx context.Context) error {
	if err := n.settle(); err != nil {
		return err
	}
	if err := n.forgetDead(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	chaincode, gateway, verifier := n.beginChaincode(ctx), n.beginGateway(ctx), n.beginVerifier(ctx)
	// A failing step leaves no compiler running behind.
	defer func() {
		cancel()
		<-chaincode.done
		<-gateway.done
		<-verifier.done
	}()
	organisations, orderers := len(n.Consortium.Organisations), len(n.Consortium.OrdererNodes())
	return n.report.perform(ctx, []step{
		{"Fabric's programs built", n.buildFabric},
		{fmt.Sprintf("identities of %d organisations", organisations), n.createIdentities},
		{"genesis block and node configurations", n.createArtifacts},
		{fmt.Sprintf("%d orderers and %d peers healthy", orderers, organisations), n.startFabric},
		{fmt.Sprintf("%d orderers in channel %s", orderers, n.Consortium.Channel), n.joinOrderers},
		{fmt.Sprintf("%d peers in channel %s", organisations, n.Consortium.Channel), n.joinPeers},
		{"chaincode " + n.Consortium.Chaincode + " deployed", func(ctx context.Context) error { return n.deployFirst(ctx, chaincode) }},
		{"chaincode answers on every peer", n.awaitChaincode},
		{"certification body read-only", n.restrictWriters},
		{"every trading peer can plan an endorsement", n.awaitEndorsers},
		{"every gateway ready", func(ctx context.Context) error { return n.startGateways(ctx, gateway) }},
		{"page that verifies claims", func(context.Context) error { return verifier.wait() }},
	})
}

// forgetDead drops the records of nodes that ended since the last command, so that they don't look as if they died now.
func (n *Network) forgetDead() error {
	for _, node := range n.Consortium.Nodes() {
		if err := n.processes.ForgetDead(node.Name()); err != nil {
			return err
		}
	}
	return nil
}

func (n *Network) buildFabric(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		module := filepath.Join(n.options.Root, "network", "fabrictools")
		n.fabric, err = toolchain.BuildFabric(ctx, module, func(what string) { n.report.say("… %s", what) })
		return err
	})
	group.Go(func() error { return n.buildBuilder(ctx) })
	return group.Wait()
}

// createIdentities issues identities for a new channel only: new ones would mean nothing to a channel that exists.
func (n *Network) createIdentities(context.Context) error {
	if n.manifest.Authorities != nil {
		return n.checkAuthorities()
	}
	var group errgroup.Group
	for _, organisation := range n.Consortium.Organisations {
		group.Go(func() error {
			return identity.CreateOrganisation(organisation, n.Layout.Organisation(organisation.ID))
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return n.checkAuthorities()
}

func (n *Network) createArtifacts(ctx context.Context) error {
	for _, organisation := range n.Consortium.Organisations {
		if err := artifacts.WritePeerConfig(n.fabric, organisation, n.Layout); err != nil {
			return err
		}
		if organisation.Orderer != nil {
			if err := artifacts.WriteOrdererConfig(n.fabric, organisation, n.Layout); err != nil {
				return err
			}
		}
		if organisation.Gateway != nil {
			if err := identity.RenewGateway(organisation, n.Layout.Organisation(organisation.ID)); err != nil {
				return fmt.Errorf("couldn't renew the TLS certificate of %s: %w", organisation.GatewayNode().Name(), err)
			}
			if err := artifacts.WriteGatewayConfig(n.Consortium, organisation, n.Layout); err != nil {
				return err
			}
		}
	}
	return artifacts.CreateGenesisBlock(ctx, n.fabric, n.Consortium, n.Layout)
}

func (n *Network) startFabric(ctx context.Context) error {
	return n.startNodes(ctx, append(n.Consortium.OrdererNodes(), n.Consortium.PeerNodes()...))
}

// joinOrderers uses osnadmin. An orderer that's in the channel already says so with status 405.
func (n *Network) joinOrderers(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, node := range n.Consortium.OrdererNodes() {
		group.Go(func() error {
			return n.await(ctx, node.Name(), func(ctx context.Context) error { return n.joinOrderer(ctx, node) })
		})
	}
	return group.Wait()
}

func (n *Network) joinOrderer(ctx context.Context, node topology.Node) error {
	if err := n.osnadmin(ctx, node, "list", "--channelID", n.Consortium.Channel); err == nil {
		return nil
	}
	return n.osnadmin(ctx, node, "join", "--channelID", n.Consortium.Channel, "--config-block", n.Layout.GenesisBlock())
}

func (n *Network) osnadmin(ctx context.Context, node topology.Node, verb string, arguments ...string) error {
	holder := n.Layout.Organisation(node.Organisation.ID).Holder(topology.HolderAdministrator)
	arguments = append([]string{
		"channel", verb, "--orderer-address", node.Organisation.Orderer.AdminAddress(),
		"--ca-file", holder.TLSRoot(), "--client-cert", holder.TLSCertificate(), "--client-key", holder.TLSKey(),
	}, arguments...)
	output, err := exec.CommandContext(ctx, n.fabric.Osnadmin(), arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("couldn't %s channel %s on %s: %w: %s", verb, n.Consortium.Channel, node.Name(), err, output)
	}
	return osnadminStatus(verb, node, string(output))
}

// osnadminStatus reads the HTTP status in osnadmin's output: osnadmin itself succeeds whenever it was answered.
func osnadminStatus(verb string, node topology.Node, output string) error {
	var status int
	if _, err := fmt.Sscanf(output, "Status: %d", &status); err != nil {
		return fmt.Errorf("couldn't read osnadmin's answer for %s: %q", node.Name(), output)
	}
	const ok, created = 200, 201
	if status != ok && status != created {
		return fmt.Errorf("%s answered %s with %s", node.Name(), verb, output)
	}
	return nil
}

func (n *Network) joinPeers(ctx context.Context) error {
	return n.everyOrganisation(ctx, n.Consortium.Organisations, (*administration.Administrator).Join)
}

// everyOrganisation polls an action of each organisation's administrator until it succeeds. Actions look before they act, so
// that trying again is safe.
func (n *Network) everyOrganisation(ctx context.Context, organisations []topology.Organisation, action func(*administration.Administrator, context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, organisation := range organisations {
		group.Go(func() error {
			administrator, err := n.Administrator(organisation.ID)
			if err != nil {
				return err
			}
			return n.await(ctx, organisation.ID, func(ctx context.Context) error { return action(administrator, ctx) })
		})
	}
	return group.Wait()
}

func (n *Network) awaitChaincode(ctx context.Context) error {
	return n.everyOrganisation(ctx, n.Consortium.Organisations, (*administration.Administrator).CheckAnswers)
}

func (n *Network) awaitEndorsers(ctx context.Context) error {
	return n.everyOrganisation(ctx, n.Consortium.Trading(), (*administration.Administrator).CanEndorse)
}

// startGateways also restarts a gateway that runs an older program than the one just built.
func (n *Network) startGateways(ctx context.Context, gateway *building) error {
	if n.options.WithoutGateways {
		return nil
	}
	if err := gateway.wait(); err != nil {
		return err
	}
	for _, node := range n.Consortium.GatewayNodes() {
		if record, running := n.processes.Running(node.Name()); running && record.Outdated() {
			if err := n.processes.Stop(ctx, node.Name(), stopGrace); err != nil {
				return err
			}
		}
	}
	if err := n.letIn(ctx); err != nil {
		return err
	}
	return n.startNodes(ctx, n.Consortium.GatewayNodes())
}
