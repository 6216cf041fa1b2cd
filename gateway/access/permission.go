package access

import "slices"

// Permission is what a route asks of its caller. The list is closed: a new one
// needs a row in the table of roles.
type Permission string

// The permissions, from what needs none to what needs most.
const (
	// Public needs no sign-in: signs of life, the sign-in itself, styles.
	Public Permission = "public"
	// SignedIn is for whoever is signed in, whatever their role: their own
	// account. Tokens of machines do not have it.
	SignedIn Permission = "signed_in"
	// Read sees the ledger and everything that follows from it.
	Read Permission = "read"
	// Operate gives commands and imports files.
	Operate Permission = "operate"
	// Approve decides on commands that wait for a second person.
	Approve Permission = "approve"
	// Administer manages users, tokens, webhooks and rules of approval.
	Administer Permission = "administer"
	// Audit reads what was done at this gateway, by whom.
	Audit Permission = "audit"
	// Observe reads metrics.
	Observe Permission = "observe"
)

// Permissions lists all of them.
var Permissions = []Permission{Public, SignedIn, Read, Operate, Approve, Administer, Audit, Observe}

// Role is what an organisation calls a person's part. Somebody may have several;
// what they may do is the sum.
type Role string

// The roles.
const (
	Viewer        Role = "viewer"
	Operator      Role = "operator"
	Approver      Role = "approver"
	Administrator Role = "administrator"
	Auditor       Role = "auditor"
)

// Roles lists all of them.
var Roles = []Role{Viewer, Operator, Approver, Administrator, Auditor}

// holds is the table: what each role may do. An administrator gives no commands
// and approves none, unless they have those roles too.
var holds = map[Role][]Permission{
	Viewer:        {Public, SignedIn, Read},
	Operator:      {Public, SignedIn, Read, Operate},
	Approver:      {Public, SignedIn, Read, Approve},
	Administrator: {Public, SignedIn, Read, Administer, Audit, Observe},
	Auditor:       {Public, SignedIn, Read, Audit, Observe},
}

// Holds reports whether a role has a permission.
func (r Role) Holds(p Permission) bool { return slices.Contains(holds[r], p) }
