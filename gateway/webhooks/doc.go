// Package webhooks tells other programs what the ledger recorded, by HTTP.
//
// A subscription has an address, a secret and the types of records that it is
// for. What is guaranteed:
//
//   - Each record is sent at least once, in the order of the ledger, one at a time
//     per subscription. A receiver that sees a webhook-id again has had it.
//   - The place of the last record that was delivered is kept in package store, so
//     a gateway that was stopped, at whatever moment, goes on where it was.
//   - A delivery that fails is tried again, after twice the time each time, drawn
//     by up to half so that receivers are not met by all at once. After MaxAttempts
//     it becomes a dead letter, which can be sent again by hand, and the next
//     record is sent. DeadInRow dead letters in a row, or the answer 410, disable
//     the subscription; it says why, and goes on where it was when it is enabled.
//   - A receiver that hangs holds up nobody but itself, for Timeout at most.
//
// Beside records there is one event of another kind: a subscription that names
// trade_reminder is told what a day asks for in trade, such as terms that wait for
// an answer or a period about to end. Each reminder is sent until it was taken
// once, with the same webhook-id.
//
// A delivery is a POST signed as Standard Webhooks 1.0 says
// (https://www.standardwebhooks.com): the header webhook-signature is "v1," and the
// base64 of the HMAC-SHA256, keyed with the secret behind "whsec_", of
// webhook-id.webhook-timestamp.body. A receiver compares it, and refuses old times.
//
// # Where it may be sent
//
// An address is what an administrator types in, and must not become a way into the
// gateway's own network. So the connection itself is refused, whatever a name
// resolves to, where it leads to a loopback, private, link-local or other special
// address, unless that is on the allow-list. Without TLS nothing is sent, but to
// addresses on that list. Redirects are not followed, and no proxy is used.
package webhooks
