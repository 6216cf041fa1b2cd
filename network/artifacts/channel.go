package artifacts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"gopkg.in/yaml.v3"

	"github.com/weighbridge/weighbridge/network/toolchain"
	"github.com/weighbridge/weighbridge/network/topology"
)

const channelProfile = "Weighbridge"

type object = map[string]any

// CreateGenesisBlock writes the channel's first block with configtxgen. A block that exists is left alone: every node has
// copied it, and another one would be another channel.
func CreateGenesisBlock(ctx context.Context, fabric toolchain.Fabric, consortium topology.Consortium, layout topology.Layout) error {
	if _, err := os.Stat(layout.GenesisBlock()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	profile, err := yaml.Marshal(channelConfig(consortium, layout))
	if err != nil {
		return fmt.Errorf("couldn't encode the channel's profile: %w", err)
	}
	if err := replace(layout.ChannelProfile(), profile); err != nil {
		return err
	}
	partial := layout.GenesisBlock() + ".partial"
	command := exec.CommandContext(ctx, fabric.Configtxgen(), "-configPath", layout.Channel(),
		"-profile", channelProfile, "-channelID", consortium.Channel, "-outputBlock", partial)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("couldn't make the genesis block of %s from %s: %w\n%s", consortium.Channel, layout.ChannelProfile(), err, output)
	}
	if err := os.Rename(partial, layout.GenesisBlock()); err != nil {
		return fmt.Errorf("couldn't put the genesis block in place: %w", err)
	}
	return nil
}

// channelConfig is configtx.yaml. The writers start as ApprovingWriters; network narrows them once the chaincode is approved.
func channelConfig(consortium topology.Consortium, layout topology.Layout) object {
	channelCapabilities := object{"V3_0": true}
	profile := object{
		"Capabilities": channelCapabilities,
		"Policies": object{
			"Readers": signature(consortium.Readers()),
			"Writers": signature(consortium.ChannelWriters(topology.ApprovingWriters)),
			"Admins":  implicit("MAJORITY Admins"),
		},
		"Orderer":     ordererConfig(consortium, layout),
		"Application": applicationConfig(consortium, layout),
	}
	return object{"Profiles": object{channelProfile: profile}}
}

func applicationConfig(consortium topology.Consortium, layout topology.Layout) object {
	var organisations []object
	for _, organisation := range consortium.Organisations {
		config := organisationConfig(organisation, layout)
		config["AnchorPeers"] = []object{{"Host": organisation.Peer.Host, "Port": organisation.Peer.Port}}
		organisations = append(organisations, config)
	}
	return object{
		"Organizations": organisations,
		"Capabilities":  object{"V2_5": true},
		"ACLs":          readerACLs(),
		"Policies": object{
			"Readers":              signature(consortium.Readers()),
			"Writers":              signature(consortium.ApplicationWriters(topology.ApprovingWriters)),
			"Admins":               signature(consortium.AdminsPolicy()),
			"Endorsement":          endorsement(consortium),
			"LifecycleEndorsement": signature(consortium.EndorsementPolicy()),
		},
	}
}

func endorsement(consortium topology.Consortium) object {
	if consortium.Endorsement == topology.ImplicitEndorsement {
		return implicit("MAJORITY Endorsement")
	}
	return signature(consortium.EndorsementPolicy())
}

// readerACLs let members who may not write evaluate all the same. Proposing changes nothing: what counts is what the
// orderers take, and they check Writers.
func readerACLs() object {
	acls := object{}
	for _, resource := range []string{
		"peer/Propose",
		"_lifecycle/CheckCommitReadiness",
		"_lifecycle/QueryChaincodeDefinition",
		"_lifecycle/QueryChaincodeDefinitions",
	} {
		acls[resource] = "/Channel/Application/Readers"
	}
	return acls
}

func ordererConfig(consortium topology.Consortium, layout topology.Layout) object {
	var organisations, consenters []object
	for i, organisation := range consortium.Trading() {
		config := organisationConfig(organisation, layout)
		config["OrdererEndpoints"] = []string{organisation.Orderer.Address()}
		organisations = append(organisations, config)
		holder := layout.Organisation(organisation.ID).Holder(topology.HolderOrderer)
		consenters = append(consenters, object{
			"ID": i + 1, "Host": organisation.Orderer.Host, "Port": organisation.Orderer.Port, "MSPID": organisation.ID,
			"Identity": holder.Certificate(), "ClientTLSCert": holder.TLSCertificate(), "ServerTLSCert": holder.TLSCertificate(),
		})
	}
	return object{
		"OrdererType":      "BFT",
		"ConsenterMapping": consenters,
		"SmartBFT":         smartBFT(consortium.Blocks),
		// Small blocks under load make SmartBFT suspect its leader; see RequestComplainTimeout.
		"BatchSize":     object{"MaxMessageCount": consortium.Blocks.Transactions, "AbsoluteMaxBytes": "10 MB", "PreferredMaxBytes": consortium.Blocks.Bytes},
		"BatchTimeout":  "1s", // not used by SmartBFT, but configtxgen wants it
		"Organizations": organisations,
		"Capabilities":  object{"V2_0": true},
		"Policies": object{
			"Readers": signature(consortium.Readers()),
			"Writers": signature(consortium.OrdererWriters()),
			"Admins":  signature(consortium.AdminsPolicy()),
			// configtxgen replaces it by a policy made from the consenters.
			"BlockValidation": implicit("ANY Writers"),
		},
	}
}

// smartBFT sets the ordering protocol's timing. RequestBatchMaxInterval is what a lone transaction waits for company.
// Complaint and view change are patient: shorter ones replaced healthy leaders under load. LeaderHeartbeatTimeout bounds how
// long a dead leader is missed.
func smartBFT(blocks topology.Blocks) object {
	return object{
		"RequestBatchMaxCount": blocks.Transactions, "RequestBatchMaxBytes": 10 << 20, "RequestBatchMaxInterval": blocks.Interval.String(),
		"IncomingMessageBufferSize": 200, "RequestPoolSize": 100000,
		"RequestForwardTimeout": "300ms", "RequestComplainTimeout": "20s", "RequestAutoRemoveTimeout": "3m",
		"ViewChangeResendInterval": "5s", "ViewChangeTimeout": "20s",
		"LeaderHeartbeatTimeout": "5s", "LeaderHeartbeatCount": 10,
		"CollectTimeout": "1s", "SyncOnStart": false, "SpeedUpViewChange": false,
	}
}

func organisationConfig(organisation topology.Organisation, layout topology.Layout) object {
	policies := object{}
	for name, rule := range organisation.OrganisationPolicies() {
		policies[name] = signature(rule)
	}
	return object{
		"Name": organisation.ID, "ID": organisation.ID,
		"MSPDir":   layout.Organisation(organisation.ID).MSP(),
		"Policies": policies,
	}
}

func signature(rule string) object { return object{"Type": "Signature", "Rule": rule} }
func implicit(rule string) object  { return object{"Type": "ImplicitMeta", "Rule": rule} }

// replace writes a file in one step, so that a killed program leaves the old content or the new.
func replace(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("couldn't create a folder: %w", err)
	}
	partial := path + ".partial"
	if err := os.WriteFile(partial, content, 0o644); err != nil {
		return fmt.Errorf("couldn't write a file: %w", err)
	}
	if err := os.Rename(partial, path); err != nil {
		return fmt.Errorf("couldn't put %s in place: %w", path, err)
	}
	return nil
}
