package api

import (
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// registerGovernance adds what the members have in common, in force and before.
func (s *server) registerGovernance() {
	registerOne(s, route{access.Read, "/api/v1/rules", "get-rules", "The version of the rules in force"},
		func(snapshot *readmodel.Snapshot, _ *struct{}) (massbalance.Rules, error) {
			value, err := snapshot.Get(massbalance.RulesKey())
			rules, ok := value.(massbalance.Rules)
			if !ok {
				rules.Version = 1 // with which every ledger begins
			}
			return rules, err
		})
	registerList(s, route{access.Read, "/api/v1/certifiers", "list-certifiers", "The recognised certification bodies with their keys"}, things[massbalance.Certifier](massbalance.KindCertifier))
	registerList(s, route{access.Read, "/api/v1/profiles", "list-profiles", "The schemes' profiles in force"}, things[massbalance.Profile](massbalance.KindProfile))
	registerList(s, route{access.Read, "/api/v1/baselines", "list-baselines", "The averages in force, by product and region"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Product massbalance.ProductID `query:"product" doc:"Only averages of this product."`
			Region  string                `query:"region" doc:"Only averages of this region."`
		}) (readmodel.Listing[massbalance.Baseline], error) {
			filed, err := readmodel.Things[massbalance.Baseline](snapshot, massbalance.KindBaseline, readmodel.ThingFilter{A: string(in.Product), B: in.Region}, in.page())
			return mapped(filed, unfiled), err
		})
	registerList(s, route{access.Read, "/api/v1/versions", "list-versions", "Entries of the common register as they stood before their next version was adopted"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			What string `query:"what" doc:"Only versions of this entry, such as product/wheat."`
		}) (readmodel.Listing[FormerVersion], error) {
			filed, err := readmodel.Things[massbalance.Superseded](snapshot, massbalance.KindSuperseded, readmodel.ThingFilter{A: in.What}, in.page())
			return mapped(filed, formerVersion), err
		})
	s.registerEntries()
}

// registerEntries adds one thing of the common register each.
func (s *server) registerEntries() {
	registerOne(s, route{access.Read, "/api/v1/products/{product}", "get-product", "One product, and what it can be made from and into"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Product massbalance.ProductID `path:"product"`
		}) (out ProductEntry, err error) {
			if out.Product, err = readmodel.Need[massbalance.Product](snapshot, massbalance.ProductKey(in.Product)); err != nil {
				return out, err
			}
			value, err := snapshot.Get(massbalance.DerivationKey(in.Product))
			if derivation, ok := value.(massbalance.Derivation); ok {
				out.From, out.Into = derivation.From, derivation.Into
			}
			return out, err
		})
	registerOne(s, route{access.Read, "/api/v1/recipes/{recipe}", "get-recipe", "One conversion recipe"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Recipe massbalance.RecipeID `path:"recipe"`
		}) (massbalance.Recipe, error) {
			return readmodel.Need[massbalance.Recipe](snapshot, massbalance.RecipeKey(in.Recipe))
		})
	registerOne(s, route{access.Read, "/api/v1/profiles/{scheme}", "get-profile", "The profile of a scheme"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Scheme massbalance.SchemeID `path:"scheme"`
		}) (massbalance.Profile, error) {
			return readmodel.Need[massbalance.Profile](snapshot, massbalance.ProfileKey(in.Scheme))
		})
	registerOne(s, route{access.Read, "/api/v1/certifiers/{certifier}", "get-certifier", "A recognised certification body with its keys"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Certifier massbalance.OrganisationID `path:"certifier"`
		}) (massbalance.Certifier, error) {
			return readmodel.Need[massbalance.Certifier](snapshot, massbalance.CertifierKey(in.Certifier))
		})
}

// things lists values of a kind that name themselves.
func things[T massbalance.Value](kind massbalance.Kind) func(*readmodel.Snapshot, *Paging) (readmodel.Listing[T], error) {
	return func(snapshot *readmodel.Snapshot, in *Paging) (readmodel.Listing[T], error) {
		filed, err := readmodel.Things[T](snapshot, kind, readmodel.ThingFilter{}, in.page())
		return mapped(filed, unfiled), err
	}
}

// sifted lists those values of a kind that are wanted, where its key does not say
// which these are. A page is filled from as many of the ledger's as it takes.
func sifted[T massbalance.Value](snapshot *readmodel.Snapshot, kind massbalance.Kind, page readmodel.Page, wanted func(T) bool) (out readmodel.Listing[T], err error) {
	for limit := page.Limit; len(out.Items) < limit; {
		page.Limit = limit - len(out.Items)
		filed, err := readmodel.Things[T](snapshot, kind, readmodel.ThingFilter{}, page)
		if err != nil {
			return out, err
		}
		for _, f := range filed.Items {
			if wanted(f.Value) {
				out.Items = append(out.Items, f.Value)
			}
		}
		if out.Next, page.After = filed.Next, filed.Next; filed.Next == 0 {
			break
		}
	}
	return out, nil
}

// either reports whether a filter is not given, or is met.
func either[T ~string](wanted, found T) bool { return wanted == "" || wanted == found }

func unfiled[T massbalance.Value](f readmodel.Filed[T]) T { return f.Value }

// ProductEntry is a product with all products that it is made from and into, at any remove.
type ProductEntry struct {
	Product massbalance.Product
	From    []massbalance.ProductID
	Into    []massbalance.ProductID
}

// FormerVersion is an entry of the common register that a later version replaced.
// One of the last fields is there.
type FormerVersion struct {
	What      string
	Version   int
	Member    *massbalance.Member
	Product   *massbalance.Product
	Recipe    *massbalance.Recipe
	Certifier *massbalance.Certifier
	Profile   *massbalance.Profile
	Baseline  *massbalance.Baseline
}

func formerVersion(f readmodel.Filed[massbalance.Superseded]) FormerVersion {
	v := f.Value
	return FormerVersion{f.Key.A, number(f.Key.B), v.Member, v.Product, v.Recipe, v.Certifier, v.Profile, v.Baseline}
}

// number reads the part of a key that the rules wrote as a number.
func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// parts reads the part of a key that the rules wrote with a slash between.
func parts(text string) (name string, n int, rest string) {
	name, rest, _ = strings.Cut(text, "/")
	return name, number(rest), rest
}

// registerLimits adds how far what bounds the intake is used up.
func (s *server) registerLimits() {
	registerList(s, route{access.Read, "/api/v1/quotas", "list-quotas", "How much was introduced against the certificates' quotas"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Certifier massbalance.OrganisationID `query:"certifier" doc:"Only quotas of this certifier's certificates."`
		}) (readmodel.Listing[QuotaUsed], error) {
			filed, err := readmodel.Things[massbalance.QuotaUse](snapshot, massbalance.KindQuota, readmodel.ThingFilter{A: string(in.Certifier)}, in.page())
			return mapped(filed, quotaUsed), err
		})
	registerList(s, route{access.Read, "/api/v1/land-units", "list-land-units", "The land units that statements name, with their size"},
		func(snapshot *readmodel.Snapshot, in *Paging) (readmodel.Listing[KnownLandUnit], error) {
			filed, err := readmodel.Things[massbalance.LandUnit](snapshot, massbalance.KindLandUnit, readmodel.ThingFilter{}, in.page())
			return mapped(filed, knownLandUnit), err
		})
	registerList(s, route{access.Read, "/api/v1/harvests", "list-harvests", "What area of a land unit was verified for a product and vintage"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			LandUnit massbalance.LandUnitID `query:"landUnit" doc:"Only this land unit."`
		}) (readmodel.Listing[VerifiedHarvest], error) {
			filed, err := readmodel.Things[massbalance.Harvest](snapshot, massbalance.KindHarvest, readmodel.ThingFilter{A: string(in.LandUnit)}, in.page())
			return mapped(filed, verifiedHarvest), err
		})
	registerList(s, route{access.Read, "/api/v1/region-uses", "list-region-uses", "How much was verified of a region's limited harvest"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Product massbalance.ProductID `query:"product" doc:"Only this product."`
		}) (readmodel.Listing[RegionUsed], error) {
			filed, err := readmodel.Things[massbalance.RegionUse](snapshot, massbalance.KindRegionUse, readmodel.ThingFilter{A: string(in.Product)}, in.page())
			return mapped(filed, regionUsed), err
		})
}

// QuotaUsed is how much of a product was introduced under a certificate with a quota.
type QuotaUsed struct {
	Certifier   massbalance.OrganisationID
	Certificate massbalance.CertificateID
	Product     massbalance.ProductID
	Introduced  massbalance.Quantity
}

func quotaUsed(f readmodel.Filed[massbalance.QuotaUse]) QuotaUsed {
	certificate, _, product := parts(f.Key.B)
	return QuotaUsed{massbalance.OrganisationID(f.Key.A), massbalance.CertificateID(certificate), massbalance.ProductID(product), f.Value.Introduced}
}

// KnownLandUnit is a land unit with the statement that first said how large it is.
type KnownLandUnit struct {
	ID        massbalance.LandUnitID
	Size      massbalance.Hectares
	Certifier massbalance.OrganisationID
	Statement massbalance.StatementID
}

func knownLandUnit(f readmodel.Filed[massbalance.LandUnit]) KnownLandUnit {
	return KnownLandUnit{massbalance.LandUnitID(f.Key.A), f.Value.Size, f.Value.Certifier, f.Value.Statement}
}

// VerifiedHarvest is what of a land unit was verified, over all statements.
type VerifiedHarvest struct {
	LandUnit   massbalance.LandUnitID
	Product    massbalance.ProductID
	Vintage    int
	Area       massbalance.Hectares
	Statements []massbalance.StatementReference
}

func verifiedHarvest(f readmodel.Filed[massbalance.Harvest]) VerifiedHarvest {
	product, vintage, _ := parts(f.Key.B)
	return VerifiedHarvest{massbalance.LandUnitID(f.Key.A), massbalance.ProductID(product), vintage, f.Value.Area, f.Value.Statements}
}

// RegionUsed is how much was verified of a product for a region and vintage with a limit.
type RegionUsed struct {
	Product  massbalance.ProductID
	Region   string
	Vintage  int
	Verified massbalance.Quantity
}

func regionUsed(f readmodel.Filed[massbalance.RegionUse]) RegionUsed {
	region, vintage, _ := parts(f.Key.B)
	return RegionUsed{massbalance.ProductID(f.Key.A), region, vintage, f.Value.Verified}
}
