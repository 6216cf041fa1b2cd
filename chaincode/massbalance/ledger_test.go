package massbalance_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// ledger runs commands one after the other on a state in memory and keeps the
// entries. Every test ends with check, which recounts them.
type ledger struct {
	t       testing.TB
	state   Memory
	entries []Entry
	key     *ecdsa.PrivateKey
	next    int
	soFar   *Tally // see counted
}

const (
	day    Date     = "2026-08-03"
	period PeriodID = "2026-Q3"
)

func kg(text string) Quantity {
	q, err := ParseQuantity(text)
	if err != nil {
		panic(err)
	}
	return q
}

func ratio(text string) Ratio {
	r, err := ParseRatio(text)
	if err != nil {
		panic(err)
	}
	return r
}

func hectares(text string) Hectares {
	h, err := ParseHectares(text)
	if err != nil {
		panic(err)
	}
	return h
}

func intensity(text string) Intensity {
	i, err := ParseIntensity(text)
	if err != nil {
		panic(err)
	}
	return i
}

// empty is a ledger before anything was founded.
func empty(t testing.TB) *ledger {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return &ledger{t: t, state: Memory{}, key: key}
}

// command makes a sealed command in the usual day and period.
func (l *ledger) command(id string, body Body) Command {
	c, err := wire.NewCommand(Command{ID: CommandID(id), Date: day, Period: period, Body: body})
	require.NoError(l.t, err)
	return c
}

// send executes a command and keeps its entry.
func (l *ledger) send(org OrganisationID, c Command) Result {
	l.next++
	view := &asking{Memory: l.state}
	batch, err := ExecuteBatch(view, Tx{ID: fmt.Sprintf("tx%d", l.next), Organisation: org}, []Command{c})
	require.NoError(l.t, err)
	if view.record {
		l.sendShort(org, c, batch)
	}
	l.state.Apply(batch.Writes)
	for _, r := range batch.Records {
		l.entries = append(l.entries, Entry{Block: uint64(l.next), Command: c, Record: r.Record})
	}
	return batch.Results[0]
}

// do executes a body under an ID of its own.
func (l *ledger) do(org OrganisationID, body Body) Result {
	return l.send(org, l.command(fmt.Sprintf("c%d", l.next+1), body))
}

// must executes a body that has to be accepted.
func (l *ledger) must(org OrganisationID, body Body) Result {
	l.t.Helper()
	result := l.do(org, body)
	require.Equal(l.t, Accepted, result.Code, result.Message)
	return result
}

// check is the oracle: the recount finds nothing and agrees with every lot and
// account of the state.
func (l *ledger) check() *Tally {
	l.t.Helper()
	tally := Recount(l.entries)
	require.Empty(l.t, tally.Findings)
	require.Empty(l.t, tally.CompareState(l.state))
	l.checkInParts(tally)
	return tally
}

// counted is the recount so far, which goes on with the entries that are new: after
// every step of a long story it is the same as one of all entries from the beginning,
// which checkInParts shows, and does not take longer with every step.
func (l *ledger) counted() *Tally {
	if l.soFar == nil {
		l.soFar = NewTally()
	}
	for _, e := range l.entries[l.soFar.Entries:] {
		l.soFar.Add(e)
	}
	l.soFar.Close()
	return l.soFar
}

// checkInParts counts again with a look at the figures halfway.
func (l *ledger) checkInParts(whole *Tally) {
	l.t.Helper()
	parts := NewTally()
	for i, e := range l.entries {
		if i == len(l.entries)/2 {
			parts.Close()
		}
		parts.Add(e)
	}
	parts.Close()
	require.Empty(l.t, parts.Findings)
	for id, of := range whole.Characteristics {
		again := parts.Characteristics[id]
		require.Equal(l.t, []string{of.Available.String(), of.InTransit.String(), of.Frozen.String()},
			[]string{again.Available.String(), again.InTransit.String(), again.Frozen.String()})
	}
}

// adopt sends a change of the common register from a majority.
func (l *ledger) adopt(body Body) {
	l.t.Helper()
	for _, org := range []OrganisationID{"growers", "miller", "brand"} {
		l.must(org, body)
	}
}

var members = []Member{
	{Organisation: "growers", Name: "Growers", Role: Trading},
	{Organisation: "miller", Name: "Miller", Role: Trading},
	{Organisation: "manufacturer", Name: "Manufacturer", Role: Trading},
	{Organisation: "brand", Name: "Brand", Role: Trading},
	{Organisation: "certifier", Name: "Certifier", Role: Certification},
}

func characteristics() Characteristics {
	return Characteristics{
		Scheme: "low-carbon", Country: "FR", Region: "FRF2", Vintage: 2026, Practices: []string{"cover-crops", "no-till"},
		Carbon: Carbon{
			Fossil:   CarbonFigure{intensity("0.294"), "test"},
			Removals: CarbonFigure{intensity("-0.03"), "test"},
		},
	}
}

func (l *ledger) statement(id string, change func(*Statement)) PublishStatement {
	s := Statement{
		ID: StatementID(id), Certifier: "certifier", Certificate: "cert", Holder: "growers", Site: "elevator",
		Producer: "Farm", Product: "wheat", Quantity: kg("100000"), Area: hectares("20"),
		Characteristics: characteristics(), Issued: day,
	}
	if change != nil {
		change(&s)
	}
	signed, err := wire.SignStatement(s, "k1", l.key)
	require.NoError(l.t, err)
	return PublishStatement{signed}
}

func (l *ledger) certificate(id string, change func(*Certificate)) PublishCertificate {
	c := Certificate{
		ID: CertificateID(id), Certifier: "certifier", Scheme: "low-carbon", Holder: "growers",
		Sites: []SiteID{"elevator"}, Products: []ProductID{"wheat", "flour", "bran"}, ValidFrom: "2026-01-01", ValidTo: "2026-12-31",
	}
	if change != nil {
		change(&c)
	}
	signed, err := wire.SignCertificate(c, "k1", l.key)
	require.NoError(l.t, err)
	return PublishCertificate{signed}
}

// founded is a ledger with members, register, sites and open periods.
func founded(t testing.TB) *ledger {
	l := empty(t)
	l.must("growers", FoundConsortium{Members: members})
	l.adopt(RegisterProduct{Product{ID: "wheat", Name: "Wheat", YieldCaps: []YieldCap{{Region: "FRF2", PerHectare: kg("9000"), Source: "test"}}}})
	l.adopt(RegisterProduct{Product{ID: "flour", Name: "Flour"}})
	l.adopt(RegisterProduct{Product{ID: "bran", Name: "Bran"}})
	l.adopt(RegisterRecipe{Recipe{ID: "milling", Input: "wheat", Source: "test", Outputs: []RecipeOutput{
		{Product: "flour", Factor: ratio("0.72")}, {Product: "bran", Factor: ratio("0.28")},
	}}})
	point, err := wire.PublicKey(&l.key.PublicKey)
	require.NoError(t, err)
	l.adopt(RegisterCertifier{Certifier{ID: "certifier", Keys: []SigningKey{{ID: "k1", Point: point}}}})
	for site, owner := range map[SiteID]OrganisationID{"elevator": "growers", "silo": "growers", "mill": "miller", "bakery": "manufacturer", "shop": "brand"} {
		l.must(owner, RegisterSite{Site: site, Name: string(site), Country: "FR", Region: "FRF2"})
		l.must(owner, OpenPeriod{Site: site, Period: period, From: "2026-07-01", To: "2026-09-30"})
	}
	l.must("growers", l.certificate("cert", nil))
	l.must("growers", l.statement("s1", nil))
	return l
}

// stocked has 100 t of wheat at the elevator, 60 t of it as two lots of one set
// of characteristics.
func stocked(t testing.TB) (l *ledger, first, second LotID) {
	l = founded(t)
	first = LotID(l.must("growers", introduce("40000", "T1")).Subject)
	second = LotID(l.must("growers", introduce("20000", "T2")).Subject)
	l.must("growers", TakeIn{Site: "elevator", Product: "wheat", Quantity: kg("40000"), Supplier: "Farm X", Evidence: "T3"})
	return l, first, second
}

func introduce(quantity, ticket string) Introduce {
	return Introduce{Site: "elevator", Certifier: "certifier", Statement: "s1", Quantity: kg(quantity), Model: MassBalance, Evidence: EvidenceID(ticket)}
}

// shipped has 50 t of the 100 t on the way to the mill, 40 t of it attributed.
func shipped(t testing.TB) (*ledger, TransferID) {
	l, first, second := stocked(t)
	result := l.must("growers", Dispatch{
		Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("50000"), Documents: []EvidenceID{"CMR1"},
		Lines: []LotLine{{first, kg("30000")}, {second, kg("10000")}},
	})
	return l, TransferID(result.Subject)
}

// milled has the shipment received and ground: 50 t into 36 t and 14 t.
func milled(t testing.TB) (l *ledger, flour LotID) {
	l, transfer := shipped(t)
	l.must("miller", Receive{Site: "mill", Transfer: transfer, Quantity: kg("50000"), Evidence: "W1"})
	wheat := l.lots("mill", "wheat")
	l.must("miller", Convert{
		Site: "mill", Recipe: "milling", Quantity: kg("50000"), Lines: []LotLine{{wheat[0], kg("40000")}},
		Outputs: []Output{{"flour", kg("36000")}, {"bran", kg("14000")}},
	})
	return l, l.lots("mill", "flour")[0]
}

// lots lists the lots of a product at a site that have something left.
func (l *ledger) lots(site SiteID, product ProductID) []LotID {
	var ids []LotID
	for _, e := range l.entries {
		for _, p := range e.Record.Credits {
			if p.To.Kind == HolderLot && p.To.Site == site && p.To.Product == product && !l.lot(LotID(p.To.ID)).Available().IsZero() {
				ids = append(ids, LotID(p.To.ID))
			}
		}
	}
	return ids
}

func (l *ledger) lot(id LotID) Lot { return l.state[LotKey(id)].(Lot) }

func (l *ledger) account(site SiteID, product ProductID) Account {
	return l.state[AccountKey(site, product)].(Account)
}
