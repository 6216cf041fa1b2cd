// Package chaintest is a real chain for the tests of what audits one: the first
// blocks of a network that was tried, from the genesis block through the
// chaincode's definition and a configuration update to sites whose keys are
// guarded. It comes with the private keys of all members, so a test can go on
// with the chain as the members would, or as liars among them could, without a
// network: orderers' quorum, endorsements and configuration updates included.
//
// network.tgz is made by test-network/recording, whose comment says how. The keys
// in it belong to a network that ran on one machine for a minute.
package chaintest
