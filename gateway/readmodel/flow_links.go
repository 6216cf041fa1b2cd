package readmodel

import (
	"cmp"
	"maps"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// linkEntry draws one entry's links. A command that is not known here flows from
// and to FlowOther, so that the stocks still add up.
func (f *flowing) linkEntry(e massbalance.Entry, m movement) {
	if e.Record.Reverses != "" {
		f.other(m, FlowReversed)
		return
	}
	switch body := e.Command.Body.(type) {
	case massbalance.Introduce:
		f.begin(m, func(k stock) FlowEnd { return FlowEnd{Kind: FlowVerified, Product: k.product} })
	case massbalance.TakeIn:
		f.begin(m, func(stock) FlowEnd { return FlowEnd{Kind: FlowSupplier, Name: body.Supplier} })
	case massbalance.Dispatch, massbalance.TransferCredits:
		for k, a := range m.out {
			f.onTheWay[e.Record.Subject] = onTheWay{k, a}
		}
	case massbalance.Receive, massbalance.AcceptCredits:
		f.arrive(e.Record.Subject, m, false)
	case massbalance.Return, massbalance.ReturnCredits:
		f.arrive(e.Record.Subject, m, true)
	case massbalance.Convert:
		f.convert(m)
	case massbalance.Withdraw, massbalance.Cancel:
		f.end(m, FlowEnd{Kind: FlowWithdraw})
	case massbalance.ClaimCredits, massbalance.CoverRecall:
		f.end(m, FlowEnd{Kind: FlowClaims})
	case massbalance.ClosePeriod:
		f.other(m, FlowClose) // what expired, and what a count found missing or more
	default:
		f.other(m, FlowOther)
	}
}

func (f *flowing) begin(m movement, source func(stock) FlowEnd) {
	for k, a := range m.in {
		f.link(source(k), k.end(), a)
	}
}

func (f *flowing) end(m movement, sink FlowEnd) {
	for k, a := range m.out {
		f.link(k.end(), sink, a)
	}
}

// arrive links a transfer's two stocks by what both weighed; the difference
// flows to or from its own end. A transfer that came back did not flow at all.
func (f *flowing) arrive(transfer string, m movement, back bool) {
	t, known := f.onTheWay[transfer]
	delete(f.onTheWay, transfer)
	for k, a := range m.in {
		if !known {
			f.link(FlowEnd{Kind: FlowArriving}, k.end(), a)
			continue
		}
		arrived := t.min(a)
		lost, _ := t.amounts.less(arrived)
		gained, _ := a.less(arrived)
		f.link(t.from.end(), FlowEnd{Kind: FlowWeights}, lost)
		f.link(FlowEnd{Kind: FlowWeights}, k.end(), gained)
		if !back {
			f.link(t.from.end(), k.end(), arrived)
		}
	}
}

// convert links the inputs to each output by the output's figures, the first
// input first; what is left of the inputs is loss.
func (f *flowing) convert(m movement) {
	missing := maps.Clone(m.in)
	for _, input := range sortedStocks(m.out) {
		rest := m.out[input]
		for _, output := range sortedStocks(m.in) {
			made := missing[output].min(rest)
			f.link(input.end(), output.end(), made)
			rest, _ = rest.less(made)
			missing[output], _ = missing[output].less(made)
		}
		f.link(input.end(), FlowEnd{Kind: FlowLoss}, rest)
	}
	for output, more := range missing {
		f.link(FlowEnd{Kind: FlowOther}, output.end(), more)
	}
}

func sortedStocks(of map[stock]amounts) []stock {
	return slices.SortedFunc(maps.Keys(of), func(a, b stock) int {
		return cmp.Or(cmp.Compare(a.site, b.site), cmp.Compare(a.product, b.product))
	})
}

// other links what is left after a stock's own in and out: restating lots
// moves nothing.
func (f *flowing) other(m movement, kind FlowKind) {
	for k, a := range m.in {
		same := a.min(m.out[k])
		more, _ := a.less(same)
		f.link(FlowEnd{Kind: kind}, k.end(), more)
	}
	for k, a := range m.out {
		rest, _ := a.less(a.min(m.in[k]))
		f.link(k.end(), FlowEnd{Kind: kind}, rest)
	}
}
