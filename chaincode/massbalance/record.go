package massbalance

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
