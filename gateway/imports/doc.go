// Package imports turns files of the trade into commands: weighbridge tickets,
// shipments, receipts and conversions, as CSV or XLSX.
//
// What is guaranteed:
//
//   - A dry run says of every line what the ledger would decide, by the rules
//     themselves over this gateway's own copy, each line seeing what those
//     before it did. It sends nothing.
//   - A file with a line that cannot be read sends nothing at all. A file whose
//     lines can all be read is sent in its order; what the rules refuse is
//     reported per line and does not touch its neighbours.
//   - A command's ID is made of the document's number, so the same file imported
//     again changes nothing and reports every line as repeated. The number with
//     other content is refused (I8).
//   - What a text could mean in two ways is refused, with its line and column.
//   - A row of sums at the end is left out where it agrees with the lines above
//     it, and is a fault where it doesn't: then a line is missing, or was changed.
//
// # The columns
//
// Columns may stand in any order and case; a unit "kg" behind the name is read
// over, and columns that mean nothing here are listed as ignored. In brackets:
// not needed.
//
//	tickets      ticket, date, product, supplier, net (or gross and tare), [site], [gross], [tare], [statement], [certifier], [custody model]
//	shipments    shipment, dispatched, to, product, quantity, [from], [attributed], [waybill], [custody model], [scheme]
//	receipts     shipment or transfer, arrived, arrived kg, [site], [ticket], [waybill]
//	conversions  conversion, date, recipe, input, outputs, [site], [attributed], [custody model]
//
// The site is that of the request where no column names it. The period is the
// site's period that holds the date, unless the request names one. Outputs are
// written product=kg, several with spaces between. Attributed is a number of
// kilograms, taken from the oldest lots of the product on site, or lot=kg pairs.
//
// # Which tickets are certified
//
// A ticket names a supplier, the ledger knows verification statements. In this
// order: a column "statement" of the ticket file, where an empty field means
// undifferentiated; a second file that lists suppliers with their statements,
// where one that is not listed is undifferentiated; else the published statement
// for the site and product whose ID is the supplier's code or ends with "-" and
// the code, or whose producer has the supplier's name. Where several fit, that of
// the harvest year counts, and where that is not one, the line is refused. The
// dry run shows the statement of every line before anything is sent.
//
// # Jobs
//
// A run goes on when its request is answered. It is written down before, line by
// line with the commands, in the gateway's own store, and so are its outcomes
// after each hundred lines: a gateway that is started again goes on where it was,
// in the name of whoever handed the file in, who must still be allowed to. What
// it had sent without noting the answer it sends again: the command's ID makes
// that one command (I8), and the line is reported as accepted and not as
// repeated. The last hundred jobs are kept. Where several gateways share a store,
// each sends its own jobs only.
package imports
