package wire

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Shown is a value for people to read.
type Shown struct {
	// Key is the value's own, in the ledger's form.
	Key string
	// Text is the value's form.
	Text string
}

// Values lists what the ledger keeps under one of its own keys: the value; of a page
// each one's, with the text "under its own key" where it stands there.
func Values(key string, value []byte) ([]Shown, error) {
	if !IsPage(key) {
		return []Shown{{key, string(value)}}, nil
	}
	page, err := ParsePage(key, value)
	if err != nil {
		return nil, fmt.Errorf("couldn't read %s: %w", key, err)
	}
	var all []Shown
	page.each(func(own massbalance.Key, e Entry) {
		all = append(all, Shown{FormatKey(own), e.show()})
	})
	return all, nil
}

// each hands over the entries in their order.
func (p *Page) each(take func(massbalance.Key, Entry)) {
	for k, kind := range pagedKinds {
		for digit, e := range p.entries[k] {
			if !e.empty() {
				take(p.names.value(kind, byte('0'+digit)), e)
			}
		}
	}
}

// Show gives for people to read what the ledger has under one of its keys: the value's
// form; of a page each value's key and form; and hexadecimal digits where it is no page.
func Show(key string, value []byte) string {
	if !IsPage(key) {
		return string(value)
	}
	values, err := Values(key, value)
	if err != nil {
		return "no page: " + hex.EncodeToString(value)
	}
	lines := make([]string, len(values))
	for i, v := range values {
		lines[i] = v.Key + " " + v.Text
	}
	return strings.Join(lines, "\n")
}

func (e Entry) show() string {
	if e.apart {
		return "under its own key"
	}
	return string(e.form)
}
