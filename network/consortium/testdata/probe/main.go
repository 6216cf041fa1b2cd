// Probe is a chaincode for trying a network out.
package main

import "github.com/weighbridge/weighbridge/network/consortium/testdata/keeper"

func main() { keeper.Serve("1") }
