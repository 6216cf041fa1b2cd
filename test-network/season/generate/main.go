// Command generate writes the files of the sample season: farms, weighbridge
// tickets, shipments, conversions, withdrawals and claims, and the documents
// that the certification body signed.
//
//	go run ./test-network/season/generate [-into test-network/season] [-sign]
//
// The figures come from the published sources that the season's README names;
// farms and names are invented. The same seed gives the same files. Signatures
// are the exception: -sign makes a fresh P-256 key, signs every document with
// it, writes the public key and forgets the private one. Without -sign the
// signed documents are left alone, provided they still say what they should.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
)

// seed is the year and the month in which the harvest began.
const (
	seedHigh = 2025
	seedLow  = 7
)

func main() {
	into := flag.String("into", "test-network/season", "folder to write to")
	sign := flag.Bool("sign", false, "make a fresh key for the certifier and sign its documents again")
	flag.Parse()
	if err := run(*into, *sign); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(folder string, sign bool) error {
	random := rand.New(rand.NewPCG(seedHigh, seedLow))
	sets, err := carbonSets()
	if err != nil {
		return err
	}
	farms := makeFarms(random)
	tickets := makeTickets(random, farms)
	flows := makeFlows(random, tickets)
	out := writer{folder: folder}
	writeRegister(&out, sets)
	writeFarms(&out, farms)
	writeTickets(&out, tickets)
	writeFlows(&out, flows)
	writeTrade(&out, farms)
	if out.err != nil {
		return out.err
	}
	certificates, statements, err := documents(farms, sets)
	if err != nil {
		return err
	}
	if sign {
		return signAll(folder, certificates, statements)
	}
	return checkSigned(folder, certificates, statements)
}
