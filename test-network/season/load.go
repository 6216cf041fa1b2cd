package season

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// Load reads a season's files. Whatever is missing, unknown, named twice or
// does not add up is an error that says where.
func Load(files fs.FS) (*Season, error) {
	s := &Season{}
	err := errors.Join(
		decode(files, "consortium.json", &s.Members), decode(files, "sites.json", &s.Sites),
		decode(files, "periods.json", &s.Periods), decode(files, "products.json", &s.Products),
		decode(files, "recipes.json", &s.Recipes), decode(files, "characteristics.json", &s.Sets),
		decode(files, "certifier-key.json", &s.Certifier), decode(files, "baselines.json", &s.Baselines),
		decode(files, "projects.json", &s.Projects), decode(files, "deals.json", &s.Deals),
	)
	if err != nil {
		return nil, err
	}
	if s.Certificates, err = documents(files, "certificates/*.jws", wire.ParseSignedCertificate); err != nil {
		return nil, err
	}
	if s.Statements, err = documents(files, "statements/*.jws", wire.ParseSignedStatement); err != nil {
		return nil, err
	}
	for _, read := range []func(fs.FS) error{
		s.readFarms, s.readSuppliers, s.readTickets, s.readShipments, s.readConversions, s.readWithdrawals, s.readClaims,
	} {
		if err := read(files); err != nil {
			return nil, err
		}
	}
	return s, s.checkDeals()
}

// decode reads a JSON file in the ledger's own form: unknown fields are refused.
func decode[T any](files fs.FS, name string, into *T) error {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return fmt.Errorf("couldn't read %s: %w", name, err)
	}
	if *into, err = wire.Decode[T](data); err != nil {
		return fmt.Errorf("couldn't read %s: %w", name, err)
	}
	return nil
}

// documents reads signed documents, one file each, in order of their names.
func documents[T any](files fs.FS, pattern string, parse func(string) (T, error)) ([]T, error) {
	names, err := fs.Glob(files, pattern)
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("couldn't find %s: %w", pattern, errors.Join(err, fs.ErrNotExist))
	}
	slices.Sort(names)
	var all []T
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("couldn't read %s: %w", name, err)
		}
		document, err := parse(strings.TrimSuffix(string(data), "\n"))
		if err != nil {
			return nil, fmt.Errorf("couldn't read %s: %w", name, err)
		}
		all = append(all, document)
	}
	return all, nil
}

// unique notes an identifier and fails where it was used before.
func unique(seen map[string]bool, id string) error {
	if seen[id] {
		return fmt.Errorf("%s stands twice", id)
	}
	seen[id] = true
	return nil
}

func (s *Season) readFarms(files fs.FS) error {
	seen := map[string]bool{}
	return table(files, "farms.csv", "farm,name,region,practice,hectares,elevator,statement", func(r *row) error {
		area, err := massbalance.ParseHectares(r.text("hectares"))
		f := Farm{
			ID: r.name("farm"), Name: r.text("name"), Region: r.name("region"), Practice: r.name("practice"), Hectares: area,
			Elevator: s.site(r, "elevator"), Statement: massbalance.StatementID(r.name("statement")),
		}
		s.Farms = append(s.Farms, f)
		return errors.Join(err, unique(seen, f.ID), s.checkStatement(f))
	})
}

// checkStatement compares the farm with what the certifier signed about it.
func (s *Season) checkStatement(f Farm) error {
	for _, signed := range s.Statements {
		if v := signed.Statement; v.ID == f.Statement {
			if v.Producer != f.Name || v.Site != f.Elevator || v.Area.String() != f.Hectares.String() || v.Characteristics.Region != f.Region {
				return fmt.Errorf("statement %s is of %s, %s ha in %s, at %s", v.ID, v.Producer, v.Area, v.Characteristics.Region, v.Site)
			}
			return nil
		}
	}
	return fmt.Errorf("there is no statement %s", f.Statement)
}

func (s *Season) readSuppliers(files fs.FS) error {
	seen := map[string]bool{}
	return table(files, "suppliers.csv", "supplier,name,elevator", func(r *row) error {
		supplier := Supplier{ID: r.name("supplier"), Name: r.text("name"), Elevator: s.site(r, "elevator")}
		s.Suppliers = append(s.Suppliers, supplier)
		return unique(seen, supplier.ID)
	})
}

// site reads a column that names one of the season's sites.
func (s *Season) site(r *row, column string) massbalance.SiteID {
	site := massbalance.SiteID(r.name(column))
	if s.owner(site) == "" {
		r.fail(column, fmt.Errorf("there is no site %s", site))
	}
	return site
}

// product reads a column that names one of the season's products.
func (s *Season) product(r *row, column string) massbalance.ProductID {
	id := massbalance.ProductID(r.name(column))
	if !slices.ContainsFunc(s.Products, func(p massbalance.Product) bool { return p.ID == id }) {
		r.fail(column, fmt.Errorf("there is no product %s", id))
	}
	return id
}

// day reads a date that lies in one of the season's periods.
func (s *Season) day(r *row, column string) massbalance.Date {
	date := r.date(column)
	if _, ok := s.period(date); !ok {
		r.fail(column, fmt.Errorf("%s is in none of the season's periods", date))
	}
	return date
}

// shares reads a column that attributes quantities to sets of characteristics.
func (s *Season) shares(r *row, column string) []Share {
	var shares []Share
	for _, p := range r.pairs(column) {
		if _, ok := s.set(p.name); !ok {
			r.fail(column, fmt.Errorf("there is no set of characteristics %s", p.name))
		}
		shares = append(shares, Share{p.name, p.quantity})
	}
	return shares
}

func (s *Season) set(name string) (massbalance.CharacteristicsID, bool) {
	for _, set := range s.Sets {
		if set.Name == name {
			return set.Characteristics.ID(), true
		}
	}
	return "", false
}
