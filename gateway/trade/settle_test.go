package trade_test

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

func kg(text string) massbalance.Quantity {
	q, err := massbalance.ParseQuantity(text)
	if err != nil {
		panic(err)
	}
	return q
}

func money(text string) trade.Money {
	m, err := trade.ParseMoney(text)
	if err != nil {
		panic(err)
	}
	return m
}

func intensity(text string) massbalance.Intensity {
	i, err := massbalance.ParseIntensity(text)
	if err != nil {
		panic(err)
	}
	return i
}

// quarter is 30 to 40 t a month over three months.
func quarter(forward bool) massbalance.Commitment {
	return massbalance.Commitment{
		Product: "wheat", Salt: trade.NewSalt(), CarryForward: forward, Specification: massbalance.Specification{Model: massbalance.MassBalance},
		Periods: []massbalance.SupplyPeriod{
			{From: "2026-07-01", To: "2026-07-31", Minimum: kg("30000"), Maximum: kg("40000")},
			{From: "2026-08-01", To: "2026-08-31", Minimum: kg("30000"), Maximum: kg("40000")},
			{From: "2026-09-01", To: "2026-09-30", Minimum: kg("30000"), Maximum: kg("40000")},
		},
	}
}

func agree(t require.TestingT, commitment massbalance.Commitment, price trade.Price) (massbalance.Agreement, trade.Terms) {
	terms := trade.Terms{Salt: trade.NewSalt(), Seller: "growers", Buyer: "miller", Commitment: commitment, Price: price}
	_, digest, err := terms.Document()
	require.NoError(t, err)
	return massbalance.Agreement{ID: "miller/accept", Seller: "growers", Buyer: "miller", Commitment: commitment, Terms: digest}, terms
}

func receipt(id string, day massbalance.Date, quantity string) trade.Receipt {
	return trade.Receipt{
		Transfer: massbalance.TransferID(id), Dispatched: day, Received: day, Model: massbalance.MassBalance,
		Parts: []trade.Part{{Characteristics: "set", Quantity: kg(quantity), Carbon: massbalance.Carbon{Fossil: massbalance.CarbonFigure{Intensity: intensity("0.25")}}}},
	}
}

// 29.99 t at 41.50 and 0.05 per kg CO2e below 0.4: 1,244.585 is rounded to the
// even cent, 1,244.58; 4,498.5 kg CO2e are 224.925, rounded to 224.92.
func TestSettleRoundsEachLineHalfToEven(t *testing.T) {
	a, terms := agree(t, quarter(false), trade.Price{
		Currency: "EUR", PerTonne: money("41.5"), Shortfall: money("12"),
		Saving: &trade.SavingPremium{PerKg: money("0.05"), Region: "FRF2", Version: 1, Intensity: intensity("0.4")},
	})
	s, err := trade.Settle(a, terms, []trade.Receipt{receipt("growers/d1", "2026-07-10", "29990")}, 1)
	require.NoError(t, err)
	require.Equal(t, "1244.58", s.Lines[0].Volume.String())
	require.Equal(t, "4498.5", s.Lines[0].Saving.String())
	require.Equal(t, "224.92", s.Lines[0].Savings.String())
	require.Equal(t, "10", s.Short.String())
	require.Equal(t, "0.12", s.Shortfall.String())
	require.Equal(t, "1469.38", s.Due.String())
}

// Shortfall goes one period on and no further; the last period owes for all.
func TestShortfallIsHandedOnOnce(t *testing.T) {
	a, terms := agree(t, quarter(true), trade.Price{Currency: "EUR", PerTonne: money("40"), Shortfall: money("10")})
	receipts := []trade.Receipt{receipt("growers/d1", "2026-07-10", "10000"), receipt("growers/d2", "2026-08-10", "15000"), receipt("growers/d3", "2026-09-10", "40000")}
	for n, want := range []struct{ carried, short, forward, charged, due string }{
		{"0", "20000", "20000", "0", "400.00"},
		{"20000", "35000", "30000", "5000", "550.00"},
		{"30000", "20000", "0", "20000", "1400.00"},
	} {
		s, err := trade.Settle(a, terms, receipts, n+1)
		require.NoError(t, err)
		require.Equal(t, want, struct{ carried, short, forward, charged, due string }{s.Carried.String(), s.Short.String(), s.Forward.String(), s.Charged.String(), s.Due.String()}, "period %d", n+1)
	}
}

func TestSettleRefusesOtherTerms(t *testing.T) {
	a, terms := agree(t, quarter(false), trade.Price{Currency: "EUR", PerTonne: money("40")})
	terms.Price.PerTonne = money("41.777")
	_, err := trade.Settle(a, terms, nil, 1)
	require.ErrorContains(t, err, "hash")
	require.NotContains(t, err.Error(), "41.777")
	_, terms = agree(t, quarter(false), trade.Price{Currency: "EUR", PerTonne: money("40")})
	_, err = trade.Settle(a, terms, nil, 1)
	require.ErrorContains(t, err, "hash", "the same price under another salt is another document")
}

// Over random histories: what a statement says is receipts × terms, to the cent,
// recounted in fractions with code of its own; both sides compute the same bytes,
// in whichever order they read the receipts.
func TestSettlementEqualsReceiptsTimesTerms(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		price := trade.Price{
			Currency: "EUR", PerTonne: money(drawPrice(r, "premium", true)), Shortfall: money(drawPrice(r, "shortfall", false)),
			Models: []trade.ModelPremium{{Model: massbalance.Segregated, PerTonne: money(drawPrice(r, "segregated", true))}},
		}
		if rapid.Bool().Draw(r, "saving") {
			price.Saving = &trade.SavingPremium{PerKg: money(drawPrice(r, "per kg", false)), Intensity: intensity("0.3")}
		}
		a, terms := agree(r, quarter(rapid.Bool().Draw(r, "forward")), price)
		receipts := drawReceipts(r)
		owed := new(big.Int)
		var delivered [3]*big.Int
		for n := range delivered {
			ours, err := trade.Settle(a, terms, receipts, n+1)
			require.NoError(r, err)
			slices.Reverse(receipts)
			theirs, err := trade.Settle(a, terms, receipts, n+1)
			require.NoError(r, err)
			bytes, digest, err := ours.Document()
			require.NoError(r, err)
			same, hash, err := theirs.Document()
			require.NoError(r, err)
			require.Equal(r, string(bytes), string(same))
			require.Equal(r, digest, hash)

			premium, mass := recount(a, price, receipts, n)
			require.Equal(r, premium.Int64(), ours.Premium.Cents())
			require.Equal(r, 0, mass.Cmp(massbalance.GramsOf(ours.Received)))
			require.Equal(r, ours.Due, ours.Premium.Sub(ours.Shortfall))
			delivered[n] = mass
			owed.Add(owed, massbalance.GramsOf(ours.Charged))
		}
		require.Equal(r, shortfall(delivered, terms.Commitment.CarryForward), owed.Int64(), "what is owed for over all periods")
	})
}

func drawPrice(r *rapid.T, name string, negative bool) string {
	price := fmt.Sprintf("%d.%06d", rapid.IntRange(0, 500).Draw(r, name), rapid.IntRange(0, 999999).Draw(r, name+" parts"))
	if negative && rapid.IntRange(0, 9).Draw(r, name+" sign") == 0 && price != "0.000000" {
		return "-" + price
	}
	return price
}

func drawReceipts(r *rapid.T) (receipts []trade.Receipt) {
	for i := range rapid.IntRange(0, 12).Draw(r, "receipts") {
		one := trade.Receipt{
			Transfer:   massbalance.TransferID(fmt.Sprintf("growers/d%d", i)),
			Dispatched: massbalance.Date(fmt.Sprintf("2026-%02d-15", rapid.IntRange(6, 10).Draw(r, "month"))), Received: "2026-10-20",
			Model: rapid.SampledFrom([]massbalance.CustodyModel{massbalance.MassBalance, massbalance.Segregated}).Draw(r, "model"),
		}
		for p := range rapid.IntRange(1, 3).Draw(r, "parts") {
			one.Parts = append(one.Parts, trade.Part{
				Characteristics: massbalance.CharacteristicsID(fmt.Sprint("set", p)), Quantity: massbalance.Grams(rapid.Int64Range(1, 20_000_000).Draw(r, "grams")),
				Carbon: massbalance.Carbon{Fossil: massbalance.CarbonFigure{Intensity: intensity(fmt.Sprintf("0.%06d", rapid.IntRange(0, 600000).Draw(r, "intensity")))}},
			})
		}
		receipts = append(receipts, one)
	}
	return receipts
}

// recount adds a period's premium up in fractions of cents.
func recount(a massbalance.Agreement, price trade.Price, receipts []trade.Receipt, period int) (cents, grams *big.Int) {
	cents, grams = new(big.Int), new(big.Int)
	p := a.Commitment.Periods[period]
	for _, r := range receipts {
		if r.Dispatched < p.From || r.Dispatched > p.To {
			continue
		}
		perTonne := price.PerTonne
		if r.Model == massbalance.Segregated {
			perTonne = price.Models[0].PerTonne
		}
		for _, part := range r.Parts {
			g := massbalance.GramsOf(part.Quantity)
			grams.Add(grams, g)
			tonnes := new(big.Rat).SetFrac(g, big.NewInt(1_000_000))
			cents.Add(cents, halfEven(tonnes.Mul(tonnes, rat(perTonne.String()))))
			if price.Saving == nil {
				continue
			}
			saved := new(big.Rat).Sub(rat("0.3"), rat(part.Carbon.Fossil.Intensity.String()))
			if saved.Sign() > 0 {
				saved.Mul(saved, new(big.Rat).SetFrac(g, big.NewInt(1000)))
				cents.Add(cents, halfEven(saved.Mul(saved, rat(price.Saving.PerKg.String()))))
			}
		}
	}
	return cents, grams
}

func rat(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic(text)
	}
	return r
}

// halfEven rounds a sum to whole cents.
func halfEven(sum *big.Rat) *big.Int {
	cents := new(big.Rat).Mul(sum, big.NewRat(100, 1))
	twice := new(big.Rat).Mul(cents, big.NewRat(2, 1))
	floor := new(big.Int).Div(cents.Num(), cents.Denom())
	if !twice.IsInt() || cents.IsInt() {
		nearest := new(big.Rat).Add(cents, big.NewRat(1, 2))
		return new(big.Int).Div(nearest.Num(), nearest.Denom())
	}
	if floor.Bit(0) == 1 {
		floor.Add(floor, big.NewInt(1))
	}
	return floor
}

// shortfall is what is owed for over all periods, in grams: month by month what
// is missing is paid out of later deliveries, oldest first, one month later at
// the latest.
func shortfall(delivered [3]*big.Int, forward bool) (owed int64) {
	const minimum = int64(30_000_000)
	old := int64(0)
	for n, grams := range delivered {
		left := grams.Int64()
		paid := min(left, old)
		owed += old - paid
		left -= paid
		old = max(0, minimum-left)
		if !forward || n == 2 {
			owed += old
			old = 0
		}
	}
	return owed
}

func TestSharesAddUpToWhatWasSplit(t *testing.T) {
	members := []massbalance.OrganisationID{"growers", "miller", "manufacturer", "brand"}
	rapid.Check(t, func(r *rapid.T) {
		cents, grams := rapid.Int64Range(0, 1<<50).Draw(r, "cents"), rapid.Int64Range(1, 1<<49).Draw(r, "grams")
		shares, err := trade.Split(massbalance.PremiumIndex{}, "growers", members, trade.Cents(cents), massbalance.Grams(grams))
		require.NoError(r, err)
		premium, mass := trade.Sum(shares)
		require.Equal(r, uint64(cents), last(premium))
		require.Equal(r, uint64(grams), last(mass))
		for _, s := range shares {
			document, err := s.Document()
			require.NoError(r, err)
			read, err := trade.ReadShare(document)
			require.NoError(r, err)
			require.Equal(r, s, read)
			require.NotZero(r, s.Premium[0]|s.Premium[1]|s.Premium[2]|s.Premium[3], "a share looks like noise")
		}
	})
}

// last is a number that must fit into 64 bits.
func last(d massbalance.Digest) uint64 {
	n := new(big.Int).SetBytes(d[:])
	if !n.IsUint64() {
		return 0
	}
	return n.Uint64()
}

func TestTermsAreReadAsWritten(t *testing.T) {
	_, terms := agree(t, quarter(true), trade.Price{
		Currency: "EUR", PerTonne: money("41.5"), Models: []trade.ModelPremium{{Model: massbalance.Segregated, PerTonne: money("55")}},
		Saving: &trade.SavingPremium{PerKg: money("0.05"), Region: "FRF2", Version: 1, Intensity: intensity("0.4")},
	})
	document, _, err := terms.Document()
	require.NoError(t, err)
	read, err := trade.ReadTerms(document)
	require.NoError(t, err)
	again, _, err := read.Document()
	require.NoError(t, err)
	require.Equal(t, string(document), string(again))
	_, err = trade.ReadTerms(append(document, ' '))
	require.Error(t, err)

	for name, change := range map[string]func(*trade.Terms){
		"no salt":              func(t *trade.Terms) { t.Salt = massbalance.Digest{} },
		"one party":            func(t *trade.Terms) { t.Buyer = "growers" },
		"no currency":          func(t *trade.Terms) { t.Price.Currency = "euro" },
		"negative shortfall":   func(t *trade.Terms) { t.Price.Shortfall = money("-1") },
		"a model twice":        func(t *trade.Terms) { t.Price.Models = append(t.Price.Models, t.Price.Models[0]) },
		"a model of no system": func(t *trade.Terms) { t.Price.Models = []trade.ModelPremium{{Model: "bulk"}} },
	} {
		_, other := agree(t, quarter(true), trade.Price{Currency: "EUR", Models: []trade.ModelPremium{{Model: massbalance.Segregated, PerTonne: money("55")}}})
		change(&other)
		require.Error(t, other.Check(), name)
	}
}

func TestMoney(t *testing.T) {
	for _, wrong := range []string{"", "1,5", "01", "1.", ".5", "1.1234567", "1e3", "1000000000000", "NaN"} {
		_, err := trade.ParseMoney(wrong)
		require.Error(t, err, wrong)
	}
	require.Equal(t, "41.50", money("41.5").String())
	require.Equal(t, "0.055", money("0.055").String())
	require.Equal(t, "-3.00", money("-3").String())
	require.Equal(t, int64(12), trade.Cents(12).Cents())
}
