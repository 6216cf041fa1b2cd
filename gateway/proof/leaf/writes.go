package leaf

import (
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Writes lists the keys that an entry is a source of: what a later command that
// reads one of them rests on. Accounts, heads of journals, counters and marks of
// use are no such sources: they are sums over records that a proof does not show.
func Writes(e massbalance.Entry, created []massbalance.Lot) []massbalance.Key {
	keys := register(e)
	for _, lot := range created {
		keys = append(keys, massbalance.LotKey(lot.ID))
	}
	for _, set := range e.Record.Sets {
		keys = append(keys, massbalance.CharacteristicsKey(set.ID()))
	}
	switch e.Command.Body.(type) {
	case massbalance.Dispatch, massbalance.TransferCredits, massbalance.Reject:
		keys = append(keys, massbalance.TransferKey(massbalance.TransferID(e.Record.Subject)))
	case massbalance.ClaimCredits, massbalance.CoverRecall:
		keys = append(keys, massbalance.ClaimKey(massbalance.ClaimID(e.Record.Subject)))
	}
	return append(keys, recalls(e.Command.Body)...)
}

// recalls lists what a command says of recalled statements. What credit covers a
// claim is counted on its mark, which the register tells.
func recalls(body massbalance.Body) (keys []massbalance.Key) {
	switch b := body.(type) {
	case massbalance.PublishFinding:
		return []massbalance.Key{massbalance.RecallKey(b.Document.Finding.Certifier, b.Document.Finding.Statement)}
	case massbalance.AdoptFinding:
		return []massbalance.Key{massbalance.RecallKey(b.Finding.Certifier, b.Finding.Statement)}
	case massbalance.TraceRecall:
		for _, lot := range b.Lots {
			keys = append(keys, massbalance.TaintKey(lot))
		}
	}
	return keys
}

// register lists what an entry adds to or changes of the common register, of a
// site and of what certifiers signed.
func register(e massbalance.Entry) []massbalance.Key {
	switch b := e.Command.Body.(type) {
	case massbalance.FoundConsortium:
		if b.Rules > 1 {
			return []massbalance.Key{massbalance.ConsortiumKey(), massbalance.RulesKey()}
		}
		return []massbalance.Key{massbalance.ConsortiumKey()}
	case massbalance.RegisterOrganisation, massbalance.RemoveOrganisation:
		return []massbalance.Key{massbalance.ConsortiumKey()}
	case massbalance.AdoptRules:
		return []massbalance.Key{massbalance.RulesKey()}
	case massbalance.RegisterProduct:
		return []massbalance.Key{massbalance.ProductKey(b.Product.ID)}
	case massbalance.RegisterRecipe:
		return []massbalance.Key{massbalance.RecipeKey(b.Recipe.ID)}
	case massbalance.RegisterBaseline:
		return []massbalance.Key{massbalance.BaselineKey(b.Baseline.Product, b.Baseline.Region)}
	case massbalance.RegisterCertifier:
		return []massbalance.Key{massbalance.CertifierKey(b.Certifier.ID)}
	case massbalance.RegisterCosigner:
		return []massbalance.Key{massbalance.CosignerKey(b.Cosigner.Organisation)}
	case massbalance.RegisterProfile:
		return []massbalance.Key{massbalance.ProfileKey(b.Profile.Scheme)}
	case massbalance.RegisterProject:
		return []massbalance.Key{massbalance.ProjectKey(b.Project.ID)}
	case massbalance.RegisterSite:
		return []massbalance.Key{massbalance.SiteKey(b.Site)}
	case massbalance.ChooseScheme:
		return []massbalance.Key{massbalance.SiteKey(b.Site)}
	case massbalance.ChangeBalance:
		return []massbalance.Key{massbalance.SiteKey(b.Document.Consent.Site)}
	case massbalance.OpenPeriod:
		return []massbalance.Key{massbalance.PeriodKey(b.Site, b.Period)}
	}
	return signed(e.Command.Body)
}

func signed(body massbalance.Body) []massbalance.Key {
	switch b := body.(type) {
	case massbalance.PublishCertificate:
		c := b.Document.Certificate
		keys := []massbalance.Key{massbalance.CertificateKey(c.Certifier, c.ID)}
		for _, site := range c.Sites {
			keys = append(keys, massbalance.CoverageKey(site, c.Scheme))
		}
		return keys
	case massbalance.PublishStanding:
		s := b.Document.Standing
		return []massbalance.Key{massbalance.StandingKey(s.Certifier, s.Certificate)}
	case massbalance.PublishStatement:
		s := b.Document.Statement
		return []massbalance.Key{massbalance.StatementKey(s.Certifier, s.ID), massbalance.CharacteristicsKey(s.Characteristics.ID())}
	}
	return nil
}

// CreatedBy picks from a transaction's lots those that one of its commands
// created, in their order: a lot is named after its command and its number.
func CreatedBy(org massbalance.OrganisationID, command massbalance.CommandID, lots map[massbalance.LotID]massbalance.Lot) []massbalance.Lot {
	var created []massbalance.Lot
	for n := 1; len(lots) > 0; n++ {
		lot, ok := lots[massbalance.NameLot(org, command, n)]
		if !ok {
			return created
		}
		created = append(created, lot)
	}
	return nil
}

// Maker names the command that created a lot, from the lot's own name.
func Maker(lot massbalance.LotID) (org massbalance.OrganisationID, command massbalance.CommandID, ok bool) {
	parts := strings.Split(string(lot), "/")
	if len(parts) != 3 {
		return "", "", false
	}
	return massbalance.OrganisationID(parts[0]), massbalance.CommandID(parts[1]), true
}
