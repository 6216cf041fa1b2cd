package massbalance

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// RulesVersion is the latest version of the rules in this package. It contains
// all earlier ones: where they differ, the code asks which one is in force. A
// ledger begins at version 1; the differences are listed in the package comment.
const RulesVersion = 5

// View answers point look-ups in the committed state. It has no lists and no
// range queries: what a command depends on is exactly the keys it names, which
// is what makes concurrent commands independent and replay exact.
type View interface {
	// Get returns the value at the key, or nil where there is none. An error
	// means that the state could not be read; the command is then abandoned.
	Get(Key) (Value, error)
}

// Tx is what the platform vouches for.
type Tx struct {
	// ID is the transaction's ID.
	ID string
	// Organisation is the member whose identity signed the transaction.
	Organisation OrganisationID
}

// Guard asks the platform to let a key change only with the endorsement of all
// of All, beside the majority of Trading.
type Guard struct {
	All     []OrganisationID
	Trading []OrganisationID
}

// Write is a new value for a key. Guard is set where the key must be guarded from
// then on: where it is created, or where the members have changed since.
type Write struct {
	Key   Key
	Value Value
	Guard *Guard
}

// Outcome is what an accepted command does: its record, and at most one new
// value per key, the record's own key included, sorted by key.
type Outcome struct {
	Record Record
	Writes []Write
	// Repeated is set where the command had been accepted before: Record is the
	// first one and there are no writes (I8).
	Repeated bool
}

// Execute decides one command. It returns a *Refusal where a rule forbids the
// command and any other error where the state can't be read or trusted.
func Execute(view View, tx Tx, command Command) (Outcome, error) {
	e := &execution{state: newOverlay(view, 16), tx: tx}
	repeated, err := e.decide(command)
	if err != nil || repeated {
		return Outcome{Record: e.record, Repeated: repeated}, err
	}
	return Outcome{Record: e.record, Writes: e.state.pending()}, nil
}

// decide makes a command the one under way, and leaves its record and its writes, or
// the first record of one that was accepted before and no writes.
func (e *execution) decide(command Command) (repeated bool, err error) {
	*e = execution{state: e.state, tx: e.tx, command: command, sets: e.sets}
	if e.record, repeated, err = e.admit(); err != nil || repeated {
		return repeated, err
	}
	e.record = Record{
		Organisation: e.tx.Organisation, Command: command.ID, Type: command.Body.Type(), Content: command.Content,
		Transaction: e.tx.ID, Rules: e.rules, Date: command.Date, Period: command.Period, Occurred: command.Occurred,
	}
	if err := command.Body.execute(e); err != nil {
		e.record = Record{}
		return false, err
	}
	e.put(RecordKey(e.tx.Organisation, command.ID), e.record.Noted())
	return false, nil
}

// admit checks what holds for every command, in order of precedence: its ID,
// then whether it was seen before, then its form and its sender.
func (e *execution) admit() (first Record, repeated bool, err error) {
	c := e.command
	if !ValidName(string(c.ID)) || c.Body == nil {
		return first, false, refuse(InvalidCommand, "id: %q is not a name of 1 to 64 letters, digits, dots, underscores and hyphens, or the command is empty", c.ID)
	}
	first, seen, err := e.noted(e.tx.Organisation, c.ID)
	if err != nil {
		return first, false, err
	}
	if seen && !first.Content.of(c.Content) {
		return Record{}, false, reused(first)
	}
	if seen {
		return first, true, nil
	}
	if e.rules, err = e.rulesInForce(); err != nil {
		return first, false, err
	}
	if problem := c.check(e.rules); problem != "" {
		return first, false, &Refusal{Code: InvalidCommand, Message: problem}
	}
	return first, false, e.admitSender()
}

// reused refuses another command of the same ID, and says of the first what is known.
// What it said of a whole digest it says for ever: answers are replayed to the byte.
func reused(first Record) error {
	switch {
	case first.Transaction != "":
		return refuse(CommandIDReused, "command %s of %s was accepted before with other content (a %s, in transaction %s)", first.Command, first.Organisation, first.Type, first.Transaction)
	case first.Content == first.Content.half():
		return refuse(CommandIDReused, "command %s of %s was accepted before with other content (its SHA-256 begins with %x)", first.Command, first.Organisation, first.Content[:len(first.Content)/2])
	}
	return refuse(CommandIDReused, "command %s of %s was accepted before with other content (SHA-256 %s)", first.Command, first.Organisation, first.Content)
}

// admitSender lets trading members submit. Before the consortium is founded
// nobody is a member, and founding is all that can be done.
func (e *execution) admitSender() error {
	consortium, founded, err := find[Consortium](e, ConsortiumKey())
	if err != nil {
		return err
	}
	if _, founding := e.command.Body.(FoundConsortium); founding && !founded {
		return nil
	}
	member, known := consortium.member(e.tx.Organisation)
	if !known || member.Role != Trading {
		return refuse(NotMember, "%s is not a trading member of the consortium and may not submit commands", e.tx.Organisation)
	}
	e.consortium = consortium
	return nil
}

func (c Command) check(rules int) string {
	if c.Date != "" && !c.Date.Valid() {
		return fmt.Sprintf("date: %q is not a date such as 2026-08-03", c.Date)
	}
	if c.Occurred != "" && (!c.Occurred.Valid() || c.Occurred >= c.Date || !moves(c.Body)) {
		return fmt.Sprintf("occurred: %q is not a date before the command's own, %q, or nothing moved at a site", c.Occurred, c.Date)
	}
	if c.Period != "" && !ValidName(string(c.Period)) {
		return fmt.Sprintf("period: %q is not a name", c.Period)
	}
	if !validText(c.By) {
		return "by: text must be at most 256 bytes without control characters"
	}
	if b, closing := c.Body.(ClosePeriod); closing && rules < 3 {
		return b.checkWithin(listLimit)
	}
	return c.Body.check()
}

// moves reports whether a command moves something at a site, and so may be late.
func moves(body Body) bool {
	switch body.(type) {
	case RegisterSite, ChooseScheme, ChangeBalance, OpenPeriod, ClosePeriod:
		return false
	}
	return SiteOf(body) != ""
}

// happened is the day of what the command reports, late or not.
func (c Command) happened() Date {
	if c.Occurred != "" {
		return c.Occurred
	}
	return c.Date
}

// execution is one command under way: reads see its own writes, and nothing is
// kept unless it is accepted.
type execution struct {
	state      *overlay
	tx         Tx
	command    Command
	consortium Consortium
	record     Record
	rules      int // the version in force
	// sets are the names of the sets of statements, as far as they were asked for
	// in the batch: of a statement nothing ever changes.
	sets map[origin]CharacteristicsID
}

// setOf names the set of a statement's characteristics.
func (e *execution) setOf(s Statement) CharacteristicsID {
	of := origin{s.Certifier, s.ID}
	id, known := e.sets[of]
	if !known {
		if e.sets == nil {
			e.sets = map[origin]CharacteristicsID{}
		}
		id = s.Characteristics.ID()
		e.sets[of] = id
	}
	return id
}

// ErrCorruptState says that a stored value contradicts its key or the rules.
var ErrCorruptState = errors.New("the ledger's state is corrupt")

// ErrUnknownRules says that the consortium adopted rules that this program is
// too old to know.
var ErrUnknownRules = errors.New("the rules in force are unknown here")

// find looks a value up; false means that there is none.
func find[T Value](e *execution, key Key) (T, bool, error) {
	var none T
	value, err := e.state.Get(key)
	if err != nil {
		return none, false, fmt.Errorf("couldn't read %s %s %s: %w", key.Kind, key.A, key.B, err)
	}
	if value == nil {
		return none, false, nil
	}
	typed, ok := value.(T)
	if !ok {
		return none, false, fmt.Errorf("%w: %s %s %s holds a %T", ErrCorruptState, key.Kind, key.A, key.B, value)
	}
	return typed, true, nil
}

// need looks up what a command names; it must exist.
func need[T Value](e *execution, key Key) (T, error) {
	value, ok, err := find[T](e, key)
	if err == nil && !ok {
		name := key.A
		if key.B != "" {
			name += " " + key.B
		}
		return value, refuse(NotFound, "there is no %s %s", key.Kind, name)
	}
	return value, err
}

// absent checks that nothing exists at the key yet.
func (e *execution) absent(key Key) error {
	value, err := e.state.Get(key)
	if err != nil {
		return fmt.Errorf("couldn't read %s %s %s: %w", key.Kind, key.A, key.B, err)
	}
	if value != nil {
		return refuse(AlreadyExists, "%s %s %s exists already", key.Kind, key.A, key.B)
	}
	return nil
}

func (e *execution) put(key Key, value Value) { e.state.put(Write{Key: key, Value: value}) }

// guarded puts a new key that from now on changes only with the endorsement of
// these organisations beside the majority.
func (e *execution) guarded(key Key, value Value, all ...OrganisationID) {
	slices.Sort(all)
	e.state.put(Write{Key: key, Value: value, Guard: &Guard{All: slices.Compact(all), Trading: e.consortium.Trading()}})
}

// outdated reports whether the members are others than when a key was last
// guarded, which it then sets to the version of now: the key is to be guarded anew.
// Up to version 2 of the rules a guard was for ever.
func (e *execution) outdated(guarded *int) bool {
	version := e.consortium.version()
	if e.rules < 3 || *guarded == version {
		return false
	}
	*guarded = version
	return true
}

// advance appends the record to its site's journal. The entry's hash covers
// the command's content and all entries before it, so a site's owner who signs
// for the head signs for its whole history.
func (e *execution) advance(site SiteID, head Head) {
	head.Sequence++
	head.Entry = e.entry(site, head)
	e.record.Site, e.record.Sequence, e.record.Entry = site, head.Sequence, head.Entry
	if e.outdated(&head.Guarded) {
		e.guarded(HeadKey(site), head, e.tx.Organisation)
	} else {
		e.put(HeadKey(site), head)
	}
}

// entry is the hash of the journal's next entry, after that of the head. Quoted are
// texts as Go quotes them (%q).
func (e *execution) entry(site SiteID, head Head) Digest {
	var room [512]byte // most entries have less
	b := appendQuoted(append(room[:0], "weighbridge journal v1\nsite "...), string(site))
	b = strconv.AppendUint(append(b, "\nsequence "...), head.Sequence, 10)
	b = hex.AppendEncode(append(b, "\nprevious "...), head.Entry[:])
	b = appendQuoted(append(b, "\norganisation "...), string(e.tx.Organisation))
	b = appendQuoted(append(b, "\ncommand "...), string(e.command.ID))
	b = append(hex.AppendEncode(append(b, "\ncontent "...), e.command.Content[:]), '\n')
	if !e.record.Statement.IsZero() {
		b = append(hex.AppendEncode(append(b, "statement "...), e.record.Statement[:]), '\n')
	}
	return sha256.Sum256(b)
}

// appendQuoted is strconv.AppendQuote, which looks every character up in tables.
func appendQuoted(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return strconv.AppendQuote(b, text)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}
