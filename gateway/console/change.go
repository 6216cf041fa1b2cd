package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// changeRow is one value of the register that a proposal would change: "" stands
// for none.
type changeRow struct{ Field, Now, Then string }

// changes compares what is in force with what is proposed, value by value.
func (l *lens) changes(proposed massbalance.Body) ([]changeRow, error) {
	before, after, err := l.inForce(proposed)
	if err != nil {
		return nil, err
	}
	now, err := valuesOf(before)
	if err != nil {
		return nil, err
	}
	then, err := valuesOf(after)
	if err != nil {
		return nil, err
	}
	var rows []changeRow
	for _, v := range now {
		if after, stays := then.get(v.path); !stays || after != v.value {
			rows = append(rows, changeRow{v.path, v.value, after})
		}
	}
	for _, v := range then {
		if _, known := now.get(v.path); !known {
			rows = append(rows, changeRow{v.path, "", v.value})
		}
	}
	return rows, nil
}

// inForce is the body that made what is in force, nil where there is none, and
// that which would make what is proposed.
func (l *lens) inForce(proposed massbalance.Body) (before, after massbalance.Body, err error) {
	switch b := proposed.(type) {
	case massbalance.RegisterProduct:
		p, err := find[massbalance.Product](l, massbalance.ProductKey(b.Product.ID))
		return known(p.ID != "", massbalance.RegisterProduct{Product: p}), b, err
	case massbalance.RegisterRecipe:
		r, err := find[massbalance.Recipe](l, massbalance.RecipeKey(b.Recipe.ID))
		return known(r.ID != "", massbalance.RegisterRecipe{Recipe: r}), b, err
	case massbalance.RegisterProfile:
		p, err := find[massbalance.Profile](l, massbalance.ProfileKey(b.Profile.Scheme))
		return known(p.Scheme != "", massbalance.RegisterProfile{Profile: p}), b, err
	case massbalance.RegisterBaseline:
		a, err := find[massbalance.Baseline](l, massbalance.BaselineKey(b.Baseline.Product, b.Baseline.Region))
		return known(a.Product != "", massbalance.RegisterBaseline{Baseline: a}), b, err
	case massbalance.RegisterCertifier:
		c, err := find[massbalance.Certifier](l, massbalance.CertifierKey(b.Certifier.ID))
		return known(c.ID != "", massbalance.RegisterCertifier{Certifier: c}), b, err
	case massbalance.RegisterCosigner:
		c, err := find[massbalance.Cosigner](l, massbalance.CosignerKey(b.Cosigner.Organisation))
		return known(c.Organisation != "", massbalance.RegisterCosigner{Cosigner: c}), b, err
	}
	return l.memberInForce(proposed)
}

// memberInForce is inForce for what is no entry of its own.
func (l *lens) memberInForce(proposed massbalance.Body) (before, after massbalance.Body, err error) {
	switch b := proposed.(type) {
	case massbalance.RegisterOrganisation:
		m, err := l.member(b.Member.Organisation)
		return known(m.Organisation != "", massbalance.RegisterOrganisation{Member: m}), b, err
	case massbalance.RemoveOrganisation:
		m, err := l.member(b.Organisation)
		left := m
		left.Role, left.Version = massbalance.Former, b.Version
		return massbalance.RegisterOrganisation{Member: m}, massbalance.RegisterOrganisation{Member: left}, err
	case massbalance.AdoptRules:
		rules, err := find[massbalance.Rules](l, massbalance.RulesKey())
		return massbalance.AdoptRules{Version: max(rules.Version, 1)}, b, err
	}
	return nil, proposed, nil
}

func known(is bool, body massbalance.Body) massbalance.Body {
	if !is {
		return nil
	}
	return body
}

// member is a member of the consortium, or none.
func (l *lens) member(org massbalance.OrganisationID) (massbalance.Member, error) {
	consortium, err := find[massbalance.Consortium](l, massbalance.ConsortiumKey())
	for _, m := range consortium.Members {
		if m.Organisation == org {
			return m, err
		}
	}
	return massbalance.Member{}, err
}

// values are the values of a body with the way to each, in its own order.
type values []struct{ path, value string }

func (v values) get(path string) (string, bool) {
	for _, one := range v {
		if one.path == path {
			return one.value, true
		}
	}
	return "", false
}

// valuesOf takes a body apart. The first word of its way is the same for all of
// a kind and left out.
func valuesOf(body massbalance.Body) (values, error) {
	if body == nil {
		return nil, nil
	}
	text, err := wire.Format(body)
	if err != nil {
		return nil, err
	}
	var all values
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := all.walk(decoder, nil); err != nil {
		return nil, fmt.Errorf("couldn't take a command apart: %w", err)
	}
	return all, nil
}

// walk reads one value. An element of a list is called by the first of its
// values, which names it; what has the same name gets a number.
func (v *values) walk(d *json.Decoder, path []string) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return err
			}
			if err := v.walk(d, append(path[:len(path):len(path)], spaced(fmt.Sprint(name)))); err != nil {
				return err
			}
		}
		_, err = d.Token()
		return err
	case json.Delim('['):
		for i := 1; d.More(); i++ {
			var element values
			if err := element.walk(d, nil); err != nil {
				return err
			}
			v.put(path, i, element)
		}
		_, err = d.Token()
		return err
	}
	*v = append(*v, struct{ path, value string }{strings.Join(path, " › "), fmt.Sprint(token)})
	return nil
}

// put adds an element of a list under its name.
func (v *values) put(path []string, number int, element values) {
	name := fmt.Sprint(number)
	if len(element) > 1 && element[0].path != "" {
		name = element[0].value
	}
	if _, twice := v.get(strings.Join(append(path[:len(path):len(path)], name, element[0].path), " › ")); twice {
		name += fmt.Sprintf(" (%d)", number)
	}
	for _, one := range element {
		way := append(path[:len(path):len(path)], name)
		if one.path != "" {
			way = append(way, one.path)
		}
		*v = append(*v, struct{ path, value string }{strings.Join(way, " › "), one.value})
	}
}

// spaced writes a name of the ledger's own form as words.
func spaced(name string) string {
	var b strings.Builder
	for i, c := range name {
		if unicode.IsUpper(c) && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}
