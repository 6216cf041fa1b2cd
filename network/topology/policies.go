package topology

import (
	"fmt"
	"strings"
)

// The policies are signature policies that name every organisation, where Fabric's usual choice are implicit meta policies
// ("ANY Readers"). A signature policy costs one verification per check; an implicit one costs up to one per organisation
// tried, which is a third of the throughput at one endorsement. The price is that a new member means editing them.

// Majority is how many of the trading organisations must agree.
func (c Consortium) Majority() int { return len(c.Trading())/2 + 1 }

// ChaincodePolicy is what a chaincode's definition says: the policy itself, or the channel's that holds instead.
func (c Consortium) ChaincodePolicy() string {
	if c.Endorsement == ImplicitEndorsement {
		return ChannelEndorsementPolicy
	}
	return c.EndorsementPolicy()
}

// EndorsementPolicy names peers of a majority of trading organisations.
func (c Consortium) EndorsementPolicy() string {
	return outOf(c.Majority(), principals(c.Trading(), "peer"))
}

// AdminsPolicy lets a majority of trading organisations change the channel's configuration.
func (c Consortium) AdminsPolicy() string {
	return outOf(c.Majority(), principals(c.Trading(), "admin"))
}

// Readers is who may receive blocks and evaluate: every member, the certification bodies included.
func (c Consortium) Readers() string {
	return anyOf(principals(c.Organisations, "member"))
}

// Writers says who may submit.
type Writers int

const (
	// TradingWriters is the rule: clients and administrators of trading organisations.
	TradingWriters Writers = iota
	// ApprovingWriters also lets the administrators of the certification bodies in. A peer executes a chaincode only after
	// its own organisation approved the definition, and an approval is a write, so this holds while a definition is being
	// approved and at no other time.
	ApprovingWriters
)

// ApplicationWriters is the policy of /Channel/Application/Writers.
func (c Consortium) ApplicationWriters(writers Writers) string {
	allowed := principals(c.Trading(), "client", "admin")
	if writers == ApprovingWriters {
		allowed = append(allowed, principals(c.Certifiers(), "admin")...)
	}
	return anyOf(allowed)
}

// ChannelWriters is the policy of /Channel/Writers, which the orderers check on every submission. It lists the orderers as
// well: an orderer signs the configuration transaction it makes of a configuration update.
func (c Consortium) ChannelWriters(writers Writers) string {
	allowed := principals(c.Trading(), "client", "admin", "orderer")
	if writers == ApprovingWriters {
		allowed = append(allowed, principals(c.Certifiers(), "admin")...)
	}
	return anyOf(allowed)
}

// OrdererWriters is the policy of /Channel/Orderer/Writers.
func (c Consortium) OrdererWriters() string {
	return anyOf(principals(c.Trading(), "orderer", "admin"))
}

// OrganisationPolicies are an organisation's own policies. Endorsement is what an approval by that organisation needs; the
// certification body has it too, for its own approvals and nothing else.
func (o Organisation) OrganisationPolicies() map[string]string {
	self := []Organisation{o}
	return map[string]string{
		"Readers":     anyOf(principals(self, "member")),
		"Writers":     anyOf(principals(self, "client", "admin")),
		"Admins":      anyOf(principals(self, "admin")),
		"Endorsement": anyOf(principals(self, "peer")),
	}
}

func principals(organisations []Organisation, roles ...string) []string {
	var all []string
	for _, organisation := range organisations {
		for _, role := range roles {
			all = append(all, fmt.Sprintf("'%s.%s'", organisation.ID, role))
		}
	}
	return all
}

func anyOf(principals []string) string { return "OR(" + strings.Join(principals, ", ") + ")" }

func outOf(n int, principals []string) string {
	return fmt.Sprintf("OutOf(%d, %s)", n, strings.Join(principals, ", "))
}
