package testnetwork_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/network/consortium"
	"github.com/weighbridge/weighbridge/test-network/season"
)

// The prices of the story are numbers that stand nowhere else.
const (
	askedPrice  = "44.182736"
	agreedPrice = "39.654321"
)

// tradeKeepsItsPrice goes from an offer over a counter-offer to a settled period
// on real peers, and then looks for the prices in everything that the others have.
func tradeKeepsItsPrice(t *testing.T, network *consortium.Network, state string) {
	growers, miller, brand := network.GatewayURL("growers"), network.GatewayURL("miller"), network.GatewayURL("brand")
	lot := harvestToTrade(t, network)
	var a answer
	trade(t, growers, "offers", map[string]any{"id": "trade-offer", "date": "2026-08-03", "offer": map[string]any{
		"expires": "2026-08-31", "proposals": []any{proposed(askedPrice)},
	}}, &a)
	trade(t, miller, "counters", map[string]any{
		"id": "trade-counter", "date": "2026-08-03", "offer": "growers/trade-offer", "round": 1, "expires": "2026-08-31", "proposal": proposed(agreedPrice),
	}, &a)
	otherTermsAreRefused(t, growers)
	trade(t, growers, "acceptances", map[string]any{"id": "trade-accept", "date": "2026-08-04", "offer": "growers/trade-offer", "buyer": "miller"}, &a)

	moving := func(id string, body massbalance.Body) massbalance.Command {
		return massbalance.Command{ID: massbalance.CommandID(id), Date: "2026-08-05", Period: "traded", Body: body}
	}
	accepted(t, growers, moving("trade-ship", massbalance.Dispatch{
		Site: "trade-silo", To: "trade-mill", Product: "wheat", Quantity: massbalance.Kilograms(18000), Agreement: "growers/trade-accept",
		Lines: []massbalance.LotLine{{Lot: lot, Quantity: massbalance.Kilograms(18000)}},
	}))
	accepted(t, miller, moving("trade-receive", massbalance.Receive{Site: "trade-mill", Transfer: "growers/trade-ship", Quantity: massbalance.Kilograms(17990), Evidence: "trade-WB"}))

	callOffsAreRefused(t, network, lot, moving)

	// 17.99 t at 39.654321 are 713.38; 2.01 t short of 20 at 5.00 are 10.05.
	path := "/api/v1/trade/agreements/growers/trade-accept/periods/1/statement"
	for _, party := range []string{growers, miller} {
		says(t, party+path, `"due":"703.33"`)
	}
	_, _, ours := get(t, growers+path)
	_, _, theirs := get(t, miller+path)
	require.Equal(t, ours, theirs)
	for _, org := range []string{"growers", "miller"} {
		trade(t, network.GatewayURL(org), "settlements", map[string]any{"id": "trade-settle", "date": "2026-09-01", "agreement": "growers/trade-accept", "period": 1}, &a)
	}
	says(t, brand+"/api/v1/settlements?agreement=growers/trade-accept", `"agreed":"2026-09-01"`)
	status, _, _ := get(t, brand+path)
	require.Equal(t, http.StatusForbidden, status)
	nobodyElseHas(t, state, []string{"growers", "miller"}, askedPrice, agreedPrice, `"perTonne":"11.00"`, `"perTonne":"12.50"`)
	nobodyElseHas(t, state, []string{"brand", "manufacturer"}, `"perTonne":"18.50"`, `"perTonne":"21.00"`)
}

// otherTermsAreRefused: who accepts something else than what was proposed makes
// no agreement.
func otherTermsAreRefused(t *testing.T, growers string) {
	says(t, growers+"/api/v1/negotiations?offer=growers/trade-offer", `"round":2`)
	refused(t, growers, massbalance.Command{ID: "trade-other", Date: "2026-08-04", Body: massbalance.AcceptOffer{
		Offer: "growers/trade-offer", Buyer: "miller", Round: 2, Terms: massbalance.Digest{1},
		Commitment: massbalance.Commitment{
			Product: "wheat", Salt: massbalance.Digest{2}, Specification: massbalance.Specification{Model: massbalance.MassBalance},
			Periods: []massbalance.SupplyPeriod{{From: "2026-08-01", To: "2026-08-31", Maximum: massbalance.Kilograms(99000)}},
		},
	}}, massbalance.TermsDiffer, "", "miller proposed terms")
}

// callOffsAreRefused tries what the agreement does not allow: each refusal has
// its code and its figures, and nobody had to know the price.
func callOffsAreRefused(t *testing.T, network *consortium.Network, lot massbalance.LotID, moving func(string, massbalance.Body) massbalance.Command) {
	growers := network.GatewayURL("growers")
	ship := func(lot massbalance.LotID, kg int64) massbalance.Dispatch {
		return massbalance.Dispatch{
			Site: "trade-silo", To: "trade-mill", Product: "wheat", Quantity: massbalance.Kilograms(kg), Agreement: "growers/trade-accept",
			Lines: []massbalance.LotLine{{Lot: lot, Quantity: massbalance.Kilograms(kg)}},
		}
	}
	refused(t, growers, moving("trade-off", ship("growers/trade-elsewhere/1", 1000)), massbalance.OffSpecification, "", "is from region UKE1, agreed are [UKH1]")
	refused(t, growers, moving("trade-more", ship(lot, 8000)), massbalance.ExceedsAgreement, "have 7000, need 8000, short 1000", "from 2026-08-01 to 2026-08-31")
	late := moving("trade-late", ship(lot, 1000))
	late.Date = "2026-09-02"
	refused(t, growers, late, massbalance.AgreementExpired, "", "has no period that contains 2026-09-02")
	stranger := ship(lot, 1000)
	stranger.To = "bakery-leeds"
	refused(t, growers, moving("trade-stranger", stranger), massbalance.NotParty, "", "not between growers and manufacturer")
	third := massbalance.Command{ID: "trade-third", Date: "2025-12-30", Period: "2025-Q4", Body: massbalance.Dispatch{
		Site: "bakery-leeds", To: "trade-mill", Product: "flour", Quantity: massbalance.Kilograms(1000), Agreement: "growers/trade-accept",
	}}
	refused(t, network.GatewayURL("manufacturer"), third, massbalance.NotParty, "", "agreement growers/trade-accept is between growers and miller, not between manufacturer and miller")
}

// refused sends a command that the rules refuse, once the peers know what it is about.
func refused(t *testing.T, base string, c massbalance.Command, code massbalance.Code, figures, message string) {
	t.Helper()
	var a answer
	require.Eventually(t, func() bool {
		a = settled(t, base, c)[0]
		return a.Code != massbalance.NotFound && a.Code != massbalance.RoundNotNext
	}, time.Minute, 100*time.Millisecond)
	require.Equal(t, code, a.Code, a.Message)
	require.Contains(t, a.Message, message)
	said := ""
	if a.Figures != nil {
		said = "have " + a.Figures.Have + ", need " + a.Figures.Need + ", short " + a.Figures.Short
	}
	require.Equal(t, figures, said)
}

// says waits until a gateway has read what makes it answer so: each follows its
// own peer.
func says(t *testing.T, url, text string) {
	t.Helper()
	var body string
	require.Eventually(t, func() bool {
		_, _, body = get(t, url)
		return strings.Contains(body, text)
	}, time.Minute, 50*time.Millisecond, "%s never said %s", url, text)
}

func proposed(price string) map[string]any {
	return map[string]any{
		"buyer": "miller", "price": map[string]any{"currency": "EUR", "perTonne": price, "shortfall": "5.00"},
		"commitment": map[string]any{
			"product": "wheat", "specification": map[string]any{"model": "mass_balance", "regions": []string{"UKH1"}}, "salt": strings.Repeat("0", 64),
			"periods": []any{map[string]any{"from": "2026-08-01", "to": "2026-08-31", "minimum": "20000", "maximum": "25000"}},
		},
	}
}

// trade sends a request of trade until the peers of both parties have taken it.
func trade(t *testing.T, base, what string, request map[string]any, a *answer) {
	t.Helper()
	body, err := json.Marshal(request)
	require.NoError(t, err)
	var said string
	require.Eventually(t, func() bool {
		response, err := asking.Post(base+"/api/v1/trade/"+what, "application/json", bytes.NewReader(body))
		if err != nil {
			return false
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		said = string(text)
		return err == nil && response.StatusCode == http.StatusOK && json.Unmarshal(text, a) == nil
	}, time.Minute, 100*time.Millisecond, "%s: %s", what, &said)
	require.Equal(t, massbalance.Accepted, a.Code, said)
}

func accepted(t *testing.T, base string, c massbalance.Command) {
	t.Helper()
	for _, a := range settled(t, base, c) {
		require.Equal(t, massbalance.Accepted, a.Code, a.Message)
	}
}

// harvestToTrade brings wheat in at a site of its own, on a statement that is
// signed with a key that the members recognise for it.
func harvestToTrade(t *testing.T, network *consortium.Network) massbalance.LotID {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	point, err := wire.PublicKey(&key.PublicKey)
	require.NoError(t, err)
	s, err := season.Load(season.Files())
	require.NoError(t, err)
	certifier := s.Certifier
	certifier.Version, certifier.Keys = 2, append(certifier.Keys, massbalance.SigningKey{ID: "trade", Point: point})
	for _, org := range []string{"growers", "miller", "brand"} {
		accepted(t, network.GatewayURL(org), massbalance.Command{ID: "trade-key", Body: massbalance.RegisterCertifier{Certifier: certifier}})
	}
	for site, org := range map[massbalance.SiteID]string{"trade-silo": "growers", "trade-mill": "miller"} {
		accepted(t, network.GatewayURL(org), massbalance.Command{ID: "trade-site", Body: massbalance.RegisterSite{Site: site, Name: string(site), Country: "GB", Region: "UKH1"}})
		accepted(t, network.GatewayURL(org), massbalance.Command{ID: "trade-open", Body: massbalance.OpenPeriod{Site: site, Period: "traded", From: "2026-07-01", To: "2026-09-30"}})
	}
	certificate, err := wire.SignCertificate(massbalance.Certificate{
		ID: "trade-cert", Certifier: "certifier", Scheme: "arable-carbon-programme", Holder: "growers", Sites: []massbalance.SiteID{"trade-silo"},
		Products: []massbalance.ProductID{"wheat"}, ValidFrom: "2026-01-01", ValidTo: "2026-12-31",
	}, "trade", key)
	require.NoError(t, err)
	area, err := massbalance.ParseHectares("20")
	require.NoError(t, err)
	growers := network.GatewayURL("growers")
	accepted(t, growers, massbalance.Command{ID: "trade-certificate", Body: massbalance.PublishCertificate{Document: certificate}})
	// What is from elsewhere is not what will be agreed.
	for _, harvest := range []struct {
		id     massbalance.CommandID
		region string
		kg     int64
	}{{"trade-intake", "UKH1", 29400}, {"trade-elsewhere", "UKE1", 5000}} {
		statement, err := wire.SignStatement(massbalance.Statement{
			ID: massbalance.StatementID(harvest.id), Certifier: "certifier", Certificate: "trade-cert", Holder: "growers", Site: "trade-silo", Producer: "A farm", Product: "wheat",
			Quantity: massbalance.Kilograms(40000), Area: area, Issued: "2026-08-01",
			Characteristics: massbalance.Characteristics{Scheme: "arable-carbon-programme", Country: "GB", Region: harvest.region, Vintage: 2026},
		}, "trade", key)
		require.NoError(t, err)
		accepted(t, growers, massbalance.Command{ID: harvest.id + "-statement", Body: massbalance.PublishStatement{Document: statement}})
		accepted(t, growers, massbalance.Command{ID: harvest.id, Date: "2026-08-03", Period: "traded", Body: massbalance.Introduce{
			Site: "trade-silo", Certifier: "certifier", Statement: massbalance.StatementID(harvest.id), Quantity: massbalance.Kilograms(harvest.kg), Model: massbalance.MassBalance, Evidence: massbalance.EvidenceID(harvest.id),
		}})
	}
	return "growers/trade-intake/1"
}

// nobodyElseHas looks for figures in every file that the organisations' nodes
// keep, and in all logs: the two parties' peers have them, which shows that the
// search can find them, and nothing else has.
func nobodyElseHas(t *testing.T, state string, parties []string, figures ...string) {
	found := map[string]map[string]bool{}
	require.NoError(t, filepath.WalkDir(state, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil // files come and go while nodes run
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		content = append(content, unpacked(content)...)
		for _, figure := range figures {
			if !bytes.Contains(content, []byte(figure)) {
				continue
			}
			name, err := filepath.Rel(state, path)
			require.NoError(t, err)
			if found[figure] == nil {
				found[figure] = map[string]bool{}
			}
			found[figure][owner(name)] = true
		}
		return nil
	}))
	peers := map[string]bool{}
	for _, party := range parties {
		peers["organisations/"+party+"/peer"] = true
	}
	for _, figure := range figures {
		require.Equal(t, peers, found[figure], "who has %s", figure)
	}
}

// owner is the part of a file's name that says whose it is: of an organisation's
// files the node, of others the folder.
func owner(name string) string {
	parts := strings.Split(filepath.ToSlash(name), "/")
	if parts[0] == "organisations" && len(parts) > 2 {
		return strings.Join(parts[:3], "/")
	}
	return name
}

// unpacked is what stands in a file in gzip, as long batches do in blocks.
func unpacked(content []byte) (all []byte) {
	for at := 0; ; at++ {
		next := bytes.Index(content[at:], []byte{0x1f, 0x8b, 8})
		if next < 0 {
			return all
		}
		at += next
		reader, err := gzip.NewReader(bytes.NewReader(content[at:]))
		if err != nil {
			continue
		}
		reader.Multistream(false)
		batch, _ := io.ReadAll(reader) // as far as it goes: much looks like gzip and is none
		all = append(all, batch...)
	}
}
