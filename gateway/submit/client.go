package submit

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/hash"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/keys"
	"github.com/weighbridge/weighbridge/gateway/trace"
)

const (
	// largestMessage is what Fabric's nodes use; a block can exceed gRPC's own 4 MiB.
	largestMessage = 100 << 20
	// reconnectWithin bounds how long a peer that is back goes unnoticed.
	reconnectWithin = 2 * time.Second
	// A peer's default lets clients ask for signs of life once a minute.
	keepaliveEvery = 90 * time.Second
	keepaliveWait  = 20 * time.Second
)

// Client submits one organisation's commands through its own peer. All its
// methods may be used by several goroutines at once.
type Client struct {
	queue    *queue
	runner   *runner
	fabric   *fabric
	conn     *grpc.ClientConn
	gateway  *client.Gateway
	network  *client.Network
	contract *client.Contract
	evaluate time.Duration
	key      *keys.Key
}

// Dial makes a client. It reads the certificates and key, but does not wait for
// the peer: a gateway may start before it.
func Dial(options Options) (*Client, error) {
	conn, err := connect(options)
	if err != nil {
		return nil, err
	}
	id, key, err := readIdentity(options)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	c, err := newClient(conn, id, key, options)
	if err != nil {
		return nil, errors.Join(err, key.Close(), conn.Close())
	}
	return c, nil
}

func newClient(conn *grpc.ClientConn, id identity.Identity, key *keys.Key, options Options) (*Client, error) {
	gw, err := client.Connect(id, client.WithSign(key.Sign), client.WithHash(hash.SHA256), client.WithClientConnection(conn))
	if err != nil {
		return nil, fmt.Errorf("couldn't set up the client of %s: %w", options.Peer, err)
	}
	platform, err := newFabric(gw, options.Channel, options.Chaincode)
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(options.Registerer)
	if err != nil {
		return nil, err
	}
	timeouts := options.Timeouts.withDefaults()
	run := &runner{platform: platform, timeouts: timeouts, metrics: m, load: &load{}, form: &form{}, first: options.First}
	return &Client{
		queue:  newQueue(massbalance.OrganisationID(options.Organisation), options.Limits.withDefaults(), m, run),
		runner: run, fabric: platform,
		conn: conn, gateway: gw, network: gw.GetNetwork(options.Channel), contract: platform.contract,
		evaluate: timeouts.Evaluate, key: key,
	}, nil
}

// connect prepares a connection with TLS to the peer; it comes up when it is used.
func connect(options Options) (*grpc.ClientConn, error) {
	authority, err := os.ReadFile(options.TLSCA)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the authority of the peer's TLS certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("couldn't read the authority of the peer's TLS certificate: there is none in %s", options.TLSCA)
	}
	retry := backoff.DefaultConfig
	retry.BaseDelay, retry.MaxDelay = 100*time.Millisecond, reconnectWithin
	conn, err := grpc.NewClient(options.Peer,
		grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(pool, options.ServerName)),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: retry, MinConnectTimeout: 5 * time.Second}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepaliveEvery, Timeout: keepaliveWait}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largestMessage), grpc.MaxCallSendMsgSize(largestMessage)),
	)
	if err != nil {
		return nil, fmt.Errorf("couldn't set up the connection to %s: %w", options.Peer, err)
	}
	return conn, nil
}

func readIdentity(options Options) (identity.Identity, *keys.Key, error) {
	encoded, err := os.ReadFile(options.Key.Certificate)
	if err != nil {
		return nil, nil, fmt.Errorf("couldn't read the certificate: %w", err)
	}
	certificate, err := identity.CertificateFromPEM(encoded)
	if err != nil {
		return nil, nil, fmt.Errorf("couldn't read the certificate %s: %w", options.Key.Certificate, err)
	}
	id, err := identity.NewX509Identity(options.Organisation, certificate)
	if err != nil {
		return nil, nil, fmt.Errorf("couldn't use the certificate %s: %w", options.Key.Certificate, err)
	}
	key, err := keys.Open(options.Key)
	return id, key, err
}

// Submit brings commands to the ledger and waits for what becomes of them. It
// gives one outcome per command, in the order of the call, or an error if none
// of them was taken: ErrBusy, ErrClosed, or a command that has no form.
//
// If ctx ends first, what still waits is withdrawn (NotSubmitted), and what is
// under way goes on; it is Unknown to the caller.
//
// Commands need not be sealed. Those of one site are sent in their order; a
// command that depends on one of another site belongs in a later call.
func (c *Client) Submit(ctx context.Context, commands []massbalance.Command) ([]Outcome, error) {
	ctx, end := trace.Submit(ctx, commandIDs(commands))
	outcomes, err := c.queue.submit(ctx, commands)
	end(err)
	return outcomes, err
}

func commandIDs(commands []massbalance.Command) []string {
	ids := make([]string, len(commands))
	for i, c := range commands {
		ids[i] = string(c.ID)
	}
	return ids
}

// Evaluate asks the own peer for the answer of a function that only reads. The
// answer is that peer's alone.
func (c *Client) Evaluate(ctx context.Context, function string, args ...string) ([]byte, error) {
	return c.EvaluateOf(ctx, c.contract.ChaincodeName(), function, args...)
}

// EvaluateOf is Evaluate for any chaincode of the channel.
func (c *Client) EvaluateOf(ctx context.Context, chaincode, function string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.evaluate)
	defer cancel()
	answer, err := c.network.GetContract(chaincode).EvaluateWithContext(ctx, function, client.WithArguments(args...))
	if err != nil {
		return nil, fmt.Errorf("couldn't evaluate %s: %w", function, err)
	}
	return answer, nil
}

// Height asks the own peer how many blocks its chain has.
func (c *Client) Height(ctx context.Context) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, c.evaluate)
	defer cancel()
	return c.fabric.height(ctx, "")
}

// readHeight reads the first field of Fabric's BlockchainInfo.
func readHeight(info []byte) (uint64, error) {
	number, kind, n := protowire.ConsumeTag(info)
	if n < 0 || number != 1 || kind != protowire.VarintType {
		return 0, errors.New("couldn't read the chain's height: the peer's answer does not begin with it")
	}
	height, n := protowire.ConsumeVarint(info[n:])
	if n < 0 {
		return 0, fmt.Errorf("couldn't read the chain's height: %w", protowire.ParseError(n))
	}
	return height, nil
}

// Await waits until the own peer has committed a transaction. Whoever depends on
// what another organisation did waits for it: its peer may be ahead of this one.
func (c *Client) Await(ctx context.Context, transaction string) error {
	if end := c.runner.await(ctx, transaction, nil); end.stage != Valid {
		return fmt.Errorf("couldn't wait for transaction %s: %s", transaction, end.detail)
	}
	return nil
}

// Chaincode is the name of the ledger's chaincode.
func (c *Client) Chaincode() string { return c.contract.ChaincodeName() }

// Network is the channel over the client's connection, to follow its blocks.
func (c *Client) Network() *client.Network { return c.network }

// Close withdraws what waits, lets the transactions under way come to their end
// and then disconnects. If ctx ends first, they are cut short and their commands
// are Unknown.
func (c *Client) Close(ctx context.Context) error {
	return errors.Join(c.queue.shut(ctx), c.gateway.Close(), c.conn.Close(), c.key.Close())
}
