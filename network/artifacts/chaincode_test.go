package artifacts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var someHash = strings.Repeat("0123456789abcdef", 4)

// TestChaincodePackage: organisations that package the same program on their own must get the same package ID.
func TestChaincodePackage(t *testing.T) {
	first, err := ChaincodePackage("massbalance", someHash, "")
	require.NoError(t, err)
	second, err := ChaincodePackage("massbalance", someHash, "")
	require.NoError(t, err)
	require.Equal(t, first, second)

	outer := untar(t, first)
	require.JSONEq(t, `{"path":"","type":"weighbridge","label":"massbalance_0123456789ab"}`, string(outer["metadata.json"]))
	inner := untar(t, outer["code.tar.gz"])
	require.JSONEq(t, `{"sha256":"`+someHash+`"}`, string(inner["program.json"]))
}

func untar(t *testing.T, content []byte) map[string][]byte {
	t.Helper()
	compressed, err := gzip.NewReader(bytes.NewReader(content))
	require.NoError(t, err)
	files := map[string][]byte{}
	for archive := tar.NewReader(compressed); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return files
		}
		require.NoError(t, err)
		files[header.Name], err = io.ReadAll(archive)
		require.NoError(t, err)
	}
}
