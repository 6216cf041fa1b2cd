package season_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/test-network/season"
)

func rehearsed(t *testing.T) *season.Plan {
	s, err := season.Load(season.Files())
	require.NoError(t, err)
	p, err := season.NewPlan(s)
	require.NoError(t, err)
	return p
}

// The rules accept the whole season, and an independent recount agrees.
func TestSeasonIsAccepted(t *testing.T) {
	p := rehearsed(t)
	require.Len(t, p.Entries, p.Commands())
	tally := massbalance.Recount(p.Entries)
	require.Empty(t, tally.Findings)
	require.Empty(t, tally.CompareState(p.State))
	require.Len(t, tally.Characteristics, 4, "two regions, two practices")
	for _, c := range tally.Characteristics {
		require.Positive(t, c.Claimed.Sign(), "each set is claimed")
		require.Positive(t, c.Loss.Sign(), "milling and baking lose mass")
	}
}

// No site carries credit over a quarter without the material, which the rules
// leave to the scheme and this season's scheme forbids.
func TestCreditIsCoveredByStock(t *testing.T) {
	p := rehearsed(t)
	periods := 0
	for key, value := range p.State {
		switch v := value.(type) {
		case massbalance.Account:
			require.False(t, v.Stock().Less(v.Credit()), "%s at %s: %s kg of credit on %s kg", key.B, key.A, v.Credit(), v.Stock())
		case massbalance.Period:
			for _, closing := range v.Closings {
				require.False(t, closing.Account.Stock().Less(closing.Account.Credit()), "%s at %s, %s", closing.Product, key.A, key.B)
			}
			periods += len(v.Closings)
		}
	}
	require.Equal(t, 9, periods, "every account of every site was closed once")
}

// The season has the size and the variety that it is meant to have.
func TestSeasonIsOneOfAConsortium(t *testing.T) {
	s := rehearsed(t).Season
	require.GreaterOrEqual(t, len(s.Farms), 40)
	require.GreaterOrEqual(t, len(s.Tickets), 1000)
	regions, without := map[string]int{}, 0
	for _, f := range s.Farms {
		regions[f.Region+f.Practice]++
	}
	certified := map[string]bool{}
	for _, f := range s.Farms {
		certified[f.ID] = true
	}
	for _, ticket := range s.Tickets {
		require.False(t, ticket.Net.Less(massbalance.Kilograms(12000)), "%s is a lorry load", ticket.Number)
		require.False(t, massbalance.Kilograms(27000).Less(ticket.Net), "%s is a lorry load", ticket.Number)
		if !certified[ticket.Supplier] {
			without++
		}
	}
	require.Len(t, regions, 4)
	require.Greater(t, without, len(s.Tickets)/5)
}

func TestRefusals(t *testing.T) {
	p := rehearsed(t)
	want := []struct {
		title string
		code  massbalance.Code
		have  string
		need  string
		short string
	}{
		{"introduce beyond the verification", massbalance.ExceedsVerification, "18240", "23240", "5000"},
		{"introduce beyond area × yield", massbalance.ExceedsYield, "88210", "93210", "5000"},
		{"dispatch more than held", massbalance.InsufficientStock, "250000", "255000", "5000"},
		{"attribute more than shipped", massbalance.AttributionExceeds, "2500", "5000", "2500"},
		{"receive twice", massbalance.TransferResolved, "", "", ""},
		{"convert beyond the factor", massbalance.ConversionExceeds, "72000", "77000", "5000"},
		{"claim twice", massbalance.InsufficientCredit, "0", "610616", "610616"},
		{"claim another's lot", massbalance.NotOwner, "", "", ""},
		{"submit as the certifier", massbalance.NotMember, "", "", ""},
		{"use a command's ID for something else", massbalance.CommandIDReused, "", "", ""},
	}
	require.Len(t, p.Refusals, len(want))
	for i, w := range want {
		r := p.Refusals[i]
		t.Run(w.title, func(t *testing.T) {
			require.Equal(t, w.title, r.Title)
			require.Equal(t, w.code, r.Result.Code, r.Result.Message)
			if w.have == "" {
				require.Nil(t, r.Result.Figures)
				return
			}
			require.Equal(t, []string{w.have, w.need, w.short},
				[]string{r.Result.Figures.Have.String(), r.Result.Figures.Need.String(), r.Result.Figures.Short.String()})
		})
	}
}

// Each attempt leaves its ID free and the state alone, so a second run is
// refused in the same way.
func TestRefusalsChangeNothing(t *testing.T) {
	p := rehearsed(t)
	for _, r := range p.Refusals {
		batch, err := massbalance.ExecuteBatch(p.State, massbalance.Tx{ID: "again", Organisation: r.Organisation}, []massbalance.Command{r.Command})
		require.NoError(t, err)
		require.Empty(t, batch.Writes)
		require.Equal(t, r.Result.Code, batch.Results[0].Code)
	}
}

// What waits for another lane waits for a command that comes before it.
func TestStepsWaitForEarlierOnes(t *testing.T) {
	p := rehearsed(t)
	order := map[season.Ref]int{}
	for i, e := range p.Entries {
		order[season.Ref{Organisation: e.Record.Organisation, Command: e.Record.Command}] = i
	}
	waiting := 0
	for _, phase := range p.Phases {
		for _, lane := range phase.Lanes {
			for _, step := range lane.Steps {
				if step.After == (season.Ref{}) {
					continue
				}
				waiting++
				before, known := order[step.After]
				require.True(t, known)
				require.Less(t, before, order[season.Ref{Organisation: lane.Organisation, Command: step.Command.ID}])
			}
		}
	}
	// Each receipt waits for its dispatch, six dispatches for their agreement, and
	// of two deals the counter-offer and the acceptance for what they answer.
	require.Equal(t, len(p.Season.Shipments)+6+4, waiting)
}
