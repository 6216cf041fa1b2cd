package massbalance

import "fmt"

func (b Withdraw) check() string {
	if !ValidName(string(b.Product)) {
		return fmt.Sprintf("product: %q is not a name", b.Product)
	}
	if b.Purpose == "" || !validText(b.Purpose) {
		return fmt.Sprintf("purpose: must be 1 to %d bytes without control characters", textLimit)
	}
	if problem := checkLines(b.Lines); problem != "" {
		return problem
	}
	return checkMove(b.Site, b.Quantity)
}

// Withdraw books material out of the consortium's sight; the credit of lots
// that leave with it is cancelled, never claimed.
func (b Withdraw) execute(e *execution) error {
	books, err := e.open(b.Site)
	if err != nil {
		return err
	}
	lots, err := books.lotsOf(b.Product, b.Lines)
	if err != nil {
		return err
	}
	total := sumLines(b.Lines)
	if b.Quantity.Less(total) {
		return lacking(AttributionExceeds, b.Quantity, total, "the lots that leave with material cannot exceed its weight")
	}
	if err := books.out(b.Product, b.Quantity, lots, b.Lines, Holder{Kind: HolderCancelled, ID: e.reference()}); err != nil {
		return err
	}
	e.record.Subject = e.reference()
	books.close()
	return nil
}

func (b ClaimCredits) check() string {
	switch {
	case !ValidName(string(b.Site)):
		return fmt.Sprintf("site: %q is not a name", b.Site)
	case !ValidName(string(b.Product)):
		return fmt.Sprintf("product: %q is not a name", b.Product)
	case len(b.Lines) == 0:
		return "lines: a claim names the lots that it rests on"
	case b.Beneficiary == "" || !validText(b.Beneficiary):
		return fmt.Sprintf("beneficiary: must be 1 to %d bytes without control characters", textLimit)
	case b.ReportingYear < 1900 || b.ReportingYear > 9999:
		return fmt.Sprintf("reporting year: %d is not a year", b.ReportingYear)
	case b.Purpose == "" || !validText(b.Purpose):
		return fmt.Sprintf("purpose: must be 1 to %d bytes without control characters", textLimit)
	case b.Scheme != "" && !ValidName(string(b.Scheme)):
		return fmt.Sprintf("scheme: %q is not a name", b.Scheme)
	}
	return checkLines(b.Lines)
}

// ClaimCredits uses credit up for a statement to the outside. A claim is
// terminal (I6): what a later reversal takes out of one is all of it, by a
// record of its own, and the claim stays and says so.
func (b ClaimCredits) execute(e *execution) error {
	books, err := e.open(b.Site)
	if err != nil {
		return err
	}
	lots, err := books.usable(b.Product, b.Lines, b.Scheme)
	if err != nil {
		return err
	}
	if err := books.useUnder(lots, b.Scheme); err != nil {
		return err
	}
	if err := books.checkValid(lots); err != nil {
		return err
	}
	id := ClaimID(e.reference())
	if err := books.out(b.Product, Quantity{}, lots, b.Lines, Holder{Kind: HolderClaim, ID: string(id)}); err != nil {
		return err
	}
	if err := books.claim(Claim{
		ID: id, Product: b.Product, Lines: under(asClaimed(lots, b.Lines), b.Scheme),
		Beneficiary: b.Beneficiary, ReportingYear: b.ReportingYear, Purpose: b.Purpose,
	}); err != nil {
		return err
	}
	books.close()
	return nil
}

// claim keeps a claim of credit that was just spent, and says of it what follows
// from its lines.
func (b *books) claim(c Claim) error {
	c.Lines = b.clear(c.Lines)
	from, err := b.e.traced(c.Lines)
	if err != nil {
		return err
	}
	if c.Projects, err = b.e.projectsOf(c.Lines); err != nil {
		return err
	}
	if c.Baselines, err = b.e.compareBaselines(c.Product, c.Lines); err != nil {
		return err
	}
	c.Organisation, c.Site, c.Date = b.e.tx.Organisation, b.site.ID, b.e.command.Date
	for _, line := range c.Lines {
		c.Quantity = c.Quantity.Add(line.Quantity)
	}
	c.Model = loosest(c.Lines)
	c.Wording, c.Traceability = c.Model.Wording(), from.level()
	c.Country, c.Region, c.LandUnit = from.country, from.region, from.landUnit
	if err := b.e.checkAudits(c); err != nil {
		return err
	}
	b.e.put(ClaimKey(c.ID), c)
	b.e.record.Subject = string(c.ID)
	return nil
}

// asClaimed are the lines of a claim: each lot under its own model.
func asClaimed(lots []Lot, lines []LotLine) []TransferLine {
	out := make([]TransferLine, 0, len(lots))
	for i, lot := range lots {
		out = append(out, linesOf([]Lot{lot}, lines[i:i+1], lot.Model, lot.Share)...)
	}
	return out
}
