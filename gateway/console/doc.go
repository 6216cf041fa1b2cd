// Package console is the gateway's face to people: pages rendered on the server
// from one snapshot of the read model, with the block height at which they are
// true. They need no script, no build and nothing from anywhere else.
//
// Figures are formatted from their decimal text. What is shown rounded (tonnes
// with two places) stands beside the exact kilograms.
package console
