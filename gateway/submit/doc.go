// Package submit brings commands to the ledger: it batches them per site,
// sends each batch as one transaction and says what became of every command.
//
// What it guarantees.
//
//   - Commands of one site go to the ledger in the order in which they arrived,
//     one transaction at a time; sites do not wait for one another. What arrives
//     while a site's transaction is under way goes into its next one together. A
//     lone command is sent at once. After a transaction of several commands the
//     site rests for a tenth of what it took, 25 ms at most, unless as many are
//     back before: whoever sends one command after the other then goes with the
//     others again, not in the half that waits for the other half.
//   - Where more waits than one transaction takes, callers (As) take turns, so an
//     import of thousands does not keep a clerk waiting; each caller's own order
//     stays. Where more sites wait than may have a transaction of their own,
//     several share one: a transaction costs far more than a command.
//   - What two transactions of one client under way would both touch, as far as that
//     is known, only one of them does: a command whose name has its place in a page of
//     the ledger beside one that is under way (see wire.Place) goes in the same
//     transaction or waits for its end, and those of its caller at its site behind it.
//   - How many transactions are under way goes by how long they take: where that is
//     far more than in quiet hours, the machines are at their limit, and there are
//     fewer and fuller ones, down to one at a time. What fills a transaction does not
//     wait for that, and nothing waits for one that takes much longer than others.
//   - What waits is bounded, for all and for each caller; beyond that Submit takes
//     nothing and says when to come again (BusyError).
//   - Every command gets its own outcome. A refused one never fails its
//     neighbours, and where the chaincode ends with an internal error, or no
//     peers can endorse, the batch is halved until the command that causes it
//     stands alone. So it is where other gateways of the organisation are first
//     again and again: the less a transaction touches, the less comes between.
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
