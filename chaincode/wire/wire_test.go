package wire_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// fill sets every field of a value, so that a golden file shows all of them.
func fill(v reflect.Value, name string) {
	switch target := v.Addr().Interface().(type) {
	case *massbalance.Quantity:
		*target = massbalance.Grams(1234500)
		return
	case *massbalance.Ratio:
		*target, _ = massbalance.NewRatio(18, 25)
		return
	case *massbalance.Hectares:
		*target, _ = massbalance.ParseHectares("12.75")
		return
	case *massbalance.Intensity:
		*target, _ = massbalance.ParseIntensity("-0.03")
		return
	case *massbalance.Emissions:
		*target, _ = massbalance.ParseEmissions("-30.000000001")
		return
	case *massbalance.Digest:
		target[0] = 0xab
		return
	case *massbalance.LogKey:
		target[0] = 1
		return
	case *massbalance.PublicKey:
		target[0] = 4
		return
	case *massbalance.SignedStatement:
		fill(reflect.ValueOf(&target.Statement).Elem(), name)
		target.Envelope = envelope(target.Statement)
		return
	case *massbalance.SignedBalanceConsent:
		fill(reflect.ValueOf(&target.Consent).Elem(), name)
		target.Envelope = envelope(target.Consent)
		return
	case *massbalance.SignedStanding:
		fill(reflect.ValueOf(&target.Standing).Elem(), name)
		target.Envelope = envelope(target.Standing)
		return
	case *massbalance.SignedCreditAudit:
		fill(reflect.ValueOf(&target.Audit).Elem(), name)
		target.Envelope = envelope(target.Audit)
		return
	case *massbalance.SignedFinding:
		fill(reflect.ValueOf(&target.Finding).Elem(), name)
		target.Envelope = envelope(target.Finding)
		return
	case *massbalance.SignedCertificate:
		fill(reflect.ValueOf(&target.Certificate).Elem(), name)
		target.Envelope = envelope(target.Certificate)
		return
	case *massbalance.SignedReversalConsent:
		fill(reflect.ValueOf(&target.Consent).Elem(), name)
		target.Envelope = envelope(target.Consent)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.ToLower(name))
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint64:
		v.SetUint(8)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), name)
		fill(v.Index(1), name)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), v.Type().Field(i).Name)
		}
	}
}

// envelope is a signature over a document with the signature's bytes held
// still: real ones differ from run to run.
func envelope(document any) (e massbalance.Envelope) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	switch d := document.(type) {
	case massbalance.Statement:
		signed, err := wire.SignStatement(d, "k1", key)
		if err != nil {
			panic(err)
		}
		e = signed.Envelope
	case massbalance.BalanceConsent:
		signed, err := wire.SignBalanceConsent(d, "k1", key)
		if err != nil {
			panic(err)
		}
		e = signed.Envelope
	case massbalance.Standing:
		signed, err := wire.SignStanding(d, "k1", key)
		if err != nil {
			panic(err)
		}
		e = signed.Envelope
	case massbalance.CreditAudit:
		signed, err := wire.SignCreditAudit(d, "k1", key)
		if err != nil {
			panic(err)
		}
		e = signed.Envelope
	case massbalance.FraudFinding:
		signed, err := wire.SignFinding(d, "k1", key)
		if err != nil {
			panic(err)
		}
		e = signed.Envelope
	case massbalance.Certificate:
		signed, err := wire.SignCertificate(d, "k1", key)
		if err != nil {
			panic(err)
		}
		e = signed.Envelope
	case massbalance.ReversalConsent:
		signed, err := wire.SignReversalConsent(d, "k1", key)
		if err != nil {
			panic(err)
		}
		e = signed.Envelope
	}
	e.Signature = [64]byte{1}
	return e
}

var values = []massbalance.Value{
	massbalance.Consortium{}, massbalance.Proposal{}, massbalance.Rules{}, massbalance.Superseded{}, massbalance.Profile{}, massbalance.Pool{}, massbalance.Site{}, massbalance.Head{}, massbalance.Product{},
	massbalance.Recipe{}, massbalance.Derivation{}, massbalance.Baseline{}, massbalance.Certifier{}, massbalance.Cosigner{}, massbalance.Certificate{}, massbalance.StandingHistory{}, massbalance.Coverage{}, massbalance.Verified{},
	massbalance.QuotaUse{}, massbalance.LandUnit{}, massbalance.Harvest{},
	massbalance.Recall{}, massbalance.Taint{}, massbalance.Mark{}, massbalance.Project{}, massbalance.ProjectOutcome{}, massbalance.RegionUse{}, massbalance.CreditUse{},
	massbalance.Characteristics{}, massbalance.Lot{}, massbalance.Account{}, massbalance.Transfer{},
	massbalance.Period{}, massbalance.Claim{}, massbalance.TierReport{}, massbalance.Reversal{}, massbalance.Evidence{}, massbalance.Record{},
}

// samples are all commands and state values with every field set.
func samples() []any {
	var out []any
	for _, body := range massbalance.Bodies {
		filled := reflect.New(reflect.TypeOf(body)).Elem()
		fill(filled, "")
		out = append(out, massbalance.Command{ID: "c1", Date: "2026-08-03", Period: "2026-Q3", By: "A. Person", Body: filled.Interface().(massbalance.Body)})
	}
	for _, value := range values {
		filled := reflect.New(reflect.TypeOf(value)).Elem()
		fill(filled, "")
		out = append(out, filled.Interface())
	}
	result := reflect.New(reflect.TypeFor[massbalance.Result]()).Elem()
	fill(result, "")
	return append(out, result.Interface())
}

// The golden file pins every byte that is kept for ever. A change of it is a
// change of the ledger's format.
func TestGolden(t *testing.T) {
	var b bytes.Buffer
	for _, sample := range samples() {
		data, err := wire.Format(sample)
		require.NoError(t, err)
		fmt.Fprintf(&b, "%T\n%s\n", sample, data)
	}
	for _, value := range values {
		data, err := wire.Format(value)
		require.NoError(t, err)
		fmt.Fprintf(&b, "empty %T\n%s\n", value, data)
	}
	path := filepath.Join("testdata", "golden.txt")
	if *update {
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	}
	golden, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(golden), b.String())
}

// kindsOfValues are those of values, in their order.
var kindsOfValues = []massbalance.Kind{
	massbalance.KindConsortium, massbalance.KindProposal, massbalance.KindRules, massbalance.KindSuperseded, massbalance.KindProfile, massbalance.KindPool, massbalance.KindSite, massbalance.KindHead, massbalance.KindProduct,
	massbalance.KindRecipe, massbalance.KindDerivation, massbalance.KindBaseline, massbalance.KindCertifier, massbalance.KindCosigner, massbalance.KindCertificate, massbalance.KindStanding, massbalance.KindCoverage, massbalance.KindStatement,
	massbalance.KindQuota, massbalance.KindLandUnit, massbalance.KindHarvest,
	massbalance.KindRecall, massbalance.KindTaint, massbalance.KindMark, massbalance.KindProject, massbalance.KindOutcome, massbalance.KindRegionUse, massbalance.KindCreditUse,
	massbalance.KindCharacteristics, massbalance.KindLot, massbalance.KindAccount, massbalance.KindTransfer,
	massbalance.KindPeriod, massbalance.KindClaim, massbalance.KindTierReport, massbalance.KindReversal, massbalance.KindEvidence, massbalance.KindRecord,
}

func TestParseUndoesFormat(t *testing.T) {
	kinds := map[string]massbalance.Kind{}
	for i, kind := range kindsOfValues {
		kinds[fmt.Sprintf("%T", values[i])] = kind
	}
	for _, sample := range samples() {
		data, err := wire.Format(sample)
		require.NoError(t, err)
		require.True(t, json.Valid(data))
		var parsed any
		switch s := sample.(type) {
		case massbalance.Command:
			require.NoError(t, wire.Seal(&s))
			command, err := wire.Parse[massbalance.Command](data)
			require.NoError(t, err)
			require.Equal(t, s.Content, command.Content)
			require.Equal(t, s.BodyContent, command.BodyContent)
			require.False(t, s.Content.IsZero())
			parsed = command
		case massbalance.Result:
			parsed, err = wire.Parse[massbalance.Result](data)
		case massbalance.Value:
			parsed, err = wire.ParseValue(kinds[fmt.Sprintf("%T", s)], data)
		}
		require.NoError(t, err)
		require.IsType(t, sample, parsed)
		again, err := wire.Format(parsed)
		require.NoError(t, err)
		require.Equal(t, string(data), string(again))
	}
}

const takeIn = `{"id":"1","type":"take_in","date":"2026-08-03","period":"Q3","body":{"site":"silo","product":"wheat","quantity":"1.5","evidence":"T1"}}`

func TestParseAcceptsOnlyTheCanonicalForm(t *testing.T) {
	_, err := wire.Parse[massbalance.Command]([]byte(takeIn))
	require.NoError(t, err)
	for name, change := range map[string][2]string{
		"trailing zero":    {`"1.5"`, `"1.50"`},
		"number":           {`"1.5"`, `1.5`},
		"space":            {`,"type"`, `, "type"`},
		"escape":           {`silo`, `s\u0069lo`},
		"empty field":      {`"product"`, `"supplier":"","product"`},
		"null":             {`"evidence":"T1"`, `"evidence":null`},
		"duplicate":        {`"evidence":"T1"`, `"evidence":"T1","evidence":"T1"`},
		"unknown field":    {`"evidence":"T1"`, `"evidence":"T1","zzz":"1"`},
		"unknown command":  {`take_in`, `take_all`},
		"other field case": {`"site"`, `"Site"`},
	} {
		data := strings.Replace(takeIn, change[0], change[1], 1)
		require.NotEqual(t, takeIn, data, name)
		_, err := wire.Parse[massbalance.Command]([]byte(data))
		require.Error(t, err, name)
	}
	_, err = wire.Parse[massbalance.Command]([]byte(takeIn + " "))
	require.Error(t, err)
}

func TestDecodeAcceptsWhatPeopleWrite(t *testing.T) {
	strict, err := wire.Parse[massbalance.Command]([]byte(takeIn))
	require.NoError(t, err)
	loose, err := wire.Decode[massbalance.Command]([]byte(`
		{ "body": { "evidence": "T1", "quantity": "1.500", "product": "wheat", "site": "s\u0069lo" },
		  "period": "Q3", "date": "2026-08-03", "type": "take_in", "id": "1" }`))
	require.NoError(t, err)
	require.Equal(t, strict.Content, loose.Content, "one content has one hash")
	for text, says := range map[string]string{
		`{"id":"1","type":"take_in","body":{"quantity":"12.3456"}}`:              `body: quantity: "12.3456"`,
		`{"id":"1","type":"dispatch","body":{"lines":[{"lot":"a"},{"lt":"b"}]}}`: `body: lines: [1]: lt: there is no field "lt" here`,
		`{"id":"1"`:                     "found the end",
		`{"id":"1","type":"take_in"}`:   "needs a body",
		`{"id":"a` + "\x01" + `"}`:      "control character",
		`{"id":"` + "\xff" + `"}`:       "UTF-8",
		strings.Repeat(`{"body":`, 100): "nested deeper",
	} {
		_, err := wire.Decode[massbalance.Command]([]byte(text))
		require.ErrorContains(t, err, says, text)
	}
}

// Keys are injective: no two keys share a form, whatever is in them.
func TestKeysAreInjective(t *testing.T) {
	kinds := rapid.SampledFrom([]massbalance.Kind{massbalance.KindLot, massbalance.KindAccount})
	part := rapid.OneOf(rapid.StringMatching(`[a:%/.~-]{0,5}`), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		one := massbalance.Key{Kind: kinds.Draw(t, "kind"), A: part.Draw(t, "a"), B: part.Draw(t, "b")}
		two := massbalance.Key{Kind: kinds.Draw(t, "kind"), A: part.Draw(t, "a"), B: part.Draw(t, "b")}
		require.Equal(t, one == two, wire.FormatKey(one) == wire.FormatKey(two))
		again, err := wire.ParseKey(wire.FormatKey(one))
		require.NoError(t, err)
		require.Equal(t, one, again)
	})
}

// Signatures are ordinary JWS: another implementation verifies ours.
func TestSignedDocumentsAreJWS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	signed, err := wire.SignStatement(massbalance.Statement{ID: "s1"}, "k1", key)
	require.NoError(t, err)
	jws := wire.JWS(signed.Envelope)
	parsed, err := jose.ParseSigned(jws, []jose.SignatureAlgorithm{jose.ES256})
	require.NoError(t, err)
	payload, err := parsed.Verify(&key.PublicKey)
	require.NoError(t, err)
	require.Contains(t, string(payload), `"id":"s1"`)

	again, err := wire.ParseSignedStatement(jws)
	require.NoError(t, err)
	require.Equal(t, signed.Envelope, again.Envelope)
	_, err = wire.ParseSignedCertificate(jws)
	require.ErrorContains(t, err, "typ", "a statement is not a certificate")
	for _, bad := range []string{"", "a.b", jws + ".", jws + "=", strings.Replace(jws, ".", "..", 1), jws[:len(jws)-4], jws + "\n"} {
		_, err := wire.ParseSignedStatement(bad)
		require.Error(t, err, bad)
	}
}

func FuzzParseBatch(f *testing.F) {
	for _, sample := range samples() {
		if c, ok := sample.(massbalance.Command); ok {
			data, err := wire.FormatBatch([]massbalance.Command{c})
			require.NoError(f, err)
			f.Add(data)
		}
	}
	f.Add([]byte(`[` + takeIn + `,` + takeIn + `]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if commands, err := wire.ParseBatch(data); err == nil {
			again, err := wire.FormatBatch(commands)
			require.NoError(t, err)
			require.Equal(t, string(data), string(again))
		}
		if command, err := wire.Decode[[]massbalance.Command](data); err == nil {
			canonical, err := wire.FormatBatch(command)
			require.NoError(t, err)
			_, err = wire.ParseBatch(canonical)
			require.NoError(t, err, "what was decoded has a canonical form: %s", canonical)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add("lot:growers/T1/1:")
	f.Add("account:silo:wheat%20x")
	f.Fuzz(func(t *testing.T, text string) {
		if key, err := wire.ParseKey(text); err == nil {
			require.Equal(t, text, wire.FormatKey(key))
		}
	})
}

// A batch in canonical form is read without being written again for its digests;
// they are those of the canonical bytes all the same, however a command came in.
func TestDigestsAreOfTheCanonicalForm(t *testing.T) {
	const canonical = `{"id":"c1","type":"take_in","date":"2026-08-03","period":"2026","body":{"site":"mill","product":"wheat","quantity":"1.5"}}`
	const body = `{"site":"mill","product":"wheat","quantity":"1.5"}`
	batch, err := wire.ParseBatch([]byte("[" + canonical + "]"))
	require.NoError(t, err)
	require.EqualValues(t, sha256.Sum256([]byte(canonical)), batch[0].Content)
	require.EqualValues(t, sha256.Sum256([]byte(body)), batch[0].BodyContent)
	for name, written := range map[string]string{
		"canonical":            canonical,
		"the body first":       `{"body":` + body + `,"id":"c1","type":"take_in","date":"2026-08-03","period":"2026"}`,
		"as people write it":   `{ "id": "c1", "type": "take_in", "period": "2026", "date": "2026-08-03", "body": {"quantity": "1.50", "product": "wheat", "site": "mill"} }`,
		"with escaped letters": strings.ReplaceAll(canonical, "mill", `\u006dill`),
	} {
		t.Run(name, func(t *testing.T) {
			command, err := wire.Decode[massbalance.Command]([]byte(written))
			require.NoError(t, err)
			require.Equal(t, batch[0].Content, command.Content)
			require.Equal(t, batch[0].BodyContent, command.BodyContent)
		})
	}
	for name, wrong := range map[string]string{
		"no type":      `{"id":"c1","body":{}}`,
		"no body":      `{"id":"c1","type":"take_in"}`,
		"unknown type": `{"id":"c1","type":"take","body":{}}`,
		"field twice":  `{"id":"c1","type":"take_in","id":"c1","body":{}}`,
		"deep":         `{"body":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `,"type":"take_in"}`,
	} {
		_, err := wire.Decode[massbalance.Command]([]byte(wrong))
		require.Error(t, err, name)
	}
}

// A batch's commands come with the bytes that hash to their contents.
func TestABatchIsSplitIntoItsCommands(t *testing.T) {
	var batch []massbalance.Command
	for i, body := range massbalance.Bodies {
		c := massbalance.Command{ID: massbalance.CommandID(fmt.Sprint("c", i)), By: "A. Clerk", Body: body}
		text, err := wire.Format(c)
		require.NoError(t, err)
		if _, err := wire.Decode[massbalance.Command](text); err == nil { // an empty document is none
			batch = append(batch, c)
		}
	}
	require.Greater(t, len(batch), len(massbalance.Bodies)/2)
	data, err := wire.FormatBatch(batch)
	require.NoError(t, err)
	commands, each, err := wire.SplitBatch(data)
	require.NoError(t, err)
	require.Len(t, each, len(batch))
	for i, c := range commands {
		require.NoError(t, wire.Seal(&batch[i]))
		require.Equal(t, batch[i].Content, c.Content)
		require.Equal(t, batch[i].BodyContent, c.BodyContent)
		require.Equal(t, batch[i].Content, massbalance.Digest(sha256.Sum256(each[i])))
	}
	_, _, err = wire.SplitBatch(append([]byte{' '}, data...))
	require.Error(t, err)
}
