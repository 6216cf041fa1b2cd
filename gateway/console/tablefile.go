package console

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/weighbridge/weighbridge/gateway/table"
)

// A table that the interface for programs does not list, because it is worked
// out for the page alone, is given as a file by the page itself: it is made as
// ever, and the table is read out of it. So the file has what the page shows,
// to the gram.

// exportName is the parameter that asks for a table: its id and the file's form.
const exportName = "export"

// asksForFile reports whether a page is made for one of its tables.
func asksForFile(r *http.Request) bool { return r.URL.Query().Has(exportName) }

// tableFile sends one table of a page as a file.
func tableFile(w http.ResponseWriter, asked string, page io.Reader) error {
	name, form, _ := strings.Cut(asked, ".")
	root, err := html.Parse(page)
	if err != nil {
		return fmt.Errorf("couldn't read the page again: %w", err)
	}
	found := byID(root, "t-"+name)
	if found == nil || found.DataAtom != atom.Table || form != "csv" && form != "xlsx" {
		http.Error(w, "This page has no such table, or not in this form.", http.StatusNotFound)
		return nil
	}
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name+"."+form))
	var out table.Writer
	if form == "xlsx" {
		w.Header().Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
		out = table.NewXLSX(w, name)
	} else {
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		out = table.NewCSV(w)
	}
	for _, row := range rowsOf(found) {
		if err := out.Write(row...); err != nil {
			return errors.Join(fmt.Errorf("couldn't write a table: %w", err), out.Abandon())
		}
	}
	return out.Close()
}

func byID(n *html.Node, id string) *html.Node {
	if attribute(n, "id") == id {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if found := byID(c, id); found != nil {
			return found
		}
	}
	return nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// rowsOf reads a table's rows; a cell that reaches over several rows stands in each.
func rowsOf(n *html.Node) [][]table.Cell {
	var rows [][]table.Cell
	var over table.Cell
	left := 0
	for row := range n.Descendants() {
		if row.DataAtom != atom.Tr {
			continue
		}
		var cells []table.Cell
		if left > 0 {
			cells, left = append(cells, over), left-1
		}
		for c := row.FirstChild; c != nil; c = c.NextSibling {
			if c.DataAtom != atom.Td && c.DataAtom != atom.Th {
				continue
			}
			cell := cellOf(c)
			if attribute(c, "rowspan") == "2" {
				over, left = cell, 1
			}
			cells = append(cells, cell)
			for span, _ := strconv.Atoi(attribute(c, "colspan")); span > 1; span-- {
				cells = append(cells, table.Cell{})
			}
		}
		rows = append(rows, cells)
	}
	return rows
}

// cellOf is what of a cell can be read. A number in a column of numbers loses
// the spaces between its thousands, and the proper minus sign.
func cellOf(n *html.Node) table.Cell {
	var words []string
	read(n, &words)
	text := strings.Join(words, " ")
	if text == "–" {
		text = ""
	}
	if hasClass(n, "n") {
		number := strings.NewReplacer(narrow, "", " ", "", "−", "-", "+", "").Replace(text)
		if numberForm.MatchString(number) {
			return table.Cell{Kind: table.Number, Text: number}
		}
	}
	return table.Cell{Text: text}
}

var numberForm = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

func hasClass(n *html.Node, class string) bool {
	for _, one := range strings.Fields(attribute(n, "class")) {
		if one == class {
			return true
		}
	}
	return false
}

// read collects the words of a node. What stands in pieces of a number belongs together.
func read(n *html.Node, words *[]string) {
	if n.Type == html.TextNode {
		if text := strings.TrimSpace(n.Data); text != "" {
			*words = append(*words, text)
		}
		return
	}
	if hasClass(n, "pad") || n.DataAtom == atom.Svg || n.DataAtom == atom.Details {
		return
	}
	if hasClass(n, "kg") {
		var parts []string
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			read(c, &parts)
		}
		*words = append(*words, strings.Join(parts, ""))
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		read(c, words)
	}
}
