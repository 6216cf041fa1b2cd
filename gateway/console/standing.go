package console

import (
	"net/http"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// certificateRow is a certificate with what was declared on it.
type certificateRow struct {
	massbalance.Certificate
	HolderName, CertifierName string
	// Now is the latest declaration; its kind is "" where there is none.
	Now       massbalance.Standing
	Standings []massbalance.Standing
}

func (l *lens) certificateRow(c massbalance.Certificate) (certificateRow, error) {
	row := certificateRow{Certificate: c, HolderName: l.memberName(c.Holder), CertifierName: l.memberName(c.Certifier)}
	var err error
	row.Standings, err = l.s.Standings(c.Certifier, c.ID)
	if n := len(row.Standings); n > 0 {
		row.Now = row.Standings[n-1]
	}
	return row, err
}

type certificatesPage struct {
	listing
	Rows []certificateRow
}

func (l *lens) certificatesPage(r *http.Request) (any, error) {
	around, err := l.listing(r, "Certificates", "/api/v1/certificates", "holder", "dates-by")
	page := certificatesPage{listing: around}
	if err != nil {
		return page, err
	}
	certificates, err := l.s.Certificates(massbalance.OrganisationID(page.get("holder")), page.asked)
	if err != nil {
		return page, err
	}
	page.seen(certificates.Next, certificates.NextValue)
	for _, c := range certificates.Items {
		row, err := l.certificateRow(c)
		if err != nil {
			return page, err
		}
		page.Rows = append(page.Rows, row)
	}
	return page, nil
}

// window is a time in which a certificate was not good. To is the last day, ""
// while it goes on.
type window struct {
	massbalance.Standing
	To     massbalance.Date
	Lifted massbalance.Standing
}

// windows reads the declarations as times; none is ever taken out.
func windows(standings []massbalance.Standing) []window {
	var out []window
	for _, s := range standings {
		if n := len(out); n > 0 && out[n-1].Lifted.ID == "" {
			out[n-1].Lifted, out[n-1].To = s, s.Effective
		}
		if s.Kind != massbalance.Reinstated {
			out = append(out, window{Standing: s})
		}
	}
	return out
}

// certificatePage is a certificate, its standing and what rests on it.
type certificatePage struct {
	titled
	certificateRow
	Windows    []window
	SiteNames  []massbalance.Site
	Products   []string
	Statements []statementRow
}

func (l *lens) certificatePage(certifier massbalance.OrganisationID, id massbalance.CertificateID) (any, error) {
	c, err := readmodel.Need[massbalance.Certificate](l.s, massbalance.CertificateKey(certifier, id))
	if err != nil {
		return nil, err
	}
	page := certificatePage{titled: titled{"Certificate " + string(id)}}
	if page.certificateRow, err = l.certificateRow(c); err != nil {
		return page, err
	}
	page.Windows = windows(page.Standings)
	for _, site := range c.Sites {
		s, err := find[massbalance.Site](l, massbalance.SiteKey(site))
		if err != nil {
			return page, err
		}
		if s.ID == "" {
			s.ID, s.Name = site, string(site)
		}
		page.SiteNames = append(page.SiteNames, s)
	}
	for _, product := range c.Products {
		page.Products = append(page.Products, l.productName(product))
	}
	page.Statements, err = l.statementsUnder(c)
	return page, err
}

// statementsUnder lists the statements that rest on a certificate.
func (l *lens) statementsUnder(c massbalance.Certificate) ([]statementRow, error) {
	var rows []statementRow
	p := readmodel.Page{Limit: readmodel.MaxLimit}
	for {
		statements, err := l.s.Statements(readmodel.StatementFilter{Holder: c.Holder}, p)
		if err != nil {
			return nil, err
		}
		for _, v := range statements.Items {
			if v.Statement.Certificate == c.ID && v.Statement.Certifier == c.Certifier {
				rows = append(rows, l.statementRow(v))
			}
		}
		if p.After = statements.Next; p.After == 0 {
			return rows, nil
		}
	}
}

// statementRow is a verification statement with how much of it was introduced.
type statementRow struct {
	massbalance.Verified
	ProductName, SiteName string
	Left                  massbalance.Quantity
	Percent               string
	Traits                traits
}

func (l *lens) statementRow(v massbalance.Verified) statementRow {
	s := v.Statement
	row := statementRow{
		Verified: v, ProductName: l.productName(s.Product), SiteName: l.siteName(s.Site), Percent: percent(v.Introduced, s.Quantity, 1),
		Traits: newTraits(s.Characteristics.ID(), s.Characteristics),
	}
	row.Left, _ = s.Quantity.Sub(v.Introduced)
	return row
}

type statementsPage struct {
	listing
	Rows []statementRow
}

func (l *lens) statementsPage(r *http.Request) (any, error) {
	around, err := l.listing(r, "Verification statements", "/api/v1/statements", "holder", "site", "product", "vintage", "open", "dates-by")
	page := statementsPage{listing: around}
	if err != nil {
		return page, err
	}
	statements, err := l.s.Statements(readmodel.StatementFilter{Holder: massbalance.OrganisationID(page.get("holder")), Site: massbalance.SiteID(page.get("site")),
		Product: massbalance.ProductID(page.get("product")), Vintage: page.get("vintage"), Open: page.get("open") != ""}, page.asked)
	page.seen(statements.Next, statements.NextValue)
	for _, v := range statements.Items {
		page.Rows = append(page.Rows, l.statementRow(v))
	}
	return page, err
}

// registerPage is what the members decided together, and what still waits.
type registerPage struct {
	listing
	Members []massbalance.Member
	Needed  int
	Rows    []proposalRow
}

// proposalRow is a change of the common register with who asked for it.
type proposalRow struct {
	readmodel.Proposal
	Asked, Missing []string
	Mine           bool
	// Vote leads to the form that asks for it too, where that may be done here.
	Vote *deed
}

func (l *lens) registerPage(r *http.Request) (any, error) {
	consortium, err := find[massbalance.Consortium](l, massbalance.ConsortiumKey())
	if err != nil {
		return nil, err
	}
	around, err := l.listing(r, "Common register", "/api/v1/proposals", "pending", "ledger-by")
	page := registerPage{listing: around, Members: consortium.Members, Needed: len(consortium.Trading())/2 + 1}
	if err != nil {
		return page, err
	}
	proposals, err := l.s.Proposals(page.get("pending") != "", page.asked)
	page.seen(proposals.Next, proposals.NextValue)
	for _, p := range proposals.Items {
		row := proposalRow{Proposal: p, Mine: slices.Contains(p.Approvals, l.organisation)}
		if d := voteDeed(p); l.acts && !row.Mine && !p.Adopted && p.Command.Body != nil {
			row.Vote = &d
		}
		for _, org := range p.Approvals {
			row.Asked = append(row.Asked, l.memberName(org))
		}
		for _, org := range p.Missing(consortium) {
			row.Missing = append(row.Missing, l.memberName(org))
		}
		page.Rows = append(page.Rows, row)
	}
	return page, err
}
