package chaintest

import (
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric/common/configtx"
	"github.com/hyperledger/fabric/protoutil"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

func configurationIn(t testing.TB, raw *common.Block) *common.Config {
	t.Helper()
	envelope, err := protoutil.ExtractEnvelope(raw, 0)
	require.NoError(t, err)
	payload, err := protoutil.UnmarshalPayload(envelope.GetPayload())
	require.NoError(t, err)
	configuration, err := configtx.UnmarshalConfigEnvelope(payload.GetData())
	require.NoError(t, err)
	return configuration.GetConfig()
}

// Reconfigure makes the configuration transaction that sets the batch timeout,
// its update signed by the administrators of the members named, and sent on by
// the first member's orderer. Spoil changes the resulting configuration; nil
// leaves it as the update gives it.
func (c *Chain) Reconfigure(timeout string, spoil func(*common.Config), members ...string) []byte {
	update := c.update(timeout)
	updateBytes := protoutil.MarshalOrPanic(update)
	signed := &common.ConfigUpdateEnvelope{ConfigUpdate: updateBytes}
	for _, member := range members {
		administrator := c.Signer(member, "administrator")
		header := protoutil.MarshalOrPanic(&common.SignatureHeader{Creator: administrator.Serialized, Nonce: newNonce()})
		signed.Signatures = append(signed.Signatures, &common.ConfigSignature{SignatureHeader: header, Signature: administrator.Sign(header, updateBytes)})
	}
	config := proto.Clone(c.configuration).(*common.Config)
	config.Sequence++
	config.ChannelGroup.Groups["Orderer"].Values["BatchTimeout"] = update.WriteSet.Groups["Orderer"].Values["BatchTimeout"]
	if spoil != nil {
		spoil(config)
	}
	request := c.envelope(common.HeaderType_CONFIG_UPDATE, c.Signer(Trading[0], "administrator"), signed)
	return protoutil.MarshalOrPanic(c.envelope(common.HeaderType_CONFIG, c.Signer(Trading[0], "orderer"),
		&common.ConfigEnvelope{Config: config, LastUpdate: request}))
}

// update changes one value: its version and those of what holds it are read.
func (c *Chain) update(timeout string) *common.ConfigUpdate {
	channel := c.configuration.GetChannelGroup()
	section := channel.GetGroups()["Orderer"]
	value := section.GetValues()["BatchTimeout"]
	sets := func(values map[string]*common.ConfigValue) *common.ConfigGroup {
		return &common.ConfigGroup{Version: channel.GetVersion(), Groups: map[string]*common.ConfigGroup{
			"Orderer": {Version: section.GetVersion(), Values: values},
		}}
	}
	return &common.ConfigUpdate{
		ChannelId: Channel,
		ReadSet:   sets(nil),
		WriteSet: sets(map[string]*common.ConfigValue{"BatchTimeout": {
			Version: value.GetVersion() + 1, ModPolicy: value.GetModPolicy(), Value: protoutil.MarshalOrPanic(&orderer.BatchTimeout{Timeout: timeout}),
		}}),
	}
}

func (c *Chain) envelope(kind common.HeaderType, signer *Signer, data proto.Message) *common.Envelope {
	payload := protoutil.MarshalOrPanic(&common.Payload{
		Header: &common.Header{
			ChannelHeader:   protoutil.MarshalOrPanic(&common.ChannelHeader{Type: int32(kind), ChannelId: Channel}),
			SignatureHeader: protoutil.MarshalOrPanic(&common.SignatureHeader{Creator: signer.Serialized, Nonce: newNonce()}),
		},
		Data: protoutil.MarshalOrPanic(data),
	})
	return &common.Envelope{Payload: payload, Signature: signer.Sign(payload)}
}
