// Package merkle proves that many leaves are in one Merkle tree (RFC 6962, as
// package tlog builds it) without saying anything twice.
//
// A proof of a single leaf repeats, for its neighbour, all hashes but one. A
// claim rests on thousands of records, many of them side by side in the log, so
// here one proof serves a whole set: it holds the hash of every greatest subtree
// without a proven leaf, from left to right, and the reader works the root out
// of these and the leaves. With one leaf it has the same hashes as a proof of
// package tlog, in another order.
//
// The package is pure.
package merkle
