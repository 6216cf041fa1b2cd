package block

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/encoding/protowire"
)

// lifecycle is where the peers keep chaincode definitions.
const lifecycle = "_lifecycle"

// validationParameter is the metadata entry that holds a key's endorsement policy.
const validationParameter = "VALIDATION_PARAMETER"

// parseTransaction reads one envelope. It fills in what it can before it fails.
func parseTransaction(envelope []byte) (tx Transaction, isEndorser bool, err error) {
	if tx, ok := readStrict(envelope); ok {
		return tx, true, nil
	}
	return readAny(envelope)
}

// readAny reads an envelope in whatever encoding it is.
func readAny(envelope []byte) (tx Transaction, isEndorser bool, err error) {
	inner, err := peelOne("envelope", envelope, new(common.Envelope), 1)
	if err != nil {
		return tx, false, err
	}
	var payload common.Payload
	data, err := peelOne("payload", inner.last(), &payload, 2)
	if err != nil {
		return tx, false, err
	}
	var channel common.ChannelHeader
	if err := unmarshal("channel header", payload.GetHeader().GetChannelHeader(), &channel); err != nil {
		return tx, false, err
	}
	tx.ID = channel.GetTxId()
	if stamp := channel.GetTimestamp(); stamp.IsValid() {
		tx.Time = stamp.AsTime()
	}
	if channel.GetType() != int32(common.HeaderType_ENDORSER_TRANSACTION) {
		return tx, false, nil
	}
	if tx.Organisation, err = creator(payload.GetHeader().GetSignatureHeader()); err != nil {
		return tx, true, err
	}
	var extension peer.ChaincodeHeaderExtension
	if err := unmarshal("chaincode header", channel.GetExtension(), &extension); err != nil {
		return tx, true, err
	}
	tx.Chaincode = extension.GetChaincodeId().GetName()
	return tx, true, tx.readAction(data.last())
}

// creator gives the MSP ID of a transaction's signer.
func creator(header []byte) (string, error) {
	var signature common.SignatureHeader
	if err := unmarshal("signature header", header, &signature); err != nil {
		return "", err
	}
	var identity msp.SerializedIdentity
	if err := unmarshal("creator", signature.GetCreator(), &identity); err != nil {
		return "", err
	}
	if identity.GetMspid() == "" {
		return "", errors.New("it names no creator")
	}
	return identity.GetMspid(), nil
}

// readAction reads what the chaincode was asked and what came of it.
func (t *Transaction) readAction(data []byte) error {
	actions, err := peelOne("transaction", data, new(peer.Transaction), 1)
	if err != nil {
		return err
	}
	if n := len(actions); n != 1 {
		return fmt.Errorf("it has %d actions, expected 1", n)
	}
	payload, err := peelOne("action", actions[0], new(peer.TransactionAction), 2)
	if err != nil {
		return err
	}
	var proposal, endorsed fields
	if err := peel("action", payload.last(), new(peer.ChaincodeActionPayload), at{1: &proposal, 2: &endorsed}); err != nil {
		return err
	}
	response, err := peelOne("action", endorsed.merged(), new(peer.ChaincodeEndorsedAction), 1)
	if err != nil {
		return err
	}
	if err := t.readProposal(proposal.last()); err != nil {
		return err
	}
	return t.readResponse(response.last())
}

func (t *Transaction) readProposal(data []byte) error {
	input, err := peelOne("proposal", data, new(peer.ChaincodeProposalPayload), 1)
	if err != nil {
		return err
	}
	spec, err := peelOne("invocation", input.last(), new(peer.ChaincodeInvocationSpec), 1)
	if err != nil {
		return err
	}
	if input, err = peelOne("invocation", spec.merged(), new(peer.ChaincodeSpec), 3); err != nil {
		return err
	}
	args, err := peelOne("invocation", input.merged(), new(peer.ChaincodeInput), 1)
	t.Args = args
	return err
}

func (t *Transaction) readResponse(data []byte) error {
	extension, err := peelOne("proposal response", data, new(peer.ProposalResponsePayload), 2)
	if err != nil {
		return err
	}
	var results, answer fields
	if err := peel("chaincode action", extension.last(), new(peer.ChaincodeAction), at{1: &results, 3: &answer}); err != nil {
		return err
	}
	response, err := peelOne("chaincode action", answer.merged(), new(peer.Response), 3)
	if err != nil {
		return err
	}
	t.Response = response.last()
	return t.readWrites(results.last())
}

// readWrites reads the public write sets.
func (t *Transaction) readWrites(data []byte) error {
	namespaces, err := peelOne("write sets", data, new(rwset.TxReadWriteSet), 2)
	if err != nil {
		return err
	}
	for _, one := range namespaces {
		var namespace rwset.NsReadWriteSet
		set, err := peelOne("write sets", one, &namespace, 2)
		if err != nil {
			return err
		}
		if err := t.readNamespace(&namespace, set.last()); err != nil {
			return err
		}
	}
	return nil
}

// readNamespace reads one write set. Reads are the peers' business, and not even
// parsed: the replay finds out by itself what the rules look at.
func (t *Transaction) readNamespace(namespace *rwset.NsReadWriteSet, data []byte) error {
	var set kvrwset.KVRWSet
	var reads, written fields
	if err := peel("write set", data, &set, at{1: &reads, 3: &written}); err != nil {
		return err
	}
	writes, err := writesOf(written)
	if err != nil {
		return err
	}
	switch name := namespace.GetNamespace(); {
	case name == t.Chaincode:
		t.Writes = append(t.Writes, writes...)
		t.Guarded = append(t.Guarded, guardedBy(&set)...)
		return t.readPrivate(namespace.GetCollectionHashedRwset())
	case name != lifecycle && len(writes) > 0:
		t.Foreign = append(t.Foreign, Namespace{Chaincode: name, Writes: writes})
	}
	return nil
}

// readPrivate reads the hashed write sets of collections.
func (t *Transaction) readPrivate(collections []*rwset.CollectionHashedReadWriteSet) error {
	for _, collection := range collections {
		var set kvrwset.HashedRWSet
		if err := unmarshal("private write set", collection.GetHashedRwset(), &set); err != nil {
			return err
		}
		name := collection.GetCollectionName()
		for _, w := range set.GetHashedWrites() {
			t.Private = append(t.Private, PrivateWrite{Collection: name, Key: w.GetKeyHash(), Value: w.GetValueHash(), Deleted: w.GetIsDelete() || w.GetIsPurge()})
		}
		for _, m := range set.GetMetadataWrites() {
			t.Private = append(t.Private, PrivateWrite{Collection: name, Key: m.GetKeyHash(), Guarded: true})
		}
	}
	return nil
}

// writesOf reads the writes of a write set, of which there are many.
func writesOf(written fields) ([]Write, error) {
	var writes []Write
	if len(written) > 0 {
		writes = make([]Write, len(written))
	}
	for i, data := range written {
		if err := writes[i].read(data); err != nil {
			return nil, fmt.Errorf("couldn't read its write %d: %w", i+1, err)
		}
	}
	return writes, nil
}

// read reads a kvrwset.KVWrite.
func (w *Write) read(data []byte) error {
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 || !number.IsValid() {
			return errors.Join(protowire.ParseError(n), errors.New("it has no fields"))
		}
		length := protowire.ConsumeFieldValue(number, kind, data[n:])
		if length < 0 {
			return protowire.ParseError(length)
		}
		field := data[n : n+length]
		data = data[n+length:]
		switch {
		case number == 1 && kind == protowire.BytesType:
			key, _ := protowire.ConsumeBytes(field)
			if !utf8.Valid(key) {
				return errors.New("its key is not UTF-8")
			}
			w.Key = string(key)
		case number == 2 && kind == protowire.VarintType:
			deleted, _ := protowire.ConsumeVarint(field)
			w.Deleted = protowire.DecodeBool(deleted)
		case number == 3 && kind == protowire.BytesType:
			value, _ := protowire.ConsumeBytes(field)
			w.Value = value[:len(value):len(value)]
		}
	}
	return nil
}

func guardedBy(set *kvrwset.KVRWSet) []string {
	var keys []string
	for _, m := range set.GetMetadataWrites() {
		for _, entry := range m.GetEntries() {
			if entry.GetName() == validationParameter {
				keys = append(keys, m.GetKey())
			}
		}
	}
	return keys
}
