package topology

import "path/filepath"

// Layout is where things lie in the state folder. Everything of one organisation is under one folder, because that's what
// would lie on that organisation's own machine.
type Layout struct{ Root string }

func (l Layout) Lock() string           { return filepath.Join(l.Root, "lock") }
func (l Layout) Manifest() string       { return filepath.Join(l.Root, "network.json") }
func (l Layout) Processes() string      { return filepath.Join(l.Root, "processes") }
func (l Layout) Logs() string           { return filepath.Join(l.Root, "logs") }
func (l Layout) Log(node string) string { return filepath.Join(l.Logs(), node+".log") }
func (l Layout) Programs() string       { return filepath.Join(l.Root, "programs") }

// VerifierPage is the page that verifies claims, the same for all gateways.
func (l Layout) VerifierPage() string         { return filepath.Join(l.Programs(), "verifier.html") }
func (l Layout) Builder() string              { return filepath.Join(l.Root, "builder") }
func (l Layout) Channel() string              { return filepath.Join(l.Root, "channel") }
func (l Layout) GenesisBlock() string         { return filepath.Join(l.Channel(), "genesis.block") }
func (l Layout) ChannelProfile() string       { return filepath.Join(l.Channel(), "configtx.yaml") }
func (l Layout) Chaincode(hash string) string { return filepath.Join(l.Root, "chaincode", hash) }

// Organisations is the folder of all organisations' folders.
func (l Layout) Organisations() string { return filepath.Join(l.Root, "organisations") }

// Organisation is the folder of one organisation.
func (l Layout) Organisation(id string) OrganisationLayout {
	return OrganisationLayout{Root: filepath.Join(l.Organisations(), id)}
}

// OrganisationLayout is where things of one organisation lie.
type OrganisationLayout struct{ Root string }

// MSP is the organisation's public MSP folder: its CA certificates and the mapping of roles.
func (l OrganisationLayout) MSP() string { return filepath.Join(l.Root, "msp") }

// TLSCA is the certificate that every TLS certificate of the organisation chains to.
func (l OrganisationLayout) TLSCA() string { return filepath.Join(l.MSP(), "tlscacerts", "tlsca.pem") }

// Authority is the folder of the organisation's own certificate authorities, keys included.
func (l OrganisationLayout) Authority() string { return filepath.Join(l.Root, "authority") }

// Chaincode is the organisation's own copy of the chaincode program: the one it vouches for.
func (l OrganisationLayout) Chaincode() string {
	return filepath.Join(l.Root, "chaincode", "program")
}

// FurtherChaincode is its own copy of the program of another chaincode on the channel.
func (l OrganisationLayout) FurtherChaincode(name string) string {
	return filepath.Join(l.Root, "chaincode", name)
}

// GatewayToken is the file with the token that the network's own programs call the organisation's gateway with.
func (l OrganisationLayout) GatewayToken() string {
	return filepath.Join(l.Holder(HolderGateway).Root, "token")
}

func (l OrganisationLayout) GatewayConfig() string { return filepath.Join(l.Root, "gateway.yaml") }

// Holder is the folder of an identity: a node or a user.
func (l OrganisationLayout) Holder(name string) HolderLayout {
	return HolderLayout{Root: filepath.Join(l.Root, name)}
}

// HolderLayout is where the identity of a node or user lies: an MSP folder for signing and, beside it, TLS.
type HolderLayout struct{ Root string }

func (l HolderLayout) MSP() string            { return filepath.Join(l.Root, "msp") }
func (l HolderLayout) Certificate() string    { return filepath.Join(l.MSP(), "signcerts", "cert.pem") }
func (l HolderLayout) Key() string            { return filepath.Join(l.MSP(), "keystore", "key.pem") }
func (l HolderLayout) TLSCertificate() string { return filepath.Join(l.Root, "tls", "server.crt") }
func (l HolderLayout) TLSKey() string         { return filepath.Join(l.Root, "tls", "server.key") }
func (l HolderLayout) TLSRoot() string        { return filepath.Join(l.Root, "tls", "ca.crt") }

// LogKey is what an organisation's checkpoints of the transparency log are signed with, and nothing else.
func (l HolderLayout) LogKey() string { return filepath.Join(l.Root, "log-key.pem") }

func (l HolderLayout) Config() string { return filepath.Join(l.Root, "config") }
func (l HolderLayout) Data() string   { return filepath.Join(l.Root, "data") }

// Builds is where a peer keeps the chaincode programs its builder made.
func (l HolderLayout) Builds() string { return filepath.Join(l.Data(), "externalbuilder", "builds") }

// Names of the identities of an organisation, which are also their folders.
const (
	HolderPeer          = "peer"
	HolderOrderer       = "orderer"
	HolderAdministrator = "administrator"
	HolderGateway       = "gateway"
)
