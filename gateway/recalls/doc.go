// Package recalls traces what rests on a recalled statement without being asked
// to. A descendant in a pool stays spendable until somebody traces it, so as soon
// as a gateway has replayed a finding, and for as long as lots or claims that rest
// on the statement are untraced, later ones too, the gateway submits TraceRecall.
//
// What it guarantees.
//
//   - What is traced is what the rules themselves find, tried on the read model:
//     lots each after those they were made of, then claims.
//   - The ID of a command follows from what it names and from what was known of
//     that on the ledger before. Sent again, by this process or after a restart,
//     it is the same command (I8); once the ledger knows more it is another one,
//     so a lot that must be traced again is not taken for traced.
//   - It never gives up. Whatever became of a command, the next look at the
//     read model says what is left to do. After a failure fewer lots are named at
//     once, because each lot in a command is one more that may be spent meanwhile.
//   - Organisations take turns. Every trading member knows the same order, drawn
//     from the finding and its name. The first acts at once; each next one only
//     after nothing moved for another turn of time or blocks. So a gateway that
//     is off, or will not trace, costs the consortium one turn. Two that act at
//     the same time do no harm: what is traced already is passed over.
//
// What it does not give: an instant without a gap. Between the finding and the
// trace a holder may spend a pool; the share goes along and is traced there. The
// gateway of a certification body cannot submit; there, and everywhere else, what
// is untraced is shown.
package recalls
