package api

import (
	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// RecallReach is how far a recalled statement reaches: the lots and claims that
// rest on it, and which of them nobody has traced yet.
type RecallReach struct {
	Recall massbalance.Recall
	// Lots stand each after those they were made of.
	Lots   []massbalance.LotID
	Claims []massbalance.ClaimID
	// Of untraced lots in pools the share that rests on the statement can still be
	// spent; untraced claims lack their mark.
	UntracedLots   []massbalance.LotID
	UntracedClaims []massbalance.ClaimID
	// ToFreeze and ToMark are what tracing them would find, in kilograms.
	ToFreeze massbalance.Quantity
	ToMark   massbalance.Quantity
	// Refused says what cannot be traced, and why.
	Refused []string
}

func recallReach(r readmodel.RecallReach) RecallReach {
	out := RecallReach{
		Recall: r.Recall, Lots: r.Lots, Claims: r.Claims, UntracedLots: r.Untraced.Lots, UntracedClaims: r.Untraced.Claims,
		ToFreeze: r.Untraced.Frozen, ToMark: r.Untraced.Claimed,
	}
	for _, refusal := range r.Untraced.Refused {
		out.Refused = append(out.Refused, refusal.Error())
	}
	return out
}

// registerRecallReach adds what a recall reaches.
func (s *server) registerRecallReach() {
	registerOne(s, route{access.Read, "/api/v1/recalls/{certifier}/{statement}/reach", "get-recall-reach", "What rests on a recalled statement, and what of it is untraced"},
		func(snapshot *readmodel.Snapshot, in *struct {
			Certifier massbalance.OrganisationID `path:"certifier"`
			Statement massbalance.StatementID    `path:"statement"`
		}) (RecallReach, error) {
			reach, err := snapshot.Reach(in.Certifier, in.Statement)
			return recallReach(reach), err
		})
}
