// Package chain checks what a channel's blocks say of themselves, from the
// genesis block on, and recomputes the validity code of every transaction. It is
// a committing peer without the peer: the same code of Hyperledger Fabric's
// evaluates identities, policies and configurations, over a state database of its
// own, and nothing that the peer wrote into the blocks is believed. Which
// transactions are valid is decided by Fabric's code, too, but for blocks of plain
// transactions that are all valid: those are decided by our own, see below.
//
// What each check proves, in the order in which they are made:
//
//   - Anchor. Block 0 is the genesis block that the caller names, by its header's
//     hash. Everything below rests on this one hash.
//   - Header and data. A block's header names the hash of the header before it
//     and the hash of its data; a block or transaction that was altered, removed,
//     added or moved breaks one of the two.
//   - Quorum. At least ⌈(n+f+1)/2⌉ of the n orderers that the configuration in
//     force names signed the header (SmartBFT: each over the block's metadata, its
//     own number and the header; f = ⌊(n−1)/3⌋), and the channel's
//     BlockValidation policy holds as well. That fixes the order and the content:
//     as long as fewer than a third of the orderers lie, there is no second block
//     of this number. Orderers do not sign what is valid. The signed metadata name
//     the configuration block in force, which must be the one found here.
//   - Configuration. A configuration block holds that transaction alone, and it
//     is what the configuration before it, updated by the signed update in it,
//     gives: the update's read set fits, the sequence grows by one, and each
//     changed element's modification policy is satisfied by the update's signatures.
//   - Transactions. Creator known to a member's MSP, certificate well-formed and
//     not revoked by the lists in the configuration, signature, transaction ID from
//     nonce and creator, ID not used before, proposal hash, endorsement policies of
//     the chaincode (as the chain's own _lifecycle namespace defines it at that
//     point), of collections and of keys (as the state before the block sets them,
//     with Fabric's rule for a policy that an earlier transaction of the same block
//     changes), for every namespace written.
//   - Versions. Each key, hashed key and range that a transaction read is at the
//     version it read, after the valid transactions before it.
//
// The last two give each transaction's validity code. Where it differs from the
// peer's flag there is a Finding, and what was recomputed is what counts.
//
// Plain transactions. Fabric's validation reads each envelope six to ten times and
// hashes what was endorsed for each policy, which was most of an audit's work. So
// a block is first read by our own code (readPlain, judgeBlock), which can say one
// thing only: all of its transactions are valid. Where it does not, for whatever
// reason, Fabric's code decides on the whole block as if nothing had been tried.
// It says so of transactions that call one chaincode, in canonical encoding
// (package canonical), of which nothing can be read in two ways; that write to
// this chaincode's namespace alone, public keys and their policies, each once;
// that read single public keys; whose chaincode's definition names Fabric's
// builtin plugin. It makes each check that Fabric makes of such a transaction, in
// the order of the list above: headers, creator, ID, proposal hash, chaincode,
// endorsements, each endorser once, the policy of every key written and where one
// has none the chaincode's, and versions. Ranges, private data, definitions,
// configurations, a key whose policy an earlier transaction of the block set,
// and every transaction that is not valid are for Fabric's code. Identities, their
// validity and the evaluation of policies are Fabric's in either case; what they
// said under one configuration is remembered. The key and the hash by which an
// identity's signatures are verified beforehand are ours, and the first signature
// of each identity under each configuration is verified by Fabric's code as well.
// The tests of this package hand every block that they make, forged ones included,
// to both ways, and so are transactions with every part altered and random blocks
// over few keys: what our own code finds valid Fabric's must, with equal updates.
//
// State. Of the keys of ordinary chaincodes the state keeps versions and metadata,
// not values: validation never reads those. What was used last is in memory, all is
// in LevelDB in an encoding of our own, and Fabric's code sees both as a state
// database of its kind. Its own database has to be open and stays empty.
//
// After a finding on a block as a whole (anchor, header, data, quorum,
// configuration) nothing behind it can be told from a forgery, so checking ends
// there; Verdict.Stop says so. After one on a transaction it goes on.
//
// What is not proven. That certificates were issued to whom they name, beyond the
// authorities in the configuration. That a certificate had not expired: like
// every peer, so that all come to the same result at any time, the check asks
// whether it was valid when it began; orderers and endorsers refuse expired ones.
// That private data, of which the chain holds hashes only, are what was hashed.
// That this is the longest chain: an orderers' quorum may have signed more blocks
// than were shown. And that Fabric's own code is right; that is shared with the
// peers on purpose, because a validity code is right when it is the one that
// Fabric's rules give. For plain transactions that our own code follows these rules
// rests on the tests.
//
// One thing is not left to Fabric's code alone: that a signature by a key which
// signs often is good may also be found by package p256, whose doc says why that
// is sound. That one is not good is only ever said by Fabric's.
package chain
