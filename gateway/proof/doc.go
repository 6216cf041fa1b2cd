// Package proof makes claim bundles out of a gateway's own copy of the ledger:
// files by which anybody can check a claim who has nothing but the organisations'
// public keys. What is in the log stands in package leaf, what is signed in
// package checkpoint, what a bundle proves in package verify.
//
// # What a bundle discloses
//
// Of the records on the way from the farms to the claim it shows what the rules
// need to execute them again:
//
//   - who moved what, when, from where to where: organisations, sites, business
//     dates, products, the command's own number, the name of the agreement that a
//     shipment calls off;
//   - the mass of every shipment, conversion and receipt on the way, with the
//     other inputs and outputs of a conversion and what its process emitted;
//   - of every lot on the way all of it: characteristics, custody model, quantity,
//     the lots it was made of;
//   - of other lots that left in the same body of material how many they were and
//     how much of each, their custody model and scheme, and which of them were
//     alike; not which lots they were, whose, from which farm or of which figures;
//   - certificates, their standings and verification statements as the certifiers
//     signed them, whole, for a signature covers all of a document: the area, the
//     producer and the quantity verified of each farm behind the claim;
//   - of a recall the finding, and of its traces the lots on the way, with how many
//     others each named;
//   - of a claim that this one stands in for its record, without its lots;
//   - of the common register the versions that were voted on, and who voted.
//
// It does not show: who in an organisation gave a command; numbers of delivery
// notes and weighbridge tickets; transaction IDs; stocks, balances and journals
// of any site; what else was made of a lot, shipped, claimed or cancelled; any
// record that is not on the way. Of these the log has commitments that tell
// nothing without a salt.
package proof
