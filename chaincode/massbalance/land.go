package massbalance

import "fmt"

// This file holds the bounds on what comes in that reach over several
// statements: of one certificate, its quota; of one field, its size.

// Parcel is how much of a land unit a statement verified. Size is that of the
// whole unit as registered; statements of all certifiers must agree on it.
type Parcel struct {
	LandUnit LandUnitID
	Size     Hectares
	Area     Hectares
}

// LandUnit is a unit of land as the first statement on it gave it.
type LandUnit struct {
	Size      Hectares
	Certifier OrganisationID
	Statement StatementID
}

// Harvest is how much of a land unit was verified for one product and vintage,
// by whichever certifier and under whichever scheme.
type Harvest struct {
	Area       Hectares
	Statements []StatementReference
}

// StatementReference names a verification statement.
type StatementReference struct {
	Certifier OrganisationID
	Statement StatementID
}

// QuotaUse is how much was introduced against a certificate's quota.
type QuotaUse struct{ Introduced Quantity }

// checkQuotas says what is wrong with the form of quotas, or "".
func (c Certificate) checkQuotas() string {
	seen := map[ProductID]bool{}
	for _, q := range c.Quotas {
		if !ValidName(string(q.Product)) || seen[q.Product] || q.Quantity.IsZero() {
			return fmt.Sprintf("certificate %s: quota of %q must be more than 0 kg of a product named once", c.ID, q.Product)
		}
		seen[q.Product] = true
	}
	return ""
}

// quota finds the quota of a product.
func (c Certificate) quota(product ProductID) (Quantity, bool) {
	for _, q := range c.Quotas {
		if q.Product == product {
			return q.Quantity, true
		}
	}
	return Quantity{}, false
}

// useQuota counts an introduction against the quota of the statement's
// certificate, if it has one for the product. It bounds what really came in, not
// what was verified: statements are ceilings already (UNTP: the trusted third
// party is the quota's manager).
func (e *execution) useQuota(s Statement, quantity Quantity) error {
	certificate, err := need[Certificate](e, CertificateKey(s.Certifier, s.Certificate))
	if err != nil {
		return err
	}
	quota, limited := certificate.quota(s.Product)
	if !limited {
		return nil
	}
	key := QuotaKey(s.Certifier, s.Certificate, s.Product)
	use, _, err := find[QuotaUse](e, key)
	if err != nil {
		return err
	}
	total := use.Introduced.Add(quantity)
	if quota.Less(total) {
		left, _ := quota.Sub(use.Introduced)
		return lacking(ExceedsQuota, left, quantity, "certificate %s of %s has a quota of %s kg of %s, %s kg are introduced already", s.Certificate, s.Certifier, quota, s.Product, use.Introduced)
	}
	e.put(key, QuotaUse{total})
	return nil
}

// checkParcels says what is wrong with the form of parcels, or "".
func (s Statement) checkParcels() string {
	if len(s.Parcels) == 0 {
		return ""
	}
	if len(s.Parcels) > listLimit {
		return fmt.Sprintf("statement %s: at most %d parcels", s.ID, listLimit)
	}
	var area Hectares
	seen := map[LandUnitID]bool{}
	for _, p := range s.Parcels {
		switch unit := s.Characteristics.LandUnit; {
		case !ValidName(string(p.LandUnit)) || seen[p.LandUnit]:
			return fmt.Sprintf("statement %s: land unit %q is not a name, or named twice", s.ID, p.LandUnit)
		case unit != "" && unit != string(p.LandUnit):
			return fmt.Sprintf("statement %s: parcel of %s, but the spatial key is land unit %s", s.ID, p.LandUnit, unit)
		case p.Area.IsZero() || p.Size.Less(p.Area):
			return fmt.Sprintf("statement %s: %s ha verified of land unit %s with %s ha", s.ID, p.Area, p.LandUnit, p.Size)
		}
		area, seen[p.LandUnit] = area.Add(p.Area), true
	}
	if !area.Equal(s.Area) {
		return fmt.Sprintf("statement %s: the parcels have %s ha, the statement %s ha", s.ID, area, s.Area)
	}
	return ""
}

// verifyLand counts a statement's parcels against the size of their land units.
// One field bears one harvest of a crop in a vintage: a second certificate, or a
// second certifier under another scheme, finds no land left to verify. Without
// parcels the ledger cannot see that two statements mean the same field.
func (e *execution) verifyLand(s Statement) error {
	for _, p := range s.Parcels {
		unit, known, err := find[LandUnit](e, LandUnitKey(p.LandUnit))
		if err != nil {
			return err
		}
		if !known {
			unit = LandUnit{p.Size, s.Certifier, s.ID}
			e.put(LandUnitKey(p.LandUnit), unit)
		}
		if !unit.Size.Equal(p.Size) {
			return refuse(ExceedsLand, "land unit %s is registered with %s ha (statement %s of %s), not with %s ha", p.LandUnit, unit.Size, unit.Statement, unit.Certifier, p.Size)
		}
		key := HarvestKey(p.LandUnit, s.Product, s.Characteristics.Vintage)
		harvest, _, err := find[Harvest](e, key)
		if err != nil {
			return err
		}
		area := harvest.Area.Add(p.Area)
		if unit.Size.Less(area) || len(harvest.Statements) >= listLimit {
			return refuse(ExceedsLand, "land unit %s has %s ha, of which %s ha are verified already for %s of %d, not another %s ha (first by %s)", p.LandUnit, unit.Size, harvest.Area, s.Product, s.Characteristics.Vintage, p.Area, harvest.Statements[0].Certifier)
		}
		references := append([]StatementReference{}, harvest.Statements...)
		e.put(key, Harvest{area, append(references, StatementReference{s.Certifier, s.ID})})
	}
	return nil
}
