package submit

import (
	"context"
	"errors"
	"testing"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// node is a peer's gateway service that answers as scripted.
type node struct {
	grpc.ClientConnInterface
	endorse, submit, status error
	code                    peer.TxValidationCode
	// asked is the last question for a commit status.
	asked *gateway.CommitStatusRequest
}

func (n *node) Invoke(_ context.Context, method string, in, out any, _ ...grpc.CallOption) error {
	switch method {
	case gateway.Gateway_Endorse_FullMethodName:
		if n.endorse == nil {
			proto.Merge(out.(proto.Message), &gateway.EndorseResponse{PreparedTransaction: prepared()})
		}
		return n.endorse
	case gateway.Gateway_Submit_FullMethodName:
		return n.submit
	case gateway.Gateway_CommitStatus_FullMethodName:
		n.asked = new(gateway.CommitStatusRequest)
		if err := proto.Unmarshal(in.(*gateway.SignedCommitStatusRequest).GetRequest(), n.asked); err != nil {
			return err
		}
		proto.Merge(out.(proto.Message), &gateway.CommitStatusResponse{Result: n.code, BlockNumber: 17})
		return n.status
	}
	return errors.New("no such method")
}

func pack(message proto.Message) []byte {
	data, err := proto.Marshal(message)
	if err != nil {
		panic(err)
	}
	return data
}

// prepared is an endorsed transaction with the answer "[]".
func prepared() *common.Envelope {
	action := pack(&peer.ChaincodeAction{Response: &peer.Response{Status: 200, Payload: []byte("[]")}})
	payload := pack(&peer.ChaincodeActionPayload{Action: &peer.ChaincodeEndorsedAction{
		ProposalResponsePayload: pack(&peer.ProposalResponsePayload{Extension: action}),
	}})
	return &common.Envelope{Payload: pack(&common.Payload{
		Header: &common.Header{ChannelHeader: pack(&common.ChannelHeader{ChannelId: "weighbridge"})},
		Data:   pack(&peer.Transaction{Actions: []*peer.TransactionAction{{Payload: payload}}}),
	})}
}

// told is an error as the peer's gateway gives it, with what each node said.
func told(code codes.Code, message string, nodes ...string) error {
	s := status.New(code, message)
	for _, said := range nodes {
		var err error
		if s, err = s.WithDetails(&gateway.ErrorDetail{Address: "peer0:7051", MspId: "MillCo", Message: said}); err != nil {
			panic(err)
		}
	}
	return s.Err()
}

type anyone struct{}

func (anyone) MspID() string       { return "MillCo" }
func (anyone) Credentials() []byte { return []byte("certificate") }

var _ identity.Identity = anyone{}

func platformOf(t *testing.T, n *node) *fabric {
	gw, err := client.Connect(anyone{}, client.WithClientConnection(n),
		client.WithSign(func([]byte) ([]byte, error) { return []byte("signature"), nil }))
	require.NoError(t, err)
	f, err := newFabric(gw, "weighbridge", "massbalance")
	require.NoError(t, err)
	return f
}

const (
	tooFewEndorsements = "failed to collect enough transaction endorsements, see attached details for more info"
	notEndorsed        = "failed to endorse transaction, see attached details for more info"
	tooFewOrderers     = "insufficient number of orderers could successfully process transaction to satisfy quorum requirement"
	fromOrderer        = "received unsuccessful response from orderer: "
)

func TestFailedProposals(t *testing.T) {
	tests := map[string]struct {
		err  error
		kind kind
	}{
		"a peer lags": {told(codes.Aborted, tooFewEndorsements, "ProposalResponsePayloads do not match"), lagging},
		"a peer lags, another is away": {told(codes.Aborted, tooFewEndorsements,
			"rpc error: code = Unavailable desc = connection error", "ProposalResponsePayloads do not match"), lagging},
		"the chaincode failed": {told(codes.Aborted, notEndorsed, "chaincode response 500, internal: state contradicts itself"), faulted},
		"the batch is not canonical": {told(codes.Aborted, notEndorsed,
			"chaincode response 500, invalid_batch: couldn't parse a []massbalance.Command: code = Unavailable"), faulted},
		"gossip has not met": {told(codes.FailedPrecondition,
			"no combination of peers can be derived which satisfy the endorsement policy: no peer combination can satisfy the endorsement policy"), notReady},
		"chaincode unknown to others yet": {told(codes.FailedPrecondition,
			"no combination of peers can be derived which satisfy the endorsement policy: required chaincodes are not installed on sufficient peers"), notReady},
		"endorsers are away": {told(codes.FailedPrecondition,
			"failed to select a set of endorsers that satisfy the endorsement policy due to unavailability of peers: [{peer1:7051 GrainCo}]"), notReady},
		"the chaincode is being restarted": {told(codes.Aborted, notEndorsed,
			"error in simulation: failed to execute transaction 389b: error sending: chaincode stream terminated"), notReady},
		"an endorser is lost from sight while it's asked": {told(codes.Aborted, tooFewEndorsements,
			"rpc error: code = Canceled desc = grpc: the client connection is closing"), notReady},
		"the own peer is away": {told(codes.Unavailable, `connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:7051: connect: connection refused"`), notReady},
		"the peer is busy":     {told(codes.ResourceExhausted, "too many requests for /gateway.Gateway, exceeding concurrency limit (500)"), notReady},
		"the batch is too big": {told(codes.ResourceExhausted, "trying to send message larger than max (104857601 vs. 104857600)"), rejected},
		"time is up":           {told(codes.DeadlineExceeded, "endorsement timeout expired while collecting endorsements"), notReady},
		"no right to propose": {told(codes.Aborted, notEndorsed,
			"error validating proposal: access denied: channel [weighbridge] creator org [MillCo]"), rejected},
		"no such chaincode": {told(codes.Aborted, notEndorsed,
			"make sure the chaincode massbalance has been successfully defined on channel weighbridge and try again: chaincode massbalance not found"), rejected},
		"cancelled": {context.Canceled, rejected},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := platformOf(t, &node{endorse: test.err}).propose(t.Context(), []byte("[]"))
			require.Equal(t, test.kind, kindOf(err), err)
			require.Contains(t, err.Error(), status.Convert(test.err).Message())
		})
	}
}

func TestTheDetailHasThePeersWords(t *testing.T) {
	n := &node{endorse: told(codes.Aborted, notEndorsed, "access denied")}
	_, err := platformOf(t, n).propose(t.Context(), []byte("[]"))
	require.EqualError(t, err, notEndorsed+"; MillCo at peer0:7051: access denied")
}

func TestFailedHandOvers(t *testing.T) {
	const processed = fromOrderer + "status=SERVICE_UNAVAILABLE, info=failed to submit request: request already processed"
	const forbidden = fromOrderer + "status=FORBIDDEN, info=permission denied"
	const closed = "rpc error: code = Unavailable desc = connection error: connection refused"
	in := kind(-1)
	tests := map[string]struct {
		err  error
		kind kind
	}{
		"all is well":                        {nil, in},
		"it is in":                           {told(codes.Unavailable, tooFewOrderers, processed, processed), in},
		"it is in at one orderer":            {told(codes.Unavailable, tooFewOrderers, closed, processed), in},
		"the submitter is read-only":         {told(codes.Unavailable, tooFewOrderers, forbidden, forbidden), rejected},
		"one orderer forbids, one is away":   {told(codes.Unavailable, tooFewOrderers, forbidden, closed), uncertain},
		"orderers are away":                  {told(codes.Unavailable, tooFewOrderers, closed, closed), uncertain},
		"a single orderer forbids":           {told(codes.Aborted, forbidden), rejected},
		"orderers are in maintenance":        {told(codes.Unavailable, tooFewOrderers, fromOrderer+"status=SERVICE_UNAVAILABLE, info=x", closed), uncertain},
		"no orderer is known":                {told(codes.Unavailable, "no orderer nodes available"), notReady},
		"the peer does not know the channel": {told(codes.FailedPrecondition, "failed to get config for channel [weighbridge]"), rejected},
		"the peer is busy":                   {told(codes.ResourceExhausted, "too many requests for /gateway.Gateway, exceeding concurrency limit (500)"), notReady},
		"time is up":                         {told(codes.DeadlineExceeded, "submit timeout expired while broadcasting to ordering service"), uncertain},
		"the own peer went away":             {told(codes.Unavailable, "error reading from server: EOF"), uncertain},
		"cancelled":                          {told(codes.Canceled, "context canceled"), uncertain},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tx, err := platformOf(t, &node{submit: test.err}).propose(t.Context(), []byte("[]"))
			require.NoError(t, err)
			require.Equal(t, []byte("[]"), tx.Answer())
			require.NotEmpty(t, tx.ID())

			err = tx.order(t.Context())

			if test.kind == in {
				require.NoError(t, err)
				return
			}
			require.Equal(t, test.kind, kindOf(err), err)
		})
	}
}

func TestATransactionThatCannotBeSignedIsNotSent(t *testing.T) {
	broken := errors.New("the key is locked")
	n, locked := &node{submit: errors.New("it was sent")}, false
	gw, err := client.Connect(anyone{}, client.WithClientConnection(n), client.WithSign(func([]byte) ([]byte, error) {
		if locked {
			return nil, broken
		}
		return []byte("signature"), nil
	}))
	require.NoError(t, err)
	f, err := newFabric(gw, "weighbridge", "massbalance")
	require.NoError(t, err)
	tx, err := f.propose(t.Context(), []byte("[]"))
	require.NoError(t, err)
	locked = true
	require.Equal(t, &failure{kind: rejected, detail: broken.Error()}, tx.order(t.Context()))
}

func TestCommitStatusIsAskedByID(t *testing.T) {
	n := &node{code: peer.TxValidationCode_MVCC_READ_CONFLICT}
	f := platformOf(t, n)

	done, err := f.status(t.Context(), "tx9")

	require.NoError(t, err)
	require.Equal(t, commit{code: codeConflict, block: 17}, done)
	require.Equal(t, "tx9", n.asked.GetTransactionId())
	require.Equal(t, "weighbridge", n.asked.GetChannelId())
	var creator msp.SerializedIdentity
	require.NoError(t, proto.Unmarshal(n.asked.GetIdentity(), &creator))
	require.Equal(t, "MillCo", creator.GetMspid())
	require.Equal(t, []byte("certificate"), creator.GetIdBytes())
}

func TestTheCodesAreFabrics(t *testing.T) {
	require.Equal(t, codeValid, peer.TxValidationCode_VALID.String())
	require.Equal(t, codeConflict, peer.TxValidationCode_MVCC_READ_CONFLICT.String())
	require.Equal(t, codePhantom, peer.TxValidationCode_PHANTOM_READ_CONFLICT.String())
}

func TestUntoldCommitStatus(t *testing.T) {
	tests := map[codes.Code]kind{
		codes.Unavailable: uncertain, codes.DeadlineExceeded: uncertain, codes.Aborted: uncertain, codes.Canceled: uncertain,
		codes.PermissionDenied: rejected, codes.InvalidArgument: rejected,
	}
	for code, kind := range tests {
		_, err := platformOf(t, &node{status: status.Error(code, "words")}).status(t.Context(), "tx9")
		require.Equal(t, kind, kindOf(err), code)
	}
}
