// Package keys opens the private key that a gateway signs with, from a file or
// in a PKCS#11 token, which does not let it out.
//
// A token's library is C, so it takes a gateway that was built with cgo:
//
//	CGO_ENABLED=1 go build -tags pkcs11 ./gateway
//
// The static binary says so where a token is configured. Keys are of ECDSA on
// P-256, as Fabric's identities are, and signatures have the lower of the two
// values of S, without which Fabric's peers refuse them.
package keys
