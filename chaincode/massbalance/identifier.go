package massbalance

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Identifiers. Those that people choose follow one grammar (see checkName);
// those that the ledger derives are "organisation/command" or
// "organisation/command/n", so that a repeated command derives the same ones
// and no member can occupy another's.
type (
	// OrganisationID names a member; it is also its MSP ID on the channel.
	OrganisationID string
	// SiteID names a site, the system boundary of a mass balance.
	SiteID string
	// ProductID names a product.
	ProductID string
	// RecipeID names a conversion recipe.
	RecipeID string
	// SchemeID names a certification scheme or programme.
	SchemeID string
	// KeyID names one signing key of a certifier (the "kid" of its signatures).
	KeyID string
	// CertificateID names a certificate; it is unique per certifier.
	CertificateID string
	// StatementID names a verification statement; it is unique per certifier.
	StatementID string
	// StandingID names a declaration on a certificate; it is unique per certificate.
	StandingID string
	// FindingID names a finding against a verification statement.
	FindingID string
	// CreditAuditID names an audit of a claimant's credits.
	CreditAuditID string
	// LandUnitID names a field or other unit of land, the same for all certifiers.
	LandUnitID string
	// ProjectID names an insetting project.
	ProjectID string
	// ReversalConsentID names a consent to reverse a command; it is unique per certifier.
	ReversalConsentID string
	// BalanceConsentID names a consent; it is unique per certifier.
	BalanceConsentID string
	// OfferID is derived: organisation/command of the offer.
	OfferID string
	// AgreementID is derived: organisation/command of the acceptance.
	AgreementID string
	// CharacteristicsID is the hash that identifies a set of characteristics.
	CharacteristicsID string
	// CommandID is chosen by whoever sends a command, unique per organisation.
	CommandID string
	// LotID is derived: organisation/command/n.
	LotID string
	// TransferID is derived: organisation/command of the dispatch.
	TransferID string
	// ClaimID is derived: organisation/command of the claim.
	ClaimID string
	// PeriodID names a mass balance period of a site, such as "2026-Q3".
	PeriodID string
	// EvidenceID names a document, such as a weighbridge ticket's number.
	EvidenceID string
)

const nameLimit = 64

// ValidName reports whether text may be an identifier that people choose: 1 to
// 64 letters, digits, dots, underscores and hyphens, beginning with a letter or
// digit. There is no slash in it, which keeps derived identifiers apart.
func ValidName(text string) bool {
	if text == "" || len(text) > nameLimit || strings.IndexByte("._-", text[0]) >= 0 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("._-", c) >= 0) {
			return false
		}
	}
	return true
}

const textLimit = 256

// validText reports whether free text is fit to be kept for ever: valid UTF-8
// of at most 256 bytes without control characters.
func validText(text string) bool {
	if len(text) > textLimit {
		return false
	}
	for i, r := range text {
		if r < utf8.RuneSelf && r >= ' ' && r != 0x7f {
			continue
		}
		if unicode.IsControl(r) || r == utf8.RuneError && !utf8.ValidString(text[i:]) {
			return false
		}
	}
	return true
}

// NameLot is the name of the n-th lot, from 1, that a command creates.
func NameLot(org OrganisationID, command CommandID, n int) LotID {
	return LotID(string(org) + "/" + string(command) + "/" + strconv.Itoa(n))
}

// Date is a calendar day, "2026-08-03". Dates compare as strings.
type Date string

// Valid reports whether the date exists and is written in full.
func (d Date) Valid() bool {
	if len(d) != len(time.DateOnly) || d[4] != '-' || d[7] != '-' {
		return false
	}
	year, okYear := digits(0, []byte(d[:4]), 4)
	month, okMonth := digits(0, []byte(d[5:7]), 2)
	day, okDay := digits(0, []byte(d[8:]), 2)
	if !okYear || !okMonth || !okDay || year < 1900 || month < 1 || month > 12 || day < 1 {
		return false
	}
	return day <= 28 || int(day) <= time.Date(int(year), time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// year is the year of a valid date.
func (d Date) year() int {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return 0
	}
	return t.Year()
}

// Next returns the following day of a valid date.
func (d Date) Next() Date { return d.plus(1) }

// plus returns the day so many days after a valid date.
func (d Date) plus(days int) Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return Date(t.AddDate(0, 0, days).Format(time.DateOnly))
}

// AddMonths returns the same day so many months later (earlier if negative). Of
// a day that the month does not have, it gives one of the month after.
func (d Date) AddMonths(months int) Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return Date(t.AddDate(0, months, 0).Format(time.DateOnly))
}

// Digest is a SHA-256 hash; the zero value stands for "none yet".
type Digest [sha256.Size]byte

// String gives lower-case hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// IsZero reports whether the digest was never set.
func (d Digest) IsZero() bool { return d == Digest{} }

// half is the digest with its second half zero.
func (d Digest) half() (half Digest) {
	copy(half[:], d[:len(d)/2])
	return half
}

// of reports whether this is the digest, or the half of it.
func (d Digest) of(whole Digest) bool { return d == whole || d == whole.half() }

// MarshalText gives lower-case hexadecimal.
func (d Digest) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// AppendText appends lower-case hexadecimal.
func (d Digest) AppendText(b []byte) ([]byte, error) { return hex.AppendEncode(b, d[:]), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (d *Digest) UnmarshalText(text []byte) error {
	var raw Digest
	if len(text) != hex.EncodedLen(len(d)) {
		return fmt.Errorf("%q is not a SHA-256 digest in hexadecimal", text)
	}
	if _, err := hex.Decode(raw[:], text); err != nil {
		return fmt.Errorf("%q is not a SHA-256 digest in hexadecimal", text)
	}
	*d = raw
	return nil
}
