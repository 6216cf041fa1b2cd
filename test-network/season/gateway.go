package season

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// gateway is one organisation's gateway, as anyone outside sees it: HTTP and JSON.
type gateway struct {
	organisation massbalance.OrganisationID
	base         string
	token        string
	client       *http.Client
	// patience is how long a read is tried again.
	patience time.Duration
}

// Stages of a command, in the words of the gateways' API.
const (
	stageValid        = "valid"
	stageRefused      = "refused"
	stageNotSubmitted = "not_submitted"
)

// Answer is what a gateway says became of a command.
type Answer struct {
	Command     massbalance.CommandID
	Stage       string
	Code        massbalance.Code
	Message     string
	Figures     *massbalance.Figures
	Repeated    bool
	Transaction string
	Block       uint64
	// Status is the HTTP status of the answer as a whole.
	Status int
}

func (a Answer) accepted() bool { return a.Stage == stageValid && a.Code == massbalance.Accepted }

// decided reports whether the rules or the gateway itself have decided.
func (a Answer) decided() bool {
	return a.Stage == stageValid || a.Stage == stageRefused || a.unwelcome()
}

// unwelcome reports whether the gateway turned the request itself away, which
// sending it again cannot change.
func (a Answer) unwelcome() bool {
	return a.Status >= 400 && a.Status < 500 && a.Status != http.StatusUnprocessableEntity
}

func (a Answer) String() string {
	return fmt.Sprintf("%s (HTTP %d, stage %s): %s %s", a.Command, a.Status, a.Stage, a.Code, a.Message)
}

// problem is an answer other than 200 (RFC 9457).
type problem struct {
	Title   string
	Detail  string
	Command massbalance.CommandID
	Stage   string
	Code    massbalance.Code
	Message string
	Figures *massbalance.Figures
	Results []Answer
}

// bodyLimit is more than any page of the API holds.
const bodyLimit = 64 << 20

// exchange sends a request and reads the answer whole.
func (g gateway) exchange(ctx context.Context, method, path string, body []byte) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, g.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("couldn't ask the gateway of %s: %w", g.organisation, err)
	}
	if g.token != "" {
		request.Header.Set("Authorization", "Bearer "+g.token)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := g.client.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("couldn't reach the gateway of %s: %w", g.organisation, err)
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, bodyLimit))
	if err != nil {
		return 0, nil, fmt.Errorf("couldn't read the answer of the gateway of %s: %w", g.organisation, err)
	}
	return response.StatusCode, answer, nil
}

// send submits commands and gives one answer each, in their order. One command
// is sent by itself, several as an array. An error means that nothing is known
// of any of them.
func (g gateway) send(ctx context.Context, commands []massbalance.Command) ([]Answer, error) {
	var body []byte
	var err error
	if len(commands) == 1 {
		body, err = wire.Format(commands[0])
	} else {
		body, err = wire.Format(commands)
	}
	if err != nil {
		return nil, err
	}
	status, text, err := g.exchange(ctx, http.MethodPost, "/api/v1/commands", body)
	if err != nil {
		return nil, err
	}
	answers, err := parseAnswers(status, text, commands)
	if err != nil {
		return nil, fmt.Errorf("couldn't understand the gateway of %s: %w", g.organisation, err)
	}
	for i := range answers {
		answers[i].Status = status
	}
	return answers, nil
}

// ask lets the gateway make a command and submit it. What its gateway or peer
// does not know yet is no answer (404, or 409 where it waits for the other party).
func (g gateway) ask(ctx context.Context, id massbalance.CommandID, r Request) ([]Answer, error) {
	if s, ok := r.Body.(settlementRequest); ok {
		if err := g.arrived(ctx, s, r.Received); err != nil {
			return nil, err
		}
	}
	body, err := wire.Format(r.Body)
	if err != nil {
		return nil, err
	}
	status, text, err := g.exchange(ctx, http.MethodPost, "/api/v1/trade/"+r.Path, body)
	if err != nil {
		return nil, err
	}
	if status == http.StatusNotFound || status == http.StatusConflict {
		return nil, fmt.Errorf("the gateway of %s does not know yet what %s is about: %.300s", g.organisation, id, text)
	}
	answers, err := parseAnswers(status, text, []massbalance.Command{{ID: id}})
	if err != nil {
		return nil, fmt.Errorf("couldn't understand the gateway of %s: %w", g.organisation, err)
	}
	answers[0].Status = status
	return answers, nil
}

// arrived checks that a gateway has read all of a period's receipts, lest it
// confirm less than arrived.
func (g gateway) arrived(ctx context.Context, s settlementRequest, received massbalance.Quantity) error {
	var statement struct{ Received massbalance.Quantity }
	if err := g.get(ctx, statementPath(s.Agreement, s.Period), &statement); err != nil {
		return err
	}
	if !statement.Received.Equal(received) {
		return fmt.Errorf("the gateway of %s has read of %s kg received under %s, period %d; %s kg were", g.organisation, statement.Received, s.Agreement, s.Period, received)
	}
	return nil
}

func statementPath(agreement massbalance.AgreementID, period int) string {
	return fmt.Sprintf("/api/v1/trade/agreements/%s/periods/%d/statement", agreement, period)
}

func parseAnswers(status int, text []byte, commands []massbalance.Command) ([]Answer, error) {
	var answers []Answer
	var err error
	switch {
	case status != http.StatusOK:
		answers, err = parseProblem(status, text, commands)
	case len(commands) == 1:
		answers = make([]Answer, 1)
		err = json.Unmarshal(text, &answers[0])
	default:
		err = json.Unmarshal(text, &answers)
	}
	if err != nil {
		return nil, fmt.Errorf("%w in answer %d, %.300q", err, status, text)
	}
	if len(answers) != len(commands) {
		return nil, fmt.Errorf("%d commands have %d answers", len(commands), len(answers))
	}
	for i, answer := range answers {
		if answer.Command != commands[i].ID {
			return nil, fmt.Errorf("the answer to %s is about %q", commands[i].ID, answer.Command)
		}
	}
	return answers, nil
}

// parseProblem spreads a problem over its commands: it holds results of all,
// the result of one, or says something about the request as a whole.
func parseProblem(status int, text []byte, commands []massbalance.Command) ([]Answer, error) {
	var p problem
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, err
	}
	if len(p.Results) > 0 {
		return p.Results, nil
	}
	message := cmp.Or(p.Message, p.Detail, p.Title)
	stage := p.Stage
	if stage == "" && status == http.StatusUnprocessableEntity {
		stage = stageRefused
	}
	answers := make([]Answer, len(commands))
	for i, c := range commands {
		answers[i] = Answer{Command: c.ID, Stage: stage, Code: p.Code, Message: message, Figures: p.Figures}
	}
	return answers, nil
}

// read asks for a resource until there is an answer. A connection that broke or
// a gateway in trouble says nothing about the resource, so it is asked again, as
// long as its patience lasts.
func (g gateway) read(ctx context.Context, path string) (status int, text []byte, err error) {
	deadline := time.Now().Add(g.patience)
	for {
		status, text, err = g.exchange(ctx, http.MethodGet, path, nil)
		answered := err == nil && status < http.StatusInternalServerError
		if answered || ctx.Err() != nil || time.Now().After(deadline) {
			return status, text, err
		}
		if err := pause(ctx, firstPause); err != nil {
			return 0, nil, err
		}
	}
}

// get reads a resource into a value by way of encoding/json: the API may say
// more than is read here.
func (g gateway) get(ctx context.Context, path string, into any) error {
	status, text, err := g.read(ctx, path)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("couldn't read %s from the gateway of %s: HTTP %d %.300s", path, g.organisation, status, text)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("couldn't understand %s of the gateway of %s: %w", path, g.organisation, err)
	}
	return nil
}

// list reads all pages of a list, whose path may have a query.
func list[T any](ctx context.Context, g gateway, path string) ([]T, error) {
	var all []T
	next, first := "", "?limit=200"
	if strings.Contains(path, "?") {
		first = "&limit=200"
	}
	for {
		var page struct {
			Items []T
			Next  string
		}
		query := first
		if next != "" {
			query += "&after=" + next
		}
		if err := g.get(ctx, path+query, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" || page.Next == next {
			return all, nil
		}
		next = page.Next
	}
}

// pause waits before another attempt, or gives up with the context.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
