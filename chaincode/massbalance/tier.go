package massbalance

import (
	"crypto/sha256"
	"fmt"
	"slices"
)

// This file holds reports of claimed quantities by the tiers before the claimant.
// Scope 3 inventories overlap by design: each tier of one chain may report the
// same tonne in its own, but no two at the same tier. (From memory of the GHG
// Protocol's corporate value chain standard, not checked against its text.)

// TierReport is the report, by an organisation that handed credit on, of a
// quantity that another claimed in the end. It is no claim: it rests on one, and
// stands and falls with it.
type TierReport struct {
	Claim        ClaimID
	Organisation OrganisationID
	Site         SiteID
	// Tier counts the organisations from the claimant, who is tier 0, back.
	Tier int
	// Path leads from a lot of the claim back to the reporter's own.
	Path          []LotID
	Quantity      Quantity
	ReportingYear int
	Purpose       string
	Date          Date
}

func (TierReport) isValue() {}

// pathLimit bounds how long a chain may be.
const pathLimit = 100

func (b ReportTier) check() string {
	switch {
	case !ValidName(string(b.Site)):
		return fmt.Sprintf("site: %q is not a name", b.Site)
	case b.Claim == "":
		return "claim: must be named"
	case len(b.Path) < 2 || len(b.Path) > pathLimit:
		return fmt.Sprintf("path: leads over 2 to %d lots from one of the claim back to one's own", pathLimit)
	case slices.Contains(b.Path, ""):
		return "path: a lot is empty"
	case b.Quantity.IsZero():
		return "quantity: must be more than 0 kg"
	case b.ReportingYear < 1900 || b.ReportingYear > 9999:
		return fmt.Sprintf("reporting year: %d is not a year", b.ReportingYear)
	case b.Purpose == "" || !validText(b.Purpose):
		return fmt.Sprintf("purpose: must be 1 to %d bytes without control characters", textLimit)
	}
	return ""
}

// ReportTier lets a tier report what it handed on and another claimed. Who may
// do so is not for the parties to say: the path is followed lot by lot, and at
// its end stands the one organisation that had the credit at that tier. Where
// lots were merged, each path carries its part of the quantity, so all reports
// of a tier together never exceed the claim.
func (b ReportTier) execute(e *execution) error {
	books, err := e.open(b.Site)
	if err != nil {
		return err
	}
	claim, err := need[Claim](e, ClaimKey(b.Claim))
	if err != nil {
		return err
	}
	chain, err := e.follow(b.Path)
	if err != nil {
		return err
	}
	own := chain.last()
	if own.owner != e.tx.Organisation {
		return refuse(NotOwner, "lot %s was %s's, who may report it, not %s's", own.lot.ID, own.owner, e.tx.Organisation)
	}
	key := TierReportKey(b.Claim, b.Path)
	if err := e.absent(key); err != nil {
		return err
	}
	if err := books.checkSchemesOf([]Lot{own.lot}, ""); err != nil {
		return err
	}
	if claim.Reversed != "" {
		return refuse(ClaimReversed, "claim %s was reversed on %s", claim.ID, claim.Reversed)
	}
	if own.lot.Site != b.Site {
		return refuse(WrongSite, "lot %s was at site %s, not at %s", own.lot.ID, own.lot.Site, b.Site)
	}
	most, err := chain.part(claim)
	if err != nil {
		return err
	}
	tier, err := chain.tier()
	if err != nil {
		return err
	}
	if most.Less(b.Quantity) {
		return lacking(ExceedsClaim, most, b.Quantity, "of the claim %s came over these lots", claim.ID)
	}
	e.put(key, TierReport{
		Claim: claim.ID, Organisation: e.tx.Organisation, Site: b.Site, Tier: tier, Path: b.Path, Quantity: b.Quantity,
		ReportingYear: b.ReportingYear, Purpose: b.Purpose, Date: e.command.Date,
	})
	e.record.Subject = string(claim.ID)
	books.close()
	return nil
}

// link is one lot of a chain and who had it.
type link struct {
	lot   Lot
	owner OrganisationID
}

// chain is a lot and lots before it, each a parent of the one it stands behind.
type chain []link

func (c chain) last() link { return c[len(c)-1] }

// follow looks up the lots of a path and who had them.
func (e *execution) follow(path []LotID) (chain, error) {
	links := make(chain, 0, len(path))
	for _, id := range path {
		lot, err := need[Lot](e, LotKey(id))
		if err != nil {
			return nil, err
		}
		site, err := need[Site](e, SiteKey(lot.Site))
		if err != nil {
			return nil, err
		}
		links = append(links, link{lot, site.Owner})
	}
	return links, nil
}

// part is how much of a claim came over the chain: at each lot as much of it as
// its parent gave of it, rounded down to the gram.
func (c chain) part(claim Claim) (Quantity, error) {
	at := slices.IndexFunc(claim.Lines, func(l TransferLine) bool { return l.Lot == c[0].lot.ID })
	if at < 0 {
		return Quantity{}, refuse(NotInLineage, "claim %s does not rest on lot %s", claim.ID, c[0].lot.ID)
	}
	if line := claim.Lines[at]; !line.Model.Physical() {
		return Quantity{}, refuse(WrongModel, "lot %s was claimed as %s, which has no chain of tiers", line.Lot, line.Model)
	}
	part := claim.Lines[at].Quantity
	for i, parent := range c[1:] {
		child := c[i].lot
		from := slices.IndexFunc(child.Parents, func(p LotLine) bool { return p.Lot == parent.lot.ID })
		if from < 0 {
			return Quantity{}, refuse(NotInLineage, "lot %s was not made of lot %s", child.ID, parent.lot.ID)
		}
		part = part.ScaleFloor(child.Parents[from].Quantity, sumLines(child.Parents))
	}
	return part, nil
}

// tier counts the hands between the claimant and the last of the chain, who must
// have handed its lot on to somebody else and had none of the chain's before: an
// organisation reports a tonne once.
func (c chain) tier() (int, error) {
	reporter, tier := c.last(), 0
	for i, l := range c[:len(c)-1] {
		if l.owner == reporter.owner {
			return 0, refuse(NotInLineage, "lot %s is %s's too: a tier reports the lot that it handed on, and a tonne once", l.lot.ID, l.owner)
		}
		if l.owner != c[i+1].owner {
			tier++
		}
	}
	return tier, nil
}

// pathDigest identifies a path.
func pathDigest(path []LotID) string {
	hash := sha256.New()
	for _, id := range path {
		fmt.Fprintf(hash, "%q\n", id)
	}
	return Digest(hash.Sum(nil)).String()
}
