// Package season holds the files of one harvest year as a consortium has them,
// turns them into the commands of each organisation, and drives these through
// the organisations' gateways.
//
// [Load] reads the files: certified farms and their wheat, the certification
// body's signed documents, weighbridge tickets, shipments, conversions,
// withdrawals and claims. [NewPlan] rehearses them: it executes every command
// on a state held in memory, choosing lots in the order in which they came in,
// and so knows every lot's ID and every balance before a network exists. A
// season that the rules refuse does not become a plan. The plan also holds what
// must be refused, with the code and the figures that the rules give. [Run]
// sends the plan through the gateways and compares what they answer with what
// the rehearsal found.
//
// Command IDs follow from the files (ticket, shipment and claim numbers), so a
// second run on the same network is answered with the first results and changes
// nothing.
//
// README.md names the source of every figure. Farms, suppliers and companies
// are invented.
package season
