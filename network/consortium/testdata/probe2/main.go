// Probe2 is probe after an upgrade: the same calls, from a program that differs.
package main

import "github.com/weighbridge/weighbridge/network/consortium/testdata/keeper"

func main() { keeper.Serve("2") }
