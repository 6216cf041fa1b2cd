// Package peertest is an organisation's peer, with the orderers behind it, in a
// test's own process. It speaks Fabric's gateway and block services over TLS,
// checks the signatures of its client as a peer does, lets the real rules decide
// and makes real blocks of what they wrote. What it leaves out is the other
// organisations: nobody endorses beside it, and each transaction is a block.
//
// Tests of what a gateway does when its peer is away, slow or taken down need no
// whole network for that.
package peertest
