// Package witness is an organisation's part in vouching for the ledger: it signs
// checkpoints of its own transparency log, compares the other organisations'
// with it, collects their cosignatures, and serves all of it to anybody.
//
// What it keeps in the gateway's own store is the one thing that does not follow
// from the chain: what it signed. It is asked before every signature, and written
// before the signature leaves. So the organisation never vouches for two
// different states of the same size, nor for one that does not continue what it
// vouched for before, also when its copy of the ledger was made anew. What is
// lost with the store is this memory: then let the members adopt a new key.
//
// Every organisation's text of the same size is the same, byte for byte. Where
// another's differs one of both is wrong or lies, and no third reading is needed
// to see it: the witness then puts its signature under nothing of theirs, counts
// none of theirs, raises an alarm and keeps both sides, signed as they are. Its own
// text it signs on: or one that lies could silence all.
//
// Alarms stay until an administrator has taken note of them.
package witness
