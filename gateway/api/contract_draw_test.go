package api_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/api"
)

// known are names that mean something on the season's ledger, by the field that
// holds them: what is drawn from them gets past the first look-up.
var known = map[string][]string{
	"site": {"elevator", "mill", "bakery", "brand-hub", "silo-north"}, "to": {"mill", "bakery", "elevator"}, "from": {"2026-08-01"},
	"product": {"wheat", "wheat-flour", "wheat-bran"}, "input": {"wheat"}, "organisation": {"growers", "miller", "brand", "certifier"},
	"owner": {"growers"}, "holder": {"growers"}, "lot": {"growers/INT-2/1", "growers/INT-4/1", "miller/RCV-2/1"}, "transfer": {"growers/DSP-1", "growers/DSP-4"},
	"claim": {"brand/CLM-1"}, "command": {"INT-1", "DSP-1", "CLM-1", "CNV-1"}, "statement": {"VS-2026-011"}, "certifier": {"certifier"}, "certificate": {"CERT-2026-04"},
	"recipe": {"milling"}, "scheme": {"REGEN-PLUS"}, "period": {"2026-Q3"}, "number": {"1", "2"}, "year": {"2026"}, "reportingYear": {"2026"},
	"quantity": {"0", "0.001", "1", "29400", "999999999999999.999", "99999999999999999"}, "total": {"1000000", "0"}, "after": {"1", "5", "3.d2hlYXQ"},
}

// strange is text that breaks what was not written with care.
var strange = []string{
	"", " ", "null", "-1", "0x10", "1e309", "١٢٣", "ﷺ", "Zürich", "a\u0301", "\u202Egnirts", "\U0001F33E", "'; DROP TABLE lots; --", "../../etc/passwd",
	"%00", "a/b/c", "{{.}}", "<script>", strings.Repeat("x", 300), strings.Repeat("\U0001F33E", 100), "\x00", "a\nb", "2026-02-30", "9999-99-99", "18446744073709551616",
	"W/\"1-2\"", "\"\"", "*", ",", "NaN", "Infinity", "+5", "0.0001", "1/0", "-0", "\ufeffx", "\uFFFD", "~", "?", "#", "a;b", "=cmd|' /C calc'!A0",
}

func oddText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(strange), rapid.String())
}

// text draws a string that a schema allows, most often one with a meaning.
func (c *contract) text(t *rapid.T, node map[string]any, name string) string {
	if values, ok := node["enum"].([]any); ok {
		return fmt.Sprint(rapid.SampledFrom(values).Draw(t, name))
	}
	if names := known[name]; names != nil && rapid.IntRange(0, 3).Draw(t, "known") > 0 {
		return rapid.SampledFrom(names).Draw(t, name)
	}
	if pattern, ok := node["pattern"].(string); ok {
		return rapid.StringMatching(pattern).Draw(t, name)
	}
	if node["format"] == "date" {
		return rapid.SampledFrom([]string{"2026-08-20", "2026-07-01", "2026-09-30", "2024-02-29", "0001-01-01", "9999-12-31"}).Draw(t, name)
	}
	return rapid.StringMatching(`[A-Za-z0-9._-]{1,12}`).Draw(t, name)
}

// value draws something that a schema describes.
func (c *contract) value(t *rapid.T, node map[string]any, name string, depth int) any {
	node = c.resolve(node)
	if options, ok := node["oneOf"].([]any); ok {
		return c.value(t, rapid.SampledFrom(options).Draw(t, "one of").(map[string]any), name, depth)
	}
	switch kind(node) {
	case "integer", "number":
		least, most := bound(node["minimum"], -3), bound(node["maximum"], 5000)
		return json.Number(fmt.Sprint(rapid.Int64Range(least, max(least, most)).Draw(t, name)))
	case "boolean":
		return rapid.Bool().Draw(t, name)
	case "array":
		items := []any{}
		for range rapid.IntRange(0, 2).Draw(t, "items") {
			if depth < 6 {
				items = append(items, c.value(t, asMap(node["items"]), name, depth+1))
			}
		}
		return items
	case "object":
		object := map[string]any{}
		required, _ := node["required"].([]any)
		for _, field := range sorted(asMap(node["properties"])) {
			if slices.Contains(required, any(field)) || depth < 5 && rapid.Bool().Draw(t, "has "+field) {
				object[field] = c.value(t, asMap(asMap(node["properties"])[field]), field, depth+1)
			}
		}
		return object
	}
	return c.text(t, node, name)
}

// kind is a schema's type; of several the first that is not null.
func kind(node map[string]any) string {
	if many, ok := node["type"].([]any); ok {
		for _, one := range many {
			if one != "null" {
				return fmt.Sprint(one)
			}
		}
	}
	return fmt.Sprint(node["type"])
}

func bound(limit any, otherwise int64) int64 {
	if n, ok := limit.(json.Number); ok {
		if whole, err := n.Int64(); err == nil {
			return whole
		}
	}
	return otherwise
}

func sorted(m map[string]any) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// spoil puts something that does not belong at a place within a value.
func spoil(t *rapid.T, value any, depth int) any {
	object, isObject := value.(map[string]any)
	list, isList := value.([]any)
	switch {
	case isObject && len(object) > 0 && rapid.IntRange(0, 3).Draw(t, "deeper") > 0:
		field := rapid.SampledFrom(sorted(object)).Draw(t, "field")
		if rapid.IntRange(0, 4).Draw(t, "drop") == 0 {
			delete(object, field)
			return object
		}
		object[field] = spoil(t, object[field], depth+1)
		return object
	case isObject && rapid.Bool().Draw(t, "unknown"):
		object[oddText().Draw(t, "name")] = odd(t)
		return object
	case isList && len(list) > 0 && rapid.Bool().Draw(t, "deeper"):
		i := rapid.IntRange(0, len(list)-1).Draw(t, "at")
		list[i] = spoil(t, list[i], depth+1)
		return list
	}
	return odd(t)
}

func odd(t *rapid.T) any {
	return rapid.OneOf(
		rapid.Just[any](nil), rapid.Just[any](true), rapid.Just[any](json.Number("1e999")), rapid.Just[any](json.Number("-9223372036854775809")),
		rapid.Just[any](json.Number("0.1")), rapid.Just[any]([]any{}), rapid.Just[any](map[string]any{}), rapid.Just[any](nested(40)),
		rapid.Map(oddText(), func(s string) any { return s }),
	).Draw(t, "odd")
}

func nested(depth int) any {
	if depth == 0 {
		return []any{}
	}
	return []any{nested(depth - 1)}
}

// draft is a request before it is sent.
type draft struct {
	path   string
	query  url.Values
	header http.Header
	body   []byte
}

func (d draft) request(ctx context.Context, g gateway, method string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, strings.ToUpper(method), g.url, strings.NewReader(string(d.body)))
	if err != nil {
		return nil, err
	}
	request.URL.Opaque = "//" + request.URL.Host + d.path // as it is, whatever stands in it
	request.URL.RawQuery = d.query.Encode()
	request.Header = d.header
	return request, nil
}

// draft draws a request for an operation; what is hostile has a fault somewhere.
func (c *contract) draft(t *rapid.T, o operation, hostile bool) draft {
	d := draft{o.path, url.Values{}, http.Header{}, nil}
	parameters, _ := o.node["parameters"].([]any)
	for _, p := range parameters {
		c.parameter(t, &d, p.(map[string]any), hostile)
	}
	if hostile && rapid.IntRange(0, 5).Draw(t, "unknown parameter") == 0 {
		d.query.Set(oddText().Draw(t, "name"), oddText().Draw(t, "value"))
	}
	if body := asMap(o.node["requestBody"]); body != nil {
		c.body(t, &d, asMap(body["content"]), hostile)
	}
	return d
}

func (c *contract) parameter(t *rapid.T, d *draft, p map[string]any, hostile bool) {
	name, schema := p["name"].(string), c.resolve(asMap(p["schema"]))
	required := p["required"] == true
	if !required && rapid.IntRange(0, 3).Draw(t, "give "+name) > 0 {
		return
	}
	text := fmt.Sprint(c.value(t, schema, name, 0))
	if example, ok := p["example"]; ok && rapid.IntRange(0, 3).Draw(t, "example") > 0 {
		text = fmt.Sprint(example)
	}
	if hostile && rapid.Bool().Draw(t, "spoil "+name) {
		text = oddText().Draw(t, name)
	}
	switch p["in"] {
	case "path":
		d.path = strings.Replace(d.path, "{"+name+"}", url.PathEscape(text), 1)
	case "query":
		d.query.Set(name, text)
	case "header":
		d.header.Set(name, headerText(text))
	}
}

// headerText is what can stand in a header at all; the client refuses the rest.
func headerText(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return -1
		}
		return r
	}, text)
}

func (c *contract) body(t *rapid.T, d *draft, content map[string]any, hostile bool) {
	kind := rapid.SampledFrom(sorted(content)).Draw(t, "media type")
	d.header.Set("Content-Type", kind)
	if kind != "application/json" {
		d.body = rapid.OneOf(
			rapid.Just([]byte("ticket,date,product,supplier,net\nT-1,2026-08-20,wheat,Spot,1000\n")), rapid.SliceOfN(rapid.Byte(), 0, 200),
			rapid.Just([]byte("ticket;date;product\n\xff\xfe")), rapid.Just([]byte("PK\x03\x04"))).Draw(t, "file")
		if kind == "multipart/form-data" {
			d.header.Set("Content-Type", rapid.SampledFrom([]string{kind, kind + "; boundary=x", kind + "; boundary="}).Draw(t, "boundary"))
			d.body = append([]byte("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"t.csv\"\r\n\r\n"), append(d.body, "\r\n--x--\r\n"...)...)
		}
		return
	}
	media := asMap(content[kind])
	value := c.value(t, asMap(media["schema"]), "body", 0)
	if example, ok := media["example"]; ok && rapid.Bool().Draw(t, "example") {
		value = copied(example)
	}
	if hostile {
		value = spoil(t, value, 0)
	}
	d.body, _ = json.Marshal(value) // texts that are not UTF-8 become such
	if hostile {
		c.damage(t, d)
	}
}

// damage spoils the bytes of a body, or what is said of them.
func (c *contract) damage(t *rapid.T, d *draft) {
	switch rapid.IntRange(0, 9).Draw(t, "damage") {
	case 0:
		d.body = d.body[:rapid.IntRange(0, len(d.body)).Draw(t, "cut")]
	case 1:
		d.header.Set("Content-Type", rapid.SampledFrom([]string{"text/plain", "application/xml", "", "application/json; charset=latin1", "x"}).Draw(t, "declared"))
	case 2:
		d.body = append(d.body, '\xff')
	case 3:
		d.body = []byte(strings.Repeat("[", 10000))
	case 4:
		d.body = []byte(strings.Replace(string(d.body), "{", `{"id":"a","id":"b",`, 1))
	}
}

func copied(value any) any {
	text, _ := json.Marshal(value)
	var out any
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	_ = decoder.Decode(&out) // it was just encoded
	return out
}

// example is the request that the description shows, with the least that is needed.
func (c *contract) example(t *testing.T, g gateway, o operation) *http.Request {
	t.Helper()
	d := draft{o.path, url.Values{}, http.Header{}, nil}
	parameters, _ := o.node["parameters"].([]any)
	for _, p := range parameters {
		p := p.(map[string]any)
		name, _ := p["name"].(string)
		example, shown := p["example"]
		switch {
		case p["in"] == "path" && shown:
			d.path = strings.Replace(d.path, "{"+name+"}", url.PathEscape(fmt.Sprint(example)), 1)
		case p["in"] == "path":
			d.path = strings.Replace(d.path, "{"+name+"}", "x", 1)
		case p["required"] == true && shown:
			d.query.Set(name, fmt.Sprint(example))
		case p["required"] == true:
			d.query.Set(name, rapid.Custom(func(t *rapid.T) string { return c.text(t, c.resolve(asMap(p["schema"])), name) }).Example(1))
		}
	}
	for kind, media := range asMap(asMap(o.node["requestBody"])["content"]) {
		example, ok := asMap(media)["example"]
		if many := asMap(asMap(media)["examples"]); !ok && many != nil {
			example, ok = asMap(many["take_in"])["value"]
		}
		if ok {
			d.header.Set("Content-Type", kind)
			d.body, _ = json.Marshal(example)
			break
		}
	}
	request, err := d.request(t.Context(), g, o.method)
	require.NoError(t, err)
	return request
}

// Whatever is sent to whatever operation, the answer is one that the
// description promises, and none is a fault of the gateway.
func TestEveryOperationKeepsItsDescription(t *testing.T) {
	often := access.Rate{PerSecond: 1e6, Burst: 1e6}
	g := serve(t, func(o *api.Options) { o.Known, o.Unknown = often, often })
	play(t, g.ledger)
	c := contractOf(t, g)
	if testing.Short() {
		checks := flag.Lookup("rapid.checks")
		before := checks.Value.String()
		require.NoError(t, checks.Value.Set("8"))
		t.Cleanup(func() { _ = checks.Value.Set(before) })
	}
	for _, o := range c.operations() {
		t.Run(o.String(), func(t *testing.T) {
			statuses := map[int]int{}
			rapid.Check(t, func(rt *rapid.T) {
				d := c.draft(rt, o, rapid.Bool().Draw(rt, "hostile"))
				request, err := d.request(t.Context(), g, o.method)
				if err != nil {
					return // the client itself refuses it
				}
				status, err := c.call(t.Context(), g, o, request)
				if err != nil {
					rt.Fatalf("%s %s?%s %v %.500q: %v", strings.ToUpper(o.method), d.path, d.query.Encode(), d.header, d.body, err)
				}
				statuses[status]++
			})
			t.Logf("%v", statuses)
		})
	}
}
