package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
)

// Statement is what a bundle proves.
type Statement struct {
	Claim massbalance.Claim
	// Names are those of the members, products and sites that are shown.
	Names map[string]string
	// Farms are the statements behind the claim, the largest share first, and
	// Rounding what rounding down left without a farm, in the product claimed.
	Farms    []Farm
	Rounding massbalance.Quantity
	// Sets are the characteristics of the claim's lines.
	Sets []Set
	// Steps lead from the farms to the claim, in the order of the ledger.
	Steps []Step
	// Certificates are those that are shown, with what was declared of them.
	Certificates []Certificate
	// Versions name the versions of the rules, products, recipes and profiles.
	Versions []string

	// Reversed is the day on which the claim was reversed, "" if it was not.
	Reversed massbalance.Date
	// Recalled are the statements behind it that were found to rest on fraud, and
	// Lacking those of the claims put up in its place that lack something themselves.
	Recalled []Recalled
	Lacking  []massbalance.ClaimID
	// Covers is the claim that this one stands in for, if it does.
	Covers *Covered

	// Origin names the log, Records is how many it had, Height the last block in it.
	Origin  string
	Records int64
	Height  uint64
	// Executed is how many records were executed again.
	Executed int
	// Vouchers cosigned, of so many whom the reader trusts; Threshold is how many
	// had to. Since is when the last of those needed did.
	Vouchers  []Voucher
	Of        int
	Threshold int
	// Replaced signed with a key that the consortium has replaced; Unknown are
	// signatures by keys that the trust file does not have.
	Replaced []massbalance.OrganisationID
	Unknown  []string

	cosignatures []checkpoint.Cosignature
	names        map[massbalance.LotID]string
}

// Voucher is an organisation that cosigned the checkpoint, and when.
type Voucher struct {
	Organisation massbalance.OrganisationID
	Name         string
	Time         time.Time
}

// Farm is one verification statement behind the claim.
type Farm struct {
	Statement massbalance.Statement
	// Quantity is the part of the claim that rests on it, in kilograms of the product claimed.
	Quantity massbalance.Quantity
}

// Set is one set of characteristics with how much of the claim has it.
type Set struct {
	massbalance.Characteristics
	Quantity massbalance.Quantity
	Model    massbalance.CustodyModel
}

// Step is one movement on the way.
type Step struct {
	Index        int64
	Block        uint64
	Type         string
	Organisation massbalance.OrganisationID
	Command      massbalance.CommandID
	Site         massbalance.SiteID
	To           massbalance.SiteID
	Date         massbalance.Date
	Product      massbalance.ProductID
	// Quantity is what was on the way of it: the credit that it took or made.
	Quantity massbalance.Quantity
	// From and Made are the lots on the way that it took from and made.
	From []massbalance.LotLine
	Made []massbalance.LotID
	// Hidden is how many lots left with it that the claim does not rest on.
	Hidden int
}

// Certificate is a certificate with what its certifier declared of it since.
type Certificate struct {
	massbalance.Certificate
	Standings []massbalance.Standing
}

// Stands reports whether the claim is as good as it was when it was made:
// neither reversed nor in part recalled without being covered by what stands itself.
func (s Statement) Stands() bool {
	return s.Reversed == "" && len(s.Lacking) == 0 && !slices.ContainsFunc(s.Recalled, func(r Recalled) bool { return !r.Stands() })
}

// vouch counts an organisation once.
func (s *Statement) vouch(trust checkpoint.Trust, c checkpoint.Cosignature) {
	for i, known := range s.Vouchers {
		if known.Organisation == c.Organisation {
			if c.Time.After(known.Time) {
				s.Vouchers[i].Time = c.Time
			}
			return
		}
	}
	at := slices.IndexFunc(trust.Organisations, func(o checkpoint.Organisation) bool { return o.Organisation == c.Organisation })
	s.Vouchers = append(s.Vouchers, Voucher{c.Organisation, trust.Organisations[at].Name, c.Time})
	slices.SortFunc(s.Vouchers, func(a, b Voucher) int { return cmp.Compare(a.Organisation, b.Organisation) })
}

// Since is the time at which so many as had to have vouched: what the statement
// says holds for then.
func (s Statement) Since() time.Time {
	times := make([]time.Time, 0, len(s.Vouchers))
	for _, v := range s.Vouchers {
		times = append(times, v.Time)
	}
	slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
	if s.Threshold < 1 || s.Threshold > len(times) {
		return time.Time{}
	}
	return times[s.Threshold-1]
}

// enough refuses what too few vouch for.
func (s Statement) enough(trust checkpoint.Trust) error {
	if n := len(s.Vouchers); n < trust.Threshold {
		return fmt.Errorf("%w: %d of %d do, %d must (%s)", ErrTrust, n, len(trust.Organisations), trust.Threshold, s.whoVouches())
	}
	return nil
}

func (s Statement) whoVouches() string {
	var parts []string
	for _, v := range s.Vouchers {
		parts = append(parts, string(v.Organisation))
	}
	text := "vouching: " + cmp.Or(strings.Join(parts, ", "), "nobody")
	for _, org := range s.Replaced {
		text += fmt.Sprintf("; %s signed with a key that was replaced", org)
	}
	if len(s.Unknown) > 0 {
		text += "; by keys that the trust file does not have: " + strings.Join(s.Unknown, ", ")
	}
	return text
}
