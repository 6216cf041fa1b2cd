package exports

import (
	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// names says what things are called; what has no name keeps its ID.
type names struct{ s *readmodel.Snapshot }

func (n names) member(org massbalance.OrganisationID) string {
	consortium, err := readmodel.Need[massbalance.Consortium](n.s, massbalance.ConsortiumKey())
	if err == nil {
		for _, m := range consortium.Members {
			if m.Organisation == org && m.Name != "" {
				return m.Name
			}
		}
	}
	return string(org)
}

func (n names) product(id massbalance.ProductID) string {
	if p, err := readmodel.Need[massbalance.Product](n.s, massbalance.ProductKey(id)); err == nil && p.Name != "" {
		return p.Name
	}
	return string(id)
}

func (n names) siteName(id massbalance.SiteID) string {
	if s, err := readmodel.Need[massbalance.Site](n.s, massbalance.SiteKey(id)); err == nil && s.Name != "" {
		return s.Name
	}
	return string(id)
}
