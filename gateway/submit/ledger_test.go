package submit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// ledger is a platform whose state is decided by the real rules and whose
// commits are checked as Fabric checks them: a transaction is valid if nothing
// it has read was written since. What is read and written are the ledger's own keys,
// which are pages where the rules say so. What goes wrong is scripted.
type ledger struct {
	mu    sync.Mutex
	state massbalance.Memory
	// stored holds the bytes at each key of the ledger, versions the block that wrote it last.
	stored   map[string][]byte
	versions map[string]uint64
	blocks   uint64
	// behind is how many blocks an organisation's peer lacks, and every look at it brings one;
	// one that lacks more than a thousand stands still.
	behind   map[string]uint64
	commits  map[string]commit
	entries  []massbalance.Entry
	proposed int
	serial   int
	// batches are those that were ordered, by their commands' IDs.
	batches [][]massbalance.CommandID
	// inFlight counts transactions under way per site, overlap the most there were.
	inFlight map[massbalance.SiteID]int
	overlap  int
	// conflicts counts transactions that were found invalid for what others wrote.
	conflicts int
	// denied are transactions of which a caller was told that they took no effect.
	denied []string

	// mishaps happen to one attempt after the other; then all goes well.
	mishaps []mishap
	// delay is how long ordering takes, crowded how much longer for each other transaction
	// that is under way then; together is how many were, one number per transaction.
	delay, crowded time.Duration
	under          int
	together       []int
}

// mishap is what goes wrong in one attempt.
type mishap struct {
	// propose, if set, fails the proposal.
	propose *failure
	// stale lets another transaction touch all that was read before the commit.
	stale bool
	// order, if set, is told by the orderers; swallow says that the transaction
	// does not reach them.
	order   *failure
	swallow bool
	// code, if set, is what the peers find.
	code string
	// late makes ordering take much longer than anybody waits.
	late bool
}

var _ platform = (*ledger)(nil)

func newLedger(t testing.TB, mishaps ...mishap) *ledger {
	return newLedgerUnder(t, massbalance.RulesVersion, mishaps...)
}

// newLedgerUnder is a ledger under a version of the rules.
func newLedgerUnder(t testing.TB, rules int, mishaps ...mishap) *ledger {
	l := newLedgerOf(t, rules, "mill", "silo", "port")
	l.mishaps = mishaps
	return l
}

// newLedgerOf is a ledger with these sites.
func newLedgerOf(t testing.TB, rules int, sites ...massbalance.SiteID) *ledger {
	l := &ledger{
		state: massbalance.Memory{}, stored: map[string][]byte{}, versions: map[string]uint64{},
		commits: map[string]commit{}, inFlight: map[massbalance.SiteID]int{}, delay: 200 * time.Millisecond,
	}
	miller := massbalance.Member{Organisation: "miller", Name: "Miller", Role: massbalance.Trading}
	commands := []massbalance.Command{
		sealed(t, "found", massbalance.FoundConsortium{Members: []massbalance.Member{miller}, Rules: rules}),
		sealed(t, "wheat", massbalance.RegisterProduct{Product: massbalance.Product{ID: "wheat", Name: "Wheat"}}),
	}
	for _, site := range sites {
		commands = append(commands,
			sealed(t, "site-"+string(site), massbalance.RegisterSite{Site: site, Name: "Site", Country: "FR", Region: "FRF2"}),
			sealed(t, "open-"+string(site), massbalance.OpenPeriod{Site: site, Period: "2026-Q3", From: "2026-07-01", To: "2026-09-30"}))
	}
	batch, err := wire.FormatBatch(commands)
	require.NoError(t, err)
	tx, err := l.propose(t.Context(), batch)
	require.NoError(t, err)
	l.commit(tx.(*simulated))
	l.proposed, l.batches = 0, nil
	return l
}

// first is what a gateway's read model knows of a command.
func (l *ledger) first(_ context.Context, id massbalance.CommandID) (massbalance.Record, uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entry(id)
}

func (l *ledger) entry(id massbalance.CommandID) (massbalance.Record, uint64, error) {
	for _, e := range l.entries {
		if e.Command.ID == id {
			return e.Record, e.Block, nil
		}
	}
	return massbalance.Record{}, 0, fmt.Errorf("there is no command %s", id)
}

func sealed(t testing.TB, id string, body massbalance.Body) massbalance.Command {
	c, err := wire.NewCommand(massbalance.Command{ID: massbalance.CommandID(id), Date: "2026-08-03", Period: "2026-Q3", Body: body})
	require.NoError(t, err)
	return c
}

func takeIn(t testing.TB, site massbalance.SiteID, id, kilograms string) massbalance.Command {
	quantity, err := massbalance.ParseQuantity(kilograms)
	require.NoError(t, err)
	return sealed(t, id, massbalance.TakeIn{Site: site, Product: "wheat", Quantity: quantity, Supplier: "Farm", Evidence: massbalance.EvidenceID("T-" + id)})
}

// read gives what stands at a key of the ledger, and remembers in which version.
func (s *simulated) read(key string) ([]byte, error) {
	s.reads[key] = s.ledger.versions[key]
	return s.ledger.stored[key], nil
}

// execute decides the commands, and reads as the chaincode does: what they name,
// and where there are pages those of what they make.
func (s *simulated) execute() error {
	view, err := wire.NewReader(s.read)
	if err != nil {
		return err
	}
	for _, c := range s.commands {
		names := massbalance.Names("miller", c)
		if view.Paged() {
			names = append(names, massbalance.Makes("miller", c)...)
		}
		for _, name := range names {
			if _, err := view.Get(name); err != nil {
				return err
			}
		}
	}
	if s.outcome, err = massbalance.ExecuteBatch(view, massbalance.Tx{ID: s.id, Organisation: "miller"}, s.commands); err != nil {
		return err
	}
	if s.writes, err = view.Store(s.outcome.Writes); err != nil {
		return err
	}
	s.answer, err = view.Answer(s.outcome)
	return err
}

// consortium is what the chaincode's Read answers.
func (l *ledger) consortium(context.Context) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stored[wire.FormatKey(massbalance.ConsortiumKey())], nil
}

// simulated is an endorsed transaction of the ledger.
type simulated struct {
	ledger   *ledger
	id       string
	answer   []byte
	commands []massbalance.Command
	reads    map[string]uint64
	outcome  massbalance.BatchOutcome
	writes   []wire.Stored
	mishap   mishap
}

func (s *simulated) ID() string     { return s.id }
func (s *simulated) Answer() []byte { return s.answer }

func (l *ledger) propose(_ context.Context, batch []byte) (endorsed, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proposed++
	l.serial++
	var m mishap
	if len(l.mishaps) > 0 {
		m, l.mishaps = l.mishaps[0], l.mishaps[1:]
	}
	if m.propose != nil {
		return nil, m.propose
	}
	commands, err := wire.ParseBatch(batch)
	if err != nil {
		return nil, &failure{kind: faulted, detail: "chaincode response 500, invalid_batch: " + err.Error()}
	}
	s := &simulated{ledger: l, id: fmt.Sprintf("tx%d", l.serial), commands: commands, reads: map[string]uint64{}, mishap: m}
	if err := s.execute(); err != nil {
		return nil, &failure{kind: faulted, detail: "chaincode response 500, internal: " + err.Error()}
	}
	return s, nil
}

func (s *simulated) order(ctx context.Context) error {
	l := s.ledger
	if !s.mishap.swallow {
		delay := l.delay + time.Duration(l.enter(s, 1)-1)*l.crowded
		if s.mishap.late {
			delay = time.Minute
		}
		time.AfterFunc(delay, func() {
			l.enter(s, -1) // whoever sees the commit may send the next
			l.commit(s)
		})
	}
	if s.mishap.order != nil {
		return s.mishap.order
	}
	if ctx.Err() != nil {
		return &failure{kind: uncertain, detail: ctx.Err().Error()}
	}
	return nil
}

// enter keeps the count of transactions under way, per site and in all, which it returns.
func (l *ledger) enter(s *simulated, change int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.under += change; change > 0 {
		l.together = append(l.together, l.under)
	}
	sites := map[massbalance.SiteID]bool{}
	for _, c := range s.commands {
		sites[massbalance.SiteOf(c.Body)] = true
	}
	for site := range sites {
		l.inFlight[site] += change
		l.overlap = max(l.overlap, l.inFlight[site])
	}
	return l.under
}

// commit decides an ordered transaction as a peer does.
func (l *ledger) commit(s *simulated) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.mishap.stale {
		l.blocks++
		for key := range s.reads {
			l.versions[key] = l.blocks
		}
	}
	l.blocks++
	done := commit{codeValid, l.blocks}
	for key, version := range s.reads {
		if l.versions[key] != version {
			done.code = codeConflict
		}
	}
	if s.mishap.code != "" {
		done.code = s.mishap.code
	}
	l.commits[s.id] = done
	var ids []massbalance.CommandID
	for _, c := range s.commands {
		ids = append(ids, c.ID)
	}
	l.batches = append(l.batches, ids)
	if done.code == codeConflict {
		l.conflicts++
	}
	if done.code != codeValid {
		return
	}
	l.state.Apply(s.outcome.Writes)
	for _, w := range s.writes {
		l.stored[w.Key], l.versions[w.Key] = w.Value, l.blocks
	}
	for _, r := range s.outcome.Records {
		l.entries = append(l.entries, massbalance.Entry{Block: l.blocks, Command: s.commands[r.Index], Record: r.Record})
	}
}

// status waits for the commit, looking again every 10 ms.
func (l *ledger) status(ctx context.Context, id string) (commit, error) {
	for {
		if done, err, known := l.look(id); known {
			return done, err
		}
		if wait(ctx, 10*time.Millisecond) != nil {
			return commit{}, &failure{kind: uncertain, detail: "context deadline exceeded"}
		}
	}
}

func (l *ledger) look(id string) (done commit, err error, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	done, known = l.commits[id]
	return done, nil, known
}

// deafTo wraps a ledger that does not tell some commit statuses.
type deafTo struct {
	*ledger
	mu    sync.Mutex
	times int
}

func (d *deafTo) status(ctx context.Context, id string) (commit, error) {
	d.mu.Lock()
	d.times--
	deaf := d.times >= 0
	d.mu.Unlock()
	if deaf {
		return commit{}, &failure{kind: uncertain, detail: "the peer is away"}
	}
	return d.ledger.status(ctx, id)
}

func (l *ledger) stock(site massbalance.SiteID) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	account, _ := l.state[massbalance.AccountKey(site, "wheat")].(massbalance.Account)
	return account.PhysicalIn.String()
}

func (l *ledger) ordered() [][]massbalance.CommandID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.batches)
}

func (l *ledger) underWay() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.under
}

func (l *ledger) proposals() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.proposed
}

// check is the oracle: the recount of the entries agrees with the state, which is
// what is stored.
func (l *ledger) check(t testing.TB) {
	l.mu.Lock()
	defer l.mu.Unlock()
	tally := massbalance.Recount(l.entries)
	require.Empty(t, tally.Findings)
	require.Empty(t, tally.CompareState(maps.Clone(l.state)))
	view, err := wire.NewReader(func(key string) ([]byte, error) { return l.stored[key], nil })
	require.NoError(t, err)
	for key, value := range l.state {
		stands, err := view.Get(key)
		require.NoError(t, err)
		require.Equal(t, value, stands, "%s", wire.FormatKey(key))
	}
}

func (l *ledger) height(_ context.Context, organisation string) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lacks := l.behind[organisation]
	if lacks > 0 && lacks <= 1000 {
		l.behind[organisation]--
	}
	return l.blocks + 1000 - min(lacks, 1000), nil
}
