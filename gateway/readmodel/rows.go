package readmodel

import (
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// row keeps what lists are filtered and sorted by. What a list is sorted by is
// written once and never changes, so that a page's end stays where it was.
func (f *fold) row(key string, w massbalance.Write) error {
	switch v := w.Value.(type) {
	case massbalance.Site:
		return f.place("sites", "key, id, owner, country, region", "owner", key, v.ID, v.Owner, v.Country, v.Region)
	case massbalance.Product:
		return f.place("products", "key", "", key)
	case massbalance.Recipe:
		return f.place("recipes", "key, input", "input", key, v.Input)
	case massbalance.Certificate:
		return f.place("certificates", "key, holder, certifier, scheme, begins, ends", "holder", key, v.Holder, v.Certifier, v.Scheme, v.ValidFrom, v.ValidTo)
	case massbalance.Coverage:
		return f.place("coverage", "key, site", "", key, w.Key.A)
	case massbalance.Period:
		return f.place("periods", "key, site, closed, begins, ends", "closed", key, w.Key.A, v.Closed, v.From, v.To)
	case massbalance.Account:
		return f.place("accounts", "key, site, product", "", key, w.Key.A, w.Key.B)
	}
	return f.creditRow(key, w)
}

// creditRow is row for where credit comes from, is and goes.
func (f *fold) creditRow(key string, w massbalance.Write) error {
	switch v := w.Value.(type) {
	case massbalance.Verified:
		s := v.Statement
		left := v.Introduced.Less(s.Quantity)
		return f.place("statements", "key, holder, site, product, certifier, scheme, vintage, project, issued, available", "available", key, s.Holder, s.Site, s.Product, s.Certifier,
			s.Characteristics.Scheme, strconv.Itoa(s.Characteristics.Vintage), s.Characteristics.Project, s.Issued, left)
	case massbalance.Transfer:
		return f.place("transfers", "key, sender, receiver, status, shipper, consignee, product, dispatched, agreement", "status", key, v.From, v.To, v.Status, v.Sender, v.Receiver, v.Product, v.Dispatched, v.Agreement)
	case massbalance.Claim:
		return f.place("claims", "key, site, organisation, product, year, model, date, reversed", "reversed", key, v.Site, v.Organisation, v.Product,
			strconv.Itoa(v.ReportingYear), v.Model, v.Date, v.Reversed != "")
	case massbalance.Characteristics:
		return f.exec(`INSERT INTO sets (id, scheme, region, vintage, project) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
			w.Key.A, v.Scheme, v.Region, strconv.Itoa(v.Vintage), v.Project)
	}
	if filed[w.Key.Kind] {
		return f.place("things", "key, kind, a, b", "", key, w.Key.Kind, w.Key.A, w.Key.B)
	}
	return nil // looked up by key only
}

// filed are the kinds that are listed by nothing but the parts of their keys.
var filed = map[massbalance.Kind]bool{
	massbalance.KindSuperseded: true, massbalance.KindBaseline: true, massbalance.KindCertifier: true, massbalance.KindCosigner: true, massbalance.KindProfile: true,
	massbalance.KindQuota: true, massbalance.KindLandUnit: true, massbalance.KindHarvest: true, massbalance.KindRegionUse: true,
	massbalance.KindProject: true, massbalance.KindOutcome: true, massbalance.KindCreditUse: true, massbalance.KindRecall: true,
	massbalance.KindTaint: true, massbalance.KindMark: true, massbalance.KindTierReport: true, massbalance.KindReversal: true,
	massbalance.KindOffer: true, massbalance.KindNegotiation: true, massbalance.KindAgreement: true, massbalance.KindSettlement: true, massbalance.KindPremium: true,
}

// sortableDigits is more than any quantity has before the decimal sign.
const sortableDigits = 20

// sortable writes a quantity so that texts compare as quantities do: in grams,
// with as many leading zeros as the largest has digits.
func sortable(q massbalance.Quantity) string {
	whole, grams, _ := strings.Cut(q.String(), ".")
	return strings.Repeat("0", max(0, sortableDigits-len(whole))) + whole + (grams + "000")[:3]
}
