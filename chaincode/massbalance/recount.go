package massbalance

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// Recount adds the whole ledger up again from the records and the commands
// behind them, without the state, the rules or the decimals that produced them:
// grams in math/big. It is how conservation is checked independently, so it
// shares no arithmetic with Execute.
func Recount(entries []Entry) *Tally {
	t := NewTally()
	for _, entry := range entries {
		t.Add(entry)
	}
	t.Close()
	return t
}

// NewTally begins a recount that is too long to hold all entries at once: Add
// them in order, and Close at the end or in between.
func NewTally() *Tally {
	return &Tally{
		Characteristics: map[CharacteristicsID]*CreditTally{},
		Accounts:        map[AccountID]*AccountTally{},
		lots:            map[credit]*big.Int{}, transfers: map[credit]*big.Int{}, conversions: map[credit]*big.Int{},
		statements: map[string]*big.Int{}, bounds: map[string]bounds{}, caps: map[string]*big.Int{},
		recipes: map[RecipeID]Recipe{}, makes: map[ProductID][]ProductID{}, moistures: map[ProductID]Ratio{}, sets: map[CharacteristicsID]Characteristics{},
		resolved: map[TransferID]string{}, commands: map[string]bool{}, sequences: map[SiteID]uint64{},
		periods: map[SiteID]span{}, levels: map[Holder]int{}, versions: map[string]int{}, intake: newIntakeTally(),
		reversed: newReversals(), tiers: newTiers(), recalled: newRecallTally(), audits: newAuditTally(),
		rules: newRulesTally(), members: map[OrganisationID]Role{}, averagesOf: map[Key]Baseline{}, comparisons: map[string]compared{},
		agreements: newAgreements(),
	}
}

// Tally is the result of a recount. Figures are whole grams.
type Tally struct {
	Entries         int
	Characteristics map[CharacteristicsID]*CreditTally
	Accounts        map[AccountID]*AccountTally
	// Findings are the violations, empty for a sound ledger.
	Findings []string

	lots, transfers, conversions map[credit]*big.Int
	statements                   map[string]*big.Int // introduced so far
	bounds                       map[string]bounds
	caps                         map[string]*big.Int // product/region → grams per hectare
	recipes                      map[RecipeID]Recipe
	sets                         map[CharacteristicsID]Characteristics
	moistures                    map[ProductID]Ratio
	makes                        map[ProductID][]ProductID // input → outputs, by the recipes adopted
	resolved                     map[TransferID]string
	commands                     map[string]bool
	sequences                    map[SiteID]uint64
	levels                       map[Holder]int // the strictest model under which credit came to a holder
	periods                      map[SiteID]span
	versions                     map[string]int // what → the version in force
	intake                       *intakeTally
	reversed                     reversals
	tiers                        *tiers
	recalled                     *recallTally
	audits                       *auditTally
	rules                        rulesTally
	members                      map[OrganisationID]Role
	averagesOf                   map[Key]Baseline
	comparisons                  map[string]compared // claim and lot
	agreements                   agreements
}

// AccountID names a stock account.
type AccountID struct {
	Site    SiteID
	Product ProductID
}

// AccountTally is one stock account: material and credit, in and out.
type AccountTally struct{ In, Out, CreditIn, CreditOut *big.Int }

// Stock is In − Out.
func (a *AccountTally) Stock() *big.Int { return new(big.Int).Sub(a.In, a.Out) }

// Credit is CreditIn − CreditOut.
func (a *AccountTally) Credit() *big.Int { return new(big.Int).Sub(a.CreditIn, a.CreditOut) }

// CreditTally is where the credit of one set of characteristics is (I1):
// Introduced + Derived = Available + Frozen + InTransit + Claimed + Cancelled +
// Expired + Loss + Restated. Restated is what went on under another set, whose
// carbon figures were computed from this one's, and Derived what came so from another.
type CreditTally struct {
	Introduced, Available, InTransit, Claimed, Cancelled, Expired, Loss, Frozen, Restated, Derived *big.Int
}

// Total is what Introduced must be by I1.
func (c *CreditTally) Total() *big.Int {
	sum := new(big.Int).Sub(c.Restated, c.Derived)
	for _, part := range []*big.Int{c.Available, c.InTransit, c.Claimed, c.Cancelled, c.Expired, c.Loss, c.Frozen} {
		sum.Add(sum, part)
	}
	return sum
}

type credit struct {
	id              string
	characteristics CharacteristicsID
}

type bounds struct {
	verified *big.Int
	area     *big.Rat
	cap      string // key of caps
}

type span struct {
	name     PeriodID
	from, to Date
}

// GramsOf gives a quantity in whole grams.
func GramsOf(q Quantity) *big.Int {
	whole, fraction, _ := strings.Cut(q.String(), ".")
	n, ok := new(big.Int).SetString(whole+(fraction + "000")[:3], 10)
	if !ok {
		return big.NewInt(-1)
	}
	return n
}

// FormatGrams writes grams as kilograms with three decimals.
func FormatGrams(grams *big.Int) string {
	sign, digits := "", new(big.Int).Abs(grams).String()
	if grams.Sign() < 0 {
		sign = "-"
	}
	for len(digits) < 4 {
		digits = "0" + digits
	}
	return sign + digits[:len(digits)-3] + "." + digits[len(digits)-3:]
}

func (t *Tally) find(e Entry, format string, args ...any) {
	where := fmt.Sprintf("block %d, %s %s/%s: ", e.Block, e.Record.Type, e.Record.Organisation, e.Record.Command)
	t.Findings = append(t.Findings, where+fmt.Sprintf(format, args...))
}

// Add counts the next entry.
func (t *Tally) Add(e Entry) {
	t.Entries++
	id := string(e.Record.Organisation) + "/" + string(e.Record.Command)
	if t.commands[id] {
		t.find(e, "I8: the command was accepted twice")
	}
	t.commands[id] = true
	if e.Command.ID != e.Record.Command || e.Command.Body == nil || e.Command.Body.Type() != e.Record.Type {
		t.find(e, "the record is not of this command")
		return
	}
	t.membership(e)
	t.journal(e)
	t.register(e)
	t.governance(e)
	t.averages(e)
	for _, m := range e.Record.Materials {
		account := t.account(m.Site, m.Product)
		account.In.Add(account.In, GramsOf(m.In))
		account.Out.Add(account.Out, GramsOf(m.Out))
		if account.Stock().Sign() < 0 {
			t.find(e, "%s at %s is short of %s kg of material", m.Product, m.Site, FormatGrams(new(big.Int).Neg(account.Stock())))
		}
	}
	t.agree(e)
	undoes := t.reversal(e)
	t.tiers.entry(t, e)
	for _, p := range e.Record.Credits {
		t.posting(e, p, undoes)
	}
	for key, left := range t.conversions {
		if left.Sign() != 0 {
			t.find(e, "I1: %s kg neither left the conversion nor were recorded as loss", FormatGrams(left))
		}
		delete(t.conversions, key)
	}
	t.limits(e)
	t.carbon(e)
	t.baselines(e)
	t.agreement(e)
	t.intake.entry(t, e)
	t.recalled.entry(t, e)
	t.audits.entry(t, e)
	t.carryOver(e)
}

// journal checks that a site's records follow one another and lie in the open period (I5).
func (t *Tally) journal(e Entry) {
	r := e.Record
	if r.Site == "" {
		return
	}
	if r.Sequence != t.sequences[r.Site]+1 {
		t.find(e, "site %s: entry %d follows entry %d", r.Site, r.Sequence, t.sequences[r.Site])
	}
	t.sequences[r.Site] = r.Sequence
	switch body := e.Command.Body.(type) {
	case OpenPeriod:
		t.opened(e, body)
		t.periods[r.Site] = span{body.Period, body.From, body.To}
	case ClosePeriod:
		t.rules.ended[r.Site] = t.periods[r.Site].to
		delete(t.periods, r.Site)
		if r.Statement.IsZero() {
			t.find(e, "I5: period %q closed without a statement of its figures", body.Period)
		}
	case RegisterSite, ChooseScheme, ChangeBalance:
	default:
		open := t.periods[r.Site]
		if open.name == "" || r.Period != open.name || r.Date < open.from || r.Date > open.to {
			t.find(e, "I5: %s in period %q is outside the open period %q", r.Date, r.Period, open.name)
		}
		if r.Occurred >= open.from {
			t.find(e, "I5: what occurred on %s is not late in period %q", r.Occurred, open.name)
		}
	}
}

// register notes the bounds that certifiers and the consortium set.
func (t *Tally) register(e Entry) {
	switch body := e.Command.Body.(type) {
	case RegisterProduct:
		if !t.adopted(e, "product/"+string(body.Product.ID), body.Product.Version) {
			return
		}
		maps.DeleteFunc(t.caps, func(cap string, _ *big.Int) bool { return strings.HasPrefix(cap, string(body.Product.ID)+"/") })
		t.intake.limit(body.Product)
		t.moistures[body.Product.ID] = body.Product.ReferenceMoisture
		for _, c := range body.Product.YieldCaps {
			t.caps[string(body.Product.ID)+"/"+c.Region] = GramsOf(c.PerHectare)
		}
	case RegisterRecipe:
		if t.adopted(e, "recipe/"+string(body.Recipe.ID), body.Recipe.Version) {
			t.recipe(e, body.Recipe)
		}
	case PublishStatement:
		s := body.Document.Statement
		t.sets[s.Characteristics.ID()] = s.Characteristics
		area, _ := new(big.Rat).SetString(s.Area.String())
		t.bounds[string(s.Certifier)+"/"+string(s.ID)] = bounds{
			verified: GramsOf(s.Quantity), area: area, cap: string(s.Product) + "/" + s.Characteristics.Region,
		}
	}
}

func (t *Tally) posting(e Entry, p Posting, undoes bool) {
	grams := GramsOf(p.Quantity)
	if grams.Sign() <= 0 {
		t.find(e, "a posting of %s kg", p.Quantity)
	}
	if level, known := t.levels[p.From]; known && p.Model.Level() > level {
		t.find(e, "I9: credit leaves %s %s as %s, a stricter model than it came in under", p.From.Kind, p.From.ID, p.Model)
	}
	t.levels[p.To] = max(t.levels[p.To], p.Model.Level())
	of := t.of(p.Characteristics)
	switch p.From.Kind {
	case HolderStatement:
		t.introduce(e, p, grams)
		of.Introduced.Add(of.Introduced, grams)
	case HolderLot:
		account := t.account(p.From.Site, p.From.Product)
		account.CreditOut.Add(account.CreditOut, grams)
		if account.Credit().Sign() < 0 {
			t.find(e, "I2: %s at %s gave %s kg more credit than it got", p.From.Product, p.From.Site, FormatGrams(new(big.Int).Neg(account.Credit())))
		}
		t.take(e, t.lots, p, grams)
	case HolderTransfer:
		t.take(e, t.transfers, p, grams)
	case HolderConversion:
		t.take(e, t.conversions, p, grams)
	default:
		if !t.refund(p, undoes) {
			t.find(e, "I6: credit leaves %s %s, which is terminal", p.From.Kind, p.From.ID)
		}
	}
	if p.Restated != "" {
		of.Restated.Add(of.Restated, grams)
		p.Characteristics = p.Restated
		of = t.of(p.Characteristics)
		of.Derived.Add(of.Derived, grams)
	}
	switch p.To.Kind {
	case HolderLot:
		account := t.account(p.To.Site, p.To.Product)
		account.CreditIn.Add(account.CreditIn, grams)
		give(t.lots, p, grams)
	case HolderTransfer:
		give(t.transfers, p, grams)
	case HolderConversion:
		give(t.conversions, p, grams)
	case HolderClaim:
		of.Claimed.Add(of.Claimed, grams)
	case HolderCancelled:
		of.Cancelled.Add(of.Cancelled, grams)
	case HolderExpired:
		of.Expired.Add(of.Expired, grams)
	case HolderLoss:
		of.Loss.Add(of.Loss, grams)
	default:
		t.find(e, "credit goes to a %s", p.To.Kind)
	}
}

// introduce checks what came in on a statement against the verified quantity
// and the area times the yield cap: grams/ha × ha, so in grams.
func (t *Tally) introduce(e Entry, p Posting, grams *big.Int) {
	so := t.statements[p.From.ID]
	if so == nil {
		so = new(big.Int)
		t.statements[p.From.ID] = so
	}
	so.Add(so, grams)
	b, ok := t.bounds[p.From.ID]
	if !ok {
		t.find(e, "nothing was verified as %s", p.From.ID)
		return
	}
	if so.Cmp(b.verified) > 0 {
		t.find(e, "%s kg introduced on statement %s, %s kg verified", FormatGrams(so), p.From.ID, FormatGrams(b.verified))
	}
	perHectare := t.caps[b.cap]
	if perHectare == nil || b.area == nil {
		t.find(e, "there is no yield cap for %s", b.cap)
		return
	}
	most := new(big.Rat).Mul(b.area, new(big.Rat).SetInt(perHectare))
	if new(big.Rat).SetInt(so).Cmp(most) > 0 {
		t.find(e, "%s kg introduced on statement %s, but the area yields %s g at most", FormatGrams(so), p.From.ID, most.FloatString(0))
	}
}

func (t *Tally) take(e Entry, from map[credit]*big.Int, p Posting, grams *big.Int) {
	key := credit{p.From.ID, p.Characteristics}
	have := from[key]
	if have == nil {
		have = new(big.Int)
		from[key] = have
	}
	if have.Cmp(grams) < 0 {
		t.find(e, "I1: %s kg taken from %s %s, which holds %s kg of them", FormatGrams(grams), p.From.Kind, p.From.ID, FormatGrams(have))
	}
	have.Sub(have, grams)
}

func give(to map[credit]*big.Int, p Posting, grams *big.Int) {
	key := credit{p.To.ID, p.Characteristics}
	if to[key] == nil {
		to[key] = new(big.Int)
	}
	to[key].Add(to[key], grams)
}

// limits checks what a single record may not exceed: I3, I4 and I7.
func (t *Tally) limits(e Entry) {
	switch body := e.Command.Body.(type) {
	case Introduce:
		t.weighed(e, body.Quantity, body.Moisture)
	case TakeIn:
		t.weighed(e, body.Quantity, body.Moisture)
	case Dispatch:
		t.atMost(e, HolderTransfer, "", body.Quantity)
	case Receive:
		t.resolve(e, body.Transfer, "")
		t.atMost(e, HolderLot, "", body.Quantity)
	case Reject:
		t.resolve(e, body.Transfer, "")
	case AcceptCredits:
		t.resolve(e, body.Transfer, "")
	case ConfirmReversal:
		t.settle(e, body.Transfer)
	case CompleteReversal:
		t.settle(e, body.Transfer)
	case ReturnCredits:
		t.resolve(e, body.Transfer, "reject")
	case Return:
		t.resolve(e, body.Transfer, "reject")
		t.atMost(e, HolderLot, "", body.Quantity)
	case Withdraw:
		t.atMost(e, HolderCancelled, "", body.Quantity)
	case Convert:
		t.conversion(e, body)
	}
}

// atMost checks I3: credit that goes to a kind of holder with material cannot
// exceed the material. A product narrows it to lots of that product.
func (t *Tally) atMost(e Entry, kind HolderKind, product ProductID, physical Quantity) {
	sum := new(big.Int)
	for _, p := range e.Record.Credits {
		if p.To.Kind == kind && (product == "" || p.To.Product == product) {
			sum.Add(sum, GramsOf(p.Quantity))
		}
	}
	if sum.Cmp(GramsOf(physical)) > 0 {
		t.find(e, "I3: %s kg attributed to %s kg of material", FormatGrams(sum), physical)
	}
}

// resolve checks I4: a transfer is received or rejected once, and returned only
// after it was rejected.
func (t *Tally) resolve(e Entry, id TransferID, after string) {
	if before := t.resolved[id]; before != after {
		t.find(e, "I4: transfer %s stands at %q, not at %q", id, before, after)
	}
	t.resolved[id] = e.Record.Type
}

// Close adds up what lies in lots and transfers after the entries so far, and
// checks I1. It may be called again after further entries; a violation that
// lasts is found once for each new figure.
func (t *Tally) Close() {
	for _, of := range t.Characteristics {
		of.Available, of.Frozen, of.InTransit = new(big.Int), new(big.Int), new(big.Int)
	}
	for key, grams := range t.lots {
		of := t.of(key.characteristics)
		frozen := at(t.recalled.frozen, LotID(key.id))
		of.Available.Add(of.Available, new(big.Int).Sub(grams, frozen))
		of.Frozen.Add(of.Frozen, frozen)
	}
	for key, grams := range t.transfers {
		of := t.of(key.characteristics)
		of.InTransit.Add(of.InTransit, grams)
	}
	for _, id := range slices.Sorted(maps.Keys(t.Characteristics)) {
		of := t.Characteristics[id]
		finding := fmt.Sprintf("I1: %s kg of %s were introduced, %s kg are accounted for", FormatGrams(of.Introduced), id, FormatGrams(of.Total()))
		if of.Introduced.Cmp(of.Total()) != 0 && !slices.Contains(t.Findings, finding) {
			t.Findings = append(t.Findings, finding)
		}
	}
}

// CompareState checks every lot and account of a state against the recount and
// lists the differences.
func (t *Tally) CompareState(state Memory) []string {
	var differences []string
	lots, accounts := 0, 0
	differ := func(what string, stored Quantity, counted *big.Int) {
		if counted == nil || GramsOf(stored).Cmp(counted) != 0 {
			differences = append(differences, fmt.Sprintf("%s: stored %s kg, recounted %v g", what, stored, counted))
		}
	}
	for key, value := range state {
		switch v := value.(type) {
		case Lot:
			lots++
			differ("lot "+key.A, v.Available(), t.lots[credit{string(v.ID), v.Characteristics}])
		case Account:
			accounts++
			a := t.account(SiteID(key.A), ProductID(key.B))
			differ("material in at "+key.A+" "+key.B, v.PhysicalIn, a.In)
			differ("material out at "+key.A+" "+key.B, v.PhysicalOut, a.Out)
			differ("credit in at "+key.A+" "+key.B, v.CreditIn, a.CreditIn)
			differ("credit out at "+key.A+" "+key.B, v.CreditOut, a.CreditOut)
		case Period:
			differences = append(differences, t.comparePeriod(closedPeriod{SiteID(key.A), PeriodID(key.B)}, v)...)
		}
	}
	if lots != len(t.lots) || accounts != len(t.Accounts) {
		differences = append(differences, fmt.Sprintf("stored are %d lots and %d accounts, recounted %d and %d", lots, accounts, len(t.lots), len(t.Accounts)))
	}
	differences = append(differences, t.recalled.compare(state)...)
	differences = append(differences, t.intake.compare(state)...)
	differences = append(differences, t.compareBaselines(state)...)
	differences = append(differences, t.compareMembers(state)...)
	differences = append(differences, t.agreements.compare(state)...)
	slices.Sort(differences)
	return differences
}

func (t *Tally) account(site SiteID, product ProductID) *AccountTally {
	id := AccountID{site, product}
	if t.Accounts[id] == nil {
		t.Accounts[id] = &AccountTally{new(big.Int), new(big.Int), new(big.Int), new(big.Int)}
	}
	return t.Accounts[id]
}

func (t *Tally) of(id CharacteristicsID) *CreditTally {
	if t.Characteristics[id] == nil {
		t.Characteristics[id] = &CreditTally{
			new(big.Int), new(big.Int), new(big.Int), new(big.Int), new(big.Int),
			new(big.Int), new(big.Int), new(big.Int), new(big.Int), new(big.Int),
		}
	}
	return t.Characteristics[id]
}
