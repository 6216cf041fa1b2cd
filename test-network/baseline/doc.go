// Baseline is the chaincode that Weighbridge is measured against by `gateway
// bench`. It holds what a Fabric application does where nobody thinks of
// contention, each in the plainest form that is still right:
//
//   - Put: one key in one transaction. Nothing that Fabric does costs less, so
//     this is the ceiling of transactions.
//   - PutMany: many keys in one transaction, sent to the peer together: the
//     ceiling of writes.
//   - Move: a balance key per account, read and written by every booking, as
//     token samples have it. Two bookings in one block cannot both be valid.
//   - Book: a row per booking, as the high-throughput sample has it, and a range
//     read over the rows before anything is taken out, because nothing may be
//     taken out that is not there.
//
// Amounts are whole grams. It is no part of the platform and is deployed only to
// be measured, on the same channel and under the same endorsement policy:
//
//	network deploy --beside baseline --chaincode ./test-network/baseline
package main
