package webhooks

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

const secretPrefix = "whsec_"

// Delivery is what became of one attempt.
type Delivery struct {
	ID        string
	Delivered bool
	// Status is the receiver's answer, 0 where there was none; Problem says what
	// went wrong.
	Status  int
	Problem string
}

// Event is the body of a delivery: a record in short. Type is record and the
// type of its command, or webhook.test.
type Event struct {
	Type      string
	Timestamp string
	Data      RecordData
}

// RecordData is enough to know whether to ask for more:
// /api/v1/commands/{organisation}/{command} has the whole record.
type RecordData struct {
	Gateway      massbalance.OrganisationID
	Height       uint64
	Position     uint64
	Transaction  string
	Organisation massbalance.OrganisationID
	Command      massbalance.CommandID
	Type         string
	Site         massbalance.SiteID
	Subject      string
	Date         massbalance.Date
	Pending      bool
}

func (h *Hub) event(e readmodel.Entry) (kind string, body []byte, err error) {
	r := e.Record
	kind = "record." + r.Type
	body, err = wire.Format(Event{kind, h.now().UTC().Format(time.RFC3339), RecordData{
		h.organisation, e.Block, e.Position, r.Transaction, r.Organisation, r.Command, r.Type, r.Site, r.Subject, r.Date, r.Pending,
	}})
	return kind, body, err
}

// Test sends an event that is of no record, so that a receiver can be tried.
func (h *Hub) Test(ctx context.Context, id string) (Delivery, error) {
	s, err := h.Subscription(ctx, id)
	if err != nil {
		return Delivery{}, err
	}
	body, err := wire.Format(Event{Type: "webhook.test", Timestamp: h.now().UTC().Format(time.RFC3339), Data: RecordData{Gateway: h.organisation}})
	if err != nil {
		return Delivery{}, err
	}
	return h.post(ctx, s, "test_"+newID(), body), nil
}

// Sign gives the value of webhook-signature.
func Sign(secret, id, timestamp string, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil {
		return "", fmt.Errorf("couldn't read a webhook's secret: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// post makes one attempt.
func (h *Hub) post(ctx context.Context, s Subscription, id string, body []byte) (d Delivery) {
	d.ID = id
	defer func() { h.deliveries.WithLabelValues(strconv.FormatBool(d.Delivered)).Inc() }()
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	timestamp := strconv.FormatInt(h.now().Unix(), 10)
	signature, err := Sign(s.secret, id, timestamp, body)
	if err != nil {
		d.Problem = "the webhook's secret is damaged"
		return d
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		d.Problem = "the address can't be used"
		return d
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "Weighbridge",
		"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature,
	} {
		request.Header.Set(name, value)
	}
	response, err := h.client.Do(request)
	if err != nil {
		d.Problem = reason(err)
		return d
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 1<<12) // so that the connection may be used again
	d.Status, d.Delivered = response.StatusCode, response.StatusCode >= 200 && response.StatusCode < 300
	if !d.Delivered {
		d.Problem = "answered " + response.Status
	}
	return d
}

// reason says in words why nothing was answered, without what only the inside
// is to know.
func reason(err error) string {
	var refused *refusedAddress
	var dns *net.DNSError
	switch {
	case errors.As(err, &refused):
		return refused.Error()
	case errors.As(err, &dns):
		return "the name can't be found"
	case errors.Is(err, context.DeadlineExceeded):
		return "did not answer in time"
	case errors.Is(err, context.Canceled):
		return "the gateway stopped"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused the connection"
	}
	return "the connection failed"
}

// refusedAddress says that nothing is sent to an address.
type refusedAddress struct{ message string }

func (e *refusedAddress) Error() string { return e.message }

// client connects to nowhere inside, whatever names resolve to: the address is
// looked at when it is about to be dialled.
func client(allow []netip.Prefix) *http.Client {
	dialer := func(secure bool) func(context.Context, string, string) (net.Conn, error) {
		d := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
			return permitted(address, allow, secure)
		}}
		return d.DialContext
	}
	transport := func(secure bool) *http.Transport {
		return &http.Transport{
			DialContext: dialer(secure), Proxy: nil, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute,
			TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 1 << 14, ForceAttemptHTTP2: true,
		}
	}
	return &http.Client{
		Transport:     &split{plain: transport(false), secure: transport(true)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// split dials by scheme: what is sent without TLS may go to fewer places.
type split struct{ plain, secure *http.Transport }

// RoundTrip sends the request.
func (s *split) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return s.secure.RoundTrip(r)
	}
	return s.plain.RoundTrip(r)
}

// special are addresses that belong to nobody outside, beside those that package
// netip knows (RFC 6890 and its registries).
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

func permitted(address string, allow []netip.Prefix, secure bool) error {
	end, err := netip.ParseAddrPort(address)
	if err != nil {
		return &refusedAddress{"the address can't be used"}
	}
	ip := end.Addr().Unmap().WithZone("")
	if contains(allow, ip) {
		return nil
	}
	switch {
	case !secure:
		return &refusedAddress{"nothing is sent without TLS, but to addresses that the gateway's settings allow"}
	case !ip.IsGlobalUnicast() || ip.IsPrivate() || contains(special, ip):
		return &refusedAddress{"the name leads to an address inside, which the gateway's settings do not allow"}
	}
	return nil
}

func contains(prefixes []netip.Prefix, ip netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}
