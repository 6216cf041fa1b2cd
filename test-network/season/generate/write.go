package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// writer writes files and remembers the first error.
type writer struct {
	folder string
	err    error
}

func (w *writer) file(name string, data []byte) {
	if w.err != nil {
		return
	}
	path := filepath.Join(w.folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.err = fmt.Errorf("couldn't make a folder: %w", err)
		return
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		w.err = fmt.Errorf("couldn't write %s: %w", name, err)
	}
}

// json writes a value in the ledger's own form, indented for reading.
func (w *writer) json(name string, value any) {
	data, err := wire.Format(value)
	if err != nil {
		w.err = err
		return
	}
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		w.err = fmt.Errorf("couldn't indent %s: %w", name, err)
		return
	}
	b.WriteByte('\n')
	w.file(name, b.Bytes())
}

func (w *writer) table(name string, header string, rows [][]string) {
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	if err := out.WriteAll(append([][]string{strings.Split(header, ",")}, rows...)); err != nil {
		w.err = fmt.Errorf("couldn't write %s: %w", name, err)
		return
	}
	w.file(name, b.Bytes())
}

func date(t time.Time) string { return t.Format(time.DateOnly) }

func kg(n int) string { return strconv.Itoa(n) }

// formatShares writes "set=kg set=kg".
func formatShares(all []share) string {
	parts := make([]string, 0, len(all))
	for _, s := range all {
		parts = append(parts, s.set+"="+kg(s.quantity))
	}
	return strings.Join(parts, " ")
}

func formatOutputs(all []output) string {
	parts := make([]string, 0, len(all))
	for _, o := range all {
		parts = append(parts, o.product+"="+kg(o.quantity))
	}
	return strings.Join(parts, " ")
}

func writeFarms(w *writer, farms []farm) {
	var rows [][]string
	for _, f := range farms {
		rows = append(rows, []string{f.id, f.name, f.region, f.practice, f.hectares(), f.elevator, statementID(f)})
	}
	w.table("farms.csv", "farm,name,region,practice,hectares,elevator,statement", rows)
	rows = nil
	for _, s := range suppliers {
		rows = append(rows, []string{s.id, s.name, s.elevator})
	}
	w.table("suppliers.csv", "supplier,name,elevator", rows)
}

func writeTickets(w *writer, tickets []ticket) {
	var rows [][]string
	for _, t := range tickets {
		rows = append(rows, []string{
			t.number, t.at.Format("2006-01-02 15:04"), t.elevator, t.supplier, "wheat",
			kg(t.gross), kg(t.tare), kg(t.net()), fmt.Sprintf("%d.%d", t.moisture/10, t.moisture%10),
		})
	}
	w.table("tickets.csv", "ticket,date and time,site,supplier,product,gross kg,tare kg,net kg,moisture %", rows)
}

func writeFlows(w *writer, f flows) {
	var rows [][]string
	for _, s := range f.shipments {
		rows = append(rows, []string{
			s.id, date(s.dispatched), s.from, s.to, s.product, kg(s.quantity), formatShares(s.attributed),
			s.mode, s.document, date(s.received), kg(s.arrived), dealOf(s),
		})
	}
	w.table("shipments.csv", "shipment,dispatched,from,to,product,quantity kg,attributed kg,mode,waybill,arrived,arrived kg,deal", rows)
	rows = nil
	for _, c := range f.conversions {
		rows = append(rows, []string{c.id, date(c.date), c.site, c.recipe, kg(c.input), formatShares(c.attributed), formatOutputs(c.outputs)})
	}
	w.table("conversions.csv", "conversion,date,site,recipe,input kg,attributed kg,outputs kg", rows)
	rows = nil
	for _, x := range f.withdrawals {
		rows = append(rows, []string{x.id, date(x.date), x.site, x.product, kg(x.quantity), formatShares(x.cancelled), x.purpose})
	}
	w.table("withdrawals.csv", "withdrawal,date,site,product,quantity kg,cancelled kg,purpose", rows)
	rows = nil
	for _, c := range f.claims {
		rows = append(rows, []string{c.id, date(c.date), c.site, c.product, formatShares(c.attributed), "Hearth & Harvest Foods", strconv.Itoa(vintage), c.purpose})
	}
	w.table("claims.csv", "claim,date,site,product,claimed kg,beneficiary,reporting year,purpose", rows)
}
