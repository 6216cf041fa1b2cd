// Package process starts nodes that outlive the program that started them, finds them again, and stops them.
//
// A node runs in a session of its own with its output in a log file. What was started is written to one small file per node.
// A process ID alone is no proof: IDs are reused, after a reboot at the latest. A record therefore also holds the time at
// which the process started, counted by the kernel since boot, and the boot's own ID; a process is only ever signalled when
// all of them agree. Every node also carries a mark in its environment, so that one started by a program that was killed
// before it could write the record is found as well.
//
// The facts come from /proc, so this package, and with it network, needs Linux.
package process
