package exports

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// ClaimCertificate sets the certificate of a claim as PDF. The address is where
// the claim's proof can be had from a gateway; its code is on the paper.
func ClaimCertificate(s *readmodel.Snapshot, id massbalance.ClaimID, at Address) ([]byte, error) {
	trace, err := s.Trace(id)
	if err != nil {
		return nil, err
	}
	c, n := trace.Claim, names{s: s}
	organisation, command, _ := strings.Cut(string(id), "/")
	entry, err := s.Command(massbalance.OrganisationID(organisation), massbalance.CommandID(command))
	if err != nil {
		return nil, err
	}
	sets := make([]share, 0, len(c.Lines))
	for _, line := range c.Lines {
		set, err := readmodel.Need[massbalance.Characteristics](s, massbalance.CharacteristicsKey(line.Characteristics))
		if err != nil {
			return nil, err
		}
		sets = append(sets, share{line.Quantity, line.Model, line.Scheme, set})
	}
	origins, err := n.origins(trace.Origins)
	if err != nil {
		return nil, err
	}
	void, warnings, err := n.standing(c)
	if err != nil {
		return nil, err
	}
	p := newPaper(head{"Claim certificate " + string(id), "Claim certificate", s.Next - 1, at, void})
	p.headline(c.Quantity, n.product(c.Product), "Claim "+string(id))
	for _, warning := range warnings {
		p.warning(warning)
	}
	p.recalls(origins)
	p.facts([][2]string{
		{"Beneficiary", c.Beneficiary}, {"Reporting year", strconv.Itoa(c.ReportingYear)},
		{"Claimed by", n.member(c.Organisation)}, {"Claimed on", string(c.Date)},
		{"Purpose", c.Purpose}, {"Site", n.siteName(c.Site)},
		{"Traced to", orNone(spoken(string(c.Traceability)))}, {"Stands in for", orNone(string(c.Covers))},
	})
	p.characteristics(sets)
	p.origins(origins, c.Quantity, trace.Rounding)
	p.ledger([][2]string{
		{"Journal", string(c.Site) + ", no. " + strconv.FormatUint(entry.Record.Sequence, 10)}, {"Block", strconv.FormatUint(entry.Block, 10)},
		{"Transaction", entry.Record.Transaction}, {"Journal entry, SHA-256", entry.Record.Entry.String()},
	}, "The code leads to %s: the claim's proof bundle, which anybody can check without a network by gateway verify, or in a browser.")
	return p.bytes()
}

// standing says whether a claim still stands: in a word for the head of each page,
// "" where it does, and in sentences.
func (n names) standing(c massbalance.Claim) (void string, warnings []string, err error) {
	recalled, covered, statements, err := n.marked(c.ID)
	if err != nil {
		return "", nil, err
	}
	if len(statements) > 0 {
		open := new(big.Int).Sub(recalled, covered)
		void = "RECALLED IN PART OR WHOLE"
		if open.Sign() <= 0 {
			void = "RECALLED AND COVERED BY OTHER CLAIMS"
		}
		warnings = append(warnings, fmt.Sprintf("%s kg of this claim rest on recalled statements (%s); %s kg of that were covered by other claims, %s kg are not.",
			figureOf(recalled), join(statements), figureOf(covered), figureOf(open)))
	}
	if c.Reversed != "" {
		void = "REVERSED"
		warnings = append(warnings, "This claim was reversed on "+string(c.Reversed)+". It must not be used.")
	}
	return void, warnings, nil
}
