// Network runs a whole consortium on one machine: real Hyperledger Fabric peers and orderers, their chaincode and the
// gateways, without Docker, without a shell script and without any download but that of Go modules.
//
//	go run ./network up              start or resume; prints each step with the time since the start
//	go run ./network status          every node with its process, address, state, height and memory
//	go run ./network logs NODE [-f]  the log of peer.growers, orderer.miller, gateway.brand …
//	go run ./network deploy          upgrade the chaincode to the working tree's
//	go run ./network down [--wipe]   stop; --wipe also removes all data
//	go run ./network sign-in miller  a link that signs a browser in at an organisation's console
//	go run ./network demo            up, and a season taken through the gateways
//
// The consortium is test-network/consortium.yaml. Everything a network writes lies in one state folder, .weighbridge in the
// root of the repository unless --state names another; --port-offset lets a second network run beside the first.
//
// # How it's made
//
//	topology        consortium.yaml as a value, and everything derived from it
//	identity        certificates and MSP folders
//	toolchain       Fabric's pinned programs and Weighbridge's own, built and cached
//	artifacts       node configurations, genesis block, chaincode package
//	process         starting, finding again and stopping nodes
//	administration  fabric-sdk-go: channel and chaincode administration
//	consortium      the steps, in order
//	builder         the peers' external builder: from an approved hash to a running chaincode
//	fabrictools     go.mod that pins Fabric's programs
//
// # What's done with fabric-sdk-go, and what isn't
//
// Joining peers, installing, approving and committing the chaincode, configuration updates and ledger queries go through
// fabric-sdk-go v1.0.0. Orderers are joined with Fabric's osnadmin and the genesis block is made with Fabric's configtxgen,
// because the SDK is older than channel participation and SmartBFT. Business transactions are submitted by the gateways through
// fabric-gateway. The doc of network/administration gives the reasons one by one.
//
// # What each organisation trusts
//
// The chaincode is approved by the SHA-256 of its program: it's the version in the definition that organisations approve, and
// each peer's builder refuses to install a package whose hash isn't that of the organisation's own copy. Everything the nodes
// say to one another goes over TLS, each organisation with an authority of its own. On one machine, of course, one user can
// read all of it; in production each folder of organisations/ lies on its owner's machine.
package main
