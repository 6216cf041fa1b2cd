package block

import (
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/weighbridge/weighbridge/gateway/block/canonical"
)

// This file reads transactions as nearly all of them are: in canonical encoding,
// with one action, and public keys only. It walks through each message once, and
// leaves every other transaction to the protobuf library, see transaction.go. What
// is read here reads the same there.

// readStrict reads one envelope; not ok says that it is not one for this file.
func readStrict(envelope []byte) (tx Transaction, ok bool) {
	m := canonical.Of(envelope)
	payload := canonical.Of(m.Bytes(1))
	m.Bytes(2) // signature
	header, _ := payload.Enter(1)
	channel, signer := header.Bytes(1), header.Bytes(2)
	payload.Leave(header)
	content := payload.Bytes(2)
	m.Leave(payload)
	return tx, m.Done() && tx.strictChannel(channel) && tx.strictSigner(signer) && tx.strictAction(content)
}

// strictChannel reads a common.ChannelHeader.
func (t *Transaction) strictChannel(data []byte) bool {
	m := canonical.Of(data)
	kind := m.Number(1)
	m.Number(2)
	if stamp, ok := m.Enter(3); ok {
		at := &timestamppb.Timestamp{Seconds: int64(stamp.Number(1)), Nanos: int32(stamp.Number(2))}
		m.Leave(stamp)
		if at.IsValid() {
			t.Time = at.AsTime()
		}
	}
	m.Text(4)
	t.ID = string(m.Text(5))
	m.Number(6)
	extension := canonical.Of(m.Bytes(7))
	m.Bytes(8)
	if chaincode, ok := extension.Enter(2); ok {
		t.Chaincode = strictChaincode(&chaincode)
		extension.Leave(chaincode)
	}
	m.Leave(extension)
	return m.Done() && kind == uint64(common.HeaderType_ENDORSER_TRANSACTION)
}

func strictChaincode(m *canonical.Message) (name string) {
	m.Text(1)
	name = string(m.Text(2))
	m.Text(3)
	return name
}

// strictSigner reads whose a common.SignatureHeader is.
func (t *Transaction) strictSigner(data []byte) bool {
	m := canonical.Of(data)
	creator := canonical.Of(m.Bytes(1))
	m.Bytes(2)
	t.Organisation = string(creator.Text(1))
	creator.Bytes(2)
	m.Leave(creator)
	return m.Done() && t.Organisation != ""
}

// strictAction reads the one action of a peer.Transaction.
func (t *Transaction) strictAction(data []byte) bool {
	m := canonical.Of(data)
	action, ok := m.Enter(1)
	action.Bytes(1)
	content := canonical.Of(action.Bytes(2))
	m.Leave(action)
	proposal := content.Bytes(1)
	endorsed, _ := content.Enter(2)
	response := endorsed.Bytes(1)
	for {
		e, ok := endorsed.Enter(2)
		if !ok {
			break
		}
		e.Bytes(1)
		e.Bytes(2)
		endorsed.Leave(e)
	}
	content.Leave(endorsed)
	m.Leave(content)
	return ok && m.Done() && t.strictProposal(proposal) && t.strictResponse(response)
}

// strictProposal reads the arguments in a peer.ChaincodeProposalPayload.
func (t *Transaction) strictProposal(data []byte) bool {
	m := canonical.Of(data)
	invocation := canonical.Of(m.Bytes(1))
	spec, _ := invocation.Enter(1)
	spec.Number(1)
	if chaincode, ok := spec.Enter(2); ok {
		strictChaincode(&chaincode)
		spec.Leave(chaincode)
	}
	input, _ := spec.Enter(3)
	for {
		arg := input.Bytes(1)
		if arg == nil {
			break
		}
		t.Args = append(t.Args, arg)
	}
	input.Number(3)
	spec.Leave(input)
	spec.Number(4)
	invocation.Leave(spec)
	m.Leave(invocation)
	return m.Done()
}

// strictResponse reads the answer and the write sets in a peer.ProposalResponsePayload.
func (t *Transaction) strictResponse(data []byte) bool {
	m := canonical.Of(data)
	m.Bytes(1)
	action := canonical.Of(m.Bytes(2))
	sets := canonical.Of(action.Bytes(1))
	action.Bytes(2)
	if answer, ok := action.Enter(3); ok {
		answer.Number(1)
		answer.Text(2)
		t.Response = answer.Bytes(3)
		action.Leave(answer)
	}
	if chaincode, ok := action.Enter(4); ok {
		strictChaincode(&chaincode)
		action.Leave(chaincode)
	}
	m.Leave(action)
	sets.Number(1)
	for {
		namespace, ok := sets.Enter(2)
		if !ok {
			return m.Done() && sets.Done()
		}
		name := string(namespace.Text(1))
		if !t.strictSet(name, namespace.Bytes(2)) {
			return false
		}
		sets.Leave(namespace)
	}
}

// strictSet reads a kvrwset.KVRWSet. As in transaction.go, what was read is the peers'
// business.
func (t *Transaction) strictSet(namespace string, data []byte) bool {
	m := canonical.Of(data)
	for ok := true; ok; {
		_, ok = m.Enter(1)
	}
	writes := strictWrites(&m) // 2 would be ranges
	own := namespace == t.Chaincode
	for {
		guard, ok := m.Enter(4)
		if !ok {
			break
		}
		guarded := strictGuard(&guard)
		m.Leave(guard)
		if own {
			t.Guarded = append(t.Guarded, guarded...)
		}
	}
	switch {
	case own && t.Writes == nil:
		t.Writes = writes
	case own:
		t.Writes = append(t.Writes, writes...)
	case namespace != lifecycle && len(writes) > 0:
		t.Foreign = append(t.Foreign, Namespace{Chaincode: namespace, Writes: writes})
	}
	return m.Done()
}

// strictWrites reads the kvrwset.KVWrite of a set. Their keys are parts of one string,
// as long as all of them.
func strictWrites(m *canonical.Message) []Write {
	n, size := 0, 0
	for ahead := *m; ; n++ {
		w, ok := ahead.Enter(3)
		if !ok {
			break
		}
		size += len(w.Bytes(1))
	}
	if n == 0 {
		return nil
	}
	writes := make([]Write, n)
	var keys strings.Builder
	keys.Grow(size)
	for i := range writes {
		w, _ := m.Enter(3)
		begin := keys.Len()
		keys.Write(w.Text(1))
		writes[i].Key = keys.String()[begin:]
		writes[i].Deleted = w.Number(2) != 0
		writes[i].Value = w.Bytes(3)
		m.Leave(w)
	}
	return writes
}

// strictGuard reads a kvrwset.KVMetadataWrite; a key that gets no policy is left out.
func strictGuard(m *canonical.Message) (guarded []string) {
	key := string(m.Text(1))
	for {
		entry, ok := m.Enter(2)
		if !ok {
			return guarded
		}
		if string(entry.Text(1)) == validationParameter {
			guarded = append(guarded, key)
		}
		entry.Bytes(2)
		m.Leave(entry)
	}
}
