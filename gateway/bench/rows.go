package bench

import (
	"encoding/json"
	"fmt"
)

// Row is a row of the table for programs: commands per second, latencies in
// milliseconds, and per command CPU time in milliseconds and page faults.
type Row struct {
	Contender string  `json:"contender"`
	Clients   int     `json:"clients"`
	Rate      float64 `json:"rate"`
	Median    int64   `json:"p50Ms"`
	Worst     int64   `json:"p99Ms"`
	Failed    int     `json:"failed"`
	CPU       float64 `json:"cpuMs"`
	Faults    float64 `json:"faults"`
}

// writeRows writes what print prints.
func (b *bench) writeRows(cells []*cell) error {
	if b.Rows == nil {
		return nil
	}
	rows := make([]Row, 0, len(cells))
	for _, c := range cells {
		used := c.cpu.total()
		rows = append(rows, Row{
			Contender: c.contender.name, Clients: c.clients, Rate: c.rate(),
			Median: c.percentile(50).Milliseconds(), Worst: c.percentile(99).Milliseconds(),
			Failed: c.failed, CPU: c.cpuEach(used.cpu), Faults: per(int(used.faults), c.all),
		})
	}
	if err := json.NewEncoder(b.Rows).Encode(rows); err != nil {
		return fmt.Errorf("couldn't write the rows: %w", err)
	}
	return nil
}
