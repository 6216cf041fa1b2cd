package massbalance_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// This file holds the common register of a random season: who asked for what
// content how often, and what was in force before.

// register is the common register in a few maps.
type register struct {
	trading  []OrganisationID
	versions map[string]int     // in force, by kind and name
	wishes   map[string]*wish   // by content
	drawn    []*wish            // in the order in which they were drawn first
	flour    int64              // of 100 g of wheat, by the recipe in force
	profile  *Profile           // of the scheme, nil if none is in force
	spare    *ledger            // who signs with the key that is not in force
	sites    map[SiteID]*branch // registered during the season
	projects map[ProjectID]bool
}

// wish is content that members ask for.
type wish struct {
	body    Body
	what    string
	version int
	by      map[OrganisationID]bool
	adopted bool
	// refused is what is wrong with it whoever asks; backwards is noticed after
	// all else.
	refused   Code
	backwards bool
	removes   OrganisationID // a member
	effect    func()
}

func newRegister(spare *ledger) register {
	return register{
		trading: []OrganisationID{"growers", "miller", "manufacturer", "brand"}, flour: 72, spare: spare,
		versions: map[string]int{
			"rules": 1, "product wheat": 1, "product flour": 1, "recipe milling": 1, "certifier": 1, "organisation brand": 1,
		},
		wishes: map[string]*wish{}, sites: map[SiteID]*branch{}, projects: map[ProjectID]bool{},
	}
}

func (r register) member(org OrganisationID) bool { return slices.Contains(r.trading, org) }

// sender draws a member that trades, and now and then somebody else.
func (m *model) sender(t *rapid.T) OrganisationID {
	if one(t, 12) {
		return []OrganisationID{"certifier", "outsider", "trader0"}[die(t, 3)]
	}
	return m.trading[die(t, len(m.trading))]
}

// submit sends what any trading member may send.
func (m *model) submit(t *rapid.T, body Body, expected Code) (OrganisationID, bool) {
	org := m.sender(t)
	if !m.member(org) {
		expected = NotMember
	}
	_, ok := m.give(t, org, body, expected)
	return org, ok
}

// Vote lets one member, or all in turn, ask for a change: mostly one that was
// asked for before and is not adopted.
func (m *model) Vote(t *rapid.T) {
	w := m.wish(t)
	if one(t, 3) {
		m.ask(t, m.sender(t), w)
		return
	}
	for _, org := range slices.Clone(m.trading) {
		m.ask(t, org, w)
	}
}

// Prepare adopts a profile and registers a site, so that a season can begin with
// what few would come to by chance.
func (m *model) Prepare(t *rapid.T) {
	m.adoptProfile(t)
	m.give(t, "manufacturer", RegisterSite{Site: "depot", Name: "a site", Country: "FR", Region: "FRF2"}, Accepted)
	m.sites["depot"] = &branch{owner: "manufacturer"}
}

// adoptProfile lets all ask for a profile that has a product group.
func (m *model) adoptProfile(t *rapid.T) {
	w := m.content("profile", m.versions["profile"]+1, []int{0, 2, 4, 6}[die(t, 4)])
	for _, org := range slices.Clone(m.trading) {
		m.ask(t, org, w)
	}
}

func (m *model) wish(t *rapid.T) *wish {
	pending := slices.DeleteFunc(slices.Clone(m.drawn), func(w *wish) bool { return w.adopted })
	if one(t, 8) {
		pending = m.drawn
	}
	if len(pending) > 0 && one(t, 2) {
		return rapid.SampledFrom(pending).Draw(t, "asked before")
	}
	kind := []string{"organisation", "rules", "product", "recipe", "baseline", "certifier", "profile", "removal", "cosigner"}[die(t, 9)]
	variant := die(t, 8)
	version := m.versions[about(kind, variant)] + []int{1, 1, 1, 1, 1, 0, 2}[die(t, 7)]
	return m.content(kind, version, variant)
}

// content is a wish for a version of something. The variant says what exactly it
// is about, and tells two contents of one version apart.
func (m *model) content(kind string, version, variant int) *wish {
	switch kind {
	case "removal":
		// Nothing but the member and the version tells two removals apart.
		version, variant = max(version, 2), variant%len(removable)
	case "rules":
		variant = 0
	}
	w := &wish{what: about(kind, variant), version: max(version, 1), by: map[OrganisationID]bool{}, effect: func() {}}
	key := fmt.Sprintf("%s %s %d %d", kind, w.what, w.version, variant)
	if known := m.wishes[key]; known != nil {
		return known
	}
	m.write(w, kind, variant)
	m.wishes[key], m.drawn = w, append(m.drawn, w)
	return w
}

// ask predicts what becomes of a member's wish.
func (m *model) ask(t *rapid.T, org OrganisationID, w *wish) {
	current, expected := m.versions[w.what], Accepted
	switch {
	case w.refused == InvalidCommand:
		expected = InvalidCommand
	case !m.member(org):
		expected = NotMember
	case w.refused != "":
		expected = w.refused
	case w.removes != "" && (current == 0 || !m.member(w.removes) && w.version > current):
		expected = NotFound
	case w.version > current+1:
		expected = VersionNotNext
	case w.version <= current && !w.adopted:
		expected = AlreadyExists
	case w.backwards:
		expected = ConversionBackwards
	}
	result, ok := m.give(t, org, w.body, expected)
	if !ok {
		return
	}
	w.by[org] = true
	asked := 0
	for _, org := range m.trading {
		if w.by[org] {
			asked++
		}
	}
	if !w.adopted && 2*asked > len(m.trading) {
		w.adopted, m.versions[w.what] = true, w.version
		w.effect()
	}
	require.Equal(t, !w.adopted, result.Pending)
}

// removable are the members that removals are about.
var removable = []string{"trader0", "trader1", "nobody"}

// about is the kind and the name of what a content is about. Not all of them
// can be had: there is no gold, and no certifier that trades.
func about(kind string, variant int) string {
	names := map[string][]string{
		"removal":      removable,
		"organisation": {"trader0", "trader1", "brand"},
		"product":      {"wheat", "rye"},
		"recipe":       {"milling", "milling", "unmilling", "alchemy"},
		"baseline":     {"wheat", "wheat", "gold"},
		"cosigner":     {"certifier", "nobody"},
		"certifier":    {"", "", "", "", "", "", "brand", "nobody"},
	}[kind]
	if kind == "removal" {
		kind = "organisation" // of which it is a version
	}
	if len(names) == 0 || names[variant%len(names)] == "" {
		return kind
	}
	return kind + " " + names[variant%len(names)]
}

// write fills the content in.
func (m *model) write(w *wish, kind string, variant int) {
	text := fmt.Sprintf("variant %d", variant)
	_, name, _ := strings.Cut(w.what, " ")
	switch kind {
	case "organisation":
		w.body = RegisterOrganisation{Member{Organisation: OrganisationID(name), Name: text, Role: Trading, Version: w.version}}
		w.effect = func() {
			if !m.member(OrganisationID(name)) {
				m.trading = append(m.trading, OrganisationID(name))
			}
		}
	case "removal":
		w.removes = OrganisationID(name)
		w.body = RemoveOrganisation{w.removes, w.version}
		w.effect = func() {
			m.trading = slices.DeleteFunc(slices.Clone(m.trading), func(org OrganisationID) bool { return org == w.removes })
		}
	case "rules":
		w.body = AdoptRules{w.version}
		if w.version > RulesVersion {
			w.refused = NotFound
		} else if w.version < 2 {
			w.refused = InvalidCommand
		}
	case "product":
		caps := []YieldCap{{Region: "FRF2", PerHectare: kg("9000"), Source: text}}
		w.body = RegisterProduct{Product{ID: ProductID(name), Name: text, Version: w.version, YieldCaps: caps}}
	case "recipe":
		m.writeRecipe(w, name, variant)
	case "baseline":
		w.body = RegisterBaseline{Baseline{Product: ProductID(name), Region: "FRF2", Intensity: intensity("0.4"), Source: text, Version: w.version}}
		if name == "gold" {
			w.refused = NotFound
		}
	case "cosigner":
		w.body = RegisterCosigner{Cosigner{Organisation: OrganisationID(name), Key: LogKey{1, byte(variant)}, Version: w.version}}
		if name == "nobody" {
			w.refused = NotFound
		}
	case "certifier":
		m.writeCertifier(w, name, variant)
	case "profile":
		m.writeProfile(w, variant)
	}
}

func (m *model) writeRecipe(w *wish, name string, variant int) {
	flour := int64(72)
	if variant >= 4 {
		flour = 65
	}
	r := Recipe{ID: RecipeID(name), Input: "wheat", Source: fmt.Sprint(variant), Version: w.version, Outputs: []RecipeOutput{
		{Product: "flour", Factor: ratio(fmt.Sprintf("0.%d", flour))}, {Product: "bran", Factor: ratio("0.28")},
	}}
	switch name {
	case "milling":
		w.effect = func() { m.flour = flour }
	case "unmilling":
		r.Input, r.Outputs[0].Product, w.backwards = "flour", "wheat", true
	case "alchemy":
		r.Outputs[0].Product, w.refused = "gold", NotFound
	}
	w.body = RegisterRecipe{r}
}

// writeCertifier replaces the certifier's key by the one it is not signing with
// when the content is written.
func (m *model) writeCertifier(w *wish, name string, variant int) {
	c := Certifier{ID: "certifier", Version: w.version, Keys: []SigningKey{{ID: "k1", Point: m.spare.point()}, {ID: KeyID(fmt.Sprintf("v%d", variant)), Point: m.spare.point()}}}
	switch name {
	case "brand":
		c.ID, w.refused = "brand", NotOwner
	case "nobody":
		c.ID, w.refused = "nobody", NotFound
	}
	next := m.spare.key
	w.effect = func() {
		if m.key != next {
			m.key, m.spare = next, &ledger{t: m.t, key: m.key}
		}
	}
	w.body = RegisterCertifier{c}
}

// writeProfile writes a profile that differs from the plain one in how figures
// merge, in product groups, and in how much is claimed without an audit.
func (m *model) writeProfile(w *wish, variant int) {
	p := profile(func(p *Profile) {
		p.Name, p.Version, p.ReversalDays, p.PeriodMonths = fmt.Sprintf("Variant %d", variant), w.version, ReversalWindowDays, []int{1, 3}
		p.Carbon = []CarbonMerge{CarbonHighest, CarbonKeepSeparate, CarbonWeightedMean, CarbonWeightedMean}[variant%4]
		if variant%4 != 1 {
			p.ProductGroups = []ProductGroup{{"wheat-based", []ProductID{"flour", "wheat"}}}
		}
		if variant >= 4 {
			p.AuditUnits = 10
			p.Sources = append(p.Sources, ProfileSource{"auditUnits", "test", TrustDecision})
		}
	})
	w.body = RegisterProfile{p}
	w.effect = func() { m.profile = &p }
}
