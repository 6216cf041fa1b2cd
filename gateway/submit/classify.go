package submit

import (
	"errors"
	"slices"
	"strings"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The peers' gateway says much of what matters in words only. These are its
// words, those of discovery and of the orderers, as of Fabric 2.5 to 3.1.
const (
	saysMismatch  = "ProposalResponsePayloads do not match"
	saysChaincode = "chaincode response "
	saysProcessed = "request already processed"
	saysExists    = "request already exists"
	saysNoOrderer = "no orderer nodes available"
	saysTooLarge  = "larger than max"
)

// transient are the words of peers that may endorse in a moment: they are
// starting, were lost from sight, or their chaincode is being started again.
var transient = []string{
	"no peer combination can satisfy the endorsement policy",
	"required chaincodes are not installed on sufficient peers",
	"No metadata was found for chaincode",
	"failed to select a set of endorsers",
	"failed to find any endorsing peers",
	"code = Unavailable",
	"code = DeadlineExceeded",
	"code = ResourceExhausted",
	"connection refused",
	"error reading from server",
	"transport is closing",
	"client connection is closing", // the peer lost that one from sight while it was asked
	"chaincode stream terminated",
	"could not launch chaincode",
	"timeout expired while executing transaction",
}

// refusals are the words of an orderer that will never take the transaction.
// SERVICE_UNAVAILABLE and INTERNAL_SERVER_ERROR are not among them.
var refusals = []string{
	"status=FORBIDDEN", "status=BAD_REQUEST", "status=NOT_FOUND", "status=REQUEST_ENTITY_TOO_LARGE",
}

// endorseFailure says what a failed proposal means. Nothing has happened in any
// case; the question is only whether to propose again.
func endorseFailure(err error) *failure {
	words, detail := wordsOf(err)
	f := &failure{kind: rejected, detail: detail}
	switch {
	case anyHas(words, saysMismatch):
		f.kind, f.differ = lagging, differing(err)
	case anyHas(words, saysChaincode):
		f.kind = faulted
	case anyHas(words, transient...):
		f.kind = notReady
	default:
		f.kind = unavailable(err, words)
	}
	return f
}

// differing are the organisations of the peers that answered otherwise than the
// first one, which is the own.
func differing(err error) []string {
	var organisations []string
	for _, d := range detailsOf(err) {
		if d.organisation != "" && strings.Contains(d.message, saysMismatch) && !slices.Contains(organisations, d.organisation) {
			organisations = append(organisations, d.organisation)
		}
	}
	return organisations
}

// orderFailure says what a failed hand-over means, nil where the transaction is
// with the orderers all the same. Only what cannot have reached them, or was
// refused by all that answered, is sure not to be committed: the peer's gateway
// answers when more orderers failed than may be faulty, so one of them is honest.
func orderFailure(err error) *failure {
	words, detail := wordsOf(err)
	var sent *client.SubmitError
	switch {
	case !errors.As(err, &sent): // failed before anything was sent
		return &failure{kind: rejected, detail: detail}
	case anyHas(words, saysProcessed, saysExists):
		return nil
	case anyHas(words[:1], saysNoOrderer):
		return &failure{kind: notReady, detail: detail}
	case anyHas(words[:1], refusals...), len(words) > 1 && allHave(words[1:], refusals...):
		return &failure{kind: rejected, detail: detail}
	}
	switch status.Code(err) {
	case codes.InvalidArgument, codes.NotFound, codes.FailedPrecondition, codes.PermissionDenied,
		codes.Unauthenticated, codes.Unimplemented:
		return &failure{kind: rejected, detail: detail}
	case codes.ResourceExhausted:
		return &failure{kind: unavailable(err, words), detail: detail}
	}
	return &failure{kind: uncertain, detail: detail}
}

// statusFailure says what it means that a commit status was not told.
func statusFailure(err error) *failure {
	_, detail := wordsOf(err)
	switch status.Code(err) {
	case codes.InvalidArgument, codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented:
		return &failure{kind: rejected, detail: detail}
	}
	return &failure{kind: uncertain, detail: detail}
}

// unavailable tells a peer that is away or busy from one that refuses.
func unavailable(err error, words []string) kind {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded:
		return notReady
	case codes.ResourceExhausted:
		if !anyHas(words, saysTooLarge) {
			return notReady
		}
	}
	return rejected
}

// wordsOf gives the error's message, then what each node said, and all of it
// as one text.
func wordsOf(err error) (words []string, detail string) {
	words = []string{status.Convert(err).Message()}
	detail = words[0]
	for _, d := range detailsOf(err) {
		words = append(words, d.message)
		detail += "; " + d.node + ": " + d.message
	}
	return words, detail
}

type nodeDetail struct{ organisation, node, message string }

// detailsOf gives what the peers or orderers said, each with its name.
func detailsOf(err error) []nodeDetail {
	var told interface{ Details() []*errorDetail }
	if !errors.As(err, &told) {
		return nil
	}
	var details []nodeDetail
	for _, d := range told.Details() {
		node := d.GetMspId() + " at " + d.GetAddress()
		details = append(details, nodeDetail{d.GetMspId(), strings.TrimPrefix(node, " at "), d.GetMessage()})
	}
	return details
}

func has(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

func anyHas(texts []string, parts ...string) bool {
	for _, text := range texts {
		if has(text, parts) {
			return true
		}
	}
	return false
}

func allHave(texts []string, parts ...string) bool {
	for _, text := range texts {
		if !has(text, parts) {
			return false
		}
	}
	return true
}
