package wire

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// This file is how pages are written, see Place for what they are. A page's bytes are
//
//	page  = entry*                         by head, rising; a page has one at least
//	entry = head | 0x80                    the value stands under its own key
//	      | head row                       the value, see rows
//
// where head is 16 × the kind's place in pagedKinds + the digit. The rows of a kind
// follow one another, those that stand elsewhere passed over.

// pagedKinds are the kinds of values that stand in pages.
var pagedKinds = []massbalance.Kind{massbalance.KindRecord, massbalance.KindEvidence, massbalance.KindLot}

// apart is the longest form in bytes that stands in a page: a merger of 500 lots
// must not be read and written with each of its neighbours.
const apart = 512

// elsewhere marks the head of an entry that stands under its own key.
const elsewhere = 0x80

// Entry is what a page holds at one place: nothing, the form of a value, or that
// the value stands under its own key.
type Entry struct {
	form  []byte
	apart bool
}

// EntryOf is the entry of a value of this form, nil for none.
func EntryOf(form []byte) Entry {
	if len(form) > apart {
		return Entry{apart: true}
	}
	return Entry{form: form}
}

// Form is the value's form, nil where there is no value or it stands elsewhere.
func (e Entry) Form() []byte { return e.form }

// Apart reports whether the value stands under its own key.
func (e Entry) Apart() bool { return e.apart }

func (e Entry) empty() bool { return e.form == nil && !e.apart }

// Page is what stands under the key of a page, which names its names.
type Page struct {
	names   pageNames
	entries [3][10]Entry // by kind and digit
}

var errPage = errors.New("the bytes are no page")

// at is the entry of a place of this page.
func (p *Page) at(place Place) *Entry {
	return &p.entries[slices.Index(pagedKinds, place.kind)][place.Digit-'0']
}

// Format gives the page's bytes.
func (p *Page) Format() ([]byte, error) {
	var out []byte
	for k, kind := range pagedKinds {
		rows := rows{plan: pagePlans[k]}
		for digit, e := range p.entries[k] {
			head := byte(k<<4 | digit)
			switch {
			case e.apart:
				out = append(out, head|elsewhere)
			case e.form != nil:
				var err error
				if out, err = rows.append(append(out, head), e.form, p.names.own(kind, digit)); err != nil {
					return nil, fmt.Errorf("couldn't put %s %.200s into a page: %w", kind, e.form, err)
				}
			}
		}
	}
	return out, nil
}

// ParsePage reads what stands under a page's key; no bytes are a page without entries.
// The state's own pages are all that it is asked to read, so it takes what Format gives
// and makes no point of refusing whatever else says the same.
func ParsePage(key string, data []byte) (*Page, error) {
	names, err := parseNames(key)
	if err != nil {
		return nil, err
	}
	page := &Page{names: names}
	var of rows
	for last := -1; len(data) > 0; {
		head := int(data[0] &^ elsewhere)
		k, digit := head>>4, head&15
		if head <= last || k >= len(pagedKinds) || digit > 9 {
			return nil, fmt.Errorf("%w: entry %#x after %#x", errPage, head, last)
		}
		if last < 0 || last>>4 != k {
			of = rows{plan: pagePlans[k]}
		}
		last = head
		entry := &page.entries[k][digit]
		if entry.apart = data[0]&elsewhere != 0; entry.apart {
			data = data[1:]
			continue
		}
		if entry.form, data, err = of.next(data[1:], names.own(pagedKinds[k], digit)); err != nil {
			return nil, fmt.Errorf("%w: entry %#x: %w", errPage, head, err)
		}
	}
	return page, nil
}

// pagePlans are the plans of the values by kind.
var pagePlans = [...]*plan{
	planOf(reflect.TypeFor[massbalance.Record]()), planOf(reflect.TypeFor[massbalance.Evidence]()), planOf(reflect.TypeFor[massbalance.Lot]()),
}
