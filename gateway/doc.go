// Gateway is what one organisation runs beside its peer: it takes commands over
// HTTP and brings them to the ledger, replays the chain's blocks by the same
// rules, and answers reads, with a console for people, from its own copy.
//
//	gateway serve --config gateway.yaml
//	gateway audit --genesis genesis.block --blocks DIR
//
// Settings come from a file, the environment and flags; docs/configuration.md
// has them all, and gateway config check says whether they are sound.
//
// Serve checks every block before it reads it, and audit does so for a whole
// chain, trusting its genesis block alone; docs/audit.md says what that proves.
//
// It may start before its peer and outlives the peer's restarts: reads go on,
// and /readyz says that they may be behind. What it keeps under its data
// directory follows from the chain and may be deleted while it is stopped.
//
// Whoever reaches the gateway acts for its organisation, because there is no
// sign-in yet. It therefore listens on loopback addresses only.
package main
