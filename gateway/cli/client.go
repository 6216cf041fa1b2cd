package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// The exit codes; see the package's comment.
const (
	ExitFailed      = 1
	ExitUsage       = 2
	ExitRefused     = 3
	ExitUnavailable = 4
	ExitNotFound    = 5
	ExitForbidden   = 6
)

// Exit is an error with the code that the program ends with.
type Exit struct {
	Code int
	Err  error
}

// Error is the error's own text.
func (e *Exit) Error() string { return e.Err.Error() }

// Unwrap gives the error.
func (e *Exit) Unwrap() error { return e.Err }

func usage(format string, args ...any) error {
	return &Exit{ExitUsage, fmt.Errorf(format, args...)}
}

// client calls one gateway.
type client struct {
	base  string
	token string
	http  *http.Client
}

// answer is what came back, whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (f *flags) client() (*client, error) {
	c := &client{base: strings.TrimRight(f.gateway, "/"), token: os.Getenv("WEIGHBRIDGE_TOKEN"), http: &http.Client{}}
	if f.tokenFile != "" {
		text, err := os.ReadFile(f.tokenFile)
		if err != nil {
			return nil, usage("couldn't read the token: %w", err)
		}
		c.token = strings.TrimSpace(string(text))
	}
	if f.caFile != "" {
		text, err := os.ReadFile(f.caFile)
		if err != nil {
			return nil, usage("couldn't read the certificate authority: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(text) {
			return nil, usage("couldn't read the certificate authority: %s holds no certificate", f.caFile)
		}
		c.http.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	}
	return c, nil
}

// request is one call.
type request struct {
	method, path string
	body         []byte
	contentType  string
	accept       string
}

// open sends a request and leaves the body to the caller.
func (c *client) open(ctx context.Context, r request) (*http.Response, error) {
	outgoing, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, usage("couldn't call the gateway: %w", err)
	}
	for name, value := range map[string]string{"Content-Type": r.contentType, "Accept": r.accept} {
		if value != "" {
			outgoing.Header.Set(name, value)
		}
	}
	if c.token != "" {
		outgoing.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(outgoing)
	if err != nil {
		return nil, &Exit{ExitUnavailable, fmt.Errorf("couldn't reach the gateway: %w", err)}
	}
	return response, nil
}

// call sends a request; what the gateway refuses is an error with its exit code.
func (c *client) call(ctx context.Context, r request) (answer, error) {
	response, err := c.open(ctx, r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, &Exit{ExitUnavailable, fmt.Errorf("couldn't read the gateway's answer: %w", err)}
	}
	a := answer{response.StatusCode, response.Header, body}
	return a, a.failure()
}

// problem is what the gateway says of an error (RFC 9457).
type problem struct {
	Title, Detail, Code, Message, Command string
	Errors                                []struct{ Location, Message string }
}

func (a answer) failure() error {
	if a.status < 400 {
		return nil
	}
	var p problem
	_ = json.Unmarshal(a.body, &p) // what is no problem has its status only
	text := p.Detail
	if text == "" {
		text = fmt.Sprintf("the gateway answered %d %s", a.status, http.StatusText(a.status))
	}
	for _, fault := range p.Errors {
		if !strings.Contains(text, fault.Message) {
			text += fmt.Sprintf("\n  %s: %s", fault.Location, fault.Message)
		}
	}
	code := ExitFailed
	switch {
	case a.status == http.StatusUnprocessableEntity && p.Code != "":
		code, text = ExitRefused, fmt.Sprintf("%s: %s", p.Code, p.Message)
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		code = ExitForbidden
	case a.status == http.StatusNotFound:
		code = ExitNotFound
	case a.status == http.StatusServiceUnavailable, a.status == http.StatusTooManyRequests:
		code = ExitUnavailable
		if after := a.header.Get("Retry-After"); after != "" {
			text += fmt.Sprintf(" (it may be tried again after %s s)", after)
		}
	case a.status < 500:
		code = ExitUsage
	}
	return &Exit{code, errors.New(text)}
}

// poll calls until done says so, a second after each other.
func poll(ctx context.Context, done func() (bool, error)) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		if over, err := done(); over || err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return &Exit{ExitFailed, ctx.Err()}
		}
	}
}
