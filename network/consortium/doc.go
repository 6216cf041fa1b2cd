// Package consortium brings a whole consortium up on one machine and takes it down again. It is the orchestration and nothing
// else: Up reads as the list of steps it is, and each step hands the work to the package that knows how.
//
// # Guarantees
//
// Every step looks at what's there before it does anything, and what it writes appears in one rename. Up is therefore the same
// command for a first start, a start after a reboot, a start after a killed start, and a running network, on which it changes
// nothing. Down ends only processes that were started from this state folder. Wipe removes a folder only if it's a state folder.
//
// Nothing is waited for by time: each step polls a condition for up to ninety seconds, says what's missing when that takes
// longer than two, and gives up at once if a node it depends on has died, showing the end of that node's log.
//
// # The certification body
//
// A peer executes a chaincode only after its own organisation approved the definition, and an approval is a write. The channel
// therefore starts with the certification body's administrator among the writers; after it has approved, a configuration
// update removes it, and Up ends by having every orderer refuse its submissions. Deploy does the same again.
package consortium
