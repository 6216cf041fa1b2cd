package main

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each role's program is one file that needs no other to run.
func TestEachRoleIsOneStaticFile(t *testing.T) {
	if os.Getenv("CI_REQUIRE") == "" {
		t.Skip("it builds every program, which takes minutes: CI_REQUIRE=1 does")
	}
	dir := t.TempDir()
	for _, role := range roles {
		require.NoError(t, build(role, "1.2.3-test", dir))
		path := filepath.Join(dir, role)
		file, err := elf.Open(path)
		require.NoError(t, err)
		libraries, err := file.ImportedLibraries()
		require.NoError(t, err)
		require.Empty(t, libraries, role)
		for _, p := range file.Progs {
			require.NotEqual(t, elf.PT_INTERP, p.Type, "%s needs an interpreter", role)
		}
		require.NoError(t, file.Close())
		var line bytes.Buffer
		require.NoError(t, describe(&line, path))
		t.Log(line.String())
	}
	out, err := exec.Command(filepath.Join(dir, "gateway"), "--version").Output()
	require.NoError(t, err)
	require.Contains(t, string(out), "1.2.3-test")
	out, err = exec.Command(filepath.Join(dir, "gateway"), "config", "table").Output()
	require.NoError(t, err)
	require.Contains(t, string(out), "WEIGHBRIDGE_LISTEN")
}
