// Package wire is the only codec of the ledger: commands, records, state and
// keys to canonical bytes and back.
//
// The form is JSON, because auditors and other people's programs must be able
// to read it in thirty years, in a canonical subset, because one content must
// have one hash: no spaces; fields in the order in which the domain's types
// declare them, with the Go name in lowerCamel; empty fields absent, except
// decimals; quantities, ratios, intensities and hashes as strings; whole
// numbers as numbers. Parse accepts exactly what Format gives. Decode accepts
// JSON as people write it, for the way in.
//
// A ledger founded under version 5 of the rules or a later one keeps the values of
// numbered names ten to a key, see Place; a long batch is sent to it in gzip, see
// PackBatch, and it answers with rows, see FormatAnswer. Pages and rows are no text; the
// values in them have the forms above, and Show and ShowAnswer give them.
//
// A command is {"id","type","date","period","by","occurred","body"}, its body that of the
// type. A document signed by a certifier is its compact JWS (RFC 7515, ES256).
//
// The forms follow from the types of package massbalance by reflection, so that
// no second set of structures can drift from the first; golden files in
// testdata hold them fast, and renaming a field of the domain fails there.
package wire
