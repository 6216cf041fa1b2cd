package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/proof/witness"
)

// membersConfig is how gateways of different members reach each other: over TLS,
// with certificates of their organisations' own authorities, which browsers do
// not know. People and programs have an address of their own (listen).
type membersConfig struct {
	Listen      string   `yaml:"listen" help:"second address, host:port, on which the other members' gateways read the transparency log over TLS; without it they read it where people do"`
	Certificate string   `yaml:"certificate" help:"file with the certificate for it, issued by the organisation's own TLS authority (PEM); read again when it changes"`
	Key         string   `yaml:"key" help:"file with that certificate's private key (PEM)"`
	Authorities []string `yaml:"authorities" help:"the TLS authority of each other member, by which its gateway is known: organisation=file each; without one the machine's own are used"`
}

func (c membersConfig) check() error {
	if given := c.Certificate != "" && c.Key != ""; (c.Listen != "") != given || (c.Certificate != "") != (c.Key != "") {
		return errors.New("members.listen, members.certificate and members.key are given together")
	}
	return nil
}

// listen opens the address for the other members; nil where there is none.
func (c membersConfig) listen(log *slog.Logger) (net.Listener, error) {
	if c.Listen == "" {
		return nil, nil
	}
	secure, err := tlsConfig{c.Certificate, c.Key}.open(log)
	if err != nil {
		return nil, fmt.Errorf("couldn't serve the other members: %w", err)
	}
	listener, err := tls.Listen("tcp", c.Listen, secure)
	if err != nil {
		return nil, fmt.Errorf("couldn't listen on %s: %w", c.Listen, err)
	}
	return listener, nil
}

// membersServer answers the other members' gateways: what the log says, and
// whether the gateway is alive. Nobody is signed in there, and nothing is asked
// of the name that it is called by, because nothing that it says is secret.
func (p *process) membersServer(all http.Handler) *http.Server {
	return &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/healthz" && !strings.HasPrefix(r.URL.Path, witness.Prefix+"/") {
				http.NotFound(w, r)
				return
			}
			public := r.Clone(r.Context())
			public.Host = "localhost"
			public.Header.Del("Authorization")
			public.Header.Del("Cookie")
			all.ServeHTTP(w, public)
		}),
		ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
	}
}

// client calls the other members' gateways and knows each by the authority of
// its own organisation: no member's authority vouches for another's gateway.
func (c membersConfig) client(others map[massbalance.OrganisationID]string) (*http.Client, error) {
	transports := byHost{}
	for _, pair := range c.Authorities {
		org, file, _ := strings.Cut(pair, "=")
		address, known := others[massbalance.OrganisationID(org)]
		if !known {
			continue
		}
		roots, err := readAuthority(file)
		if err != nil {
			return nil, err
		}
		target, err := url.Parse(address)
		if err != nil {
			return nil, err
		}
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots}
		transports[target.Host] = transport
	}
	return &http.Client{
		Timeout: 10 * time.Second, Transport: transports,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// byHost has a way to each of the other members' gateways.
type byHost map[string]http.RoundTripper

func (b byHost) RoundTrip(r *http.Request) (*http.Response, error) {
	if transport := b[r.URL.Host]; transport != nil {
		return transport.RoundTrip(r)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func readAuthority(file string) (*x509.CertPool, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("couldn't read a member's TLS authority: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("couldn't read a member's TLS authority: %s holds no certificate", file)
	}
	return roots, nil
}

func checkAuthorities(value string) error {
	for pair := range strings.SplitSeq(value, ",") {
		org, file, ok := strings.Cut(pair, "=")
		if !ok || checkName(org) != nil {
			return fmt.Errorf("%q is not an organisation and the file of its TLS authority, as in miller=miller-tls.pem", pair)
		}
		if _, err := readAuthority(file); err != nil {
			return err
		}
	}
	return nil
}
