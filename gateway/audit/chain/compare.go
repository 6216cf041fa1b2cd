package chain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/hyperledger/fabric/core/ledger/kvledger/txmgmt/rwsetutil"
	"github.com/hyperledger/fabric/protoutil"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/gateway/replay"
)

// compare holds the peer's flags against the recomputed codes.
func (c *Checker) compare(raw *common.Block, codes []byte) ([]replay.Finding, error) {
	flags := metadataOfBlock(raw, common.BlockMetadataIndex_TRANSACTIONS_FILTER)
	if len(flags) != len(codes) {
		return []replay.Finding{{
			Block: c.next, Problem: DifferingCode, Expected: fmt.Sprintf("%d flags", len(codes)), Found: fmt.Sprintf("%d flags", len(flags)),
		}}, nil
	}
	var findings []replay.Finding
	for i, code := range codes {
		if code == flags[i] {
			continue
		}
		finding, err := c.explain(raw, codes, i)
		if err != nil {
			return nil, err
		}
		finding.Expected += CodeName(code)
		finding.Found = CodeName(flags[i]) + finding.Found
		findings = append(findings, finding)
	}
	return findings, nil
}

// explain finds out what can be said of a transaction whose code differs: the key
// whose version is not the one read, or who endorsed.
func (c *Checker) explain(raw *common.Block, codes []byte, index int) (replay.Finding, error) {
	envelope := raw.GetData().GetData()[index]
	f := replay.Finding{Block: c.next, Problem: DifferingCode}
	if f.Transaction, _ = protoutil.GetOrComputeTxIDFromEnvelope(envelope); f.Transaction == "" {
		f.Transaction = fmt.Sprintf("#%d", index)
	}
	switch peer.TxValidationCode(codes[index]) {
	case peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE:
		f.Found = ", endorsed by " + strings.Join(endorsers(envelope), ", ")
		f.Key = firstKey(envelope)
	case peer.TxValidationCode_MVCC_READ_CONFLICT:
		var err error
		f.Key, err = c.staleKey(raw, codes, index)
		return f, err
	}
	return f, nil
}

// reads are a transaction's read and write sets by namespace; nil if unreadable.
func reads(envelope []byte) []*rwsetutil.NsRwSet {
	action, err := protoutil.GetActionFromEnvelope(envelope)
	if err != nil {
		return nil
	}
	var set rwsetutil.TxRwSet
	if err := set.FromProtoBytes(action.GetResults()); err != nil {
		return nil
	}
	return set.NsRwSets
}

func firstKey(envelope []byte) string {
	for _, namespace := range reads(envelope) {
		if writes := namespace.KvRwSet.GetWrites(); len(writes) > 0 {
			return writes[0].GetKey()
		}
	}
	return ""
}

// staleKey is the first key that the transaction read at another version than
// the state's before it, which is that of the last valid transaction that wrote it.
func (c *Checker) staleKey(raw *common.Block, codes []byte, index int) (string, error) {
	written := map[[2]string]bool{}
	for i, envelope := range raw.GetData().GetData()[:index] {
		if codes[i] != byte(peer.TxValidationCode_VALID) {
			continue
		}
		for _, namespace := range reads(envelope) {
			for _, w := range namespace.KvRwSet.GetWrites() {
				written[[2]string{namespace.NameSpace, w.GetKey()}] = true
			}
		}
	}
	for _, namespace := range reads(raw.GetData().GetData()[index]) {
		for _, r := range namespace.KvRwSet.GetReads() {
			if written[[2]string{namespace.NameSpace, r.GetKey()}] {
				return r.GetKey(), nil
			}
			stale, err := c.stale(namespace.NameSpace, r)
			if err != nil || stale {
				return r.GetKey(), err
			}
		}
	}
	return "", nil
}

func (c *Checker) stale(namespace string, r *kvrwset.KVRead) (bool, error) {
	stored, err := c.state.db.GetVersion(namespace, r.GetKey())
	if err != nil {
		return false, fmt.Errorf("couldn't read the version of %s: %w", r.GetKey(), err)
	}
	if stored == nil || r.GetVersion() == nil {
		return (stored == nil) != (r.GetVersion() == nil), nil
	}
	return stored.BlockNum != r.GetVersion().GetBlockNum() || stored.TxNum != r.GetVersion().GetTxNum(), nil
}

// endorsers are the members whose endorsements a transaction carries, good or not.
func endorsers(envelope []byte) []string {
	var names []string
	for _, e := range endorsements(envelope) {
		var identity msp.SerializedIdentity
		if err := proto.Unmarshal(e.GetEndorser(), &identity); err == nil {
			names = append(names, identity.GetMspid())
		}
	}
	slices.Sort(names)
	return names
}

func endorsements(envelope []byte) []*peer.Endorsement {
	action, err := actionOf(envelope)
	if err != nil {
		return nil
	}
	return action.GetAction().GetEndorsements()
}
