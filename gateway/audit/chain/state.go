package chain

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/hyperledger/fabric-lib-go/common/metrics/disabled"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	ledgerapi "github.com/hyperledger/fabric/common/ledger"
	"github.com/hyperledger/fabric/core/chaincode/lifecycle"
	"github.com/hyperledger/fabric/core/ledger"
	"github.com/hyperledger/fabric/core/ledger/kvledger/bookkeeping"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/privacyenabledstate"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/rwsetutil"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/statedb"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/statemetadata"
)

// notes is the namespace in which the checker keeps its own: no chaincode's name
// may contain this sign. It is written in the same batch as the block's state, so
// the two can never be apart after a crash.
const notes = "#audit"

// The notes' keys. Those of blocks and transactions are followed by number or ID.
const (
	noteHead          = "head"          // hash of the last block's header
	noteChannel       = "channel"       // the channel's name
	noteConfiguration = "configuration" // common.Config in force
	noteConfigured    = "configured"    // number of the block that brought it
	noteBlock         = "block:"        // header hash and validity codes of a block
	noteFindings      = "findings:"     // of a block that has any, as JSON
	noteTransaction   = "tx:"           // an ID that is used up
)

// state is the state of the channel, with the notes in it: a cache before a store,
// and both in the shape of Fabric's state database for Fabric's code.
type state struct {
	cache     *cache
	db        *privacyenabledstate.DB
	provider  *privacyenabledstate.DBProvider
	bookkeeps *bookkeeping.Provider
	// guarded are the namespaces of which Fabric's part of the database knows that
	// their keys may have metadata.
	guarded map[string]bool
}

func openState(dir string) (*state, error) {
	s, err := openParts(dir)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("couldn't open the audit's state in %s: %w", dir, err), s.close())
	}
	return s, nil
}

// openParts opens the store, and then what Fabric's code wants to have: a database
// that stays empty (and is removed before, since it had the state until the store
// was there), and the note on metadata.
func openParts(dir string) (s *state, err error) {
	s = &state{guarded: map[string]bool{}}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return s, err
	}
	disk, err := openStore(filepath.Join(dir, "keys"))
	if err != nil {
		return s, err
	}
	if s.cache, err = newCache(disk); err != nil {
		return s, errors.Join(err, disk.close())
	}
	empty := filepath.Join(dir, "state")
	if err := os.RemoveAll(empty); err != nil {
		return s, err
	}
	if s.bookkeeps, err = bookkeeping.NewProvider(filepath.Join(dir, "bookkeeping")); err != nil {
		return s, err
	}
	s.provider, err = privacyenabledstate.NewDBProvider(s.bookkeeps, &disabled.Provider{}, nil,
		&privacyenabledstate.StateDBConfig{StateDBConfig: &ledger.StateDBConfig{StateDatabase: ledger.GoLevelDB}, LevelDBPath: empty}, nil)
	if err != nil {
		return s, err
	}
	if s.db, err = s.provider.GetDBHandle("audit", nil); err != nil {
		return s, err
	}
	s.db.VersionedDB = newVersioned(s.db.VersionedDB, s.db.GetVersion, s.cache)
	return s, nil
}

func (s *state) close() (err error) {
	if s.provider != nil {
		s.provider.Close()
	}
	if s.bookkeeps != nil {
		s.bookkeeps.Close()
	}
	if s.cache != nil {
		err = errors.Join(s.cache.flush(), s.cache.disk.close())
	}
	return err
}

// next is the number of the first block that was not committed.
func (s *state) next() uint64 {
	if !s.cache.begun {
		return 0
	}
	return s.cache.at.block + 1
}

func (s *state) note(key string) ([]byte, error) {
	found, err := s.cache.get(notes, key)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the audit's note %s: %w", key, err)
	}
	return found.value, nil
}

func blockKey(block uint64) string { return noteBlock + string(number64(block)) }

func findingsKey(block uint64) string { return noteFindings + string(number64(block)) }

func number64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func number(data []byte) uint64 {
	if len(data) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(data)
}

// kept stands for the value of a key of an ordinary chaincode: validation asks
// whether there is one, and for its version and metadata, never for the value.
var kept = []byte{1}

// dropValues puts kept where an ordinary chaincode's values are.
func dropValues(updates *privacyenabledstate.UpdateBatch) {
	for namespace := range updates.PubUpdates.Updates {
		if namespace == lifecycle.LifecycleNamespace {
			continue
		}
		for _, value := range updates.PubUpdates.GetUpdates(namespace) {
			if !value.IsDelete() {
				value.Value = kept
			}
		}
	}
}

// changes are what a block does to the state, as our own code found it or, where
// that did not decide, as Fabric's did.
type changes struct {
	judged []effect
	fabric *privacyenabledstate.UpdateBatch
}

// effect is a change of one key by a transaction of the block.
type effect struct {
	at       *held
	metadata []byte
	number   uint64
	deleted  bool
}

// batch are the changes as Fabric has them.
func (c *changes) batch(block uint64) *privacyenabledstate.UpdateBatch {
	if c.fabric != nil {
		return c.fabric
	}
	updates := privacyenabledstate.NewUpdateBatch()
	for _, e := range c.judged {
		height := rwsetutil.NewVersion(&kvrwset.Version{BlockNum: block, TxNum: e.number})
		if e.deleted {
			updates.PubUpdates.Delete(e.at.space.name, e.at.key, height)
		} else {
			updates.PubUpdates.PutValAndMetadata(e.at.space.name, e.at.key, kept, e.metadata, height)
		}
	}
	return updates
}

// guards are the namespaces in which metadata are set for the first time, as far as
// is known, which Fabric's part of the database has to note.
func (s *state) guards(judged []effect) (first []string) {
	for _, e := range judged {
		if name := e.at.space.name; len(e.metadata) > 0 && !s.guarded[name] && !slices.Contains(first, name) {
			first = append(first, name)
		}
	}
	return first
}

// commit writes the changes of a block together with the notes on it.
func (s *state) commit(number uint64, c *changes, taken map[string][]byte) (err error) {
	first := s.guards(c.judged)
	if c.fabric == nil && len(first) == 0 {
		err = s.cache.take(c.judged, taken, height{block: number})
	} else {
		updates := c.batch(number)
		dropValues(updates)
		height := rwsetutil.NewVersion(&kvrwset.Version{BlockNum: number})
		for key, value := range taken {
			updates.PubUpdates.Put(notes, key, value, height)
		}
		err = s.db.ApplyPrivacyAwareUpdates(updates, height)
	}
	if err != nil {
		return fmt.Errorf("couldn't commit block %d to the audit's state: %w", number, err)
	}
	for _, name := range first {
		s.guarded[name] = true
	}
	return nil
}

// reading is the committed state in the shape in which Fabric's validation asks
// for it. Validation reads single keys only; the rest says so.
type reading struct{ s *state }

var errNotValidation = errors.New("validation does not read this")

// TxIDExists reports whether a committed block has this transaction ID.
func (r reading) TxIDExists(id string) (bool, error) {
	value, err := r.s.note(noteTransaction + id)
	return value != nil, err
}

// NewQueryExecutor gives the state itself: it does not change during validation.
func (r reading) NewQueryExecutor() (ledger.QueryExecutor, error) { return r, nil }

// Done has nothing to release.
func (reading) Done() {}

func valueOf(v *statedb.VersionedValue, err error) ([]byte, error) {
	if err != nil || v == nil {
		return nil, err
	}
	return v.Value, nil
}

func metadataOf(data []byte, err error) (map[string][]byte, error) {
	if err != nil || data == nil {
		return nil, err
	}
	return statemetadata.Deserialize(data)
}

// GetState reads a key.
func (r reading) GetState(namespace, key string) ([]byte, error) {
	return valueOf(r.s.db.GetState(namespace, key))
}

// GetStateMultipleKeys reads several keys: so Fabric asks for the definition of a
// chaincode that wrote private data.
func (r reading) GetStateMultipleKeys(namespace string, keys []string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		var err error
		if values[i], err = r.GetState(namespace, key); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// GetStateMetadata reads a key's metadata, its endorsement policy among them.
func (r reading) GetStateMetadata(namespace, key string) (map[string][]byte, error) {
	return metadataOf(r.s.db.GetStateMetadata(namespace, key))
}

// GetPrivateDataHash reads the hash of a private key's value.
func (r reading) GetPrivateDataHash(namespace, collection, key string) ([]byte, error) {
	return valueOf(r.s.db.GetPrivateDataHash(namespace, collection, key))
}

// GetPrivateDataMetadataByHash reads a private key's metadata.
func (r reading) GetPrivateDataMetadataByHash(namespace, collection string, hash []byte) (map[string][]byte, error) {
	return metadataOf(r.s.db.GetPrivateDataMetadataByHash(namespace, collection, hash))
}

// The rest of the interface is of use to chaincodes, not to validation.

// GetStateRangeScanIterator is not read by validation.
func (reading) GetStateRangeScanIterator(string, string, string) (ledgerapi.ResultsIterator, error) {
	return nil, errNotValidation
}

// GetStateRangeScanIteratorWithPagination is not read by validation.
func (reading) GetStateRangeScanIteratorWithPagination(string, string, string, int32) (ledger.QueryResultsIterator, error) {
	return nil, errNotValidation
}

// ExecuteQuery is not read by validation.
func (reading) ExecuteQuery(string, string) (ledgerapi.ResultsIterator, error) {
	return nil, errNotValidation
}

// ExecuteQueryWithPagination is not read by validation.
func (reading) ExecuteQueryWithPagination(string, string, string, int32) (ledger.QueryResultsIterator, error) {
	return nil, errNotValidation
}

// GetPrivateData is not read by validation.
func (reading) GetPrivateData(string, string, string) ([]byte, error) { return nil, errNotValidation }

// GetPrivateDataMetadata is not read by validation.
func (reading) GetPrivateDataMetadata(string, string, string) (map[string][]byte, error) {
	return nil, errNotValidation
}

// GetPrivateDataMultipleKeys is not read by validation.
func (reading) GetPrivateDataMultipleKeys(string, string, []string) ([][]byte, error) {
	return nil, errNotValidation
}

// GetPrivateDataRangeScanIterator is not read by validation.
func (reading) GetPrivateDataRangeScanIterator(string, string, string, string) (ledgerapi.ResultsIterator, error) {
	return nil, errNotValidation
}

// ExecuteQueryOnPrivateData is not read by validation.
func (reading) ExecuteQueryOnPrivateData(string, string, string) (ledgerapi.ResultsIterator, error) {
	return nil, errNotValidation
}
