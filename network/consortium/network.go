package consortium

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/weighbridge/weighbridge/network/administration"
	"github.com/weighbridge/weighbridge/network/artifacts"
	"github.com/weighbridge/weighbridge/network/process"
	"github.com/weighbridge/weighbridge/network/toolchain"
	"github.com/weighbridge/weighbridge/network/topology"
)

// Network is a consortium on this machine. Its nodes outlive it; Close ends only the administrators' connections.
type Network struct {
	Consortium topology.Consortium
	Layout     topology.Layout

	options   Options
	manifest  *manifest
	processes process.Table
	fabric    toolchain.Fabric
	report    *report

	mutex          sync.Mutex
	administrators map[string]*administration.Administrator
}

// Open returns the network of a state folder, whether or not it runs. A folder without a network gives ErrNoNetwork.
func Open(options Options) (*Network, error) {
	network, err := load(options)
	if err != nil {
		return nil, err
	}
	if network.manifest == nil {
		return nil, fmt.Errorf("%w in %s; `up` makes one", ErrNoNetwork, network.Layout.Root)
	}
	if err := network.processes.Adopt(); err != nil {
		return nil, err
	}
	return network, nil
}

// ErrNoNetwork says that a state folder holds no network.
var ErrNoNetwork = errors.New("there's no network")

func load(options Options) (*Network, error) {
	options, err := options.resolve()
	if err != nil {
		return nil, err
	}
	layout := topology.Layout{Root: options.State}
	manifest, err := readManifest(layout)
	if err != nil {
		return nil, err
	}
	if manifest != nil {
		if options.PortOffset != 0 && options.PortOffset != manifest.PortOffset {
			return nil, fmt.Errorf("the network in %s has port offset %d, not %d; use another state folder, or `down --wipe` first",
				layout.Root, manifest.PortOffset, options.PortOffset)
		}
		options.PortOffset = manifest.PortOffset
	}
	consortium, err := topology.Load(options.Consortium, options.PortOffset)
	if err != nil {
		return nil, err
	}
	return &Network{
		Consortium: consortium, Layout: layout, options: options, manifest: manifest,
		processes:      process.Table{Folder: layout.Processes()},
		report:         newReport(options.Progress),
		administrators: map[string]*administration.Administrator{},
	}, nil
}

// lock makes this the only command that changes the state folder.
func (n *Network) lock(ctx context.Context) (*process.Lock, error) {
	return process.Acquire(ctx, n.Layout.Lock(), func() { n.report.say("… another command is using %s", n.Layout.Root) })
}

// locked loads the network while holding its lock, so that what was read still holds.
func locked(ctx context.Context, options Options) (*Network, *process.Lock, error) {
	network, err := load(options)
	if err != nil {
		return nil, nil, err
	}
	lock, err := network.lock(ctx)
	if err != nil {
		return nil, nil, err
	}
	network, err = load(options)
	if err == nil {
		err = network.processes.Adopt()
	}
	if err != nil {
		return nil, nil, errors.Join(err, lock.Release())
	}
	return network, lock, nil
}

// Close ends the administrators' connections.
func (n *Network) Close() {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for id, administrator := range n.administrators {
		administrator.Close()
		delete(n.administrators, id)
	}
}

// Administrator acts for an organisation; it stays open until Close.
func (n *Network) Administrator(id string) (*administration.Administrator, error) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if administrator, open := n.administrators[id]; open {
		return administrator, nil
	}
	organisation, err := n.Consortium.Organisation(id)
	if err != nil {
		return nil, err
	}
	administrator, err := administration.Connect(n.Consortium, organisation, n.Layout)
	if err != nil {
		return nil, err
	}
	n.administrators[id] = administrator
	return administrator, nil
}

// GatewayURL is where an organisation's gateway serves, or "" if it has none.
func (n *Network) GatewayURL(id string) string {
	organisation, err := n.Consortium.Organisation(id)
	if err != nil || organisation.Gateway == nil {
		return ""
	}
	return organisation.Gateway.URL()
}

// Log is the path of a node's log.
func (n *Network) Log(node string) (string, error) {
	if _, known := n.Consortium.Node(node); !known {
		return "", n.unknown(node)
	}
	return n.Layout.Log(node), nil
}

func (n *Network) unknown(node string) error {
	return fmt.Errorf("there's no node %q; the nodes are %s", node, n.Consortium.NodeNames())
}

// StartNode starts one node and waits until it's ready.
func (n *Network) StartNode(ctx context.Context, name string) error {
	node, known := n.Consortium.Node(name)
	if !known {
		return n.unknown(name)
	}
	if n.fabric == (toolchain.Fabric{}) {
		if err := n.buildFabric(ctx); err != nil {
			return err
		}
	}
	return n.startNodes(ctx, []topology.Node{node})
}

// StopNode stops one node in the orderly way.
func (n *Network) StopNode(ctx context.Context, name string) error {
	if _, known := n.Consortium.Node(name); !known {
		return n.unknown(name)
	}
	return n.processes.Stop(ctx, name, stopGrace)
}

// KillNode ends one node as a power cut would.
func (n *Network) KillNode(ctx context.Context, name string) error {
	if _, known := n.Consortium.Node(name); !known {
		return n.unknown(name)
	}
	return n.processes.Kill(ctx, name)
}

// HaltNode stops one node in its tracks, as a machine that hangs does: it keeps its connections and answers nobody. The
// function that it gives lets the node go on.
func (n *Network) HaltNode(name string) (goOn func() error, err error) {
	record, running := n.processes.Running(name)
	if !running {
		return nil, fmt.Errorf("couldn't halt %s: it doesn't run", name)
	}
	signal := func(s syscall.Signal) error {
		if err := syscall.Kill(record.PID, s); err != nil {
			return fmt.Errorf("couldn't send %s the signal %s: %w", name, s, err)
		}
		return nil
	}
	return func() error { return signal(syscall.SIGCONT) }, signal(syscall.SIGSTOP)
}

// KillChaincode ends the chaincode of an organisation's peer; the peer starts it again when it's next called.
func (n *Network) KillChaincode(id string) error {
	running, err := n.chaincodes()
	if err != nil {
		return err
	}
	for _, pid := range running[id] {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("couldn't kill the chaincode of %s: %w", id, err)
		}
	}
	return nil
}

// chaincodes lists the chaincode processes by organisation. Peers start them, so there are no records; they're known by
// running a program out of their peer's data folder.
func (n *Network) chaincodes() (map[string][]int, error) {
	found := map[string][]int{}
	for _, organisation := range n.Consortium.Organisations {
		builds := n.Layout.Organisation(organisation.ID).Holder(topology.HolderPeer).Builds()
		running, err := process.Executables(builds)
		if err != nil {
			return nil, err
		}
		for pid := range running {
			found[organisation.ID] = append(found[organisation.ID], pid)
		}
	}
	return found, nil
}

// InstallChaincode has an organisation's peer install the package of the program with the given SHA-256. If the organisation's
// own program is another one, the peer's builder refuses, and the error says so in the builder's words.
func (n *Network) InstallChaincode(ctx context.Context, id, hash string) (packageID string, err error) {
	administrator, err := n.Administrator(id)
	if err != nil {
		return "", err
	}
	content, err := artifacts.ChaincodePackage(n.Consortium.Chaincode, hash, n.options.FurtherChaincode)
	if err != nil {
		return "", err
	}
	log := n.Layout.Log("peer." + id)
	before := size(log)
	packageID, err = administrator.Install(ctx, artifacts.ChaincodeLabel(n.Consortium.Chaincode, hash), content)
	if err != nil {
		if reason := builderComplaint(log, before); reason != "" {
			return "", fmt.Errorf("peer.%s refused to install the chaincode: %s: %w", id, reason, err)
		}
		return "", err
	}
	return packageID, nil
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// GatewayProgram is the gateway as it was built, which verifies bundles too.
func (n *Network) GatewayProgram() string { return n.program("gateway") }

func (n *Network) program(name string) string { return filepath.Join(n.Layout.Programs(), name) }
