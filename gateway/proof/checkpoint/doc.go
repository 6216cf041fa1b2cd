// Package checkpoint holds what organisations sign of their log, and whom a
// verifier trusts.
//
// A checkpoint is a note (C2SP signed-note) whose text is that of a C2SP
// tlog-checkpoint with one extension line for the register (package leaf):
//
//	weighbridge/0f3c9a…
//	1843
//	9nJ9c3gJmV2Rr0qWb8mJc…
//	register 62 xY1mOq…
//
//	— weighbridge/0f3c9a…/miller Az3grl…
//
// The text follows from the ledger alone and is the same for every organisation
// that replayed as far: the origin is named after block 0 of the channel, not
// after who signs. So one text carries the signatures of all.
//
// An organisation signs as a witness does (C2SP tlog-cosignature, cosignature/v1):
// Ed25519 over a line "cosignature/v1", a line with the time and the text, under
// the key's name origin/organisation. It says that at that time this text was
// the greatest that the organisation had seen of the log and consistent with all
// that it signed before. The organisation that serves a checkpoint signs the bare
// text as well, as C2SP asks the log itself to; verifiers here do not count that.
//
// Two things differ from what C2SP recommends (by SHOULD, not by MUST). The key's name under the bare
// text is that of the organisation and not the origin, for the log has no owner.
// And there is an extension line, which watchers that know only C2SP cannot check;
// organisations here work it out from the ledger, so their cosignatures vouch for
// it. Signatures are the older Ed25519 ones, which quantum computers would forge.
//
// The package is pure, but for the randomness of new keys.
package checkpoint
