// Release builds the program of each role as one static file:
//
//	go run ./scripts/release --version 1.2.3 --out dist
//
// gateway is what an organisation runs, chaincode what its peer runs, network what
// brings a network up on one machine. They are built without cgo, so that they run
// on any Linux of the architecture; GOARCH builds for another one. The same source
// gives the same chaincode, byte for byte, as the network builds it. Keys in PKCS#11
// tokens need the gateway that package keys describes.
package main
