package settings

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"gopkg.in/yaml.v3"
)

// Print writes each setting with its value and its origin; secrets are hidden.
func Print(w io.Writer, config any, origins Origins) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "SETTING\tVALUE\tFROM")
	for _, f := range Fields(config) {
		text := f.Text()
		if f.Kind() == "structure" && text != "" && !f.Secret {
			encoded, err := yaml.Marshal(f.value.Interface())
			if err != nil {
				return fmt.Errorf("couldn't print %s: %w", f.Path, err)
			}
			text = fmt.Sprintf("(%d lines of YAML)", strings.Count(string(encoded), "\n"))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Path, text, origins[f.Path])
	}
	return table.Flush()
}

// Table describes each setting as a row of a Markdown table.
func Table(config any) string {
	var b strings.Builder
	b.WriteString("| setting | environment | flag | kind | default | what it is |\n|---|---|---|---|---|---|\n")
	code := func(prefix, text string) string {
		if text == "" {
			return "–"
		}
		return "`" + prefix + text + "`"
	}
	for _, f := range Fields(config) {
		standard := code("", f.Default)
		if f.Required {
			standard = "**required**"
		}
		kind := f.Kind()
		if f.Secret {
			kind += ", secret"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", f.Path, code("", f.Variable), code("--", f.Flag), kind, standard, strings.ReplaceAll(f.Help, "|", "\\|"))
	}
	return b.String()
}
