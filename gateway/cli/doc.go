// Package cli is the command line for operators and scripts: the same commands
// and reads as over HTTP, because it calls that interface and nothing else.
//
// What can be read and sent, with its flags and help, follows from the
// interface's own description (api.Describe), so that none of it is written
// twice: a new list in the interface is a new subcommand of get.
//
// # What the exit code means
//
//	0  done
//	1  something else went wrong
//	2  the command line, or what it sends, is not as it must be
//	3  the rules refused a command, or lines of a file
//	4  the gateway or its peer can't be reached now; sending again is safe
//	5  there is no such thing
//	6  who calls may not do this
package cli
