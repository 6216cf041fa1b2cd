package api

import (
	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// BaselineResidual is an adopted average of a product and region, and what is
// left of it for output that nobody claimed.
type BaselineResidual struct {
	Baseline massbalance.Baseline
	// Total is the region's output of the product that the average stands for, as
	// asked; the ledger does not know what is grown and sold beside it.
	Total massbalance.Quantity
	// Claimed is what claims that stand have used of it, in the reporting year if
	// one was asked for. Unclaimed is the rest, 0 where more was claimed.
	Claimed   massbalance.Quantity
	Unclaimed massbalance.Quantity
	// Residual is kg CO2e per kg of what is unclaimed, rounded up at six decimals;
	// absent where nothing is left or the claims exceed what the average emits.
	Residual *massbalance.Intensity
}

func (s *server) registerBaselines() {
	registerOne(s, route{access.Read, "/api/v1/baselines/{product}/{region}", "get-baseline", "The average of a product and region, and the residual for what nobody claimed"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Product massbalance.ProductID `path:"product"`
			Region  string                `path:"region"`
			Total   string                `query:"total" required:"true" pattern:"^[0-9]{1,15}(\\.[0-9]{1,3})?$" doc:"Kilograms that the region put out of the product in the year."`
			Year    int                   `query:"year" doc:"Only claims for this reporting year."`
		}) (BaselineResidual, error) {
			baseline, err := readmodel.Need[massbalance.Baseline](snapshot, massbalance.BaselineKey(in.Product, in.Region))
			if err != nil {
				return BaselineResidual{}, err
			}
			total, err := massbalance.ParseQuantity(in.Total)
			if err != nil {
				return BaselineResidual{}, err
			}
			return residual(snapshot, baseline, total, in.Year)
		})
}

// residual adds up what claims have used of a product and region. Each line
// counts with its own figures, whatever the average was when it was claimed.
func residual(snapshot *readmodel.Snapshot, baseline massbalance.Baseline, total massbalance.Quantity, year int) (BaselineResidual, error) {
	answer := BaselineResidual{Baseline: baseline, Total: total}
	var parts []massbalance.Emitted
	for page := (readmodel.Page{Limit: 500}); ; {
		claims, err := snapshot.Claims(readmodel.ClaimFilter{Product: baseline.Product}, page)
		if err != nil {
			return answer, err
		}
		for _, c := range claims.Items {
			if c.Reversed != "" || year != 0 && c.ReportingYear != year {
				continue
			}
			of, err := claimedIn(snapshot, c, baseline.Region)
			if err != nil {
				return answer, err
			}
			parts = append(parts, of...)
		}
		if claims.Next == 0 {
			break
		}
		page.After = claims.Next
	}
	for _, part := range parts {
		answer.Claimed = answer.Claimed.Add(part.Quantity)
	}
	answer.Unclaimed, _ = total.Sub(answer.Claimed)
	if left, ok := massbalance.Residual(massbalance.Emitted{Quantity: total, Intensity: baseline.Intensity}, parts); ok {
		answer.Residual = &left
	}
	return answer, nil
}

// claimedIn lists a claim's lines of a region with what a kilogram of each emits.
func claimedIn(snapshot *readmodel.Snapshot, c massbalance.Claim, region string) (parts []massbalance.Emitted, err error) {
	for _, line := range c.Lines {
		set, err := readmodel.Need[massbalance.Characteristics](snapshot, massbalance.CharacteristicsKey(line.Characteristics))
		if err != nil {
			return nil, err
		}
		if set.Region != region {
			continue
		}
		intensity, err := massbalance.ParseIntensity(set.Carbon.ExcludingUptake().String())
		if err != nil {
			return nil, err
		}
		parts = append(parts, massbalance.Emitted{Quantity: line.Quantity, Intensity: intensity})
	}
	return parts, nil
}
