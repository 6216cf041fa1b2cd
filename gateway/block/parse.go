package block

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// Parse reads a block as a peer delivers it, with the validation codes that the
// peer found. It checks that the block's data are those that its header names.
// What it returns shares the bytes of the block, which nobody may change then.
func Parse(raw *common.Block) (Block, error) {
	b, err := parseHeader(raw.GetHeader())
	if err != nil {
		return Block{}, err
	}
	sum := sha256.New()
	for _, envelope := range raw.GetData().GetData() {
		sum.Write(envelope)
	}
	if !bytes.Equal(sum.Sum(nil), raw.GetHeader().GetDataHash()) {
		return Block{}, fmt.Errorf("couldn't parse block %d: its data are not those that its header names", b.Number)
	}
	return b.parse(raw)
}

// ParseChecked is Parse for a block of which it was found before that its data are
// those that its header names: it does not hash them again.
func ParseChecked(raw *common.Block) (Block, error) {
	b, err := parseHeader(raw.GetHeader())
	if err != nil {
		return Block{}, err
	}
	return b.parse(raw)
}

// parse reads the transactions of a block whose header was read.
func (b Block) parse(raw *common.Block) (Block, error) {
	data := raw.GetData().GetData()
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
