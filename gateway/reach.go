package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/weighbridge/weighbridge/gateway/access"
)

type tlsConfig struct {
	Certificate string `yaml:"certificate" help:"file with the certificate that the gateway serves HTTPS with (PEM, intermediates after it); read again when it changes"`
	Key         string `yaml:"key" help:"file with that certificate's private key (PEM)"`
}

type limitsConfig struct {
	PerSecond int `yaml:"perSecond" default:"200" help:"requests a second that one user or token may send for long"`
	Burst     int `yaml:"burst" default:"600" help:"requests that one user or token may send at once"`
	// The usual values are those of access.NobodysRate.
	UnknownPerSecond int `yaml:"unknownPerSecond" default:"30" help:"requests a second that one address may send for long without a sign-in or a token; more where all come by way of one proxy"`
	UnknownBurst     int `yaml:"unknownBurst" default:"150" help:"requests that one address may send at once without a sign-in or a token"`
}

func (l limitsConfig) known() access.Rate { return access.Rate{PerSecond: l.PerSecond, Burst: l.Burst} }

func (l limitsConfig) unknown() access.Rate {
	return access.Rate{PerSecond: l.UnknownPerSecond, Burst: l.UnknownBurst}
}

// scheme is what the gateway itself serves.
func (c config) scheme() string {
	if c.TLS.Certificate != "" {
		return "https"
	}
	return "http"
}

// secure reports whether the gateway is reached over HTTPS, served by itself or
// by what stands before it.
func (c config) secure() bool {
	return c.scheme() == "https" || strings.HasPrefix(c.PublicURL, "https://")
}

// host is the public name of the gateway, with the port where it is not the usual.
func (c config) host() string {
	public, err := url.Parse(c.PublicURL)
	if err != nil {
		return "" // it was checked before
	}
	return public.Host
}

// address is under which browsers come back from elsewhere.
func (c config) address() string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	return c.scheme() + "://" + c.Listen
}

func checkURL(value string) error {
	public, err := url.Parse(value)
	if err != nil || public.Host == "" || public.Path != "" && public.Path != "/" || public.RawQuery != "" || public.User != nil {
		return fmt.Errorf("%q is not an address such as https://weighbridge.mill.example", value)
	}
	if public.Scheme != "https" && !(public.Scheme == "http" && access.Loopback(public.Host)) {
		return fmt.Errorf("%q is not https: passwords and tokens would cross the network in the clear", value)
	}
	return nil
}

// checkReach keeps passwords and tokens off the network where nothing protects them.
func (c config) checkReach() error {
	loopback := false
	if host, _, err := net.SplitHostPort(c.Listen); err == nil {
		ip := net.ParseIP(host)
		loopback = ip != nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
	}
	switch {
	case (c.TLS.Certificate == "") != (c.TLS.Key == ""):
		return errors.New("tls.certificate and tls.key are given together")
	case !loopback && c.TLS.Certificate == "":
		return fmt.Errorf("%q is not a loopback address; without TLS, passwords and tokens would cross the network in the clear: set tls.certificate and tls.key, or listen on 127.0.0.1", c.Listen)
	case !loopback && c.PublicURL == "":
		return fmt.Errorf("%q is not a loopback address: set publicURL, so that the gateway knows its own name", c.Listen)
	}
	return nil
}

// open reads the certificate; nil means that the gateway serves HTTP.
func (t tlsConfig) open(log *slog.Logger) (*tls.Config, error) {
	if t.Certificate == "" {
		return nil, nil
	}
	kept := &certificate{tlsConfig: t, log: log, now: time.Now}
	if err := kept.load(); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: kept.get}, nil
}

// lookEvery is how often a certificate's files are looked at, while somebody connects.
const lookEvery = 5 * time.Second

// certificate is read again when its files change, so that renewing it needs no
// restart. What cannot be read leaves the one before in use.
type certificate struct {
	tlsConfig
	log *slog.Logger
	now func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
	changed [2]time.Time
	looked  time.Time
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now().Sub(c.looked) >= lookEvery {
		if err := c.load(); err != nil {
			c.log.Error("couldn't read the renewed TLS certificate; the one before is still served", "error", err)
		}
	}
	return c.current, nil
}

// load reads the files if they are others than before.
func (c *certificate) load() error {
	c.looked = c.now()
	var changed [2]time.Time
	for i, path := range []string{c.Certificate, c.Key} {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("couldn't read the TLS certificate: %w", err)
		}
		changed[i] = info.ModTime()
	}
	if changed == c.changed {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
	if err != nil {
		return fmt.Errorf("couldn't read the TLS certificate: %w", err)
	}
	if c.current != nil {
		c.log.Info("serving a renewed TLS certificate", "until", pair.Leaf.NotAfter)
	}
	c.current, c.changed = &pair, changed
	return nil
}
