// Package testnetwork_test tries the whole of Weighbridge on a real network.
package testnetwork_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/network/consortium"
)

// portOffset keeps the test's network off a developer's own.
const portOffset = 16000

func TestOnARealNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	options := consortium.Options{State: filepath.Join(t.TempDir(), "state"), PortOffset: portOffset, Progress: t.Output(), WithoutGateways: true}
	t.Cleanup(func() { require.NoError(t, consortium.Wipe(context.WithoutCancel(ctx), options)) })
	network, err := consortium.Up(ctx, options)
	require.NoError(t, err)
	t.Cleanup(network.Close)
	for _, org := range []string{"growers"} {
		results, err := apply(t, network, org, allPeers[:3], massbalance.Command{ID: "found", Body: massbalance.FoundConsortium{Members: []massbalance.Member{
			{Organisation: "growers", Name: "G", Role: massbalance.Trading}, {Organisation: "miller", Name: "G", Role: massbalance.Trading},
			{Organisation: "manufacturer", Name: "G", Role: massbalance.Trading}, {Organisation: "brand", Name: "G", Role: massbalance.Trading},
			{Organisation: "certifier", Name: "G", Role: massbalance.Certification}}}})
		require.NoError(t, err)
		t.Log(results)
	}
	for _, org := range []string{"growers", "miller", "brand"} {
		_, err := apply(t, network, org, allPeers, massbalance.Command{ID: "wheat", Body: massbalance.RegisterProduct{Product: massbalance.Product{ID: "wheat", Name: "W"}}})
		require.NoError(t, err)
	}
	t.Run("owners must endorse", func(t *testing.T) { ownersMustEndorse(t, network) })
}
