package imports

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/table"
)

// supplier is what the second file says of one.
type supplier struct {
	statement massbalance.StatementID
	certifier massbalance.OrganisationID
	model     massbalance.CustodyModel
}

func (p *planner) readSuppliers() error {
	if len(p.request.Suppliers) == 0 {
		return nil
	}
	file, err := table.Read(p.request.Suppliers)
	if err != nil {
		return unreadable(fmt.Errorf("the suppliers' file: %w", err))
	}
	found, faults := match(suppliersLayout, file)
	faults = append(faults, file.Faults...)
	p.suppliers = map[string]supplier{}
	for _, raw := range file.Lines {
		l := &line{Line: raw, columns: found}
		name := l.text("supplier")
		one := supplier{massbalance.StatementID(l.optionalName("statement")), massbalance.OrganisationID(l.optionalName("certifier")), l.model("custody model", "")}
		if before, twice := p.suppliers[name]; twice && before != one {
			l.fail("supplier", "%s stands twice, with different statements", name)
		}
		if p.suppliers[name] = one; l.fault != nil {
			faults = append(faults, *l.fault)
		}
	}
	if len(faults) == 0 {
		return nil
	}
	for i := range faults {
		faults[i].Message = "suppliers' file: " + faults[i].Message
	}
	return &Unreadable{faults}
}

// ticket is one load over the weighbridge: introduced on its supplier's
// statement, or taken in without credit.
func (p *planner) ticket(l *line) (massbalance.Command, string, error) {
	number, site, product := l.document("ticket"), p.site(l, "site"), massbalance.ProductID(l.name("product"))
	c := massbalance.Command{ID: massbalance.CommandID(number), Date: l.day("date"), By: "weighbridge"}
	name, net := l.text("supplier"), l.net()
	if l.fault != nil {
		return c, number, nil
	}
	s, err := p.supplier(l, name, stock{site, product}, c.Date)
	if err != nil || l.fault != nil {
		return c, number, err
	}
	evidence := massbalance.EvidenceID(number)
	if s.statement == "" {
		c.Body = massbalance.TakeIn{Site: site, Product: product, Quantity: net, Supplier: name, Evidence: evidence}
		return c, number, nil
	}
	model := l.model("custody model", cmp.Or(s.model, p.request.Model, massbalance.MassBalance))
	c.Body = massbalance.Introduce{Site: site, Certifier: s.certifier, Statement: s.statement, Quantity: net, Model: model, Evidence: evidence}
	return c, number, nil
}

// net is gross less tare, whichever of the three the file has; where it has all,
// they must agree.
func (l *line) net() massbalance.Quantity {
	weighed := l.optional("gross") != "" && l.optional("tare") != ""
	if !weighed {
		return l.quantity("net")
	}
	gross, tare := l.quantity("gross"), l.kilograms("tare", l.cell("tare"))
	difference, ok := gross.Sub(tare)
	if !ok || difference.IsZero() {
		l.fail("tare", "%s is not less than gross %s", tare, gross)
		return difference
	}
	if l.optional("net") == "" {
		return difference
	}
	if net := l.quantity("net"); !net.Equal(difference) {
		l.fail("net", "%s is not gross %s less tare %s, which is %s", net, gross, tare, difference)
	}
	return difference
}

// supplier says on which statement a supplier's load comes in; none means
// undifferentiated.
func (p *planner) supplier(l *line, name string, at stock, date massbalance.Date) (supplier, error) {
	published, err := p.published(at)
	if err != nil {
		return supplier{}, err
	}
	var named supplier
	switch {
	case l.columns.has("statement"):
		named = supplier{statement: massbalance.StatementID(l.optionalName("statement")), certifier: massbalance.OrganisationID(l.optionalName("certifier"))}
	case p.suppliers != nil:
		named = p.suppliers[name]
	default:
		return derive(l, published, name, date), nil
	}
	if named.statement == "" || named.certifier != "" {
		return named, nil
	}
	fitting := slices.DeleteFunc(slices.Clone(published), func(s massbalance.Statement) bool { return s.ID != named.statement })
	if len(fitting) != 1 {
		l.fail("statement", "%d statements %s are published for %s at %s; name the certifier", len(fitting), named.statement, at.product, at.site)
		return named, nil
	}
	named.certifier = fitting[0].Certifier
	return named, nil
}

// codeLength is from which length on the end of a statement's ID says whose it is.
const codeLength = 3

// derive finds the published statement that is the supplier's.
func derive(l *line, published []massbalance.Statement, name string, date massbalance.Date) supplier {
	fitting := slices.DeleteFunc(slices.Clone(published), func(s massbalance.Statement) bool {
		id := string(s.ID)
		return id != name && (len(name) < codeLength || !strings.HasSuffix(id, "-"+name)) && !strings.EqualFold(s.Producer, name)
	})
	if len(fitting) > 1 {
		fitting = slices.DeleteFunc(fitting, func(s massbalance.Statement) bool {
			return !strings.HasPrefix(string(date), strconv.Itoa(s.Characteristics.Vintage)+"-")
		})
		if len(fitting) != 1 {
			l.fail("supplier", "%d statements fit %s in the year of %s; name one in a column \"statement\"", len(fitting), name, date)
			return supplier{}
		}
	}
	if len(fitting) == 0 {
		return supplier{}
	}
	return supplier{statement: fitting[0].ID, certifier: fitting[0].Certifier}
}

// published lists the organisation's statements for a product at a site.
func (p *planner) published(at stock) ([]massbalance.Statement, error) {
	if known, ok := p.statements[at]; ok {
		return known, nil
	}
	filter := readmodel.StatementFilter{Holder: p.organisation, Site: at.site, Product: at.product}
	verified, err := all(func(page readmodel.Page) (readmodel.Listing[massbalance.Verified], error) {
		return p.s.Statements(filter, page)
	})
	statements := make([]massbalance.Statement, 0, len(verified))
	for _, v := range verified {
		statements = append(statements, v.Statement)
	}
	p.statements[at] = statements
	return statements, err
}
