package console

import "github.com/weighbridge/weighbridge/chaincode/massbalance"

// recallRow is a statement found to rest on fraud, with where its credit is.
type recallRow struct {
	massbalance.FraudFinding
	Introduced, Frozen, Claimed, Covered massbalance.Quantity
	// Lots and Claims rest on it and were not traced yet; ToFreeze is what tracing
	// them would freeze. Stuck are those that cannot be traced.
	Lots, Claims, Stuck int
	ToFreeze            massbalance.Quantity
}

// Open reports whether the row is an alarm.
func (r recallRow) Open() bool { return r.Lots+r.Claims+r.Stuck > 0 }

func (l *lens) recalls() ([]recallRow, error) {
	recalls, err := l.s.AllRecalls()
	if err != nil {
		return nil, err
	}
	rows := make([]recallRow, 0, len(recalls))
	for _, r := range recalls {
		reach, err := l.s.Reach(r.Finding.Certifier, r.Finding.Statement)
		if err != nil {
			return nil, err
		}
		rows = append(rows, recallRow{
			r.Finding, r.Introduced, r.Frozen, r.Claimed, r.Covered,
			len(reach.Untraced.Lots), len(reach.Untraced.Claims), len(reach.Untraced.Refused), reach.Untraced.Frozen,
		})
	}
	return rows, nil
}
