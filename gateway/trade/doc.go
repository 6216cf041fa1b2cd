// Package trade is the commercial half: what volume is offered for, agreed at and
// worth. The ledger knows hashes (see massbalance's chapter on trade); the
// figures are here, in documents that exactly two organisations hold in their
// peers' private data, and in what is computed from them and from what all can
// read.
//
//   - Terms are what two parties agree on, the price among it. Their canonical
//     bytes begin with 32 random bytes, so that a hash of them tells nothing.
//   - A Statement is what a period of an agreement comes to. Both sides compute it
//     from the terms and the receipts on the ledger; the weight received counts,
//     not the weight dispatched. It is a pure function with one canonical form, so
//     that the same bytes, and the same hash, come out on both sides.
//   - Shares are what is contributed to the premium index.
//
// Money is an exact decimal. Where an amount has more than two decimals it is
// rounded half to even, line by line; totals are sums of rounded lines, so that a
// statement adds up as it is printed.
//
// Nothing in this package logs, and no error says, what is in a document.
package trade
