package massbalance

import (
	"fmt"
	"slices"
)

// ListLimit bounds every list in a command: a transaction must stay small
// enough for every peer to check.
const ListLimit = 500

const listLimit = ListLimit

// books are one site's accounts during one command.
type books struct {
	e    *execution
	site Site
	head Head
	// taints counts the taint shares of which what was spent of a lot is free.
	taints map[LotID]int
	// profile is that of the open period.
	profile Profile
	lots    int // lots created so far
	// booked is the age of the lots created, "" for that of the command.
	booked Date
	// returned is set for what left in this very period and comes back, credits
	// where what comes in is credit of book and claim.
	returned, credits bool
}

// ownSite looks a site up and checks that it is the submitter's.
func (e *execution) ownSite(id SiteID) (Site, error) {
	site, err := need[Site](e, SiteKey(id))
	if err != nil {
		return site, err
	}
	if site.Owner != e.tx.Organisation {
		return site, refuse(NotOwner, "site %s belongs to %s, not to %s", id, site.Owner, e.tx.Organisation)
	}
	return site, nil
}

// open checks that the submitter may move stock at the site now: it owns the
// site, and the command's period is the open one and contains its date (I5).
func (e *execution) open(id SiteID) (*books, error) {
	site, err := e.ownSite(id)
	if err != nil {
		return nil, err
	}
	head, err := need[Head](e, HeadKey(id))
	if err != nil {
		return nil, err
	}
	if e.command.Period == "" || head.Period != e.command.Period {
		return nil, refuse(PeriodNotOpen, "period %q of site %s is not open (open: %q)", e.command.Period, id, head.Period)
	}
	period, err := need[Period](e, PeriodKey(id, head.Period))
	if err != nil {
		return nil, err
	}
	if e.command.Date < period.From || e.command.Date > period.To {
		return nil, refuse(DateOutsidePeriod, "date %q is not in period %s of site %s, %s to %s", e.command.Date, head.Period, id, period.From, period.To)
	}
	if err := e.checkLate(id, period); err != nil {
		return nil, err
	}
	profile, err := e.profileAt(period.Scheme, period.Profile)
	if err != nil {
		return nil, err
	}
	return &books{e: e, site: site, head: head, profile: profile}, nil
}

// checkLate lets a late entry be of a day in one of the site's earlier periods.
func (e *execution) checkLate(site SiteID, period Period) error {
	late := e.command.Occurred
	if late == "" {
		return nil
	}
	if late >= period.From {
		return refuse(DateOutsidePeriod, "what occurred on %s is not late: the open period of site %s began on %s", late, site, period.From)
	}
	for n := 0; late < period.From; n++ {
		if period.Previous == "" || n == listLimit {
			return refuse(DateOutsidePeriod, "what occurred on %s is in no period of site %s", late, site)
		}
		var err error
		if period, err = need[Period](e, PeriodKey(site, period.Previous)); err != nil {
			return err
		}
	}
	return nil
}

// close appends the record to the site's journal.
func (b *books) close() { b.e.advance(b.site.ID, b.head) }

// in books material in, with the credit that came with it.
func (b *books) in(product ProductID, physical, credit Quantity) error {
	account, exists, err := find[Account](b.e, AccountKey(b.site.ID, product))
	if err != nil {
		return err
	}
	if !exists {
		b.head.Accounts++
		if b.e.rules >= 3 && b.head.Accounts > closeLimit {
			return refuse(InvalidCommand, "site %s has stock accounts of %d products, the most that a close can name", b.site.ID, closeLimit)
		}
	}
	if err := b.average(product, account, physical, credit); err != nil {
		return err
	}
	account.PhysicalIn = account.PhysicalIn.Add(physical)
	account.CreditIn = account.CreditIn.Add(credit)
	if b.credits {
		account.couple(b.e.rules, BookAndClaim, credit, Quantity{})
	}
	if !account.PhysicalIn.Fits() || !account.CreditIn.Fits() {
		return refuse(QuantityTooLarge, "%s at %s would have taken in more than can be counted", product, b.site.ID)
	}
	b.e.put(AccountKey(b.site.ID, product), account)
	if !physical.IsZero() {
		b.e.record.Materials = append(b.e.record.Materials, Material{Site: b.site.ID, Product: product, In: physical})
	}
	return nil
}

// out books material out together with the lots that leave with it, and posts
// their credit to a holder. Neither may exceed what is there.
func (b *books) out(product ProductID, physical Quantity, lots []Lot, lines []LotLine, to Holder) error {
	account, _, err := find[Account](b.e, AccountKey(b.site.ID, product))
	if err != nil {
		return err
	}
	if err := b.atMostAverage(product, account, physical, sumLines(lines)); err != nil {
		return err
	}
	if stock := account.Stock(); stock.Less(physical) {
		return lacking(InsufficientStock, stock, physical, "%s at %s", product, b.site.ID)
	}
	if err := b.spend(lots, lines, to); err != nil {
		return err
	}
	credit := sumLines(lines)
	if account.Credit().Less(credit) {
		// The lots had enough, so the account must have: I2 is a sum over lots.
		return fmt.Errorf("%w: %s at %s holds %s kg of credit, its lots more", ErrCorruptState, product, b.site.ID, account.Credit())
	}
	account.PhysicalOut = account.PhysicalOut.Add(physical)
	account.CreditOut = account.CreditOut.Add(credit)
	for i, lot := range lots {
		account.couple(b.e.rules, lot.Model, Quantity{}, lines[i].Quantity)
	}
	b.e.put(AccountKey(b.site.ID, product), account)
	if !physical.IsZero() {
		b.e.record.Materials = append(b.e.record.Materials, Material{Site: b.site.ID, Product: product, Out: physical})
	}
	return nil
}

// use marks a document as used by this command; each counts once (I6).
func (b *books) use(id EvidenceID) error {
	if id == "" {
		return nil
	}
	key := EvidenceKey(b.site.Owner, id)
	used, found, err := find[Evidence](b.e, key)
	if err != nil {
		return err
	}
	if found {
		return refuse(EvidenceUsed, "document %s of %s was used already, by command %s", id, b.site.Owner, used.Command)
	}
	b.e.put(key, Evidence{b.e.command.ID})
	return nil
}

// usable looks up the lots named and checks that credit under their schemes may
// move here on the command's date; asked is the scheme that they are used under,
// "" where none was named.
func (b *books) usable(product ProductID, lines []LotLine, asked SchemeID) ([]Lot, error) {
	lots, err := b.lotsOf(product, lines)
	if err != nil {
		return nil, err
	}
	return lots, b.checkSchemesOf(lots, asked)
}

// lotsOf looks up the lots named and checks that they are of this product and
// at this site.
func (b *books) lotsOf(product ProductID, lines []LotLine) ([]Lot, error) {
	lots := make([]Lot, 0, len(lines))
	for _, line := range lines {
		lot, err := need[Lot](b.e, LotKey(line.Lot))
		if err != nil {
			return nil, err
		}
		lots = append(lots, lot)
	}
	for _, lot := range lots {
		if lot.Site == b.site.ID {
			continue
		}
		at, err := need[Site](b.e, SiteKey(lot.Site))
		if err != nil {
			return nil, err
		}
		if at.Owner != b.e.tx.Organisation {
			return nil, refuse(NotOwner, "lot %s is at site %s of %s, not at one of %s", lot.ID, at.ID, at.Owner, b.e.tx.Organisation)
		}
		return nil, refuse(WrongSite, "lot %s is at site %s, not at %s", lot.ID, at.ID, b.site.ID)
	}
	for _, lot := range lots {
		if lot.Product != product {
			return nil, refuse(ProductMismatch, "lot %s is %s, not %s", lot.ID, lot.Product, product)
		}
	}
	return lots, nil
}

// spend takes the quantities from their lots and posts them to a holder.
func (b *books) spend(lots []Lot, lines []LotLine, to Holder) error {
	for i, lot := range lots {
		if have := lot.Available(); have.Less(lines[i].Quantity) {
			return lacking(InsufficientCredit, have, lines[i].Quantity, "lot %s (%s at %s)", lot.ID, lot.Product, lot.Site)
		}
	}
	if to.Kind == HolderConversion {
		if err := b.age(lines); err != nil {
			return err
		}
	}
	for i, lot := range lots {
		if err := b.checkTaint(lot, lines[i].Quantity); err != nil {
			return err
		}
	}
	for i, lot := range lots {
		lot.Spent = lot.Spent.Add(lines[i].Quantity)
		b.e.put(LotKey(lot.ID), lot)
		b.e.post(Posting{Characteristics: lot.Characteristics, Model: lot.Model, Quantity: lines[i].Quantity, From: lotHolder(lot), To: to})
	}
	return nil
}

// create makes a lot of credit that arrives from a holder.
func (b *books) create(lot Lot, from Holder) LotID {
	return b.createOf(lot, []source{{lot.Characteristics, lot.Quantity}}, from)
}

// source is credit of one set that goes into a lot.
type source struct {
	set      CharacteristicsID
	quantity Quantity
}

// createOf makes a lot of credit of one or several sets; where they are not the
// lot's own, their figures were computed again.
func (b *books) createOf(lot Lot, sources []source, from Holder) LotID {
	b.lots++
	lot.ID = NameLot(b.e.tx.Organisation, b.e.command.ID, b.lots)
	lot.Site = b.site.ID
	if lot.Booked = b.booked; lot.Booked == "" && b.site.Scheme != "" {
		lot.Booked = b.e.command.Date
	}
	b.e.put(LotKey(lot.ID), lot)
	for _, s := range sources {
		posting := Posting{Characteristics: s.set, Model: lot.Model, Quantity: s.quantity, From: from, To: lotHolder(lot)}
		if s.set != lot.Characteristics {
			posting.Restated = lot.Characteristics
		}
		b.e.post(posting)
	}
	return lot.ID
}

// age makes the credit of new lots as old, at a site under a profile, as the
// oldest of the lots that it was made of here: or credit could be made younger
// by converting it, or by sending it out and back.
func (b *books) age(parents []LotLine) error {
	if b.site.Scheme == "" {
		return nil
	}
	if b.booked == "" {
		b.booked = b.e.command.Date
	}
	for _, parent := range parents {
		lot, err := need[Lot](b.e, LotKey(parent.Lot))
		if err != nil {
			return err
		}
		b.booked = min(b.booked, lot.since(b.site))
	}
	return nil
}

// since is the day on which a lot's credit came to its site; credit that was
// there before the site came under a profile counts from then.
func (l Lot) since(site Site) Date {
	if l.Booked == "" {
		return site.Since
	}
	return l.Booked
}

// post records a movement of credit; nothing is recorded of nothing.
func (e *execution) post(p Posting) {
	if !p.Quantity.IsZero() {
		e.record.Credits = append(e.record.Credits, p)
	}
}

func lotHolder(lot Lot) Holder {
	return Holder{Kind: HolderLot, ID: string(lot.ID), Site: lot.Site, Product: lot.Product}
}

// blend is credit that may become one lot: of one set of characteristics under
// one custody model, and whatever else that model keeps apart.
type blend struct {
	TransferLine // without Lot and Quantity
	total        Quantity
	parents      []LotLine
	cleared      []Cleared
}

// lot makes a lot of the blend.
func (g blend) lot(product ProductID, quantity Quantity) Lot {
	return Lot{
		Product: product, Characteristics: g.Characteristics, Model: g.Model, Share: g.Share,
		Certifier: g.Certifier, Statement: g.Statement, Scheme: g.Scheme, Quantity: quantity, Parents: g.parents, Cleared: g.cleared,
	}
}

// blends groups lines by what may become one lot, in order of appearance.
func blends(lines []TransferLine) []blend {
	var groups []blend
	for _, line := range lines {
		parent, cleared := LotLine{line.Lot, line.Quantity}, line.Cleared
		line.Lot, line.Quantity, line.Cleared = "", Quantity{}, 0
		at := slices.IndexFunc(groups, func(g blend) bool {
			return g.Characteristics == line.Characteristics && g.Model == line.Model && g.Share == line.Share &&
				g.Certifier == line.Certifier && g.Statement == line.Statement && g.Scheme == line.Scheme
		})
		if at < 0 {
			at, groups = len(groups), append(groups, blend{TransferLine: line})
		}
		g := &groups[at]
		g.total, g.parents = g.total.Add(parent.Quantity), append(g.parents, parent)
		if cleared > 0 {
			g.cleared = append(g.cleared, Cleared{parent.Lot, cleared})
		}
	}
	return groups
}

func sumLines(lines []LotLine) Quantity {
	var total Quantity
	for _, line := range lines {
		total = total.Add(line.Quantity)
	}
	return total
}

// checkLines says what is wrong with the form of lot lines, or "". A lot named
// twice would be read once and spent twice, so it is refused.
func checkLines(lines []LotLine) string { return checkLotLines(lines, listLimit) }

func checkLotLines(lines []LotLine, limit int) string {
	if len(lines) > limit {
		return fmt.Sprintf("lines: at most %d", limit)
	}
	if !sumLines(lines).Fits() {
		return "lines: together they are more than a quantity can be"
	}
	seen := map[LotID]bool{}
	for _, line := range lines {
		if line.Lot == "" || seen[line.Lot] {
			return fmt.Sprintf("lines: lot %q is empty, or named twice", line.Lot)
		}
		if line.Quantity.IsZero() {
			return fmt.Sprintf("lines: quantity of lot %s must be more than 0 kg", line.Lot)
		}
		seen[line.Lot] = true
	}
	return ""
}

// checkMove says what is wrong with the fields that all movements share, or "".
func checkMove(site SiteID, quantity Quantity, evidence ...EvidenceID) string {
	if !ValidName(string(site)) {
		return fmt.Sprintf("site: %q is not a name", site)
	}
	if quantity.IsZero() {
		return "quantity: must be more than 0 kg"
	}
	if len(evidence) > listLimit {
		return fmt.Sprintf("documents: at most %d", listLimit)
	}
	for _, id := range evidence {
		if id != "" && !ValidName(string(id)) {
			return fmt.Sprintf("evidence: %q is not a name", id)
		}
	}
	return ""
}
