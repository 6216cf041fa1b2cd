package wire

import (
	"reflect"
	"strings"
	"sync"
	"unicode"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// plan is how one struct type is written: its fields in the order of declaration.
type plan struct {
	fields []field
	byName map[string]int
}

type field struct {
	name  string
	index int
	of    reflect.Type
	// always is set for decimals: a quantity of 0 is a statement, not an absence.
	// A ratio of 0 is an absence: there is no factor and no share of 0.
	always bool
}

var plans sync.Map // reflect.Type → *plan

var ratio = reflect.TypeFor[massbalance.Ratio]()

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{byName: map[string]int{}}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		name := lowerCamel(f.Name)
		p.byName[name] = len(p.fields)
		p.fields = append(p.fields, field{
			name: name, index: i, of: f.Type,
			always: f.Type.Kind() == reflect.Struct && f.Type != ratio,
		})
	}
	actual, _ := plans.LoadOrStore(t, p)
	return actual.(*plan)
}

// lowerCamel turns a Go field's name into a wire name: ID → id, ValidFrom →
// validFrom, BiogenicNonCO2 → biogenicNonCO2.
func lowerCamel(name string) string {
	runes := []rune(name)
	for i, r := range runes {
		if !unicode.IsUpper(r) {
			break
		}
		// The last capital of a run begins the next word: JWSInput → jwsInput.
		if i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1]) {
			break
		}
		runes[i] = unicode.ToLower(r)
	}
	return strings.TrimSpace(string(runes))
}
