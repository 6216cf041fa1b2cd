package topology

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"

	"gopkg.in/yaml.v3"
)

// Role says what an organisation may do on the channel.
type Role string

const (
	Trading       Role = "trading"
	Certification Role = "certification"
)

// Consortium is the network as a value. It is complete: no port or host in it still has to be worked out.
type Consortium struct {
	Channel       string
	Chaincode     string
	Organisations []Organisation
	Blocks        Blocks      `yaml:",omitempty"`
	Endorsement   Endorsement `yaml:",omitempty"`
	Environment   Environment `yaml:"-"`
}

// Organisation is one member. Orderer is nil for a certification body; Gateway is nil where none is wanted.
type Organisation struct {
	ID      string
	Name    string
	Role    Role
	Peer    Peer
	Orderer *Orderer
	Gateway *Gateway
}

// Peer is where an organisation's peer listens: for other nodes and clients, for its chaincode, for operations.
type Peer struct {
	Host           string
	Port           int
	ChaincodePort  int
	OperationsPort int
}

// Orderer is where an organisation's orderer listens: for nodes and clients, for channel participation, for operations.
type Orderer struct {
	Host           string
	Port           int
	AdminPort      int
	OperationsPort int
}

// Gateway is where an organisation's gateway serves: its own people and programs,
// and, over TLS, the gateways of the other members.
type Gateway struct {
	Host        string
	Port        int
	MembersPort int
}

func (p Peer) Address() string           { return join(p.Host, p.Port) }
func (p Peer) ChaincodeAddress() string  { return join(p.Host, p.ChaincodePort) }
func (p Peer) OperationsAddress() string { return join(p.Host, p.OperationsPort) }

func (o Orderer) Address() string           { return join(o.Host, o.Port) }
func (o Orderer) AdminAddress() string      { return join(o.Host, o.AdminPort) }
func (o Orderer) OperationsAddress() string { return join(o.Host, o.OperationsPort) }

func (g Gateway) Address() string { return join(g.Host, g.Port) }
func (g Gateway) URL() string     { return "http://" + g.Address() }

func (g Gateway) MembersAddress() string { return join(g.Host, g.MembersPort) }

func join(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// file is consortium.yaml as written; portFields and hosts are still optional in it.
type file struct {
	Channel       string             `yaml:"channel"`
	Chaincode     string             `yaml:"chaincode"`
	Host          string             `yaml:"host"`
	Blocks        Blocks             `yaml:"blocks"`
	Endorsement   Endorsement        `yaml:"endorsement"`
	Environment   Environment        `yaml:"environment"`
	Organisations []fileOrganisation `yaml:"organisations"`
}

type fileOrganisation struct {
	ID      string    `yaml:"id"`
	Name    string    `yaml:"name"`
	Role    Role      `yaml:"role"`
	Peer    *fileNode `yaml:"peer"`
	Orderer *fileNode `yaml:"orderer"`
	Gateway *fileNode `yaml:"gateway"`
}

type fileNode struct {
	Host           string `yaml:"host"`
	Port           int    `yaml:"port"`
	ChaincodePort  int    `yaml:"chaincodePort"`
	AdminPort      int    `yaml:"adminPort"`
	OperationsPort int    `yaml:"operationsPort"`
	MembersPort    int    `yaml:"membersPort"`
}

// Load reads consortium.yaml and adds portOffset to every port, so that a second network can run beside the first.
func Load(path string, portOffset int) (Consortium, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Consortium{}, fmt.Errorf("couldn't read the consortium: %w", err)
	}
	consortium, err := Parse(content, portOffset)
	if err != nil {
		return Consortium{}, fmt.Errorf("couldn't use %s: %w", path, err)
	}
	return consortium, nil
}

// Parse is Load on bytes. Unknown keys are refused, because a misspelt one would otherwise silently mean its default.
func Parse(content []byte, portOffset int) (Consortium, error) {
	var raw file
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&raw); err != nil {
		return Consortium{}, fmt.Errorf("couldn't parse yaml: %w", err)
	}
	consortium := Consortium{
		Channel: raw.Channel, Chaincode: raw.Chaincode,
		Blocks: raw.Blocks.withDefaults(), Endorsement: raw.Endorsement, Environment: raw.Environment,
	}
	if raw.Endorsement == "" {
		consortium.Endorsement = SignatureEndorsement
	}
	for _, organisation := range raw.Organisations {
		if organisation.Peer == nil {
			return Consortium{}, fmt.Errorf("organisation %q has no peer", organisation.ID)
		}
		consortium.Organisations = append(consortium.Organisations, resolve(organisation, raw.Host, portOffset))
	}
	if err := consortium.validate(); err != nil {
		return Consortium{}, err
	}
	return consortium, nil
}

func resolve(raw fileOrganisation, defaultHost string, portOffset int) Organisation {
	host := func(own string) string {
		if own != "" {
			return own
		}
		return defaultHost
	}
	port := func(written int) int {
		if written == 0 {
			return 0
		}
		return written + portOffset
	}
	organisation := Organisation{
		ID: raw.ID, Name: raw.Name, Role: raw.Role,
		Peer: Peer{
			Host: host(raw.Peer.Host), Port: port(raw.Peer.Port),
			ChaincodePort: port(raw.Peer.ChaincodePort), OperationsPort: port(raw.Peer.OperationsPort),
		},
	}
	if node := raw.Orderer; node != nil {
		organisation.Orderer = &Orderer{
			Host: host(node.Host), Port: port(node.Port),
			AdminPort: port(node.AdminPort), OperationsPort: port(node.OperationsPort),
		}
	}
	if node := raw.Gateway; node != nil {
		organisation.Gateway = &Gateway{Host: host(node.Host), Port: port(node.Port), MembersPort: port(node.MembersPort)}
	}
	return organisation
}

var (
	organisationID = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	channelName    = regexp.MustCompile(`^[a-z][a-z0-9.-]{0,248}$`)
	chaincodeName  = regexp.MustCompile(`^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$`)
)

// minimumOrderers is the smallest SmartBFT cluster that survives one faulty member (n ≥ 3f + 1).
const minimumOrderers = 4

func (c Consortium) validate() error {
	if !channelName.MatchString(c.Channel) {
		return fmt.Errorf("channel name %q doesn't match %s", c.Channel, channelName)
	}
	if !chaincodeName.MatchString(c.Chaincode) {
		return fmt.Errorf("chaincode name %q doesn't match %s", c.Chaincode, chaincodeName)
	}
	seen := map[string]bool{}
	for _, organisation := range c.Organisations {
		if seen[organisation.ID] {
			return fmt.Errorf("organisation %q is listed twice", organisation.ID)
		}
		seen[organisation.ID] = true
		if err := organisation.validate(); err != nil {
			return err
		}
	}
	if n := len(c.Trading()); n < minimumOrderers {
		return fmt.Errorf("%d trading organisations: SmartBFT needs %d orderers to survive a faulty one", n, minimumOrderers)
	}
	if c.Endorsement != SignatureEndorsement && c.Endorsement != ImplicitEndorsement {
		return fmt.Errorf("endorsement is %q, not %q or %q", c.Endorsement, SignatureEndorsement, ImplicitEndorsement)
	}
	return errors.Join(c.Blocks.validate(), c.Environment.validate(), c.validatePorts())
}

func (o Organisation) validate() error {
	if !organisationID.MatchString(o.ID) {
		return fmt.Errorf("organisation id %q doesn't match %s", o.ID, organisationID)
	}
	switch {
	case o.Role != Trading && o.Role != Certification:
		return fmt.Errorf("organisation %q has role %q, not %q or %q", o.ID, o.Role, Trading, Certification)
	case o.Role == Trading && o.Orderer == nil:
		return fmt.Errorf("trading organisation %q has no orderer", o.ID)
	case o.Role == Certification && o.Orderer != nil:
		return fmt.Errorf("certification body %q has an orderer, but it's read-only", o.ID)
	}
	return nil
}

func (c Consortium) validatePorts() error {
	owner := map[string]string{}
	for _, listener := range c.Listeners() {
		if listener.Host == "" {
			return fmt.Errorf("%s has no host, and the file no default host", listener.Name())
		}
		if listener.Port < 1 || listener.Port > 65535 {
			return fmt.Errorf("%s of %s is %d, not between 1 and 65535", listener.Purpose, listener.Node, listener.Port)
		}
		if other, taken := owner[listener.Address()]; taken {
			return fmt.Errorf("%s is given to both %s and %s", listener.Address(), other, listener.Name())
		}
		owner[listener.Address()] = listener.Name()
	}
	return nil
}

// Organisation finds a member by ID.
func (c Consortium) Organisation(id string) (Organisation, error) {
	for _, organisation := range c.Organisations {
		if organisation.ID == id {
			return organisation, nil
		}
	}
	return Organisation{}, fmt.Errorf("the consortium has no organisation %q", id)
}

// Beside makes another chaincode of the same channel the one that is administered.
func (c *Consortium) Beside(chaincode string) error {
	if !chaincodeName.MatchString(chaincode) || chaincode == c.Chaincode || chaincode == "program" {
		return fmt.Errorf("chaincode name %q doesn't match %s, or is taken", chaincode, chaincodeName)
	}
	c.Chaincode = chaincode
	return nil
}

// Trading lists the organisations that endorse, order and submit.
func (c Consortium) Trading() []Organisation { return c.withRole(Trading) }

// Certifiers lists the read-only organisations.
func (c Consortium) Certifiers() []Organisation { return c.withRole(Certification) }

func (c Consortium) withRole(role Role) []Organisation {
	var matching []Organisation
	for _, organisation := range c.Organisations {
		if organisation.Role == role {
			matching = append(matching, organisation)
		}
	}
	return matching
}

// Fingerprint identifies everything the state folder was made from; a folder made from another one can't be resumed.
// Gateways are left out: they can come and go without touching the channel. So is the environment, and what is the default
// anyway: folders older than a setting go on.
func (c Consortium) Fingerprint() string {
	pinned := c
	pinned.Organisations = append([]Organisation(nil), c.Organisations...)
	for i := range pinned.Organisations {
		pinned.Organisations[i].Gateway = nil
	}
	if pinned.Blocks == DefaultBlocks {
		pinned.Blocks = Blocks{}
	}
	if pinned.Endorsement == SignatureEndorsement {
		pinned.Endorsement = ""
	}
	encoded, err := yaml.Marshal(pinned)
	if err != nil {
		panic(fmt.Sprintf("a consortium can't be written as yaml: %v", err)) // plain strings and integers always can
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}
