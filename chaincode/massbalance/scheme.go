package massbalance

import (
	"fmt"
	"slices"
)

// This file holds material that satisfies several schemes. It is one volume in
// one lot: what is used under one scheme is gone for the others (ISCC, update of
// 11 December 2018: no characteristic is accounted for twice, other schemes and
// bilateral agreements included).

// checkSchemes says what is wrong with the further schemes, or "".
func (c Characteristics) checkSchemes() string {
	if !slices.IsSorted(c.AlsoSchemes) || len(slices.Compact(slices.Clone(c.AlsoSchemes))) != len(c.AlsoSchemes) {
		return "characteristics: further schemes must be sorted and distinct"
	}
	for _, scheme := range c.AlsoSchemes {
		if !ValidName(string(scheme)) || scheme == c.Scheme {
			return fmt.Sprintf("characteristics: further scheme %q is not a name, or the first scheme again", scheme)
		}
	}
	return ""
}

// satisfies reports whether the set may be used under a scheme.
func (c Characteristics) satisfies(scheme SchemeID) bool {
	return scheme == c.Scheme || slices.Contains(c.AlsoSchemes, scheme)
}

// checkAlsoSchemes asks for a certificate of the statement's site and product
// under each further scheme, by whichever certifier.
func (e *execution) checkAlsoSchemes(s Statement) error {
	for _, scheme := range s.Characteristics.AlsoSchemes {
		coverage, _, err := find[Coverage](e, CoverageKey(s.Site, scheme))
		if err != nil {
			return err
		}
		covered := false
		for _, reference := range coverage.Certificates {
			c, err := need[Certificate](e, CertificateKey(reference.Certifier, reference.Certificate))
			if err != nil {
				return err
			}
			covered = covered || c.Holder == s.Holder && slices.Contains(c.Products, s.Product)
		}
		if !covered {
			return refuse(CertificateInvalid, "no certificate covers %s at %s of %s under %s", s.Product, s.Site, s.Holder, scheme)
		}
	}
	return nil
}

// checkSchemesOf is checkSchemes for lots that are used under the scheme asked
// for, or else under the one they were used under before.
func (b *books) checkSchemesOf(lots []Lot, asked SchemeID) error {
	if asked != "" && len(lots) > 0 {
		return b.checkScheme(asked, lots[0].Product) // lots that leave together are of one product
	}
	var open []Lot
	for _, lot := range lots {
		if lot.Scheme == "" {
			open = append(open, lot)
		} else if err := b.checkScheme(lot.Scheme, lot.Product); err != nil {
			return err
		}
	}
	return b.checkSchemes(open)
}

// useUnder checks that lots may be used under a scheme: one that they satisfy,
// and the one they were used under before if there is one.
func (b *books) useUnder(lots []Lot, scheme SchemeID) error {
	if scheme == "" {
		return nil
	}
	for _, lot := range lots {
		set, err := need[Characteristics](b.e, CharacteristicsKey(lot.Characteristics))
		if err != nil {
			return err
		}
		if !set.satisfies(scheme) {
			return refuse(WrongScheme, "lot %s was verified under %s %v, not under %s", lot.ID, set.Scheme, set.AlsoSchemes, scheme)
		}
		if lot.Scheme != "" && lot.Scheme != scheme {
			return refuse(WrongScheme, "lot %s was used under %s and is gone for %s", lot.ID, lot.Scheme, scheme)
		}
	}
	return nil
}

// under notes the scheme under which credit is used from now on.
func under(lines []TransferLine, scheme SchemeID) []TransferLine {
	for i := range lines {
		if scheme != "" {
			lines[i].Scheme = scheme
		}
	}
	return lines
}
