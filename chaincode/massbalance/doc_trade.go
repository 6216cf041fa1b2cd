// # Trade
//
// A seller offers volume: to all members, and then the physical facts stand on
// the ledger and must be backed by lots held or by what a statement leaves to be
// introduced; or to some, each of whom gets a document with facts and price that
// nobody else sees. Nothing is reserved. The parties take turns, round by round,
// until one accepts or declines or the day has passed.
//
// The ledger never sees a price. Commercial terms are a document in the private
// data of exactly the two parties; here stands its hash, which begins with a salt
// and so cannot be found by guessing. Whoever proposes terms signs in advance the
// one command that accepts them, by the hash of its content. An agreement is
// therefore signed by both in every field, and terms that differ between the two
// sides never become one.
//
// What all can read of an agreement is what the rules must check: product,
// specification (the loosest custody model, the greatest intensity, schemes,
// countries, regions, vintages, projects), and per period the least and the most
// volume. A dispatch, or a transfer of credits, may call an agreement off: it must
// go from its seller to its buyer on a day of one of its periods, every lot must
// meet the specification, and the attributed quantity counts against the period's
// maximum. What is returned or reversed is counted back. Where shortfall is
// carried forward, what a period fell short of its minimum adds to the maximum of
// the next one and of no other. The least is not enforced: that it was not
// reached is a matter of the terms.
//
// A period that is over is settled when both parties state the same hash of the
// statement that each computed from the terms and from what was received; what
// differs stands there for both to see, and a dispute is a record until whoever
// raised it resolves it.
//
// The premium index says what was paid on average for a product under a custody
// model in a quarter. Each settled period of an agreement may be contributed by
// its seller, once. Its two figures are split into random shares, one for each
// trading member, which add up to them modulo 2^256; a member sees its own share
// only, and publishes the sum of all that it got. With the last member's sum the
// totals appear, of at least five contributions; anything less is noise to
// whoever looks. A member that publishes a false sum makes the figure void or
// wrong and is found by opening the shares: the index is good among members that
// want it to be.
package massbalance
