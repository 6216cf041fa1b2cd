package consortium

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/weighbridge/weighbridge/network/process"
	"github.com/weighbridge/weighbridge/network/topology"
)

const (
	// patience is how long a condition may take to hold. Two of some 140 measured starts took 40 and 56 s.
	patience = 90 * time.Second
	// interval is how often a condition is tried.
	interval = 50 * time.Millisecond
	// lastLines is how much of a dead node's log is shown.
	lastLines = 15
)

// startNodes starts those of the nodes that don't run, all at once, and waits until all are ready.
func (n *Network) startNodes(ctx context.Context, nodes []topology.Node) error {
	var starting []topology.Node
	for _, node := range nodes {
		if _, running := n.processes.Running(node.Name()); !running {
			starting = append(starting, node)
		}
	}
	if err := checkPorts(starting); err != nil {
		return err
	}
	for _, node := range starting {
		if node.Kind == topology.KindPeer {
			if err := n.removeHalfBuilds(node); err != nil {
				return err
			}
		}
		if _, err := n.processes.Start(n.spec(node)); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, node := range nodes {
		group.Go(func() error { return n.await(ctx, node.Name(), n.ready(node)) })
	}
	return group.Wait()
}

func checkPorts(nodes []topology.Node) error {
	var taken []error
	for _, node := range nodes {
		for _, listener := range node.Listeners() {
			if err := process.CheckFree(listener.Address()); err != nil {
				taken = append(taken, fmt.Errorf("%s %d of %s: %w", listener.Purpose, listener.Port, listener.Node, err))
			}
		}
	}
	if len(taken) > 0 {
		return fmt.Errorf("couldn't start, because ports aren't free (free them, or use another --port-offset):\n%w", errors.Join(taken...))
	}
	return nil
}

// removeHalfBuilds removes what a peer that was killed while installing left of a chaincode build; it would neither use nor
// replace it.
func (n *Network) removeHalfBuilds(node topology.Node) error {
	holder := n.Layout.Organisation(node.Organisation.ID).Holder(topology.HolderPeer)
	builds, err := filepath.Glob(filepath.Join(holder.Builds(), "*"))
	if err != nil {
		return fmt.Errorf("couldn't list the chaincode builds of %s: %w", node.Name(), err)
	}
	for _, build := range builds {
		complete := true
		for _, part := range []string{"build-info.json", "release", filepath.Join("bld", "program"), filepath.Join("bld", "program.json")} {
			if _, err := os.Stat(filepath.Join(build, part)); err != nil {
				complete = false
			}
		}
		if complete {
			continue
		}
		if err := os.RemoveAll(build); err != nil {
			return fmt.Errorf("couldn't remove a half-finished chaincode build of %s: %w", node.Name(), err)
		}
	}
	return nil
}

// What every node gets. Garbage is collected rarely: it costs more time than memory costs here. The limit keeps a loaded peer from growing on.
const (
	garbage     = "GOGC=400"
	memoryLimit = "GOMEMLIMIT=1GiB"
	logFormat   = "FABRIC_LOGGING_FORMAT=%{time:2006-01-02 15:04:05.000} %{level:.4s} [%{module}] %{message}"
)

func (n *Network) spec(node topology.Node) process.Spec {
	folder := n.Layout.Organisation(node.Organisation.ID)
	holder := folder.Holder(string(node.Kind))
	spec := process.Spec{
		Name: node.Name(), Folder: holder.Root, Log: n.Layout.Log(node.Name()),
		Environment: []string{garbage, memoryLimit, logFormat, "FABRIC_CFG_PATH=" + holder.Config()},
	}
	switch node.Kind {
	case topology.KindPeer:
		spec.Executable, spec.Arguments = n.fabric.Peer(), []string{"node", "start"}
		// The external builder explains a refusal on its standard error, which the peer logs as information.
		spec.Environment = append(spec.Environment, "FABRIC_LOGGING_SPEC=error:chaincode.externalbuilder=info",
			"WEIGHBRIDGE_CHAINCODE="+folder.Chaincode(),
			"WEIGHBRIDGE_CHAINCODE_ENVIRONMENT="+strings.Join(n.Consortium.Variables(topology.KindChaincode), "\n"))
	case topology.KindOrderer:
		spec.Executable = n.fabric.Orderer()
		spec.Environment = append(spec.Environment, "FABRIC_LOGGING_SPEC=error")
	default:
		spec.Executable, spec.Arguments = n.program("gateway"), []string{"serve", "--config", folder.GatewayConfig()}
	}
	spec.Environment = append(spec.Environment, n.Consortium.Variables(node.Kind)...)
	return spec
}

// ready asks a node whether it's ready to work.
func (n *Network) ready(node topology.Node) func(context.Context) error {
	url := "https://" + node.OperationsAddress() + "/healthz"
	if node.Kind == topology.KindGateway {
		url = node.Organisation.Gateway.URL() + "/readyz"
	}
	client, err := n.operationsClient(node)
	return func(ctx context.Context) error {
		if err != nil {
			return process.Hopeless(err)
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return fmt.Errorf("couldn't ask %s: %w", node.Name(), err)
		}
		response, err := client.Do(request)
		if err != nil {
			return fmt.Errorf("%s doesn't answer: %w", node.Name(), err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s with %s", node.Name(), url, response.Status)
		}
		return nil
	}
}

// operationsClient trusts the node's own organisation and nobody else. Every request is a connection of its own: a kept one
// would tell of the node's past.
func (n *Network) operationsClient(node topology.Node) (*http.Client, error) {
	transport := &http.Transport{DisableKeepAlives: true}
	if node.Kind != topology.KindGateway {
		certificate, err := os.ReadFile(n.Layout.Organisation(node.Organisation.ID).TLSCA())
		if err != nil {
			return nil, fmt.Errorf("couldn't read the TLS authority of %s: %w", node.Organisation.ID, err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(certificate)
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, ServerName: node.ServerName(), MinVersion: tls.VersionTLS12}
	}
	const timeout = 5 * time.Second
	return &http.Client{Transport: transport, Timeout: timeout}, nil
}

// await polls a condition. It gives up early when any node that was started has died: the wait would be in vain.
func (n *Network) await(ctx context.Context, who string, condition func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("waited %s in vain", patience))
	defer cancel()
	defer n.report.await(who, "")
	err := process.Poll(ctx, interval, func(ctx context.Context) error {
		err := condition(ctx)
		if err == nil {
			return nil
		}
		n.report.await(who, firstLine(err))
		if dead := n.checkAlive(); dead != nil {
			return process.Hopeless(dead)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", who, err)
	}
	return nil
}

// checkAlive looks for a node that was started and has ended by itself: its record is still there, its process isn't.
func (n *Network) checkAlive() error {
	for _, node := range n.Consortium.Nodes() {
		name := node.Name()
		if _, running := n.processes.Running(name); running || !n.processes.Recorded(name) {
			continue
		}
		log := n.Layout.Log(name)
		words, err := process.LastWords(log, lastLines)
		if err != nil {
			words = err.Error()
		}
		return fmt.Errorf("%s has ended by itself; its log %s says:\n%s", name, log, words)
	}
	return nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// builderComplaint finds what the external builder said in the part of a peer's log after offset.
func builderComplaint(log string, offset int64) string {
	content, err := os.ReadFile(log)
	if err != nil || int64(len(content)) < offset {
		return ""
	}
	for _, line := range strings.Split(string(content[offset:]), "\n") {
		if _, complaint, found := strings.Cut(line, "builder: build: "); found {
			complaint, _, _ = strings.Cut(complaint, " command=")
			return strings.TrimSpace(complaint)
		}
	}
	return ""
}
