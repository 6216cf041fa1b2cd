package season

import (
	"fmt"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Plan is a season as commands, rehearsed: every command of its phases was
// accepted by the rules, in this order.
type Plan struct {
	Season *Season
	Phases []Phase
	// Refusals are commands that the rules refuse once the phases are through.
	Refusals []Refusal
	// Entries are the records of the rehearsal, State where it ended.
	Entries []massbalance.Entry
	State   massbalance.Memory
}

// Phase is a part of the season. It begins when the one before it is complete;
// its lanes run side by side.
type Phase struct {
	Name  string
	Lanes []Lane
}

// Lane is what one organisation sends in this order, for one site or for the
// common register.
type Lane struct {
	Organisation massbalance.OrganisationID
	Site         massbalance.SiteID
	Steps        []Step
}

// Step is one command. After, if given, is the command of another lane that must
// have been accepted before: the dispatch that a receipt answers.
//
// Where Request is given the gateway is asked to make the command.
type Step struct {
	Command massbalance.Command
	After   Ref
	Request *Request
}

// Ref names a command: its ID is unique per organisation.
type Ref struct {
	Organisation massbalance.OrganisationID
	Command      massbalance.CommandID
}

// Refusal is a command that must fail, and how.
type Refusal struct {
	Title        string
	Organisation massbalance.OrganisationID
	Command      massbalance.Command
	// Result is what the rules answer.
	Result massbalance.Result
	// Gateway is set where the organisation's own gateway refuses before the
	// rules are asked: certification bodies are read-only on the channel.
	Gateway bool
}

// Commands counts the commands of all phases.
func (p *Plan) Commands() int {
	n := 0
	for _, phase := range p.Phases {
		n += phase.commands()
	}
	return n
}

func (p Phase) commands() int {
	n := 0
	for _, lane := range p.Lanes {
		n += len(lane.Steps)
	}
	return n
}

// NewPlan rehearses a season. It fails where the rules refuse one of its
// commands, or accept one that they must refuse.
func NewPlan(s *Season) (*Plan, error) {
	r := newRehearsal(s)
	p := &Plan{Season: s}
	for _, build := range []func() ([]Phase, error){r.founding, r.registration, r.opening, r.publication, r.harvest, r.settling} {
		phases, err := build()
		if err != nil {
			return nil, fmt.Errorf("couldn't rehearse the season: %w", err)
		}
		p.Phases = append(p.Phases, phases...)
	}
	var err error
	if p.Refusals, err = r.refusals(); err != nil {
		return nil, fmt.Errorf("couldn't rehearse the refusals: %w", err)
	}
	p.Entries, p.State = r.entries, r.state
	return p, nil
}
