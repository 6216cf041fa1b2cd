// Package api is a gateway's HTTP interface: commands in, reads out, and the
// state of the gateway itself. It is described by the OpenAPI 3.1 document that
// it serves at /openapi.json, and for people at /docs. docs/api.md says what a
// list of operations does not.
//
// What is guaranteed:
//
//   - Bodies are the ledger's own forms (package wire): a record or command that
//     was read here has the bytes, and so the hash, that it has on the ledger.
//     Quantities are strings of kilograms. Empty fields are absent.
//   - A read belongs to one height of the chain, which the header
//     Weighbridge-Height states. Lists are paged by cursor; their order is that
//     of the ledger and never changes.
//   - A read carries an ETag of its height and question; sent back as
//     If-None-Match it gives 304 until the next block is applied.
//   - GET /api/v1/events streams each block as it is applied, once, in order,
//     and from any block on: the ID of an event is its block's height.
//   - A command whose body cannot be read is never sent, nor is any other of the
//     same request. A command's ID makes it safe to send again, whatever was
//     answered the first time.
//   - The answer to accepted commands waits until this gateway's own reads show
//     them, for WaitForRead at most.
//   - Each operation lists the statuses that it answers with; a test sends valid and
//     hostile requests to all of them and holds every answer to the description.
//   - Every error is a problem (RFC 9457) and shows nothing of the inside.
//
// # What the status of POST /api/v1/commands, and of each command's own address, means
//
//	200  every command has a definite result: accepted, or, in an array, refused by a rule
//	400  the body is not a command; "errors" names the field; nothing was sent
//	403  this organisation is read-only, or the request came from a foreign web page
//	413  the body is larger than 4 MiB
//	415  the body is declared as something other than JSON
//	422  a single command was refused by a rule: code, message and figures say why
//	503  not every command has a definite result: "stage" and "results" say how far
//	     each came. The same request may be sent again after Retry-After.
//	202  the single command waits for a second person; Location says where
//
// # Who may call what
//
// Every operation needs one permission (package access), which the description
// names; who calls without signing in or a token gets 401, and who lacks the
// permission 403. Whoever calls too often gets 429 with Retry-After. A gateway
// answers to its public name and to those of loopback, and takes nothing that
// changes anything from a web page of another origin: browsers say where a
// request comes from (Sec-Fetch-Site, Origin), and one that comes with a cookie
// and says nothing is refused. That is why forms carry no tokens against forgery.
package api
