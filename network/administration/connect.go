package administration

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/hyperledger/fabric-sdk-go/pkg/client/ledger"
	"github.com/hyperledger/fabric-sdk-go/pkg/client/msp"
	"github.com/hyperledger/fabric-sdk-go/pkg/client/resmgmt"
	"github.com/hyperledger/fabric-sdk-go/pkg/common/logging"
	"github.com/hyperledger/fabric-sdk-go/pkg/common/providers/context"
	providers "github.com/hyperledger/fabric-sdk-go/pkg/common/providers/msp"
	"github.com/hyperledger/fabric-sdk-go/pkg/core/config"
	"github.com/hyperledger/fabric-sdk-go/pkg/fabsdk"
	"gopkg.in/yaml.v3"

	"github.com/weighbridge/weighbridge/network/topology"
)

// Administrator acts for one organisation on a running network.
type Administrator struct {
	consortium   topology.Consortium
	organisation topology.Organisation
	sdk          *fabsdk.FabricSDK
	identity     providers.SigningIdentity
	client       providers.SigningIdentity
}

// Connect prepares the administrator of an organisation. It doesn't need the network to run yet.
func Connect(consortium topology.Consortium, organisation topology.Organisation, layout topology.Layout) (*Administrator, error) {
	// The SDK logs every retry of its own; whatever matters comes back as an error.
	logging.SetLevel("", logging.CRITICAL)
	folder := layout.Organisation(organisation.ID)
	profile, err := yaml.Marshal(profile(consortium, organisation, layout))
	if err != nil {
		return nil, fmt.Errorf("couldn't encode the connection profile of %s: %w", organisation.ID, err)
	}
	sdk, err := fabsdk.New(config.FromRaw(profile, "yaml"))
	if err != nil {
		return nil, fmt.Errorf("couldn't set up fabric-sdk-go for %s: %w", organisation.ID, err)
	}
	administrator := &Administrator{consortium: consortium, organisation: organisation, sdk: sdk}
	administrator.identity, err = administrator.load(folder.Holder(topology.HolderAdministrator))
	if err == nil {
		administrator.client, err = administrator.load(folder.Holder(topology.HolderGateway))
	}
	if err != nil {
		sdk.Close()
		return nil, err
	}
	return administrator, nil
}

// Close gives back connections and background work.
func (a *Administrator) Close() { a.sdk.Close() }

// Organisation is the ID of the organisation the administrator acts for.
func (a *Administrator) Organisation() string { return a.organisation.ID }

func (a *Administrator) load(holder topology.HolderLayout) (providers.SigningIdentity, error) {
	certificate, err := os.ReadFile(holder.Certificate())
	if err != nil {
		return nil, fmt.Errorf("couldn't read an identity of %s: %w", a.organisation.ID, err)
	}
	key, err := os.ReadFile(holder.Key())
	if err != nil {
		return nil, fmt.Errorf("couldn't read an identity of %s: %w", a.organisation.ID, err)
	}
	members, err := msp.New(a.sdk.Context(), msp.WithOrg(a.organisation.ID))
	if err != nil {
		return nil, fmt.Errorf("couldn't open the membership of %s: %w", a.organisation.ID, err)
	}
	identity, err := members.CreateSigningIdentity(providers.WithCert(certificate), providers.WithPrivateKey(key))
	if err != nil {
		return nil, fmt.Errorf("couldn't use the identity in %s: %w", holder.Root, err)
	}
	return identity, nil
}

func (a *Administrator) as(identity providers.SigningIdentity) fabsdk.ContextOption {
	return fabsdk.WithIdentity(identity)
}

func (a *Administrator) resources() (*resmgmt.Client, error) {
	client, err := resmgmt.New(a.sdk.Context(a.as(a.identity)))
	if err != nil {
		return nil, fmt.Errorf("couldn't act as administrator of %s: %w", a.organisation.ID, err)
	}
	return client, nil
}

func (a *Administrator) ledger() (*ledger.Client, error) {
	client, err := ledger.New(a.channel(a.identity))
	if err != nil {
		return nil, fmt.Errorf("couldn't open the ledger as %s: %w", a.organisation.ID, err)
	}
	return client, nil
}

func (a *Administrator) channel(identity providers.SigningIdentity) context.ChannelProvider {
	return a.sdk.ChannelContext(a.consortium.Channel, a.as(identity))
}

func (a *Administrator) peer() string { return a.organisation.PeerNode().Name() }

type object = map[string]any

// profile is the SDK's connection profile: every node under the name it has in the topology. The channel lists the own peer only,
// which makes it the one that's asked for events, configuration and other peers; whoever else is needed is named each time.
func profile(consortium topology.Consortium, own topology.Organisation, layout topology.Layout) object {
	organisations, peers, orderers := object{}, object{}, object{}
	channelPeers := object{own.PeerNode().Name(): object{
		"endorsingPeer": true, "chaincodeQuery": true, "ledgerQuery": true, "eventSource": true,
	}}
	var channelOrderers []string
	for _, organisation := range consortium.Organisations {
		peer := organisation.PeerNode()
		organisations[organisation.ID] = object{
			"mspid": organisation.ID, "cryptoPath": "unused", "peers": []string{peer.Name()},
		}
		peers[peer.Name()] = endpoint(peer, layout)
	}
	for _, node := range consortium.OrdererNodes() {
		orderers[node.Name()] = endpoint(node, layout)
		channelOrderers = append(channelOrderers, node.Name())
	}
	return object{
		"version":       "1.0.0",
		"client":        client(own, layout),
		"channels":      object{consortium.Channel: object{"peers": channelPeers, "orderers": channelOrderers}},
		"organizations": organisations,
		"peers":         peers,
		"orderers":      orderers,
	}
}

func client(own topology.Organisation, layout topology.Layout) object {
	folder := layout.Organisation(own.ID).Holder(topology.HolderAdministrator)
	store := filepath.Join(folder.Data(), "fabric-sdk")
	return object{
		"organization":    own.ID,
		"logging":         object{"level": "critical"},
		"cryptoconfig":    object{"path": store},
		"credentialStore": object{"path": store, "cryptoStore": object{"path": filepath.Join(store, "msp")}},
		"BCCSP": object{"security": object{
			"enabled": true, "default": object{"provider": "SW"}, "hashAlgorithm": "SHA2", "softVerify": true, "level": 256,
		}},
		"tlsCerts": object{"systemCertPool": false},
		// A peer that has just joined doesn't list itself yet; asking again only after the default of 5s would delay approvals.
		"global": object{"cache": object{"discovery": "500ms"}},
	}
}

func endpoint(node topology.Node, layout topology.Layout) object {
	return object{
		"url": node.Address(),
		"grpcOptions": object{
			"ssl-target-name-override": node.ServerName(), "allow-insecure": false, "fail-fast": false,
			"keep-alive-time": "0s", "keep-alive-timeout": "20s", "keep-alive-permit": false,
		},
		"tlsCACerts": object{"path": layout.Organisation(node.Organisation.ID).TLSCA()},
	}
}
