package contract

import (
	"fmt"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// view is the peer's committed state. Fabric's reads do not see the
// transaction's own writes, which is what the rules expect of a View.
//
// What the commands name is fetched in one round trip to the peer before they are
// executed. What they read besides, such as their site, the rules keep once they
// have it (see massbalance.ExecuteBatch).
type view struct {
	*wire.Reader
	stub    stub
	fetched map[string][]byte
}

func newView(s stub) (*view, error) {
	v := &view{stub: s, fetched: map[string][]byte{}}
	var err error
	v.Reader, err = wire.NewReader(v.read)
	return v, err
}

// read gives the bytes at a key of the ledger.
func (v *view) read(key string) ([]byte, error) {
	if data, known := v.fetched[key]; known {
		return data, nil
	}
	data, err := v.stub.GetState(key)
	if err != nil {
		return nil, fmt.Errorf("couldn't read %s: %w", key, err)
	}
	v.fetched[key] = data
	return data, nil
}

// fetch reads what the commands name and, where there are pages, what stands beside
// what they make, in the order in which they name it.
func fetch(s stub, organisation massbalance.OrganisationID, commands []massbalance.Command) (*view, error) {
	v, err := newView(s)
	if err != nil {
		return nil, err
	}
	keys := make([]string, 0, 2*len(commands))
	add := func(names []massbalance.Key) {
		for _, name := range names {
			key := v.Place(name).Key
			if _, twice := v.fetched[key]; !twice {
				v.fetched[key] = nil
				keys = append(keys, key)
			}
		}
	}
	for _, c := range commands {
		add(massbalance.Names(organisation, c))
		if v.Paged() {
			add(massbalance.Makes(organisation, c))
		}
	}
	values, err := s.GetMultipleStates(keys...)
	if err != nil {
		return nil, fmt.Errorf("couldn't read what the commands name: %w", err)
	}
	if len(values) != len(keys) {
		return nil, fmt.Errorf("couldn't read what the commands name: %d values for %d keys", len(values), len(keys))
	}
	for i, key := range keys {
		v.fetched[key] = values[i]
	}
	return v, nil
}
