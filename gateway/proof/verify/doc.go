// Package verify checks claim bundles. It is the whole of what an outsider runs:
// it reads no network, no clock and no file, and is compiled for the command line
// and, as WebAssembly, for browsers. See docs/proof.md for what it proves.
package verify
