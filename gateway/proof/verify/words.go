package verify

import (
	"fmt"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Section is a part of what a statement says in plain words.
type Section struct {
	Title string
	Lines []string
}

// Words tells a statement to people who have never heard of a ledger.
func (s Statement) Words() []Section {
	return []Section{
		{"The claim", s.wordsOfClaim()},
		{"How it stands", s.wordsOfStanding()},
		{"Where it comes from", s.wordsOfFarms()},
		{"Carbon figures, as verified or computed by the rules", s.wordsOfCarbon()},
		{"The way from the farms to the claim", s.wordsOfWay()},
		{"Whom this rests on", s.wordsOfTrust()},
		{"What was checked here, and what nobody can check from this file", wordsOfLimits()},
	}
}

// Heading says in one line whether the claim stands.
func (s Statement) Heading() string {
	if s.Stands() {
		return "VERIFIED"
	}
	return "VERIFIED, BUT THE CLAIM DOES NOT STAND"
}

// Name is what people call a member, site or product, with its short name.
func (s Statement) Name(kind, id string) string {
	if name := s.Names[kind+" "+id]; name != "" && name != id {
		return fmt.Sprintf("%s (%s)", name, id)
	}
	return id
}

func (s Statement) wordsOfClaim() []string {
	c := s.Claim
	lines := []string{
		fmt.Sprintf("%s claims %s kg of %s for %s, reporting year %d.", s.Name("organisation", string(c.Organisation)), c.Quantity,
			s.Name("product", string(c.Product)), c.Beneficiary, c.ReportingYear),
		fmt.Sprintf("Claim %s, made on %s; purpose: %s.", c.ID, c.Date, c.Purpose),
		fmt.Sprintf("Custody model %s: %s", plain(string(c.Model)), c.Wording),
	}
	switch c.Traceability {
	case massbalance.TracedToLandUnit:
		lines = append(lines, fmt.Sprintf("Traced to the land unit %s in %s, %s.", c.LandUnit, c.Region, c.Country))
	case massbalance.TracedToRegion:
		lines = append(lines, fmt.Sprintf("Traced to the sourcing region %s, %s.", c.Region, c.Country))
	case massbalance.TracedToCountry:
		lines = append(lines, fmt.Sprintf("Traced to the country %s.", c.Country))
	default:
		lines = append(lines, "Not traced to any place.")
	}
	return append(lines, s.wordsOfCover()...)
}

// wordsOfCover tells what a claim stands in for.
func (s Statement) wordsOfCover() []string {
	if s.Covers == nil {
		return nil
	}
	c, f, share := s.Covers.Claim, s.Covers.Recall.Finding, s.Covers.Share
	lines := []string{fmt.Sprintf("It STANDS IN for claim %s of %s: %s kg of %s for %s, reporting year %d. Of that %s kg rest on statement %s of %s, recalled by finding %s of %s (%s); %s kg are covered by now, %s of them by this claim.",
		c.ID, s.Name("organisation", string(c.Organisation)), c.Quantity, s.Name("product", string(c.Product)), c.Beneficiary, c.ReportingYear,
		share.Quantity, f.Statement, f.Certifier, f.ID, f.Issued, f.Reason, share.Covered, s.Claim.Quantity)}
	if s.Covers.Reversed != "" {
		lines = append(lines, fmt.Sprintf("Claim %s itself was reversed on %s.", c.ID, s.Covers.Reversed))
	}
	return append(lines, "It is no further credit beside that claim, but what that claim lacked. The rest of that claim has a file of its own.")
}

// wordsOfRecall tells what a recall means for the claim.
func wordsOfRecall(at string, r Recalled) string {
	f := r.Finding
	text := fmt.Sprintf("%s, statement %s of %s behind it is RECALLED by finding %s of %s (%s).", at, f.Statement, f.Certifier, f.ID, f.Issued, f.Reason)
	if r.Tainted.IsZero() {
		return text + " Nothing of this claim rests on it: it was taken from a mixture after the recalled part had been frozen there."
	}
	text += fmt.Sprintf(" Of the claim %s kg rest on it; %s kg are covered by other credit.", r.Tainted, r.Covered)
	if len(r.Covers) > 0 {
		text += " That was claimed in its place by " + strings.Join(names(r.Covers), ", ") + ", of which files can be had in the same way."
	}
	if r.Traced.Less(r.Tainted) {
		text += fmt.Sprintf(" Of what rests on it %s kg were not traced on the ledger yet; they were worked out here.", r.Traced.Shortage(r.Tainted))
	}
	return text
}

func names[T ~string](ids []T) (all []string) {
	for _, id := range ids {
		all = append(all, string(id))
	}
	return all
}

func plain(name string) string { return strings.ReplaceAll(name, "_", " ") }

func (s Statement) wordsOfStanding() []string {
	at := fmt.Sprintf("As of block %d of the ledger (%d records)", s.Height, s.Records)
	lines := []string{at + ", the credit under this claim is used up by it and claimed nowhere else: each kilogram that leaves a lot leaves it once."}
	if s.Reversed != "" {
		lines = append(lines, fmt.Sprintf("%s, the claim is REVERSED: it was taken back on %s and counts for nothing.", at, s.Reversed))
	} else {
		lines = append(lines, at+", the claim is not reversed.")
	}
	if len(s.Recalled) == 0 {
		lines = append(lines, at+", none of the farms' statements behind it is recalled.")
	}
	for _, r := range s.Recalled {
		lines = append(lines, wordsOfRecall(at, r))
	}
	for _, id := range s.Lacking {
		lines = append(lines, fmt.Sprintf("%s, claim %s, which was put up in its place, lacks credit itself for a recall.", at, id))
	}
	for _, c := range s.Certificates {
		for _, d := range c.Standings {
			lines = append(lines, fmt.Sprintf("Certificate %s of %s was declared %s from %s on (%s).", c.ID, c.Certifier, d.Kind, d.Effective, d.Reason))
		}
	}
	return lines
}

// Doubts says in a line each why the claim does not stand; none where it does.
func (s Statement) Doubts() (lines []string) {
	if s.Reversed != "" {
		lines = append(lines, fmt.Sprintf("It was taken back on %s.", s.Reversed))
	}
	for _, r := range s.Recalled {
		if f := r.Finding; !r.Stands() {
			lines = append(lines, fmt.Sprintf("%s kg of it rest on statement %s of %s, which was recalled on %s: %s.",
				r.Tainted, f.Statement, s.Name("organisation", string(f.Certifier)), f.Issued, f.Reason))
		}
	}
	for _, id := range s.Lacking {
		lines = append(lines, fmt.Sprintf("Claim %s, which was put up in its place, lacks credit itself for a recall.", id))
	}
	return lines
}

func (s Statement) wordsOfFarms() (lines []string) {
	for _, f := range s.Farms {
		t := f.Statement
		lines = append(lines, fmt.Sprintf("%s kg from %s: %s of %s ha in %s, %s, harvest %d, scheme %s; %s verified %s kg (statement %s, certificate %s).",
			f.Quantity, t.Producer, t.Product, t.Area, t.Characteristics.Region, t.Characteristics.Country, t.Characteristics.Vintage, t.Characteristics.Scheme,
			s.Name("organisation", string(t.Certifier)), t.Quantity, t.ID, t.Certificate))
	}
	if !s.Rounding.IsZero() {
		lines = append(lines, fmt.Sprintf("%s kg are left over by rounding down to the gram at every step.", s.Rounding))
	}
	for _, c := range s.Certificates {
		lines = append(lines, fmt.Sprintf("Certificate %s of %s under %s, valid from %s to %s.", c.ID, s.Name("organisation", string(c.Certifier)), c.Scheme, c.ValidFrom, c.ValidTo))
	}
	return lines
}

func (s Statement) wordsOfCarbon() (lines []string) {
	for _, set := range s.Sets {
		figures := []string{fmt.Sprintf("emissions without biogenic uptake %s", set.Carbon.ExcludingUptake())}
		for _, f := range []struct {
			name string
			massbalance.CarbonFigure
		}{
			{"fossil", set.Carbon.Fossil}, {"land management", set.Carbon.LandManagement}, {"land-use change", set.Carbon.LandUseChange},
			{"biogenic non-CO2", set.Carbon.BiogenicNonCO2}, {"biogenic uptake", set.Carbon.BiogenicUptake}, {"removals", set.Carbon.Removals},
		} {
			if f.Intensity.Sign() != 0 {
				figures = append(figures, fmt.Sprintf("%s %s (%s)", f.name, f.Intensity, f.Method))
			}
		}
		text := fmt.Sprintf("%s kg, in kg CO2e per kg: %s.", set.Quantity, strings.Join(figures, "; "))
		if len(set.Practices) > 0 {
			text += " Practices: " + strings.Join(set.Practices, ", ") + "."
		}
		lines = append(lines, text)
	}
	for _, b := range s.Claim.Baselines {
		lines = append(lines, fmt.Sprintf("Against the average of %s (version %d): %s kg CO2e on average, %s by its own figures, difference %s; removals of %s stand beside.", b.Region, b.Version, b.Average, b.Emissions, b.Difference, b.Removals))
	}
	return lines
}

// stretch is all movements of one kind on the way, told together.
type stretch struct {
	step     Step
	from, to massbalance.Date
	count    int
	quantity massbalance.Quantity
}

func (s Statement) wordsOfWay() (lines []string) {
	var all []*stretch
	known := map[string]*stretch{}
	for _, step := range s.Steps {
		kind := fmt.Sprint([]any{step.Type, step.Organisation, step.Site, step.To, step.Product})
		one := known[kind]
		if one == nil {
			one = &stretch{step: step, from: step.Date}
			known[kind], all = one, append(all, one)
			one.step.Hidden = 0
		}
		one.from, one.to = min(one.from, step.Date), max(one.to, step.Date)
		one.count, one.quantity, one.step.Hidden = one.count+1, one.quantity.Add(step.Quantity), one.step.Hidden+step.Hidden
	}
	for _, one := range all {
		lines = append(lines, s.wordsOfStretch(one))
	}
	return append(lines, "Decided by: "+strings.Join(s.Versions, "; ")+".")
}

// done is a command's type in the past tense.
func done(kind string) string {
	verb, rest, _ := strings.Cut(plain(kind), " ")
	switch {
	case verb == "take":
		verb = "took"
	case verb == "transfer":
		verb = "transferred"
	case strings.HasSuffix(verb, "e"):
		verb += "d"
	default:
		verb += "ed"
	}
	return strings.TrimSpace(verb + " " + rest)
}

func (s Statement) wordsOfStretch(one *stretch) string {
	step, when, times := one.step, string(one.from), ""
	if one.to != one.from {
		when += " to " + string(one.to)
	}
	if one.count > 1 {
		times = fmt.Sprintf(" %d times, in all", one.count)
	}
	text := fmt.Sprintf("%s  %s: %s%s %s kg of %s at %s", when, s.Name("organisation", string(step.Organisation)), done(step.Type), times, one.quantity,
		s.Name("product", string(step.Product)), s.Name("site", string(step.Site)))
	if step.To != "" {
		text += " to " + s.Name("site", string(step.To))
	}
	if step.Hidden > 0 {
		text += fmt.Sprintf(", with %d other lots that this claim does not rest on", step.Hidden)
	}
	return text + "."
}

func (s Statement) wordsOfTrust() []string {
	lines := []string{fmt.Sprintf("%d of the %d organisations that you trust vouch for this state of the ledger; you ask for %d. By its signature each of them says that it executed every record itself.", len(s.Vouchers), s.Of, s.Threshold)}
	for _, v := range s.Vouchers {
		who := v.Name
		if who != string(v.Organisation) {
			who = fmt.Sprintf("%s (%s)", v.Name, v.Organisation)
		}
		lines = append(lines, fmt.Sprintf("%s, on %s.", who, v.Time.Format(time.RFC1123)))
	}
	for _, org := range s.Replaced {
		lines = append(lines, fmt.Sprintf("Not counted: %s signed with a key that the consortium has replaced.", org))
	}
	for _, who := range s.Unknown {
		lines = append(lines, fmt.Sprintf("Not counted: a signature in the name of %s by a key that your trust file does not have.", who))
	}
	return append(lines, "What happened after that is not in this file. Ask for a fresh one to learn of it.")
}

// wordsOfLimits says what a reader has to believe those who vouch for.
func wordsOfLimits() []string {
	return []string{
		"The rules were executed here for every record on the way: bounds of farms, certificates, attribution, conversion factors, losses and carbon figures.",
		"What else was taken of the same lots is not shown. That it all adds up to no more than there was, and that sites had the material in stock, those who vouch have checked record by record; you take their word for it.",
		"That a weighbridge showed what was entered, and that a farm grew what its certifier verified, no ledger can show.",
	}
}
