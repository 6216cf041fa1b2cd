package api

import (
	"bytes"
	"encoding"
	"reflect"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/imports"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/scope3"
	"github.com/weighbridge/weighbridge/gateway/submit"
	"github.com/weighbridge/weighbridge/gateway/trade"
)

// wired is a value that is written by package wire, with a schema made from the
// same type by the same rules.
type wired[T any] struct{ value T }

// MarshalJSON gives the canonical form.
func (w wired[T]) MarshalJSON() ([]byte, error) { return wire.Format(w.value) }

// Schema describes the canonical form.
func (w wired[T]) Schema(r huma.Registry) *huma.Schema { return schemaOf(r, reflect.TypeFor[T]()) }

// page is one page of a list; unlike any list inside of a value, its items are
// there even when there are none.
type page[T any] struct{ readmodel.Listing[T] }

// MarshalJSON gives {"items":[…],"next":"…"}.
func (p page[T]) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{"items":[`)
	for i, item := range p.Items {
		if i > 0 {
			b.WriteByte(',')
		}
		text, err := wire.Format(item)
		if err != nil {
			return nil, err
		}
		b.Write(text)
	}
	b.WriteByte(']')
	if next := cursor(p.Listing); next != "" {
		b.WriteString(`,"next":"` + next + `"`)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Schema describes the page.
func (p page[T]) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject,
		Properties: map[string]*huma.Schema{
			"items": {Type: huma.TypeArray, Items: schemaOf(r, reflect.TypeFor[T]())},
			"next":  {Type: huma.TypeString, Description: "The \"after\" of the next page; absent on the last."},
		},
		Required: []string{"items"},
	}
}

// texts describes the types that are strings on the wire.
var texts = map[reflect.Type]huma.Schema{
	reflect.TypeFor[massbalance.Quantity]():              {Pattern: `^[0-9]{1,15}(\.[0-9]{1,3})?$`, Description: "Kilograms, to the gram at most.", Examples: []any{"29400.125"}},
	reflect.TypeFor[massbalance.Ratio]():                 {Description: "An exact fraction.", Examples: []any{"18/25"}},
	reflect.TypeFor[massbalance.Hectares]():              {Pattern: `^[0-9]{1,9}(\.[0-9]{1,4})?$`, Description: "Hectares.", Examples: []any{"112.5"}},
	reflect.TypeFor[massbalance.Intensity]():             {Pattern: `^-?[0-9]{1,6}(\.[0-9]{1,6})?$`, Description: "Kilograms of CO2 equivalent per kilogram of product.", Examples: []any{"0.294"}},
	reflect.TypeFor[massbalance.Emissions]():             {Pattern: `^-?[0-9]{1,22}(\.[0-9]{1,9})?$`, Description: "Kilograms of CO2 equivalent, exactly.", Examples: []any{"106.5"}},
	reflect.TypeFor[massbalance.Digest]():                {Pattern: `^[0-9a-f]{64}$`, Description: "SHA-256 in hexadecimal."},
	reflect.TypeFor[massbalance.PublicKey]():             {Description: "An uncompressed P-256 point in base64url."},
	reflect.TypeFor[massbalance.SignedCertificate]():     {Description: "A certificate as a compact JWS (RFC 7515, ES256)."},
	reflect.TypeFor[massbalance.SignedStatement]():       {Description: "A verification statement as a compact JWS (RFC 7515, ES256)."},
	reflect.TypeFor[massbalance.SignedStanding]():        {Description: "A declaration on a certificate as a compact JWS (RFC 7515, ES256)."},
	reflect.TypeFor[massbalance.SignedCreditAudit]():     {Description: "An audit of a claimant's credits as a compact JWS (RFC 7515, ES256)."},
	reflect.TypeFor[massbalance.SignedFinding]():         {Description: "A finding against a verification statement as a compact JWS (RFC 7515, ES256)."},
	reflect.TypeFor[massbalance.SignedReversalConsent](): {Description: "A consent to reverse a command as a compact JWS (RFC 7515, ES256)."},
	reflect.TypeFor[massbalance.SignedBalanceConsent]():  {Description: "A certifier's consent to a change of a site's balance as a compact JWS (RFC 7515, ES256)."},
	reflect.TypeFor[trade.Money]():                       {Pattern: `^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$`, Description: "A sum in the currency that stands beside it.", Examples: []any{"41.50"}},
	reflect.TypeFor[massbalance.NegotiationStatus]():     {Enum: members([]massbalance.NegotiationStatus{massbalance.NegotiationOpen, massbalance.NegotiationAccepted, massbalance.NegotiationDeclined})},
	reflect.TypeFor[massbalance.TraceabilityLevel]():     {Enum: members(massbalance.TraceabilityLevels)},
	reflect.TypeFor[massbalance.StandingKind]():          {Enum: members([]massbalance.StandingKind{massbalance.Suspended, massbalance.Reinstated, massbalance.Withdrawn})},
	reflect.TypeFor[massbalance.Date]():                  {Format: "date"},
	reflect.TypeFor[massbalance.CustodyModel]():          {Enum: members(massbalance.CustodyModels)},
	reflect.TypeFor[massbalance.Code]():                  {Enum: members(massbalance.Codes)},
	reflect.TypeFor[massbalance.Role]():                  {Enum: members([]massbalance.Role{massbalance.Trading, massbalance.Certification, massbalance.Former})},
	reflect.TypeFor[massbalance.TransferStatus]():        {Enum: members(statuses)},
	reflect.TypeFor[access.ApprovalState]():              {Enum: members(access.ApprovalStates)},
	reflect.TypeFor[submit.Stage]():                      {Enum: members(stages)},
	reflect.TypeFor[imports.Outcome]():                   {Enum: members(imports.Outcomes)},
	reflect.TypeFor[imports.State]():                     {Enum: members(imports.States)},
	reflect.TypeFor[imports.Kind]():                      {Enum: members(imports.Kinds)},
}

var (
	statuses = []massbalance.TransferStatus{massbalance.InTransit, massbalance.Received, massbalance.Rejected, massbalance.Returned, massbalance.Reversing, massbalance.Reversed}
	stages   = []submit.Stage{submit.Valid, submit.Refused, submit.NotEndorsed, submit.Mismatch, submit.NotSubmitted, submit.Unknown, submit.Invalid, submit.Held, submit.Forbidden, submit.Taken}
)

func members[T ~string](values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

var textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()

// schemaOf describes a type's canonical form. Structures become components.
func schemaOf(r huma.Registry, t reflect.Type) *huma.Schema {
	if text, ok := texts[t]; ok {
		text.Type = huma.TypeString
		return &text
	}
	if t == reflect.TypeFor[massbalance.Command]() {
		return commandSchema(r)
	}
	if t.Implements(textMarshaler) {
		return &huma.Schema{Type: huma.TypeString}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(r, t.Elem())
	case reflect.Slice:
		return &huma.Schema{Type: huma.TypeArray, Items: schemaOf(r, t.Elem())}
	case reflect.Struct:
		return component(r, schemaName(t), func() *huma.Schema { return structure(r, t) })
	case reflect.Bool:
		return &huma.Schema{Type: huma.TypeBoolean}
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return &huma.Schema{Type: huma.TypeInteger, Format: "int64"}
	}
	return &huma.Schema{Type: huma.TypeString}
}

// schemaName is a type's name, with that of its package where the ledger itself
// has one of the same name.
func schemaName(t reflect.Type) string {
	switch t.PkgPath() {
	case reflect.TypeFor[trade.Terms]().PkgPath():
		return "Trade" + t.Name()
	case reflect.TypeFor[scope3.Report]().PkgPath():
		if t != reflect.TypeFor[scope3.CarbonMass]() {
			return "Scope3" + t.Name()
		}
	}
	return t.Name()
}

const componentPrefix = "#/components/schemas/"

// component files a schema under a name, once.
func component(r huma.Registry, name string, describe func() *huma.Schema) *huma.Schema {
	if _, known := r.Map()[name]; !known {
		r.Map()[name] = &huma.Schema{} // what refers to itself finds this
		r.Map()[name] = describe()
	}
	return &huma.Schema{Ref: componentPrefix + name}
}

func structure(r huma.Registry, t reflect.Type) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		s.Properties[wireName(f.Name)] = schemaOf(r, f.Type)
		if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[massbalance.Ratio]() {
			s.Required = append(s.Required, wireName(f.Name))
		}
	}
	return s
}

// wireName is the name that package wire gives a field; a test holds them together.
func wireName(name string) string {
	runes := []rune(name)
	for i, r := range runes {
		if !unicode.IsUpper(r) || i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1]) {
			break
		}
		runes[i] = unicode.ToLower(r)
	}
	return string(runes)
}

// closed describes a command's body, in which a field that is not known is a mistake.
func closed(r huma.Registry, t reflect.Type) *huma.Schema {
	ref := schemaOf(r, t)
	r.Map()[t.Name()].AdditionalProperties = false
	return ref
}

// commandSchema describes a command as one of its types, told apart by "type".
func commandSchema(r huma.Registry) *huma.Schema {
	return component(r, "Command", func() *huma.Schema {
		s := &huma.Schema{Discriminator: &huma.Discriminator{PropertyName: "type", Mapping: map[string]string{}}}
		for _, body := range massbalance.Bodies {
			ref := oneCommand(r, body)
			s.OneOf = append(s.OneOf, ref)
			s.Discriminator.Mapping[body.Type()] = ref.Ref
		}
		return s
	})
}

func oneCommand(r huma.Registry, body massbalance.Body) *huma.Schema {
	t := reflect.TypeOf(body)
	return component(r, t.Name()+"Command", func() *huma.Schema {
		return &huma.Schema{
			Type: huma.TypeObject,
			Properties: map[string]*huma.Schema{
				"id":       {Type: huma.TypeString, Description: "Chosen by the sender, unique in the organisation. Sent again with the same content it gives the first result."},
				"type":     {Type: huma.TypeString, Enum: []any{body.Type()}},
				"date":     {Type: huma.TypeString, Format: "date", Description: "The business date."},
				"period":   {Type: huma.TypeString, Description: "The mass balance period; it must be the site's open one."},
				"by":       {Type: huma.TypeString, Description: "Who gave the command."},
				"occurred": {Type: huma.TypeString, Format: "date", Description: "On a late entry, the day on which it happened, in a period closed since."},
				"body":     closed(r, t),
			},
			Required:             []string{"id", "type", "body"},
			AdditionalProperties: false,
		}
	})
}
