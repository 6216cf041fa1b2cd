// Settings tries settings of the network side by side:
//
//	go run ./test-network/settings
//
// brings one network after the other up, each in a state folder of its own and
// wiped in the end, measures it for a few seconds and prints one table. A setting
// is lines of consortium.yaml, or flags of the bench where only the gateways'
// client is concerned; the latter share a network. The first setting is measured
// once more in the end: what differs between those two rows is the machine, and no
// smaller difference between others means anything. For the same reason look at CPU
// time before rates, and at the ratio to bare Fabric's single put, which suffers
// from the machine's other work as well.
//
// A network that was just started is loaded for some seconds before: heaps grow to
// five times what is live in them before garbage is collected for the first time,
// and with a higher GOGC for longer. A setting takes some 50 s on a machine that does nothing else. --only picks
// settings by a part of their names.
package main
