package peertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// The names that a gateway needs to know.
const (
	Channel    = "weighbridge"
	Chaincode  = "massbalance"
	ServerName = "peer.growers.example"
)

// Peer is a peer at work.
type Peer struct {
	gateway.UnimplementedGatewayServer
	peer.UnimplementedDeliverServer

	t           testing.TB
	certificate tls.Certificate
	address     string
	server      *grpc.Server

	mu sync.Mutex
	// grown is closed and replaced with each block.
	grown   chan struct{}
	state   massbalance.Memory
	blocks  []*common.Block
	commits map[string]*gateway.CommitStatusResponse
	// held keeps transactions from being committed while it is not nil.
	held chan struct{}
}

// Start starts a peer whose ledger has a configuration block only.
func Start(t testing.TB) *Peer {
	t.Helper()
	p := &Peer{t: t, state: massbalance.Memory{}, grown: make(chan struct{}), commits: map[string]*gateway.CommitStatusResponse{}}
	p.certificate = selfSigned(t)
	p.blocks = append(p.blocks, p.seal(configuration(), 0))
	p.Resume()
	t.Cleanup(p.Stop)
	return p
}

// StartSeason starts one whose ledger holds ledgertest's season.
func StartSeason(t testing.TB) *Peer {
	t.Helper()
	p := Start(t)
	l := ledgertest.New(t)
	l.Season()
	for _, block := range l.Blocks() {
		for _, tx := range block.Transactions {
			var commands []massbalance.Command
			for _, e := range tx.Entries {
				commands = append(commands, e.Command)
			}
			p.Execute(tx.Organisation, commands...)
		}
	}
	return p
}

// StartWith starts one that delivers these blocks and knows no state: for chains that
// somebody signed, and for lies.
func StartWith(t testing.TB, blocks ...*common.Block) *Peer {
	t.Helper()
	p := Start(t)
	p.Tell(blocks...)
	return p
}

// Tell replaces what the peer delivers from now on; a stream goes on where it is.
func (p *Peer) Tell(blocks ...*common.Block) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blocks = blocks
	close(p.grown)
	p.grown = make(chan struct{})
}

// Address is where the peer listens, the same after Stop and Resume.
func (p *Peer) Address() string { return p.address }

// Height is how many blocks the chain has.
func (p *Peer) Height() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return uint64(len(p.blocks))
}

// WriteAuthority writes the authority of the peer's TLS certificate.
func (p *Peer) WriteAuthority(path string) {
	p.t.Helper()
	encoded := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.certificate.Certificate[0]})
	require.NoError(p.t, os.WriteFile(filepath.Clean(path), encoded, 0o600))
}

// Resume starts the peer, also after Stop: its ledger is still there.
func (p *Peer) Resume() {
	p.t.Helper()
	address := p.address
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", address)
	require.NoError(p.t, err)
	p.address = listener.Addr().String()
	p.server = grpc.NewServer(grpc.Creds(credentials.NewServerTLSFromCert(&p.certificate)))
	gateway.RegisterGatewayServer(p.server, p)
	peer.RegisterDeliverServer(p.server, p)
	go func(server *grpc.Server) {
		if err := server.Serve(listener); err != nil {
			p.t.Errorf("the peer ended: %v", err)
		}
	}(p.server)
}

// Stop takes the peer down at once, connections and all.
func (p *Peer) Stop() {
	if p.server != nil {
		p.server.Stop()
		p.server = nil
	}
}

// Hold keeps transactions that are handed over from being committed until Release.
func (p *Peer) Hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = make(chan struct{})
}

// Release ends a Hold.
func (p *Peer) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held != nil {
		close(p.held)
		p.held = nil
	}
}

func selfSigned(t testing.TB) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: ServerName}, DNSNames: []string{ServerName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{certificate}, PrivateKey: key}
}
