package artifacts

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/weighbridge/weighbridge/network/toolchain"
	"github.com/weighbridge/weighbridge/network/topology"
)

// A node's configuration is Fabric's sample with our settings put over it, written out in full: an operator finds every
// setting of the node in one file.

// WritePeerConfig writes core.yaml of an organisation's peer.
func WritePeerConfig(fabric toolchain.Fabric, organisation topology.Organisation, layout topology.Layout) error {
	holder := layout.Organisation(organisation.ID).Holder(topology.HolderPeer)
	return writeNodeConfig(fabric.SampleCore(), filepath.Join(holder.Config(), "core.yaml"),
		peerSettings(organisation, layout, holder))
}

func peerSettings(organisation topology.Organisation, layout topology.Layout, holder topology.HolderLayout) object {
	peer, address := organisation.Peer, organisation.Peer.Address()
	return object{
		"peer.id":                              organisation.PeerNode().Name(),
		"peer.networkId":                       "weighbridge",
		"peer.listenAddress":                   address,
		"peer.address":                         address,
		"peer.chaincodeListenAddress":          peer.ChaincodeAddress(),
		"peer.chaincodeAddress":                peer.ChaincodeAddress(),
		"peer.localMspId":                      organisation.ID,
		"peer.mspConfigPath":                   holder.MSP(),
		"peer.fileSystemPath":                  holder.Data(),
		"peer.gossip.bootstrap":                address,
		"peer.gossip.endpoint":                 address,
		"peer.gossip.externalEndpoint":         address,
		"peer.gossip.useLeaderElection":        false,
		"peer.gossip.orgLeader":                true,
		"peer.gossip.requestStateInfoInterval": "1s", // 4s by default, and as long until others know what a peer can endorse
		"peer.gossip.publishStateInfoInterval": "1s",
		"peer.gossip.reconnectInterval":        "1s",  // 25s by default, and as long until peers of organisations know one another
		"peer.gossip.aliveTimeInterval":        "2s",  // 5s by default,
		"peer.gossip.aliveExpirationTimeout":   "10s", // and 25s, as long as a peer that hangs is asked to endorse
		"peer.gateway.endorsementTimeout":      "5s",  // 30s by default; after it the gateway asks another organisation's peer
		"peer.gossip.dialTimeout":              "1s",  // a dial made before the channel is known can only fail, and blocks the next
		"peer.tls.enabled":                     true,
		"peer.tls.cert.file":                   holder.TLSCertificate(),
		"peer.tls.key.file":                    holder.TLSKey(),
		"peer.tls.rootcert.file":               holder.TLSRoot(),
		"peer.tls.clientRootCAs.files":         []string{holder.TLSRoot()},
		"peer.limits.concurrency":              object{"endorserService": 5000, "deliverService": 5000, "gatewayService": 5000},
		"vm.endpoint":                          "", // without Docker, and /healthz doesn't miss it
		"chaincode.externalBuilders":           []object{externalBuilder(layout)},
		"ledger.history":                       object{"enableHistoryDatabase": false}, // nobody asks it: every gateway keeps the whole record
		"ledger.snapshots.rootDir":             filepath.Join(holder.Data(), "snapshots"),
		"operations.listenAddress":             peer.OperationsAddress(),
		"operations.tls.enabled":               true,
		"operations.tls.cert.file":             holder.TLSCertificate(),
		"operations.tls.key.file":              holder.TLSKey(),
		"operations.tls.clientRootCAs":         object{"files": []string{holder.TLSRoot()}},
		"metrics.provider":                     "prometheus",
		"peer.deliveryclient.connTimeout":      "3s",
	}
}

func externalBuilder(layout topology.Layout) object {
	return object{"name": "weighbridge", "path": layout.Builder(), "propagateEnvironment": []string{"WEIGHBRIDGE_CHAINCODE", "WEIGHBRIDGE_CHAINCODE_ENVIRONMENT"}}
}

// WriteOrdererConfig writes orderer.yaml of an organisation's orderer.
func WriteOrdererConfig(fabric toolchain.Fabric, organisation topology.Organisation, layout topology.Layout) error {
	holder := layout.Organisation(organisation.ID).Holder(topology.HolderOrderer)
	return writeNodeConfig(fabric.SampleOrderer(), filepath.Join(holder.Config(), "orderer.yaml"),
		ordererSettings(organisation, holder))
}

func ordererSettings(organisation topology.Organisation, holder topology.HolderLayout) object {
	orderer := organisation.Orderer
	tls := object{
		"Enabled": true, "Certificate": holder.TLSCertificate(), "PrivateKey": holder.TLSKey(),
		"RootCAs": []string{holder.TLSRoot()}, "ClientRootCAs": []string{holder.TLSRoot()},
	}
	withClients := func(required bool) object {
		section := object{"ClientAuthRequired": required}
		for key, value := range tls {
			section[key] = value
		}
		return section
	}
	return object{
		"General.ListenAddress":        orderer.Host,
		"General.ListenPort":           orderer.Port,
		"General.TLS":                  withClients(false),
		"General.Cluster":              object{"SendBufferSize": 100, "ClientCertificate": holder.TLSCertificate(), "ClientPrivateKey": holder.TLSKey()},
		"General.BootstrapMethod":      "none", // there's no system channel
		"General.LocalMSPDir":          holder.MSP(),
		"General.LocalMSPID":           organisation.ID,
		"FileLedger.Location":          filepath.Join(holder.Data(), "ledger"),
		"Consensus.WALDir":             filepath.Join(holder.Data(), "consensus", "wal"),
		"Consensus.SnapDir":            filepath.Join(holder.Data(), "consensus", "snapshot"),
		"Operations.ListenAddress":     orderer.OperationsAddress(),
		"Operations.TLS":               withClients(false),
		"Admin.ListenAddress":          orderer.AdminAddress(),
		"Admin.TLS":                    withClients(true),
		"ChannelParticipation.Enabled": true,
		"Metrics.Provider":             "prometheus",
	}
}

func writeNodeConfig(sample, path string, settings object) error {
	content, err := os.ReadFile(sample)
	if err != nil {
		return fmt.Errorf("couldn't read Fabric's sample configuration: %w", err)
	}
	config := object{}
	if err := yaml.Unmarshal(content, &config); err != nil {
		return fmt.Errorf("couldn't parse Fabric's sample configuration %s: %w", sample, err)
	}
	for key, value := range settings {
		set(config, strings.Split(key, "."), value)
	}
	encoded, err := yaml.Marshal(config)
	if err != nil {
		return fmt.Errorf("couldn't encode %s: %w", path, err)
	}
	return replace(path, encoded)
}

// set puts a value at a path of keys, creating the objects on the way.
func set(config object, keys []string, value any) {
	if len(keys) == 1 {
		config[keys[0]] = value
		return
	}
	inner, ok := config[keys[0]].(object)
	if !ok {
		inner = object{}
		config[keys[0]] = inner
	}
	set(inner, keys[1:], value)
}
