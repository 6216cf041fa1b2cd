package massbalance

import (
	"fmt"
	"math/big"
)

// intakeTally recounts the bounds on what comes in that reach over several
// statements: quotas and land.
type intakeTally struct {
	quotas       map[string]*big.Int // certifier/certificate/product
	certificates map[string]string   // certifier/statement → certifier/certificate/product
	introduced   map[string]*big.Int // by the same key as quotas
	sizes        map[LandUnitID]*big.Rat
	verified     map[string]*big.Rat // land unit/product/vintage
}

func newIntakeTally() *intakeTally {
	return &intakeTally{
		quotas: map[string]*big.Int{}, certificates: map[string]string{}, introduced: map[string]*big.Int{},
		sizes: map[LandUnitID]*big.Rat{}, verified: map[string]*big.Rat{},
	}
}

func (i *intakeTally) entry(t *Tally, e Entry) {
	switch body := e.Command.Body.(type) {
	case PublishCertificate:
		c := body.Document.Certificate
		for _, q := range c.Quotas {
			i.quotas[fmt.Sprintf("%s/%s/%s", c.Certifier, c.ID, q.Product)] = GramsOf(q.Quantity)
		}
	case PublishStatement:
		s := body.Document.Statement
		i.certificates[string(s.Certifier)+"/"+string(s.ID)] = fmt.Sprintf("%s/%s/%s", s.Certifier, s.Certificate, s.Product)
		i.land(t, e, s)
	case Introduce:
		i.introduce(t, e, i.certificates[string(body.Certifier)+"/"+string(body.Statement)], e.Record.Credits)
	}
}

func (i *intakeTally) introduce(t *Tally, e Entry, under string, credits []Posting) {
	so := i.introduced[under]
	if so == nil {
		so = new(big.Int)
		i.introduced[under] = so
	}
	for _, p := range credits {
		so.Add(so, GramsOf(p.Quantity))
	}
	if quota := i.quotas[under]; quota != nil && so.Cmp(quota) > 0 {
		t.find(e, "%s kg introduced under %s, the quota is %s kg", FormatGrams(so), under, FormatGrams(quota))
	}
}

func (i *intakeTally) land(t *Tally, e Entry, s Statement) {
	for _, p := range s.Parcels {
		size, okSize := new(big.Rat).SetString(p.Size.String())
		area, okArea := new(big.Rat).SetString(p.Area.String())
		if !okSize || !okArea {
			t.find(e, "land unit %s has no area", p.LandUnit)
			continue
		}
		if i.sizes[p.LandUnit] == nil {
			i.sizes[p.LandUnit] = size
		}
		key := fmt.Sprintf("%s/%s/%d", p.LandUnit, s.Product, s.Characteristics.Vintage)
		if i.verified[key] == nil {
			i.verified[key] = new(big.Rat)
		}
		so := i.verified[key].Add(i.verified[key], area)
		if size.Cmp(i.sizes[p.LandUnit]) != 0 || so.Cmp(size) > 0 {
			t.find(e, "%s ha verified of land unit %s, it has %s ha", so.FloatString(4), key, i.sizes[p.LandUnit].FloatString(4))
		}
	}
}
