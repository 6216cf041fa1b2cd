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
	lots, err := books.lotsOf(b.Product, b.Lines)
	if err != nil {
		return err
	}
	if err := books.checkSchemesOf(lots, b.Scheme); err != nil {
		return err
	}
	if err := books.useUnder(lots, b.Scheme); err != nil {
		return err
	}
	id := ClaimID(e.reference())
	if err := books.out(b.Product, Quantity{}, lots, b.Lines, Holder{Kind: HolderClaim, ID: string(id)}); err != nil {
		return err
	}
	lines := make([]TransferLine, 0, len(lots))
	for i, lot := range lots {
		lines = append(lines, linesOf([]Lot{lot}, b.Lines[i:i+1], lot.Model, lot.Share)...)
	}
	from, err := e.traced(lines)
	if err != nil {
		return err
	}
	model := loosest(lines)
	e.put(ClaimKey(id), Claim{
		ID: id, Organisation: e.tx.Organisation, Site: b.Site, Product: b.Product, Quantity: sumLines(b.Lines), Lines: under(lines, b.Scheme),
		Beneficiary: b.Beneficiary, ReportingYear: b.ReportingYear, Purpose: b.Purpose, Date: e.command.Date,
		Model: model, Wording: model.Wording(), Traceability: from.level(), Country: from.country, Region: from.region, LandUnit: from.landUnit,
	})
	e.record.Subject = string(id)
	books.close()
	return nil
}
