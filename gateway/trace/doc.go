// Package trace follows a request on its way to the ledger and back, as spans of
// OpenTelemetry. Where no collector is configured, it costs next to nothing.
//
//	request POST /api/v1/commands     from the client's traceparent on, with the request's ID
//	└ submit                          from its arrival to its outcome
//	  ├ queue                         until a batch takes it
//	  ┆ link
//	batch                             one transaction for the commands of many requests, linked to each
//	├ endorse                         one for each attempt
//	├ order
//	└ commit
//	  ┆ link
//	replay                            the block's transactions, decided again and written to the read model
//
// A batch has many causes and so is a trace of its own; links join the two in
// both directions that matter: from the batch to the requests whose commands it
// carries, and from the replay of a block to the batches of this gateway in it.
// Nothing of a command's content is in a span, only its ID.
package trace
