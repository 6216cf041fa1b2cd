package settings

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// set gives the field the value that a word stands for.
func (f Field) set(text string) error {
	v := f.value
	switch f.Kind() {
	case "text":
		v.SetString(text)
	case "boolean":
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", f.shown(text))
		}
		v.SetBool(b)
	case "duration":
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a duration such as 30s or 12h", f.shown(text))
		}
		v.SetInt(int64(d))
	case "integer":
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%q is not an integer", f.shown(text))
		}
		v.SetInt(n)
	case "list":
		v.Set(list(v.Type(), text))
	default:
		return fmt.Errorf("it can be set in the file only")
	}
	return nil
}

// shown keeps a secret out of an error.
func (f Field) shown(text string) string {
	if f.Secret {
		return "(hidden)"
	}
	return text
}

func list(t reflect.Type, text string) reflect.Value {
	items := reflect.MakeSlice(t, 0, 0)
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			v := reflect.New(t.Elem()).Elem()
			v.SetString(item)
			items = reflect.Append(items, v)
		}
	}
	return items
}
