package pdftest

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// Text is what a document says to somebody who searches it or copies from it.
func Text(t testing.TB, document []byte) string {
	t.Helper()
	return run(t, document, "pdftotext", "-layout", "-", "-")
}

// Fonts lists a document's fonts, and whether they are embedded.
func Fonts(t testing.TB, document []byte) string {
	t.Helper()
	return run(t, document, "pdffonts", "-")
}

func run(t testing.TB, document []byte, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI_REQUIRE") != "" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed: apt install poppler-utils", name)
	}
	command := exec.Command(name, args...)
	command.Stdin = bytes.NewReader(document)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	require.NoError(t, err, "%s", complaints.String())
	require.Empty(t, complaints.String())
	return string(out)
}
