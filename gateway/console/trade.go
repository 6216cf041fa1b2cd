package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// keeping does what comes before a command of trade: its document is kept with
// the other party. It gives the command's body, which must be the one that was tried.
type keeping func(context.Context, *trade.Desk) (massbalance.Body, error)

var errWentOn = errors.New("the ledger went on while the form was sent; nothing was sent, look at the form again")

// keep does what a form needs before its command is sent.
func (c *Console) keep(ctx context.Context, tried massbalance.Command, keep keeping) error {
	if keep == nil {
		return nil
	}
	body, err := keep(ctx, c.Trade)
	if err != nil {
		return err
	}
	command := tried
	command.Body, command.BodyContent = body, massbalance.Digest{}
	if err := wire.Seal(&command); err != nil {
		return err
	}
	if command.BodyContent != tried.BodyContent {
		return errWentOn
	}
	return nil
}

// keptDetail says why a document was not kept. No error of the desk says what is in one.
func keptDetail(err error) string {
	if errors.Is(err, errWentOn) {
		return errWentOn.Error()
	}
	return "Its document couldn't be kept with the other party: " + err.Error()
}

// tradeRoutes are the pages of trade. What in them only two parties may read is
// opened from this organisation's own peer, so whoever may read here may read it.
var tradeRoutes = []route{
	{access.Read, "/offers", "offers", (*lens).offersPage},
	{access.Read, "/offers/{organisation}/{command}", "offer", func(l *lens, r *http.Request) (any, error) {
		return l.offerPage(massbalance.OfferID(derived(r)))
	}},
	{access.Read, "/agreements", "agreements", (*lens).agreementsPage},
	{access.Read, "/agreements/{organisation}/{command}", "agreement", func(l *lens, r *http.Request) (any, error) {
		return l.agreementPage(massbalance.AgreementID(derived(r)))
	}},
	{access.Read, "/agreements/{organisation}/{command}/periods/{period}", "settlement", func(l *lens, r *http.Request) (any, error) {
		return l.settlementPage(massbalance.AgreementID(derived(r)), r.PathValue("period"))
	}},
	{access.Read, "/worth", "worth", (*lens).worthPage},
	{access.Read, "/scope3", "scope3", (*lens).scope3Page},
	{access.Read, "/projects", "projects", (*lens).projectsPage},
	{access.Read, "/projects/{project}", "project", func(l *lens, r *http.Request) (any, error) {
		return l.projectPage(massbalance.ProjectID(r.PathValue("project")))
	}},
}

// tradeTab is a part of what is traded.
type tradeTab struct{ Path, Name, Current string }

var tradeTabs = []tradeTab{
	{Path: "/offers", Name: "Offers"}, {Path: "/agreements", Name: "Agreements"}, {Path: "/worth", Name: "What it is worth"}, {Path: "/projects", Name: "Insetting projects"},
}

// trading is what stands around the pages of trade.
type trading struct{ tab string }

// Tabs are the ways between them.
func (t trading) Tabs() []tradeTab {
	tabs := slices.Clone(tradeTabs)
	for i := range tabs {
		if tabs[i].Path == t.tab {
			tabs[i].Current = "page"
		}
	}
	return tabs
}

// sum is money for people: a space between thousands, a proper minus sign, and the currency.
func sum(m trade.Money, currency string) string {
	return amountOf(m) + narrow + currency
}

// amountOf is the figure of a sum alone, for a column that names the currency.
func amountOf(m trade.Money) string {
	text := m.String()
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	text = grouped(whole) + "." + fraction
	if negative {
		return "−" + text
	}
	return text
}

// deal is what one round, or an agreement, says: what is bought, and for its
// parties what is paid.
type deal struct {
	Commitment *massbalance.Commitment
	Product    string
	Spec       []specLine
	Price      *priceView
	Note       string
	// Closed says why there is no price here.
	Closed string
}

// specLine is one thing that volume must be.
type specLine struct{ Name, Value string }

// priceView is a price in words.
type priceView struct {
	Currency, PerTonne, Shortfall string
	Models                        []specLine
	Saving                        string
}

const (
	closedToOthers = "Only the two parties can read the price."
	closedNoDesk   = "This gateway opens no commercial terms."
)

// deal opens terms as far as the organisation may. A document that cannot be
// opened is no reason to show nothing.
func (l *lens) deal(parties [2]massbalance.OrganisationID, digest massbalance.Digest) deal {
	switch {
	case !slices.Contains(parties[:], l.organisation):
		return deal{Closed: closedToOthers}
	case l.desk == nil:
		return deal{Closed: closedNoDesk}
	}
	terms, err := l.desk.Terms(l.ctx, digest)
	if err != nil {
		return deal{Closed: unopened(err)}
	}
	d := l.committed(terms.Commitment)
	d.Price, d.Note = newPriceView(terms.Price), terms.Note
	return d
}

func unopened(err error) string {
	if errors.Is(err, trade.ErrNotKept) {
		return "Your peer does not hold these terms yet. It fetches them from the other party's peer."
	}
	return "The terms could not be opened: your peer does not answer."
}

// committed puts what all may read into words.
func (l *lens) committed(c massbalance.Commitment) deal {
	return deal{Commitment: &c, Product: l.productName(c.Product), Spec: specLines(c.Specification)}
}

func specLines(s massbalance.Specification) []specLine {
	lines := []specLine{{"Custody model", modelName(s.Model) + " or stricter"}}
	if s.Intensity != nil {
		lines = append(lines, specLine{"Emissions", "at most " + s.Intensity.String() + " kg CO₂e per kg"})
	}
	add := func(name string, values []string) {
		if len(values) > 0 {
			lines = append(lines, specLine{name, strings.Join(values, " or ")})
		}
	}
	add("Scheme", texts(s.Schemes))
	add("Country", s.Countries)
	add("Region", s.Regions)
	vintages := make([]string, 0, len(s.Vintages))
	for _, v := range s.Vintages {
		vintages = append(vintages, strconv.Itoa(v))
	}
	add("Harvest", vintages)
	add("Insetting project", texts(s.Projects))
	return lines
}

func texts[T ~string](names []T) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		out = append(out, string(n))
	}
	return out
}

func newPriceView(p trade.Price) *priceView {
	v := &priceView{Currency: p.Currency, PerTonne: sum(p.PerTonne, p.Currency)}
	if !p.Shortfall.IsZero() {
		v.Shortfall = sum(p.Shortfall, p.Currency)
	}
	for _, m := range p.Models {
		v.Models = append(v.Models, specLine{modelName(m.Model), sum(m.PerTonne, p.Currency)})
	}
	if s := p.Saving; s != nil {
		v.Saving = fmt.Sprintf("%s per kg CO₂e below %s kg per kg, the baseline of %s in version %d", sum(s.PerKg, p.Currency), s.Intensity, s.Region, s.Version)
	}
	return v
}

// negotiations are those of an offer, in the order in which they began.
func (l *lens) negotiations(offer massbalance.OfferID) ([]massbalance.Negotiation, error) {
	filed, err := readmodel.AllThings[massbalance.Negotiation](l.s, massbalance.KindNegotiation, readmodel.ThingFilter{A: string(offer)})
	var all []massbalance.Negotiation
	for _, f := range filed {
		all = append(all, f.Value)
	}
	return all, err
}

// otherThan is the party of a negotiation that one is not.
func otherThan(n massbalance.Negotiation, party massbalance.OrganisationID) massbalance.OrganisationID {
	if party == n.Seller {
		return n.Quote.Buyer
	}
	return n.Seller
}

// party reports whether the organisation negotiates here.
func (l *lens) party(n massbalance.Negotiation) bool {
	return n.Seller == l.organisation || n.Quote.Buyer == l.organisation
}

// tradeHref is the page of what a record of trade is about, or "".
func tradeHref(e readmodel.Entry) string {
	subject := e.Record.Subject
	switch b := e.Command.Body.(type) {
	case massbalance.MakeOffer, massbalance.CounterOffer, massbalance.DeclineOffer, massbalance.WithdrawOffer:
		return "/offers/" + subject
	case massbalance.AcceptOffer:
		return "/agreements/" + subject
	case massbalance.ConfirmSettlement:
		return periodHref(b.Agreement, b.Period)
	case massbalance.RaiseDispute:
		return periodHref(b.Agreement, b.Period)
	case massbalance.ResolveDispute:
		return periodHref(b.Agreement, b.Period)
	case massbalance.ContributePremium, massbalance.PublishPremiumSum:
		return "/worth"
	case massbalance.RegisterProject:
		return "/projects/" + subject
	}
	return ""
}

// periodHref is the page of a period of an agreement.
func periodHref(id massbalance.AgreementID, period int) string {
	return "/agreements/" + string(id) + "/periods/" + strconv.Itoa(period)
}

// tradeNote says what would become of something of trade.
func (l *lens) tradeNote(before, after massbalance.Value) string {
	switch v := after.(type) {
	case massbalance.Offer:
		if v.Withdrawn != "" {
			return "Nobody can accept the offer after this. What was agreed under it stands."
		}
		return fmt.Sprintf("The offer is made to %s and stands until %s.", l.offeredTo(v), v.Expires)
	case massbalance.Negotiation:
		if v.Status == massbalance.NegotiationOpen {
			return fmt.Sprintf("%s gets terms that only it and you can read. They stand until %s.", l.memberName(otherThan(v, v.By)), v.Expires)
		}
	case massbalance.Agreement:
		was, _ := before.(massbalance.Agreement)
		return l.agreementNote(was, v)
	case massbalance.Settlement:
		return settlementNote(v)
	case massbalance.PremiumRound:
		return roundNote(v)
	case massbalance.Project:
		return "The project stands in the register of all members and never changes."
	}
	return ""
}

func (l *lens) agreementNote(was, now massbalance.Agreement) string {
	if was.ID == "" {
		return fmt.Sprintf("An agreement comes of it, which %s and %s both signed. Its volumes and specification stand on the ledger.", l.memberName(now.Seller), l.memberName(now.Buyer))
	}
	for i, called := range now.Called {
		if !called.Equal(was.Called[i]) {
			p := now.Commitment.Periods[i]
			return fmt.Sprintf("Called off under agreement %s from %s to %s: %s of at most %s.", now.ID, p.From, p.To, worded(called), worded(now.Most(i)))
		}
	}
	return ""
}

func settlementNote(s massbalance.Settlement) string {
	switch {
	case s.Agreed != "":
		return "Both sides computed the same statement, byte for byte: the period is settled."
	case s.Differs():
		return "The other side computed another statement. Both hashes stand on the ledger, and nothing is settled before they are the same."
	case len(s.Disputes) > 0:
		return "The dispute stands on the ledger for all members to read."
	}
	return "The other side has not confirmed the period yet. It is settled once it computes the same."
}

// contributionsLeast is how many contributions must stand behind a figure.
const contributionsLeast = 5

func roundNote(r massbalance.PremiumRound) string {
	switch {
	case r.Void:
		return "The sums make no figure: one of them is not that of its shares. The figure is void."
	case r.Premium != "":
		return "With this sum the figure is published."
	case len(r.Sums) > 0:
		return fmt.Sprintf("%d of %d members have published their sums.", len(r.Sums), len(r.Members))
	}
	return fmt.Sprintf("It is contribution number %d; at least %d must stand behind a figure.", len(r.Contributions), contributionsLeast)
}
