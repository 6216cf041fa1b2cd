// Package access decides who may do what at a gateway.
//
// Every route names the one Permission that its caller must have; the closed
// list of permissions and the table of roles that hold them stand in
// permission.go, and nowhere else. A route that names none cannot be registered,
// and a request that matches no registered route reaches nothing.
//
// A caller is a person with a session (a cookie), a machine or a person's script
// with a token (Authorization: Bearer), or Nobody. What they may do is looked up
// for each request, so that a change holds from the next one on.
//
// # What is kept, and in which form
//
//	passwords        argon2id (RFC 9106), with their parameters and a salt each
//	sessions         SHA-256 of a secret of 256 bits, which only the browser has
//	tokens           the same; the token itself is shown once
//	sign-in links    the same; they hold for minutes and once
//	recovery codes   SHA-256 of 80 bits each; used up one by one
//	TOTP secrets     as they are, because both sides compute with them: whoever
//	                 reads the store has the second factor, but not the first
//
// All of it lies in the gateway's own store, which does not follow from the
// chain and needs a backup.
//
// # Two persons
//
// Commands of the types that an organisation chose are held until another person
// approves them. The other person is another in every respect: not the one who
// asked, not the one whose token asked, and not the one who made the token. Who
// gave a command, and who approved it, is written into the command by the
// gateway ("by"); whatever a client writes there is replaced.
//
// # Guessing
//
// Wrong passwords and codes count against the account and the address. After
// five in a row each further try has to wait, twice as long as the one before
// and a quarter of an hour at most. Sessions that exist are not touched by it.
package access
