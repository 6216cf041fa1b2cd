package topology

import "strings"

// Kind is what a process is.
type Kind string

const (
	KindPeer    Kind = "peer"
	KindOrderer Kind = "orderer"
	KindGateway Kind = "gateway"
	// KindChaincode is no node: a peer starts it.
	KindChaincode Kind = "chaincode"
)

// Node is one process of one organisation, by the name used in commands, logs and certificates.
type Node struct {
	Kind         Kind
	Organisation Organisation
}

// Name is <kind>.<organisation>, for example peer.growers.
func (n Node) Name() string { return string(n.Kind) + "." + n.Organisation.ID }

// ServerName is the host name in the node's TLS certificate that holds wherever the node runs.
func (n Node) ServerName() string { return n.Name() + ".example" }

// Address is where the node serves its clients.
func (n Node) Address() string {
	switch n.Kind {
	case KindPeer:
		return n.Organisation.Peer.Address()
	case KindOrderer:
		return n.Organisation.Orderer.Address()
	default:
		return n.Organisation.Gateway.Address()
	}
}

// Host is the host the node listens on.
func (n Node) Host() string {
	switch n.Kind {
	case KindPeer:
		return n.Organisation.Peer.Host
	case KindOrderer:
		return n.Organisation.Orderer.Host
	default:
		return n.Organisation.Gateway.Host
	}
}

// OperationsAddress is where the node answers /healthz. A gateway has no separate one.
func (n Node) OperationsAddress() string {
	switch n.Kind {
	case KindPeer:
		return n.Organisation.Peer.OperationsAddress()
	case KindOrderer:
		return n.Organisation.Orderer.OperationsAddress()
	default:
		return n.Organisation.Gateway.Address()
	}
}

// PeerNode, OrdererNode and GatewayNode name the nodes of an organisation.
func (o Organisation) PeerNode() Node    { return Node{KindPeer, o} }
func (o Organisation) OrdererNode() Node { return Node{KindOrderer, o} }
func (o Organisation) GatewayNode() Node { return Node{KindGateway, o} }

// Nodes lists every node in the order in which it's started: orderers, peers, gateways.
func (c Consortium) Nodes() []Node {
	return append(append(c.OrdererNodes(), c.PeerNodes()...), c.GatewayNodes()...)
}

// OrdererNodes lists the orderers.
func (c Consortium) OrdererNodes() []Node {
	return c.nodes(KindOrderer, func(o Organisation) bool { return o.Orderer != nil })
}

// PeerNodes lists the peers.
func (c Consortium) PeerNodes() []Node {
	return c.nodes(KindPeer, func(Organisation) bool { return true })
}

// GatewayNodes lists the gateways.
func (c Consortium) GatewayNodes() []Node {
	return c.nodes(KindGateway, func(o Organisation) bool { return o.Gateway != nil })
}

func (c Consortium) nodes(kind Kind, has func(Organisation) bool) []Node {
	var nodes []Node
	for _, organisation := range c.Organisations {
		if has(organisation) {
			nodes = append(nodes, Node{kind, organisation})
		}
	}
	return nodes
}

// Node finds a node by name.
func (c Consortium) Node(name string) (Node, bool) {
	for _, node := range c.Nodes() {
		if node.Name() == name {
			return node, true
		}
	}
	return Node{}, false
}

// NodeNames is the list a wrong name is answered with.
func (c Consortium) NodeNames() string {
	var names []string
	for _, node := range c.Nodes() {
		names = append(names, node.Name())
	}
	return strings.Join(names, ", ")
}

// Listener is one port of one node.
type Listener struct {
	Node    string
	Purpose string
	Host    string
	Port    int
}

func (l Listener) Address() string { return join(l.Host, l.Port) }

// Name reads like "port 7111 of peer.growers" or "operationsPort 7113 of peer.growers".
func (l Listener) Name() string { return l.Purpose + " of " + l.Node }

// Listeners lists every port of the consortium.
func (c Consortium) Listeners() []Listener {
	var listeners []Listener
	for _, node := range c.Nodes() {
		listeners = append(listeners, node.Listeners()...)
	}
	return listeners
}

// Listeners lists every port of the node, by its key in consortium.yaml.
func (n Node) Listeners() []Listener {
	name, organisation := n.Name(), n.Organisation
	switch n.Kind {
	case KindPeer:
		peer := organisation.Peer
		return []Listener{
			{name, "port", peer.Host, peer.Port},
			{name, "chaincodePort", peer.Host, peer.ChaincodePort},
			{name, "operationsPort", peer.Host, peer.OperationsPort},
		}
	case KindOrderer:
		orderer := organisation.Orderer
		return []Listener{
			{name, "port", orderer.Host, orderer.Port},
			{name, "adminPort", orderer.Host, orderer.AdminPort},
			{name, "operationsPort", orderer.Host, orderer.OperationsPort},
		}
	default:
		gateway := organisation.Gateway
		return []Listener{{name, "port", gateway.Host, gateway.Port}, {name, "membersPort", gateway.Host, gateway.MembersPort}}
	}
}
