// Package audit checks a whole channel from block 0, trusting nobody but the
// genesis block and its own code, in three layers:
//
//   - The chain itself, by package chain: header and data hashes, the orderers'
//     quorum, configuration updates, identities, signatures, endorsement policies
//     of chaincode, collections and keys, read versions. The outcome is each
//     transaction's validity code, recomputed and compared with the peer's flag.
//     The doc of package chain says what each of these checks proves.
//   - The ledger, by package replay: every transaction that the first layer finds
//     valid is executed again with the rules, under the rule version that the
//     ledger's own state has in force at that point, and its write set, guards and
//     answer are compared byte for byte. It proves that what is on the ledger is
//     what the rules give for the commands on the chain: a majority of members that
//     run another chaincode is found by the first byte that differs, with block,
//     transaction, key, what was expected and what was found.
//   - Conservation, by massbalance.Recount: everything added up again from the
//     records alone with other arithmetic, at the end and every RecountEvery
//     blocks. It proves that no attribute came from nowhere, within the records.
//
// What an audit that finds nothing does not prove: that the rules are the right
// ones (they are this program's; read them), that what growers and weighbridges
// said was true (certification bodies answer for that), what private data hold,
// of which only hashes are on the chain, and that there is no longer chain than
// the one that was shown.
//
// The blocks come from a Source: a peer's deliver service, or its block files.
// Signatures are verified on all cores for blocks ahead, while the checks that
// depend on one another go on in order, and the replay of a block runs beside the
// check of the next.
package audit
