package wire

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Place is where a ledger with pages keeps the value of a key.
//
// A page is one key of the ledger that holds the values of up to ten: those whose
// names are the same but for one digit. There are pages of records and documents, by
// the last digit of the command's or the document's name, and of lots, by that of
// the command that made them, of which the first one stands in a page. Names are
// mostly numbers that were drawn one after the other, so what arrives together
// stands together, and a peer, whose work goes by the key, has a tenth of it.
// Where a name does not end in a digit, or the value is long (see EntryOf), it stands
// under its own key.
//
// A page's key is that of its values with an asterisk in place of the digit, which
// FormatKey gives for nothing: "record:miller:PO-1234*".
type Place struct {
	// Key is the ledger's key.
	Key string
	// Digit is that of the entry in a page, and 0 where the value stands under its own key.
	Digit byte
}

// firstLot is how the names of the lots that stand in pages end.
const firstLot = "/1"

// PlaceOf says where a ledger with pages keeps the value of a key.
func PlaceOf(key massbalance.Key) Place {
	text := FormatKey(key)
	at := -1
	switch key.Kind {
	case massbalance.KindRecord, massbalance.KindEvidence:
		at = digitAt(text, key.B, 0)
	case massbalance.KindLot:
		if strings.HasSuffix(key.A, firstLot) && key.B == "" {
			at = digitAt(text, strings.TrimSuffix(key.A, firstLot), len(firstLot)+len(":"))
		}
	}
	if at < 0 {
		return Place{Key: text}
	}
	return Place{Key: text[:at] + "*" + text[at+1:], Digit: text[at]}
}

// digitAt finds the last digit of a name in the form of its key, after which so
// many more bytes stand.
func digitAt(text, name string, after int) int {
	if name == "" || !isDigit(name[len(name)-1]) {
		return -1
	}
	return len(text) - after - 1
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// IsPage tells the key of a page from that of a value.
func IsPage(key string) bool { return strings.IndexByte(key, '*') >= 0 }

// OwnKey is the key under which a value stands that is too long for its page.
func (p Place) OwnKey() string {
	if p.Digit == 0 {
		return p.Key
	}
	return strings.Replace(p.Key, "*", string(p.Digit), 1)
}

// at is the key at another digit of the page in which a key stands.
func (p Place) at(key massbalance.Key, digit byte) massbalance.Key {
	name, after := &key.B, 0
	if key.Kind == massbalance.KindLot {
		name, after = &key.A, len(firstLot)
	}
	at := len(*name) - after - 1
	*name = (*name)[:at] + string(digit) + (*name)[at+1:]
	return key
}

// Stored is what the ledger is to keep under one of its own keys.
type Stored struct {
	Key   string
	Value []byte
	// Guard is the write's that it comes from; what stands in pages has none.
	Guard *massbalance.Guard
}

// Beside answers what pages held before at the keys asked for, in their order.
type Beside func(keys []massbalance.Key) ([]Entry, error)

// Store turns writes of the rules, of which forms are the values', into those of the
// ledger, in the order of its keys. Where values are kept in pages, a page is written
// as a whole, and beside is asked what it held before in its other entries.
func Store(paged bool, writes []massbalance.Write, forms [][]byte, beside Beside) ([]Stored, error) {
	s := storing{pages: map[string]*Page{}, stored: make([]Stored, 0, len(writes))}
	for i, w := range writes {
		if err := s.add(paged, w, forms[i]); err != nil {
			return nil, err
		}
	}
	if err := s.finish(beside); err != nil {
		return nil, err
	}
	slices.SortFunc(s.stored, func(a, b Stored) int { return cmp.Compare(a.Key, b.Key) })
	return s.stored, nil
}

// StoreOver is Store for whoever has the state before the writes as a view.
func StoreOver(view massbalance.View, writes []massbalance.Write) ([]Stored, error) {
	consortium, err := view.Get(massbalance.ConsortiumKey())
	if err != nil {
		return nil, err
	}
	forms, err := formsOf(writes)
	if err != nil {
		return nil, err
	}
	return Store(Paged(consortium, writes), writes, forms, BesideIn(view))
}

// AnswerOver is FormatAnswer for whoever has the state before the batch as a view.
func AnswerOver(view massbalance.View, outcome massbalance.BatchOutcome) ([]byte, error) {
	consortium, err := view.Get(massbalance.ConsortiumKey())
	if err != nil {
		return nil, err
	}
	return FormatAnswer(Paged(consortium, outcome.Writes), outcome.Results)
}

// BesideIn finds the entries of pages in a view of the values.
func BesideIn(view massbalance.View) Beside {
	return func(keys []massbalance.Key) ([]Entry, error) {
		entries := make([]Entry, len(keys))
		for i, key := range keys {
			value, err := view.Get(key)
			if err != nil {
				return nil, err
			}
			if value == nil {
				continue
			}
			form, err := FormatValue(value)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", FormatKey(key), err)
			}
			entries[i] = EntryOf(form)
		}
		return entries, nil
	}
}

// Paged reports whether the ledger keeps values in pages once it has these writes:
// by what it is founded with, or was, as the consortium in force says, nil for none.
func Paged(inForce massbalance.Value, writes []massbalance.Write) bool {
	for _, w := range writes {
		if w.Key == massbalance.ConsortiumKey() {
			inForce = w.Value
		}
	}
	consortium, _ := inForce.(massbalance.Consortium)
	return consortium.Paged
}

type storing struct {
	stored []Stored
	pages  map[string]*Page
	// order has the pages as they came, by the first key that wrote to each.
	order []massbalance.Key
}

func (s *storing) add(paged bool, w massbalance.Write, form []byte) error {
	place := Place{Key: FormatKey(w.Key)}
	if paged {
		place = PlaceOf(w.Key)
	}
	if place.Digit == 0 {
		s.stored = append(s.stored, Stored{place.Key, form, w.Guard})
		return nil
	}
	if w.Guard != nil {
		return fmt.Errorf("%s is to be guarded and stands in a page, which has no guard", place.OwnKey())
	}
	page := s.pages[place.Key]
	if page == nil {
		page = new(Page)
		s.pages[place.Key] = page
		s.order = append(s.order, w.Key)
	}
	entry := EntryOf(form)
	page[place.Digit-'0'] = entry
	if entry.Apart() {
		s.stored = append(s.stored, Stored{Key: place.OwnKey(), Value: form})
	}
	return nil
}

// finish fills the pages up with what they held before, and stores them.
func (s *storing) finish(beside Beside) error {
	var keys []massbalance.Key
	var gaps []*Entry
	for _, first := range s.order {
		place := PlaceOf(first)
		page := s.pages[place.Key]
		for i := range page {
			if page[i].empty() {
				keys, gaps = append(keys, place.at(first, byte('0'+i))), append(gaps, &page[i])
			}
		}
	}
	if len(keys) > 0 {
		entries, err := beside(keys)
		if err != nil {
			return err
		}
		for i, e := range entries {
			*gaps[i] = e
		}
	}
	for _, first := range s.order {
		place := PlaceOf(first)
		data, err := s.pages[place.Key].Format(first.Kind)
		if err != nil {
			return err
		}
		s.stored = append(s.stored, Stored{Key: place.Key, Value: data})
	}
	return nil
}
