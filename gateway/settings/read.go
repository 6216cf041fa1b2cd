package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"
)

// Sources say where values may come from.
type Sources struct {
	// File is the path of a YAML file; "" means none.
	File string
	// Environment is what os.Environ gives.
	Environment []string
	// Flags are those that Declare made; nil means none.
	Flags *pflag.FlagSet
}

// Origins say of each field's path where its value came from.
type Origins map[string]string

// fromDefault is the origin of what nobody set.
const fromDefault = "default"

// Error says which setting is wrong, where it came from, and why.
type Error struct {
	Path, Origin string
	Err          error
}

// Error names the field, what is wrong and the origin.
func (e *Error) Error() string { return fmt.Sprintf("%s: %v (from %s)", e.Path, e.Err, e.Origin) }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Fault makes an error of a field that a check of the caller's refused.
func (o Origins) Fault(path string, err error) error {
	return &Error{Path: path, Origin: o[path], Err: err}
}

// Declare makes a flag for each setting that may have one.
func Declare(flags *pflag.FlagSet, config any) {
	for _, f := range Fields(config) {
		if f.Flag != "" && flags.Lookup(f.Flag) == nil {
			usage := f.Help
			if f.Default != "" {
				usage += " (default " + f.Default + ")"
			}
			flag := flags.VarPF(&word{kind: f.Kind()}, f.Flag, "", usage)
			if f.Kind() == "boolean" {
				flag.NoOptDefVal = "true"
			}
		}
	}
}

// word is a flag's value as it was written.
type word struct{ text, kind string }

func (w *word) String() string        { return w.text }
func (w *word) Set(text string) error { w.text = text; return nil }
func (w *word) Type() string          { return w.kind }

// Read fills a pointer to a struct. Its fields must be zero before. The origins
// are returned with an error, too.
func Read(config any, from Sources) (Origins, error) {
	all, origins := Fields(config), Origins{}
	for _, f := range all {
		origins[f.Path] = fromDefault
		if f.Default != "" {
			if err := f.set(f.Default); err != nil {
				return origins, origins.Fault(f.Path, err)
			}
		}
	}
	if from.File != "" {
		if err := readFile(config, from.File, origins); err != nil {
			return origins, err
		}
	}
	environment := variables(from.Environment)
	var faults []error
	for _, f := range all {
		if err := f.override(environment, from.Flags, origins); err != nil {
			faults = append(faults, err)
			continue
		}
		if f.Required && f.value.IsZero() {
			faults = append(faults, f.missing(from.File))
		}
	}
	return origins, errors.Join(faults...)
}

func (f Field) missing(file string) error {
	places := []string{}
	if file != "" {
		places = append(places, "in "+file)
	}
	if f.Variable != "" {
		places = append(places, "as "+f.Variable)
	}
	if f.Flag != "" {
		places = append(places, "as --"+f.Flag)
	}
	return fmt.Errorf("%s: is missing; set it %s", f.Path, strings.Join(places, " or "))
}

// override lets the environment and then the flags have their say.
func (f Field) override(environment map[string]string, flags *pflag.FlagSet, origins Origins) error {
	if text, ok := environment[f.Variable]; ok && f.Variable != "" {
		origins[f.Path] = "environment variable " + f.Variable
		if err := f.set(text); err != nil {
			return origins.Fault(f.Path, err)
		}
	}
	if path, ok := environment[f.Variable+"_FILE"]; ok && f.Secret {
		origins[f.Path] = "the file " + path + " named by " + f.Variable + "_FILE"
		content, err := os.ReadFile(path)
		if err == nil {
			err = f.set(strings.TrimRight(string(content), "\r\n"))
		}
		if err != nil {
			return origins.Fault(f.Path, err)
		}
	}
	if flags == nil || f.Flag == "" || !flags.Changed(f.Flag) {
		return nil
	}
	origins[f.Path] = "flag --" + f.Flag
	if err := f.set(flags.Lookup(f.Flag).Value.String()); err != nil {
		return origins.Fault(f.Path, err)
	}
	return nil
}

// readFile decodes strictly and notes each field's line.
func readFile(config any, path string, origins Origins) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("couldn't read the configuration: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(config); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("couldn't read the configuration %s: %w", path, err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return fmt.Errorf("couldn't read the configuration %s: %w", path, err)
	}
	for _, node := range document.Content {
		note(node, "", path, origins)
	}
	return nil
}

// note walks a mapping; what is no mapping has an origin.
func note(node *yaml.Node, under, file string, origins Origins) {
	for i := 0; i+1 < len(node.Content) && node.Kind == yaml.MappingNode; i += 2 {
		path := under + node.Content[i].Value
		if _, known := origins[path]; known {
			origins[path] = fmt.Sprintf("%s line %d", file, node.Content[i].Line)
			continue
		}
		note(node.Content[i+1], path+".", file, origins)
	}
}

func variables(environment []string) map[string]string {
	all := map[string]string{}
	for _, pair := range environment {
		if name, value, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(name, Prefix) {
			all[name] = value
		}
	}
	return all
}

// Unknown lists the variables with the prefix that no setting reads; others
// beside them are known to the caller.
func Unknown(config any, environment []string, others ...string) (names []string) {
	known := slices.Clone(others)
	for _, f := range Fields(config) {
		known = append(known, f.Variable)
		if f.Secret {
			known = append(known, f.Variable+"_FILE")
		}
	}
	for name := range variables(environment) {
		if !slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
