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
// A page is one key of the ledger that holds what ten names of an organisation stand
// for: names that are the same but for their last digit. At each are up to three values,
// the record of the command of that name, the document of that name, and the first lot
// that the command made. Names are mostly numbers that were drawn one after the other,
// so what arrives together stands together, and a peer, whose work goes by the key and
// the byte, has little of it. Where a name does not end in a digit, or the value is long
// (see EntryOf), it stands under its own key, and so do a command's other lots.
//
// A page's key is "page:", the organisation, a colon and the names with an asterisk in
// place of the digit, such as "page:miller:PO-1234*". FormatKey gives an asterisk for
// nothing.
type Place struct {
	// Key is the ledger's key.
	Key string
	// Digit is that of the name in a page, and 0 where the value stands under its own key.
	Digit byte
	kind  massbalance.Kind
}

// pageNames are those of a page: all but their last digit.
type pageNames struct{ organisation, stem string }

const pagePrefix = "page:"

func (n pageNames) key() string {
	return pagePrefix + escape(n.organisation) + ":" + escape(n.stem) + "*"
}

// parseNames reads what key gives.
func parseNames(key string) (pageNames, error) {
	organisation, stem, found := strings.Cut(strings.TrimPrefix(key, pagePrefix), ":")
	n := pageNames{unescape(organisation), unescape(strings.TrimSuffix(stem, "*"))}
	if !found || n.key() != key {
		return pageNames{}, fmt.Errorf("%q is no page's key", key)
	}
	return n, nil
}

// value is the key of the value of a kind at one of the names.
func (n pageNames) value(kind massbalance.Kind, digit byte) massbalance.Key {
	name := n.stem + string(rune(digit))
	if kind == massbalance.KindLot {
		return massbalance.LotKey(massbalance.NameLot(massbalance.OrganisationID(n.organisation), massbalance.CommandID(name), 1))
	}
	return massbalance.Key{Kind: kind, A: n.organisation, B: name}
}

// own is the form of a value's own name where its first field usually has that: a lot
// its own, a document that of a command of the same name.
func (n pageNames) own(kind massbalance.Kind, digit int) []byte {
	key := n.value(kind, byte('0'+digit))
	name := ""
	switch kind {
	case massbalance.KindLot:
		name = key.A
	case massbalance.KindEvidence:
		name = key.B
	default:
		return nil
	}
	form, err := appendString(nil, name)
	if err != nil {
		return nil // no value has such a name
	}
	return form
}

// namesOf finds the page of a key and the digit there, 0 where it has none.
func namesOf(key massbalance.Key) (n pageNames, digit byte) {
	name := key.B
	switch n.organisation = key.A; key.Kind {
	case massbalance.KindRecord, massbalance.KindEvidence:
	case massbalance.KindLot:
		organisation, rest, _ := strings.Cut(key.A, "/")
		command, nth, _ := strings.Cut(rest, "/")
		if nth != "1" || key.B != "" {
			return n, 0
		}
		n.organisation, name = organisation, command
	default:
		return n, 0
	}
	last := len(name) - 1
	if last < 0 || name[last] < '0' || name[last] > '9' {
		return n, 0
	}
	n.stem = name[:last]
	return n, name[last]
}

// PlaceOf says where a ledger with pages keeps the value of a key.
func PlaceOf(key massbalance.Key) Place {
	if n, digit := namesOf(key); digit != 0 {
		return Place{n.key(), digit, key.Kind}
	}
	return Place{Key: FormatKey(key)}
}

// IsPage tells the key of a page from that of a value.
func IsPage(key string) bool { return strings.HasPrefix(key, pagePrefix) }

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
	order  []*Page
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
		return fmt.Errorf("%s is to be guarded and stands in a page, which has no guard", FormatKey(w.Key))
	}
	page := s.pages[place.Key]
	if page == nil {
		page = new(Page)
		page.names, _ = namesOf(w.Key)
		s.pages[place.Key] = page
		s.order = append(s.order, page)
	}
	entry := EntryOf(form)
	*page.at(place) = entry
	if entry.Apart() {
		s.stored = append(s.stored, Stored{Key: FormatKey(w.Key), Value: form})
	}
	return nil
}

// finish fills the pages up with what they held before, and stores them.
func (s *storing) finish(beside Beside) error {
	var keys []massbalance.Key
	var gaps []*Entry
	for _, page := range s.order {
		for k, kind := range pagedKinds {
			for digit := range page.entries[k] {
				if gap := &page.entries[k][digit]; gap.empty() {
					keys, gaps = append(keys, page.names.value(kind, byte('0'+digit))), append(gaps, gap)
				}
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
	for _, page := range s.order {
		data, err := page.Format()
		if err != nil {
			return err
		}
		s.stored = append(s.stored, Stored{Key: page.names.key(), Value: data})
	}
	return nil
}
