// Package bench measures Weighbridge on a running network beside bare Fabric and
// beside the designs that people build on Fabric first. Everything is measured
// in one run, on one channel, by the same clients and under one endorsement
// policy, and in turns: each contender gets several short windows, and whatever
// else the machine does meanwhile falls on all of them. Ratios are therefore to
// be trusted further than rates.
//
// # What is measured
//
// A cell is one contender at one number of clients. Each client sends a request,
// waits until it is committed and valid, and sends the next: it is one of so many
// clerks or programs at weighbridges. Before everything the nodes are loaded for
// some seconds, and each window has a warm-up before it, the same
// load for the same contender, that counts in nothing: heaps that grow are the
// business of a node that was just started. Then the nodes get quiet, the clients
// get going again, and the window begins; what they still wait for at its end is
// waited for and checked, but not counted in the rate. CPU time and bytes are
// those of everything sent since the nodes were quiet, until they are quiet again,
// over all commands of that time.
//
//   - put, put 100: a chaincode that writes one key, or a hundred, per
//     transaction and nothing else: the ceiling of transactions, and of writes.
//   - balance key, delta rows: bookings in and out of one account, see
//     test-network/baseline.
//   - intake: tickets of the weighbridge, as Weighbridge books them.
//   - in and out: an intake and a withdrawal of the same quantity in turn.
//   - chain: a verified harvest comes in as a lot, is dispatched, and is
//     received by another organisation: three commands, one after the other.
//
// Weighbridge's contenders go to one site (hot), or each client to its own of a
// hundred (spread), one command per request or a hundred (an import).
//
// # What is checked
//
// That every command that was acknowledged is on the ledger once, that a recount
// of all records from block 0 has no finding, and that the replayed state agrees
// with it; for the baselines, that the account is what was acknowledged. An
// account that went below zero is an overdraft.
//
// The program talks to the peers' gateways itself, with the library that a
// gateway uses (package submit): what a gateway adds for HTTP is not in the
// figures. It founds the consortium where there is none, and registers an
// organisation, a product and sites of its own: it is for networks that are there
// to try things out.
package bench
