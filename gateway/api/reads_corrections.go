package api

import (
	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// registerProjects adds insetting projects and what came of them.
func (s *server) registerProjects() {
	registerList(s, route{access.Read, "/api/v1/projects", "list-projects", "The insetting projects"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Owner   massbalance.OrganisationID `query:"owner" doc:"Only of this organisation."`
			Product massbalance.ProductID      `query:"product" doc:"Only of this product."`
		}) (readmodel.Listing[massbalance.Project], error) {
			return sifted(snapshot, massbalance.KindProject, in.page(), func(p massbalance.Project) bool {
				return either(in.Owner, p.Owner) && either(in.Product, p.Product)
			})
		})
	registerOne(s, route{access.Read, "/api/v1/projects/{project}", "get-project", "One insetting project with what came in of it, per site"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Project massbalance.ProjectID `path:"project"`
		}) (out ProjectBooks, err error) {
			if out.Project, err = readmodel.Need[massbalance.Project](snapshot, massbalance.ProjectKey(in.Project)); err != nil {
				return out, err
			}
			outcomes, err := readmodel.AllThings[massbalance.ProjectOutcome](snapshot, massbalance.KindOutcome, readmodel.ThingFilter{A: string(in.Project)})
			for _, o := range outcomes {
				out.Introduced = out.Introduced.Add(o.Value.Introduced)
				out.Outcomes = append(out.Outcomes, SiteOutcome{massbalance.SiteID(o.Key.B), o.Value.Introduced})
			}
			return out, err
		})
}

// ProjectBooks is a project with the quantity that was introduced of it.
type ProjectBooks struct {
	Project    massbalance.Project
	Introduced massbalance.Quantity
	Outcomes   []SiteOutcome
}

// SiteOutcome is what of a project came in at one site.
type SiteOutcome struct {
	Site       massbalance.SiteID
	Introduced massbalance.Quantity
}

// registerRecalls adds recalled statements and what rests on them.
func (s *server) registerRecalls() {
	registerList(s, route{access.Read, "/api/v1/recalls", "list-recalls", "The recalled statements: what came in on them, is frozen, was claimed and covered"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Certifier massbalance.OrganisationID `query:"certifier" doc:"Only statements of this certifier."`
		}) (readmodel.Listing[massbalance.Recall], error) {
			filed, err := readmodel.Things[massbalance.Recall](snapshot, massbalance.KindRecall, readmodel.ThingFilter{A: string(in.Certifier)}, in.page())
			return mapped(filed, unfiled), err
		})
	registerOne(s, route{access.Read, "/api/v1/recalls/{certifier}/{statement}", "get-recall", "One recalled statement"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Certifier massbalance.OrganisationID `path:"certifier"`
			Statement massbalance.StatementID    `path:"statement"`
		}) (massbalance.Recall, error) {
			return readmodel.Need[massbalance.Recall](snapshot, massbalance.RecallKey(in.Certifier, in.Statement))
		})
	registerList(s, route{access.Read, "/api/v1/taints", "list-taints", "The lots in which something was found to rest on a recalled statement"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Lot massbalance.LotID `query:"lot" doc:"Only this lot."`
		}) (readmodel.Listing[LotTaint], error) {
			filed, err := readmodel.Things[massbalance.Taint](snapshot, massbalance.KindTaint, readmodel.ThingFilter{A: string(in.Lot)}, in.page())
			return mapped(filed, func(f readmodel.Filed[massbalance.Taint]) LotTaint {
				return LotTaint{massbalance.LotID(f.Key.A), f.Value.Frozen, f.Value.Shares}
			}), err
		})
	registerList(s, route{access.Read, "/api/v1/marks", "list-marks", "The claims in which something was found to rest on a recalled statement"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Claim massbalance.ClaimID `query:"claim" doc:"Only this claim."`
		}) (readmodel.Listing[ClaimMark], error) {
			filed, err := readmodel.Things[massbalance.Mark](snapshot, massbalance.KindMark, readmodel.ThingFilter{A: string(in.Claim)}, in.page())
			return mapped(filed, func(f readmodel.Filed[massbalance.Mark]) ClaimMark {
				return ClaimMark{massbalance.ClaimID(f.Key.A), f.Value.Shares}
			}), err
		})
}

// LotTaint is what of a lot rests on recalled statements.
type LotTaint struct {
	Lot massbalance.LotID
	// Frozen is how much of what is left can never be spent.
	Frozen massbalance.Quantity
	Shares []massbalance.TaintShare
}

// ClaimMark is what of a claim rests on recalled statements.
type ClaimMark struct {
	Claim  massbalance.ClaimID
	Shares []massbalance.MarkShare
}

// registerCorrections adds reversals, and who may report or claim how much.
func (s *server) registerCorrections() {
	registerList(s, route{access.Read, "/api/v1/reversals", "list-reversals", "What was reversed, and by which command"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Organisation massbalance.OrganisationID `query:"organisation" doc:"Only commands of this organisation."`
		}) (readmodel.Listing[BookedReversal], error) {
			filed, err := readmodel.Things[massbalance.Reversal](snapshot, massbalance.KindReversal, readmodel.ThingFilter{A: string(in.Organisation)}, in.page())
			return mapped(filed, bookedReversal), err
		})
	registerList(s, route{access.Read, "/api/v1/credit-audits", "list-credit-audits", "What organisations claimed of book and claim per scheme and year, and how far audits let them"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Organisation massbalance.OrganisationID `query:"organisation" doc:"Only this claimant."`
		}) (readmodel.Listing[AuditedCredit], error) {
			filed, err := readmodel.Things[massbalance.CreditUse](snapshot, massbalance.KindCreditUse, readmodel.ThingFilter{A: string(in.Organisation)}, in.page())
			return mapped(filed, auditedCredit), err
		})
	registerList(s, route{access.Read, "/api/v1/tier-reports", "list-tier-reports", "What tiers before the claimant reported"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Paging
			Claim massbalance.ClaimID `query:"claim" doc:"Only reports on this claim."`
		}) (readmodel.Listing[massbalance.TierReport], error) {
			filed, err := readmodel.Things[massbalance.TierReport](snapshot, massbalance.KindTierReport, readmodel.ThingFilter{A: string(in.Claim)}, in.page())
			return mapped(filed, unfiled), err
		})
}

// BookedReversal says which command of an organisation was reversed by which.
type BookedReversal struct {
	Organisation massbalance.OrganisationID
	Reversed     massbalance.CommandID
	Command      massbalance.CommandID
	Date         massbalance.Date
	// Certifier and Consent name the consent, where one was needed.
	Certifier massbalance.OrganisationID
	Consent   massbalance.ReversalConsentID
}

func bookedReversal(f readmodel.Filed[massbalance.Reversal]) BookedReversal {
	r := f.Value
	return BookedReversal{massbalance.OrganisationID(f.Key.A), massbalance.CommandID(f.Key.B), r.Command, r.Date, r.Certifier, r.Consent}
}

// AuditedCredit is what an organisation claimed of book and claim in a reporting
// year, and what audits allow.
type AuditedCredit struct {
	Organisation massbalance.OrganisationID
	Scheme       massbalance.SchemeID
	Year         int
	Claimed      massbalance.Quantity
	Audited      massbalance.Quantity
	Audits       []massbalance.CreditAuditReference
}

func auditedCredit(f readmodel.Filed[massbalance.CreditUse]) AuditedCredit {
	scheme, year, _ := parts(f.Key.B)
	return AuditedCredit{massbalance.OrganisationID(f.Key.A), massbalance.SchemeID(scheme), year, f.Value.Claimed, f.Value.Audited, f.Value.Audits}
}

// registerHistories adds the records that touched a thing.
func (s *server) registerHistories() {
	for _, kind := range []struct {
		holder     massbalance.HolderKind
		path, name string
	}{{massbalance.HolderTransfer, "transfers", "transfer"}, {massbalance.HolderClaim, "claims", "claim"}} {
		registerList(s, route{access.Read, "/api/v1/" + kind.path + "/{organisation}/{command}/records", "list-" + kind.name + "-records", "The records that a " + kind.name + " is in"},
			func(snapshot *readmodel.Snapshot, in *struct {
				Derived
				Paging
			}) (readmodel.Listing[PlacedRecord], error) {
				entries, err := snapshot.History(readmodel.Holder(kind.holder, in.id()), in.page())
				return mapped(entries, placedRecord), err
			})
	}
}
