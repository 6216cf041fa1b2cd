package testnetwork_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/network/administration"
	"github.com/weighbridge/weighbridge/network/consortium"
)

var allPeers = []string{"peer.growers", "peer.miller", "peer.manufacturer", "peer.brand"}

// apply sends one command as an organisation's client, endorsed by the peers named.
func apply(t *testing.T, network *consortium.Network, org string, peers []string, c massbalance.Command) ([]massbalance.Result, error) {
	administrator, err := network.Administrator(org)
	require.NoError(t, err)
	require.NoError(t, wire.Seal(&c))
	batch, err := wire.FormatBatch([]massbalance.Command{c})
	require.NoError(t, err)
	var answer []byte
	// Peers commit one after the other: until all have what came before, their
	// answers differ, and nothing is sent.
	require.Eventually(t, func() bool {
		answer, err = administrator.Submit(t.Context(), peers, administration.Call{Function: "Apply", Arguments: []string{string(batch)}})
		return err == nil || !strings.Contains(err.Error(), "ENDORSEMENT_MISMATCH")
	}, time.Minute, 50*time.Millisecond)
	if err != nil {
		return nil, err
	}
	results, err := wire.ParseAnswer(answer, []massbalance.Command{c})
	require.NoError(t, err)
	return results, nil
}

// ownersMustEndorse shows on real peers what the guards of the rules are for:
// a majority without the owner moves nothing at the owner's site, and a
// transfer needs its receiver as well.
func ownersMustEndorse(t *testing.T, network *consortium.Network) {
	accepted := func(org string, peers []string, c massbalance.Command) {
		t.Helper()
		results, err := apply(t, network, org, peers, c)
		require.NoError(t, err)
		require.Equal(t, massbalance.Accepted, results[0].Code, results[0].Message)
	}
	refused := func(org string, peers []string, c massbalance.Command) {
		t.Helper()
		_, err := apply(t, network, org, peers, c)
		require.ErrorContains(t, err, "ENDORSEMENT_POLICY_FAILURE")
	}
	moving := func(id string, body massbalance.Body) massbalance.Command {
		return massbalance.Command{ID: massbalance.CommandID(id), Date: "2026-08-03", Period: "guarded", Body: body}
	}
	withoutGrowers := allPeers[1:]
	for _, end := range []struct{ org, site string }{{"growers", "guarded-silo"}, {"brand", "guarded-shop"}} {
		site := massbalance.SiteID(end.site)
		accepted(end.org, allPeers[:3], massbalance.Command{ID: "guard-1-" + massbalance.CommandID(site), Body: massbalance.RegisterSite{Site: site, Name: end.site, Country: "FR", Region: "FRF2"}})
		accepted(end.org, allPeers, massbalance.Command{ID: "guard-2-" + massbalance.CommandID(site), Body: massbalance.OpenPeriod{Site: site, Period: "guarded", From: "2026-07-01", To: "2026-09-30"}})
	}
	take := moving("guard-3", massbalance.TakeIn{Site: "guarded-silo", Product: "wheat", Quantity: massbalance.Kilograms(1000), Evidence: "guard-T1"})
	refused("growers", withoutGrowers, take)
	accepted("growers", allPeers[:3], take)

	accepted("growers", allPeers[:3], moving("guard-4", massbalance.Dispatch{Site: "guarded-silo", To: "guarded-shop", Product: "wheat", Quantity: massbalance.Kilograms(600)}))
	receive := moving("guard-5", massbalance.Receive{Site: "guarded-shop", Transfer: "growers/guard-4", Quantity: massbalance.Kilograms(600)})
	refused("brand", allPeers[:3], receive)   // without the receiver, which owns the site too
	refused("brand", withoutGrowers, receive) // without the sender
	refused("brand", append([]string{"peer.certifier"}, allPeers[1:3]...), receive)
	accepted("brand", allPeers, receive)

	// A member joins. The next entry guards the site anew, which needs the owner by
	// the policy of before; and so does the one after it, by the new policy.
	joins := massbalance.RegisterOrganisation{Member: massbalance.Member{Organisation: "auditor", Name: "Second certification body", Role: massbalance.Certification}}
	for _, org := range []string{"growers", "miller", "brand"} {
		accepted(org, allPeers, massbalance.Command{ID: "guard-6", Body: joins})
	}
	before := guardedBy(t, network, "guarded-silo")
	for _, id := range []string{"guard-7", "guard-8"} {
		take := moving(id, massbalance.TakeIn{Site: "guarded-silo", Product: "wheat", Quantity: massbalance.Kilograms(1), Evidence: massbalance.EvidenceID(id)})
		refused("growers", withoutGrowers, take)
		accepted("growers", allPeers[:3], take)
	}
	require.Eventually(t, func() bool { return guardedBy(t, network, "guarded-silo") == before+1 }, time.Minute, 50*time.Millisecond)
}

// guardedBy is the version of the membership by which a site is guarded.
func guardedBy(t *testing.T, network *consortium.Network, site string) int {
	var books struct{ Head struct{ Guarded int } }
	require.Equal(t, http.StatusOK, fetch(t, network.GatewayURL("growers")+"/api/v1/sites/"+site, &books))
	return books.Head.Guarded
}
