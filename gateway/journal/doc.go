// Package journal takes responsibility for commands whose sender does not wait
// for the ledger. What it took is on disk before the sender is told so, and comes
// to the ledger exactly once, whatever happens to the gateway meanwhile.
//
// How it is kept. A command is written into the gateway's own store, in a
// transaction that is synced, and only then answered for (submit.Taken). It is
// sent on like any other. It leaves the journal's care when the rules have
// decided on it, and never merely because peers or orderers were away. A gateway
// that was killed finds in its journal what was taken and not yet decided, and
// sends all of that again: what had been committed comes back as repeated, by its
// ID (I8), so nothing is booked twice.
//
// Order. What one caller hands in for one site goes to the ledger in the order in
// which it was taken, also after a crash. Between sites there is no order, as
// everywhere. Where a whole transaction fails, its commands wait for one another;
// a command that alone cannot be endorsed, while those beside it can, is passed
// over, and given up after some attempts: it took no effect, and its entry says so.
//
// Several gateways of one organisation may share a store. Each carries what it
// took, and gives a sign of life; what a gateway that gives none for a while had
// taken is carried on by another. Should the first still be alive, both send the
// same commands, which books them once.
//
// It is bounded: beyond a number of commands under way nothing is taken
// (submit.BusyError), and what was decided is forgotten after a day.
package journal
