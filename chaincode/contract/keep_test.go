package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/stretchr/testify/require"
)

func digestOf(document string) string {
	sum := sha256.Sum256([]byte(document))
	return hex.EncodeToString(sum[:])
}

// A document goes to its two parties, and no word of it to the public state.
func TestKeepADocument(t *testing.T) {
	stub, chaincode := newPeer(t)
	document := `{"salt":"…","premium":"41.50"}`
	stub.transient = map[string][]byte{"document": []byte(document)}
	response := stub.invoke(t, chaincode, "Keep", digestOf(document), "miller")
	require.EqualValues(t, shim.OK, response.GetStatus(), response.GetMessage())
	require.Empty(t, response.GetPayload())
	require.Empty(t, stub.written)
	key := "kept:" + digestOf(document)
	require.Equal(t, map[string]string{"_implicit_org_growers " + key: document, "_implicit_org_miller " + key: document}, stub.private)

	require.Equal(t, document, string(stub.invoke(t, chaincode, "Kept", digestOf(document)).GetPayload()))
	stub.msp = "brand"
	require.Empty(t, stub.invoke(t, chaincode, "Kept", digestOf(document)).GetPayload(), "it is not kept for the brand")
}

func TestKeepRefuses(t *testing.T) {
	stub, chaincode := newPeer(t)
	secret := "a price"
	for name, c := range map[string]struct{ document, digest, with string }{
		"another hash":   {secret, digestOf("another price"), "miller"},
		"no document":    {"", digestOf(""), "miller"},
		"too much":       {strings.Repeat("x", documentLimit+1), digestOf(strings.Repeat("x", documentLimit+1)), "miller"},
		"nobody":         {secret, digestOf(secret), ""},
		"the submitter":  {secret, digestOf(secret), "growers"},
		"no hash at all": {secret, "", "miller"},
	} {
		stub.transient = map[string][]byte{"document": []byte(c.document)}
		response := stub.invoke(t, chaincode, "Keep", c.digest, c.with)
		require.NotEqualValues(t, shim.OK, response.GetStatus(), name)
		require.Contains(t, response.GetMessage(), "invalid_document", name)
		require.NotContains(t, response.GetMessage(), secret, "errors are logged")
		require.Empty(t, stub.private, name)
	}
}
