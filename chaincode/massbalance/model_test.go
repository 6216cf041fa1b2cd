package massbalance_test

import (
	"fmt"
	"maps"
	"math/bits"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// model is the ledger as a child would write it: grams in integers and a few
// maps. It predicts the code of every command of a random season, and keeps for
// every accepted one what it moved, so that it can move it back.
type model struct {
	*ledger
	lots      map[LotID]*modelLot
	stock     map[AccountID]int64
	transfers map[TransferID]*modelTransfer
	claims    map[ClaimID]*modelClaim
	verified  map[StatementID]int64
	calendar  map[SiteID]*calendar
	register
	standings   map[CertificateID][]publication
	sets        map[CharacteristicsID]StatementID // the name that a set has here
	credits2026 map[OrganisationID]*creditUse
	tickets     int
	sent        []sentCommand
	moves       []*move
	checked     int // entries when the recount was done last
}

type modelLot struct {
	at          AccountID
	set         StatementID // the name of its set of characteristics
	whole, left int64
	model       CustodyModel
}

// free reports whether a lot is free of material.
func (l *modelLot) free() bool { return !l.model.Physical() }

type modelTransfer struct {
	status            TransferStatus
	from, to          SiteID
	grams             int64 // 0 for credits without material
	credit            map[StatementID]int64
	dispatch, receipt *move
	proposer          OrganisationID
	agreed            bool
	day               Date // of the latest step
}

type modelClaim struct {
	site     SiteID
	lines    []LotLine
	reported map[string]bool
	reversed bool
}

// move is what an accepted command moved.
type move struct {
	org     OrganisationID
	command Command
	site    SiteID
	spent   map[LotID]int64
	created []LotID
	stock   map[AccountID]int64
	claim   ClaimID
	undone  bool
}

type sentCommand struct {
	org     OrganisationID
	command Command
	result  Result
}

var owners = map[SiteID]OrganisationID{"elevator": "growers", "mill": "miller", "shop": "brand"}

// seasonStart is a founded ledger with a second statement. It is made once:
// founding it anew for every season would take longer than the season.
func seasonStart(t testing.TB) *beginning {
	l := founded(t)
	l.must("growers", l.statement("s2", func(s *Statement) {
		s.Quantity, s.Characteristics.Region = kg("30000"), "FRF2"
		s.Characteristics.Practices = nil
	}))
	return &beginning{l, empty(t)}
}

// beginning is where seasons start, and somebody with another signing key.
type beginning struct {
	*ledger
	spare *ledger
}

// newModel is a model of a copy of the ledger.
func newModel(t testing.TB, start *beginning) *model {
	m := &model{
		ledger: &ledger{t: t, state: maps.Clone(start.state), entries: slices.Clone(start.entries), key: start.key, next: start.next},
		lots:   map[LotID]*modelLot{}, stock: map[AccountID]int64{}, claims: map[ClaimID]*modelClaim{},
		transfers: map[TransferID]*modelTransfer{}, verified: map[StatementID]int64{"s1": 100_000_000, "s2": 30_000_000},
		calendar: map[SiteID]*calendar{}, standings: map[CertificateID][]publication{"cert": nil},
		sets: map[CharacteristicsID]StatementID{}, credits2026: map[OrganisationID]*creditUse{}, register: newRegister(start.spare),
	}
	for site, owner := range owners {
		m.calendar[site], m.credits2026[owner] = &calendar{today: day}, &creditUse{}
	}
	for _, id := range []StatementID{"s1", "s2"} {
		m.name(start.state[StatementKey("certifier", id)].(Verified).Statement.Characteristics.ID(), id)
	}
	return m
}

// give sends a body on its site's day and checks the code against the model's.
// Now and then it names a period that is not open, which nothing gets past.
func (m *model) give(t *rapid.T, org OrganisationID, body Body, expected Code) (Result, bool) {
	c := Command{ID: CommandID(fmt.Sprintf("m%d", m.next)), Body: body}
	site := SiteOf(body)
	if at := m.calendar[site]; at != nil {
		c.Date, c.Period = at.today, at.period()
	} else if site != "" {
		c.Date = day
	}
	moves := moves(body)
	if _, closing := body.(ClosePeriod); moves && !closing && one(t, 40) {
		c.Period, expected = "2025", PeriodNotOpen
	}
	require.NoError(t, seal(&c))
	result := m.send(org, c)
	require.Equal(t, expected, result.Code, "%#v: %s", body, result.Message)
	m.sent = append(m.sent, sentCommand{org, c, result})
	tried.note(body, expected)
	if expected == Accepted && moves {
		m.moves = append(m.moves, &move{org: org, command: c, site: site, spent: map[LotID]int64{}, stock: map[AccountID]int64{}})
	}
	return result, expected == Accepted
}

// moves reports whether a command needs its site's period to be open.
func moves(body Body) bool {
	switch body.(type) {
	case RegisterSite, ChooseScheme, ChangeBalance, OpenPeriod:
		return false
	}
	return SiteOf(body) != ""
}

// now is what the latest accepted command moved.
func (m *model) now() *move { return m.moves[len(m.moves)-1] }

// weigh moves material.
func (m *model) weigh(at AccountID, grams int64) {
	m.stock[at] += grams
	m.now().stock[at] += grams
}

func (m *model) ticket() EvidenceID {
	m.tickets++
	return EvidenceID(fmt.Sprintf("T%d", m.tickets))
}

// die draws a number below n, each as likely as the others. What rapid draws is
// small by preference: most seasons would be full of the first few actions.
func die(t *rapid.T, n int) int {
	drawn := 0
	for range bits.Len(uint(n)) + 3 {
		drawn <<= 1
		if coin.Draw(t, "die") {
			drawn++
		}
	}
	return drawn % n
}

var coin = rapid.Bool()

// one is true once in so many times.
func one(t *rapid.T, in int) bool { return die(t, in) == in-1 }

// amount draws grams around a limit: often just at it, sometimes just beyond.
func amount(t *rapid.T, limit int64) int64 {
	limit = max(limit, 1)
	switch die(t, 16) {
	case 15:
		return limit + rapid.Int64Range(1, 5_000_000).Draw(t, "beyond")
	case 14:
		return limit + 1
	case 0, 1, 2, 3, 4:
		return limit
	}
	return rapid.Int64Range(1, limit).Draw(t, "grams")
}

func (m *model) site(t *rapid.T) SiteID {
	return []SiteID{"elevator", "mill", "shop"}[die(t, 3)]
}

// accountAt draws a site and a product.
func (m *model) accountAt(t *rapid.T) AccountID {
	var at AccountID
	for range 3 {
		// Most commands are about something that is there.
		at = AccountID{m.site(t), []ProductID{"wheat", "flour"}[die(t, 2)]}
		if m.stock[at] > 0 {
			break
		}
	}
	return at
}

// pick draws up to two lots of an account and a quantity of each, and says
// whether they have enough.
func (m *model) pick(t *rapid.T, at AccountID, free bool) (lines []LotLine, total int64, enough bool) {
	enough = true
	for _, id := range m.created(at) {
		if m.lots[id].free() != free || len(lines) == 2 || m.lots[id].left == 0 && !one(t, 10) || one(t, 3) {
			continue
		}
		grams := amount(t, m.lots[id].left)
		enough = enough && grams <= m.lots[id].left
		lines, total = append(lines, LotLine{id, Grams(grams)}), total+grams
	}
	return lines, total, enough
}

// created lists all lots of an account, spent or not, in the order of creation.
func (m *model) created(at AccountID) (ids []LotID) {
	for _, move := range m.moves {
		for _, id := range move.created {
			if m.lots[id].at == at {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

func (m *model) spend(lines []LotLine) map[StatementID]int64 {
	of := map[StatementID]int64{}
	for _, line := range lines {
		grams := GramsOf(line.Quantity).Int64()
		m.lots[line.Lot].left -= grams
		m.now().spent[line.Lot] += grams
		of[m.lots[line.Lot].set] += grams
	}
	return of
}

// arrive learns the new lots from the last record, and checks their sum.
func (m *model) arrive(t *rapid.T, at AccountID, want map[StatementID]int64) {
	got := map[StatementID]int64{}
	for _, p := range m.entries[len(m.entries)-1].Record.Credits {
		if p.To.Kind != HolderLot || p.To.Product != at.Product {
			continue
		}
		lot := m.lot(LotID(p.To.ID))
		if slices.Contains(m.now().created, lot.ID) {
			continue // of several sets
		}
		set := m.sets[lot.Characteristics]
		grams := GramsOf(lot.Quantity).Int64()
		m.lots[lot.ID] = &modelLot{at, set, grams, grams, lot.Model}
		m.now().created = append(m.now().created, lot.ID)
		got[set] += grams
	}
	for set, grams := range want {
		if grams == 0 {
			delete(want, set)
		}
	}
	require.Equal(t, want, got, "credit that arrived as %s at %s", at.Product, at.Site)
}

// leaves is the code of anything that takes material and credit out.
func leaves(credit, grams, stock int64, enough bool) Code {
	switch {
	case credit > grams:
		return AttributionExceeds
	case grams > stock:
		return InsufficientStock
	case !enough:
		return InsufficientCredit
	}
	return Accepted
}

// Repeat sends an earlier command again: accepted ones give the first result,
// and nothing changes.
func (m *model) Repeat(t *rapid.T) {
	if len(m.sent) == 0 {
		return
	}
	s := rapid.SampledFrom(m.sent).Draw(t, "earlier")
	if s.result.Code != Accepted {
		return
	}
	entries := len(m.entries)
	again := m.send(s.org, s.command)
	require.True(t, again.Repeated)
	require.Equal(t, s.result.Transaction, again.Transaction)
	require.Len(t, m.entries, entries)
}

// Check is the oracle after every step; what was refused left nothing to check.
func (m *model) Check(t *rapid.T) {
	if m.checked == len(m.entries) {
		return
	}
	m.checked = len(m.entries)
	tally := m.counted()
	require.Empty(t, tally.Findings)
	require.Empty(t, tally.CompareState(m.state))
	for at, grams := range m.stock {
		require.Equal(t, grams, tally.Accounts[at].Stock().Int64(), "stock of %s at %s", at.Product, at.Site)
	}
	for id, lot := range m.lots {
		require.Equal(t, lot.left, GramsOf(m.lot(id).Available()).Int64(), "left of lot %s", id)
	}
}

// season is one random sequence of commands. What moves material stands several
// times in the list: without it there is little to correct.
func (m *model) season(r *rapid.T) {
	actions := []func(*rapid.T){
		m.Introduce, m.Introduce, m.TakeIn, m.Dispatch, m.Dispatch, m.Dispatch, m.Receive, m.Receive, m.Reject, m.Return,
		m.Convert, m.Convert, m.Withdraw, m.Downgrade, m.Decouple, m.TransferCredits, m.AcceptCredits, m.Cancel, m.Claim, m.Claim,
		m.ReportTier, m.ReportTier, m.ProposeReversal, m.ConfirmReversal, m.CompleteReversal, m.CompleteReversal, m.Reverse, m.Reverse,
		m.Repeat, m.Close, m.Tomorrow, m.Merge, m.Merge, m.Reassign, m.Standing, m.Standing, m.Certificate, m.Statement, m.Statement,
		m.Vote, m.Audit, m.Project, m.Found, m.Site, m.Choose, m.Change,
	}
	command := func(t *rapid.T) { actions[die(t, len(actions))](t) }
	if one(r, 4) {
		m.Prepare(r)
	}
	r.Repeat(map[string]func(*rapid.T){"": m.Check, "command": command, "two commands": func(t *rapid.T) {
		command(t)
		m.Check(t)
		command(t)
	}})
}

// Seasons are drawn in batches that run side by side, of 100 each if -rapid.checks
// does not say otherwise: 10,000 seasons, and with -short 500 that are shorter,
// too. A sixth of them are of recalls, a sixth of the others of trade. Where one
// fails, rapid prints the seed with which every batch draws it again. No command may
// be left out: each must have been sent, and accepted, in some season. A longer run,
// of 100,000 seasons:
//
//	go test ./chaincode/massbalance -run RandomSeasons -rapid.checks=1000 -timeout 0
func TestRandomSeasonsAgainstTheModel(t *testing.T) {
	// Every recount allocates anew; collecting less often saves a fifth of the time.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	start, pools, batches := seasonStart(t), recallStart(t), 100
	if testing.Short() {
		batches = 25 // of 20 each: rapid divides by 5
	}
	var failed atomic.Bool // one failure, made small, is enough
	var ran atomic.Int64
	t.Run("batches", func(t *testing.T) {
		for i := range batches {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				if failed.Load() {
					t.Skip("another batch failed")
				}
				t.Cleanup(func() {
					if t.Failed() {
						failed.Store(true)
					}
				})
				rapid.Check(t, func(r *rapid.T) {
					if one(r, 6) {
						newRecalls(t, pools).season(r)
						return
					}
					if one(r, 6) {
						newTrades(t, start).season(r)
						return
					}
					newModel(t, start).season(r)
				})
				ran.Add(1)
			})
		}
	})
	if testing.Short() || ran.Load() < int64(batches) || t.Failed() {
		return // a part of the seasons says nothing of all commands
	}
	for _, body := range Bodies {
		require.Positive(t, tried.sent(body, false), "no season sent %s", body.Type())
		require.Positive(t, tried.sent(body, true), "no season had %s accepted", body.Type())
	}
}

// tried counts the commands of all seasons.
var tried tries

type tries struct {
	sync.Mutex
	by map[string]map[Code]int
}

func (x *tries) note(body Body, code Code) {
	x.Lock()
	defer x.Unlock()
	if x.by == nil {
		x.by = map[string]map[Code]int{}
	}
	if x.by[body.Type()] == nil {
		x.by[body.Type()] = map[Code]int{}
	}
	x.by[body.Type()][code]++
}

func (x *tries) sent(body Body, accepted bool) (n int) {
	x.Lock()
	defer x.Unlock()
	for code, times := range x.by[body.Type()] {
		if !accepted || code == Accepted {
			n += times
		}
	}
	return n
}
