// Package identity issues the certificates of a test consortium: per organisation one certificate authority for signing and
// one for TLS, and below them its peer, its orderer, its administrator and the client of its gateway, written as the MSP
// folders Fabric reads. Roles are told apart by organisational unit (NodeOUs: peer, orderer, admin, client).
//
// An organisation that has a fabric-ca or another certificate authority doesn't use this package: it puts its own MSP folder
// in the place of the one written here (see topology.OrganisationLayout) and network leaves an existing folder alone.
//
// Every signature is made low-S. Fabric malleability-checks signatures that way, and fabric-sdk-go rejects a CA certificate
// whose own signature isn't low-S with "certificate signed by unknown authority".
package identity
