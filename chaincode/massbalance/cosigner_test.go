package massbalance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// An organisation's key of the log is adopted and replaced by a majority, the
// organisation's own wish alone is not enough, and the old key stays readable.
func TestKeysOfTheLogNeedAMajority(t *testing.T) {
	l := founded(t)
	first := RegisterCosigner{Cosigner{Organisation: "miller", Key: LogKey{1}}}
	l.refuses([]refusal{
		{"no name", InvalidCommand, "miller", with(first, func(b *RegisterCosigner) { b.Cosigner.Organisation = "the miller" }), ""},
		{"no key", InvalidCommand, "miller", with(first, func(b *RegisterCosigner) { b.Cosigner.Key = LogKey{} }), ""},
		{"from a certification body", NotMember, "certifier", first, ""},
		{"for nobody", NotFound, "miller", with(first, func(b *RegisterCosigner) { b.Cosigner.Organisation = "stranger" }), ""},
		{"a first version that is the second", VersionNotNext, "miller", with(first, func(b *RegisterCosigner) { b.Cosigner.Version = 2 }), ""},
	})
	require.True(t, l.must("miller", first).Pending, "its own wish is one of four")
	require.Nil(t, l.state[CosignerKey("miller")])
	l.adopt(first)
	require.Equal(t, first.Cosigner, l.state[CosignerKey("miller")])

	second := RegisterCosigner{Cosigner{Organisation: "miller", Key: LogKey{2}, Version: 2}}
	l.refuses([]refusal{{"another key as version 1", AlreadyExists, "growers", with(second, func(b *RegisterCosigner) { b.Cosigner.Version = 1 }), ""}})
	l.adopt(second)
	require.Equal(t, second.Cosigner, l.state[CosignerKey("miller")])
	require.Equal(t, LogKey{1}, l.state[SupersededKey("cosigner/miller", 1)].(Superseded).Cosigner.Key)

	l.adopt(RegisterCosigner{Cosigner{Organisation: "certifier", Key: LogKey{3}}})
	require.Equal(t, LogKey{3}, l.state[CosignerKey("certifier")].(Cosigner).Key, "certification bodies cosign too")
	l.check()
}

func TestFormerMembersDoNotCosign(t *testing.T) {
	l := founded(t)
	l.adopt(RemoveOrganisation{Organisation: "brand", Version: 2})
	l.refuses([]refusal{{"left", NotFound, "growers", RegisterCosigner{Cosigner{Organisation: "brand", Key: LogKey{1}}}, ""}})
}

func TestKeysOfTheLogAsText(t *testing.T) {
	text, err := LogKey{1}.MarshalText()
	require.NoError(t, err)
	var key LogKey
	require.NoError(t, key.UnmarshalText(text))
	require.Equal(t, LogKey{1}, key)
	for _, bad := range []string{"", "AQ", string(text) + "=", string(text[:42]) + "B"} {
		require.Error(t, key.UnmarshalText([]byte(bad)), bad)
	}
}
