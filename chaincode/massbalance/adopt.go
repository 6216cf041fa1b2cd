package massbalance

import (
	"fmt"
	"slices"
)

// This file holds how the consortium decides: what is common changes when a
// majority of the trading members asked for the same content, and what was
// adopted is replaced by its next version in the same way.

// Rules is the version of the rules in force; where there is none it is 1.
type Rules struct{ Version int }

// Superseded keeps an entry of the common register as it stood before its next
// version was adopted. One field is set.
type Superseded struct {
	Member    *Member
	Product   *Product
	Recipe    *Recipe
	Certifier *Certifier
	Profile   *Profile
	Baseline  *Baseline
	Cosigner  *Cosigner
}

// adopt counts one more member for a change and lets it take effect at the
// majority of those that trade now. A member that asks again, or after it took
// effect, changes nothing, unless members left and the others are enough.
func (e *execution) adopt(kind, id string, exists bool, effect func()) error {
	what := kind + "/" + id
	e.record.Subject = id
	key := ProposalKey(what, e.command.BodyContent)
	proposal, _, err := find[Proposal](e, key)
	if err != nil {
		return err
	}
	if exists && !proposal.Adopted {
		return refuse(AlreadyExists, "%s %s exists already with other content", kind, id)
	}
	again := slices.Contains(proposal.Approvals, e.tx.Organisation)
	if !again {
		proposal.Approvals = append(append([]OrganisationID{}, proposal.Approvals...), e.tx.Organisation)
	}
	carried := !proposal.Adopted && e.consortium.approves(proposal)
	if carried {
		proposal.Adopted = true
		effect()
	}
	e.record.Pending = !proposal.Adopted
	if !again || carried {
		e.put(key, proposal)
	}
	return nil
}

// approves reports whether a majority of the trading members asked for it.
// Those that were removed since do not count.
func (c Consortium) approves(p Proposal) bool {
	asked := 0
	for _, org := range c.Trading() {
		if slices.Contains(p.Approvals, org) {
			asked++
		}
	}
	return asked >= c.majority()
}

// edition is a version of an entry asked for, and what it would replace.
type edition struct {
	asked, current int
	exists         bool
	old            Superseded
}

// renew adopts the first version of an entry, or the next one: the version in
// force moves aside, where it stays readable under its number for ever.
func (e *execution) renew(kind, id string, ed edition, effect func()) error {
	asked, current := max(ed.asked, 1), 0
	if ed.asked < 0 {
		return refuse(InvalidCommand, "%s %s: version %d is not a number from 1", kind, id, ed.asked)
	}
	if ed.exists {
		current = max(ed.current, 1)
	}
	if asked > current+1 {
		return refuse(VersionNotNext, "%s %s is at version %d, so version %d cannot be next", kind, id, current, asked)
	}
	return e.adopt(kind, id, asked <= current, func() {
		if current > 0 {
			e.put(SupersededKey(kind+"/"+id, current), ed.old)
		}
		effect()
	})
}

func (b AdoptRules) check() string {
	if b.Version < 2 {
		return fmt.Sprintf("version: %d is not a version to be adopted; rules begin at 1", b.Version)
	}
	return ""
}

// AdoptRules lets the next version of the rules take effect: from the next
// command on, for every command decides by the version that it finds in the
// state. What was accepted before keeps its version in its record, and a replay
// decides it again by the same one.
func (b AdoptRules) execute(e *execution) error {
	if b.Version > RulesVersion {
		return refuse(NotFound, "there is no version %d of the rules here; the latest is %d", b.Version, RulesVersion)
	}
	if b.Version > e.rules+1 {
		return refuse(VersionNotNext, "version %d of the rules is in force, so version %d cannot be next", e.rules, b.Version)
	}
	return e.adopt("rules", fmt.Sprint(b.Version), b.Version <= e.rules, func() { e.put(RulesKey(), Rules{b.Version}) })
}

// rulesInForce is the version by which a command is decided.
func (e *execution) rulesInForce() (int, error) {
	rules, adopted, err := find[Rules](e, RulesKey())
	if err != nil {
		return 0, err
	}
	if !adopted {
		return 1, nil
	}
	if rules.Version < 1 || rules.Version > RulesVersion {
		return 0, fmt.Errorf("version %d of the rules is in force, this program knows 1 to %d: %w", rules.Version, RulesVersion, ErrUnknownRules)
	}
	return rules.Version, nil
}
