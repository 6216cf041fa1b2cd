package exports

import (
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// ClaimCertificate sets the certificate of a claim as PDF. The address is where
// the claim can be read from a gateway; its code is on the paper.
func ClaimCertificate(s *readmodel.Snapshot, id massbalance.ClaimID, address string) ([]byte, error) {
	trace, err := s.Trace(id)
	if err != nil {
		return nil, err
	}
	c, n := trace.Claim, names{s}
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
	p := newPaper("Claim certificate "+string(id), "Claim certificate", s.Next-1, address)
	p.headline(c.Quantity, n.product(c.Product), "Claim "+string(id))
	if c.Reversed != "" {
		p.warning("This claim was reversed on " + string(c.Reversed) + ". It must not be used.")
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
	})
	return p.bytes()
}
