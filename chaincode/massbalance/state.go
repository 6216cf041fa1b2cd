package massbalance

// Value is one value of the ledger's state. Each kind of key holds one type.
type Value interface{ isValue() }

// Role says what a member does in the consortium.
type Role string

const (
	// Trading members run peers and orderers, endorse, and move material.
	Trading Role = "trading"
	// Certification bodies read everything and sign documents; they never submit.
	Certification Role = "certification"
	// Former members were removed: they submit nothing, sign nothing that is
	// accepted, and are not counted. What they did stays.
	Former Role = "former"
)

// Member is an organisation with its role.
type Member struct {
	Organisation OrganisationID
	Name         string
	Role         Role
	// Version counts from 1; 0 stands for 1.
	Version int
}

// Consortium lists the members, former ones too. There is one, and it changes rarely.
type Consortium struct {
	Members []Member
	// Paged says that the ledger keeps many values under one key, see package wire. It
	// is settled for ever when the consortium is founded, under version 5 of the rules
	// or a later one.
	Paged bool
}

// member finds an organisation among the members.
func (c Consortium) member(id OrganisationID) (Member, bool) {
	for _, m := range c.Members {
		if m.Organisation == id {
			return m, true
		}
	}
	return Member{}, false
}

// Trading lists the organisations that trade, and so endorse.
func (c Consortium) Trading() []OrganisationID {
	var ids []OrganisationID
	for _, m := range c.Members {
		if m.Role == Trading {
			ids = append(ids, m.Organisation)
		}
	}
	return ids
}

// version counts the changes of the membership: each adds a member or raises the
// version of one.
func (c Consortium) version() (sum int) {
	for _, m := range c.Members {
		sum += max(m.Version, 1)
	}
	return sum
}

// majority is the least number of trading members that is more than half.
func (c Consortium) majority() int { return len(c.Trading())/2 + 1 }

// Proposal collects the members that asked for the same change of the common
// register. It takes effect when a majority of the trading members has.
type Proposal struct {
	Approvals []OrganisationID
	Adopted   bool
}

// Site is a place with a mass balance of its own.
type Site struct {
	ID      SiteID
	Owner   OrganisationID
	Name    string
	Country string
	Region  string
	// Scheme is the one under whose profile the site keeps its mass balance, ""
	// for the plain one; Since is the day on which the first was chosen.
	Scheme SchemeID
	Since  Date
}

// Head is a site's moving part: the end of its journal, its period and how many
// stock accounts it has. Every command that moves the site's stock advances it,
// so its key-level endorsement policy protects all of the site.
type Head struct {
	// Sequence counts the journal's entries from 1.
	Sequence uint64
	// Entry is the hash of the latest entry, which covers all before it.
	Entry Digest
	// Period is the open period, "" if none is.
	Period PeriodID
	// Last is the period closed most recently, "" if none was.
	Last PeriodID
	// Accounts counts the site's stock accounts: the close of a period must
	// name them all.
	Accounts int
	// Months is the length of the site's periods, once it is set.
	Months int
	// Guarded is the version of the membership by which the key is guarded, 0
	// where that is not known.
	Guarded int
}

// YieldCap bounds what a hectare of a region can yield of a crop.
type YieldCap struct {
	Region string
	// PerHectare is in kilograms per hectare and year.
	PerHectare Quantity
	Source     string
}

// Product is a kind of material.
type Product struct {
	ID        ProductID
	Name      string
	YieldCaps []YieldCap
	// Version counts from 1; 0 stands for 1.
	Version int
	// ReferenceMoisture, if given, is the moisture at which all quantities of
	// the product are booked; it is less than 1.
	ReferenceMoisture Ratio
	// RegionLimits bound what is verified of a region's harvest in all.
	RegionLimits []RegionLimit
}

// RegionLimit is the most that all statements together may verify of a product
// for a region and vintage, such as the part of its harvest that can be certified.
type RegionLimit struct {
	Region   string
	Vintage  int
	Quantity Quantity
	Source   string
}

// yieldCap finds the cap of a region.
func (p Product) yieldCap(region string) (YieldCap, bool) {
	for _, c := range p.YieldCaps {
		if c.Region == region {
			return c, true
		}
	}
	return YieldCap{}, false
}

// Certifier is a recognised certification body with its signing keys.
type Certifier struct {
	ID   OrganisationID
	Keys []SigningKey
	// Version counts from 1; 0 stands for 1.
	Version int
}

// SigningKey is a P-256 public key: its uncompressed point, 65 bytes.
type SigningKey struct {
	ID    KeyID
	Point PublicKey
}

// Certificate says that a holder's sites and products were certified under a
// scheme for a time.
type Certificate struct {
	ID        CertificateID
	Certifier OrganisationID
	Scheme    SchemeID
	Holder    OrganisationID
	Sites     []SiteID
	Products  []ProductID
	// Models are the custody models certified; empty means all that move with material.
	Models    []CustodyModel
	ValidFrom Date
	ValidTo   Date
	// Quotas bound what is introduced under the certificate, over all its statements.
	Quotas []Quota
}

// Quota is the most of a product that may be introduced under a certificate.
type Quota struct {
	Product  ProductID
	Quantity Quantity
}

// Statement is a verification statement: the certifier verified that the
// producer's land yielded at most Quantity of the product with these
// characteristics, to be introduced by the holder at the site.
type Statement struct {
	ID              StatementID
	Certifier       OrganisationID
	Certificate     CertificateID
	Holder          OrganisationID
	Site            SiteID
	Producer        string
	Product         ProductID
	Quantity        Quantity
	Area            Hectares
	Characteristics Characteristics
	Issued          Date
	// Parcels, if given, say of which land units the area is.
	Parcels []Parcel
}

// Verified is a published statement and how much of it has been introduced.
type Verified struct {
	Statement  Statement
	Introduced Quantity
}

// Lot is a quantity of one product at one site with one set of characteristics
// and one custody model.
type Lot struct {
	ID              LotID
	Site            SiteID
	Product         ProductID
	Characteristics CharacteristicsID
	Model           CustodyModel
	// Quantity is what the lot began with; Spent is how much has left it.
	Quantity Quantity
	Spent    Quantity
	// Share is the part of the material that is attributed, under controlled blending.
	Share Ratio
	// Certifier and Statement name the origin of a lot that was introduced or
	// whose identity is preserved.
	Certifier OrganisationID
	Statement StatementID
	// Scheme is set where the lot was used under one of several schemes, and
	// so is gone for the others.
	Scheme SchemeID
	// Parents are the lots that this one was made of, with what each gave.
	Parents []LotLine
	// Cleared names the parents of which only what was not frozen was taken.
	Cleared []Cleared
	// Booked is the day on which the credit came to the site, at a site under a
	// scheme's profile: it is as old as the oldest of what it was made of there.
	Booked Date
}

// Available is what may still be spent of the lot.
func (l Lot) Available() Quantity {
	available, _ := l.Quantity.Sub(l.Spent)
	return available
}

// Account is the stock account of one product at one site. All figures are
// cumulative; balances are derived. Undifferentiated material counts in the
// physical figures: without them there would be no mass balance.
type Account struct {
	PhysicalIn  Quantity
	PhysicalOut Quantity
	CreditIn    Quantity
	CreditOut   Quantity
	// Decoupled is how much of the credit is of book and claim, as far as it came
	// under version 3 of the rules or later. It is no figure of the balance, only
	// what the rolling average leaves out.
	Decoupled *Quantity
}

// couple keeps Decoupled: so much credit of a model came in and went out.
func (a *Account) couple(rules int, model CustodyModel, in, out Quantity) {
	if rules < 3 || model.Physical() {
		return
	}
	left := out.Shortage(a.decoupled().Add(in))
	if a.Decoupled = &left; left.IsZero() {
		a.Decoupled = nil
	}
}

func (a Account) decoupled() Quantity {
	if a.Decoupled == nil {
		return Quantity{}
	}
	return *a.Decoupled
}

// Stock is the physical balance.
func (a Account) Stock() Quantity {
	stock, _ := a.PhysicalIn.Sub(a.PhysicalOut)
	return stock
}

// Credit is the quantity that may still be attributed, over all lots.
func (a Account) Credit() Quantity {
	credit, _ := a.CreditIn.Sub(a.CreditOut)
	return credit
}

// TransferStatus is where a transfer stands.
type TransferStatus string

// A transfer is in transit until the receiver receives or rejects it; what was
// rejected is returned to the sender's books by the sender.
const (
	InTransit TransferStatus = "in_transit"
	Received  TransferStatus = "received"
	Rejected  TransferStatus = "rejected"
	Returned  TransferStatus = "returned"
	// Reversing is a received transfer that its receiver gave back by agreement
	// and that its sender has yet to book in; Reversed is what it is then.
	Reversing TransferStatus = "reversing"
	Reversed  TransferStatus = "reversed"
)

// Transfer is a shipment between two sites and the credits attributed to it, or
// credits of book and claim alone: then Quantity and Arrived are 0.
type Transfer struct {
	ID        TransferID
	From      SiteID
	To        SiteID
	Sender    OrganisationID
	Receiver  OrganisationID
	Product   ProductID
	Quantity  Quantity // as dispatched
	Arrived   Quantity // as weighed by the receiver, or by the sender on return
	Lines     []TransferLine
	Documents []EvidenceID
	Status    TransferStatus
	// Dispatched and Resolved are business dates.
	Dispatched Date
	Resolved   Date
	// Receipt is the receiver's command that took the transfer in.
	Receipt CommandID
	// Reversal is set from the day on which a party asks to reverse the transfer.
	Reversal *TransferReversal
	// Agreement is what the transfer was called off under.
	Agreement AgreementID
	// Guarded is the version of the membership by which the key is guarded, 0
	// where that is not known.
	Guarded int
}

// TransferLine is the part of a transfer that came from one lot.
type TransferLine struct {
	Lot             LotID
	Quantity        Quantity
	Characteristics CharacteristicsID
	Model           CustodyModel
	// Certifier and Statement are set where the identity is preserved, Share
	// under controlled blending.
	Certifier OrganisationID
	Statement StatementID
	Share     Ratio
	// Scheme is set where the line was used under one of several schemes.
	Scheme SchemeID
	// Cleared is of how many of the lot's taint shares the quantity is free.
	Cleared int
}

// Period is a site's mass balance period.
type Period struct {
	From     Date
	To       Date
	Previous PeriodID
	Closed   bool
	// Closings are the accounts as they stood at the close, cumulative.
	Closings []Closing
	// Scheme and Profile name the profile, and its version, that governs the period.
	Scheme  SchemeID
	Profile int
	// Counts, Credits and Figures are what the close found; Statement is their
	// hash, which the site's journal covers.
	Counts    []StockCount
	Credits   []CarriedCredit
	Figures   []Reconciliation
	Statement Digest
}

// StockCount is a stock as it was counted beside the book's figure. What is
// missing was booked out, what was found within the tolerance was booked in.
type StockCount struct {
	Product ProductID
	Book    Quantity
	Counted Quantity
	// Flagged is set where the difference is beyond the tolerance.
	Flagged bool
}

// CarriedCredit is what of a product's credit of one set of characteristics and
// model was carried into the next period, and what was forfeited.
type CarriedCredit struct {
	Product         ProductID
	Characteristics CharacteristicsID
	Model           CustodyModel
	Carried         Quantity
	Expired         Quantity
}

// Reconciliation is one product's balance over a period: opening + in + found −
// out − loss = closing for the material, opening + in − out − expired = closing
// for the credit.
type Reconciliation struct {
	Product  ProductID
	Material MaterialBalance
	Credit   CreditBalance
}

// MaterialBalance is the material side; Found and Loss are what the stock count
// found too much and too little.
type MaterialBalance struct{ Opening, In, Found, Out, Loss, Closing Quantity }

// CreditBalance is the credit side.
type CreditBalance struct{ Opening, In, Out, Expired, Closing Quantity }

// Closing is one account at the close of a period.
type Closing struct {
	Product ProductID
	Account Account
}

// Claim is the terminal use of credits: nothing leaves it again, except all of
// it by a reversal, and then the claim stays and says so. Its lines tell for
// each quantity the custody model and the characteristics, which hold the carbon
// figures side by side, removals apart.
type Claim struct {
	ID            ClaimID
	Organisation  OrganisationID
	Site          SiteID
	Product       ProductID
	Quantity      Quantity
	Lines         []TransferLine
	Beneficiary   string
	ReportingYear int
	Purpose       string
	Date          Date
	// Model is the loosest custody model among the lines, and Wording what a
	// claim under it may say.
	Model   CustodyModel
	Wording string
	// Traceability is how near to the land the whole of the claim is traced, and
	// Country, Region and LandUnit are the spatial key that its lines share.
	Traceability TraceabilityLevel
	Country      string
	Region       string
	LandUnit     string
	// Reversed is the day on which the claim was reversed.
	Reversed Date
	// Covers is the claim that this one stands in for, where that rested on a
	// recalled statement.
	Covers ClaimID
	// Projects are the insetting projects that the lines come of.
	Projects []ProjectID
	// Baselines hold the lines against the average of the product and region,
	// where one was adopted when the claim was made.
	Baselines []Comparison
}

// Evidence marks a document as used, and by which command.
type Evidence struct{ Command CommandID }

func (Consortium) isValue()      {}
func (Proposal) isValue()        {}
func (Rules) isValue()           {}
func (Superseded) isValue()      {}
func (Profile) isValue()         {}
func (Pool) isValue()            {}
func (Site) isValue()            {}
func (Head) isValue()            {}
func (Product) isValue()         {}
func (Recipe) isValue()          {}
func (Derivation) isValue()      {}
func (Baseline) isValue()        {}
func (Certifier) isValue()       {}
func (Cosigner) isValue()        {}
func (Certificate) isValue()     {}
func (StandingHistory) isValue() {}
func (Coverage) isValue()        {}
func (Verified) isValue()        {}
func (QuotaUse) isValue()        {}
func (Recall) isValue()          {}
func (Taint) isValue()           {}
func (Mark) isValue()            {}
func (LandUnit) isValue()        {}
func (Harvest) isValue()         {}
func (Characteristics) isValue() {}
func (Lot) isValue()             {}
func (Account) isValue()         {}
func (Transfer) isValue()        {}
func (Period) isValue()          {}
func (Claim) isValue()           {}
func (Evidence) isValue()        {}
func (Record) isValue()          {}
