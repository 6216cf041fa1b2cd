package chain

import (
	"crypto/sha256"
	"runtime"
	"slices"
	"sync"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric/protoutil"
)

// prepared is what can be found out about a block's transactions from their bytes
// alone, at any time and on any core: how the plain ones read, and which of their
// signatures are good.
type prepared struct {
	// hash is that of all of them, as the block's header names it; sizes tell where
	// one ends.
	hash         [sha256.Size]byte
	sizes        []int
	transactions []*plain // nil for one that is not plain
}

// plain reports whether all of them are.
func (p *prepared) plain() bool {
	for _, t := range p.transactions {
		if t == nil {
			return false
		}
	}
	return len(p.transactions) > 0
}

// of reports whether these are the transactions that were prepared, given that
// the hash of them all is the same.
func (p *prepared) of(data [][]byte) bool {
	return slices.EqualFunc(p.sizes, data, func(size int, envelope []byte) bool { return size == len(envelope) })
}

// id is the ID of a transaction; empty if it has none.
func (p *prepared) id(index int, envelope []byte) string {
	if t := p.transactions[index]; t != nil {
		return t.id
	}
	id, err := protoutil.GetOrComputeTxIDFromEnvelope(envelope)
	if err != nil {
		return ""
	}
	return id
}

func hashed(data [][]byte) (hash [sha256.Size]byte) {
	sum := sha256.New()
	for _, envelope := range data {
		sum.Write(envelope)
	}
	sum.Sum(hash[:0])
	return hash
}

// prepare reads a block's transactions and verifies their signatures, several at
// once if it may.
func (c *Checker) prepare(data [][]byte, hash [sha256.Size]byte, cores int) *prepared {
	p := &prepared{hash, make([]int, len(data)), make([]*plain, len(data))}
	var wait sync.WaitGroup
	free := make(chan struct{}, cores)
	for i, envelope := range data {
		p.sizes[i] = len(envelope)
		if cores == 1 {
			p.transactions[i] = c.prepareTransaction(envelope)
			continue
		}
		free <- struct{}{}
		wait.Go(func() {
			p.transactions[i] = c.prepareTransaction(envelope)
			<-free
		})
	}
	wait.Wait()
	return p
}

// prepareTransaction reads a transaction and verifies its signatures. Bytes that
// make the code that does it panic are left to Fabric's.
func (c *Checker) prepareTransaction(envelope []byte) (p *plain) {
	defer func() {
		if recover() != nil {
			p = nil
		}
	}()
	if p = readPlain(envelope); p == nil {
		c.warmTransaction(envelope)
		return nil
	}
	c.verify(&p.creator)
	for i := range p.endorsements {
		c.verify(&p.endorsements[i])
	}
	return p
}

// verify verifies a signature by the key in the identity's certificate. Whether
// the certificate is any good depends on the configuration.
func (c *Checker) verify(s *signature) {
	key, err := c.keys.of(s.identity, c.crypto)
	if err != nil {
		return
	}
	good, err := c.crypto.Verify(key, s.bytes, s.digest[:], nil)
	s.good = good && err == nil
}

// ahead keeps the blocks that were prepared before they are checked, by the hash
// of their transactions.
type ahead struct {
	mu     sync.Mutex
	blocks map[[sha256.Size]byte]*prepared
}

// aheadKept bounds how many blocks are kept; who warms more loses the work.
const aheadKept = 256

func (a *ahead) put(p *prepared) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.blocks == nil || len(a.blocks) >= aheadKept {
		a.blocks = map[[sha256.Size]byte]*prepared{}
	}
	a.blocks[p.hash] = p
}

// take gives what was prepared of a block, and forgets it.
func (a *ahead) take(hash [sha256.Size]byte) *prepared {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.blocks[hash]
	delete(a.blocks, hash)
	return p
}

// prepared gives what was found out ahead about a block's transactions, or finds
// it out now.
func (c *Checker) prepared(raw *common.Block) *prepared {
	data := raw.GetData().GetData()
	hash := hashed(data)
	if p := c.ahead.take(hash); p != nil && p.of(data) {
		return p
	}
	return c.prepare(data, hash, runtime.GOMAXPROCS(0))
}
