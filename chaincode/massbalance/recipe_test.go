package massbalance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// plant is a founded ledger with products and one recipe of its own, run by the
// growers at their elevator.
func plant(t testing.TB, recipes ...Recipe) *ledger {
	l := founded(t)
	known := map[ProductID]bool{"wheat": true, "flour": true, "bran": true}
	for _, recipe := range recipes {
		products := []ProductID{recipe.Input}
		for _, in := range recipe.With {
			products = append(products, in.Product)
		}
		for _, o := range recipe.Outputs {
			products = append(products, o.Product)
		}
		for _, id := range products {
			if !known[id] {
				l.adopt(RegisterProduct{Product{ID: id, Name: string(id), YieldCaps: []YieldCap{{Region: "FRF2", PerHectare: kg("9000"), Source: "test"}}}})
			}
			known[id] = true
		}
		recipe.Source = "test"
		l.adopt(RegisterRecipe{recipe})
	}
	return l
}

// harvest introduces certified material at the elevator.
func (l *ledger) harvest(product ProductID, quantity string) LotID {
	l.t.Helper()
	name := fmt.Sprintf("%s-%d", product, l.next)
	l.must("growers", l.certificate(name, func(c *Certificate) { c.Products = []ProductID{product} }))
	l.must("growers", l.statement(name, func(s *Statement) {
		s.Certificate, s.Product, s.Quantity, s.Area = CertificateID(name), product, kg("10000000"), hectares("10000")
	}))
	return LotID(l.must("growers", Introduce{
		Site: "elevator", Certifier: "certifier", Statement: StatementID(name), Quantity: kg(quantity), Model: MassBalance, Evidence: EvidenceID(name),
	}).Subject)
}

// buys takes in undifferentiated material at the elevator.
func (l *ledger) buys(product ProductID, quantity string) {
	l.t.Helper()
	l.must("growers", TakeIn{Site: "elevator", Product: product, Quantity: kg(quantity), Evidence: EvidenceID(fmt.Sprintf("B%d", l.next))})
}

func made(product ProductID, factor, share string) RecipeOutput {
	o := RecipeOutput{Product: product, Factor: ratio(factor)}
	if share != "" {
		o.Share = ratio(share)
	}
	return o
}

func (l *ledger) credit(product ProductID) string {
	account, _ := l.state[AccountKey("elevator", product)].(Account)
	return account.Credit().String()
}

// The figures of domain acceptance tests AT-01, AT-02, AT-08 and AT-10, as
// published: what a quantity is worth in what it is made from.
func TestPublishedEquivalents(t *testing.T) {
	for _, test := range []struct {
		source, factor, quantity, input string
	}{
		{"AT-01, UTZ: 100 t of cocoa powder at 82 % are 121.95 t of beans", "0.82", "100000", "121951.22"},
		{"AT-02, UTZ: 30 t of cocoa at 82 % are 36.59 t of beans", "0.82", "30000", "36585.366"},
		{"AT-08, ICO: 60 kg of green coffee are 120 kg of dried cherry", "0.5", "60", "120"},
		{"AT-08, ICO: 60 kg of green coffee are 75 kg of parchment", "0.8", "60", "75"},
		{"AT-10, OCL: an oil extraction rate of 23.7 % needs 4.22 t of bunches", "0.237", "1000", "4219.41"},
		{"AT-10, OCL: an oil extraction rate of 27.3 % needs 3.66 t of bunches", "0.273", "1000", "3663.004"},
	} {
		require.Equal(t, test.input, ratio(test.factor).CeilInput(kg(test.quantity)).String(), test.source)
		require.False(t, ratio(test.factor).FloorOf(kg(test.input)).Less(kg(test.quantity)), "what is needed suffices: %s", test.source)
	}
	require.Equal(t, "50.42", ratio("100/119").FloorOf(kg("60")).String(), "AT-08, ICO: 60 kg of green coffee are 50.4 kg roasted")
	require.True(t, Ratio{}.CeilInput(kg("1")).IsZero())
	require.Equal(t, "0.334", ratio("1/3").CeilOf(kg("1")).String())
}

// AT-01 and AT-02 on the ledger: under mass balance any derivative of cocoa
// beans is credited with 82 % of the beans (UTZ), whatever came out beside it.
func TestAnyDerivativeOfCocoaBeans(t *testing.T) {
	l := plant(t, Recipe{ID: "cocoa", Input: "beans", Attribution: AnyDerivative, GreatestYield: ratio("0.82"), Outputs: []RecipeOutput{
		made("butter", "0.4", "0.82"), made("powder", "0.45", "0.82"),
	}})
	lot := l.harvest("beans", "150000")
	l.buys("beans", "150000")
	c := Convert{
		Site: "elevator", Recipe: "cocoa", Quantity: kg("250000"), Lines: []LotLine{{lot, kg("121951.22")}},
		Outputs: []Output{{"butter", kg("90000")}, {"powder", kg("110000")}}, Credits: []Output{{"powder", kg("100000")}},
	}
	l.refuses([]refusal{
		{"a gram of beans less", AttributionExceeds, "growers", with(c, func(b *Convert) { b.Lines = []LotLine{{lot, kg("121951.219")}} }), "0.001"},
		{"and butter too", AttributionExceeds, "growers", with(c, func(b *Convert) { b.Credits = append(b.Credits[:1:1], Output{"butter", kg("82")}) }), "100"},
		{"more than there is powder", AttributionExceeds, "growers", with(c, func(b *Convert) { b.Credits = []Output{{"powder", kg("110000.001")}} }), "0.001"},
	})
	l.must("growers", c)
	require.Equal(t, "100000", l.credit("powder"))
	require.Equal(t, "0", l.credit("butter"))
	l.must("growers", with(c, func(b *Convert) {
		b.Quantity, b.Lines = kg("40000"), []LotLine{{lot, kg("25000")}}
		b.Outputs, b.Credits = []Output{{"butter", kg("16000")}}, []Output{{"butter", kg("16000")}}
	}))
	l.check()
}

// AT-26 (UTZ cocoa): from 2018 on, credit of liquor is split into equal parts
// of butter and powder; until 2017 either could have it all.
func TestLiquorSplitsIntoButterAndPowder(t *testing.T) {
	outputs := func(share string) []RecipeOutput {
		return []RecipeOutput{made("butter", "0.5", share), made("powder", "0.5", share)}
	}
	l := plant(t,
		Recipe{ID: "press-2018", Input: "liquor", Attribution: FixedShares, Outputs: outputs("1/2")},
		Recipe{ID: "press-2017", Input: "liquor", Attribution: AnyDerivative, Outputs: outputs("1")},
	)
	lot := l.harvest("liquor", "1000000")
	press := func(recipe RecipeID, credits ...Output) Convert {
		return Convert{
			Site: "elevator", Recipe: recipe, Quantity: kg("200000"), Lines: []LotLine{{lot, kg("100000")}},
			Outputs: []Output{{"butter", kg("100000")}, {"powder", kg("100000")}}, Credits: credits,
		}
	}
	l.refuses([]refusal{
		{"no powder", ProductMismatch, "growers", with(press("press-2018"), func(b *Convert) { b.Outputs = b.Outputs[:1] }), ""},
		{"2018: 100 butter + 0 powder", AttributionExceeds, "growers", press("press-2018", Output{"butter", kg("100000")}), "50000"},
		{"2017: both", AttributionExceeds, "growers", press("press-2017", Output{"butter", kg("100000")}, Output{"powder", kg("100000")}), "100000"},
	})
	l.must("growers", press("press-2018"))
	require.Equal(t, "50000", l.credit("butter"))
	require.Equal(t, "50000", l.credit("powder"))
	l.must("growers", press("press-2017", Output{"butter", kg("100000")}))
	l.must("growers", press("press-2017", Output{"powder", kg("100000")}))
	require.Equal(t, "150000", l.credit("butter"))
	l.refuses([]refusal{{"nothing named", AttributionForbidden, "growers", press("press-2017"), ""}})
	l.must("growers", with(press("press-2018", Output{"butter", kg("50000")}), func(b *Convert) {
		b.Quantity, b.Outputs = kg("100000"), []Output{{"butter", kg("45000")}, {"powder", kg("50000")}}
		b.Credits = nil
	}))
	require.Equal(t, "195000", l.credit("butter"), "a fixed share is never more than the output weighs")
	require.Equal(t, "5000.000", FormatGrams(l.check().Characteristics[characteristics().ID()].Loss))
}

// ISCC PLUS: the conversion factor is applied before attribution, which is then
// free within each output's mass.
func TestFreeAttributionWithinTheLoss(t *testing.T) {
	l := plant(t, Recipe{ID: "crack", Input: "feed", Attribution: FreeAttribution, GreatestYield: ratio("0.9"), Outputs: []RecipeOutput{
		made("fuel", "0.9", ""), made("plastic", "0.9", ""),
	}})
	lot := l.harvest("feed", "10000")
	c := Convert{
		Site: "elevator", Recipe: "crack", Quantity: kg("1000"), Lines: []LotLine{{lot, kg("400")}},
		Outputs: []Output{{"fuel", kg("600")}, {"plastic", kg("200")}}, Credits: []Output{{"plastic", kg("200")}, {"fuel", kg("120")}},
	}
	l.refuses([]refusal{
		{"of what did not come out", ProductMismatch, "growers", with(c, func(b *Convert) { b.Outputs = b.Outputs[1:] }), ""},
		{"more than the output", AttributionExceeds, "growers", with(c, func(b *Convert) { b.Credits = []Output{{"plastic", kg("200.5")}} }), "0.5"},
		{"the loss too: 80 % of 400 are 320", AttributionExceeds, "growers", with(c, func(b *Convert) { b.Credits = []Output{{"plastic", kg("200")}, {"fuel", kg("120.001")}} }), "0.001"},
		{"without lots", AttributionExceeds, "growers", with(c, func(b *Convert) { b.Lines = nil }), "320"},
		{"more in all than 90 %", ConversionExceeds, "growers", with(c, func(b *Convert) { b.Outputs = []Output{{"fuel", kg("701")}, {"plastic", kg("200")}} }), "1"},
	})
	l.must("growers", c)
	require.Equal(t, "200", l.credit("plastic"))
	require.Equal(t, "120", l.credit("fuel"))
	l.refuses([]refusal{{"named where it is shared by mass", AttributionForbidden, "growers", Convert{
		Site: "elevator", Recipe: "milling", Quantity: kg("1"), Outputs: []Output{{"flour", kg("0.72")}}, Credits: []Output{{"flour", kg("0.5")}},
	}, ""}})
	l.check()
}

// FSC keeps a separate account and a separate factor for each co-product of the
// same logs; here in kilograms for both.
func TestSeparateAccountsPerCoProduct(t *testing.T) {
	l := plant(t, Recipe{ID: "sawing", Input: "logs", Outputs: []RecipeOutput{made("lumber", "0.55", ""), made("residues", "0.45", "")}})
	lot := l.harvest("logs", "1000")
	saw := Convert{
		Site: "elevator", Recipe: "sawing", Quantity: kg("1000"), Lines: []LotLine{{lot, kg("1000")}},
		Outputs: []Output{{"lumber", kg("520")}, {"residues", kg("450")}},
	}
	l.refuses([]refusal{{"lumber out of the residues' factor", ConversionExceeds, "growers", with(saw, func(b *Convert) { b.Outputs[0].Quantity = kg("551") }), "1"}})
	saw.Outputs[0].Quantity = kg("520")
	l.must("growers", saw)
	require.Equal(t, "520", l.credit("lumber"))
	require.Equal(t, "450", l.credit("residues"))
	lumber := l.lots("elevator", "lumber")[0]
	l.refuses([]refusal{{"residues' credit for lumber", ProductMismatch, "growers", ClaimCredits{
		Site: "elevator", Product: "residues", Lines: []LotLine{{lumber, kg("1")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p",
	}, ""}})
}

// AT-16: straight flour is 72 % of the wheat and bran and shorts are 28 %,
// together 100 %; patent flour is 65 % (Baker's Dictionary).
func TestStraightAndPatentFlour(t *testing.T) {
	l := plant(t, Recipe{ID: "patent", Input: "wheat", Outputs: []RecipeOutput{made("patent-flour", "0.65", ""), made("clear-flour", "0.07", ""), made("bran", "0.28", "")}})
	lot := l.harvest("wheat", "2000")
	mill := func(recipe RecipeID, outputs ...Output) Convert {
		return Convert{Site: "elevator", Recipe: recipe, Quantity: kg("1000"), Lines: []LotLine{{lot, kg("1000")}}, Outputs: outputs}
	}
	l.refuses([]refusal{
		{"73 % straight", ConversionExceeds, "growers", mill("milling", Output{"flour", kg("730")}), "10"},
		{"72 % patent", ConversionExceeds, "growers", mill("patent", Output{"patent-flour", kg("720")}), "70"},
	})
	l.must("growers", mill("milling", Output{"flour", kg("720")}, Output{"bran", kg("280")}))
	require.Equal(t, "720", l.credit("flour"))
	require.Equal(t, "280", l.credit("bran"))
	l.must("growers", mill("patent", Output{"patent-flour", kg("650")}, Output{"clear-flour", kg("70")}, Output{"bran", kg("280")}))
	l.check()
}

// CIRAD 1998: 22 kg of milk make a kilogram of butter and 7.6 kg make one of
// powder, but "the amount of milk needed to process a milk product cannot be
// added to that of its byproducts"; what can be added are milk equivalents on
// the basis of solids, 6.6 for butter and 7.6 for powder.
func TestMilkIsNotCountedTwice(t *testing.T) {
	l := plant(t, Recipe{ID: "dairy", Input: "milk", Outputs: []RecipeOutput{made("butter", "1/22", ""), made("powder", "5/38", "")}, Components: []Component{
		{"solids", []Content{{"milk", ratio("1")}, {"butter", ratio("6.6")}, {"powder", ratio("7.6")}}},
	}})
	lot := l.harvest("milk", "100000")
	churn := func(butter, powder string) Convert {
		return Convert{Site: "elevator", Recipe: "dairy", Quantity: kg("22000"), Lines: []LotLine{{lot, kg("22000")}}, Outputs: []Output{{"butter", kg(butter)}, {"powder", kg(powder)}}}
	}
	l.refuses([]refusal{
		{"butter of more milk", ConversionExceeds, "growers", churn("1000.001", "1"), "0.001"},
		{"all of the milk twice over", ComponentExceeds, "growers", churn("1000", "2894.736"), "6599.994"},
		{"a gram of powder too much", ComponentExceeds, "growers", churn("1000", "2026.316"), "0.002"},
	})
	l.must("growers", churn("1000", "2026.315"))
	require.Equal(t, "1000", l.credit("butter"), "adding up the milk of both, 22,000 + 15,400 kg, would have refused it")
	l.check()
}

// Figures that outgrow the written form of a quantity still refuse.
func TestHugeConversions(t *testing.T) {
	l := plant(t, Recipe{ID: "r", Input: "a", With: []RecipeInput{{Product: "b"}}, Outputs: []RecipeOutput{made("x", "1", "")}, Components: []Component{
		{"fat", []Content{{"x", ratio("1000000000")}}},
	}})
	huge := kg("999999999999999.999")
	c := Convert{Site: "elevator", Recipe: "r", Quantity: huge, Outputs: []Output{{"x", huge}}}
	l.refuses([]refusal{
		{"together too much", InvalidCommand, "growers", with(c, func(b *Convert) { b.With = []Input{{Product: "b", Quantity: huge}} }), ""},
		{"too much fat to be written", ComponentExceeds, "growers", c, ""},
	})
	result := l.do("growers", c)
	require.Nil(t, result.Figures)
}

func TestLeastYield(t *testing.T) {
	l := plant(t, Recipe{ID: "crush", Input: "soybean", LeastYield: ratio("0.95"), Outputs: []RecipeOutput{made("oil", "0.2", ""), made("meal", "0.8", "")}})
	lot := l.harvest("soybean", "1000")
	crush := Convert{Site: "elevator", Recipe: "crush", Quantity: kg("1000"), Lines: []LotLine{{lot, kg("1000")}}, Outputs: []Output{{"oil", kg("190")}, {"meal", kg("759.999")}}}
	l.refuses([]refusal{{"a gram less than 95 %", YieldTooLow, "growers", crush, "0.001"}})
	crush.Outputs[1].Quantity = kg("760")
	l.must("growers", crush)
	l.check()
}

// Several inputs: chocolate with at least 30 % of cocoa carries of each input's
// credit the part that its mass has in the whole (AT-02: 30 t in 100 t).
func TestSeveralInputs(t *testing.T) {
	l := plant(t, Recipe{ID: "conching", Input: "cocoa", With: []RecipeInput{{Product: "sugar", Least: ratio("0.3"), Greatest: ratio("0.55")}, {Product: "milk-powder", Greatest: ratio("0.25")}},
		Outputs: []RecipeOutput{made("chocolate", "1", "")}})
	cocoa, sugar := l.harvest("cocoa", "30000"), l.harvest("sugar", "50000")
	l.buys("cocoa", "10000")
	l.buys("sugar", "10000")
	l.buys("milk-powder", "30000")
	c := func(change func(*Convert)) Convert {
		return with(Convert{
			Site: "elevator", Recipe: "conching", Quantity: kg("30000"), Lines: []LotLine{{cocoa, kg("30000")}},
			With:    []Input{{Product: "sugar", Quantity: kg("50000"), Lines: []LotLine{{sugar, kg("20000")}}}, {Product: "milk-powder", Quantity: kg("20000")}},
			Outputs: []Output{{"chocolate", kg("98000")}},
		}, change)
	}
	l.refuses([]refusal{
		{"a lot named for two inputs", InvalidCommand, "growers", c(func(b *Convert) { b.With[0].Lines = []LotLine{{cocoa, kg("1")}} }), ""},
		{"an input named twice", InvalidCommand, "growers", c(func(b *Convert) { b.With[1].Product = "sugar" }), ""},
		{"not an input", ProductMismatch, "growers", c(func(b *Convert) { b.With[1].Product = "wheat" }), ""},
		{"sugar's lot as cocoa", ProductMismatch, "growers", c(func(b *Convert) { b.Lines, b.With[0].Lines = b.With[0].Lines, nil }), ""},
		{"too little sugar", InputProportion, "growers", c(func(b *Convert) { b.With = b.With[1:] }), "15000"},
		{"too much milk", InputProportion, "growers", c(func(b *Convert) { b.With[1].Quantity = kg("30000") }), "2500"},
		{"more cocoa credit than cocoa", AttributionExceeds, "growers", c(func(b *Convert) { b.Quantity = kg("29999") }), "1"},
		{"more chocolate than all inputs", ConversionExceeds, "growers", c(func(b *Convert) { b.Outputs[0].Quantity = kg("100001") }), "1"},
		{"more milk powder than there is", InsufficientStock, "growers", c(func(b *Convert) {
			b.Quantity, b.With[0].Quantity, b.With[1].Quantity = kg("40000"), kg("60000"), kg("30000.001")
		}), "0.001"},
	})
	l.must("growers", c(func(*Convert) {}))
	require.Equal(t, "49000", l.credit("chocolate"), "(30 t of cocoa + 20 t of sugar) × 98 ÷ 100")
	require.Equal(t, "10000", l.account("elevator", "sugar").Stock().String())
	require.Equal(t, "10000", l.account("elevator", "milk-powder").Stock().String())
	l.check()
}

// Conversion goes in the direction of processing only (Rainforest Alliance):
// not by a direct inverse, and not by a detour.
func TestConversionGoesForwardOnly(t *testing.T) {
	l := plant(t,
		Recipe{ID: "grind", Input: "beans", Outputs: []RecipeOutput{made("liquor", "0.82", "")}},
		Recipe{ID: "melt", Input: "butter", Outputs: []RecipeOutput{made("chocolate", "1", "")}},
		// The link comes last: what was made from liquor's products before is found too.
		Recipe{ID: "press", Input: "liquor", Outputs: []RecipeOutput{made("butter", "0.5", ""), made("powder", "0.5", "")}},
	)
	back := func(input ProductID, outputs ...RecipeOutput) RegisterRecipe {
		return RegisterRecipe{Recipe{ID: "back", Input: input, Source: "test", Outputs: outputs}}
	}
	l.refuses([]refusal{
		{"inverse", ConversionBackwards, "growers", back("liquor", made("beans", "1", "")), ""},
		{"detour", ConversionBackwards, "growers", back("chocolate", made("beans", "1", "")), ""},
		{"co-product into its input", ConversionBackwards, "growers", back("powder", made("liquor", "1", "")), ""},
		{"as a further input", ConversionBackwards, "growers", with(back("wheat", made("beans", "1", "")), func(b *RegisterRecipe) { b.Recipe.With = []RecipeInput{{Product: "chocolate"}} }), ""},
	})
	require.Equal(t, Derivation{From: []ProductID{"beans", "butter", "liquor"}}, l.state[DerivationKey("chocolate")])
	require.Equal(t, Derivation{Into: []ProductID{"butter", "chocolate", "liquor", "powder"}}, l.state[DerivationKey("beans")])
	l.adopt(with(back("powder", made("chocolate", "1", "")), func(b *RegisterRecipe) { b.Recipe.ID = "cake" }))
	l.check()
}

// The Union Database: relabelling a certified material "is illegal". A product
// is fixed on a lot; only a recipe leads to another.
func TestALotNeverChangesItsProduct(t *testing.T) {
	l, first, _ := stocked(t)
	l.refuses([]refusal{
		{"dispatched as flour", ProductMismatch, "growers", Dispatch{Site: "elevator", To: "mill", Product: "flour", Quantity: kg("1"), Lines: []LotLine{{first, kg("1")}}}, ""},
		{"claimed as flour", ProductMismatch, "growers", ClaimCredits{Site: "elevator", Product: "flour", Lines: []LotLine{{first, kg("1")}}, Beneficiary: "B", ReportingYear: 2026, Purpose: "p"}, ""},
		{"withdrawn as flour", ProductMismatch, "growers", Withdraw{Site: "elevator", Product: "flour", Quantity: kg("1"), Lines: []LotLine{{first, kg("1")}}, Purpose: "p"}, ""},
		{"stepped down as flour", ProductMismatch, "growers", Decouple{"elevator", "flour", []LotLine{{first, kg("1")}}}, ""},
	})
}

func TestRecipeForm(t *testing.T) {
	l := founded(t)
	recipe := func(change func(*Recipe)) RegisterRecipe {
		r := Recipe{ID: "r", Input: "wheat", Source: "test", Outputs: []RecipeOutput{made("flour", "0.7", ""), made("bran", "0.3", "")}}
		change(&r)
		return RegisterRecipe{r}
	}
	shares := func(mode AttributionMode, one, two string) func(*Recipe) {
		return func(r *Recipe) {
			r.Attribution, r.Outputs[0], r.Outputs[1] = mode, made("flour", "0.7", one), made("bran", "0.3", two)
		}
	}
	solids := func(contents ...Content) Component { return Component{"solids", contents} }
	for name, change := range map[string]func(*Recipe){
		"version":                     func(r *Recipe) { r.Version = -1 },
		"further input twice":         func(r *Recipe) { r.With = []RecipeInput{{Product: "x"}, {Product: "x"}} },
		"further input is an output":  func(r *Recipe) { r.With = []RecipeInput{{Product: "bran"}} },
		"parts upside down":           func(r *Recipe) { r.With = []RecipeInput{{"x", ratio("0.5"), ratio("0.4")}} },
		"parts leave nothing":         func(r *Recipe) { r.With = []RecipeInput{{"x", ratio("0.5"), Ratio{}}, {"y", ratio("0.5"), Ratio{}}} },
		"factor above 1":              func(r *Recipe) { r.GreatestYield = ratio("1"); r.Outputs[0].Factor = ratio("1.1") },
		"greatest yield above 1":      func(r *Recipe) { r.GreatestYield = ratio("1.1"); r.Outputs[0].Factor = ratio("1") },
		"greatest above the factors":  func(r *Recipe) { r.GreatestYield = ratio("1"); r.Outputs[0].Factor = ratio("0.6") },
		"least above greatest":        func(r *Recipe) { r.LeastYield, r.GreatestYield = ratio("0.9"), ratio("0.8") },
		"mode unknown":                shares("any", "", ""),
		"shares where there are none": shares(Proportional, "0.5", "0.5"),
		"a share missing":             shares(FixedShares, "0.5", ""),
		"shares make credit":          shares(FixedShares, "0.6", "0.5"),
		"a share above 1":             shares(AnyDerivative, "1.2", "1"),
		"component without a name":    func(r *Recipe) { r.Components = []Component{{}} },
		"component twice":             func(r *Recipe) { r.Components = []Component{solids(), solids()} },
		"content of another product":  func(r *Recipe) { r.Components = []Component{solids(Content{"milk", ratio("1")})} },
		"content of one product twice": func(r *Recipe) {
			r.Components = []Component{solids(Content{"bran", ratio("1")}, Content{"bran", ratio("1")})}
		},
	} {
		result := l.do("growers", recipe(change))
		require.Equal(t, InvalidCommand, result.Code, "%s: %s", name, result.Message)
	}
	l.adopt(recipe(func(r *Recipe) {
		r.Version, r.GreatestYield, r.LeastYield = 1, ratio("0.99"), ratio("0.5")
		r.Components = []Component{solids(Content{"wheat", ratio("0.86")}, Content{"flour", ratio("0.86")})}
	}))
}

// A ticket's weight is booked at the product's reference moisture: 100 t of
// wheat at 20 % are 93.023 t at 14 %, and water gets no credit.
func TestMoisture(t *testing.T) {
	l := founded(t)
	l.adopt(RegisterProduct{Product{ID: "barley", Name: "Barley", ReferenceMoisture: ratio("0.14"), YieldCaps: []YieldCap{{Region: "FRF2", PerHectare: kg("9000"), Source: "test"}}}})
	l.must("growers", l.certificate("barley", func(c *Certificate) { c.Products = []ProductID{"barley"} }))
	l.must("growers", l.statement("b1", func(s *Statement) { s.Certificate, s.Product, s.Quantity = "barley", "barley", kg("93100") }))
	wet := func(moisture string) Introduce {
		return with(introduce("100000", "T1"), func(b *Introduce) { b.Statement, b.Moisture = "b1", ratio(moisture) })
	}
	take := TakeIn{Site: "elevator", Product: "barley", Quantity: kg("50000"), Evidence: "T2", Moisture: ratio("0.13")}
	l.refuses([]refusal{
		{"all water", InvalidCommand, "growers", wet("1"), ""},
		{"all water", InvalidCommand, "growers", with(take, func(b *TakeIn) { b.Moisture = ratio("1") }), ""},
		{"nothing but water", InvalidCommand, "growers", with(take, func(b *TakeIn) { b.Moisture, b.Quantity = ratio("0.9"), kg("0.001") }), ""},
		{"reference of 1", InvalidCommand, "growers", RegisterProduct{Product{ID: "oats", Name: "Oats", ReferenceMoisture: ratio("1")}}, ""},
		{"no reference", NotFound, "growers", with(take, func(b *TakeIn) { b.Product = "wheat" }), ""},
		{"too dry for the statement", ExceedsVerification, "growers", wet("0.19"), "1086.046"},
	})
	l.must("growers", wet("0.2"))
	require.Equal(t, "93023.255", l.account("elevator", "barley").Stock().String())
	require.Equal(t, "93023.255", l.credit("barley"))
	l.must("growers", take)
	require.Equal(t, "143604.65", l.account("elevator", "barley").Stock().String())
	l.check()
}

// Recount finds what a wrong conversion would have recorded.
func TestRecountFindsWrongConversions(t *testing.T) {
	recipe := Recipe{ID: "r", Input: "beans", Source: "test", LeastYield: ratio("0.5"), Outputs: []RecipeOutput{made("butter", "0.4", ""), made("powder", "0.4", "")}, Components: []Component{
		{"fat", []Content{{"beans", ratio("0.5")}, {"butter", ratio("1")}, {"powder", ratio("0.2")}}},
	}}
	for _, test := range []struct {
		name, finds string
		recipe      func(*Recipe)
		convert     func(*Convert)
	}{
		{"another recipe", "no recipe", nil, func(b *Convert) { b.Recipe = "other" }},
		{"less input", "I3", nil, func(b *Convert) { b.Quantity = kg("399") }},
		{"more than the greatest yield", "I7", func(r *Recipe) { r.GreatestYield = ratio("0.7") }, nil},
		{"less than the least yield", "least yield", func(r *Recipe) { r.LeastYield = ratio("0.8") }, nil},
		{"fat from nowhere", "of fat", func(r *Recipe) { r.Components[0].Contents[0].Content = ratio("0.4") }, nil},
		{"other shares", "of credit for butter", func(r *Recipe) {
			r.Attribution, r.Outputs[0].Share, r.Outputs[1].Share = FixedShares, ratio("0.3"), ratio("0.5")
		}, nil},
		{"another derivative", "takes", func(r *Recipe) {
			r.Attribution, r.Outputs[0].Share, r.Outputs[1].Share = AnyDerivative, ratio("0.5"), ratio("0.5")
		}, nil},
		{"free beyond the loss", "takes", func(r *Recipe) { r.Attribution = FreeAttribution }, func(b *Convert) { b.Outputs[1].Quantity = kg("359"); b.Quantity = kg("1000") }},
		{"a cycle", "made from itself", func(r *Recipe) { r.Outputs[0].Product = "beans" }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := plant(t, recipe)
			lot := l.harvest("beans", "1000")
			l.must("growers", Convert{
				Site: "elevator", Recipe: "r", Quantity: kg("1000"), Lines: []LotLine{{lot, kg("400")}}, Outputs: []Output{{"butter", kg("400")}, {"powder", kg("360")}},
			})
			l.check()
			entries := append([]Entry{}, l.entries...)
			for i := range entries {
				switch body := entries[i].Command.Body.(type) {
				case RegisterRecipe:
					if test.recipe != nil && body.Recipe.ID == "r" {
						body.Recipe.Outputs = append([]RecipeOutput{}, body.Recipe.Outputs...)
						body.Recipe.Components = []Component{{"fat", append([]Content{}, recipe.Components[0].Contents...)}}
						test.recipe(&body.Recipe)
						entries[i].Command.Body = body
					}
				case Convert:
					if test.convert != nil {
						body.Outputs = append([]Output{}, body.Outputs...)
						test.convert(&body)
						entries[i].Command.Body = body
					}
				}
			}
			require.Contains(t, strings.Join(Recount(entries).Findings, "\n"), test.finds)
		})
	}
}

// Random runs of a recipe of every kind, with amounts about the limits: what is
// accepted always recounts, and what is credited never exceeds what came out.
func TestRandomConversions(t *testing.T) {
	modes := []AttributionMode{Proportional, FreeAttribution, FixedShares, AnyDerivative}
	rapid.Check(t, func(r *rapid.T) {
		recipe := Recipe{ID: "r", Input: "a", With: []RecipeInput{{Product: "b"}}, Attribution: rapid.SampledFrom(modes).Draw(r, "mode")}
		share := ""
		if recipe.Attribution == FixedShares || recipe.Attribution == AnyDerivative {
			share = "1/3"
		}
		recipe.Outputs = []RecipeOutput{made("x", "0.6", share), made("y", "0.4", share)}
		l := plant(t, recipe)
		one, two := l.harvest("a", "1000"), l.harvest("b", "1000")
		amount := func(name string, most int64) Quantity { return Grams(rapid.Int64Range(1, most).Draw(r, name)) }
		for range rapid.IntRange(1, 4).Draw(r, "runs") {
			a, b := amount("a", 400_000), amount("b", 400_000)
			c := Convert{
				Site: "elevator", Recipe: "r", Quantity: a, Lines: []LotLine{{one, amount("of a", 400_000).Min(a)}},
				With:    []Input{{"b", b, []LotLine{{two, amount("of b", 400_000).Min(b)}}}},
				Outputs: []Output{{"x", amount("x", 480_000)}, {"y", amount("y", 320_000)}},
			}
			if recipe.Attribution == FreeAttribution || recipe.Attribution == AnyDerivative {
				c.Credits = []Output{{"x", amount("credit of x", 300_000)}, {"y", amount("credit of y", 300_000)}}
			}
			result := l.do("growers", c)
			require.Contains(t, []Code{Accepted, AttributionExceeds, ConversionExceeds, InsufficientStock, InsufficientCredit}, result.Code, result.Message)
			l.check()
		}
		for _, product := range []ProductID{"x", "y"} {
			if account, ok := l.state[AccountKey("elevator", product)].(Account); ok {
				require.False(t, account.Stock().Less(account.Credit()))
			}
		}
	})
}
