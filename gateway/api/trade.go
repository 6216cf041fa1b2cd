package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/submit"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// A trade request makes a command of what only this organisation and one other
// know: the terms are kept with the other party first, and the command that
// refers to them by hash is then sent like any other. ID and Date are the
// command's. Sent again, the same request makes the same command.
type (
	// OfferRequest is an offer with its terms in clear.
	OfferRequest struct {
		ID    massbalance.CommandID
		Date  massbalance.Date
		Offer trade.Draft
	}
	// CounterRequest proposes other terms in answer to a round.
	CounterRequest struct {
		ID       massbalance.CommandID
		Date     massbalance.Date
		Offer    massbalance.OfferID
		Round    int
		Proposal trade.Proposal
		Expires  massbalance.Date
	}
	// AcceptanceRequest accepts what lies on the table between the seller and the buyer.
	AcceptanceRequest struct {
		ID    massbalance.CommandID
		Date  massbalance.Date
		Offer massbalance.OfferID
		Buyer massbalance.OrganisationID
	}
	// SettlementRequest is about a period of an agreement, counted from 1: its
	// statement is confirmed, or its premium contributed to the index.
	SettlementRequest struct {
		ID        massbalance.CommandID
		Date      massbalance.Date
		Agreement massbalance.AgreementID
		Period    int
	}
	// SumRequest publishes what the organisation's shares of a figure add up to.
	SumRequest struct {
		ID    massbalance.CommandID
		Date  massbalance.Date
		Index massbalance.PremiumIndex
	}
)

// registerTrade adds the commercial half.
func (s *server) registerTrade() {
	registerTrading(s, "offers", "make-offer-with-terms", "Make an offer and keep its terms with each buyer",
		func(ctx context.Context, in OfferRequest) (massbalance.Command, error) {
			body, err := s.Trade.Offer(ctx, in.ID, in.Offer)
			return massbalance.Command{ID: in.ID, Date: in.Date, Body: body}, err
		})
	registerTrading(s, "counters", "counter-offer-with-terms", "Answer a round of an offer with other terms",
		func(ctx context.Context, in CounterRequest) (massbalance.Command, error) {
			body, err := s.Trade.Counter(ctx, in.ID, in.Offer, in.Round, in.Proposal, in.Expires)
			return massbalance.Command{ID: in.ID, Date: in.Date, Body: body}, err
		})
	registerTrading(s, "acceptances", "accept-terms", "Accept the terms on the table",
		func(ctx context.Context, in AcceptanceRequest) (massbalance.Command, error) {
			body, err := s.Trade.Accept(ctx, in.Offer, in.Buyer)
			return massbalance.Command{ID: in.ID, Date: in.Date, Body: body}, err
		})
	registerTrading(s, "settlements", "confirm-statement", "Confirm the settlement statement of a period as it is now",
		func(ctx context.Context, in SettlementRequest) (massbalance.Command, error) {
			body, err := s.Trade.Confirm(ctx, in.Agreement, in.Period)
			return massbalance.Command{ID: in.ID, Date: in.Date, Body: body}, err
		})
	registerTrading(s, "contributions", "contribute-to-index", "Contribute the premium of a settled period to the index",
		func(ctx context.Context, in SettlementRequest) (massbalance.Command, error) {
			body, err := s.Trade.Contribute(ctx, in.Agreement, in.Period)
			return massbalance.Command{ID: in.ID, Date: in.Date, Body: body}, err
		})
	registerTrading(s, "sums", "publish-index-sum", "Publish the sum of the organisation's shares of a figure of the index",
		func(ctx context.Context, in SumRequest) (massbalance.Command, error) {
			body, err := s.Trade.Sum(ctx, in.Index)
			return massbalance.Command{ID: in.ID, Date: in.Date, Body: body}, err
		})
	s.registerTradeReads()
	s.registerWorth()
}

// registerTrading adds a request that makes a command.
func registerTrading[T any](s *server, name, id, summary string, command func(context.Context, T) (massbalance.Command, error)) {
	path := "/api/v1/trade/" + name
	responses := s.commandResponses(schemaOf(s.schemas(), reflect.TypeFor[Result]()))
	responses["409"] = s.problemResponse("It is the other party's turn.")
	responses["404"] = s.problemResponse("This organisation keeps no such terms, or there is no such thing on the ledger.")
	register(s, access.Operate, huma.Operation{
		OperationID: id, Method: http.MethodPost, Path: path, Summary: summary,
		Description: "What is said here in clear goes to this organisation's peer and the other party's, as private data; the ledger gets its hash.",
		Tags:        []string{"trade"}, MaxBodyBytes: bodyLimit, BodyReadTimeout: 30 * time.Second, SkipValidateBody: true, Responses: responses,
	}, func(ctx context.Context, in *commandsInput) (*commandsOutput, error) {
		if err := in.checkType(); err != nil {
			return nil, err
		}
		request, err := wire.Decode[T](in.RawBody)
		if err != nil {
			return nil, unreadable(err)
		}
		if s.Trade == nil || s.Role == massbalance.Certification {
			return nil, problem(http.StatusForbidden, string(s.Organisation)+" does not trade")
		}
		c, err := command(ctx, request)
		if err != nil {
			return nil, s.tradeFailure(ctx, err)
		}
		if err := wire.Seal(&c); err != nil {
			return nil, unreadable(err)
		}
		return s.submit(ctx, []massbalance.Command{c}, false)
	})
	s.describeBody(path, schemaOf(s.schemas(), reflect.TypeFor[T]()))
}

// tradeFailure gives a failure of the desk its meaning. Its words never repeat
// what is in a document.
func (s *server) tradeFailure(ctx context.Context, err error) error {
	var missing *readmodel.NotFound
	var known *Problem
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &missing), errors.Is(err, trade.ErrNotKept), errors.Is(err, trade.ErrSharesMissing), errors.Is(err, trade.ErrNoPeriod):
		return problem(http.StatusNotFound, err.Error())
	case errors.Is(err, trade.ErrNotParty):
		return problem(http.StatusForbidden, err.Error())
	case errors.Is(err, trade.ErrUnanswered):
		return problem(http.StatusConflict, err.Error())
	case errors.Is(err, trade.ErrUnusable):
		return problem(http.StatusBadRequest, err.Error())
	}
	s.log.LogAttrs(ctx, slog.LevelWarn, "couldn't trade", slog.Any("error", err))
	p := problem(http.StatusServiceUnavailable, "the peers of the two parties couldn't be reached; nothing was proposed: "+err.Error())
	p.Type, p.Stage = "urn:weighbridge:stage:"+string(submit.NotSubmitted), submit.NotSubmitted
	return later(p)
}
