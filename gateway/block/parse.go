package block

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// lifecycle is where the peers keep chaincode definitions.
const lifecycle = "_lifecycle"

// validationParameter is the metadata entry that holds a key's endorsement policy.
const validationParameter = "VALIDATION_PARAMETER"

// Parse reads a block as a peer delivers it, with the validation codes that the
// peer found. It checks that the block's data are those that its header names.
func Parse(raw *common.Block) (Block, error) {
	b, err := parseHeader(raw.GetHeader())
	if err != nil {
		return Block{}, err
	}
	data := raw.GetData().GetData()
	if sum := sha256.Sum256(bytes.Join(data, nil)); !bytes.Equal(sum[:], raw.GetHeader().GetDataHash()) {
		return Block{}, fmt.Errorf("couldn't parse block %d: its data are not those that its header names", b.Number)
	}
	codes, err := validationCodes(raw, len(data))
	if err != nil {
		return Block{}, fmt.Errorf("couldn't parse block %d: %w", b.Number, err)
	}
	for i, envelope := range data {
		tx, isEndorser, err := parseTransaction(envelope)
		tx.Index, tx.Size, tx.Code = i, len(envelope), codeName(codes[i])
		if err != nil && tx.Valid() {
			return Block{}, fmt.Errorf("couldn't parse transaction %d of block %d: %w", i, b.Number, err)
		}
		if isEndorser || err != nil {
			b.Transactions = append(b.Transactions, tx)
		}
	}
	return b, nil
}

// parseHeader reads the header alone and computes its hash: SHA-256 of the
// DER form of number, previous hash and data hash.
func parseHeader(header *common.BlockHeader) (Block, error) {
	if header == nil {
		return Block{}, errors.New("couldn't parse a block: it has no header")
	}
	b := Block{Number: header.GetNumber()}
	der, err := asn1.Marshal(struct {
		Number                 *big.Int
		PreviousHash, DataHash []byte
	}{new(big.Int).SetUint64(header.GetNumber()), header.GetPreviousHash(), header.GetDataHash()})
	if err != nil {
		return Block{}, fmt.Errorf("couldn't encode the header of block %d: %w", b.Number, err)
	}
	b.Hash = sha256.Sum256(der)
	switch len(header.GetPreviousHash()) {
	case 0:
	case len(b.Previous):
		copy(b.Previous[:], header.GetPreviousHash())
	default:
		return Block{}, fmt.Errorf("couldn't parse block %d: its previous hash has %d bytes", b.Number, len(header.GetPreviousHash()))
	}
	return b, nil
}

// validationCodes finds what the peer decided on each transaction. A block
// without it is no committed block.
func validationCodes(raw *common.Block, transactions int) ([]byte, error) {
	metadata := raw.GetMetadata().GetMetadata()
	if len(metadata) <= int(common.BlockMetadataIndex_TRANSACTIONS_FILTER) {
		return nil, errors.New("it carries no validation codes")
	}
	codes := metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER]
	if len(codes) != transactions {
		return nil, fmt.Errorf("it carries %d validation codes for %d transactions", len(codes), transactions)
	}
	return codes, nil
}

func codeName(code byte) string {
	if name, ok := peer.TxValidationCode_name[int32(code)]; ok {
		return name
	}
	return fmt.Sprintf("CODE_%d", code)
}

// parseTransaction reads one envelope. It fills in what it can before it fails.
func parseTransaction(envelope []byte) (tx Transaction, isEndorser bool, err error) {
	var outer common.Envelope
	if err := unmarshal("envelope", envelope, &outer); err != nil {
		return tx, false, err
	}
	var payload common.Payload
	if err := unmarshal("payload", outer.GetPayload(), &payload); err != nil {
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
	return tx, true, tx.readAction(payload.GetData())
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
	var transaction peer.Transaction
	if err := unmarshal("transaction", data, &transaction); err != nil {
		return err
	}
	if n := len(transaction.GetActions()); n != 1 {
		return fmt.Errorf("it has %d actions, expected 1", n)
	}
	var action peer.ChaincodeActionPayload
	if err := unmarshal("action", transaction.GetActions()[0].GetPayload(), &action); err != nil {
		return err
	}
	if err := t.readProposal(action.GetChaincodeProposalPayload()); err != nil {
		return err
	}
	var response peer.ProposalResponsePayload
	if err := unmarshal("proposal response", action.GetAction().GetProposalResponsePayload(), &response); err != nil {
		return err
	}
	var result peer.ChaincodeAction
	if err := unmarshal("chaincode action", response.GetExtension(), &result); err != nil {
		return err
	}
	t.Response = result.GetResponse().GetPayload()
	return t.readWrites(result.GetResults())
}

func (t *Transaction) readProposal(data []byte) error {
	var payload peer.ChaincodeProposalPayload
	if err := unmarshal("proposal", data, &payload); err != nil {
		return err
	}
	var invocation peer.ChaincodeInvocationSpec
	if err := unmarshal("invocation", payload.GetInput(), &invocation); err != nil {
		return err
	}
	t.Args = invocation.GetChaincodeSpec().GetInput().GetArgs()
	return nil
}

// readWrites reads the public write sets. Reads are the peers' business: the
// replay finds out by itself what the rules look at.
func (t *Transaction) readWrites(data []byte) error {
	var results rwset.TxReadWriteSet
	if err := unmarshal("write sets", data, &results); err != nil {
		return err
	}
	for _, namespace := range results.GetNsRwset() {
		var set kvrwset.KVRWSet
		if err := unmarshal("write set", namespace.GetRwset(), &set); err != nil {
			return err
		}
		writes := writesOf(&set)
		switch name := namespace.GetNamespace(); {
		case name == t.Chaincode:
			t.Writes = append(t.Writes, writes...)
			t.Guarded = append(t.Guarded, guardedBy(&set)...)
			if err := t.readPrivate(namespace.GetCollectionHashedRwset()); err != nil {
				return err
			}
		case name != lifecycle && len(writes) > 0:
			t.Foreign = append(t.Foreign, Namespace{Chaincode: name, Writes: writes})
		}
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

func writesOf(set *kvrwset.KVRWSet) []Write {
	var writes []Write
	for _, w := range set.GetWrites() {
		writes = append(writes, Write{Key: w.GetKey(), Value: w.GetValue(), Deleted: w.GetIsDelete()})
	}
	return writes
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

func unmarshal(what string, data []byte, message proto.Message) error {
	if err := proto.Unmarshal(data, message); err != nil {
		return fmt.Errorf("couldn't read its %s: %w", what, err)
	}
	return nil
}
