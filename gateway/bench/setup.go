package bench

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// The register's entries that every run makes anew, under its own name.
const (
	region                      = "DE-BB"
	day    massbalance.Date     = "2026-08-03"
	period massbalance.PeriodID = "2026"
	scheme massbalance.SchemeID = "BENCH"
	keyID  massbalance.KeyID    = "1"
)

// place is a site with the client of its owner.
type place struct {
	id     massbalance.SiteID
	owner  massbalance.OrganisationID
	client *submit.Client
}

func (p place) statement() massbalance.StatementID { return massbalance.StatementID("S-" + p.id) }

// ground is what Weighbridge's contenders book on.
type ground struct {
	product    massbalance.ProductID
	laboratory massbalance.OrganisationID
	// hot is the one site, yard the site of another organisation that receives from it.
	hot, yard place
	spread    []place
	key       *ecdsa.PrivateKey
}

// plan names the run's ground.
func (b *bench) plan() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("couldn't make a certifier's key: %w", err)
	}
	b.ground = ground{
		product: massbalance.ProductID("wheat-" + b.name), laboratory: massbalance.OrganisationID("lab-" + b.name), key: key,
	}
	b.ground.hot, b.ground.yard = b.place("hot", 0), b.place("yard", 1)
	for i := range b.Sites {
		b.ground.spread = append(b.ground.spread, b.place(fmt.Sprintf("site-%03d", i), i))
	}
	return nil
}

// prepare founds the consortium if nobody did, and registers what the run needs.
func (b *bench) prepare(ctx context.Context) error {
	if err := b.plan(); err != nil {
		return err
	}
	if err := b.found(ctx); err != nil {
		return err
	}
	if err := b.register(ctx); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for i, client := range b.trading {
		group.Go(func() error { return b.settle(ctx, b.names[i], client) })
	}
	return group.Wait()
}

func (b *bench) place(name string, owner int) place {
	owner %= len(b.names)
	p := place{id: massbalance.SiteID(b.name + "-" + name), owner: b.names[owner]}
	if len(b.trading) > 0 {
		p.client = b.trading[owner]
	}
	return p
}

// founding makes the members of the configuration the consortium's.
func (b *bench) founding() massbalance.Command {
	var members []massbalance.Member
	for _, m := range b.Members {
		members = append(members, massbalance.Member{Organisation: m.Organisation, Name: string(m.Organisation), Role: m.Role})
	}
	return massbalance.Command{ID: massbalance.CommandID("found-" + b.name), Body: massbalance.FoundConsortium{Members: members, Rules: massbalance.RulesVersion}}
}

// found founds a consortium, unless there is one.
func (b *bench) found(ctx context.Context) error {
	outcomes, err := b.trading[0].Submit(ctx, []massbalance.Command{b.founding()})
	if err != nil {
		return err
	}
	if o := outcomes[0]; o.Stage != submit.Valid && o.Result.Code != massbalance.AlreadyExists {
		return fmt.Errorf("couldn't found a consortium: %s %s %s%s", o.Stage, o.Result.Code, o.Result.Message, o.Detail)
	}
	return nil
}

// registrations are a product and a certification body, which a majority asks for.
func (b *bench) registrations() ([]massbalance.Command, error) {
	point, err := wire.PublicKey(&b.ground.key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("couldn't write a certifier's key: %w", err)
	}
	laboratory := b.ground.laboratory
	var commands []massbalance.Command
	for i, body := range []massbalance.Body{
		massbalance.RegisterOrganisation{Member: massbalance.Member{Organisation: laboratory, Name: "Benchmark", Role: massbalance.Certification}},
		massbalance.RegisterProduct{Product: massbalance.Product{ID: b.ground.product, Name: "Benchmark wheat", YieldCaps: []massbalance.YieldCap{
			{Region: region, PerHectare: massbalance.Kilograms(1_000_000), Source: "none: a benchmark"}}}},
		massbalance.RegisterCertifier{Certifier: massbalance.Certifier{ID: laboratory, Keys: []massbalance.SigningKey{{ID: keyID, Point: point}}}},
	} {
		commands = append(commands, massbalance.Command{ID: massbalance.CommandID(fmt.Sprintf("register-%s-%d", b.name, i)), Body: body})
	}
	return commands, nil
}

func (b *bench) register(ctx context.Context) error {
	commands, err := b.registrations()
	if err != nil {
		return err
	}
	for _, command := range commands {
		for m := range len(b.trading)/2 + 1 {
			if err := must(ctx, b.trading[m], command); err != nil {
				return err
			}
		}
	}
	return nil
}

// openings register a member's sites.
func (b *bench) openings(owner massbalance.OrganisationID) (sites []massbalance.SiteID, commands []massbalance.Command) {
	for _, p := range append([]place{b.ground.hot, b.ground.yard}, b.ground.spread...) {
		if p.owner != owner {
			continue
		}
		sites = append(sites, p.id)
		commands = append(commands,
			massbalance.Command{ID: massbalance.CommandID("site-" + p.id), Body: massbalance.RegisterSite{Site: p.id, Name: "Benchmark", Country: "DE", Region: region}},
			massbalance.Command{ID: massbalance.CommandID("open-" + p.id), Body: massbalance.OpenPeriod{Site: p.id, Period: period, From: "2026-01-01", To: "2026-12-31"}})
	}
	return sites, commands
}

// settle registers a member's sites, certifies them and verifies a harvest at each.
func (b *bench) settle(ctx context.Context, owner massbalance.OrganisationID, client *submit.Client) error {
	sites, commands := b.openings(owner)
	if len(sites) == 0 {
		return nil
	}
	if err := must(ctx, client, commands...); err != nil {
		return err
	}
	documents, err := b.documents(owner, sites)
	if err != nil {
		return err
	}
	return must(ctx, client, documents...)
}

// documents are a certificate for the sites and a statement for each.
func (b *bench) documents(owner massbalance.OrganisationID, sites []massbalance.SiteID) ([]massbalance.Command, error) {
	certificate := massbalance.CertificateID("C-" + b.name + "-" + string(owner))
	signed, err := wire.SignCertificate(massbalance.Certificate{
		ID: certificate, Certifier: b.ground.laboratory, Scheme: scheme, Holder: owner, Sites: sites,
		Products: []massbalance.ProductID{b.ground.product}, ValidFrom: "2026-01-01", ValidTo: "2026-12-31",
	}, keyID, b.ground.key)
	if err != nil {
		return nil, err
	}
	area, err := massbalance.ParseHectares("900000")
	if err != nil {
		return nil, err
	}
	commands := []massbalance.Command{{ID: massbalance.CommandID("certificate-" + b.name), Body: massbalance.PublishCertificate{Document: signed}}}
	for _, site := range sites {
		p := place{id: site}
		signed, err := wire.SignStatement(massbalance.Statement{
			ID: p.statement(), Certifier: b.ground.laboratory, Certificate: certificate, Holder: owner, Site: site, Producer: "Benchmark",
			Product: b.ground.product, Quantity: massbalance.Kilograms(900_000_000_000), Area: area, Issued: "2026-07-20",
			Characteristics: massbalance.Characteristics{Scheme: scheme, Country: "DE", Region: region, Vintage: 2026},
		}, keyID, b.ground.key)
		if err != nil {
			return nil, err
		}
		commands = append(commands, massbalance.Command{ID: massbalance.CommandID("statement-" + site), Body: massbalance.PublishStatement{Document: signed}})
	}
	return commands, nil
}

// must submits commands that have to be accepted. What is not decided yet is
// sent again: their IDs make that safe.
func must(ctx context.Context, client *submit.Client, commands ...massbalance.Command) error {
	for ctx.Err() == nil {
		outcomes, err := client.Submit(ctx, commands)
		if err != nil {
			return fmt.Errorf("couldn't prepare the ledger: %w", err)
		}
		var undecided error
		for i, o := range outcomes {
			switch o.Stage {
			case submit.Valid:
			case submit.Refused:
				return fmt.Errorf("couldn't prepare the ledger: %s was refused: %s: %s", commands[i].ID, o.Result.Code, o.Result.Message)
			default:
				undecided = errors.New(o.Detail)
			}
		}
		if undecided == nil {
			return nil
		}
	}
	return fmt.Errorf("couldn't prepare the ledger: %w", ctx.Err())
}
