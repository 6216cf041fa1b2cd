package massbalance

import (
	"fmt"
	"slices"
)

// Profile is what a scheme asks of a mass balance, as data: the rules know no
// scheme by name. The consortium adopts it, and its next version, by majority.
// Every value names its source, and how far that is to be trusted, so that a
// value from memory is never taken for the scheme's own text.
type Profile struct {
	Scheme SchemeID
	// Version counts from 1; 0 stands for 1.
	Version int
	Name    string
	// Unit is what the scheme counts in. The ledger keeps kilograms.
	Unit   Unit
	Method BalanceMethod
	// PeriodMonths are the lengths that a period may have; none means any.
	PeriodMonths []int
	CarryOver    CarryOver
	Carbon       CarbonMerge
	Origin       OriginMatch
	// ProductGroups are products among which credit may be attributed; outside
	// of them it stays with its product.
	ProductGroups []ProductGroup
	// StockTolerance is by how much a count may differ from the book, as a part
	// of the book's figure.
	StockTolerance  Ratio
	BeyondTolerance Deviation
	// Models are the custody models that the scheme knows.
	Models []CustodyModel
	// ReversalDays is for how many days a transaction may be reversed; 0 is no limit.
	ReversalDays int
	Attribution  Attribution
	// CertificateRequired says that only certified sites hold credit of the scheme.
	CertificateRequired bool
	// AuditUnits is how many units of book and claim an organisation may claim
	// for a reporting year before it needs an audit; 0 is no limit. It needs a
	// source where it is set.
	AuditUnits int
	Sources    []ProfileSource
}

// Unit is a unit of a scheme, such as a credit of one tonne.
type Unit struct {
	Name      string
	Kilograms Quantity
}

// BalanceMethod is one of the two methods of ISO 22095-2.
type BalanceMethod string

// Under the credit method any output may be attributed up to the credit held;
// under the rolling average percentage method no output more than the average.
const (
	CreditMethod   BalanceMethod = "credit"
	RollingAverage BalanceMethod = "rolling_average"
)

// CarryOver is what happens to credit that is left when a period is closed.
type CarryOver struct {
	Cap CarryCap
	// Periods is into how many further periods credit may be carried, and
	// Months how old it may be when it is; 0 is no limit.
	Periods int
	Months  int
}

// limited reports whether credit can be forfeited at a close.
func (c CarryOver) limited() bool { return c.Cap == CapPhysicalStock || c.Periods > 0 || c.Months > 0 }

// CarryCap bounds how much credit may be carried.
type CarryCap string

// Credit is carried without limit, or as much as there is material.
const (
	CapUnlimited     CarryCap = "unlimited"
	CapPhysicalStock CarryCap = "physical_stock"
)

// CarbonMerge is how lots of different carbon figures become one.
type CarbonMerge string

// Figures are kept apart, the highest counts for all, or their weighted mean.
const (
	CarbonKeepSeparate CarbonMerge = "keep_separate"
	CarbonHighest      CarbonMerge = "highest"
	CarbonWeightedMean CarbonMerge = "weighted_mean"
)

// OriginMatch says what lots must share to be put together under mass balance.
type OriginMatch string

// Lots may be of any origin, of one country, or of one region of a country.
const (
	OriginAny     OriginMatch = "none"
	OriginCountry OriginMatch = "country"
	OriginRegion  OriginMatch = "region"
)

// ProductGroup lists products of similar characteristics and equal conversion
// factors.
type ProductGroup struct {
	Name     string
	Products []ProductID
}

// Deviation is what becomes of a stock count beyond the tolerance.
type Deviation string

// The period stays open, or is closed with the deviation on record.
const (
	DeviationRefused Deviation = "refused"
	DeviationFlagged Deviation = "flagged"
)

// Attribution is how the credit of an input is shared among the outputs.
type Attribution string

// Credit goes to the outputs in proportion to their mass, freely within their
// caps, or by the shares that the recipe fixes.
const (
	AttributionProportional Attribution = "proportional"
	AttributionFree         Attribution = "free_within_caps"
	AttributionFixed        Attribution = "fixed_shares"
)

// permits reports whether a recipe may share credit out in its way: in
// proportion to the outputs is always right, and free attribution leaves the way
// to the recipe.
func (a Attribution) permits(mode AttributionMode) bool {
	return a == AttributionFree || mode == Proportional || a == AttributionFixed && mode == FixedShares
}

// ProfileSource says where a value comes from.
type ProfileSource struct {
	Value  string
	Source string
	Trust  Trust
}

// Trust is how far a source is to be trusted.
type Trust string

// The scheme's own text; a secondary source; memory, not verified; a decision
// of whoever wrote the profile.
const (
	TrustPrimary   Trust = "primary"
	TrustSecondary Trust = "secondary"
	TrustMemory    Trust = "memory"
	TrustDecision  Trust = "decision"
)

// ProfileValues are the values of a profile by their names on the wire; each
// needs a source.
var ProfileValues = []string{
	"unit", "method", "periodMonths", "carryOver", "carbon", "origin", "productGroups", "stockTolerance",
	"beyondTolerance", "models", "reversalDays", "attribution", "certificateRequired",
}

// auditUnits is the name of the one value that needs no source where it is not set.
const auditUnits = "auditUnits"

// PeriodLengths are the lengths in months that a period may have where its
// length is regulated: those that the EU's Union Database takes.
var PeriodLengths = []int{1, 2, 3, 12}

// PlainProfile is what holds where no profile was adopted: ISO 22095-2's credit
// method with nothing added that a scheme would have to say. Its tolerance is
// ISCC's, for want of another figure.
func PlainProfile() Profile {
	profile := plain
	profile.Models = slices.Clone(plain.Models)
	return profile
}

// plain is the plain profile, of which nobody changes anything.
var plain = Profile{
	Name: "ISO 22095-2, plain", Unit: Unit{"kg", Kilograms(1)}, Method: CreditMethod,
	CarryOver: CarryOver{Cap: CapUnlimited}, Carbon: CarbonKeepSeparate, Origin: OriginAny,
	StockTolerance: Ratio{1, 200}, BeyondTolerance: DeviationFlagged,
	Models: slices.Clone(CustodyModels), Attribution: AttributionFree,
}

// allows reports whether the scheme knows a custody model.
func (p Profile) allows(model CustodyModel) bool { return slices.Contains(p.Models, model) }

// groups reports whether two products are of one group.
func (p Profile) groups(a, b ProductID) bool {
	return slices.ContainsFunc(p.ProductGroups, func(g ProductGroup) bool {
		return slices.Contains(g.Products, a) && slices.Contains(g.Products, b)
	})
}

func (b RegisterProfile) check() string {
	p := b.Profile
	if !ValidName(string(p.Scheme)) {
		return fmt.Sprintf("profile: scheme %q is not a name", p.Scheme)
	}
	for _, problem := range []string{p.checkWords(), p.checkNumbers(), p.checkLists(), p.checkSources()} {
		if problem != "" {
			return fmt.Sprintf("profile %s: %s", p.Scheme, problem)
		}
	}
	return ""
}

func (p Profile) checkWords() string {
	for _, word := range []struct {
		value, found string
		known        []string
	}{
		{"method", string(p.Method), []string{string(CreditMethod), string(RollingAverage)}},
		{"carryOver", string(p.CarryOver.Cap), []string{string(CapUnlimited), string(CapPhysicalStock)}},
		{"carbon", string(p.Carbon), []string{string(CarbonKeepSeparate), string(CarbonHighest), string(CarbonWeightedMean)}},
		{"origin", string(p.Origin), []string{string(OriginAny), string(OriginCountry), string(OriginRegion)}},
		{"beyondTolerance", string(p.BeyondTolerance), []string{string(DeviationRefused), string(DeviationFlagged)}},
		{"attribution", string(p.Attribution), []string{string(AttributionProportional), string(AttributionFree), string(AttributionFixed)}},
	} {
		if !slices.Contains(word.known, word.found) {
			return fmt.Sprintf("%s: %q is none of %q", word.value, word.found, word.known)
		}
	}
	if p.Name == "" || !validText(p.Name) || !ValidName(p.Unit.Name) {
		return fmt.Sprintf("name must be 1 to %d bytes without control characters, and unit %q a name", textLimit, p.Unit.Name)
	}
	return ""
}

func (p Profile) checkNumbers() string {
	const most = 1000
	switch {
	case p.Version < 0:
		return fmt.Sprintf("version %d is not a number from 1", p.Version)
	case p.Unit.Kilograms.IsZero():
		return "unit: must be more than 0 kg"
	case p.AuditUnits < 0 || !p.unaudited().Fits():
		return fmt.Sprintf("auditUnits: %d is not a number from 0 that can be counted", p.AuditUnits)
	case p.StockTolerance.Exceeds(Ratio{1, 1}):
		return fmt.Sprintf("stockTolerance: %s is more than all of the stock", p.StockTolerance)
	case min(p.CarryOver.Periods, p.CarryOver.Months, p.ReversalDays) < 0 || max(p.CarryOver.Periods, p.CarryOver.Months) > most || p.ReversalDays > 100*most:
		return "carryOver and reversalDays must be from 0 to a reasonable number"
	case p.CarryOver.Periods > 0 && len(p.PeriodMonths) == 0:
		return "carryOver: credit that expires after periods needs periods of a known length"
	}
	return ""
}

func (p Profile) checkLists() string {
	for i, months := range p.PeriodMonths {
		if !slices.Contains(PeriodLengths, months) || slices.Contains(p.PeriodMonths[:i], months) {
			return fmt.Sprintf("periodMonths: %d is none of %v, or stands twice", months, PeriodLengths)
		}
	}
	for i, model := range p.Models {
		if !model.Valid() || slices.Contains(p.Models[:i], model) {
			return fmt.Sprintf("models: %q is not a custody model, or stands twice", model)
		}
	}
	if len(p.Models) == 0 || len(p.ProductGroups) > listLimit {
		return fmt.Sprintf("needs a custody model, and at most %d product groups", listLimit)
	}
	seen := map[ProductID]bool{}
	for _, g := range p.ProductGroups {
		if !ValidName(g.Name) || len(g.Products) < 2 || len(g.Products) > listLimit {
			return fmt.Sprintf("productGroups: %q is not a name, or names fewer than 2 or more than %d products", g.Name, listLimit)
		}
		for _, product := range g.Products {
			if !ValidName(string(product)) || seen[product] {
				return fmt.Sprintf("productGroups: %q is not a name, or stands in two groups", product)
			}
			seen[product] = true
		}
	}
	return ""
}

func (p Profile) checkSources() string {
	sourced := map[string]bool{}
	for _, s := range p.Sources {
		switch {
		case !slices.Contains(ProfileValues, s.Value) && s.Value != auditUnits || sourced[s.Value]:
			return fmt.Sprintf("sources: there is no value %q, or it stands twice", s.Value)
		case s.Source == "" || !validText(s.Source):
			return fmt.Sprintf("sources: that of %s must be 1 to %d bytes without control characters", s.Value, textLimit)
		case s.Trust != TrustPrimary && s.Trust != TrustSecondary && s.Trust != TrustMemory && s.Trust != TrustDecision:
			return fmt.Sprintf("sources: trust %q of %s is neither primary, secondary, memory nor decision", s.Trust, s.Value)
		}
		sourced[s.Value] = true
	}
	for _, value := range ProfileValues {
		if !sourced[value] {
			return fmt.Sprintf("sources: %s has none", value)
		}
	}
	if p.AuditUnits > 0 && !sourced[auditUnits] {
		return fmt.Sprintf("sources: %s has none", auditUnits)
	}
	return ""
}

func (b RegisterProfile) execute(e *execution) error {
	key := ProfileKey(b.Profile.Scheme)
	before, exists, err := find[Profile](e, key)
	if err != nil {
		return err
	}
	old := Superseded{Profile: &before}
	return e.renew("profile", string(b.Profile.Scheme), edition{b.Profile.Version, before.Version, exists, old}, func() { e.put(key, b.Profile) })
}

// profileOf is the profile of a scheme in force, the plain one where none was
// adopted.
func (e *execution) profileOf(scheme SchemeID) (Profile, error) {
	profile, adopted, err := find[Profile](e, ProfileKey(scheme))
	if err == nil && !adopted {
		profile = plain
	}
	return profile, err
}

// profileAt is a scheme's profile in the version under which a period was
// opened: what was adopted since holds from the next period on.
func (e *execution) profileAt(scheme SchemeID, version int) (Profile, error) {
	if scheme == "" {
		return plain, nil
	}
	current, err := need[Profile](e, ProfileKey(scheme))
	if err != nil || max(current.Version, 1) == version {
		return current, err
	}
	old, err := need[Superseded](e, SupersededKey("profile/"+string(scheme), version))
	if err == nil && old.Profile == nil {
		err = fmt.Errorf("%w: version %d of profile %s is of something else", ErrCorruptState, version, scheme)
	}
	if err != nil {
		return current, err
	}
	return *old.Profile, nil
}
