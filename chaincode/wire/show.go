package wire

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Show gives for people to read what the ledger has under one of its keys: the value's
// form; of a page each entry's; and hexadecimal digits where it is no page.
func Show(key string, value []byte) string {
	if !IsPage(key) {
		return string(value)
	}
	page, err := readPage(key, value)
	if err != nil {
		return fmt.Sprintf("no page: %s", hex.EncodeToString(value))
	}
	var entries []string
	for i, e := range page {
		if !e.empty() {
			entries = append(entries, Place{key, byte('0' + i)}.OwnKey()+" "+e.show())
		}
	}
	return strings.Join(entries, "\n")
}

// Keys lists the keys of the values that the ledger keeps under one of its own: of a
// page each one's, whether it stands there or under its own key.
func Keys(key string, value []byte) ([]string, error) {
	if !IsPage(key) {
		return []string{key}, nil
	}
	page, err := readPage(key, value)
	if err != nil {
		return nil, fmt.Errorf("couldn't read %s: %w", key, err)
	}
	var keys []string
	for i, e := range page {
		if !e.empty() {
			keys = append(keys, Place{key, byte('0' + i)}.OwnKey())
		}
	}
	return keys, nil
}

// Show gives what a page of these bytes has at the place.
func (p Place) Show(value []byte) string {
	page, err := readPage(p.Key, value)
	if err != nil || p.Digit < '0' || p.Digit > '9' {
		return Show(p.Key, value)
	}
	return page[p.Digit-'0'].show()
}

func readPage(key string, value []byte) (*Page, error) {
	kind, _, _ := strings.Cut(key, ":")
	return ParsePage(massbalance.Kind(kind), value)
}

func (e Entry) show() string {
	switch {
	case e.apart:
		return "under its own key"
	case e.form == nil:
		return "nothing"
	}
	return string(e.form)
}
