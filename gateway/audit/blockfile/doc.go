// Package blockfile reads the blocks of a channel from a peer's block files,
// offline: the directory ledgersData/chains/chains/CHANNEL with its files
// blockfile_000000, blockfile_000001 and so on. The peer may be running, or be
// another machine's, or long gone.
//
// A file is a sequence of blocks, each a varint length and that many bytes:
// number, data hash and previous hash; the number of transactions and each
// transaction; the number of metadata and each of them. Numbers are varints, and
// bytes come with a varint length before them. The format is that of Fabric's
// common/ledger/blkstorage (block_serialization.go), which cannot be asked to
// read a directory that a running peer holds open.
//
// What it guarantees: bytes that are no block give an error that names the file,
// never a panic, and no length found in a file makes it allocate more than the
// file holds. It checks nothing else; that is for package chain.
package blockfile
