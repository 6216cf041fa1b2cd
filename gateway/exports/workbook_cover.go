package exports

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/table"
)

// cover says whose balance this is, under which rules it is kept, and at which
// block it is true.
func (w *workbook) cover() error {
	w.begin("Cover", table.Layout{Widths: []int{30, 70, 20, 14, 14, 30}})
	w.row(table.Title, texts("Mass balance record")...)
	w.facts([][2]string{
		{"Organisation", w.member(w.site.Owner) + " (" + string(w.site.Owner) + ")"},
		{"Site", w.site.Name + " (" + string(w.site.ID) + ")"}, {"Place", w.site.Region + ", " + w.site.Country},
		{"Postal address", notRecorded},
		{"Period", string(w.period)}, {"From", string(w.book.From)}, {"To", string(w.book.To)}, {"State", w.state()},
	})
	w.row(table.Section, texts("Rules of the balance")...)
	w.facts([][2]string{
		{"Scheme", w.scheme()}, {"Balance method", method(w.profile.Method)}, {"Custody models in the period", w.models()},
		{"Length of periods", months(w.profile.PeriodMonths)}, {"Carried over", carried(w.profile.CarryOver)},
		{"Tolerance of stock counts", tolerance(w.profile)}, {"Carbon figures on merging", orWords(string(w.profile.Carbon), "kept apart")},
		{"Unit", "kilograms, to the gram; credit is rounded down"},
	})
	w.row(table.Section, texts("Certificates of the site")...)
	if err := w.certificateTable(); err != nil {
		return err
	}
	w.row(table.Section, texts("Result")...)
	w.verdict()
	w.row(table.Section, texts("Where it comes from")...)
	w.facts([][2]string{
		{"True at block", strconv.FormatUint(w.s.Next-1, 10)}, {"Hash of that block (SHA-256)", blockHash(w.s)},
		{"Figures of the close", w.digest()}, {"Counted from", "the administrative records of the site's journal, which every member's peer holds"},
	})
	w.row(table.Note, texts("Material is what crossed the weighbridge, certified or not. Credit is the quantity that may be attributed with specified characteristics. "+
		"Sums are formulas; the values stored with them were counted from the records. What the ledger does not know is marked as not recorded. This file repeats the ledger and proves nothing by itself.")...)
	return nil
}

func (w *workbook) facts(pairs [][2]string) {
	for _, pair := range pairs {
		w.plain(texts(pair[0], orWords(pair[1], notRecorded))...)
	}
}

func orWords(text, or string) string {
	if text == "" {
		return or
	}
	return spoken(text)
}

func (w *workbook) state() string {
	if w.book.Closed && w.count.closed != nil {
		return "closed by record no. " + strconv.FormatUint(w.count.closed.Record.Sequence, 10) + " of " + string(w.count.closed.Record.Date)
	}
	if w.book.Closed {
		return "closed"
	}
	return "open: figures so far"
}

func (w *workbook) scheme() string {
	if w.book.Scheme == "" {
		return "none chosen: the plain profile of ISO 22095-2"
	}
	return fmt.Sprintf("%s, %s, version %d of its profile", w.book.Scheme, w.profile.Name, max(w.profile.Version, 1))
}

func method(m massbalance.BalanceMethod) string {
	if m == "" {
		m = massbalance.CreditMethod
	}
	return spoken(string(m)) + " method"
}

func months(lengths []int) string {
	if len(lengths) == 0 {
		return "any, a year at most"
	}
	words := make([]string, len(lengths))
	for i, n := range lengths {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ", ") + " months"
}

func carried(c massbalance.CarryOver) string {
	words := []string{orWords(string(c.Cap), "unlimited")}
	if c.Periods > 0 {
		words = append(words, fmt.Sprintf("for %d further periods", c.Periods))
	}
	if c.Months > 0 {
		words = append(words, fmt.Sprintf("up to an age of %d months", c.Months))
	}
	return strings.Join(words, ", ")
}

func tolerance(p massbalance.Profile) string {
	if p.StockTolerance.IsZero() {
		return "0; a difference is booked, and flagged"
	}
	percent := decimalOfRatio(p.StockTolerance)
	if d, err := decimal.NewFromString(percent); err == nil {
		percent = d.Shift(2).String() + " %"
	}
	return percent + " of the book; beyond it a difference is " + orWords(string(p.BeyondTolerance), "flagged")
}

// models are the custody models that credit moved under, or is held under.
func (w *workbook) models() string {
	found := map[massbalance.CustodyModel]bool{}
	for _, m := range w.count.movements {
		for _, p := range m.parts {
			found[p.model] = true
		}
	}
	for id, left := range w.count.lots {
		if lot, err := readmodel.Need[massbalance.Lot](w.s, massbalance.LotKey(id)); err == nil && left.Sign() != 0 {
			found[lot.Model] = true
		}
	}
	var words []string
	for _, model := range massbalance.CustodyModels {
		if found[model] {
			words = append(words, spoken(string(model)))
		}
	}
	if len(words) == 0 {
		return "none: undifferentiated material only"
	}
	return strings.Join(words, ", ")
}

func (w *workbook) digest() string {
	if w.book.Statement == (massbalance.Digest{}) {
		return "none: the period is open, or was closed before figures were frozen"
	}
	return "SHA-256 " + w.book.Statement.String()
}

func blockHash(s *readmodel.Snapshot) string {
	if s.Head == [32]byte{} {
		return notRecorded
	}
	return hex.EncodeToString(s.Head[:])
}

func (w *workbook) verdict() {
	if slices.ContainsFunc(w.lines, line.differs) {
		w.row(table.Warning, texts("The count of the records DIFFERS from the stock accounts", "Do not rely on these figures before the cause is found; see Reconciliation.")...)
		return
	}
	w.plain(texts("Records against accounts", "Every figure that was counted from the records agrees with the stock accounts that the rules keep: differences 0.000 kg.")...)
	w.plain(texts("Stock counts", w.countVerdict())...)
}

func (w *workbook) countVerdict() string {
	if len(w.book.Counts) == 0 {
		if w.book.Closed {
			return "no count was recorded at the close"
		}
		return "not yet: the period is open"
	}
	flagged := 0
	for _, c := range w.book.Counts {
		if c.Flagged {
			flagged++
		}
	}
	return fmt.Sprintf("%d products counted, %d beyond the tolerance; see Reconciliation", len(w.book.Counts), flagged)
}

// siteCertificates lists the certificates that name the site.
func (n names) siteCertificates(site massbalance.SiteID) ([]massbalance.Certificate, error) {
	if known, ok := n.certificates[site]; ok {
		return slices.Clone(known), nil
	}
	out, err := n.readCertificates(site)
	if err == nil && n.certificates != nil {
		n.certificates[site] = slices.Clone(out)
	}
	return out, err
}

func (n names) readCertificates(site massbalance.SiteID) ([]massbalance.Certificate, error) {
	var out []massbalance.Certificate
	page := readmodel.Page{Limit: readmodel.MaxLimit}
	for {
		listing, err := n.s.Coverages(site, page)
		if err != nil {
			return nil, err
		}
		for _, coverage := range listing.Items {
			for _, reference := range coverage.Certificates {
				c, err := readmodel.Need[massbalance.Certificate](n.s, massbalance.CertificateKey(reference.Certifier, reference.Certificate))
				if err != nil {
					return nil, err
				}
				out = append(out, c)
			}
		}
		if page.After = listing.Next; page.After == 0 {
			return out, nil
		}
	}
}

// certificateTable is the short list of the cover.
func (w *workbook) certificateTable() error {
	certificates, err := w.siteCertificates(w.site.ID)
	if err != nil {
		return err
	}
	if len(certificates) == 0 {
		w.plain(texts("none on the ledger", "The site holds no certificate that was published here.")...)
		return nil
	}
	w.heading("Certificate number", "Certification body", "Scheme", "Valid from", "Valid to", "Standing at the end of the period")
	for _, c := range certificates {
		standing, err := w.standingOn(c, w.last())
		if err != nil {
			return err
		}
		w.plain(word(string(c.ID)), word(w.member(c.Certifier)), word(string(c.Scheme)), day(c.ValidFrom), day(c.ValidTo), word(standing))
	}
	return nil
}

// standingOn says what a certificate is worth on a day, as far as this height knows.
func (n names) standingOn(c massbalance.Certificate, on massbalance.Date) (string, error) {
	if on < c.ValidFrom {
		return "not yet valid", nil
	}
	standings, err := n.s.Standings(c.Certifier, c.ID)
	if err != nil {
		return "", err
	}
	said := "valid"
	if on > c.ValidTo {
		said = "expired"
	}
	for _, s := range standings {
		if s.Effective <= on && s.Kind != massbalance.Reinstated {
			said = string(s.Kind) + " since " + string(s.Effective)
		} else if s.Effective <= on && on <= c.ValidTo {
			said = "valid, reinstated on " + string(s.Effective)
		}
	}
	return said, nil
}

// certificates are those of the site, with all that was ever declared on them.
func (w *workbook) certificates() error {
	w.head("Certificates", "Certificates and their standing", "Suspensions stay listed after they end, so that it can be checked that nothing moved while they lasted.",
		[]int{22, 26, 18, 24, 14, 14, 30, 32, 30}, "Certificate number", "Certification body", "Scheme", "Holder", "Valid from", "Valid to", "Products", "Custody models", "Quotas, kg")
	certificates, err := w.siteCertificates(w.site.ID)
	if err != nil {
		return err
	}
	for _, c := range certificates {
		w.plain(word(string(c.ID)), word(w.member(c.Certifier)), word(string(c.Scheme)), word(w.member(c.Holder)), day(c.ValidFrom), day(c.ValidTo),
			word(each(c.Products, "all")), word(spoken(each(c.Models, "all that move with material"))), word(each(c.Quotas, "none")))
	}
	if len(certificates) == 0 {
		w.plain(texts("none on the ledger")...)
	}
	w.row(table.Section, texts("Declared on them")...)
	w.heading("Certificate number", "Certification body", "Declaration", "What", "Effective", "Issued", "Reason")
	declared := 0
	for _, c := range certificates {
		standings, err := w.s.Standings(c.Certifier, c.ID)
		if err != nil {
			return err
		}
		for _, s := range standings {
			declared++
			w.plain(word(string(c.ID)), word(w.member(c.Certifier)), word(string(s.ID)), word(string(s.Kind)), day(s.Effective), day(s.Issued), word(s.Reason))
		}
	}
	if declared == 0 {
		w.plain(texts("nothing: neither suspended nor withdrawn")...)
	}
	return nil
}

// each joins a list's items; none gives the word for that.
func each[T any](items []T, none string) string {
	if len(items) == 0 {
		return none
	}
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = fmt.Sprint(item)
		if q, ok := any(item).(massbalance.Quota); ok {
			words[i] = string(q.Product) + " " + q.Quantity.String()
		}
	}
	return strings.Join(words, ", ")
}

// signatures leaves room for those who answer for the figures.
func (w *workbook) signatures() error {
	w.begin("Signatures", table.Layout{Widths: []int{40, 32, 26, 28, 40}})
	w.row(table.Title, texts("Signatures: "+w.site.Name+", "+string(w.period))...)
	w.row(table.Note, texts(fmt.Sprintf("Signed for the figures as they stand at block %d with the hash %s. A later block may hold late entries; a closed period itself never changes.", w.s.Next-1, blockHash(w.s)))...)
	w.row(table.Heading, texts("For", "Name", "Function", "Place and date", "Signature")...)
	for _, role := range []string{"Prepared by, " + w.member(w.site.Owner), "Approved by, " + w.member(w.site.Owner), "Audited by, certification body"} {
		w.row(table.Box, texts(role, "", "", "", "")...)
	}
	w.plain()
	w.row(table.Heading, texts("Auditor's remarks", "", "", "", "")...)
	for range 4 {
		w.row(table.Box, texts("", "", "", "", "")...)
	}
	return nil
}
