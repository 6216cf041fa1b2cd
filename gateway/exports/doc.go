// Package exports makes the documents that leave a gateway: the mass balance
// workbook of a site and period, the sustainability declaration of a transfer
// and the certificate of a claim.
//
// A document belongs to one height of the chain and names it. The workbook is
// counted from the administrative records alone, in whole grams, and then held
// against the stock accounts that the rules keep; where the two differ, the
// difference stands in the workbook.
//
// What the ledger does not know, such as postal addresses, is not in the
// documents: nothing is made up.
package exports
