package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/statemetadata"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/gateway/block/canonical"
)

// plain is a transaction of the plain shape, so far as its own bytes tell: one
// action of one chaincode, in canonical encoding, with public reads and writes
// of single keys only. Nothing in it is copied from the block but keys and names,
// which outlive it.
type plain struct {
	channel, id, chaincode string
	// creator's signature is over payload, the endorsers' over response and identity.
	creator           signature
	payload, response []byte
	endorsements      []signature
	sets              []set
}

// signature is one with what it is over, hashed, and whether it is good by the
// key in the identity's certificate.
type signature struct {
	identity, bytes []byte
	digest          [sha256.Size]byte
	good            bool
}

// set is what a transaction read and wrote of one namespace.
type set struct {
	namespace string
	reads     []keyRead
	writes    []keyWrite
}

type keyRead struct {
	key []byte
	// there is false if the transaction found nothing at the key.
	there bool
	height
	at *held // once it was looked up
}

// keyWrite is what a transaction does to a key: to what is at it, to its metadata,
// or to both.
type keyWrite struct {
	key []byte
	// read is the key's place among the reads; -1 if it is not one of them.
	read                      int
	written, deleted, guarded bool
	// metadata are those of a guarded key, as the state keeps them.
	metadata []byte
	at       *held // once it was looked up
}

// readPlain reads a transaction of the plain shape. Whatever is not one is left to
// Fabric's code; nil says so.
func readPlain(data []byte) (p *plain) {
	defer func() {
		if recover() != nil {
			p = nil
		}
	}()
	p = &plain{}
	envelope := canonical.Of(data)
	p.payload = envelope.Bytes(1)
	p.creator.bytes = envelope.Bytes(2)
	payload := canonical.Of(p.payload)
	var channel, signer []byte
	if header, ok := payload.Enter(1); ok {
		channel, signer = header.Bytes(1), header.Bytes(2)
		payload.Leave(header)
	}
	transaction := canonical.Of(payload.Bytes(2))
	envelope.Leave(payload)
	action, ok := transaction.Enter(1)
	if !ok || !bytes.Equal(action.Bytes(1), signer) {
		return nil
	}
	content := action.Bytes(2)
	transaction.Leave(action)
	if !envelope.Done() || !transaction.Done() || len(p.creator.bytes) == 0 {
		return nil
	}
	p.creator.digest = sha256.Sum256(p.payload)
	if !p.readHeaders(channel, signer) || !p.readAction(content, channel, signer) {
		return nil
	}
	return p
}

// readHeaders reads whose transaction it is, and of which channel and chaincode.
// Its ID must be the one that follows from nonce and creator.
func (p *plain) readHeaders(channel, signer []byte) bool {
	header := canonical.Of(channel)
	kind := header.Number(1)
	header.Number(2)
	if stamp, ok := header.Enter(3); ok {
		stamp.Number(1)
		stamp.Number(2)
		header.Leave(stamp)
	}
	p.channel, p.id = string(header.Text(4)), string(header.Text(5))
	extension := canonical.Of(header.Bytes(7)) // no epoch, field 6: Fabric wants 0
	header.Bytes(8)
	if chaincode, ok := extension.Enter(2); ok {
		p.chaincode, _ = readChaincode(&chaincode)
		extension.Leave(chaincode)
	}
	header.Leave(extension)
	signed := canonical.Of(signer)
	p.creator.identity = signed.Bytes(1)
	nonce := signed.Bytes(2)
	if !header.Done() || !signed.Done() || kind != uint64(common.HeaderType_ENDORSER_TRANSACTION) || len(nonce) == 0 || len(p.creator.identity) == 0 {
		return false
	}
	sum := sha256.New()
	sum.Write(nonce)
	sum.Write(p.creator.identity)
	return p.id == hex.EncodeToString(sum.Sum(nil))
}

func readChaincode(m *canonical.Message) (name, version string) {
	m.Text(1)
	name = string(m.Text(2))
	return name, string(m.Text(3))
}

// readAction reads what was endorsed, and by whom. What was endorsed must be the
// answer to this proposal, and of the chaincode that the header names.
func (p *plain) readAction(content, channel, signer []byte) bool {
	m := canonical.Of(content)
	proposal := m.Bytes(1)
	endorsed, _ := m.Enter(2)
	p.response = endorsed.Bytes(1)
	sum := sha256.New()
	sum.Write(p.response)
	for {
		e, ok := endorsed.Enter(2)
		if !ok {
			break
		}
		s := signature{identity: e.Bytes(1), bytes: e.Bytes(2)}
		s.digest = continued(sum, s.identity)
		endorsed.Leave(e)
		p.endorsements = append(p.endorsements, s)
	}
	m.Leave(endorsed)
	if !m.Done() || len(proposal) == 0 || len(p.endorsements) == 0 {
		return false
	}
	answer := canonical.Of(p.response)
	expected, result := answer.Bytes(1), answer.Bytes(2)
	sum.Reset()
	sum.Write(channel)
	sum.Write(signer)
	sum.Write(proposal)
	return answer.Done() && bytes.Equal(sum.Sum(nil), expected) && p.readResult(result)
}

// continued is the hash of what was written so far, and of data behind it.
func continued(sum hash.Hash, data []byte) (digest [sha256.Size]byte) {
	further, err := sum.(hash.Cloner).Clone()
	if err != nil {
		panic(err) // Go's own SHA-256 can always be cloned
	}
	further.Write(data)
	further.Sum(digest[:0])
	return digest
}

func (p *plain) readResult(data []byte) bool {
	m := canonical.Of(data)
	results, events := canonical.Of(m.Bytes(1)), m.Bytes(2)
	if answer, ok := m.Enter(3); ok {
		answer.Number(1)
		answer.Text(2)
		answer.Bytes(3)
		m.Leave(answer)
	}
	chaincode, _ := m.Enter(4)
	name, version := readChaincode(&chaincode)
	m.Leave(chaincode)
	if !m.Done() || name == "" || name != p.chaincode || version == "" {
		return false
	}
	if events != nil {
		var event peer.ChaincodeEvent
		if err := proto.Unmarshal(events, &event); err != nil || event.GetChaincodeId() != p.chaincode {
			return false
		}
	}
	for {
		namespace, ok := results.Enter(2)
		if !ok {
			return results.Done()
		}
		s := set{namespace: string(namespace.Text(1))}
		content := canonical.Of(namespace.Bytes(2))
		if !s.read(&content) || !p.take(s) {
			return false
		}
		results.Leave(namespace)
	}
}

// take adds a namespace's sets: each namespace once, and writes in that of the
// chaincode only.
func (p *plain) take(s set) bool {
	for _, other := range p.sets {
		if other.namespace == s.namespace {
			return false
		}
	}
	p.sets = append(p.sets, s)
	return s.namespace != "" && (s.namespace == p.chaincode || len(s.writes) == 0)
}

// read reads the sets of a namespace. Written keys come in ascending order, as
// Fabric's simulator writes them, so none is there twice.
func (s *set) read(m *canonical.Message) bool {
	s.readReads(m)
	if !s.readWrites(m) { // 2, between them, would be ranges
		return false
	}
	var last []byte
	written := len(s.writes)
	for {
		g, ok := m.Enter(4)
		if !ok {
			break
		}
		key := g.Text(1)
		metadata, ok := readMetadata(&g)
		m.Leave(g)
		if !ok || len(key) == 0 || bytes.Compare(last, key) >= 0 {
			return false
		}
		s.guard(key, metadata, written)
		last = key
	}
	s.pair()
	return m.Done()
}

func (s *set) readReads(m *canonical.Message) {
	if n := m.Count(1); n > 0 {
		s.reads = make([]keyRead, 0, n)
	}
	for {
		r, ok := m.Enter(1)
		if !ok {
			return
		}
		read := keyRead{key: r.Text(1)}
		if version, ok := r.Enter(2); ok {
			read.there, read.height = true, height{version.Number(1), version.Number(2)}
			r.Leave(version)
		}
		m.Leave(r)
		s.reads = append(s.reads, read)
	}
}

func (s *set) readWrites(m *canonical.Message) bool {
	if n := m.Count(3); n > 0 {
		s.writes = make([]keyWrite, 0, n)
	}
	for {
		w, ok := m.Enter(3)
		if !ok {
			return true
		}
		write := keyWrite{key: w.Text(1), read: -1, written: true}
		gone := w.Number(2) != 0
		write.deleted = len(w.Bytes(3)) == 0 || gone
		m.Leave(w)
		if n := len(s.writes); len(write.key) == 0 || n > 0 && bytes.Compare(s.writes[n-1].key, write.key) >= 0 {
			return false
		}
		s.writes = append(s.writes, write)
	}
}

// guard notes that a key's metadata are set. Keys that are not written otherwise go
// behind those that are, in order, too.
func (s *set) guard(key, metadata []byte, written int) {
	i, found := slices.BinarySearchFunc(s.writes[:written], key, func(w keyWrite, key []byte) int { return bytes.Compare(w.key, key) })
	if !found {
		i = len(s.writes)
		s.writes = append(s.writes, keyWrite{key: key, read: -1})
	}
	s.writes[i].guarded, s.writes[i].metadata = true, metadata
}

// pair finds the written keys among those that were read, as far as these are in
// order, as Fabric's simulator has them. One that it does not find is looked up by
// itself.
func (s *set) pair() {
	r := 0
	for i := range s.writes {
		if i > 0 && !s.writes[i].written && s.writes[i-1].written {
			r = 0
		}
		for r < len(s.reads) && bytes.Compare(s.reads[r].key, s.writes[i].key) < 0 {
			r++
		}
		if r < len(s.reads) && bytes.Equal(s.reads[r].key, s.writes[i].key) {
			s.writes[i].read = r
		}
	}
}

// readMetadata reads the entries of a key's metadata, and encodes them as Fabric
// does.
func readMetadata(m *canonical.Message) (metadata []byte, ok bool) {
	var entries []*kvrwset.KVMetadataEntry
	for {
		e, ok := m.Enter(2)
		if !ok {
			break
		}
		entries = append(entries, &kvrwset.KVMetadataEntry{Name: string(e.Text(1)), Value: e.Bytes(2)})
		m.Leave(e)
	}
	if entries == nil {
		return nil, true
	}
	metadata, err := statemetadata.Serialize(entries)
	return metadata, err == nil
}
