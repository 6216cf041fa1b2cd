package bench

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// A site's numbers follow one another whoever draws them, so that ten are one page;
// random names are all apart.
func TestNumbers(t *testing.T) {
	b := &bench{name: "b1", Options: Options{}}
	s := &sheet{bench: b}
	mill, silo := place{id: "b1-mill"}, place{id: "b1-silo"}
	first, other, next := s.draw(mill, 3), s.draw(silo, 2), s.draw(mill, 7)
	require.Equal(t, []massbalance.CommandID{"b1-mill-0", "b1-mill-2", "b1-mill-3", "b1-mill-9", "b1-silo-1"}, []massbalance.CommandID{first(0), first(2), next(0), next(6), other(1)})

	b.Scattered = true
	id, pages := s.draw(mill, 100), map[string]bool{}
	for i := range 100 {
		name := id(i)
		require.True(t, massbalance.ValidName(string(name)), name)
		pages[wire.PlaceOf(massbalance.RecordKey("miller", name)).Key] = true
	}
	require.Len(t, pages, 100)
}
