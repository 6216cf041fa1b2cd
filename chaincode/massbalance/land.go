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

// RegionUse is how much of a region's harvest was verified while there was a limit.
type RegionUse struct{ Verified Quantity }

func (RegionUse) isValue() {}

// checkRegionLimits says what is wrong with the form of limits, or "".
func (p Product) checkRegionLimits() string {
	seen := map[string]bool{}
	for _, limit := range p.RegionLimits {
		at := fmt.Sprintf("%s %d", limit.Region, limit.Vintage)
		switch {
		case !ValidName(limit.Region) || limit.Vintage < 1900 || limit.Vintage > 9999 || seen[at]:
			return fmt.Sprintf("product %s: limit of region %q in %d is not of a region and year, or named twice", p.ID, limit.Region, limit.Vintage)
		case limit.Quantity.IsZero() || limit.Source == "" || !validText(limit.Source):
			return fmt.Sprintf("product %s: limit of %s must be more than 0 kg and needs a source of at most %d bytes", p.ID, at, textLimit)
		}
		seen[at] = true
	}
	return ""
}

// verifyRegion counts a statement against the limit of its region and vintage:
// where the certified share of a harvest would pass what is possible, the next
// statement is refused before anything is introduced on it. Statements from
// before the limit was adopted do not count.
func (e *execution) verifyRegion(product Product, s Statement) error {
	for _, limit := range product.RegionLimits {
		if limit.Region != s.Characteristics.Region || limit.Vintage != s.Characteristics.Vintage {
			continue
		}
		key := RegionUseKey(product.ID, limit.Region, limit.Vintage)
		use, _, err := find[RegionUse](e, key)
		if err != nil {
			return err
		}
		total := use.Verified.Add(s.Quantity)
		if limit.Quantity.Less(total) {
			left, _ := limit.Quantity.Sub(use.Verified)
			return lacking(ExceedsRegion, left, s.Quantity, "%s of %s in %d is certified up to %s kg (%s), %s kg are verified already", product.ID, limit.Region, limit.Vintage, limit.Quantity, limit.Source, use.Verified)
		}
		e.put(key, RegionUse{total})
	}
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
