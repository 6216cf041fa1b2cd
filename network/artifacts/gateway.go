package artifacts

import (
	"fmt"
	"os"

	"gopkg.in/yaml.v3"

	"github.com/weighbridge/weighbridge/network/topology"
)

// gatewayConfig is gateway.yaml: all that an organisation's gateway has to know of the network.
type gatewayConfig struct {
	Organisation string        `yaml:"organisation"`
	Role         topology.Role `yaml:"role"`
	Listen       string        `yaml:"listen"`
	Channel      string        `yaml:"channel"`
	Chaincode    string        `yaml:"chaincode"`
	Genesis      string        `yaml:"genesis"`
	Data         string        `yaml:"data"`
	Peer         struct {
		Address    string `yaml:"address"`
		ServerName string `yaml:"serverName"`
		TLSCA      string `yaml:"tlsCA"`
	} `yaml:"peer"`
	Identity struct {
		Certificate string `yaml:"certificate"`
		Key         string `yaml:"key"`
	} `yaml:"identity"`
	Transparency struct {
		Key      string   `yaml:"key"`
		Others   []string `yaml:"others"`
		Verifier string   `yaml:"verifier"`
	} `yaml:"transparency"`
	Members struct {
		Listen      string   `yaml:"listen"`
		Certificate string   `yaml:"certificate"`
		Key         string   `yaml:"key"`
		Authorities []string `yaml:"authorities"`
	} `yaml:"members"`
}

// WriteGatewayConfig writes gateway.yaml of an organisation's gateway.
func WriteGatewayConfig(consortium topology.Consortium, organisation topology.Organisation, layout topology.Layout) error {
	folder := layout.Organisation(organisation.ID)
	holder := folder.Holder(topology.HolderGateway)
	config := gatewayConfig{
		Organisation: organisation.ID, Role: organisation.Role, Listen: organisation.Gateway.Address(),
		Channel: consortium.Channel, Chaincode: consortium.Chaincode, Genesis: layout.GenesisBlock(), Data: holder.Data(),
	}
	config.Peer.Address = organisation.Peer.Address()
	config.Peer.ServerName = organisation.PeerNode().ServerName()
	config.Peer.TLSCA = folder.TLSCA()
	config.Identity.Certificate = holder.Certificate()
	config.Identity.Key = holder.Key()
	config.Transparency.Key, config.Transparency.Verifier = holder.LogKey(), layout.VerifierPage()
	config.Members.Listen = organisation.Gateway.MembersAddress()
	config.Members.Certificate, config.Members.Key = holder.TLSCertificate(), holder.TLSKey()
	for _, other := range consortium.Organisations {
		if other.ID != organisation.ID && other.Gateway != nil {
			config.Transparency.Others = append(config.Transparency.Others, other.ID+"=https://"+other.Gateway.MembersAddress())
			config.Members.Authorities = append(config.Members.Authorities, other.ID+"="+layout.Organisation(other.ID).TLSCA())
		}
	}
	if err := ensureLogKey(holder.LogKey()); err != nil {
		return fmt.Errorf("couldn't create the key of the log of %s: %w", organisation.ID, err)
	}
	if err := os.MkdirAll(holder.Data(), 0o700); err != nil {
		return fmt.Errorf("couldn't create the data folder of %s: %w", organisation.GatewayNode().Name(), err)
	}
	encoded, err := yaml.Marshal(config)
	if err != nil {
		return fmt.Errorf("couldn't encode the configuration of %s: %w", organisation.GatewayNode().Name(), err)
	}
	return replace(folder.GatewayConfig(), encoded)
}
