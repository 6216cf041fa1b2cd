package massbalance

import "fmt"

func (b Introduce) check() string {
	if !ValidName(string(b.Certifier)) || !ValidName(string(b.Statement)) {
		return fmt.Sprintf("certifier %q or statement %q is not a name", b.Certifier, b.Statement)
	}
	if !b.Model.Valid() || !b.Model.Physical() {
		return fmt.Sprintf("model: %q is not a custody model that moves with material", b.Model)
	}
	if b.Evidence == "" {
		return "evidence: material is introduced with its weighbridge ticket or other delivery document"
	}
	return checkWeighed(b.Site, b.Quantity, b.Moisture, b.Evidence)
}

// Introduce is bounded twice, cumulatively over all introductions of the
// statement: by the quantity that the certifier verified, and by the area times
// the yield cap that the consortium adopted for the crop and region; and a third
// time over all statements on the same certificate, where that has a quota.
func (b Introduce) execute(e *execution) error {
	books, err := e.open(b.Site)
	if err != nil {
		return err
	}
	key := StatementKey(b.Certifier, b.Statement)
	verified, err := need[Verified](e, key)
	if err != nil {
		return err
	}
	s := verified.Statement
	if s.Holder != e.tx.Organisation {
		return refuse(NotOwner, "statement %s was issued to %s, not to %s", s.ID, s.Holder, e.tx.Organisation)
	}
	if err := books.checkOrigin(s, b.Model); err != nil {
		return err
	}
	if err := books.use(b.Evidence); err != nil {
		return err
	}
	if s.Site != b.Site {
		return refuse(WrongSite, "statement %s is for material taken in at %s, not at %s", s.ID, s.Site, b.Site)
	}
	quantity, err := e.atReference(s.Product, b.Quantity, b.Moisture)
	if err != nil {
		return err
	}
	total := verified.Introduced.Add(quantity)
	if err := e.checkBounds(s, verified.Introduced, quantity, total); err != nil {
		return err
	}
	if err := e.useQuota(s, quantity); err != nil {
		return err
	}
	if err := e.checkRecalled(origin{s.Certifier, s.ID}); err != nil {
		return err
	}
	if err := books.project(s, quantity); err != nil {
		return err
	}
	verified.Introduced = total
	e.put(key, verified)
	id := books.create(Lot{
		Product: s.Product, Characteristics: e.setOf(s), Model: b.Model,
		Quantity: quantity, Certifier: s.Certifier, Statement: s.ID,
	}, Holder{Kind: HolderStatement, ID: string(s.Certifier) + "/" + string(s.ID)})
	if err := books.in(s.Product, quantity, quantity); err != nil {
		return err
	}
	e.record.Subject = string(id)
	books.close()
	return nil
}

func (e *execution) checkBounds(s Statement, before, quantity, total Quantity) error {
	if s.Quantity.Less(total) {
		left, _ := s.Quantity.Sub(before)
		return lacking(ExceedsVerification, left, quantity, "statement %s verifies %s kg from %s, %s kg are introduced already", s.ID, s.Quantity, s.Producer, before)
	}
	product, err := need[Product](e, ProductKey(s.Product))
	if err != nil {
		return err
	}
	yield, ok := product.yieldCap(s.Characteristics.Region)
	if !ok {
		return refuse(NotFound, "there is no yield cap of %s for region %s", s.Product, s.Characteristics.Region)
	}
	if most := s.Area.FloorYield(yield.PerHectare); most.Less(total) {
		left, _ := most.Sub(before)
		return lacking(ExceedsYield, left, quantity, "%s ha of %s in %s yield at most %s kg (%s kg/ha), %s kg are introduced already", s.Area, s.Product, s.Characteristics.Region, most, yield.PerHectare, before)
	}
	return nil
}

func (b TakeIn) check() string {
	if !ValidName(string(b.Product)) {
		return fmt.Sprintf("product: %q is not a name", b.Product)
	}
	if !validText(b.Supplier) {
		return fmt.Sprintf("supplier: at most %d bytes without control characters", textLimit)
	}
	if b.Evidence == "" {
		return "evidence: material is taken in with its weighbridge ticket or other delivery document"
	}
	return checkWeighed(b.Site, b.Quantity, b.Moisture, b.Evidence)
}

// TakeIn gives stock and no credit: the physical side of the balance, without
// which mass balance would be book and claim.
func (b TakeIn) execute(e *execution) error {
	books, err := e.open(b.Site)
	if err != nil {
		return err
	}
	if _, err := need[Product](e, ProductKey(b.Product)); err != nil {
		return err
	}
	if err := books.use(b.Evidence); err != nil {
		return err
	}
	quantity, err := e.atReference(b.Product, b.Quantity, b.Moisture)
	if err != nil {
		return err
	}
	if err := books.in(b.Product, quantity, Quantity{}); err != nil {
		return err
	}
	e.record.Subject = string(b.Evidence)
	books.close()
	return nil
}
