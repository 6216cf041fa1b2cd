package testnetwork_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/store/postgrestest"
	"github.com/weighbridge/weighbridge/network/consortium"
)

// gatewaysShareADatabase kills one of two gateways that share a database of
// PostgreSQL, in the middle of it all and for good. What it had answered with 202
// is carried on by the other one: all of it, and nothing twice.
func gatewaysShareADatabase(t *testing.T, network *consortium.Network, offset int) {
	database := postgrestest.Start(t).Database("miller")
	first := &twin{t: t, network: network, name: "shared-1", port: 8152 + offset, database: database}
	second := &twin{t: t, network: network, name: "shared-2", port: 8153 + offset, database: database}
	first.letIn()
	token, err := os.ReadFile(filepath.Join(first.data(), "token"))
	require.NoError(t, err)
	second.known(string(token)) // it is one store
	require.NoError(t, os.MkdirAll(second.data(), 0o700))
	for _, gateway := range []*twin{first, second} {
		gateway.start()
		t.Cleanup(gateway.kill)
	}
	load := &load{t: t, name: "k", site: "silo", gateways: []string{first.url(), second.url()}}
	end := load.begin()
	load.await(300)
	first.kill()
	load.await(150)
	end()
	require.NotEmpty(t, load.batches[first.url()])
	load.batches = map[string][]string{second.url(): append(load.batches[first.url()], load.batches[second.url()]...)}
	load.gateways = []string{second.url()}
	load.check()
}

// peerHangsAndLags stops an endorsing peer in its tracks, and lets it go on with
// many blocks to catch up. Nobody else is kept from booking, by neither.
func peerHangsAndLags(t *testing.T, network *consortium.Network) {
	load := &load{t: t, name: "h", site: "port", gateways: []string{network.GatewayURL("miller")}}
	end := load.begin()
	load.await(100)
	goOn, err := network.HaltNode("peer.brand")
	require.NoError(t, err)
	t.Cleanup(func() { _ = goOn() }) // where it fails before
	for n := range 3 {
		began := time.Now()
		id := massbalance.CommandID([]string{"while-1", "while-2", "while-3"}[n])
		for _, a := range settled(t, network.GatewayURL("miller"), massbalance.Command{ID: id, Date: "2026-08-03", Period: "2026", Body: massbalance.TakeIn{
			Site: "mill", Product: "wheat", Quantity: massbalance.Kilograms(1), Supplier: "Farm", Evidence: massbalance.EvidenceID(id)}}) {
			require.Equal(t, massbalance.Accepted, a.Code, a.Message)
		}
		t.Logf("a command took %s while a peer hung", time.Since(began).Round(time.Millisecond))
	}
	load.await(300)
	require.NoError(t, goOn())
	load.await(300) // it endorses again, from what it had before
	end()
	load.check()
}
