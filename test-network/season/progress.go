package season

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// progress prints how far a phase has come, a sixteenth at a time.
type progress struct {
	out   io.Writer
	start time.Time

	mu      sync.Mutex
	name    string
	began   time.Time
	total   map[string]int
	counted map[string]int
	all     int
	done    int
	shown   int
}

// kinds are the counters, in the order in which they are shown.
var kinds = []string{"tickets", "shipments", "receipts", "conversions", "withdrawals", "claims", "trade", "periods", "entries"}

// kindOf says which counter a command belongs to.
func kindOf(c massbalance.Command) string {
	switch c.Body.(type) {
	case massbalance.Introduce, massbalance.TakeIn:
		return "tickets"
	case massbalance.Dispatch:
		return "shipments"
	case massbalance.Receive:
		return "receipts"
	case massbalance.Convert:
		return "conversions"
	case massbalance.Withdraw:
		return "withdrawals"
	case massbalance.ClaimCredits:
		return "claims"
	case massbalance.MakeOffer, massbalance.CounterOffer, massbalance.AcceptOffer, massbalance.ConfirmSettlement:
		return "trade"
	case massbalance.OpenPeriod, massbalance.ClosePeriod:
		return "periods"
	}
	return "entries"
}

func (p *progress) begin(phase Phase) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.name, p.began = phase.Name, time.Now()
	p.total, p.counted = map[string]int{}, map[string]int{}
	p.all, p.done, p.shown = phase.commands(), 0, 0
	for _, lane := range phase.Lanes {
		for _, step := range lane.Steps {
			p.total[kindOf(step.Command)]++
		}
	}
}

func (p *progress) count(c massbalance.Command) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counted[kindOf(c)]++
	p.done++
	if p.done-p.shown >= max(p.all/16, 50) && p.done < p.all {
		p.shown = p.done
		p.line(p.figures())
	}
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line(fmt.Sprintf("%s in %.1f s", p.figures(), time.Since(p.began).Seconds()))
}

func (p *progress) line(figures string) {
	fmt.Fprintf(p.out, "%7.1f s  %s: %s\n", time.Since(p.start).Seconds(), p.name, figures)
}

// count writes a number with thousands separators.
func count(n int) string { return thousands(strconv.Itoa(n)) }

func (p *progress) figures() string {
	var parts []string
	for _, kind := range kinds {
		if p.counted[kind] > 0 {
			parts = append(parts, fmt.Sprintf("%s %s/%s", kind, count(p.counted[kind]), count(p.total[kind])))
		}
	}
	return strings.Join(parts, ", ")
}
