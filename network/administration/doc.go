// Package administration is the only place that uses fabric-sdk-go. It does what an organisation's administrator does on a
// running network: join the channel, install, approve and commit the chaincode, update the channel's configuration, query.
//
// # Where the SDK serves, and where not
//
// fabric-sdk-go v1.0.0 is the last release of an archived project. Against Fabric 3.1 it still does all of the above, and is
// used for it. Not used for, and why:
//
//   - Joining orderers to the channel: channel participation came after the SDK; network runs Fabric's osnadmin.
//   - The genesis block: network runs Fabric's configtxgen, because the SDK knows nothing of SmartBFT.
//   - Submitting the consortium's transactions: the SDK hands a transaction to one orderer, which must be trusted to order it.
//     The gateways use its successor fabric-gateway. Submit here is for trying a network out.
//   - Discovery for a certification body: Fabric lets only Writers discover, so everything here names its peers itself.
//
// The SDK can't be linked together with the newer Fabric protos (both register the same names and panic at start), so network
// never imports gateway or chaincode packages.
package administration
