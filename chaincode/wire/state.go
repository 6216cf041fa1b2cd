package wire

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// FormatKey gives the ledger's key: "kind:A:B", where any byte of A and B that
// is not a letter, digit, dot, underscore, hyphen or slash is written %XX. No
// two keys share a form.
func FormatKey(k massbalance.Key) string {
	return string(k.Kind) + ":" + escape(k.A) + ":" + escape(k.B)
}

// ParseKey reads what FormatKey gives, and nothing else.
func ParseKey(text string) (massbalance.Key, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return massbalance.Key{}, fmt.Errorf("%q is not a key", text)
	}
	kind := massbalance.Kind(parts[0])
	if _, ok := valueParsers[kind]; !ok {
		return massbalance.Key{}, fmt.Errorf("%q is not a key: there is no kind %q", text, kind)
	}
	k := massbalance.Key{Kind: kind, A: unescape(parts[1]), B: unescape(parts[2])}
	if FormatKey(k) != text {
		return massbalance.Key{}, fmt.Errorf("%q is not a key in canonical form", text)
	}
	return k, nil
}

const hexDigits = "0123456789ABCDEF"

func escape(part string) string {
	at := 0
	for at < len(part) && unescaped[part[at]] {
		at++
	}
	if at == len(part) {
		return part
	}
	var b strings.Builder
	for i := range len(part) {
		c := part[i]
		if unescaped[c] {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
	}
	return b.String()
}

// unescaped are the bytes that stand for themselves in a key.
var unescaped = func() (set [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/") {
		set[c] = true
	}
	return set
}()

// unescape undoes escape. What escape never writes comes out as something that
// escapes differently, and so is refused by ParseKey.
func unescape(part string) string {
	var b strings.Builder
	for i := 0; i < len(part); i++ {
		if part[i] == '%' && i+2 < len(part) {
			high, low := strings.IndexByte(hexDigits, part[i+1]), strings.IndexByte(hexDigits, part[i+2])
			if high >= 0 && low >= 0 {
				b.WriteByte(byte(high<<4 | low))
				i += 2
				continue
			}
		}
		b.WriteByte(part[i])
	}
	return b.String()
}

// FormatValue gives the canonical bytes of a state value.
func FormatValue(v massbalance.Value) ([]byte, error) { return Format(v) }

// ParseValue reads a state value of the kind that its key names.
func ParseValue(kind massbalance.Kind, data []byte) (massbalance.Value, error) {
	parse, ok := valueParsers[kind]
	if !ok {
		return nil, fmt.Errorf("there is no kind of key %q", kind)
	}
	return parse(data)
}

var valueParsers = map[massbalance.Kind]func([]byte) (massbalance.Value, error){
	massbalance.KindConsortium:      value[massbalance.Consortium],
	massbalance.KindProposal:        value[massbalance.Proposal],
	massbalance.KindRules:           value[massbalance.Rules],
	massbalance.KindSuperseded:      value[massbalance.Superseded],
	massbalance.KindProfile:         value[massbalance.Profile],
	massbalance.KindPool:            value[massbalance.Pool],
	massbalance.KindSite:            value[massbalance.Site],
	massbalance.KindHead:            value[massbalance.Head],
	massbalance.KindProduct:         value[massbalance.Product],
	massbalance.KindRecipe:          value[massbalance.Recipe],
	massbalance.KindDerivation:      value[massbalance.Derivation],
	massbalance.KindBaseline:        value[massbalance.Baseline],
	massbalance.KindCertifier:       value[massbalance.Certifier],
	massbalance.KindCosigner:        value[massbalance.Cosigner],
	massbalance.KindCertificate:     value[massbalance.Certificate],
	massbalance.KindStanding:        value[massbalance.StandingHistory],
	massbalance.KindCoverage:        value[massbalance.Coverage],
	massbalance.KindStatement:       value[massbalance.Verified],
	massbalance.KindProject:         value[massbalance.Project],
	massbalance.KindOutcome:         value[massbalance.ProjectOutcome],
	massbalance.KindRegionUse:       value[massbalance.RegionUse],
	massbalance.KindCreditUse:       value[massbalance.CreditUse],
	massbalance.KindRecall:          value[massbalance.Recall],
	massbalance.KindTaint:           value[massbalance.Taint],
	massbalance.KindMark:            value[massbalance.Mark],
	massbalance.KindQuota:           value[massbalance.QuotaUse],
	massbalance.KindLandUnit:        value[massbalance.LandUnit],
	massbalance.KindHarvest:         value[massbalance.Harvest],
	massbalance.KindCharacteristics: value[massbalance.Characteristics],
	massbalance.KindLot:             value[massbalance.Lot],
	massbalance.KindAccount:         value[massbalance.Account],
	massbalance.KindTransfer:        value[massbalance.Transfer],
	massbalance.KindPeriod:          value[massbalance.Period],
	massbalance.KindClaim:           value[massbalance.Claim],
	massbalance.KindTierReport:      value[massbalance.TierReport],
	massbalance.KindReversal:        value[massbalance.Reversal],
	massbalance.KindOffer:           value[massbalance.Offer],
	massbalance.KindNegotiation:     value[massbalance.Negotiation],
	massbalance.KindAgreement:       value[massbalance.Agreement],
	massbalance.KindSettlement:      value[massbalance.Settlement],
	massbalance.KindPremium:         value[massbalance.PremiumRound],
	massbalance.KindEvidence:        value[massbalance.Evidence],
	massbalance.KindRecord:          value[massbalance.Record],
}

func value[T massbalance.Value](data []byte) (massbalance.Value, error) {
	v, err := Parse[T](data)
	if err != nil {
		return nil, err
	}
	return v, nil
}
