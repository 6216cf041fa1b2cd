// Package leaf says what stands in the transparency log: one leaf for each
// record of the ledger, in ledger order, and the register, a second tree of what
// the ledger says now.
//
// # A leaf
//
// A leaf is a short text that anybody may see:
//
//	weighbridge record v1
//	block 57
//	core 4sPOzL7Ky1bVqGkc7dE+…
//	whole Qd1kP9o0a2VJ…
//
// It tells in which block the record stands and commits to two things, each by
// SHA-256 over a salt of 16 bytes and the content. Who has a leaf and not the
// salt learns nothing of the record, however few contents there could be.
//
//   - The whole: the command and the record, both in the canonical bytes of
//     package wire.
//   - The core: what a verifier needs to execute the command again. It is the
//     command without who gave it, the numbers of its documents and the claims
//     that a trace marks, and with a pseudonym in the place of every lot; the
//     submitter, the version of the rules, whether it waits for further votes, and
//     the pseudonyms of the lots that it created, in their order.
//
// A lot's pseudonym is a number sign and the base64url of SHA-256 over a salt of
// its own and the lot as it was created. A record that shows the pseudonyms of
// ten lots on one truck therefore shows how many there were and how much was
// taken of each, and nothing else of those whose salts are withheld; a lot whose
// salt is shown is shown whole, because the verifier makes it anew and finds its
// pseudonym again.
//
// All salts follow from a secret of the record: the hash of its block, the ID of
// its transaction and the command. Every organisation of the channel can
// therefore compute every leaf, which is what lets one organisation cosign
// another's log, and nobody outside can.
//
// # The register
//
// What can be shown of a log is that something is in it. That a certifier's
// suspension, a recall, or the next version of a yield cap is not missing from
// what is shown cannot be proven so. The register is for that: a Merkle tree of
// the present values of everything that many commands depend on (members, rules,
// sites, products, recipes, baselines, certifiers, profiles with their earlier
// versions, certificates of a site, standings, recalls, marks on claims, claims
// that were reversed, keys of the log), sorted by the hash of the key, each leaf
// the hash of the key and the hash of the value. Its root stands in every
// checkpoint beside the log's. A key that is there has its leaf proven, a key
// that is not has both its neighbours proven.
//
// The neighbours are hashes of keys that may be guessed: whoever reads a proof
// may find out that the consortium has, say, a product "wheat".
//
// The package is pure.
package leaf
