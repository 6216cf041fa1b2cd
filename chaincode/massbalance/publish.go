package massbalance

import (
	"fmt"
	"slices"
)

func (b PublishCertificate) check() string {
	c := b.Document.Certificate
	switch {
	case !ValidName(string(c.ID)) || !ValidName(string(c.Certifier)) || !ValidName(string(c.Holder)) || !ValidName(string(c.Scheme)):
		return fmt.Sprintf("certificate %q: id, certifier, holder and scheme must be names", c.ID)
	case !c.ValidFrom.Valid() || !c.ValidTo.Valid() || c.ValidTo < c.ValidFrom:
		return fmt.Sprintf("certificate %s: %q to %q is not a span of days", c.ID, c.ValidFrom, c.ValidTo)
	case len(c.Sites) == 0 || len(c.Sites) > listLimit || len(c.Products) == 0 || len(c.Products) > listLimit:
		return fmt.Sprintf("certificate %s: must name 1 to %d sites and products", c.ID, listLimit)
	}
	for _, site := range c.Sites {
		if !ValidName(string(site)) {
			return fmt.Sprintf("certificate %s: site %q is not a name", c.ID, site)
		}
	}
	for _, model := range c.Models {
		if !model.Valid() {
			return fmt.Sprintf("certificate %s: %q is not a custody model", c.ID, model)
		}
	}
	for _, product := range c.Products {
		if !ValidName(string(product)) {
			return fmt.Sprintf("certificate %s: product %q is not a name", c.ID, product)
		}
	}
	return c.checkQuotas()
}

// PublishCertificate may be relayed by any trading member: what counts is the signature.
func (b PublishCertificate) execute(e *execution) error {
	c := b.Document.Certificate
	certifier, err := e.certifier(c.Certifier)
	if err != nil {
		return err
	}
	if err := e.absent(CertificateKey(c.Certifier, c.ID)); err != nil {
		return err
	}
	if !b.Document.Envelope.verify(certifier) {
		return refuse(SignatureInvalid, "certificate %s is not signed with key %q of %s", c.ID, b.Document.Envelope.Key, c.Certifier)
	}
	if err := e.cover(c); err != nil {
		return err
	}
	e.put(CertificateKey(c.Certifier, c.ID), c)
	e.record.Subject = string(c.ID)
	return nil
}

func (b PublishStatement) check() string {
	s := b.Document.Statement
	switch {
	case !ValidName(string(s.ID)) || !ValidName(string(s.Certifier)) || !ValidName(string(s.Certificate)) ||
		!ValidName(string(s.Holder)) || !ValidName(string(s.Site)) || !ValidName(string(s.Product)):
		return fmt.Sprintf("statement %q: id, certifier, certificate, holder, site and product must be names", s.ID)
	case s.Producer == "" || !validText(s.Producer):
		return fmt.Sprintf("statement %s: producer must be 1 to %d bytes without control characters", s.ID, textLimit)
	case s.Quantity.IsZero() || s.Area.IsZero():
		return fmt.Sprintf("statement %s: quantity and area must be more than 0", s.ID)
	case !s.Issued.Valid():
		return fmt.Sprintf("statement %s: issued %q is not a date", s.ID, s.Issued)
	}
	if problem := s.Characteristics.check(); problem != "" {
		return fmt.Sprintf("statement %s: %s", s.ID, problem)
	}
	return s.checkParcels()
}

// PublishStatement may be relayed by any trading member. The statement must
// rest on a published certificate of the same certifier, holder and scheme.
func (b PublishStatement) execute(e *execution) error {
	s := b.Document.Statement
	certifier, err := e.certifier(s.Certifier)
	if err != nil {
		return err
	}
	certificate, err := need[Certificate](e, CertificateKey(s.Certifier, s.Certificate))
	if err != nil {
		return err
	}
	product, err := need[Product](e, ProductKey(s.Product))
	if err != nil {
		return err
	}
	if err := e.absent(StatementKey(s.Certifier, s.ID)); err != nil {
		return err
	}
	if !b.Document.Envelope.verify(certifier) {
		return refuse(SignatureInvalid, "statement %s is not signed with key %q of %s", s.ID, b.Document.Envelope.Key, s.Certifier)
	}
	if certificate.Holder != s.Holder || certificate.Scheme != s.Characteristics.Scheme ||
		!slices.Contains(certificate.Sites, s.Site) || !slices.Contains(certificate.Products, s.Product) {
		return refuse(CertificateInvalid, "certificate %s of %s does not cover %s at %s of %s under %s", certificate.ID, s.Certifier, s.Product, s.Site, s.Holder, s.Characteristics.Scheme)
	}
	if err := e.checkAlsoSchemes(s); err != nil {
		return err
	}
	if err := e.checkProject(s); err != nil {
		return err
	}
	if err := e.verifyRegion(product, s); err != nil {
		return err
	}
	if err := e.verifyLand(s); err != nil {
		return err
	}
	id := s.Characteristics.ID()
	_, known, err := find[Characteristics](e, CharacteristicsKey(id))
	if err != nil {
		return err
	}
	if !known {
		e.put(CharacteristicsKey(id), s.Characteristics)
	}
	e.put(StatementKey(s.Certifier, s.ID), Verified{Statement: s})
	e.record.Subject = string(s.ID)
	return nil
}
