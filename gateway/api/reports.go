package api

import (
	"slices"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/scope3"
)

// registerReports adds what is handed to others: the statement of a period and
// the scope 3 statements of a claim and of a reporting year.
func (s *server) registerReports() {
	registerOne(s, route{access.Read, "/api/v1/sites/{site}/periods/{period}/statement", "get-period-statement", "What the close of a period found: counts, carried and forfeited credit, figures and their hash"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Site   massbalance.SiteID   `path:"site"`
			Period massbalance.PeriodID `path:"period"`
		}) (PeriodStatement, error) {
			period, err := readmodel.Need[massbalance.Period](snapshot, massbalance.PeriodKey(in.Site, in.Period))
			return periodStatement(in.Site, in.Period, period), err
		})
	registerOne(s, route{access.Read, "/api/v1/claims/{organisation}/{command}/statement", "get-claim-statement", "The scope 3 statement of a claim: emissions, uptake and removals side by side"},
		func(snapshot *readmodel.Snapshot, in *Derived) (ClaimStatement, error) {
			claim, err := readmodel.Need[massbalance.Claim](snapshot, massbalance.ClaimKey(massbalance.ClaimID(in.id())))
			if err != nil {
				return ClaimStatement{}, err
			}
			return claimStatement(snapshot, claim)
		})
	registerOne(s, route{access.Read, "/api/v1/scope3/{organisation}/{year}", "get-scope3-statement", "The scope 3 statement of an organisation and reporting year, from its claims that stand"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Organisation massbalance.OrganisationID `path:"organisation"`
			Year         int                        `path:"year" minimum:"1900" maximum:"9999"`
		}) (YearStatement, error) {
			return yearStatement(snapshot, in.Organisation, in.Year)
		})
}

// PeriodStatement is a period as its close left it; an open one has the first
// fields only. Statement is the SHA-256 of the figures, which the site's journal covers.
type PeriodStatement struct {
	Site      massbalance.SiteID
	ID        massbalance.PeriodID
	From      massbalance.Date
	To        massbalance.Date
	Previous  massbalance.PeriodID
	Closed    bool
	Scheme    massbalance.SchemeID
	Profile   int
	Closings  []massbalance.Closing
	Counts    []massbalance.StockCount
	Credits   []massbalance.CarriedCredit
	Figures   []massbalance.Reconciliation
	Statement massbalance.Digest
}

func periodStatement(site massbalance.SiteID, id massbalance.PeriodID, p massbalance.Period) PeriodStatement {
	return PeriodStatement{site, id, p.From, p.To, p.Previous, p.Closed, p.Scheme, p.Profile, p.Closings, p.Counts, p.Credits, p.Figures, p.Statement}
}

// ClaimStatement is what a claimant reports of one claim.
type ClaimStatement struct {
	Claim massbalance.Claim
	Lines []StatementLine
	Total scope3.CarbonMass
	// Recalled are shares of the claim that rest on recalled statements and are to be covered.
	Recalled []massbalance.MarkShare
}

// StatementLine is one lot's part of a claim, with its characteristics whole.
type StatementLine struct {
	Lot             massbalance.LotID
	Quantity        massbalance.Quantity
	Model           massbalance.CustodyModel
	Characteristics massbalance.Characteristics
	Carbon          scope3.CarbonMass
}

func claimStatement(snapshot *readmodel.Snapshot, claim massbalance.Claim) (ClaimStatement, error) {
	out := ClaimStatement{Claim: claim}
	var total scope3.CarbonSum
	for _, line := range claim.Lines {
		set, err := readmodel.Need[massbalance.Characteristics](snapshot, massbalance.CharacteristicsKey(line.Characteristics))
		if err != nil {
			return out, err
		}
		var of scope3.CarbonSum
		of.Add(line.Quantity, set.Carbon)
		mass, err := of.Mass()
		if err != nil {
			return out, err
		}
		out.Lines = append(out.Lines, StatementLine{line.Lot, line.Quantity, line.Model, set, mass})
		total.Plus(of)
	}
	value, err := snapshot.Get(massbalance.MarkKey(claim.ID))
	if err != nil {
		return out, err
	}
	if mark, ok := value.(massbalance.Mark); ok {
		out.Recalled = mark.Shares
	}
	out.Total, err = total.Mass()
	return out, err
}

// YearStatement adds up an organisation's claims for a reporting year. Reversed
// claims are left out. Claims with recalled shares are counted, and listed with
// the quantity that is still to be covered, because history stays as it was.
type YearStatement struct {
	Organisation massbalance.OrganisationID
	Year         int
	Products     []ProductStatement
	Claims       []massbalance.ClaimID
	Uncovered    []UncoveredClaim
}

// ProductStatement is what was claimed of one product under one custody model.
type ProductStatement struct {
	Product  massbalance.ProductID
	Model    massbalance.CustodyModel
	Quantity massbalance.Quantity
	Carbon   scope3.CarbonMass
}

// UncoveredClaim is a claim with what of it rests on recalled statements and was
// not covered.
type UncoveredClaim struct {
	Claim    massbalance.ClaimID
	Quantity massbalance.Quantity
}

func yearStatement(snapshot *readmodel.Snapshot, org massbalance.OrganisationID, year int) (YearStatement, error) {
	out := YearStatement{Organisation: org, Year: year}
	claims, err := snapshot.AllClaims(readmodel.ClaimFilter{Organisation: org, Year: strconv.Itoa(year), Standing: true})
	if err != nil {
		return out, err
	}
	sums := map[[2]string]*productSum{}
	for _, claim := range claims {
		out.Claims = append(out.Claims, claim.ID)
		statement, err := claimStatement(snapshot, claim)
		if err != nil {
			return out, err
		}
		for _, line := range statement.Lines {
			key := [2]string{string(claim.Product), string(line.Model)}
			if sums[key] == nil {
				sums[key] = &productSum{}
			}
			sums[key].quantity = sums[key].quantity.Add(line.Quantity)
			sums[key].carbon.Add(line.Quantity, line.Characteristics.Carbon)
		}
		if open := uncovered(statement.Recalled); !open.IsZero() {
			out.Uncovered = append(out.Uncovered, UncoveredClaim{claim.ID, open})
		}
	}
	return out, out.products(sums)
}

type productSum struct {
	quantity massbalance.Quantity
	carbon   scope3.CarbonSum
}

func (y *YearStatement) products(sums map[[2]string]*productSum) error {
	for key, sum := range sums {
		mass, err := sum.carbon.Mass()
		if err != nil {
			return err
		}
		y.Products = append(y.Products, ProductStatement{massbalance.ProductID(key[0]), massbalance.CustodyModel(key[1]), sum.quantity, mass})
	}
	slices.SortFunc(y.Products, func(a, b ProductStatement) int {
		return strings.Compare(string(a.Product)+" "+string(a.Model), string(b.Product)+" "+string(b.Model))
	})
	return nil
}

func uncovered(shares []massbalance.MarkShare) (open massbalance.Quantity) {
	for _, share := range shares {
		left, _ := share.Quantity.Sub(share.Covered)
		open = open.Add(left)
	}
	return open
}
