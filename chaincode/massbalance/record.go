package massbalance

import "slices"

// Record is the administrative record of one accepted command: a fact that is
// never changed. Its postings are the whole movement, so conservation can be
// recounted from records alone.
type Record struct {
	Organisation OrganisationID
	Command      CommandID
	Type         string
	Content      Digest
	Transaction  string
	// Rules is the version of the rules that accepted the command.
	Rules  int
	Date   Date
	Period PeriodID
	// Occurred is set on a late entry: when it happened, in a period closed since.
	Occurred Date
	// Site, Sequence and Entry place the record in a site's journal.
	Site     SiteID
	Sequence uint64
	Entry    Digest
	// Subject is what the record is about: the lot, transfer, claim or
	// registered thing.
	Subject string
	// Pending is set where a change of the common register still lacks approvals.
	Pending bool
	// Reverses names the earlier command of the same organisation at the same
	// site of which this record is the exact inverse.
	Reverses  CommandID
	Materials []Material
	Credits   []Posting
	// Traces are what was frozen and marked of a recalled statement.
	Traces []Trace
	// Statement is the hash of the figures of a period that this record closed.
	Statement Digest
	// Sets are the sets of characteristics that the ledger derived here.
	Sets []Characteristics
}

// reference names the record's command in postings and derived identifiers.
func (r Record) reference() string { return string(r.Organisation) + "/" + string(r.Command) }

// Noted is what the state keeps of the record, for later commands to ask: up to
// version 3 of the rules all of it. From version 4 on it is what they can ask: the
// hash of the command's content, by which a repetition is told from a reuse of its
// ID, and of what may be reversed, type, date, site and movements. The rest follows
// from the chain for everybody who replays it; in the state it was half of all
// bytes, and every peer looks after every byte. From version 5 on it is half of that
// hash, which tells contents apart as well: to find two commands with the same half takes
// 2^64 trials, and gains nothing but that the second is taken for the first.
func (r Record) Noted() Record {
	if r.Whole() {
		return r
	}
	noted := Record{Content: r.Content}
	if r.Rules >= 5 {
		noted.Content = r.Content.half()
	}
	if slices.Contains(askedFor, r.Type) {
		noted.Type, noted.Date, noted.Period, noted.Occurred = r.Type, r.Date, r.Period, r.Occurred
		noted.Site, noted.Materials, noted.Credits = r.Site, r.Materials, r.Credits
	}
	return noted
}

// Whole reports whether the state keeps the whole record. It is asked of a record as
// it was made: one that was read from the state no longer says under which rules.
func (r Record) Whole() bool { return r.Rules < 4 }

// askedFor are the commands to whose records others refer: those that may be
// reversed, and both ends of a transfer.
var askedFor = append([]string{Dispatch{}.Type(), TransferCredits{}.Type(), Receive{}.Type(), AcceptCredits{}.Type()}, reversible...)

// noted looks up what the state keeps of a command's record.
func (e *execution) noted(org OrganisationID, command CommandID) (Record, bool, error) {
	record, seen, err := find[Record](e, RecordKey(org, command))
	record.Organisation, record.Command = org, command
	return record, seen, err
}

// needNoted is noted where there must be one.
func (e *execution) needNoted(org OrganisationID, command CommandID) (Record, error) {
	record, err := need[Record](e, RecordKey(org, command))
	record.Organisation, record.Command = org, command
	return record, err
}

// Material is a physical movement on one stock account.
type Material struct {
	Site    SiteID
	Product ProductID
	In      Quantity
	Out     Quantity
}

// HolderKind says what can hold credit.
type HolderKind string

// Where credit is: it comes from a statement, rests in lots and transfers, and
// ends in claims, cancellations, losses or expiry.
const (
	HolderStatement HolderKind = "statement"
	HolderLot       HolderKind = "lot"
	HolderTransfer  HolderKind = "transfer"
	// HolderConversion holds credit only while one command runs.
	HolderConversion HolderKind = "conversion"
	HolderClaim      HolderKind = "claim"
	HolderCancelled  HolderKind = "cancelled"
	HolderLoss       HolderKind = "loss"
	// HolderExpired holds credit that was forfeited at the close of a period.
	HolderExpired HolderKind = "expired"
)

// Holder is one place where credit is. Site and Product are set for lots.
type Holder struct {
	Kind    HolderKind
	ID      string
	Site    SiteID
	Product ProductID
}

// Posting moves credit of one set of characteristics from one holder to another.
type Posting struct {
	Characteristics CharacteristicsID
	// Model is the custody model under which it moves.
	Model    CustodyModel
	Quantity Quantity
	From     Holder
	To       Holder
	// Restated is the set under which the credit goes on, where its carbon
	// figures were computed again; "" where it goes on under the same.
	Restated CharacteristicsID
}

// Entry is a record with the command that caused it and where it stands in the
// chain: what an auditor reads.
type Entry struct {
	Block   uint64
	Command Command
	Record  Record
}
