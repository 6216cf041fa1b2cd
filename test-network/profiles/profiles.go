// Package profiles ships scheme profiles to propose to a consortium. They are
// data: nothing holds on a ledger until a majority adopted it there, and a
// consortium may change any value first. Each value names its source and how
// far that is to be trusted; what is from memory must be checked against the
// scheme's own text before anybody relies on it.
package profiles

import (
	"embed"
	"fmt"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

//go:embed *.json
var files embed.FS

// All are the profiles, in the order of their schemes' names.
func All() ([]massbalance.Profile, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("couldn't list the profiles: %w", err)
	}
	var all []massbalance.Profile
	for _, entry := range entries {
		data, err := files.ReadFile(entry.Name())
		if err != nil {
			return nil, fmt.Errorf("couldn't read %s: %w", entry.Name(), err)
		}
		profile, err := wire.Decode[massbalance.Profile](data)
		if err != nil {
			return nil, fmt.Errorf("couldn't read %s: %w", entry.Name(), err)
		}
		all = append(all, profile)
	}
	return all, nil
}

// Of is the profile of one scheme.
func Of(scheme massbalance.SchemeID) (massbalance.Profile, error) {
	all, err := All()
	if err != nil {
		return massbalance.Profile{}, err
	}
	for _, p := range all {
		if p.Scheme == scheme {
			return p, nil
		}
	}
	return massbalance.Profile{}, fmt.Errorf("there is no profile of %q here", scheme)
}
