// Package artifacts writes the files that nodes are started with: their configuration, the channel's genesis block, the
// chaincode package and the configuration of the gateways. It knows Fabric's formats and starts nothing but configtxgen.
package artifacts
