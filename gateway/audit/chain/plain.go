package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"iter"

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
	guards    []keyGuard
}

type keyRead struct {
	key string
	// there is false if the transaction found nothing at the key.
	there         bool
	block, number uint64
}

type keyWrite struct {
	key     string
	deleted bool
}

// keyGuard is a write of a key's metadata, as the state keeps them.
type keyGuard struct {
	key      string
	metadata []byte
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
	return s.namespace != "" && (s.namespace == p.chaincode || len(s.writes) == 0 && len(s.guards) == 0)
}

// read reads the sets of a namespace. Written keys come in ascending order, as
// Fabric's simulator writes them, so none is there twice.
func (s *set) read(m *canonical.Message) bool {
	for {
		r, ok := m.Enter(1)
		if !ok {
			break
		}
		read := keyRead{key: string(r.Text(1))}
		if version, ok := r.Enter(2); ok {
			read.there, read.block, read.number = true, version.Number(1), version.Number(2)
			r.Leave(version)
		}
		m.Leave(r)
		s.reads = append(s.reads, read)
	}
	for {
		w, ok := m.Enter(3) // 2 would be ranges
		if !ok {
			break
		}
		write := keyWrite{key: string(w.Text(1))}
		gone := w.Number(2) != 0
		write.deleted = len(w.Bytes(3)) == 0 || gone
		m.Leave(w)
		if n := len(s.writes); write.key == "" || n > 0 && s.writes[n-1].key >= write.key {
			return false
		}
		s.writes = append(s.writes, write)
	}
	for {
		g, ok := m.Enter(4)
		if !ok {
			return m.Done()
		}
		guard := keyGuard{key: string(g.Text(1))}
		if !guard.read(&g) {
			return false
		}
		m.Leave(g)
		if n := len(s.guards); guard.key == "" || n > 0 && s.guards[n-1].key >= guard.key {
			return false
		}
		s.guards = append(s.guards, guard)
	}
}

// read reads the entries of a key's metadata, and encodes them as Fabric does.
func (g *keyGuard) read(m *canonical.Message) bool {
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
		return true
	}
	var err error
	g.metadata, err = statemetadata.Serialize(entries)
	return err == nil
}

// written are the keys whose value or metadata are written; those of both twice.
func (s *set) written() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, w := range s.writes {
			if !yield(w.key) {
				return
			}
		}
		for _, g := range s.guards {
			if !yield(g.key) {
				return
			}
		}
	}
}
