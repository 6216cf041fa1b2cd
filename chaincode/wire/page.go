package wire

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// This file is how pages are written, see Place for what they are. A page's bytes are
//
//	page  = entry*                         by digit, rising; a page has one at least
//	entry = digit | 0x80                   the value stands under its own key
//	      | digit row                      the value, see rows
//
// with '0' to '9' for a digit. An entry that stands elsewhere is passed over by the
// rows.

// apart is the longest form in bytes that stands in a page: a merger of 500 lots
// must not be read and written with each of its nine neighbours.
const apart = 512

// Entry is what a page holds at one digit: nothing, the form of a value, or that
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

// Page are the entries of one page by digit.
type Page [10]Entry

// elsewhere marks the digit of an entry that stands under its own key.
const elsewhere = 0x80

var errPage = errors.New("the bytes are no page")

// Format gives the bytes of a page of values of this kind.
func (p *Page) Format(kind massbalance.Kind) ([]byte, error) {
	plan, err := pagePlan(kind)
	if err != nil {
		return nil, err
	}
	rows := rows{plan: plan}
	var out []byte
	for i, e := range p {
		digit := byte('0' + i)
		switch {
		case e.apart:
			out = append(out, digit|elsewhere)
		case e.form != nil:
			if out, err = rows.append(append(out, digit), e.form); err != nil {
				return nil, fmt.Errorf("couldn't put %s %.200s into a page: %w", kind, e.form, err)
			}
		}
	}
	return out, nil
}

// ParsePage reads a page of values of this kind; no bytes are a page without
// entries. The state's own pages are all that it is asked to read, so it takes
// what Format gives and makes no point of refusing whatever else says the same.
func ParsePage(kind massbalance.Kind, data []byte) (*Page, error) {
	plan, err := pagePlan(kind)
	if err != nil {
		return nil, err
	}
	page := new(Page)
	rows := rows{plan: plan}
	for last := byte(0); len(data) > 0; {
		digit := data[0] &^ elsewhere
		if digit < '0' || digit > '9' || digit <= last {
			return nil, fmt.Errorf("%w: entry %q after %q", errPage, digit, last)
		}
		last = digit
		if data[0]&elsewhere != 0 {
			page[digit-'0'], data = Entry{apart: true}, data[1:]
			continue
		}
		if page[digit-'0'].form, data, err = rows.next(data[1:]); err != nil {
			return nil, fmt.Errorf("%w: entry %q: %w", errPage, digit, err)
		}
	}
	return page, nil
}

// pagePlan is the plan of the values of a kind that stands in pages.
func pagePlan(kind massbalance.Kind) (*plan, error) {
	switch kind {
	case massbalance.KindRecord:
		return planOf(reflect.TypeFor[massbalance.Record]()), nil
	case massbalance.KindEvidence:
		return planOf(reflect.TypeFor[massbalance.Evidence]()), nil
	case massbalance.KindLot:
		return planOf(reflect.TypeFor[massbalance.Lot]()), nil
	}
	return nil, fmt.Errorf("a %s stands in no page", kind)
}
