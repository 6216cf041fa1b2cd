package massbalance

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Characteristics is one immutable set of specified characteristics (ISO
// 22095): what may be claimed about a quantity. The set travels whole; it is
// never taken apart, so no part of it can be sold twice.
type Characteristics struct {
	Scheme SchemeID
	// Country is an ISO 3166-1 alpha-2 code. Country, Region and LandUnit are
	// the spatial key; LandUnit is empty where traceability ends at the region.
	Country  string
	Region   string
	LandUnit string
	// Vintage is the harvest year.
	Vintage int
	// Practices are sorted and distinct, such as "no-till".
	Practices []string
	Carbon    Carbon
	// AlsoSchemes are further schemes that the same material satisfies, sorted
	// and distinct. It remains one volume: used under one, it is gone for the others.
	AlsoSchemes []SchemeID
	// Project is the insetting project that the characteristics come of, "" for none.
	Project ProjectID
	// DerivedFrom are the sets from which the ledger computed the carbon figures
	// of this one, sorted; no certifier's set has any.
	DerivedFrom []CharacteristicsID
}

// ID hashes the canonical form: every field by name and quoted, in the order
// of declaration, so that different sets never share an ID.
func (c Characteristics) ID() CharacteristicsID {
	var b strings.Builder
	fmt.Fprintf(&b, "weighbridge characteristics v1\nscheme %q\ncountry %q\nregion %q\nland unit %q\nvintage %d\n",
		c.Scheme, c.Country, c.Region, c.LandUnit, c.Vintage)
	for _, practice := range c.Practices {
		fmt.Fprintf(&b, "practice %q\n", practice)
	}
	c.Carbon.writeFirst(&b)
	// Later additions stand only where they are used, so that older sets keep their IDs.
	for _, scheme := range c.AlsoSchemes {
		fmt.Fprintf(&b, "also scheme %q\n", scheme)
	}
	if c.Project != "" {
		fmt.Fprintf(&b, "project %q\n", c.Project)
	}
	c.Carbon.writeLater(&b)
	for _, id := range c.DerivedFrom {
		fmt.Fprintf(&b, "derived from %s\n", id)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return CharacteristicsID(hex.EncodeToString(sum[:]))
}

// check says what is wrong with a set, or "".
func (c Characteristics) check() string {
	switch {
	case !ValidName(string(c.Scheme)):
		return fmt.Sprintf("characteristics: scheme %q is not a name", c.Scheme)
	case !validCountry(c.Country):
		return fmt.Sprintf("characteristics: country %q is not an ISO 3166 two-letter code", c.Country)
	case !ValidName(c.Region):
		return fmt.Sprintf("characteristics: region %q is not a name", c.Region)
	case c.LandUnit != "" && !ValidName(c.LandUnit):
		return fmt.Sprintf("characteristics: land unit %q is not a name", c.LandUnit)
	case c.Vintage < 1900 || c.Vintage > 9999:
		return fmt.Sprintf("characteristics: vintage %d is not a year", c.Vintage)
	case !slices.IsSorted(c.Practices) || len(slices.Compact(slices.Clone(c.Practices))) != len(c.Practices):
		return "characteristics: practices must be sorted and distinct"
	case c.Project != "" && !ValidName(string(c.Project)):
		return fmt.Sprintf("characteristics: project %q is not a name", c.Project)
	}
	if problem := c.checkSchemes(); problem != "" {
		return problem
	}
	for _, practice := range c.Practices {
		if !ValidName(practice) {
			return fmt.Sprintf("characteristics: practice %q is not a name", practice)
		}
	}
	if len(c.DerivedFrom) > 0 {
		return "characteristics: only the ledger derives sets from others"
	}
	if problem := c.Carbon.check(); problem != "" {
		return "characteristics: " + problem
	}
	return ""
}

func validCountry(code string) bool {
	return len(code) == 2 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z'
}
