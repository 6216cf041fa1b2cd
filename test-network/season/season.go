package season

import "github.com/weighbridge/weighbridge/chaincode/massbalance"

// Season is what the files say.
type Season struct {
	Members      []massbalance.Member
	Sites        []Site
	Periods      []Period
	Products     []massbalance.Product
	Recipes      []massbalance.Recipe
	Baselines    []massbalance.Baseline
	Projects     []massbalance.Project
	Certifier    massbalance.Certifier
	Sets         []Set
	Certificates []massbalance.SignedCertificate
	Statements   []massbalance.SignedStatement
	Farms        []Farm
	Suppliers    []Supplier
	Tickets      []Ticket
	Shipments    []Shipment
	Conversions  []Conversion
	Withdrawals  []Withdrawal
	Claims       []Claim
	Deals        []Deal
}

// Site is a site and the member that registers it.
type Site struct {
	Owner   massbalance.OrganisationID
	Site    massbalance.SiteID
	Name    string
	Country string
	Region  string
}

// Period is a quarter; every site keeps the same ones, in this order.
type Period struct {
	Period massbalance.PeriodID
	From   massbalance.Date
	To     massbalance.Date
}

// Set gives a set of characteristics the short name that the tables use.
type Set struct {
	Name            string
	Characteristics massbalance.Characteristics
}

// Farm is a certified farm with its wheat of the year.
type Farm struct {
	ID        string
	Name      string
	Region    string
	Practice  string
	Hectares  massbalance.Hectares
	Elevator  massbalance.SiteID
	Statement massbalance.StatementID
}

// Supplier delivers grain without a certificate.
type Supplier struct {
	ID       string
	Name     string
	Elevator massbalance.SiteID
}

// Ticket is one load over a weighbridge. Net is gross less tare, at the
// moisture noted; the books keep mass as weighed.
type Ticket struct {
	Number   massbalance.EvidenceID
	Date     massbalance.Date
	Time     string // "15:04"
	Site     massbalance.SiteID
	Supplier string
	Product  massbalance.ProductID
	Gross    massbalance.Quantity
	Tare     massbalance.Quantity
	Net      massbalance.Quantity
	Moisture string // percent
}

// Share is a quantity of one set of characteristics.
type Share struct {
	Set      string
	Quantity massbalance.Quantity
}

// Shipment is a delivery between two sites with what is attributed to it.
type Shipment struct {
	ID         string
	Dispatched massbalance.Date
	From       massbalance.SiteID
	To         massbalance.SiteID
	Product    massbalance.ProductID
	Quantity   massbalance.Quantity
	Attributed []Share
	Mode       string
	Waybill    massbalance.EvidenceID
	Received   massbalance.Date
	Arrived    massbalance.Quantity
	// Deal is what the shipment was called off under, "" for most.
	Deal string
}

// Conversion is one production run.
type Conversion struct {
	ID         string
	Date       massbalance.Date
	Site       massbalance.SiteID
	Recipe     massbalance.RecipeID
	Input      massbalance.Quantity
	Attributed []Share
	Outputs    []massbalance.Output
}

// Withdrawal is material that leaves the consortium's sight; credit that leaves
// with it is cancelled.
type Withdrawal struct {
	ID        string
	Date      massbalance.Date
	Site      massbalance.SiteID
	Product   massbalance.ProductID
	Quantity  massbalance.Quantity
	Cancelled []Share
	Purpose   string
}

// Claim is what the brand claims for a reporting year.
type Claim struct {
	ID            string
	Date          massbalance.Date
	Site          massbalance.SiteID
	Product       massbalance.ProductID
	Claimed       []Share
	Beneficiary   string
	ReportingYear int
	Purpose       string
}

// owner is the member whose site it is.
func (s *Season) owner(site massbalance.SiteID) massbalance.OrganisationID {
	for _, known := range s.Sites {
		if known.Site == site {
			return known.Owner
		}
	}
	return ""
}

// period is the one that contains the date.
func (s *Season) period(date massbalance.Date) (Period, bool) {
	for _, p := range s.Periods {
		if p.From <= date && date <= p.To {
			return p, true
		}
	}
	return Period{}, false
}
