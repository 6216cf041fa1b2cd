package contract

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// mill is a ledger with one open site.
func mill(t testing.TB) massbalance.Memory {
	state := massbalance.Memory{}
	send(t, state,
		massbalance.FoundConsortium{Members: []massbalance.Member{{Organisation: "miller", Name: "Miller", Role: massbalance.Trading}}},
		massbalance.RegisterProduct{Product: massbalance.Product{ID: "wheat", Name: "Wheat", YieldCaps: []massbalance.YieldCap{{Region: "DE-BB", PerHectare: massbalance.Kilograms(9000), Source: "test"}}}},
		massbalance.RegisterSite{Site: "mill", Name: "Mill", Country: "DE", Region: "DE-BB"},
		massbalance.OpenPeriod{Site: "mill", Period: "2026", From: "2026-01-01", To: "2026-12-31"},
	)
	return state
}

// send executes commands of the miller, all of which must be accepted.
func send(t testing.TB, state massbalance.Memory, bodies ...massbalance.Body) {
	var commands []massbalance.Command
	for i, body := range bodies {
		c, err := wire.NewCommand(massbalance.Command{ID: massbalance.CommandID(fmt.Sprintf("%d-%d", len(state), i)), Date: "2026-08-03", Body: body})
		require.NoError(t, err)
		commands = append(commands, c)
	}
	o, err := massbalance.ExecuteBatch(state, massbalance.Tx{ID: "0", Organisation: "miller"}, commands)
	require.NoError(t, err)
	for _, r := range o.Results {
		require.Equal(t, massbalance.Accepted, r.Code, r.Message)
	}
	state.Apply(o.Writes)
}

// verified publishes the statement of a certifier for so many hectares.
func verified(t testing.TB, state massbalance.Memory, hectares string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	point, err := wire.PublicKey(&key.PublicKey)
	require.NoError(t, err)
	certificate, err := wire.SignCertificate(massbalance.Certificate{
		ID: "CERT-1", Certifier: "certifier", Scheme: "low-carbon", Holder: "miller", Sites: []massbalance.SiteID{"mill"},
		Products: []massbalance.ProductID{"wheat"}, ValidFrom: "2026-01-01", ValidTo: "2026-12-31",
	}, "k1", key)
	require.NoError(t, err)
	area, err := massbalance.ParseHectares(hectares)
	require.NoError(t, err)
	fossil, err := massbalance.ParseIntensity("0.294")
	require.NoError(t, err)
	statement, err := wire.SignStatement(massbalance.Statement{
		ID: "VS-1", Certifier: "certifier", Certificate: "CERT-1", Holder: "miller", Site: "mill", Producer: "Farm", Product: "wheat",
		Quantity: massbalance.Kilograms(1_000_000_000), Area: area, Issued: "2026-08-01",
		Characteristics: massbalance.Characteristics{
			Scheme: "low-carbon", Country: "DE", Region: "DE-BB", Vintage: 2026, Practices: []string{"cover-crops", "no-till"},
			Carbon: massbalance.Carbon{Fossil: massbalance.CarbonFigure{Intensity: fossil, Method: "measured"}},
		},
	}, "k1", key)
	require.NoError(t, err)
	send(t, state,
		massbalance.RegisterOrganisation{Member: massbalance.Member{Organisation: "certifier", Name: "Certifier", Role: massbalance.Certification}},
		massbalance.RegisterCertifier{Certifier: massbalance.Certifier{ID: "certifier", Keys: []massbalance.SigningKey{{ID: "k1", Point: point}}}},
		massbalance.PublishCertificate{Document: certificate}, massbalance.PublishStatement{Document: statement},
	)
}

// arriving are n commands as a weighbridge gives them, one for each ticket.
func arriving(n int, body func(massbalance.EvidenceID) massbalance.Body) []massbalance.Command {
	var commands []massbalance.Command
	for i := range n {
		id := fmt.Sprintf("ticket-%d", i)
		commands = append(commands, massbalance.Command{ID: massbalance.CommandID(id), Date: "2026-08-03", Period: "2026", By: "clerk", Body: body(massbalance.EvidenceID(id))})
	}
	return commands
}

// tickets take in what has no statement.
func tickets(n int) []massbalance.Command {
	return arriving(n, func(id massbalance.EvidenceID) massbalance.Body {
		return massbalance.TakeIn{Site: "mill", Product: "wheat", Quantity: massbalance.Kilograms(27340), Supplier: "Farm", Evidence: id}
	})
}

// noted remembers which keys were read.
type noted struct {
	massbalance.View
	seen map[massbalance.Key]bool
}

func (n noted) Get(key massbalance.Key) (massbalance.Value, error) {
	n.seen[key] = true
	return n.View.Get(key)
}

// What is fetched beforehand is read anyway: it adds nothing to what a
// transaction depends on.
func TestNamesAreRead(t *testing.T) {
	view := noted{mill(t), map[massbalance.Key]bool{}}
	commands := tickets(3)
	_, err := massbalance.ExecuteBatch(view, massbalance.Tx{ID: "1", Organisation: "miller"}, commands)
	require.NoError(t, err)
	for _, c := range commands {
		for _, key := range massbalance.Names("miller", c) {
			require.True(t, view.seen[key], "%v is fetched but not read", key)
		}
	}
}

// BenchmarkIntakes is what an endorsement of 200 tickets costs the chaincode,
// Fabric's own part left out.
func BenchmarkIntakes(b *testing.B) { benchmarkApply(b, mill(b), tickets(200)) }

// BenchmarkIntroductions is the same of 200 tickets on one statement.
func BenchmarkIntroductions(b *testing.B) {
	state := mill(b)
	verified(b, state, "1000000")
	benchmarkApply(b, state, arriving(200, func(id massbalance.EvidenceID) massbalance.Body {
		return massbalance.Introduce{Site: "mill", Certifier: "certifier", Statement: "VS-1", Quantity: massbalance.Kilograms(27340), Model: massbalance.MassBalance, Evidence: id}
	}))
}

// benchmarkApply endorses the same commands over the same state again and again,
// under the latest rules and with pages.
func benchmarkApply(b *testing.B, state massbalance.Memory, commands []massbalance.Command) {
	for version := 2; version <= massbalance.RulesVersion; version++ {
		send(b, state, massbalance.AdoptRules{Version: version})
	}
	peer := &peerStub{committed: map[string][]byte{}, written: map[string][]byte{}, policies: map[string][]byte{}, msp: "miller", txID: "1"}
	consortium := state[massbalance.ConsortiumKey()].(massbalance.Consortium)
	consortium.Paged = true
	state[massbalance.ConsortiumKey()] = consortium
	var writes []massbalance.Write
	for key, value := range state {
		writes = append(writes, massbalance.Write{Key: key, Value: value})
	}
	stored, err := wire.StoreOver(massbalance.Memory{}, writes)
	require.NoError(b, err)
	for _, s := range stored {
		peer.committed[s.Key] = s.Value
	}
	batch, err := wire.FormatBatch(commands)
	require.NoError(b, err)
	ctx := new(contractapi.TransactionContext)
	ctx.SetStub(peer)
	b.ReportAllocs()
	for b.Loop() {
		answer, err := new(Contract).Apply(ctx, string(batch))
		require.NoError(b, err)
		require.NotContains(b, answer, `"message"`)
	}
}
