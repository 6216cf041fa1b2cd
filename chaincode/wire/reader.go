package wire

import (
	"fmt"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Reader is a view of what a ledger keeps, in pages or not. It reads the state as it
// was before a transaction and is of use for one transaction.
type Reader struct {
	read func(key string) ([]byte, error)
	// paged says that the ledger keeps values in pages, consortium is by what.
	paged      bool
	consortium massbalance.Value
	pages      map[string]*Page
}

// NewReader begins to read with a function that gives the bytes at a key of the
// ledger, none where there are none. It is asked for a key more than once.
func NewReader(read func(key string) ([]byte, error)) (*Reader, error) {
	r := &Reader{read: read, pages: map[string]*Page{}}
	var err error
	if r.consortium, err = r.Get(massbalance.ConsortiumKey()); err != nil {
		return nil, err
	}
	r.paged = Paged(r.consortium, nil)
	return r, nil
}

// Paged reports whether the ledger keeps values in pages.
func (r *Reader) Paged() bool { return r.paged }

// Place says where the ledger keeps the value of a key.
func (r *Reader) Place(key massbalance.Key) Place {
	if r.paged {
		return PlaceOf(key)
	}
	return Place{Key: FormatKey(key)}
}

// Get returns the value at a key, or nil where there is none.
func (r *Reader) Get(key massbalance.Key) (massbalance.Value, error) {
	form, err := r.Form(key)
	if err != nil || len(form) == 0 {
		return nil, err
	}
	return ParseValue(key.Kind, form)
}

// Form gives the form of the value at a key, none where there is no value.
func (r *Reader) Form(key massbalance.Key) ([]byte, error) {
	place := r.Place(key)
	if place.Digit == 0 {
		return r.read(place.Key)
	}
	entry, err := r.entry(place)
	if err != nil || !entry.Apart() {
		return entry.Form(), err
	}
	return r.read(FormatKey(key))
}

func (r *Reader) entry(place Place) (Entry, error) {
	page := r.pages[place.Key]
	if page == nil {
		data, err := r.read(place.Key)
		if err != nil {
			return Entry{}, err
		}
		if page, err = ParsePage(place.Key, data); err != nil {
			return Entry{}, fmt.Errorf("couldn't read %s: %w", place.Key, err)
		}
		r.pages[place.Key] = page
	}
	return *page.at(place), nil
}

// Store says what the ledger is to keep of writes.
func (r *Reader) Store(writes []massbalance.Write) ([]Stored, error) {
	forms, err := formsOf(writes)
	if err != nil {
		return nil, err
	}
	return Store(Paged(r.consortium, writes), writes, forms, r.beside)
}

// Answer gives the bytes of the answer to a batch.
func (r *Reader) Answer(outcome massbalance.BatchOutcome) ([]byte, error) {
	return FormatAnswer(Paged(r.consortium, outcome.Writes), outcome.Results)
}

func (r *Reader) beside(keys []massbalance.Key) ([]Entry, error) {
	entries := make([]Entry, len(keys))
	for i, key := range keys {
		var err error
		if entries[i], err = r.entry(PlaceOf(key)); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func formsOf(writes []massbalance.Write) ([][]byte, error) {
	forms := make([][]byte, len(writes))
	for i, w := range writes {
		var err error
		if forms[i], err = FormatValue(w.Value); err != nil {
			return nil, fmt.Errorf("%s: %w", FormatKey(w.Key), err)
		}
	}
	return forms, nil
}
