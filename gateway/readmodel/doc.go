// Package readmodel is an organisation's own copy of the ledger, kept in an
// embedded SQLite database and folded from replayed blocks.
//
// What is guaranteed:
//
//   - A block is in one database transaction, alone or, while more of them wait,
//     with those before and after it: the ledger's state, the tables for queries
//     and the checkpoint move together or not at all. A process that dies in the
//     middle continues after the block that was settled last.
//   - Applying a block again changes nothing; leaving one out is an error.
//   - Everything in here follows from the blocks. The database may be deleted
//     at any time; replaying from block 0 gives the same content.
//   - All that one Read sees belongs to one height, and that height is known.
//   - Quantities are kept as the decimal text of package wire and never summed
//     by the database, whose numbers are floats.
//
// The order of every list is the order in which things came to be on the
// ledger; each row has a position in it, which is the cursor for paging. It is
// the same in every organisation's gateway.
package readmodel
