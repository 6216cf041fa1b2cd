package console_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// proposes fills in a proposal of growers' and gives what the page says of it.
func (s *served) proposes(query string, more ...string) (string, url.Values) {
	s.t.Helper()
	_, values := s.drawn("/do/propose?" + query)
	page, _ := s.fill("/do/propose", values, append(more, "do", "try")...)
	return said(page), values
}

// Members change the register by fields, see what would change, and vote.
func TestMembersProposeAndVote(t *testing.T) {
	d := newDesks(t)
	growers, _ := d.of("growers")
	miller, _ := d.of("miller")
	page, values := growers.proposes("type=register_product&entry=%2B", "id", "oats", "name", "Oats", "moisture", "14.5",
		"caps.0.region", "DE-BB", "caps.0.kg", "6 000", "caps.0.source", "State statistics office")
	require.Contains(t, page, "Your vote would be number 1 of 3 that are needed.")
	require.Contains(t, page, "product › yield caps › DE-BB › per hectare 6000")
	require.Contains(t, page, "product › reference moisture 29/200")
	require.Contains(t, growers.books("/do/propose", values), "One of several approvals")
	register, _ := miller.get("/register", http.StatusOK)
	link := regexp.MustCompile(`/do/vote\?[^"]*`).FindString(register)
	require.NotEmpty(t, link)
	vote, values := miller.drawn(html.UnescapeString(link))
	require.Contains(t, said(vote), "Asked for by Growers' Co-operative.")
	require.Contains(t, said(vote), "What would change", "who votes sees it too")
	require.Contains(t, miller.books("/do/vote", values, "sure", "yes"), "Product registered")
}

// What is on the register gets its next version: its fields begin with what is in
// force, and only what differs is named.
func TestTheNextVersionBeginsWithTheOneInForce(t *testing.T) {
	d := newDesks(t)
	growers, _ := d.of("growers")
	page, values := growers.proposes("type=register_product&entry=wheat", "caps.0.kg", "9500")
	require.Contains(t, page, "product › yield caps › DE-BB › per hectare 9000 9500")
	require.Contains(t, page, "product › version 2")
	require.NotContains(t, page, "product › name", "it stays as it is")
	page, _ = growers.fill("/do/propose", values, "caps.0.region", "", "caps.0.kg", "", "caps.0.source", "", "do", "draw")
	require.Empty(t, fields(page).Get("caps.0.region"), "what is taken out stays out")
	page, _ = growers.proposes("type=register_product&entry=wheat", "caps.0.kg", "many")
	require.Contains(t, page, `Yield: "many" is not a number`)

	page, values = growers.proposes("type=register_recipe&entry=milling", "outputs.0.factor", "73", "outputs.1.factor", "27")
	require.Equal(t, "73", values.Get("outputs.0.factor"))
	require.Contains(t, page, "recipe › outputs › wheat-flour › factor 18/25 73/100")
	page, _ = growers.proposes("type=register_recipe&entry=milling", "outputs.0.factor", "3/4")
	require.Contains(t, page, "factors add up to", "the rules refuse to make mass")
}

func TestEachKindOfProposalHasItsFields(t *testing.T) {
	d := newDesks(t)
	growers, _ := d.of("growers")
	page, _ := growers.proposes("type=register_organisation&entry=miller", "name", "Oderbruch Mills SE")
	require.Contains(t, page, "member › name Oderbruch Mills Oderbruch Mills SE")
	page, _ = growers.proposes("type=remove_organisation&entry=brand")
	require.Contains(t, page, "Tick it to go on")
	page, _ = growers.proposes("type=remove_organisation&entry=brand", "sure", "yes")
	require.Contains(t, page, "member › role trading former")
	page, _ = growers.proposes("type=register_certifier&entry=certifier", "keys.1.id", "2026-2", "keys.1.point", "AAAA")
	require.Contains(t, page, "uncompressed P-256 point of 65 bytes")
	page, _ = growers.proposes("type=register_cosigner&entry=growers", "key", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE")
	require.Contains(t, page, "The rules accept this")
	page, _ = growers.proposes("type=register_baseline&entry=%2B", "product", "wheat", "region", "DE-BB", "intensity", "0,42", "source", "National inventory")
	require.Contains(t, page, "baseline › intensity 0.42")
	page, _ = growers.proposes("type=adopt_finding", "id", "FF-1", "certifier", "certifier", "statement", "VS-2026-013", "reason", "forged")
	require.Contains(t, page, "The rules accept this")
	page, _ = growers.proposes("type=adopt_rules", "sure", "yes")
	require.Contains(t, page, "version 1 2", "the rules in force, and the next")
}

// A scheme's profile is adopted from fields, and from a file as somebody sent it.
func TestASchemesProfileIsAdopted(t *testing.T) {
	d := newDesks(t)
	growers, _ := d.of("growers")
	file, err := os.ReadFile("../../test-network/profiles/iscc-plus.json")
	require.NoError(t, err)
	body, err := json.Marshal(map[string]json.RawMessage{"profile": file})
	require.NoError(t, err)
	_, values := growers.drawn("/do/propose?type=json")
	growers.books("/do/propose", values, "kind", "register_profile", "content", string(body))
	register, _ := growers.get("/register", http.StatusOK)
	require.Contains(t, register, "profile/iscc-plus")
	for _, org := range []massbalance.OrganisationID{ledgertest.Miller, ledgertest.Manufacturer} {
		s, _ := d.of(org)
		register, _ := s.get("/register", http.StatusOK)
		_, values := s.drawn(html.UnescapeString(regexp.MustCompile(`/do/vote\?[^"]*`).FindString(register)))
		s.books("/do/vote", values, "sure", "yes")
	}
	page, values := growers.proposes("type=register_profile&entry=iscc-plus", "months:1", "yes", "months:2", "yes", "months:3", "", "models:mass_balance", "yes", "tolerance", "1")
	require.Contains(t, page, "profile › stock tolerance 1/200 1/100")
	require.Contains(t, page, "profile › period months › 3 3 taken out")
	require.Equal(t, "iscc-plus", values.Get("entry"))
	page, _ = growers.proposes("type=register_profile&entry=%2B", "scheme", "house", "name", "House rules", "models:mass_balance", "yes")
	require.Contains(t, page, "Unit: Say where it comes from", "every value needs a source")
}
