// Package topology turns consortium.yaml into a value and derives everything that follows from it: node names, addresses,
// policies and the layout of the state folder. It is pure: it starts nothing and writes nothing, so that every other part
// of network can be handed one Consortium and agree on the rest.
//
// # Names
//
// An organisation's ID is its MSP ID. Its nodes are peer.<id>, orderer.<id> and gateway.<id>, and the certificate of such
// a node names the host <node>.example next to the host it really listens on.
//
// # Roles
//
// A trading organisation runs a peer and an orderer, endorses, and may submit. A certification body runs a peer that
// commits blocks and answers queries; it appears in Readers but in no endorsement policy, and in Writers only for the
// moment in which its administrator approves a chaincode definition (see Writers).
package topology
