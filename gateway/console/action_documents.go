package console

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// documentLimit is how large a signed document may be.
const documentLimit = 1 << 20

// attach puts the content of a file into the field of its name, so that it is
// kept as if it had been typed.
func attach(r *http.Request, typed url.Values) error {
	if r.MultipartForm == nil {
		return nil
	}
	file, _, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("couldn't read a form's file: %w", err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, documentLimit))
	if text := strings.TrimSpace(string(content)); err == nil && text != "" {
		typed.Set("document", text)
	}
	return err
}

// signed makes a command of a document that a certifier signed.
func signed[D any](f *form, document string, parse func(string) (D, error), body func(D) massbalance.Body) massbalance.Body {
	parsed, err := parse(document)
	if err != nil {
		f.field("document").fail("%s", err)
		return nil
	}
	return body(parsed)
}

// documentKinds are the documents that a certifier signs off the ledger.
var documentKinds = []choice{
	{Value: "statement", Name: "Verification statement"}, {Value: "certificate", Name: "Certificate"}, {Value: "standing", Name: "Suspension, reinstatement or withdrawal"},
	{Value: "finding", Name: "Finding of fraud"}, {Value: "audit", Name: "Audit of credits"}, {Value: "balance", Name: "Consent to change how a site keeps its balance"},
}

// documentForm relays a signed document. What it says is shown before it is sent.
func documentForm(f *form) (massbalance.Body, error) {
	kind := f.decides("kind", "Kind of document", "", documentKinds)
	one := f.add("document", "document", "Signed document", "The certifier's file (JWS, compact form), uploaded or pasted. The signature is checked by every member.")
	one.Wide = true
	if one.Value = strings.Join(strings.Fields(one.Value), ""); !f.need(one, "Upload the certifier's file, or paste it") || kind == "" {
		return nil, nil
	}
	switch kind {
	case "certificate":
		return signed(f, one.Value, wire.ParseSignedCertificate, func(d massbalance.SignedCertificate) massbalance.Body {
			f.says("Certificate %s of %s for %s under %s, %s to %s, for %d sites.", d.Certificate.ID, d.Certificate.Certifier, d.Certificate.Holder, d.Certificate.Scheme, d.Certificate.ValidFrom, d.Certificate.ValidTo, len(d.Certificate.Sites))
			return massbalance.PublishCertificate{Document: d}
		}), nil
	case "standing":
		return signed(f, one.Value, wire.ParseSignedStanding, func(d massbalance.SignedStanding) massbalance.Body {
			f.says("Certificate %s is %s from %s: %s", d.Standing.Certificate, d.Standing.Kind, d.Standing.Effective, d.Standing.Reason)
			return massbalance.PublishStanding{Document: d}
		}), nil
	case "finding":
		return signed(f, one.Value, wire.ParseSignedFinding, func(d massbalance.SignedFinding) massbalance.Body {
			f.says("A finding of %s on one of its statements.", d.Finding.Certifier)
			return massbalance.PublishFinding{Document: d}
		}), nil
	case "audit":
		return signed(f, one.Value, wire.ParseSignedCreditAudit, func(d massbalance.SignedCreditAudit) massbalance.Body {
			return massbalance.PublishCreditAudit{Document: d}
		}), nil
	case "balance":
		return signed(f, one.Value, wire.ParseSignedBalanceConsent, func(d massbalance.SignedBalanceConsent) massbalance.Body {
			f.Date = f.day("date", "Business date", "", f.today)
			return massbalance.ChangeBalance{Document: d}
		}), nil
	}
	return signed(f, one.Value, wire.ParseSignedStatement, func(d massbalance.SignedStatement) massbalance.Body {
		s := d.Statement
		f.says("%s: %s verified at most %s of %s from %s ha of %s, to be brought in at %s.", s.ID, s.Certifier, worded(s.Quantity), f.productName(s.Product), s.Area, s.Producer, f.siteName(s.Site))
		return massbalance.PublishStatement{Document: d}
	}), nil
}

func (f *form) says(format string, args ...any) {
	f.Lead = append(f.Lead, fmt.Sprintf(format, args...))
}

// reverseForm undoes what has one party only, with a certifier's signed consent.
func reverseForm(f *form) (massbalance.Body, error) {
	site, err := f.ownSite("Site")
	if err != nil || site == "" {
		return nil, err
	}
	if err := f.when(site); err != nil || f.Stop != "" {
		return nil, err
	}
	one := f.add("document", "document", "Certifier's consent", "Signed for this very command (JWS, compact form).")
	one.Wide = true
	if one.Value = strings.Join(strings.Fields(one.Value), ""); !f.need(one, "Upload the certifier's file, or paste it") {
		return nil, nil
	}
	return signed(f, one.Value, wire.ParseSignedReversalConsent, func(d massbalance.SignedReversalConsent) massbalance.Body {
		f.says("%s consents that %s/%s is reversed: %s", d.Consent.Certifier, d.Consent.Organisation, d.Consent.Command, d.Consent.Reason)
		return massbalance.Reverse{Site: site, Consent: d}
	}), nil
}

// voteForm asks for what another member proposed.
func voteForm(f *form) (massbalance.Body, error) {
	p, err := f.proposal(f.typed.Get("what"), f.typed.Get("digest"))
	if err != nil {
		return nil, err
	}
	f.says("%s: %s.", verb(p.Command.Body.Type()), p.What)
	var names []string
	for _, org := range p.Approvals {
		names = append(names, f.memberName(org))
	}
	f.says("Asked for by %s.", strings.Join(names, ", "))
	if slices.Contains(p.Approvals, f.organisation) {
		f.Stop = "Your organisation asked for it already."
	}
	content, err := readable(p.Command.Body)
	one := f.add("note", "content", "What is proposed, word for word", "")
	one.Value, one.Wide = content, true
	f.sure("sure", "I have read it, and our organisation wants it")
	return p.Command.Body, err
}

func (l *lens) proposal(what, digest string) (readmodel.Proposal, error) {
	p := readmodel.Page{Limit: readmodel.MaxLimit}
	for {
		listing, err := l.s.Proposals(false, p)
		if err != nil {
			return readmodel.Proposal{}, err
		}
		for _, one := range listing.Items {
			if one.What == what && one.Digest == digest && one.Command.Body != nil {
				return one, nil
			}
		}
		if p.After = listing.Next; p.After == 0 {
			return readmodel.Proposal{}, &readmodel.NotFound{Kind: "proposal", Name: what}
		}
	}
}
