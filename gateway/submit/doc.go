// Package submit brings commands to the ledger: it batches them per site,
// sends each batch as one transaction and says what became of every command.
//
// What it guarantees.
//
//   - Commands of one site go to the ledger in the order in which they arrived,
//     one transaction at a time; sites do not wait for one another. What arrives
//     while a site's transaction is under way goes into its next one together. A
//     lone command is sent at once.
//   - Every command gets its own outcome. A refused one never fails its
//     neighbours, and where the chaincode ends with an internal error the batch
//     is halved until the command that causes it stands alone.
//   - Stages are exact: any but Valid and Unknown means that the command took
//     no effect, Unknown that it may have.
//   - Whatever was said, sending the same command again is safe. Its ID makes it
//     idempotent: a batch that was committed although its outcome was lost comes
//     back as repeated, with the first transaction's ID (I8). This is also why a
//     batch may be proposed anew after a conflict.
//   - What would write nothing is not ordered: a batch in which every command is
//     refused or repeated ends with the endorsed answer.
//
// What it does not give: an order between sites. A command that depends on one
// of another site, such as Receive on Dispatch, is sent once that one is Valid.
package submit
