package toolchain

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	return root
}

// TestBuildIsReproducible: organisations that build the same source on their own must get the same program.
func TestBuildIsReproducible(t *testing.T) {
	hashes := map[string]bool{}
	for range 2 {
		program := Program{Package: "./network/builder", Root: repository(t), Output: filepath.Join(t.TempDir(), "builder")}
		hash, err := program.Build(t.Context())
		require.NoError(t, err)
		written, err := HashFile(program.Output)
		require.NoError(t, err)
		require.Equal(t, written, hash)
		hashes[hash] = true
	}
	require.Len(t, hashes, 1)
}

// TestUnchangedProgramIsLeftAlone: a process that runs it must not seem to run an old one.
func TestUnchangedProgramIsLeftAlone(t *testing.T) {
	program := Program{Package: "./network/builder", Root: repository(t), Output: filepath.Join(t.TempDir(), "builder")}
	_, err := program.Build(t.Context())
	require.NoError(t, err)
	before, err := os.Stat(program.Output)
	require.NoError(t, err)
	_, err = program.Build(t.Context())
	require.NoError(t, err)
	after, err := os.Stat(program.Output)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after))
	require.NoFileExists(t, program.Output+".partial")
}

func TestFailedBuildSaysWhy(t *testing.T) {
	program := Program{Package: "./network/absent", Root: repository(t), Output: filepath.Join(t.TempDir(), "absent")}
	_, err := program.Build(t.Context())
	require.ErrorContains(t, err, "couldn't build ./network/absent")
	require.ErrorContains(t, err, "directory not found")
}

func TestMissingGoSaysSo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := goCommand(t.Context(), ".", "version")
	require.ErrorContains(t, err, "the go command isn't in PATH")
}

// TestPin: another pin is another folder in the cache, so a changed pin is what rebuilds, and nothing else.
func TestPin(t *testing.T) {
	module := t.TempDir()
	_, err := fabricPin(t.Context(), module)
	require.ErrorContains(t, err, "go.mod is missing")
	writeFile(t, filepath.Join(module, "go.mod"), "module pin\n")
	writeFile(t, filepath.Join(module, "go.sum"), "")
	first, err := fabricPin(t.Context(), module)
	require.NoError(t, err)
	again, err := fabricPin(t.Context(), module)
	require.NoError(t, err)
	require.Equal(t, first, again)
	writeFile(t, filepath.Join(module, "go.sum"), "example.org/fabric v3.1.1 h1:other\n")
	other, err := fabricPin(t.Context(), module)
	require.NoError(t, err)
	require.NotEqual(t, first, other)
}

// TestPutInPlace: a concurrent build that finished first wins, and an incomplete folder is replaced.
func TestPutInPlace(t *testing.T) {
	cache := t.TempDir()
	fabric := Fabric{filepath.Join(cache, "pin")}
	require.NoError(t, os.Mkdir(fabric.Folder, 0o755))
	writeFile(t, fabric.Peer(), "half a build")
	require.False(t, fabric.complete())

	require.NoError(t, putInPlace(finishedBuild(t, cache, "first"), fabric))
	require.True(t, fabric.complete())
	require.NoError(t, putInPlace(finishedBuild(t, cache, "second"), fabric))
	content, err := os.ReadFile(fabric.Peer())
	require.NoError(t, err)
	require.Equal(t, "first", string(content))
}

func finishedBuild(t *testing.T, cache, content string) string {
	t.Helper()
	folder, err := os.MkdirTemp(cache, "partial-")
	require.NoError(t, err)
	for _, path := range (Fabric{folder}).required() {
		writeFile(t, path, content)
	}
	return folder
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}
