package massbalance_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

func (l *ledger) agreed(id string, change func(*BalanceConsent)) ChangeBalance {
	c := BalanceConsent{ID: BalanceConsentID(id), Certifier: "certifier", Site: "depot", Scheme: "low-carbon", Months: 1, Issued: day}
	if change != nil {
		change(&c)
	}
	signed, err := wire.SignBalanceConsent(c, "k1", l.key)
	require.NoError(l.t, err)
	return ChangeBalance{signed}
}

// closing names all accounts, and all lots with credit left, of a site.
func (l *ledger) closing(site SiteID, in PeriodID, change func(*ClosePeriod)) ClosePeriod {
	c := ClosePeriod{Site: site, Period: in}
	for _, product := range []ProductID{"wheat", "flour", "bran"} {
		account, ok := l.state[AccountKey(site, product)].(Account)
		if !ok {
			continue
		}
		c.Balances = append(c.Balances, AccountBalance{product, account.Stock()})
		for _, lot := range l.lots(site, product) {
			c.Lots = append(c.Lots, LotLine{lot, l.lot(lot).Available()})
		}
	}
	if change != nil {
		change(&c)
	}
	return c
}

// Domain acceptance test AT-25 (EU Union Database): a period is of 1, 2, 3 or 12
// months; the site sets its length once, and only its certifier changes it.
func TestTheLengthOfAPeriod(t *testing.T) {
	l := depot(t, func(p *Profile) { p.PeriodMonths = []int{1, 3} })
	next := func(to Date) OpenPeriod { return OpenPeriod{"depot", "next", "2026-10-01", to} }
	consent := l.agreed("k-1", nil)
	l.refuses([]refusal{{"a change inside a period", PeriodNotContiguous, "growers", consent, ""}})
	l.must("growers", l.closing("depot", period, nil))
	l.refuses([]refusal{
		{"four months", PeriodLength, "growers", next("2027-01-31"), ""},
		{"a day short", PeriodLength, "growers", next("2026-12-30"), ""},
		{"two months, which the profile lacks", PeriodLength, "growers", next("2026-11-30"), ""},
		{"one month by the operator's own choice", PeriodLength, "growers", next("2026-10-31"), ""},
		{"consent to four months", InvalidCommand, "growers", l.agreed("k-2", func(c *BalanceConsent) { c.Months = 4 }), ""},
		{"consent to no scheme", NotFound, "growers", l.agreed("k-2", func(c *BalanceConsent) { c.Scheme = "none" }), ""},
		{"certifier unknown", NotFound, "growers", l.agreed("k-2", func(c *BalanceConsent) { c.Certifier = "none" }), ""},
		{"another's site", NotOwner, "miller", consent, ""},
		{"consent to two months", PeriodLength, "growers", l.agreed("k-2", func(c *BalanceConsent) { c.Months = 2 }), ""},
		{"forged", SignatureInvalid, "growers", empty(t).agreed("k-2", nil), ""},
	})
	l.must("growers", consent)
	l.refuses([]refusal{
		{"three months now", PeriodLength, "growers", next("2026-12-31"), ""},
		{"the same consent again", EvidenceUsed, "growers", consent, ""},
	})
	l.must("growers", next("2026-10-31"))
	require.Equal(t, 1, l.state[HeadKey("depot")].(Head).Months)
	l.check()
	l.replays()
}

// A site's certifier is one that certified it under the scheme that it is under.
func TestTheConsentOfAnotherCertifier(t *testing.T) {
	l := founded(t)
	l.adopt(RegisterProfile{profile(nil)})
	l.must("growers", RegisterSite{Site: "depot", Name: "Depot", Country: "FR", Region: "FRF2"})
	l.must("growers", ChooseScheme{"depot", "low-carbon"})
	l.refuses([]refusal{{"never certified the site", CertificateInvalid, "growers", l.agreed("k-1", nil), ""}})
	l.must("growers", l.certificate("dc", func(c *Certificate) { c.Sites = []SiteID{"depot"} }))
	l.adopt(RegisterProfile{profile(func(p *Profile) { p.Scheme = "other" })})
	l.must("growers", l.agreed("k-1", func(c *BalanceConsent) { c.Scheme, c.Months = "other", 0 }))
	require.Equal(t, SchemeID("other"), l.state[SiteKey("depot")].(Site).Scheme)
	l.check()
}

// A period begins on a day that every month has, and a month is as long as it is.
func TestMonths(t *testing.T) {
	l := founded(t)
	l.adopt(RegisterProfile{profile(func(p *Profile) { p.PeriodMonths = []int{1, 2, 3, 12} })})
	for i, span := range []struct {
		from, to Date
		months   int
	}{
		{"2026-02-01", "2026-02-28", 1}, {"2028-02-01", "2028-02-29", 1}, {"2026-01-28", "2026-02-27", 1}, {"2026-11-15", "2027-01-14", 2},
		{"2026-12-01", "2027-02-28", 3}, {"2028-02-28", "2029-02-27", 12},
		{"2026-01-31", "2026-02-27", 0}, {"2026-01-29", "2026-02-28", 0}, {"2026-01-01", "2026-06-30", 0},
	} {
		site := SiteID(fmt.Sprintf("site-%d", i))
		l.must("growers", RegisterSite{Site: site, Name: "S", Country: "FR", Region: "FRF2"})
		l.must("growers", ChooseScheme{site, "low-carbon"})
		open := OpenPeriod{site, "first", span.from, span.to}
		if span.months == 0 {
			l.refuses([]refusal{{string(span.from), PeriodLength, "growers", open, ""}})
			continue
		}
		l.must("growers", open)
		require.Equal(t, span.months, l.state[HeadKey(site)].(Head).Months)
	}
}

// A profile's next version holds from the next period on.
func TestAPeriodKeepsTheProfileItWasOpenedUnder(t *testing.T) {
	l := depot(t, nil)
	l.must("growers", deliver("1000", "T1"))
	l.adopt(RegisterProfile{profile(func(p *Profile) { p.Version, p.BeyondTolerance = 2, DeviationRefused })})
	count := func(c *ClosePeriod) { c.Counts = []AccountBalance{{"wheat", kg("900")}} }
	l.must("growers", l.closing("depot", period, count))
	closed := l.state[PeriodKey("depot", period)].(Period)
	require.Equal(t, 1, closed.Profile)
	require.True(t, closed.Counts[0].Flagged)
	l.must("growers", OpenPeriod{"depot", "2026-Q4", "2026-10-01", "2026-12-31"})
	l.refuses([]refusal{{"ninety of a hundred", StockOutOfTolerance, "growers", l.closing("depot", "2026-Q4", func(c *ClosePeriod) { c.Counts = []AccountBalance{{"wheat", kg("810")}} }), "85.5"}})
	l.check()
	l.replays()
}

// Domain acceptance test AT-21 (ISCC): 1,000 t in the book and 995 t counted are
// accepted, 994.9 t are flagged.
func TestStockCount(t *testing.T) {
	for _, test := range []struct {
		counted, stock string
		flagged        bool
	}{
		{"995000", "995000", false}, {"994900", "994900", true}, {"994999.999", "994999.999", true},
		{"1005000", "1005000", false}, {"1005000.001", "1000000", true}, {"1000000", "1000000", false},
	} {
		l := depot(t, published("iscc-plus"))
		l.must("growers", TakeIn{Site: "depot", Product: "wheat", Quantity: kg("1000000"), Evidence: "T1"})
		l.must("growers", l.closing("depot", period, func(c *ClosePeriod) { c.Counts = []AccountBalance{{"wheat", kg(test.counted)}} }))
		count := l.state[PeriodKey("depot", period)].(Period).Counts[0]
		require.Equal(t, test.flagged, count.Flagged, test.counted)
		require.Equal(t, "1000000", count.Book.String())
		require.Equal(t, test.stock, l.account("depot", "wheat").Stock().String(), "what is missing is booked out; what was found only within the tolerance")
		l.check()
	}
}

// Domain acceptance test AT-04 (MSPO): of 12,000 t in and 9,000 t out, 3,000 t
// are carried over, and forfeited if they are still unused after four periods.
func TestCreditExpiresAfterFourPeriods(t *testing.T) {
	l := depot(t, published("mspo"))
	lot := LotID(l.must("growers", deliver("12000000", "T1")).Subject)
	l.must("growers", Dispatch{Site: "depot", To: "mill", Product: "wheat", Quantity: kg("9000000"), Lines: []LotLine{{lot, kg("9000000")}}})
	in := period
	for i, next := range []OpenPeriod{
		{"depot", "2026-Q4", "2026-10-01", "2026-12-31"}, {"depot", "2027-Q1", "2027-01-01", "2027-03-31"},
		{"depot", "2027-Q2", "2027-04-01", "2027-06-30"}, {"depot", "2027-Q3", "2027-07-01", "2027-09-30"},
	} {
		l.must("growers", l.closing("depot", in, nil))
		require.Equal(t, "3000000", l.state[PeriodKey("depot", in)].(Period).Credits[0].Carried.String(), "carried into period %d", i+1)
		l.must("growers", next)
		in = next.Period
		if in == "2027-Q1" {
			require.Equal(t, Accepted, l.then(in, "2027-01-02", "growers", deliver("500000", "T2")).Code)
			require.Equal(t, Accepted, l.then(in, "2027-01-02", "growers", ClaimCredits{Site: "depot", Product: "wheat", Lines: []LotLine{{l.lots("depot", "wheat")[1], kg("500000")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}).Code)
		}
	}
	require.Equal(t, Accepted, l.then(in, "2027-07-02", "growers", deliver("1000", "T3")).Code)
	forfeit := func(quantity string) func(*ClosePeriod) {
		return func(c *ClosePeriod) { c.Expired = []LotLine{{lot, kg(quantity)}} }
	}
	l.refuses([]refusal{
		{"carried a fifth time", CarryOverExceeded, "growers", l.closing("depot", in, nil), "3000000"},
		{"a gram carried a fifth time", CarryOverExceeded, "growers", l.closing("depot", in, forfeit("2999999.999")), ""},
		{"more than there is", InsufficientCredit, "growers", l.closing("depot", in, forfeit("3000000.001")), "0.001"},
	})
	l.must("growers", l.closing("depot", in, forfeit("3000000")))
	closed := l.state[PeriodKey("depot", in)].(Period)
	require.Equal(t, "1000", closed.Credits[0].Carried.String())
	require.Equal(t, "3000000", closed.Credits[0].Expired.String())
	tally := l.check()
	require.Equal(t, "3000000.000", FormatGrams(tally.Characteristics[characteristics().ID()].Expired))
	require.Equal(t, "1000", l.account("depot", "wheat").Credit().String())
	l.replays()
}

// Credit does not grow younger by being converted, restated, or sent out and back.
func TestCreditKeepsItsAge(t *testing.T) {
	l := depot(t, func(p *Profile) { p.CarryOver.Months = 6 })
	lot := LotID(l.must("growers", deliver("10000", "T1")).Subject)
	l.must("growers", l.closing("depot", period, nil))
	l.must("growers", OpenPeriod{"depot", "2026-Q4", "2026-10-01", "2026-12-31"})
	do := func(date Date, org OrganisationID, body Body) Result {
		l.t.Helper()
		result := l.then("2026-Q4", date, org, body)
		require.Equal(t, Accepted, result.Code, result.Message)
		return result
	}
	do("2026-11-01", "growers", Convert{Site: "depot", Recipe: "milling", Quantity: kg("1000"), Lines: []LotLine{{lot, kg("1000")}}, Outputs: []Output{{"flour", kg("720")}}})
	require.Equal(t, day, l.lot(l.lots("depot", "flour")[0]).Booked)
	do("2026-11-01", "growers", Decouple{"depot", "wheat", []LotLine{{lot, kg("1000")}}})
	transfer := TransferID(do("2026-11-01", "growers", Dispatch{Site: "depot", To: "mill", Product: "wheat", Quantity: kg("1000"), Lines: []LotLine{{lot, kg("1000")}}}).Subject)
	l.must("miller", Reject{"mill", transfer, "wet"})
	do("2026-11-09", "growers", Return{Site: "depot", Transfer: transfer, Quantity: kg("1000")})
	for _, id := range l.lots("depot", "wheat") {
		require.Equal(t, day, l.lot(id).Booked)
	}
	new := LotID(do("2026-11-02", "growers", deliver("10", "T2")).Subject)
	require.Equal(t, Date("2026-11-02"), l.lot(new).Booked)
	l.must("growers", l.closing("depot", "2026-Q4", nil))
	l.must("growers", OpenPeriod{"depot", "2027-Q1", "2027-01-01", "2027-03-31"})
	close := l.closing("depot", "2027-Q1", nil)
	require.Equal(t, CarryOverExceeded, l.do("growers", close).Code, "what came in August is older than six months")
	for _, line := range close.Lots {
		if line.Lot != new {
			close.Expired = append(close.Expired, line)
		}
	}
	l.must("growers", close)
	l.check()
}

// Credit that was there before the site came under a profile counts from then.
func TestCreditFromBeforeTheProfile(t *testing.T) {
	l, _, _ := stocked(t)
	l.adopt(RegisterProfile{profile(func(p *Profile) { p.CarryOver.Periods, p.PeriodMonths = 1, []int{3} })})
	l.must("growers", l.closing("elevator", period, nil))
	l.must("growers", ChooseScheme{"elevator", "low-carbon"})
	l.must("growers", OpenPeriod{"elevator", "2026-Q4", "2026-10-01", "2026-12-31"})
	l.must("growers", l.closing("elevator", "2026-Q4", nil))
	l.must("growers", OpenPeriod{"elevator", "2027-Q1", "2027-01-01", "2027-03-31"})
	close := l.closing("elevator", "2027-Q1", nil)
	require.Equal(t, CarryOverExceeded, l.do("growers", close).Code)
	close.Expired = close.Lots
	l.must("growers", close)
	l.check()
}

// Where the profile caps what is carried over by the physical stock (ISCC EU),
// credit cannot outgrow it across a close, however the material went.
func TestCreditCannotOutgrowStockAcrossAClose(t *testing.T) {
	l := depot(t, published("iscc-eu"))
	lot := LotID(l.must("growers", deliver("1000", "T1")).Subject)
	l.must("growers", Withdraw{Site: "depot", Product: "wheat", Quantity: kg("400"), Purpose: "feed"})
	close := l.closing("depot", period, nil)
	l.refuses([]refusal{
		{"lots not named", BalanceMismatch, "growers", with(close, func(b *ClosePeriod) { b.Lots = nil }), "1000"},
		{"less of a lot than is left", BalanceMismatch, "growers", with(close, func(b *ClosePeriod) { b.Lots = []LotLine{{lot, kg("600")}} }), "400"},
		{"a lot from elsewhere forfeited", BalanceMismatch, "growers", with(close, func(b *ClosePeriod) { b.Expired = []LotLine{{"growers/none/1", kg("400")}} }), ""},
		{"400 kg of credit without material", CarryOverExceeded, "growers", close, "400"},
		{"a gram of it", CarryOverExceeded, "growers", with(close, func(b *ClosePeriod) { b.Expired = []LotLine{{lot, kg("399.999")}} }), "0.001"},
		{"and what the count lacks", CarryOverExceeded, "growers", with(close, func(b *ClosePeriod) {
			b.Expired, b.Counts = []LotLine{{lot, kg("400")}}, []AccountBalance{{"wheat", kg("597")}}
		}), "3"},
	})
	l.must("growers", with(close, func(b *ClosePeriod) { b.Expired = []LotLine{{lot, kg("400")}} }))
	l.check()

	plain, first, _ := stocked(t)
	plain.must("growers", Withdraw{Site: "elevator", Product: "wheat", Quantity: kg("90000"), Purpose: "feed"})
	plain.must("growers", plain.closing("elevator", period, nil))
	require.Equal(t, "40000", plain.lot(first).Available().String(), "the plain profile does not ask")
	l = plain
	l.refuses([]refusal{{"a lot of another site", WrongSite, "miller", ClosePeriod{Site: "mill", Period: period, Lots: []LotLine{{first, kg("1")}}}, ""}})
}

// opening + in − out − loss = closing, and the figures' hash is in the journal.
func TestTheStatementOfAPeriod(t *testing.T) {
	l := depot(t, nil)
	lot := LotID(l.must("growers", deliver("1000", "T1")).Subject)
	l.must("growers", l.closing("depot", period, nil))
	l.must("growers", OpenPeriod{"depot", "2026-Q4", "2026-10-01", "2026-12-31"})
	for _, body := range []Body{
		TakeIn{Site: "depot", Product: "wheat", Quantity: kg("500"), Evidence: "T2"},
		Dispatch{Site: "depot", To: "mill", Product: "wheat", Quantity: kg("300"), Lines: []LotLine{{lot, kg("200")}}},
	} {
		require.Equal(t, Accepted, l.then("2026-Q4", "2026-10-02", "growers", body).Code)
	}
	l.must("growers", l.closing("depot", "2026-Q4", func(c *ClosePeriod) {
		c.Counts, c.Expired = []AccountBalance{{"wheat", kg("1197")}}, []LotLine{{lot, kg("50")}}
	}))
	closed := l.state[PeriodKey("depot", "2026-Q4")].(Period)
	figures, err := wire.Format(closed.Figures)
	require.NoError(t, err)
	want, err := wire.Format([]Reconciliation{{
		Product:  "wheat",
		Material: MaterialBalance{Opening: kg("1000"), In: kg("500"), Out: kg("300"), Loss: kg("3"), Closing: kg("1197")},
		Credit:   CreditBalance{Opening: kg("1000"), Out: kg("200"), Expired: kg("50"), Closing: kg("750")},
	}})
	require.NoError(t, err)
	require.Equal(t, string(want), string(figures))
	last := l.entries[len(l.entries)-1].Record
	require.False(t, last.Statement.IsZero())
	require.Equal(t, closed.Statement, last.Statement)
	require.Equal(t, closed.Statement, Digest(sha256.Sum256([]byte(closed.Text("depot", "2026-Q4")))))
	require.Contains(t, closed.Text("depot", "2026-Q4"), `material "wheat" opening 1000 in 500 found 0 out 300 loss 3 closing 1197`)

	// The same commands with another count make another journal.
	require.NotEqual(t, l.state[PeriodKey("depot", period)].(Period).Statement, closed.Statement)
	l.check()
	l.replays()
}

// Every close has its statement in the journal, under whichever version of the
// rules and without a profile too; the recount misses it where it is not there.
func TestEveryCloseHasItsStatement(t *testing.T) {
	l, _, _ := stocked(t)
	l.must("growers", l.closing("elevator", period, nil))
	closed := l.entries[len(l.entries)-1].Record
	require.Equal(t, Digest(sha256.Sum256([]byte(l.state[PeriodKey("elevator", period)].(Period).Text("elevator", period)))), closed.Statement)
	require.Len(t, l.state[PeriodKey("elevator", period)].(Period).Figures, 1)
	l.adopt(AdoptRules{2})
	l.must("miller", l.closing("mill", period, nil))
	require.False(t, l.entries[len(l.entries)-1].Record.Statement.IsZero())
	l.check()
	l.replays()

	entries := append([]Entry{}, l.entries...)
	entries[len(entries)-1].Record.Statement = Digest{}
	require.Contains(t, Recount(entries).Findings[0], "closed without a statement")
	state := Memory{}
	for key, value := range l.state {
		state[key] = value
	}
	other := l.state[PeriodKey("elevator", period)].(Period)
	other.Figures = nil
	state[PeriodKey("elevator", period)] = other
	require.NotEmpty(t, Recount(l.entries).CompareState(state))
}

// A late entry is booked in the open period and carries both dates: it must
// have been good on both.
func TestLateEntries(t *testing.T) {
	l, first, _ := stocked(t)
	late := func(in PeriodID, date, occurred Date, body Body) Result {
		l.t.Helper()
		c := l.command(fmt.Sprintf("l%d", l.next+1), body)
		c.Period, c.Date, c.Occurred = in, date, occurred
		return l.sealed("growers", c)
	}
	dispatch := Dispatch{Site: "elevator", To: "mill", Product: "wheat", Quantity: kg("1000"), Lines: []LotLine{{first, kg("1000")}}}
	require.Equal(t, DateOutsidePeriod, late(period, "2026-08-03", "2026-06-30", dispatch).Code, "there was no period before")
	l.must("growers", l.closing("elevator", period, nil))
	l.must("growers", OpenPeriod{"elevator", "2026-Q4", "2026-10-01", "2026-12-31"})
	l.must("growers", l.standing("su-1", Suspended, "2026-09-20", nil))
	l.must("growers", l.standing("re-1", Reinstated, "2026-09-25", nil))
	require.Equal(t, InvalidCommand, late("2026-Q4", "2026-10-05", "2026-10-05", dispatch).Code, "not late")
	require.Equal(t, InvalidCommand, late("2026-Q4", "2026-10-05", "2026-09-31", dispatch).Code, "no such day")
	require.Equal(t, InvalidCommand, late("2026-Q4", "2026-10-05", "2026-09-29", AdoptRules{2}).Code, "nothing moved")
	require.Equal(t, DateOutsidePeriod, late("2026-Q4", "2026-10-05", "2026-10-01", dispatch).Code, "that day is in the open period")
	require.Equal(t, DateOutsidePeriod, late("2026-Q4", "2026-09-29", "2026-09-28", dispatch).Code, "booked in a closed period")
	require.Equal(t, CertificateSuspended, late("2026-Q4", "2026-10-05", "2026-09-21", dispatch).Code, "suspended when it happened")
	require.Equal(t, DateOutsidePeriod, late("2026-Q4", "2026-10-05", "2026-06-30", dispatch).Code, "before the site's first period")
	require.Equal(t, InvalidCommand, late("2026-Q4", "2026-10-05", "2026-09-29", OpenPeriod{"elevator", "x", "2027-01-01", "2027-03-31"}).Code, "a period is not late")
	require.Equal(t, Accepted, late("2026-Q4", "2026-10-05", "2026-09-29", dispatch).Code)
	record := l.entries[len(l.entries)-1].Record
	require.Equal(t, []Date{"2026-10-05", "2026-09-29"}, []Date{record.Date, record.Occurred})
	require.Equal(t, Date("2026-09-29"), l.state[TransferKey(TransferID(record.Subject))].(Transfer).Dispatched)
	closed := l.state[PeriodKey("elevator", period)].(Period)
	require.Equal(t, "100000", closed.Closings[0].Account.Stock().String(), "the closed period is as it was (I5)")
	l.check()
	l.replays()
}

// A recount finds what the rules of a profile forbid.
func TestRecountKnowsProfiles(t *testing.T) {
	spoiled := func(l *ledger, kind string, spoil func(*Entry)) []string {
		l.t.Helper()
		l.check()
		entries := append([]Entry{}, l.entries...)
		for i := len(entries) - 1; i >= 0; i-- {
			if entries[i].Record.Type == kind {
				spoil(&entries[i])
				break
			}
		}
		findings := Recount(entries).Findings
		require.NotEmpty(l.t, findings)
		return findings
	}
	l := depot(t, published("iscc-eu"))
	lot := LotID(l.must("growers", deliver("1000", "T1")).Subject)
	l.must("growers", Withdraw{Site: "depot", Product: "wheat", Quantity: kg("400"), Purpose: "feed"})
	l.must("growers", l.closing("depot", period, func(c *ClosePeriod) { c.Expired = []LotLine{{lot, kg("400")}} }))
	l.must("growers", OpenPeriod{"depot", "2026-Q4", "2026-10-01", "2026-12-31"})
	require.Contains(t, spoiled(l, "close_period", func(e *Entry) { e.Record.Credits = nil })[0], "600.000 kg are in stock")
	before := l.state[PeriodKey("depot", period)]
	figures := before.(Period)
	figures.Figures = append([]Reconciliation{}, figures.Figures...)
	figures.Figures[0].Material.Out = kg("399.999")
	l.state[PeriodKey("depot", period)] = figures
	require.Contains(t, Recount(l.entries).CompareState(l.state)[0], "material out and loss of wheat")
	figures.Figures, figures.Closings = nil, nil
	l.state[PeriodKey("depot", period)] = figures
	require.Contains(t, Recount(l.entries).CompareState(l.state)[0], "I5")
	l.state[PeriodKey("depot", period)] = before
	require.Contains(t, spoiled(l, "open_period", func(e *Entry) {
		b := e.Command.Body.(OpenPeriod)
		b.From = "2026-10-02"
		e.Command.Body = b
	})[0], "I5")

	l = depot(t, func(p *Profile) { p.Method = RollingAverage })
	l.must("growers", TakeIn{Site: "depot", Product: "wheat", Quantity: kg("80"), Evidence: "T1"})
	lot = LotID(l.must("growers", deliver("400", "T2")).Subject)
	l.must("growers", Dispatch{Site: "depot", To: "mill", Product: "wheat", Quantity: kg("48"), Lines: []LotLine{{lot, kg("40")}}})
	require.Contains(t, spoiled(l, "dispatch", func(e *Entry) {
		e.Record.Materials = append([]Material{}, e.Record.Materials...)
		e.Record.Materials[0].Out = kg("47.999")
	})[0], "attributed on average")
}

// seasons plays random months at a site whose credit is capped by its stock,
// forfeited after one more period, and averaged. It keeps its own grams.
type seasons struct {
	*ledger
	month         int
	stock, credit int64
	material, of  int64 // the pool of the month, and the credit in it
	first         map[LotID]int
	tickets       int
}

func (s *seasons) period() (PeriodID, Date, Date) {
	first := Date("2026-07-01").AddMonths(s.month)
	return PeriodID("m" + string(first)), first, first.AddMonths(1)
}

func (s *seasons) play(body Body) Result {
	id, first, _ := s.period()
	return s.then(id, first, "growers", body)
}

func (s *seasons) In(t *rapid.T) {
	grams := rapid.Int64Range(1, 1_000_000).Draw(t, "grams")
	s.tickets++
	ticket := EvidenceID(fmt.Sprintf("T%d", s.tickets))
	s.stock, s.material = s.stock+grams, s.material+grams
	if rapid.Bool().Draw(t, "undifferentiated") {
		require.Equal(t, Accepted, s.play(TakeIn{Site: "depot", Product: "wheat", Quantity: Grams(grams), Evidence: ticket}).Code)
		return
	}
	result := s.play(with(deliver("1", string(ticket)), func(b *Introduce) { b.Quantity = Grams(grams) }))
	require.Equal(t, Accepted, result.Code, result.Message)
	s.credit, s.of, s.first[LotID(result.Subject)] = s.credit+grams, s.of+grams, s.month
}

func (s *seasons) Out(t *rapid.T) {
	lots := s.lots("depot", "wheat")
	if s.stock == 0 {
		return
	}
	material, credit := rapid.Int64Range(1, s.stock).Draw(t, "material"), int64(0)
	d := Dispatch{Site: "depot", To: "mill", Product: "wheat", Quantity: Grams(material)}
	if len(lots) > 0 {
		most := material * s.of / s.material
		credit = min(rapid.Int64Range(max(most-1, 1), most+1).Draw(t, "credit"), GramsOf(s.lot(lots[0]).Available()).Int64(), material)
		d.Lines = []LotLine{{lots[0], Grams(credit)}}
	}
	expected := Accepted
	if credit > material*s.of/s.material {
		expected = AverageExceeded
	}
	result := s.play(d)
	require.Equal(t, expected, result.Code, result.Message)
	if expected == Accepted {
		s.stock, s.credit = s.stock-material, s.credit-credit
	}
}

// Close forfeits what it must, and not a gram less.
func (s *seasons) Close(t *rapid.T) {
	id, _, next := s.period()
	c := s.closing("depot", id, nil)
	if s.stock > 0 && rapid.Bool().Draw(t, "count") {
		s.stock -= rapid.Int64Range(0, s.stock).Draw(t, "missing")
		c.Counts = []AccountBalance{{"wheat", Grams(s.stock)}}
	}
	credit, need := s.credit, map[LotID]int64{}
	for _, line := range c.Lots {
		if s.first[line.Lot] < s.month {
			need[line.Lot] = GramsOf(line.Quantity).Int64()
			credit -= need[line.Lot]
		}
	}
	for _, line := range c.Lots {
		if excess := min(credit-s.stock, GramsOf(line.Quantity).Int64()-need[line.Lot]); excess > 0 {
			need[line.Lot] += excess
			credit -= excess
		}
	}
	for _, line := range c.Lots {
		if need[line.Lot] > 0 {
			c.Expired = append(c.Expired, LotLine{line.Lot, Grams(need[line.Lot])})
		}
	}
	if n := len(c.Expired); n > 0 {
		short := append([]LotLine{}, c.Expired...)
		if grams := need[short[n-1].Lot] - 1; grams == 0 {
			short = short[:n-1]
		} else {
			short[n-1].Quantity = Grams(grams)
		}
		require.Equal(t, CarryOverExceeded, s.play(with(c, func(b *ClosePeriod) { b.Expired = short })).Code)
	}
	result := s.play(c)
	require.Equal(t, Accepted, result.Code, result.Message)
	s.month++
	s.credit, s.material, s.of = credit, s.stock, credit
	opened, first, _ := s.period()
	require.Equal(t, next, first)
	result = s.play(OpenPeriod{"depot", opened, first, monthEnd(first)})
	require.Equal(t, Accepted, result.Code, result.Message)
}

func (s *seasons) Check(t *rapid.T) {
	tally := s.counted()
	require.Empty(t, tally.Findings)
	require.Empty(t, tally.CompareState(s.state))
	account := tally.Accounts[AccountID{"depot", "wheat"}]
	if account != nil {
		require.Equal(t, []int64{s.stock, s.credit}, []int64{account.Stock().Int64(), account.Credit().Int64()})
	}
}

func TestRandomPeriodsUnderAProfile(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := depot(t, nil)
		s := &seasons{ledger: l, first: map[LotID]int{}}
		l.must("growers", ClosePeriod{Site: "depot", Period: period})
		l.adopt(RegisterProfile{profile(func(p *Profile) {
			p.Version, p.Method, p.CarryOver, p.PeriodMonths = 2, RollingAverage, CarryOver{CapPhysicalStock, 1, 0}, []int{1}
		})})
		s.month = 3
		id, first, _ := s.period()
		l.must("growers", OpenPeriod{"depot", id, first, "2026-10-31"})
		r.Repeat(map[string]func(*rapid.T){"in": s.In, "in again": s.In, "out": s.Out, "out again": s.Out, "close": s.Close, "": s.Check})
	})
}

// monthEnd is the last day of a month that begins on the first.
func monthEnd(first Date) Date {
	end := first
	for end.Next() != first.AddMonths(1) {
		end = end.Next()
	}
	return end
}
