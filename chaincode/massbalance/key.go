package massbalance

import (
	"strconv"
	"strings"
)

// Kind is a kind of key; it decides the type of the value.
type Kind string

// The kinds of keys with the meaning of A and B.
const (
	KindConsortium      Kind = "consortium"      // –
	KindProposal        Kind = "proposal"        // what, digest
	KindRules           Kind = "rules"           // –
	KindSuperseded      Kind = "superseded"      // what, version
	KindSite            Kind = "site"            // site
	KindHead            Kind = "head"            // site
	KindProduct         Kind = "product"         // product
	KindRecipe          Kind = "recipe"          // recipe
	KindDerivation      Kind = "derivation"      // product
	KindBaseline        Kind = "baseline"        // product, region
	KindCertifier       Kind = "certifier"       // organisation
	KindProfile         Kind = "profile"         // scheme
	KindCosigner        Kind = "cosigner"        // organisation
	KindCertificate     Kind = "certificate"     // certifier, certificate
	KindStanding        Kind = "standing"        // certifier, certificate
	KindCoverage        Kind = "coverage"        // site, scheme
	KindStatement       Kind = "statement"       // certifier, statement
	KindQuota           Kind = "quota"           // certifier, certificate/product
	KindLandUnit        Kind = "land_unit"       // land unit
	KindHarvest         Kind = "harvest"         // land unit, product/vintage
	KindCharacteristics Kind = "characteristics" // hash
	KindLot             Kind = "lot"             // lot
	KindProject         Kind = "project"         // project
	KindOutcome         Kind = "outcome"         // project, site
	KindRegionUse       Kind = "region_use"      // product, region/vintage
	KindCreditUse       Kind = "credit_use"      // organisation, scheme/year
	KindRecall          Kind = "recall"          // certifier, statement
	KindTaint           Kind = "taint"           // lot
	KindMark            Kind = "mark"            // claim
	KindAccount         Kind = "account"         // site, product
	KindPool            Kind = "pool"            // site, product
	KindTransfer        Kind = "transfer"        // transfer
	KindPeriod          Kind = "period"          // site, period
	KindClaim           Kind = "claim"           // claim
	KindTierReport      Kind = "tier_report"     // claim, hash of the path
	KindReversal        Kind = "reversal"        // organisation, command
	KindOffer           Kind = "offer"           // offer
	KindNegotiation     Kind = "negotiation"     // offer, buyer
	KindAgreement       Kind = "agreement"       // agreement
	KindSettlement      Kind = "settlement"      // agreement, period
	KindPremium         Kind = "premium"         // product, model/currency/year/quarter
	KindEvidence        Kind = "evidence"        // organisation, document
	KindRecord          Kind = "record"          // organisation, command
)

// Key names one value of the state. Keys are comparable; the codec makes them
// injective strings.
type Key struct {
	Kind Kind
	A, B string
}

// compare orders keys by kind, A and B.
func (k Key) compare(other Key) int {
	if c := strings.Compare(string(k.Kind), string(other.Kind)); c != 0 {
		return c
	}
	if c := strings.Compare(k.A, other.A); c != 0 {
		return c
	}
	return strings.Compare(k.B, other.B)
}

// The keys, one function each, so that no caller can swap their parts.

func ConsortiumKey() Key { return Key{Kind: KindConsortium} }
func ProposalKey(what string, content Digest) Key {
	return Key{KindProposal, what, content.String()}
}
func RulesKey() Key { return Key{Kind: KindRules} }

// SupersededKey names an earlier version of an entry of the common register.
func SupersededKey(what string, version int) Key {
	return Key{KindSuperseded, what, strconv.Itoa(max(version, 1))}
}
func SiteKey(id SiteID) Key          { return Key{KindSite, string(id), ""} }
func HeadKey(id SiteID) Key          { return Key{KindHead, string(id), ""} }
func ProductKey(id ProductID) Key    { return Key{KindProduct, string(id), ""} }
func RecipeKey(id RecipeID) Key      { return Key{KindRecipe, string(id), ""} }
func DerivationKey(id ProductID) Key { return Key{KindDerivation, string(id), ""} }
func BaselineKey(product ProductID, region string) Key {
	return Key{KindBaseline, string(product), region}
}
func CertifierKey(id OrganisationID) Key { return Key{KindCertifier, string(id), ""} }
func CosignerKey(id OrganisationID) Key  { return Key{KindCosigner, string(id), ""} }
func ProfileKey(scheme SchemeID) Key     { return Key{KindProfile, string(scheme), ""} }
func PoolKey(site SiteID, product ProductID) Key {
	return Key{KindPool, string(site), string(product)}
}
func CertificateKey(certifier OrganisationID, id CertificateID) Key {
	return Key{KindCertificate, string(certifier), string(id)}
}
func StandingKey(certifier OrganisationID, id CertificateID) Key {
	return Key{KindStanding, string(certifier), string(id)}
}
func CoverageKey(site SiteID, scheme SchemeID) Key {
	return Key{KindCoverage, string(site), string(scheme)}
}
func StatementKey(certifier OrganisationID, id StatementID) Key {
	return Key{KindStatement, string(certifier), string(id)}
}
func QuotaKey(certifier OrganisationID, id CertificateID, product ProductID) Key {
	return Key{KindQuota, string(certifier), string(id) + "/" + string(product)}
}
func LandUnitKey(id LandUnitID) Key { return Key{KindLandUnit, string(id), ""} }
func HarvestKey(unit LandUnitID, product ProductID, vintage int) Key {
	return Key{KindHarvest, string(unit), string(product) + "/" + strconv.Itoa(vintage)}
}
func CharacteristicsKey(id CharacteristicsID) Key { return Key{KindCharacteristics, string(id), ""} }
func LotKey(id LotID) Key                         { return Key{KindLot, string(id), ""} }
func ProjectKey(id ProjectID) Key                 { return Key{KindProject, string(id), ""} }
func OutcomeKey(id ProjectID, site SiteID) Key {
	return Key{KindOutcome, string(id), string(site)}
}
func RegionUseKey(product ProductID, region string, vintage int) Key {
	return Key{KindRegionUse, string(product), region + "/" + strconv.Itoa(vintage)}
}
func CreditUseKey(org OrganisationID, scheme SchemeID, year int) Key {
	return Key{KindCreditUse, string(org), string(scheme) + "/" + strconv.Itoa(year)}
}
func RecallKey(certifier OrganisationID, id StatementID) Key {
	return Key{KindRecall, string(certifier), string(id)}
}
func TaintKey(id LotID) Key  { return Key{KindTaint, string(id), ""} }
func MarkKey(id ClaimID) Key { return Key{KindMark, string(id), ""} }
func AccountKey(site SiteID, product ProductID) Key {
	return Key{KindAccount, string(site), string(product)}
}
func TransferKey(id TransferID) Key          { return Key{KindTransfer, string(id), ""} }
func PeriodKey(site SiteID, id PeriodID) Key { return Key{KindPeriod, string(site), string(id)} }
func ClaimKey(id ClaimID) Key                { return Key{KindClaim, string(id), ""} }
func TierReportKey(claim ClaimID, path []LotID) Key {
	return Key{KindTierReport, string(claim), pathDigest(path)}
}
func ReversalKey(org OrganisationID, command CommandID) Key {
	return Key{KindReversal, string(org), string(command)}
}
func EvidenceKey(org OrganisationID, id EvidenceID) Key {
	return Key{KindEvidence, string(org), string(id)}
}
func RecordKey(org OrganisationID, command CommandID) Key {
	return Key{KindRecord, string(org), string(command)}
}

func OfferKey(id OfferID) Key { return Key{KindOffer, string(id), ""} }
func NegotiationKey(id OfferID, buyer OrganisationID) Key {
	return Key{KindNegotiation, string(id), string(buyer)}
}
func AgreementKey(id AgreementID) Key { return Key{KindAgreement, string(id), ""} }
func SettlementKey(id AgreementID, period int) Key {
	return Key{KindSettlement, string(id), strconv.Itoa(period)}
}
func PremiumKey(index PremiumIndex) Key {
	return Key{KindPremium, string(index.Product), index.name()}
}
