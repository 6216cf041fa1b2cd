// Browser makes the verifier for people without a command line: one HTML page
// that works from disk and loads nothing.
//
//	go run ./gateway/proof/browser -o verifier.html
//
// The page holds package verify, compiled to WebAssembly and compressed, the
// script of the Go distribution that runs it, and nothing else: its content
// security policy lets it connect nowhere. With -trust FILE a trust file is put
// in, so that readers need not bring their own; they then trust who gave them the
// page. The page is built anew from source instead of being committed: a program
// of megabytes in a repository is a program that nobody reads.
package main
