package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// result is what came of one setting.
type result struct {
	name string
	rows []measured
	err  error
}

func (r result) find(wanted row) (measured, bool) {
	for _, m := range r.rows {
		if m.Contender == wanted.contender && m.Clients == wanted.clients {
			return m, true
		}
	}
	return measured{}, false
}

// line is a result with tabs between its columns.
func (r result) line() string {
	columns := []string{r.name}
	put, _ := r.find(rows[0])
	failed := 0
	for i, wanted := range rows {
		m, found := r.find(wanted)
		if !found {
			columns = append(columns, "–", "–", "–")
		} else {
			columns = append(columns, fmt.Sprintf("%.1f", m.Rate), fmt.Sprintf("%.2f", m.CPU), fmt.Sprintf("%.1f", m.Faults))
		}
		failed += m.Failed
		if i == 0 {
			continue
		}
		if found && put.Rate > 0 {
			columns = append(columns, fmt.Sprintf("%.2f", m.Rate/put.Rate))
		} else {
			columns = append(columns, "–")
		}
	}
	return strings.Join(append(columns, fmt.Sprint(failed)), "\t")
}

// standard is what "default" means.
const standard = "default: blocks after 100 ms or of 100 transactions, signature policy, as many validators as cores, GOGC 400 for nodes and 800 for chaincode,\n" +
	"500 commands per transaction, up to 4 transactions of a member under way, fewer where the machine is busy"

// printTable writes the table, and below it what went wrong.
func printTable(out io.Writer, results []result) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := "setting"
	for i, row := range rows {
		head += fmt.Sprintf("\t%s @%d /s\tCPU ms\tfaults", row.contender, row.clients)
		if i > 0 {
			head += "\t× put"
		}
	}
	fmt.Fprintf(out, "%s\n\n", standard)
	fmt.Fprintln(table, head+"\tfailed\t")
	for _, r := range results {
		fmt.Fprintln(table, r.line()+"\t")
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("couldn't write the table: %w", err)
	}
	for _, r := range results {
		if r.err != nil {
			fmt.Fprintf(out, "\n%s: %v\n", r.name, r.err)
		}
	}
	return nil
}
