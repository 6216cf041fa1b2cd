package submit

import (
	"cmp"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// How long a lane rests: a part of what its transaction took, and never longer
// than people could notice.
const (
	restPart    = 10
	longestRest = 25 * time.Millisecond
	// longestAgain bounds for how long a caller is told to stay away.
	longestAgain = 30 * time.Second
)

// laneState is what a lane does.
type laneState int

const (
	idle    laneState = iota // nothing waits
	ready                    // it is in turn
	barred                   // what it would send waits for pages, see hold.go
	under                    // its commands are in a transaction
	resting                  // it waits a moment for those who had the last outcomes
)

// lane is what waits for one site.
type lane struct {
	site  massbalance.SiteID
	state laneState
	// turns are the callers of whom something waits, the next one first.
	turns   []*caller
	waiting int
	// last is how many went into the latest transaction.
	last int
}

// caller is what waits of one caller, in the order of arrival.
type caller struct {
	name    string
	waiting []*pending
}

// pending is one command of one call.
type pending struct {
	command massbalance.Command
	caller  string
	site    massbalance.SiteID
	size    int
	// pages are the keys of the pages that it needs.
	pages  []string
	serial uint64
	since  time.Time
	// outcome gets exactly one value, unless the command is withdrawn.
	outcome chan Outcome
}

// newPending seals the command and makes sure that its bytes can be read again:
// one that cannot would have the whole batch refused by the chaincode.
func newPending(command massbalance.Command, organisation massbalance.OrganisationID, caller string) (*pending, error) {
	encoded, err := wire.Format(command)
	if err != nil {
		return nil, err
	}
	sealed, err := wire.Parse[massbalance.Command](encoded)
	if err != nil {
		return nil, err
	}
	return &pending{
		command: sealed, caller: caller, site: massbalance.SiteOf(sealed.Body), size: len(encoded) + 1,
		pages: pagesOf(organisation, sealed), since: time.Now(), outcome: make(chan Outcome, 1),
	}, nil
}

// add takes a command in, and reports whether it is its caller's next one.
func (l *lane) add(p *pending) bool {
	l.waiting++
	for _, c := range l.turns {
		if c.name == p.caller {
			c.waiting = append(c.waiting, p)
			return false
		}
	}
	l.turns = append(l.turns, &caller{p.caller, []*pending{p}})
	return true
}

// pick takes commands for a batch, of each caller in turn, and puts them in in
// the order in which they arrived: turns decide who gets a place, not who is first.
// A caller whose next command waits for a page is passed over and stays first in turn.
// The batch is full if there was no room for one that might have gone.
func (l *lane) pick(b *batch, all pages) (picked []*pending, full bool) {
	var passed []*caller
	for len(l.turns) > 0 {
		c := l.turns[0]
		p := c.waiting[0]
		if !b.has(p) && !all.free(p, b) {
			all.pass(p)
			passed, l.turns = append(passed, c), l.turns[1:]
			continue
		}
		if full = !b.reserve(p); full {
			break
		}
		all.hold(p, b)
		picked = append(picked, p)
		c.waiting[0] = nil
		c.waiting = c.waiting[1:]
		l.turns = l.turns[1:]
		if len(c.waiting) > 0 {
			l.turns = append(l.turns, c)
		}
	}
	if len(passed) > 0 {
		l.turns = append(passed, l.turns...)
	}
	l.waiting -= len(picked)
	slices.SortFunc(picked, func(a, b *pending) int { return cmp.Compare(a.serial, b.serial) })
	for _, p := range picked {
		b.add(p)
	}
	return picked, full
}

// remove withdraws one command; false if it does not wait here.
func (l *lane) remove(p *pending) bool {
	for i, c := range l.turns {
		at := slices.Index(c.waiting, p)
		if at < 0 {
			continue
		}
		c.waiting = slices.Delete(c.waiting, at, at+1)
		if len(c.waiting) == 0 {
			l.turns = slices.Delete(l.turns, i, i+1)
		}
		l.waiting--
		return true
	}
	return false
}

// clear withdraws all.
func (l *lane) clear() (all []*pending) {
	for _, c := range l.turns {
		all = append(all, c.waiting...)
	}
	l.turns, l.waiting = nil, 0
	return all
}

// batch is what goes into one transaction.
type batch struct {
	limits   Limits
	lanes    []*lane
	commands []massbalance.Command
	// callers has for each command those that wait for it. A command that waits
	// twice with the same content goes into the transaction once.
	callers [][]*pending
	places  map[content]int
	size    int
	// pages are those that it was given to hold, one may stand here twice.
	pages []string
}

// content tells commands apart.
type content struct {
	id     massbalance.CommandID
	digest massbalance.Digest
}

func newBatch(limits Limits) *batch {
	const brackets = 2
	return &batch{limits: limits, places: map[content]int{}, size: brackets}
}

// unplaced marks a command that has room but no place yet.
const unplaced = -1

// has reports whether a command of the same content goes with the batch already.
func (b *batch) has(p *pending) bool {
	_, twice := b.places[content{p.command.ID, p.command.Content}]
	return twice
}

// reserve makes room for a command; false if there is none. The first always
// finds room.
func (b *batch) reserve(p *pending) bool {
	if b.has(p) {
		return true
	}
	if len(b.places) > 0 && (len(b.places) == b.limits.Commands || b.size+p.size > b.limits.Bytes) {
		return false
	}
	b.places[content{p.command.ID, p.command.Content}] = unplaced
	b.size += p.size
	return true
}

// add gives a command that has room its place.
func (b *batch) add(p *pending) {
	key := content{p.command.ID, p.command.Content}
	if place := b.places[key]; place != unplaced {
		b.callers[place] = append(b.callers[place], p)
		return
	}
	b.places[key] = len(b.commands)
	b.commands, b.callers = append(b.commands, p.command), append(b.callers, []*pending{p})
}

// resolve tells every caller. Whoever came second with the same command is told
// that it was a repetition.
func (b *batch) resolve(outcomes []Outcome, m *metrics) {
	for i, callers := range b.callers {
		for n, p := range callers {
			o := outcomes[i]
			if n > 0 && o.Stage == Valid {
				o.Result.Repeated = true
			}
			m.observe(o, p.since)
			p.outcome <- o
		}
	}
}
