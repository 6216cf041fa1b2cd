// Package exports makes the documents that leave a gateway: the mass balance
// workbook of a site and period, the sustainability declaration of a transfer
// and the certificate of a claim.
//
// A document belongs to one height of the chain and names it.
//
// The workbook has what a certification body asks for of a site and period, a
// sheet for each: cover with certificates and rules, standing of the certificates,
// opening balance, inputs, conversions beside their factors, outputs, movements
// with the balance after each, losses and expired credit, carry-over,
// reconciliation with the counted stock, claims with their reversals and recalls,
// corrections, the sets of characteristics, and room for signatures. It is counted
// from the administrative records alone, in whole grams, and then held against
// the stock accounts that the rules keep; where the two differ, the difference
// stands in the workbook. Every record that moved something stands on one of the
// sheets and in the movements. Sums and balances are formulas beside their values.
//
// What the ledger does not know, such as postal addresses, is said to be not
// recorded: nothing is made up.
package exports
