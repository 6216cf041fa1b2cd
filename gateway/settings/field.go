package settings

import (
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"
)

// Prefix begins the name of every environment variable.
const Prefix = "WEIGHBRIDGE_"

// Field is one setting.
type Field struct {
	// Path is the field's name in the file, Variable in the environment and Flag
	// on the command line; the latter are "" where it can't be given there.
	Path, Variable, Flag string
	Default, Help        string
	Required, Secret     bool
	value                reflect.Value
}

// Fields lists the settings of a pointer to a struct in the order of their
// declaration.
func Fields(config any) []Field {
	return fields(reflect.ValueOf(config).Elem(), "")
}

func fields(v reflect.Value, under string) (all []Field) {
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		name, _, _ := strings.Cut(tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		path := under + name
		if v.Field(i).Kind() == reflect.Struct {
			all = append(all, fields(v.Field(i), path+".")...)
			continue
		}
		f := Field{
			Path: path, Default: tag.Get("default"), Help: tag.Get("help"),
			Required: tag.Get("required") == "true", Secret: tag.Get("secret") == "true", value: v.Field(i),
		}
		if f.Help == "" {
			panic("the setting " + path + " has no help")
		}
		if writable(v.Field(i).Type()) {
			f.Variable = Prefix + strings.ToUpper(words(path, "_"))
			if !f.Secret {
				f.Flag = words(path, "-")
			}
		}
		all = append(all, f)
	}
	return all
}

// words splits a path at dots and where a capital begins a word: peer.tlsCA
// gives peer tls ca.
func words(path, separator string) string {
	var b strings.Builder
	previous := '.'
	for _, r := range path {
		switch {
		case r == '.':
			b.WriteString(separator)
		case unicode.IsUpper(r) && !unicode.IsUpper(previous) && previous != '.':
			b.WriteString(separator)
			fallthrough
		default:
			b.WriteRune(unicode.ToLower(r))
		}
		previous = r
	}
	return b.String()
}

var durationType = reflect.TypeFor[time.Duration]()

// writable reports whether a value of the type has a form in one word.
func writable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.String
	}
	return false
}

// Kind says for people what a value looks like.
func (f Field) Kind() string {
	t := f.value.Type()
	switch {
	case t == durationType:
		return "duration"
	case t.Kind() == reflect.Slice && writable(t):
		return "list"
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		return "integer"
	case t.Kind() == reflect.Bool:
		return "boolean"
	case t.Kind() == reflect.String:
		return "text"
	}
	return "structure"
}

// Value is the value as it would be written in the environment, secret or not.
func (f Field) Value() string {
	f.Secret = false
	return f.Text()
}

// Text is the value as it would be written in the environment; a secret is
// hidden where it is set.
func (f Field) Text() string {
	switch v := f.value; {
	case v.IsZero():
		return ""
	case f.Secret:
		return "(hidden)"
	case f.Kind() == "list":
		texts := make([]string, v.Len())
		for i := range texts {
			texts[i] = v.Index(i).String()
		}
		return strings.Join(texts, ",")
	default:
		return fmt.Sprint(v.Interface())
	}
}
