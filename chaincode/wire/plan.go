package wire

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"unicode"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// plan is how one struct type is written: its fields in the order of declaration.
type plan struct{ fields []field }

type field struct {
	name string
	// opening is what stands before the value where fields stand before it.
	opening string
	index   int
	of      reflect.Type
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
	p := new(plan)
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		name := lowerCamel(f.Name)
		p.fields = append(p.fields, field{
			name: name, opening: `,"` + name + `":`, index: i, of: f.Type,
			always: f.Type.Kind() == reflect.Struct && f.Type != ratio,
		})
	}
	if len(p.fields) > mostFields {
		panic(fmt.Sprintf("a %s has %d fields, the parser counts %d", t, len(p.fields), mostFields))
	}
	actual, _ := plans.LoadOrStore(t, p)
	return actual.(*plan)
}

// mostFields is how many fields the parser can tell to stand twice.
const mostFields = 64

// find gives the field of a name, or -1; most likely it is the next one.
func (p *plan) find(name []byte, next int) int {
	for i := next; i < len(p.fields); i++ {
		if p.fields[i].name == string(name) {
			return i
		}
	}
	for i := range next {
		if p.fields[i].name == string(name) {
			return i
		}
	}
	return -1
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
